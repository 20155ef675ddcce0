#include "nn/pairs01.h"

#include <string.h>

void rec_pairs01_free(struct rec_pairs01 *x)
{
    for (int s = 0; s < 2; s++) {
        rec_free(x->off[s]);
        rec_free(x->to[s]);
    }
    *x = (struct rec_pairs01){ 0 };
}

static void add_up(uint64_t *off, uint32_t n)
{
    for (uint32_t v = 0; v < n; v++)
        off[v + 1] += off[v];
}

/* What lies at off[v] after filling lies at off[v + 1] before: back again. */
static void step_back(uint64_t *off, uint32_t n)
{
    memmove(off + 1, off, n * sizeof *off);
    off[0] = 0;
}

/* Side TO from side FROM: in ascending order, as FROM's nodes are gone through. */
static void transpose(struct rec_pairs01 *x, int from, int to)
{
    memset(x->off[to], 0, ((size_t)x->n[to] + 1) * sizeof *x->off[to]);
    for (uint64_t e = 0; e < x->n_pairs; e++)
        x->off[to][x->to[from][e] + 1]++;
    add_up(x->off[to], x->n[to]);
    for (uint32_t v = 0; v < x->n[from]; v++)
        for (uint64_t e = x->off[from][v]; e < x->off[from][v + 1]; e++)
            x->to[to][x->off[to][x->to[from][e]]++] = v;
    step_back(x->off[to], x->n[to]);
}

/* Leaves one of each run of equal items of a user. */
static void drop_repeats(struct rec_pairs01 *x)
{
    uint64_t n = 0, e = 0;

    for (uint32_t u = 0; u < x->n[0]; u++) {
        uint64_t first = n;

        for (uint64_t end = x->off[0][u + 1]; e < end; e++)
            if (n == first || x->to[0][n - 1] != x->to[0][e])
                x->to[0][n++] = x->to[0][e];
        x->off[0][u] = first;
    }
    x->off[0][x->n[0]] = n;
    x->n_pairs = n;
}

static void fill(struct rec_pairs01 *x, const struct rec_ratings *r,
                 const uint8_t *part)
{
    for (size_t i = 0; i < r->n; i++)
        if (part[i] == REC_TRAIN)
            x->off[0][r->user[i] + 1]++;
    add_up(x->off[0], x->n[0]);
    for (size_t i = 0; i < r->n; i++)
        if (part[i] == REC_TRAIN)
            x->to[0][x->off[0][r->user[i]]++] = r->item[i];
    step_back(x->off[0], x->n[0]);
    transpose(x, 0, 1); /* and back: items of a user ascend */
    transpose(x, 1, 0);
    drop_repeats(x);
    transpose(x, 0, 1);
}

enum rec_status rec_pairs01_make(const struct rec_ratings *r, const uint8_t *part,
                                 struct rec_pairs01 *out, struct rec_err *err)
{
    struct rec_pairs01 x = { .n = { r->n_users, r->n_items } };

    for (size_t i = 0; i < r->n; i++)
        x.n_pairs += part[i] == REC_TRAIN;
    if (x.n_pairs == 0)
        return rec_fail(err, REC_EINPUT, "there are no training ratings");
    for (int s = 0; s < 2; s++) {
        x.off[s] = rec_alloc_zero((size_t)x.n[s] + 1, sizeof *x.off[s], "pairs", err);
        if (x.off[s] != NULL)
            x.to[s] = rec_alloc(x.n_pairs, sizeof *x.to[s], "pairs", err);
        if (x.to[s] == NULL) {
            rec_pairs01_free(&x);
            return REC_ESYSTEM;
        }
    }
    fill(&x, r, part);
    *out = x;
    return REC_OK;
}
