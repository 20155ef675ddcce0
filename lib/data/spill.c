#include "data/spill.h"

#include <string.h>

#include "base/par.h"
#include "data/rows.h"

enum { USER, ITEM, BLOCK_BYTES = 1 << 15, STEP_ROWS = 1 << 10 };

static size_t row_bytes(const struct rec_column *c)
{
    return rec_type_bytes(c->type) * c->width;
}

/* To users and items by what they took so far, an eighth at least. */
static void share_out(uint64_t budget, const struct rec_encoder *e, uint64_t share[2])
{
    uint64_t users = rec_dict_bytes(&e->users) + 1, items = rec_dict_bytes(&e->items);
    double part = (double)users / (double)(users + items);

    part = part < 0.125 ? 0.125 : part > 0.875 ? 0.875 : part;
    share[USER] = (uint64_t)((double)budget * part);
    share[ITEM] = budget - share[USER];
}

/* N rows of a column: values, or texts, each behind its length. */
static enum rec_status write_column(struct rec_tape *tape, const struct rec_column *c,
                                    size_t n, struct rec_err *err)
{
    enum rec_status st = REC_OK;

    if (c->type != REC_STR)
        return rec_tape_write(tape, c->data, n * row_bytes(c), err);
    for (size_t i = 0; st == REC_OK && i < n; i++) {
        size_t len;
        const char *text = rec_column_text(c, i, &len);

        st = rec_tape_write_varint(tape, len, err);
        if (st == REC_OK)
            st = rec_tape_write(tape, text, len, err);
    }
    return st;
}

/* Behind the AT rows of C, which has room but for text. */
static enum rec_status read_column(struct rec_tape *tape, struct rec_column *c,
                                   size_t at, size_t n, struct rec_err *err)
{
    enum rec_status st = REC_OK;

    if (c->type != REC_STR)
        return rec_tape_read(tape, (uint8_t *)c->data + at * row_bytes(c),
                             n * row_bytes(c), err);
    for (size_t i = at; st == REC_OK && i < at + n; i++) {
        uint64_t len = 0;

        st = rec_tape_read_varint(tape, &len, err);
        if (st == REC_OK)
            st = rec_buf_reserve(&c->text, (size_t)len + 1, err);
        if (st == REC_OK)
            st = rec_tape_read(tape, c->text.data + c->text.n, (size_t)len, err);
        c->text.n += st == REC_OK ? (size_t)len : 0;
        c->at[i + 1] = c->text.n;
    }
    return st;
}

/* The rows so far go to the tapes, and their memory is given back. */
static enum rec_status move_rows(struct rec_spill *s, struct rec_table *t,
                                 struct rec_err *err)
{
    enum rec_status st = REC_OK;

    for (uint32_t i = 0; st == REC_OK && i < t->n_cols; i++) {
        struct rec_column *c = &t->cols[i];

        st = write_column(&s->cols[i], c, t->n_rows, err);
        rec_free(c->data);
        rec_free(c->at);
        rec_buf_free(&c->text);
        c->data = NULL;
        c->at = NULL;
        c->cap = 0;
    }
    s->n_rows = s->n_coded = t->n_rows;
    t->n_rows = 0;
    return st;
}

enum rec_status rec_spill_begin(struct rec_encoder *e, uint64_t budget,
                                struct rec_spill **out, struct rec_err *err)
{
    struct rec_dict *dicts[2] = { &e->users, &e->items };
    struct rec_spill *s = rec_alloc_zero(1, sizeof *s, "temporary data", err);
    uint64_t share[2];
    enum rec_status st;

    if (s == NULL)
        return REC_ESYSTEM;
    share_out(budget, e, share);
    st = rec_spool_open(BLOCK_BYTES, &s->spool, err);
    for (uint32_t i = 0; i < REC_MAX_COLUMNS; i++)
        s->cols[i].spool = s->spool;
    if (st == REC_OK)
        st = move_rows(s, &e->ratings, err);
    for (int k = USER; st == REC_OK && k <= ITEM; k++) {
        st = rec_tape_park(&s->cols[k], err);
        if (st == REC_OK)
            st = rec_number_open(share[k], &s->ids[k], err);
        if (st == REC_OK)
            st = rec_number_take(s->ids[k], dicts[k], err);
    }
    if (st != REC_OK) {
        rec_spill_free(s);
        return st;
    }
    *out = s;
    return REC_OK;
}

