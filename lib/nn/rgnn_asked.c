#include "nn/rgnn_asked.h"

#include <math.h>
#include <stdlib.h>

#include "base/par.h"

struct question {
    uint32_t node, at;        /* row of x */
    double time, sum, weight; /* S and W of what lies before it */
};

struct work {
    const struct rec_rgnn_edges *g;
    const struct rec_rgnn_bias *b;
    const struct rec_rgnn_taus *taus;
    int side;
    uint32_t n, column; /* of the side's first kernel */
    struct question *q; /* (n) by node and time */
    struct rec_rgnn_features *f;
};

static int earlier(const void *a, const void *b)
{
    const struct question *x = a, *y = b;

    if (x->node != y->node)
        return x->node < y->node ? -1 : 1;
    if (x->time < y->time || x->time > y->time)
        return x->time < y->time ? -1 : 1;
    return x->at < y->at ? -1 : x->at > y->at;
}

/* S and W of one kernel, at time `now`. */
struct memory {
    double sum, weight, now, tau;
};

static void go_to(struct memory *m, double time)
{
    double decay = exp(-fabs(time - m->now) / m->tau);

    m->sum *= decay;
    m->weight *= decay;
    m->now = time;
}

static void take(const struct work *k, uint32_t node, uint32_t place, struct memory *m)
{
    const struct rec_rgnn_side *s = &k->g->side[k->side];
    uint32_t to = s->to[place];
    uint32_t user = k->side == REC_USERS ? node : to;
    uint32_t item = k->side == REC_USERS ? to : node;

    go_to(m, (double)k->g->time[s->edge[place]]);
    m->sum += rec_rgnn_residual(k->b, k->b->n_folds, user, item, s->rating[place]);
    m->weight += 1.0;
}

static double time_at(const struct work *k, uint64_t i)
{
    const struct rec_rgnn_side *s = &k->g->side[k->side];

    return (double)k->g->time[s->edge[s->order[i]]];
}

/* The questions FIRST .. LAST of one node, for one kernel.  Edges of the same time are
 * taken on the way forward alone. */
static void answer(const struct work *k, uint32_t first, uint32_t last, uint32_t tau)
{
    const uint32_t *order = k->g->side[k->side].order;
    uint32_t node = k->q[first].node;
    uint64_t from = rec_rgnn_first(k->g, k->side, node);
    uint64_t to = rec_rgnn_last(k->g, k->side, node), e = from;
    struct memory m = { .tau = k->taus->tau[k->side][tau] };

    m.now = k->q[first].time;
    for (uint32_t i = first; i < last; i++) {
        for (; e < to && time_at(k, e) <= k->q[i].time; e++)
            take(k, node, order[e], &m);
        go_to(&m, k->q[i].time);
        k->q[i].sum = m.sum;
        k->q[i].weight = m.weight;
    }
    m = (struct memory){ .tau = m.tau, .now = k->q[last - 1].time };
    e = to;
    for (uint32_t i = last; i-- > first;) {
        for (; e > from && time_at(k, e - 1) > k->q[i].time; e--)
            take(k, node, order[e - 1], &m);
        go_to(&m, k->q[i].time);
        k->f->x[(size_t)k->q[i].at * k->f->n + k->column + tau] =
            (rec_real)((k->q[i].sum + m.sum) /
                       (k->q[i].weight + m.weight + k->taus->prior));
    }
}

/* Questions are cut into equal parts; a node belongs to the part with its first. */
static void answer_chunk(void *ctx, uint32_t chunk)
{
    const struct work *k = ctx;
    uint32_t from = (uint32_t)((uint64_t)k->n * chunk / REC_RGNN_CHUNKS), last;
    uint32_t to = (uint32_t)((uint64_t)k->n * (chunk + 1) / REC_RGNN_CHUNKS);

    while (from > 0 && from < to && k->q[from].node == k->q[from - 1].node)
        from++;
    for (; from < to; from = last) {
        last = from + 1;
        while (last < k->n && k->q[last].node == k->q[from].node)
            last++;
        for (uint32_t t = 0; t < k->taus->n[k->side]; t++)
            answer(k, from, last, t);
    }
}

enum rec_status rec_rgnn_asked_kernels(const struct rec_rgnn_edges *g,
                                       const struct rec_rgnn_bias *b,
                                       const struct rec_rgnn_taus *taus,
                                       const struct rec_ratings *r, int side,
                                       uint32_t n, struct rec_rgnn_features *f,
                                       struct rec_err *err)
{
    const uint32_t *node = side == REC_USERS ? r->user : r->item;
    struct work k = { .g = g, .b = b, .taus = taus, .side = side, .n = n, .f = f };

    if (taus->n[side] == 0 || n == 0)
        return REC_OK;
    k.column = side == REC_USERS ? 0 : taus->n[REC_USERS];
    k.q = rec_alloc(n, sizeof *k.q, "time kernels", err);
    if (k.q == NULL)
        return REC_ESYSTEM;
    for (size_t i = 0; i < r->n; i++)
        if (f->at[i] != UINT32_MAX)
            k.q[f->at[i]] = (struct question){ .node = node[i],
                                               .at = f->at[i],
                                               .time = (double)r->time[i] };
    qsort(k.q, n, sizeof *k.q, earlier);
    rec_par_run(REC_RGNN_CHUNKS, answer_chunk, &k);
    rec_free(k.q);
    return REC_OK;
}
