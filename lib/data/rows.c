#include "data/rows.h"

#include <string.h>

static size_t row_bytes(const struct rec_column *c)
{
    return rec_type_bytes(c->type) * c->width;
}

/* ---- append ---- */

static enum rec_status append_text(struct rec_column *c, size_t at,
                                   const struct rec_column *from, size_t first,
                                   size_t n, struct rec_err *err)
{
    uint64_t begin = from->at[first], to = c->text.n;
    size_t bytes = (size_t)(from->at[first + n] - begin);
    enum rec_status st =
        bytes > 0 ? rec_buf_add(&c->text, from->text.data + begin, bytes, err) : REC_OK;

    for (size_t i = 1; st == REC_OK && i <= n; i++)
        c->at[at + i] = from->at[first + i] - begin + to;
    return st;
}

enum rec_status rec_rows_append_column(struct rec_column *to, size_t at,
                                       const struct rec_column *from, size_t first,
                                       size_t n, struct rec_err *err)
{
    size_t bytes = row_bytes(to);

    if (n == 0)
        return REC_OK;
    if (to->type == REC_STR)
        return append_text(to, at, from, first, n, err);
    memcpy((uint8_t *)to->data + at * bytes,
           (const uint8_t *)from->data + first * bytes, n * bytes);
    return REC_OK;
}

enum rec_status rec_rows_append(struct rec_table *t, const struct rec_table *from,
                                size_t first, size_t n, struct rec_err *err)
{
    enum rec_status st = rec_table_reserve(t, t->n_rows + n, err);

    for (uint32_t i = 0; st == REC_OK && i < t->n_cols; i++)
        st = rec_rows_append_column(&t->cols[i], t->n_rows, &from->cols[i], first, n,
                                    err);
    if (st == REC_OK)
        t->n_rows += n;
    return st;
}

/* ---- shift ---- */

static void shift_column(struct rec_column *c, size_t n, size_t n_rows)
{
    size_t bytes = row_bytes(c);

    if (c->type != REC_STR) {
        memmove(c->data, (uint8_t *)c->data + n * bytes, (n_rows - n) * bytes);
        return;
    }
    bytes = (size_t)c->at[n];
    c->text.n -= bytes;
    if (c->text.n > 0)
        memmove(c->text.data, c->text.data + bytes, c->text.n);
    for (size_t i = 0; i <= n_rows - n; i++)
        c->at[i] = c->at[i + n] - bytes;
}

void rec_rows_shift(struct rec_table *t, size_t n)
{
    for (uint32_t i = 0; n > 0 && i < t->n_cols; i++)
        shift_column(&t->cols[i], n, t->n_rows);
    t->n_rows -= n;
}

/* ---- keep ---- */

static void keep_values(struct rec_column *c, size_t n_rows, const uint8_t *keep)
{
    size_t bytes = row_bytes(c);
    uint8_t *data = c->data, *to = data;

    for (size_t i = 0; i < n_rows; i++)
        if (keep[i]) {
            memmove(to, data + i * bytes, bytes);
            to += bytes;
        }
}

static void keep_text(struct rec_column *c, size_t n_rows, const uint8_t *keep)
{
    uint64_t begin = 0, to = 0; /* at[] is written behind where it is read */
    size_t k = 0;

    for (size_t i = 0; i < n_rows; i++) {
        uint64_t end = c->at[i + 1], n = end - begin;

        if (keep[i]) {
            if (n > 0)
                memmove(c->text.data + to, c->text.data + begin, (size_t)n);
            to += n;
            c->at[++k] = to;
        }
        begin = end;
    }
    c->text.n = (size_t)to;
}

void rec_rows_keep(struct rec_table *t, const uint8_t *keep)
{
    size_t n = 0;

    for (size_t i = 0; i < t->n_rows; i++)
        n += keep[i] != 0;
    if (n == t->n_rows)
        return;
    for (uint32_t i = 0; i < t->n_cols; i++)
        if (t->cols[i].type == REC_STR)
            keep_text(&t->cols[i], t->n_rows, keep);
        else
            keep_values(&t->cols[i], t->n_rows, keep);
    t->n_rows = n;
}
