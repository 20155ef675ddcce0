#include "data/ratings.h"

#include <math.h>
#include <stdatomic.h>
#include <string.h>

#include "base/par.h"

enum { CHECK_ROWS = 1 << 16 };

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

size_t rec_ratings_count(const struct rec_ratings *x, enum rec_part part)
{
    size_t n = 0;

    for (size_t i = 0; i < x->n; i++)
        n += x->part[i] == part;
    return n;
}

void rec_ratings_release(struct rec_ratings *x)
{
    if (x->ratings == NULL)
        return;
    for (uint32_t i = 0; i < x->ratings->n_cols; i++)
        rec_column_drop(&x->ratings->cols[i]);
    if (x->split != NULL)
        for (uint32_t i = 0; i < x->split->n_cols; i++)
            rec_column_drop(&x->split->cols[i]);
    x->user = x->item = NULL;
    x->rating = NULL;
    x->time = NULL;
    x->source = x->part = NULL;
    x->extra = NULL;
    x->n_extra = 0;
}

/* Moves the rows of column C that are of part WANTED to its front, N of them. */
static void keep_rows(struct rec_column *c, const uint8_t *part, size_t n_rows,
                      uint8_t wanted, size_t n)
{
    size_t bytes = rec_type_bytes(c->type) * c->width, to = 0;
    struct rec_err unused;
    uint8_t *data = c->data;

    if (data == NULL)
        return;
    for (size_t i = 0; i < n_rows; i++)
        if (part[i] == wanted)
            memmove(data + bytes * to++, data + bytes * i, bytes);
    data = rec_realloc(data, n, bytes, "ratings", &unused);
    if (data != NULL) { /* less room is only a wish */
        c->data = data;
        c->cap = n;
    }
}

/* The array of a column that was asked for. */
static const void *again(const struct rec_table *t, const char *name, const void *was)
{
    return was == NULL ? NULL : rec_table_find(t, name)->data;
}

void rec_ratings_keep(struct rec_ratings *x, enum rec_part part)
{
    struct rec_column *by = NULL;
    size_t n = 0;

    if (x->ratings == NULL || x->part == NULL)
        return;
    for (size_t i = 0; i < x->n; i++)
        n += x->part[i] == part;
    for (uint32_t k = 0; k < x->ratings->n_cols; k++)
        keep_rows(&x->ratings->cols[k], x->part, x->n, (uint8_t)part, n);
    for (uint32_t k = 0; k < x->split->n_cols; k++)
        if (x->split->cols[k].data == x->part)
            by = &x->split->cols[k];
        else
            rec_column_drop(&x->split->cols[k]);
    keep_rows(by, x->part, x->n, (uint8_t)part, n); /* last: it says which */
    x->ratings->n_rows = x->split->n_rows = x->n = n;
    x->user = again(x->ratings, "user", x->user);
    x->item = again(x->ratings, "item", x->item);
    x->rating = again(x->ratings, "rating", x->rating);
    x->time = again(x->ratings, "time", x->time);
    x->source = again(x->ratings, "source", x->source);
    x->part = again(x->split, "part", x->part);
    x->extra = NULL; /* another section's, of all rows */
    x->n_extra = 0;
}

/* ---- values ---- */

/* Whether one of N values is not below END. */
static bool any_beyond(const uint32_t *value, size_t n, uint32_t end)
{
    uint32_t bad = 0;

    for (size_t i = 0; i < n; i++)
        bad |= value[i] >= end;
    return bad != 0;
}

/* Infinities and NaNs are what has all bits of the exponent set. */
static bool any_not_finite(const float *value, size_t n)
{
    uint32_t bad = 0;

    for (size_t i = 0; i < n; i++) {
        uint32_t bits;

        memcpy(&bits, &value[i], sizeof bits);
        bad |= (bits & 0x7f800000u) == 0x7f800000u;
    }
    return bad != 0;
}

static bool any_no_part(const uint8_t *part, size_t n)
{
    uint8_t bad = 0;

    for (size_t i = 0; i < n; i++)
        bad |= part[i] >= REC_N_PARTS;
    return bad != 0;
}

struct checking {
    const struct rec_ratings *x;
    atomic_bool bad;
};

/* Without a branch a row; which row it is is found afterwards. */
static void check_chunk(void *ctx, uint32_t chunk)
{
    struct checking *c = ctx;
    const struct rec_ratings *x = c->x;
    size_t i = (size_t)chunk * CHECK_ROWS;
    size_t n = x->n - i < CHECK_ROWS ? x->n - i : CHECK_ROWS;

    if ((x->user != NULL && any_beyond(x->user + i, n, x->n_users)) ||
        (x->item != NULL && any_beyond(x->item + i, n, x->n_items)) ||
        (x->rating != NULL && any_not_finite(x->rating + i, n)) ||
        (x->part != NULL && any_no_part(x->part + i, n)))
        atomic_store(&c->bad, true);
}

static enum rec_status check_row(const struct rec_ratings *x, size_t i,
                                 struct rec_err *err)
{
    if ((x->user != NULL && x->user[i] >= x->n_users) ||
        (x->item != NULL && x->item[i] >= x->n_items))
        return rec_fail(err, REC_EFORMAT, "section 'ratings', row %zu: no such id", i);
    if (x->rating != NULL && !isfinite(x->rating[i]))
        return rec_fail(err, REC_EFORMAT, "section 'ratings', row %zu: not a number",
                        i);
    if (x->part != NULL && x->part[i] >= REC_N_PARTS)
        return rec_fail(err, REC_EFORMAT, "section 'split', row %zu: no such part", i);
    return REC_OK;
}

static enum rec_status check(const struct rec_ratings *x, struct rec_err *err)
{
    struct checking c = { .x = x };
    enum rec_status st = REC_OK;

    rec_par_run((uint32_t)((x->n + CHECK_ROWS - 1) / CHECK_ROWS), check_chunk, &c);
    for (size_t i = 0; atomic_load(&c.bad) && st == REC_OK && i < x->n; i++)
        st = check_row(x, i, err);
    return st;
}

/* ---- columns ---- */

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
    x->split = t;
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
    x.ratings = t;
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
