#include "nn/itempairs.h"

#include <stdlib.h>

#include "base/par.h"

void rec_item_pairs_free(struct rec_item_pairs *x)
{
    rec_free(x->off);
    rec_free(x->to);
    rec_free(x->g);
    *x = (struct rec_item_pairs){ 0 };
}

enum { CHUNKS = 32 };

struct work {
    const struct rec_pairs01 *r;
    struct rec_item_pairs *out;
    float *sum;      /* (CHUNKS, I) of a row of G */
    uint32_t *found; /* (CHUNKS, I) its columns, in the order of being found */
    float *user;     /* (U) by^2 */
    bool counts;     /* only how many there are */
};

static int ascending(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

    return x < y ? -1 : x > y;
}

/* Row J of G: sum over j's users u of by^2 times their rows of R. */
static void g_row(const struct work *k, uint32_t j, float *sum, uint32_t *found)
{
    const struct rec_pairs01 *r = k->r;
    struct rec_item_pairs *x = k->out;
    uint32_t n = 0;

    for (uint64_t e = r->off[1][j]; e < r->off[1][j + 1]; e++) {
        uint32_t u = r->to[1][e];

        for (uint64_t f = r->off[0][u]; f < r->off[0][u + 1]; f++) {
            uint32_t i = r->to[0][f];

            if (sum[i] == 0.0f)
                found[n++] = i;
            sum[i] += k->user[u];
        }
    }
    if (k->counts) {
        x->off[j + 1] = n;
    } else {
        qsort(found, n, sizeof *found, ascending);
        for (uint32_t i = 0; i < n; i++) {
            x->to[x->off[j] + i] = found[i];
            x->g[x->off[j] + i] = sum[found[i]];
        }
    }
    for (uint32_t i = 0; i < n; i++)
        sum[found[i]] = 0.0f;
}

static void g_chunk(void *ctx, uint32_t chunk)
{
    const struct work *k = ctx;
    size_t n = k->r->n[1];

    /* every CHUNKS-th row: busy items often lie side by side */
    for (size_t j = chunk; j < n; j += CHUNKS)
        g_row(k, (uint32_t)j, k->sum + chunk * n, k->found + chunk * n);
}

static enum rec_status make_room(struct work *k, struct rec_err *err)
{
    size_t n = k->r->n[1];

    k->sum = rec_alloc_zero(CHUNKS * n, sizeof *k->sum, "pairs of items", err);
    if (k->sum != NULL)
        k->found = rec_alloc(CHUNKS * n, sizeof *k->found, "pairs of items", err);
    if (k->found != NULL)
        k->user = rec_alloc(k->r->n[0], sizeof *k->user, "pairs of items", err);
    if (k->user != NULL)
        k->out->off = rec_alloc_zero(n + 1, sizeof *k->out->off, "pairs of items", err);
    return k->out->off == NULL ? REC_ESYSTEM : REC_OK;
}

/* Counts the pairs of each row, and makes room for them. */
static enum rec_status count(struct work *k, struct rec_err *err)
{
    struct rec_item_pairs *x = k->out;
    size_t n = k->r->n[1];

    k->counts = true;
    rec_par_run(CHUNKS, g_chunk, k);
    k->counts = false;
    for (size_t j = 0; j < n; j++)
        x->off[j + 1] += x->off[j];
    x->to = rec_alloc(x->off[n], sizeof *x->to, "pairs of items", err);
    if (x->to != NULL)
        x->g = rec_alloc(x->off[n], sizeof *x->g, "pairs of items", err);
    return x->g == NULL ? REC_ESYSTEM : REC_OK;
}

enum rec_status rec_item_pairs_make(const struct rec_pairs01 *r, const float *by,
                                    struct rec_item_pairs *out, struct rec_err *err)
{
    struct rec_item_pairs x = { 0 };
    struct work k = { .r = r, .out = &x };
    enum rec_status st = make_room(&k, err);

    for (uint32_t u = 0; st == REC_OK && u < r->n[0]; u++)
        k.user[u] = by[u] * by[u];
    if (st == REC_OK)
        st = count(&k, err);
    if (st == REC_OK) {
        rec_par_run(CHUNKS, g_chunk, &k);
        *out = x;
    } else {
        rec_item_pairs_free(&x);
    }
    rec_free(k.sum);
    rec_free(k.found);
    rec_free(k.user);
    return st;
}
