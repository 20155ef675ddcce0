#include "data/encode.h"

#include <string.h>

enum { USER, ITEM }; /* columns of `ratings`; the others follow */

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

        if (c->type == REC_STR)
            return rec_fail(err, REC_EFORMAT, "section 'raw': column '%s' is text",
                            c->name);
        rec_table_add(t, c->name, c->type, c->width, c->filter, NULL);
    }
    return REC_OK;
}

static enum rec_status number(struct rec_dict *d, const struct rec_column *text,
                              size_t n, uint32_t *out, struct rec_err *err)
{
    for (size_t i = 0; i < n; i++) {
        size_t len;
        const char *s = rec_column_text(text, i, &len);
        bool is_new;
        enum rec_status st = rec_dict_add(d, s, len, &out[i], &is_new, err);

        if (st != REC_OK)
            return st;
    }
    return REC_OK;
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
    if (st == REC_OK)
        st = number(&e->users, &raw->cols[USER], n, (uint32_t *)t->cols[USER].data + at,
                    err);
    if (st == REC_OK)
        st = number(&e->items, &raw->cols[ITEM], n, (uint32_t *)t->cols[ITEM].data + at,
                    err);
    if (st != REC_OK)
        return st;
    for (uint32_t i = 2; i < raw->n_cols && n > 0; i++) {
        size_t row = rec_type_bytes(raw->cols[i].type) * raw->cols[i].width;

        memcpy((uint8_t *)t->cols[i].data + at * row, raw->cols[i].data, n * row);
    }
    t->n_rows += n;
    return REC_OK;
}

static enum rec_status finish_ids(const struct rec_dict *d, enum rec_order order,
                                  uint32_t *codes, size_t n, const char *name,
                                  struct rec_table *out, struct rec_err *err)
{
    uint32_t *rank = NULL;
    enum rec_status st = REC_OK;

    if (order == REC_ORDER_SORTED) {
        rank = rec_alloc(d->n, sizeof *rank, "sorting ids", err);
        if (rank == NULL)
            return REC_ESYSTEM;
        st = rec_dict_rank(d, rank, err);
        for (size_t i = 0; st == REC_OK && i < n; i++)
            codes[i] = rank[codes[i]];
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
