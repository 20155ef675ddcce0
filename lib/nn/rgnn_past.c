#include "nn/rgnn_past.h"

#include <math.h>

#include "base/mem.h"
#include "base/par.h"

enum { KEPT = REC_RGNN_KEPT };

/* exp(-FAR) is less than a double shows beside the prior. */
static const double FAR = 100.0;

static double decay(double seconds, double tau)
{
    double x = fabs(seconds) / tau;

    return x < FAR ? exp(-x) : 0.0;
}

/* ---- made once ---- */

struct work {
    const struct rec_rgnn_edges *g;
    const struct rec_rgnn_bias *b;
    const struct rec_rgnn_taus *taus;
    struct rec_rgnn_past *past;
    int side;
};

static void list_node(const struct work *k, uint32_t v)
{
    const struct rec_rgnn_side *s = &k->g->side[k->side];
    struct rec_rgnn_past_side *out = &k->past->side[k->side];

    for (uint64_t i = rec_rgnn_first(k->g, k->side, v);
         i < rec_rgnn_last(k->g, k->side, v); i++) {
        uint32_t place = s->order[i], to = s->to[place];

        out->edge[i].time = (double)k->g->time[s->edge[place]];
        out->edge[i].rho =
            rec_rgnn_residual(k->b, k->b->n_folds, k->side == REC_USERS ? v : to,
                              k->side == REC_USERS ? to : v, s->rating[place]);
    }
}

/* Both passes over the edges of node V, for one kernel. */
static void keep_node(const struct work *k, uint32_t v, uint32_t tau)
{
    const struct rec_rgnn_past_side *p = &k->past->side[k->side];
    uint64_t from = rec_rgnn_first(k->g, k->side, v);
    uint64_t to = rec_rgnn_last(k->g, k->side, v);
    uint32_t n_taus = k->taus->n[k->side];
    double seconds = k->taus->tau[k->side][tau], sum = 0.0, weight = 0.0;

    for (uint64_t i = from; i < to; i++) {
        double d =
            i > from ? decay(p->edge[i].time - p->edge[i - 1].time, seconds) : 0.0;

        sum *= d;
        weight *= d;
        if (i % KEPT == 0) {
            double *kept = p->kept + (i / KEPT * n_taus + tau) * 4;

            kept[0] = sum;
            kept[1] = weight;
        }
        sum += p->edge[i].rho;
        weight += 1.0;
    }
    sum = weight = 0.0;
    for (uint64_t i = to; i-- > from;) {
        double d =
            i + 1 < to ? decay(p->edge[i + 1].time - p->edge[i].time, seconds) : 0.0;

        sum = sum * d + p->edge[i].rho;
        weight = weight * d + 1.0;
        if (i % KEPT == 0) {
            double *kept = p->kept + (i / KEPT * n_taus + tau) * 4;

            kept[2] = sum;
            kept[3] = weight;
        }
    }
}

static void make_chunk(void *ctx, uint32_t chunk)
{
    const struct work *k = ctx;
    const struct rec_rgnn_cut *cut = &k->g->side[k->side].cut;

    for (uint32_t v = cut->at[chunk]; v < cut->at[chunk + 1]; v++) {
        list_node(k, v);
        for (uint32_t t = 0; t < k->taus->n[k->side]; t++)
            keep_node(k, v, t);
    }
}

static enum rec_status allocate(const struct work *k, struct rec_rgnn_past_side *out,
                                struct rec_err *err)
{
    size_t n = k->g->n_edges, n_kept = n / KEPT + 1;

    out->edge = rec_alloc(n, sizeof *out->edge, "time kernels", err);
    if (out->edge != NULL)
        out->kept = rec_alloc_zero(n_kept * k->taus->n[k->side], 4 * sizeof *out->kept,
                                   "time kernels", err);
    return out->kept == NULL ? REC_ESYSTEM : REC_OK;
}

enum rec_status rec_rgnn_past_make(const struct rec_rgnn_edges *g,
                                   const struct rec_rgnn_bias *b,
                                   const struct rec_rgnn_taus *taus,
                                   struct rec_rgnn_past *out, struct rec_err *err)
{
    struct rec_rgnn_past past = { .is_made = true };
    struct work k = { .g = g, .b = b, .taus = taus, .past = &past };

