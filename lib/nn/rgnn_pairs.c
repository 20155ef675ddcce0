#include <math.h>

#include "base/par.h"
#include "nn/rgnn_learner.h"

/* Ratings of pairs that are no rows of the ratings. */

enum { CHUNK = 512, AHEAD = 6 };

#define NONE UINT32_MAX

struct work {
    const struct rec_rgnn_trained *t;
    const struct rec_ratings *q;
    double *out;
};

static double bias(const struct rec_rgnn_bias *b, int side, uint32_t node,
                   double *count)
{
    size_t at = (size_t)node * (b->n_folds + 1) + b->n_folds;

    *count = node == NONE ? 0.0 : b->count[side][at];
    return node == NONE ? 0.0 : b->bias[side][at];
}

/* The kernels of one side; 0 for a node that is not known, and without a time. */
static void put_kernels(const struct work *k, int side, size_t i, rec_real *phi)
{
    const struct rec_rgnn_data *x = &k->t->x;
    uint32_t node = side == REC_USERS ? k->q->user[i] : k->q->item[i];

    if (node != NONE && k->q->time != NULL && k->q->time[i] != REC_NO_TIME &&
        x->taus.n[side] > 0 &&
        rec_rgnn_first(&x->g, side, node) < rec_rgnn_last(&x->g, side, node))
        rec_rgnn_past_ask(&k->t->past, &x->g, &x->taus, side, node, k->q->time[i], phi);
    else
        for (uint32_t t = 0; t < x->taus.n[side]; t++)
            phi[t] = 0;
}

static double rate(const struct work *k, size_t i)
{
    const struct rec_rgnn_data *d = &k->t->x;
    uint32_t n_user = d->taus.n[REC_USERS], n = n_user + d->taus.n[REC_ITEMS];
    double n_u, n_i;
    double b_u = bias(&d->bias, REC_USERS, k->q->user[i], &n_u);
    double b_i = bias(&d->bias, REC_ITEMS, k->q->item[i], &n_i);
    rec_real x[REC_RGNN_MAX_FEATURES];
    rec_real base = (rec_real)(d->bias.mean[d->bias.n_folds] + b_u + b_i);

    put_kernels(k, REC_USERS, i, x);
    put_kernels(k, REC_ITEMS, i, x + n_user);
    for (uint32_t end = n + d->g.n_extra; n < end; n++)
        x[n] = 0; /* features of a rating that nobody has given */
    x[n] = (rec_real)b_u;
    x[n + 1] = (rec_real)b_i;
    x[n + 2] = (rec_real)(log(1.0 + n_u) / 5.0);
    x[n + 3] = (rec_real)(log(1.0 + n_i) / 5.0);
    return rec_rgnn_mean(k->t, k->q->user[i], k->q->item[i], (double)base, x);
}

/* What a pair needs lies anywhere: it is asked for early, first where the edges are, */
static void prefetch_ranges(const struct work *k, size_t i)
{
    const struct rec_rgnn_edges *g = &k->t->x.g;
    uint32_t node[2] = { k->q->user[i], k->q->item[i] };

    for (int side = 0; side < 2 && k->q->time != NULL; side++)
        if (node[side] != NONE)
            __builtin_prefetch(g->side[side].off + (size_t)node[side] * g->n_slots);
}

/* then the edges that may be those at its time, and the sums h. */
static void prefetch(const struct work *k, size_t i)
{
    const struct rec_rgnn_data *x = &k->t->x;
    uint32_t node[2] = { k->q->user[i], k->q->item[i] };

    for (int side = 0; side < 2; side++) {
        if (node[side] == NONE)
            continue;
        for (uint32_t m = 0; m < k->t->n_members; m++) {
            uint32_t d = k->t->m[m].width;

            for (uint32_t at = 0; at < d; at += 16)
                __builtin_prefetch(k->t->s[m].h[side] + (size_t)node[side] * d + at);
        }
        if (k->q->time != NULL && x->taus.n[side] > 0)
            rec_rgnn_past_prefetch(&k->t->past, &x->g, &x->taus, side, node[side]);
    }
}

static void rate_chunk(void *ctx, uint32_t chunk)
{
    const struct work *k = ctx;
    size_t from = (size_t)chunk * CHUNK;
    size_t to = k->q->n - from < CHUNK ? k->q->n : from + CHUNK;

    for (size_t i = from; i < to; i++) {
        if (i + 2 * AHEAD < to)
            prefetch_ranges(k, i + 2 * AHEAD);
        if (i + AHEAD < to)
            prefetch(k, i + AHEAD);
        k->out[i] = rate(k, i);
    }
}

enum rec_status rec_rgnn_pairs(struct rec_rgnn_trained *t, const struct rec_ratings *q,
                               double *out, struct rec_err *err)
{
    struct work k = { t, q, out };

    if (q->time != NULL && !t->past.is_made) {
        enum rec_status st =
            rec_rgnn_past_make(&t->x.g, &t->x.bias, &t->x.taus, &t->past, err);

        if (st != REC_OK)
            return st;
    }
    rec_par_run((uint32_t)((q->n + CHUNK - 1) / CHUNK), rate_chunk, &k);
    return REC_OK;
}
