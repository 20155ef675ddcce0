#include <math.h>
#include <string.h>

#include "base/random.h"
#include "nn/mf.h"

/* About so many ratings a cell: work enough for a thread, cells enough for many. */
enum { CELL_ROWS = 1024 };

static uint32_t cuts(size_t n)
{
    uint32_t b = 1;

    while (b < REC_MF_MAX_CUTS && (size_t)(2 * b) * (2 * b) * CELL_ROWS <= n)
        b *= 2;
    return b;
}

/* Counts, mean and scale, in the order of the ratings. */
static void describe(const struct rec_ratings *r, struct rec_mf_data *x)
{
    double sum = 0.0, square = 0.0;

    x->low = INFINITY;
    x->high = -INFINITY;
    for (size_t i = 0; i < r->n; i++) {
        float rating = r->rating[i];

        if (r->part[i] != REC_TRAIN)
            continue;
        x->n++;
        x->count[REC_USERS][r->user[i]]++;
        x->count[REC_ITEMS][r->item[i]]++;
        sum += (double)rating;
        x->low = rating < x->low ? rating : x->low;
        x->high = rating > x->high ? rating : x->high;
    }
    x->mean = sum / (double)x->n;
    for (size_t i = 0; i < r->n; i++)
        if (r->part[i] == REC_TRAIN)
            square +=
                ((double)r->rating[i] - x->mean) * ((double)r->rating[i] - x->mean);
    x->sd = sqrt(square / (double)x->n);
    if (!(x->sd > 0.0))
        x->sd = 1.0;
}

/* RANGE (nodes): which of the B ranges of a side a node is in. */
static void cut(const struct rec_mf_data *x, int side, uint8_t *range)
{
    uint64_t before = 0;

    for (uint32_t v = 0; v < x->n_nodes[side]; v++) {
        uint64_t k = before * x->n_cuts / x->n;

        range[v] = (uint8_t)(k < x->n_cuts ? k : x->n_cuts - 1);
        before += x->count[side][v];
    }
}

static void shuffle(struct rec_mf_row *row, uint64_t n, struct rec_random *random)
{
    for (uint64_t k = n; k > 1; k--) {
        uint64_t at = rec_random_below(random, k);
        struct rec_mf_row drawn = row[at];

        row[at] = row[k - 1];
        row[k - 1] = drawn;
    }
}

/* Rows by cell: counted, placed, shuffled.  at[c] moves from the begin of c to its end,
 * which is the begin of the next. */
static void place(const struct rec_ratings *r, uint8_t *const range[2], uint64_t seed,
                  struct rec_mf_data *x)
{
    uint32_t b = x->n_cuts;
    struct rec_random random;

    for (size_t i = 0; i < r->n; i++)
        if (r->part[i] == REC_TRAIN)
            x->at[range[0][r->user[i]] * b + range[1][r->item[i]] + 1]++;
    for (uint32_t c = 0; c < b * b; c++)
        x->at[c + 1] += x->at[c];
    for (size_t i = 0; i < r->n; i++)
        if (r->part[i] == REC_TRAIN)
            x->row[x->at[range[0][r->user[i]] * b + range[1][r->item[i]]]++] =
                (struct rec_mf_row){ { r->user[i], r->item[i] }, r->rating[i] };
    memmove(x->at + 1, x->at, (size_t)b * b * sizeof *x->at);
    x->at[0] = 0;
    rec_random_init(&random, seed, "mf rows");
    for (uint32_t c = 0; c < b * b; c++)
        shuffle(x->row + x->at[c], x->at[c + 1] - x->at[c], &random);
}

static enum rec_status fill(const struct rec_ratings *r, uint64_t seed,
                            struct rec_mf_data *x, struct rec_err *err)
{
    uint8_t *range[2] = { NULL, NULL };
    enum rec_status st = REC_OK;

    x->n_cuts = cuts(x->n);
    x->row = rec_alloc(x->n, sizeof *x->row, "ratings by cell", err);
    x->at = x->row == NULL ? NULL
                           : rec_alloc_zero((size_t)x->n_cuts * x->n_cuts + 1,
                                            sizeof *x->at, "cells", err);
    if (x->at == NULL)
        return REC_ESYSTEM;
    for (int s = 0; st == REC_OK && s < 2; s++) {
        range[s] = rec_alloc(x->n_nodes[s], 1, "cells", err);
        if (range[s] == NULL)
            st = REC_ESYSTEM;
        else
            cut(x, s, range[s]);
    }
    if (st == REC_OK)
        place(r, range, seed, x);
    rec_free(range[0]);
    rec_free(range[1]);
    return st;
}

enum rec_status rec_mf_data_make(const struct rec_ratings *ratings, uint64_t seed,
                                 struct rec_mf_data *out, struct rec_err *err)
{
    struct rec_mf_data x = { .n_nodes = { ratings->n_users, ratings->n_items } };
    enum rec_status st = REC_OK;

    for (int s = 0; st == REC_OK && s < 2; s++) {
        x.count[s] = rec_alloc_zero(x.n_nodes[s], sizeof *x.count[s], "counts", err);
        st = x.count[s] == NULL ? REC_ESYSTEM : REC_OK;
    }
    if (st == REC_OK) {
        describe(ratings, &x);
        st = x.n > 0 ? fill(ratings, seed, &x, err)
                     : rec_fail(err, REC_EINPUT, "there are no training ratings");
    }
    if (st != REC_OK) {
        rec_mf_data_free(&x);
        return st;
    }
    *out = x;
    return REC_OK;
}

void rec_mf_data_free(struct rec_mf_data *x)
{
    rec_free(x->row);
    rec_free(x->at);
    rec_free(x->count[0]);
    rec_free(x->count[1]);
    *x = (struct rec_mf_data){ 0 };
}
