#include "data/encode.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/par.h"
#include "data/rows.h"
#include "data/spill.h"

enum { USER, ITEM }; /* columns of `ratings`; the others follow */
enum {
    RENUMBER_ROWS = 1 << 16,
    SPARE_PART = 8, /* of the limit is left to the writer and to what is estimated, */
    SPARE = 8 << 20,
    LEAST = 1 << 20 /* below which numbers are not even tried */
};

/* Memory of a row, but for its text. */
static size_t row_bytes(const struct rec_column *c)
{
    return c->type == REC_STR ? sizeof *c->at : rec_type_bytes(c->type) * c->width;
}

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
    rec_table_add(t, "user", REC_U32, 1, REC_STEPS, "users");
    rec_table_add(t, "item", REC_U32, 1, REC_STEPS, "items");
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

/* ---- how much memory it takes ---- */

static uint64_t bytes_now(const struct rec_encoder *e)
{
    uint64_t n = rec_dict_bytes(&e->users) + rec_dict_bytes(&e->items);

    for (uint32_t i = 0; i < e->ratings.n_cols; i++)
        n += e->ratings.cols[i].cap * row_bytes(&e->ratings.cols[i]) +
             e->ratings.cols[i].text.cap;
    return n;
}

/* The most that D may take up to its end as a section, if N strings are added. */
static uint64_t need_of_ids(const struct rec_dict *d, const struct rec_column *text,
                            size_t n)
{
    size_t bytes = n > 0 ? (size_t)(text->at[n] - text->at[0]) : 0;

    return rec_dict_need(d, n, bytes) + 2 * (d->text.n + bytes);
}

/* The same for all, if the rows of RAW are added. */
static uint64_t bytes_needed(const struct rec_encoder *e, const struct rec_table *raw)
{
    uint64_t bytes = need_of_ids(&e->users, &raw->cols[USER], raw->n_rows) +
                     need_of_ids(&e->items, &raw->cols[ITEM], raw->n_rows);

    for (uint32_t i = 0; i < e->ratings.n_cols; i++) {
        const struct rec_column *c = &e->ratings.cols[i];
        size_t rows = e->ratings.n_rows + raw->n_rows, cap = c->cap;

        if (rows > cap)
            cap = cap + cap / 2 > rows ? cap + cap / 2 : rows;
        bytes += cap * row_bytes(c);
        if (c->type == REC_STR && raw->n_rows > 0) /* it grows by doubling */
            bytes += 2 * (c->text.n + raw->cols[i].at[raw->n_rows]);
    }
    return bytes;
}

/* Spills if RAW and what follows from it would not fit. */
static enum rec_status look_at_limit(struct rec_encoder *e, const struct rec_table *raw,
                                     struct rec_err *err)
{
    size_t spare = rec_mem_part(SIZE_MAX, SPARE_PART);
    uint64_t room, limit = rec_mem_left() + rec_mem_now();

    if (rec_mem_left() == UINT64_MAX)
        return REC_OK;
    room = rec_mem_left() + bytes_now(e);
    spare = spare > SPARE ? spare : SPARE;
    if (room >= spare && bytes_needed(e, raw) <= room - spare)
        return REC_OK;
    if (room < spare + LEAST)
        return rec_fail(err, REC_ESYSTEM,
                        "memory limit: encoding needs %llu bytes at least, of %llu "
                        "allowed; raise -M",
                        (unsigned long long)(limit + spare + LEAST - room),
                        (unsigned long long)limit);
    return rec_spill_begin(e, room - spare, &e->spill, err);
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
    if (st == REC_OK && e->spill == NULL)
        st = look_at_limit(e, raw, err);
    if (st == REC_OK && e->spill != NULL)
        return rec_spill_block(e->spill, raw, err);
    if (st == REC_OK)
        st = rec_table_reserve(t, at + n, err);
    if (st == REC_OK && n > 0)
        st = number_both(e, raw, err);
    for (uint32_t i = 2; st == REC_OK && i < raw->n_cols && n > 0; i++)
        st = rec_rows_append_column(&t->cols[i], at, &raw->cols[i], 0, n, err);
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

    assert(e->spill == NULL);
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

static enum rec_status write_from_memory(struct rec_encoder *e, enum rec_order order,
                                         struct rec_writer *w, struct rec_encoded *out,
                                         struct rec_err *err)
{
    struct rec_table users = { 0 }, items = { 0 };
    struct rec_table *const tables[] = { &users, &items, &e->ratings };
    enum rec_status st = rec_encode_finish(e, order, &users, &items, err);

    *out = (struct rec_encoded){ e->ratings.n_rows, users.n_rows, items.n_rows, 0 };
    for (int i = 0; st == REC_OK && i < 3; i++) {
        memcpy(tables[i]->by, e->ratings.by, sizeof e->ratings.by);
        st = rec_writer_table(w, tables[i], err);
    }
    rec_table_free(&users);
    rec_table_free(&items);
    return st;
}

enum rec_status rec_encode_write(struct rec_encoder *e, enum rec_order order,
                                 const char *by, struct rec_writer *w,
                                 struct rec_encoded *out, struct rec_err *err)
{
    struct rec_spill *s = e->spill;
    enum rec_status st;

    (void)snprintf(e->ratings.by, sizeof e->ratings.by, "%s", by);
    if (s == NULL)
        return write_from_memory(e, order, w, out, err);
    st = rec_spill_write(s, &e->ratings, order, w, err);
    if (st == REC_OK)
        *out = (struct rec_encoded){ s->n_rows, rec_number_distinct(s->ids[USER]),
                                     rec_number_distinct(s->ids[ITEM]),
                                     rec_spill_bytes(s) };
    return st;
}

void rec_encoder_free(struct rec_encoder *e)
{
    rec_dict_free(&e->users);
    rec_dict_free(&e->items);
    rec_table_free(&e->ratings);
    rec_spill_free(e->spill);
    e->spill = NULL;
}