struct adding {
    struct rec_spill *s;
    const struct rec_table *raw;
    enum rec_status st[2];
    struct rec_err err[2];
};

static void add(void *ctx, uint32_t k)
{
    struct adding *a = ctx;

    a->st[k] = rec_number_add_column(a->s->ids[k], &a->raw->cols[k], a->raw->n_rows,
                                     &a->err[k]);
}

enum rec_status rec_spill_block(struct rec_spill *s, const struct rec_table *raw,
                                struct rec_err *err)
{
    struct adding a = { .s = s, .raw = raw };
    enum rec_status st = REC_OK;

    rec_par_run(2, add, &a);
    for (int k = USER; k <= ITEM; k++)
        if (a.st[k] != REC_OK) {
            *err = a.err[k];
            return a.st[k];
        }
    for (uint32_t i = 2; st == REC_OK && i < raw->n_cols; i++)
        st = write_column(&s->cols[i], &raw->cols[i], raw->n_rows, err);
    s->n_rows += raw->n_rows;
    return st;
}

/* ---- writing ---- */

/* Whether T holds all rows of its first frame. */
static bool has_frame(const struct rec_table *t)
{
    size_t bytes = 0;

    for (uint32_t i = 0; i < t->n_cols; i++)
        bytes += t->cols[i].text.n;
    return t->n_rows >= REC_FRAME_ROWS || bytes > REC_FRAME_TARGET_BYTES;
}

/*
 * Sends the rows of T that make one frame of the whole section, and moves the others
 * to its beginning.  T has such a frame, or the last rows.
 */
static enum rec_status send_frame(struct rec_table *t, struct rec_writer *w,
                                  struct rec_err *err)
{
    size_t n_rows = t->n_rows, n = rec_table_frame_rows(t, 0, NULL);
    enum rec_status st;

    t->n_rows = n;
    st = rec_writer_rows(w, t, err);
    t->n_rows = n_rows;
    rec_rows_shift(t, n);
    return st;
}

static enum rec_status fill_frame(struct rec_number *ids, struct rec_table *t,
                                  bool *more, struct rec_err *err)
{
    struct rec_column *c = &t->cols[0];
    enum rec_status st = REC_OK;

    while (st == REC_OK && !has_frame(t)) {
        const void *s;
        size_t len;

        st = rec_number_string(ids, &s, &len, more, err);
        if (st != REC_OK || !*more)
            break;
        st = rec_buf_add(&c->text, s, len, err);
        c->at[++t->n_rows] = c->text.n;
    }
    return st;
}

/* The section of a dictionary, from the strings in order. */
static enum rec_status write_dict(struct rec_number *ids, const char *name,
                                  const char *by, struct rec_writer *w,
                                  struct rec_err *err)
{
    struct rec_table t;
    bool more = true;
    enum rec_status st;

    rec_table_init(&t, name, REC_KIND_DICT);
    rec_table_add(&t, "id", REC_STR, 1, REC_PLAIN, NULL);
    memcpy(t.by, by, strlen(by) + 1);
    st = rec_writer_begin(w, &t, err);
    if (st == REC_OK)
        st = rec_table_reserve(&t, REC_FRAME_ROWS, err);
    if (st == REC_OK)
        st = rec_buf_reserve(&t.cols[0].text, 1, err);
    while (st == REC_OK && (more || t.n_rows > 0)) {
        st = more ? fill_frame(ids, &t, &more, err) : REC_OK;
        if (st == REC_OK && t.n_rows > 0)
            st = send_frame(&t, w, err);
    }
    if (st == REC_OK)
        st = rec_writer_end(w, err);
    rec_table_free(&t);
    return st;
}

