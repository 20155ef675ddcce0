#include "data/ratings.h"

#include <math.h>

const char *const rec_part_names[REC_N_PARTS] = { "train", "valid", "test" };

enum rec_status rec_ratings_load(struct rec_reader *r, int needs, struct rec_err *err)
{
    static const struct {
        int need;
        const char *columns;
    } list[] = { { REC_NEED_IDS, "user item" },
                 { REC_NEED_RATING, "rating" },
                 { REC_NEED_TIME, "time" },
                 { REC_NEED_SOURCE, "source" } };
    enum rec_status st = REC_OK;

    for (size_t i = 0; i < sizeof list / sizeof *list && st == REC_OK; i++)
        if (needs & list[i].need)
            st = rec_reader_load_columns(r, "ratings", list[i].columns, err);
    if (st == REC_OK && (needs & REC_NEED_SPLIT))
        st = rec_reader_load(r, "split", err);
    return st;
}

static enum rec_status check(const struct rec_ratings *x, struct rec_err *err)
{
    for (size_t i = 0; i < x->n; i++) {
        if (x->user != NULL && (x->user[i] >= x->n_users || x->item[i] >= x->n_items))
            return rec_fail(err, REC_EFORMAT, "section 'ratings', row %zu: no such id",
                            i);
        if (x->rating != NULL && !isfinite(x->rating[i]))
            return rec_fail(err, REC_EFORMAT,
                            "section 'ratings', row %zu: not a number", i);
        if (x->part != NULL && x->part[i] >= REC_N_PARTS)
            return rec_fail(err, REC_EFORMAT, "section 'split', row %zu: no such part",
                            i);
    }
    return REC_OK;
}

static enum rec_status get_count(struct rec_reader *r, const char *dict, uint32_t *n,
                                 const struct rec_column **ids, struct rec_err *err)
{
    const struct rec_column *id;
    struct rec_table *t;
    enum rec_status st = rec_reader_need(r, dict, "rec-encode", &t, err);

    if (st != REC_OK)
        return st;
    if (t->n_rows == 0 || t->n_rows >= UINT32_MAX)
        return rec_fail(err, REC_EFORMAT, "section '%s' has %zu rows", dict, t->n_rows);
    *n = (uint32_t)t->n_rows;
    id = rec_table_find(t, "id");
    if (ids != NULL && id != NULL && id->type == REC_STR && id->at != NULL)
        *ids = id;
    return REC_OK;
}

static enum rec_status get_split(struct rec_reader *r, struct rec_ratings *x,
                                 struct rec_err *err)
{
    const struct rec_column *part;
    struct rec_table *t;
    enum rec_status st = rec_reader_need(r, "split", "rec-split", &t, err);

    if (st == REC_OK)
        st = rec_table_column(t, "part", REC_U8, 1, &part, err);
    if (st != REC_OK)
        return st;
    if (t->n_rows != x->n)
        return rec_fail(
            err, REC_EFORMAT,
            "section 'split' has %zu rows for %zu ratings: run rec-split again",
            t->n_rows, x->n);
    x->part = part->data;
    return REC_OK;
}

enum rec_status rec_ratings_get(struct rec_reader *r, int needs,
                                struct rec_ratings *out, struct rec_err *err)
{
    const struct rec_column *user, *item, *rating, *time = NULL, *source;
    struct rec_ratings x = { 0 };
    struct rec_table *t;
    enum rec_status st = rec_reader_need(r, "ratings", "rec-encode", &t, err);

    if (st == REC_OK)
        st = get_count(r, "users", &x.n_users, &x.user_ids, err);
    if (st == REC_OK)
        st = get_count(r, "items", &x.n_items, NULL, err);
    if (st == REC_OK)
        st = rec_table_column(t, "user", REC_U32, 1, &user, err);
    if (st == REC_OK)
        st = rec_table_column(t, "item", REC_U32, 1, &item, err);
    if (st == REC_OK)
        st = rec_table_column(t, "rating", REC_F32, 1, &rating, err);
    if (st == REC_OK && rec_table_find(t, "time") != NULL)
        st = rec_table_column(t, "time", REC_I64, 1, &time, err);
    if (st != REC_OK)
        return st;
    x.n = t->n_rows;
    if (needs & REC_NEED_IDS) {
        x.user = user->data;
        x.item = item->data;
    }
    if (needs & REC_NEED_RATING)
        x.rating = rating->data;
    if ((needs & REC_NEED_TIME) && time != NULL)
        x.time = time->data;
    source = rec_table_find(t, "source");
    if ((needs & REC_NEED_SOURCE) && source != NULL && source->type == REC_U8 &&
        source->width == 1)
        x.source = source->data;
    if (needs & REC_NEED_SPLIT)
        st = get_split(r, &x, err);
    if (st == REC_OK)
        st = check(&x, err);
    if (st == REC_OK)
        *out = x;
    return st;
}
