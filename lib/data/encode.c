#include "data/encode.h"

#include <string.h>

#include "base/par.h"

enum { USER, ITEM }; /* columns of `ratings`; the others follow */
enum { RENUMBER_ROWS = 1 << 16 };

static bool has_columns(const struct rec_table *raw)
{
    const struct rec_column *rating = rec_table_find(raw, "rating");

    return raw->n_cols >= 3 && strcmp(raw->cols[USER].name, "user") == 0 &&
           raw->cols[USER].type == REC_STR &&
           strcmp(raw->cols[ITEM].name, "item") == 0 &&
           raw->cols[ITEM].type == REC_STR && rating != NULL &&
           rating->type == REC_F32 && rating->width == 1;
}

static enum rec_status make_ratings(struct rec_table *t, const struct rec_table *raw,
                                    struct rec_err *err)
{
    if (!has_columns(raw))
        return rec_fail(err, REC_EFORMAT,
                        "section 'raw' does not begin with user, item, rating");
    rec_table_init(t, "ratings", REC_KIND_TABLE);
    rec_table_add(t, "user", REC_U32, 1, REC_SHUFFLE, "users");
    rec_table_add(t, "item", REC_U32, 1, REC_DELTA, "items");
    for (uint32_t i = 2; i < raw->n_cols; i++) {
        const struct rec_column *c = &raw->cols[i];

        rec_table_add(t, c->name, c->type, c->width, c->filter, NULL);
    }
    return REC_OK;
}

/* Users and items know nothing of each other: they are numbered side by side. */
struct numbering {
    struct rec_dict *dict[2];
    const struct rec_column *text[2];
    uint32_t *codes[2];
    size_t n;
    enum rec_status st[2];
    struct rec_err err[2];
};

static void number(void *ctx, uint32_t k)
{
    struct numbering *x = ctx;

    x->st[k] =
        rec_dict_add_column(x->dict[k], x->text[k], x->n, x->codes[k], &x->err[k]);
}

static enum rec_status number_both(struct rec_encoder *e, const struct rec_table *raw,
                                   struct rec_err *err)
{
    const struct rec_table *t = &e->ratings;
    struct numbering x = { .dict = { &e->users, &e->items }, .n = raw->n_rows };

    for (int k = USER; k <= ITEM; k++) {
        x.text[k] = &raw->cols[k];
        x.codes[k] = (uint32_t *)t->cols[k].data + t->n_rows;
    }
    rec_par_run(2, number, &x);
    for (int k = USER; k <= ITEM; k++)
        if (x.st[k] != REC_OK) {
            *err = x.err[k];
            return x.st[k];
        }
    return REC_OK;
}

/* Appends the N rows of FROM to the AT rows of TO, which has room for them. */
static enum rec_status append_column(struct rec_column *to, size_t at,
                                     const struct rec_column *from, size_t n,
                                     struct rec_err *err)
{
    size_t row = rec_type_bytes(from->type) * from->width;
    uint64_t before = to->text.n;
    enum rec_status st;

    if (from->type != REC_STR) {
        memcpy((uint8_t *)to->data + at * row, from->data, n * row);
        return REC_OK;
    }
    st = rec_buf_add(&to->text, from->text.data, (size_t)from->at[n], err);
    for (size_t i = 1; st == REC_OK && i <= n; i++)
        to->at[at + i] = before + from->at[i];
    return st;
}

enum rec_status rec_encode_block(void *ctx, const struct rec_table *raw,
                                 struct rec_err *err)
{
    struct rec_encoder *e = ctx;
    struct rec_table *t = &e->ratings;
    size_t at = t->n_rows, n = raw->n_rows;
    enum rec_status st = REC_OK;

    if (t->n_cols == 0)
        st = make_ratings(t, raw, err);
    if (st == REC_OK)
        st = rec_table_reserve(t, at + n, err);
    if (st == REC_OK && n > 0)
        st = number_both(e, raw, err);
    for (uint32_t i = 2; st == REC_OK && i < raw->n_cols && n > 0; i++)
        st = append_column(&t->cols[i], at, &raw->cols[i], n, err);
    if (st == REC_OK)
        t->n_rows += n;
    return st;
}

struct renumbering {
    const uint32_t *rank;
    uint32_t *codes;
    size_t n;
};

static void renumber(void *ctx, uint32_t chunk)
{
    const struct renumbering *x = ctx;
    size_t i = (size_t)chunk * RENUMBER_ROWS;
    size_t end = x->n - i < RENUMBER_ROWS ? x->n : i + RENUMBER_ROWS;

    for (; i < end; i++)
        x->codes[i] = x->rank[x->codes[i]];
}

static enum rec_status finish_ids(struct rec_dict *d, enum rec_order order,
                                  uint32_t *codes, size_t n, const char *name,
                                  struct rec_table *out, struct rec_err *err)
{
    struct renumbering x = { NULL, codes, n };
    uint32_t *rank = NULL;
    enum rec_status st = REC_OK;

    if (order == REC_ORDER_SORTED) {
        rank = rec_alloc(d->n, sizeof *rank, "sorting ids", err);
        if (rank == NULL)
            return REC_ESYSTEM;
        st = rec_dict_rank(d, rank, err);
        x.rank = rank;
        if (st == REC_OK)
            rec_par_run((uint32_t)((n + RENUMBER_ROWS - 1) / RENUMBER_ROWS), renumber,
                        &x);
    }
    if (st == REC_OK)
        st = rec_dict_table(d, rank, name, out, err);
    rec_free(rank);
    return st;
}

enum rec_status rec_encode_finish(struct rec_encoder *e, enum rec_order order,
                                  struct rec_table *users, struct rec_table *items,
                                  struct rec_err *err)
{
    struct rec_table *t = &e->ratings;
    enum rec_status st;

    if (t->n_rows == 0)
        return rec_fail(err, REC_EFORMAT, "section 'raw' has no rows");
    st = finish_ids(&e->users, order, t->cols[USER].data, t->n_rows, "users", users,
                    err);
    if (st != REC_OK)
        return st;
    st = finish_ids(&e->items, order, t->cols[ITEM].data, t->n_rows, "items", items,
                    err);
    if (st != REC_OK)
        rec_table_free(users);
    return st;
}

void rec_encoder_free(struct rec_encoder *e)
{
    rec_dict_free(&e->users);
    rec_dict_free(&e->items);
    rec_table_free(&e->ratings);
}