/* Users or items of N rows from row FIRST on. */
static enum rec_status read_codes(struct rec_spill *s, int k, uint64_t first, size_t n,
                                  uint32_t *codes, struct rec_err *err)
{
    uint64_t left = first < s->n_coded ? s->n_coded - first : 0;
    size_t coded = left < n ? (size_t)left : n, got = 0;
    const uint32_t *taken;
    enum rec_status st = rec_tape_read(&s->cols[k], codes, coded * sizeof *codes, err);

    if (st == REC_OK && n > coded)
        st = rec_number_codes(s->ids[k], codes + coded, NULL, n - coded, &got, err);
    taken = rec_number_taken(s->ids[k]);
    for (size_t i = 0; st == REC_OK && taken != NULL && i < coded; i++)
        codes[i] = taken[codes[i]];
    return st;
}

/* Appends the next N rows, from row FIRST on, to T. */
static enum rec_status read_rows(struct rec_spill *s, uint64_t first, size_t n,
                                 struct rec_table *t, struct rec_err *err)
{
    enum rec_status st = rec_table_reserve(t, t->n_rows + n, err);

    for (int k = USER; st == REC_OK && k <= ITEM; k++)
        st = read_codes(s, k, first, n, (uint32_t *)t->cols[k].data + t->n_rows, err);
    for (uint32_t i = 2; st == REC_OK && i < t->n_cols; i++)
        st = read_column(&s->cols[i], &t->cols[i], t->n_rows, n, err);
    if (st == REC_OK)
        t->n_rows += n;
    return st;
}

static enum rec_status write_ratings(struct rec_spill *s, const struct rec_table *like,
                                     struct rec_writer *w, struct rec_err *err)
{
    struct rec_table t = *like; /* its columns are empty */
    uint64_t first = 0;
    enum rec_status st = rec_writer_begin(w, &t, err);

    for (uint32_t i = 0; st == REC_OK && i < t.n_cols; i++)
        st = rec_tape_rewind(&s->cols[i], err);
    while (st == REC_OK && (first < s->n_rows || t.n_rows > 0)) {
        uint64_t left = s->n_rows - first;
        size_t n = left < STEP_ROWS ? (size_t)left : STEP_ROWS;

        st = read_rows(s, first, n, &t, err);
        first += n;
        if (st == REC_OK && (first == s->n_rows || has_frame(&t)))
            st = send_frame(&t, w, err);
    }
    if (st == REC_OK)
        st = rec_writer_end(w, err);
    rec_table_free(&t);
    return st;
}

enum rec_status rec_spill_write(struct rec_spill *s, const struct rec_table *ratings,
                                enum rec_order order, struct rec_writer *w,
                                struct rec_err *err)
{
    enum rec_number_order by =
        order == REC_ORDER_SORTED ? REC_NUMBER_SORTED : REC_NUMBER_FIRST;
    enum rec_status st = REC_OK;

    for (uint32_t i = 0; st == REC_OK && i < ratings->n_cols; i++)
        st = rec_tape_park(&s->cols[i], err);
    for (int k = USER; st == REC_OK && k <= ITEM; k++) {
        st = rec_number_end(s->ids[k], by, err);
        if (st == REC_OK)
            st = write_dict(s->ids[k], k == USER ? "users" : "items", ratings->by, w,
                            err);
    }
    return st == REC_OK ? write_ratings(s, ratings, w, err) : st;
}

uint64_t rec_spill_bytes(const struct rec_spill *s)
{
    return rec_spool_bytes(s->spool) + rec_number_spilled(s->ids[USER]) +
           rec_number_spilled(s->ids[ITEM]);
}

void rec_spill_free(struct rec_spill *s)
{
    if (s == NULL)
        return;
    for (uint32_t i = 0; i < REC_MAX_COLUMNS; i++)
        rec_tape_free(&s->cols[i]);
    rec_number_close(s->ids[USER]);
    rec_number_close(s->ids[ITEM]);
    rec_spool_close(s->spool);
    rec_free(s);
}