    for (; k.side < 2; k.side++) {
        if (taus->n[k.side] == 0)
            continue;
        if (allocate(&k, &past.side[k.side], err) != REC_OK) {
            rec_rgnn_past_free(&past);
            return REC_ESYSTEM;
        }
        rec_par_run(g->side[k.side].cut.n, make_chunk, &k);
    }
    *out = past;
    return REC_OK;
}

void rec_rgnn_past_free(struct rec_rgnn_past *p)
{
    for (int s = 0; s < 2; s++) {
        rec_free(p->side[s].edge);
        rec_free(p->side[s].kept);
    }
    *p = (struct rec_rgnn_past){ 0 };
}

/* ---- asked ---- */

/* The first place in FROM .. TO whose time is later than TIME, or TO. */
static uint64_t later_than(const struct rec_rgnn_past_edge *edge, uint64_t from,
                           uint64_t to, double time)
{
    while (from < to) {
        uint64_t middle = from + (to - from) / 2;

        if (edge[middle].time <= time)
            from = middle + 1;
        else
            to = middle;
    }
    return from;
}

/* What of places FROM .. TO of one node is due to those before AT and from AT on. */
struct nearby {
    uint64_t from, at, to;
    uint64_t low, high; /* places to be added one by one */
    bool before, after; /* what is kept at LOW and at HIGH comes on top */
};

static struct nearby look(const struct rec_rgnn_past_side *p, uint64_t from,
                          uint64_t to, double time)
{
    struct nearby x = { .from = from, .to = to };

    x.at = later_than(p->edge, from, to, time);
    x.low = x.at == 0 ? 0 : (x.at - 1) / KEPT * KEPT;
    x.high = (x.at + KEPT - 1) / KEPT * KEPT;
    x.before = x.low > from && x.at > from;
    x.after = x.high < to;
    x.low = x.before ? x.low : from;
    x.high = x.after ? x.high : to;
    return x;
}

void rec_rgnn_past_prefetch(const struct rec_rgnn_past *past,
                            const struct rec_rgnn_edges *g,
                            const struct rec_rgnn_taus *taus, int side, uint32_t node)
{
    const struct rec_rgnn_past_side *p = &past->side[side];
    uint64_t from = rec_rgnn_first(g, side, node), to = rec_rgnn_last(g, side, node);
    uint64_t middle = from + (to - from) / 2;

    __builtin_prefetch(p->edge + middle);
    for (uint32_t t = 0; t < 4 * taus->n[side]; t += 8)
        __builtin_prefetch(p->kept + middle / KEPT * taus->n[side] * 4 + t);
    if (to - from > KEPT)
        __builtin_prefetch(p->edge + from + (to - from) / 4);
    if (to - from > KEPT)
        __builtin_prefetch(p->edge + middle + (to - from) / 4);
}

static void add(double *sum, double *weight, double d, double s, double w)
{
    *sum += d * s;
    *weight += d * w;
}

void rec_rgnn_past_ask(const struct rec_rgnn_past *past, const struct rec_rgnn_edges *g,
                       const struct rec_rgnn_taus *taus, int side, uint32_t node,
                       int64_t time, rec_real *phi)
{
    const struct rec_rgnn_past_side *p = &past->side[side];
    double now = (double)time;
    struct nearby x =
        look(p, rec_rgnn_first(g, side, node), rec_rgnn_last(g, side, node), now);

    for (uint32_t t = 0; t < taus->n[side]; t++) {
        const double *low = p->kept + (x.low / KEPT * taus->n[side] + t) * 4;
        const double *high = p->kept + (x.high / KEPT * taus->n[side] + t) * 4;
        double tau = taus->tau[side][t], sum = 0.0, weight = 0.0;

        if (x.before)
            add(&sum, &weight, decay(now - p->edge[x.low].time, tau), low[0], low[1]);
        for (uint64_t i = x.low; i < x.high; i++)
            add(&sum, &weight, decay(now - p->edge[i].time, tau), p->edge[i].rho, 1.0);
        if (x.after)
            add(&sum, &weight, decay(p->edge[x.high].time - now, tau), high[2],
                high[3]);
        phi[t] = (rec_real)(sum / (weight + taus->prior));
    }
}
