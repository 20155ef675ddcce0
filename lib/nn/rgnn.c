#include "nn/rgnn.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/par.h"
#include "nn/dot.h"
#include "nn/rgnn_known.h"
#include "nn/rgnn_mask.h"

#define INLINE static inline __attribute__((always_inline))

enum { STRIP = 64, AHEAD = 12 };

struct work {
    struct rec_rgnn *m;
    const struct rec_rgnn_data *x;
    struct rec_rgnn_state *s;
    uint32_t fold;
    int side;
    double penalty;
    bool learn;
    struct rec_rgnn_mask mask;
    uint64_t n; /* edges of the fold */
};

static size_t view(const struct work *k, uint32_t node)
{
    return (size_t)node * (k->x->n_folds + 1) + k->fold;
}

/* 1/sqrt(n) of a node in the view; 0 without edges. */
static rec_real scale(const struct work *k, int side, uint32_t node)
{
    uint32_t n = k->x->bias.count[side][view(k, node)];

    return n > 0 ? (rec_real)(1.0 / sqrt((double)n)) : 0;
}

/* ---- sums over edges ---- */

/* The rows that a node's edges bring, and by what they are multiplied. */
struct source {
    const rec_real *x; /* first row of the strip */
    size_t stride;
    const uint32_t *row;    /* by place */
    const uint8_t *skip;    /* by place: the fold of the edge */
    const uint32_t *edge;   /* by place; used with weight */
    const rec_real *weight; /* by edge number, or NULL: 1 */
};

/* y (n) += sum of the rows at places FROM .. TO that are not of FOLD. */
INLINE void gather(const struct source *q, uint64_t from, uint64_t to, uint32_t fold,
                   bool weighted, uint32_t n, rec_real *y)
{
    rec_real sum[STRIP];

    for (uint32_t j = 0; j < n; j++)
        sum[j] = y[j];
    for (uint64_t p = from; p < to; p++) {
        const rec_real *x = q->x + q->row[p] * q->stride;

        if (p + AHEAD < to)
            for (uint32_t j = 0; j < n; j += 64 / sizeof(rec_real))
                __builtin_prefetch(q->x + q->row[p + AHEAD] * q->stride + j);
        if (q->skip[p] == fold)
            continue;
        if (weighted) {
            rec_real w = q->weight[q->edge[p]];

            for (uint32_t j = 0; j < n; j++)
                sum[j] += w * x[j];
        } else {
            for (uint32_t j = 0; j < n; j++)
                sum[j] += x[j];
        }
    }
    for (uint32_t j = 0; j < n; j++)
        y[j] = sum[j];
}

INLINE void gather_row(struct source q, uint64_t from, uint64_t to, uint32_t fold,
                       uint32_t d, rec_real *y)
{
    for (uint32_t at = 0; at < d; at += STRIP, q.x += STRIP, y += STRIP) {
        uint32_t n = d - at < STRIP ? d - at : STRIP;

        if (q.weight != NULL)
            gather(&q, from, to, fold, true, n, y);
        else if (n == STRIP)
            gather(&q, from, to, fold, false, STRIP, y);
        else
            gather(&q, from, to, fold, false, n, y);
    }
}

/* The same as rec_dot() of a few. */
INLINE rec_real short_dot(const rec_real *a, const rec_real *b, uint32_t d)
{
    rec_real sum = 0;

    for (uint32_t j = 0; j < d; j++)
        sum += a[j] * b[j];
    return sum;
}

/* ---- forward ---- */

static void rho_chunk(void *ctx, uint32_t chunk)
{
    const struct work *k = ctx;
    const struct rec_rgnn_side *s = &k->x->g.side[REC_USERS];

    for (uint32_t u = s->cut.at[chunk]; u < s->cut.at[chunk + 1]; u++)
        for (uint64_t e = rec_rgnn_first(&k->x->g, REC_USERS, u);
             e < rec_rgnn_last(&k->x->g, REC_USERS, u); e++)
            k->s->rho[e] = (rec_real)rec_rgnn_residual(&k->x->bias, k->fold, u,
                                                       s->to[e], s->rating[e]);
}

INLINE void messages(const struct work *k, uint32_t v, uint32_t d)
{
    const struct rec_rgnn_data *x = k->x;
    const struct rec_sparse *f = &x->known.f[k->side];
    const rec_real *w = k->m->w[k->side].x;
    rec_real *h = k->s->h[k->side] + (size_t)v * d, by = scale(k, k->side, v);
    uint64_t from = rec_rgnn_first(&x->g, k->side, v);
    uint64_t to = rec_rgnn_last(&x->g, k->side, v);
    struct source q = { .x = k->m->table[1 - k->side].x,
                        .stride = d,
                        .row = x->row[k->side],
                        .skip = x->skip[k->side],
                        .edge = x->g.side[k->side].edge };

    for (uint32_t j = 0; j < d; j++)
        h[j] = 0;
    gather_row(q, from, to, k->fold, d, h);
    if (!x->by_level) {
        q.x += d; /* the second row of a node */
        q.weight = k->s->rho;
        gather_row(q, from, to, k->fold, d, h);
    }
    for (uint32_t j = 0; j < d; j++)
        h[j] *= by;
    if (f->n_cols > 0)
        rec_sparse_add(f, v, k->m->v[k->side].x, d, h);
    k->s->dot[k->side][v] = rec_dot(h, w, d);
    if (f->n_cols > 0)
        rec_sparse_add(f, v, k->m->c[k->side].x, 1, &k->s->dot[k->side][v]);
    k->s->square[k->side][v] = rec_dot(h, h, d);
}

REC_CLONES static void forward_chunk(void *ctx, uint32_t chunk)
{
    const struct work *k = ctx;
    const struct rec_rgnn_cut *cut = &k->x->g.side[k->side].cut;

    for (uint32_t v = cut->at[chunk]; v < cut->at[chunk + 1]; v++)
        if (k->m->width == STRIP)
            messages(k, v, STRIP);
        else
            messages(k, v, k->m->width);
}

void rec_rgnn_forward(const struct rec_rgnn *m, const struct rec_rgnn_data *x,
                      uint32_t fold, struct rec_rgnn_state *s)
{
    /* only read; the work of the backward has the same type */
    struct work k = { .m = (void *)(uintptr_t)m, .x = x, .s = s, .fold = fold };

    if (s->rho != NULL)
        rec_par_run(x->g.side[REC_USERS].cut.n, rho_chunk, &k);
    for (k.side = 0; k.side < 2; k.side++)
        rec_par_run(x->g.side[k.side].cut.n, forward_chunk, &k);
}

double rec_rgnn_rating(const struct rec_rgnn *m, const struct rec_rgnn_state *s,
                       uint32_t user, uint32_t item, double base, const rec_real *x)
{
    double rating = base + (double)short_dot(m->alpha.x, x, m->alpha.cols);

    if (user != UINT32_MAX && item != UINT32_MAX)
        rating += (double)rec_dot(s->h[REC_USERS] + (size_t)user * m->width,
                                  s->h[REC_ITEMS] + (size_t)item * m->width, m->width);
    if (user != UINT32_MAX)
        rating += (double)s->dot[REC_USERS][user];
    if (item != UINT32_MAX)
        rating += (double)s->dot[REC_ITEMS][item];
    return rating;
}

/* ---- the fold's edges ---- */

static uint64_t first_of(const struct work *k, uint32_t v)
{
    return k->x->at[k->side][(size_t)k->fold * k->x->g.side[k->side].n + v];
}

/* s of an edge; M (D) receives m h_i. */
INLINE rec_real score(const struct work *k, uint32_t u, uint32_t i, uint32_t e,
                      uint32_t d, rec_real *m)
{
    const struct rec_rgnn_state *s = k->s;
    const rec_real *h_u = s->h[REC_USERS] + (size_t)u * d;
    const rec_real *h_i = s->h[REC_ITEMS] + (size_t)i * d;
    const struct rec_rgnn_features *f = &k->x->x;

    rec_rgnn_mask_row(&k->mask, e, d, m);
    for (uint32_t j = 0; j < d; j++)
        m[j] *= h_i[j];
    return f->base[e] + short_dot(k->m->alpha.x, f->x + (size_t)e * f->n, f->n) +
           rec_dot(h_u, m, d) + s->dot[REC_USERS][u] + s->dot[REC_ITEMS][i];
}

/* What all edges of a node have in common: G (D) of its h, and dw. */
INLINE void end_node(const struct work *k, uint32_t v, rec_real sum, uint64_t n,
                     uint32_t d, rec_real *g, rec_real *dw)
{
    const rec_real *h = k->s->h[k->side] + (size_t)v * d, *w = k->m->w[k->side].x;
    rec_real decay = (rec_real)(2.0 * k->penalty * (double)n / (double)k->n);
    rec_real by = scale(k, k->side, v), *dh = k->s->dh[k->side];

    for (uint32_t j = 0; j < d; j++) {
        /* forward:  s += w h, of each edge         so:  dw += delta h */
        dw[j] += sum * h[j];
        /*                                               dh += delta w
         * forward:  loss += penalty/n |h|^2        so:  dh += 2 penalty/n h
         * forward:  h = (sum of messages) by       so:  d(sum) = by dh */
        g[j] = g[j] + sum * w[j] + decay * h[j];
    }
    if (dh != NULL) { /* for features, which are not scaled */
        memcpy(dh + (size_t)v * d, g, d * sizeof *g);
        k->s->sum[k->side][v] = sum;
    }
    for (uint32_t j = 0; j < d; j++)
        g[j] *= by;
}

/* The edges of one user: loss, delta, dalpha, gradient of h_u. */
INLINE void user_edges(const struct work *k, uint32_t u, uint32_t d, rec_real *part,
                       double loss[2])
{
    const struct rec_rgnn_side *side = &k->x->g.side[REC_USERS];
    const struct rec_rgnn_features *f = &k->x->x;
    uint64_t from = first_of(k, u), to = first_of(k, u + 1);
    rec_real m[REC_RGNN_MAX_WIDTH], g[REC_RGNN_MAX_WIDTH], sum = 0;

    for (uint32_t j = 0; j < d; j++)
        g[j] = 0;
    for (uint64_t p = from; p < to; p++) {
        uint32_t e = k->x->list[REC_USERS][p], i = side->to[e];
        rec_real error = score(k, u, i, e, d, m) - (rec_real)side->rating[e];
        rec_real delta = error * (rec_real)(2.0 / (double)k->n);

        loss[0] += (double)error * (double)error;
        loss[1] +=
            (double)k->s->square[REC_USERS][u] + (double)k->s->square[REC_ITEMS][i];
        if (!k->learn)
            continue;
        k->s->delta[e] = delta;
        sum += delta;
        /* forward:  s += sum of m h_u h_i          so:  dh_u += delta m h_i */
        for (uint32_t j = 0; j < d; j++)
            g[j] += delta * m[j];
        /* forward:  s += alpha.x                   so:  dalpha += delta x */
        for (uint32_t j = 0; j < f->n; j++)
            part[d + j] += delta * f->x[(size_t)e * f->n + j];
    }
    if (!k->learn)
        return;
    end_node(k, u, sum, to - from, d, g, part);
    memcpy(k->s->g[REC_USERS] + (size_t)u * d, g, d * sizeof *g);
}

REC_CLONES static void loss_chunk(void *ctx, uint32_t chunk)
{
    const struct work *k = ctx;
    const struct rec_rgnn_cut *cut = &k->x->g.side[REC_USERS].cut;
    uint32_t d = k->m->width, width = d + k->m->alpha.cols;
    rec_real *part = k->s->part + (size_t)chunk * width;
    double *loss = k->s->loss + 2 * (size_t)chunk;

    loss[0] = loss[1] = 0.0;
    memset(part, 0, width * sizeof *part);
    if (k->mask.below > 0) { /* the items' chunks use them as well, afterwards */
        uint64_t first = first_of(k, cut->at[chunk]);

        rec_rgnn_mask_draw(&k->mask, k->x->list[REC_USERS] + first,
                           first_of(k, cut->at[chunk + 1]) - first, d);
    }
    for (uint32_t u = cut->at[chunk]; u < cut->at[chunk + 1]; u++)
        if (d == STRIP)
            user_edges(k, u, STRIP, part, loss);
        else
            user_edges(k, u, d, part, loss);
}

/* dx += the columns FROM .. of the parts of all chunks. */
static void add_parts(const struct work *k, uint32_t from, struct rec_param *p)
{
    uint32_t width = k->m->width + k->m->alpha.cols;

    for (uint32_t c = 0; c < k->x->g.side[k->side].cut.n; c++)
        for (uint32_t j = 0; j < p->cols; j++)
            p->dx[j] += k->s->part[(size_t)c * width + from + j];
}

double rec_rgnn_loss(struct rec_rgnn *m, const struct rec_rgnn_data *x, uint32_t fold,
                     double penalty, const struct rec_rgnn_drop *drop, bool learn,
                     struct rec_rgnn_state *s, double *mse)
{
    struct work k = { .m = m,
                      .x = x,
                      .s = s,
                      .fold = fold,
                      .side = REC_USERS,
                      .penalty = penalty,
                      .learn = learn,
                      .mask = rec_rgnn_mask(drop, s->bits),
                      .n = rec_rgnn_fold_edges(x, fold) };
    double sum[2] = { 0 };

    rec_par_run(x->g.side[REC_USERS].cut.n, loss_chunk, &k);
    for (uint32_t c = 0; c < x->g.side[REC_USERS].cut.n; c++) {
        sum[0] += s->loss[2 * c];
        sum[1] += s->loss[2 * c + 1];
    }
    if (learn) {
        add_parts(&k, 0, &m->w[REC_USERS]);
        add_parts(&k, m->width, &m->alpha);
    }
    if (mse != NULL)
        *mse = sum[0] / (double)k.n;
    return (sum[0] + penalty * sum[1]) / (double)k.n + rec_rgnn_known_penalty(m);
}

/* ---- backward ---- */

/* The gradient of h_i, as user_edges() that of h_u. */
INLINE void item_edges(const struct work *k, uint32_t i, uint32_t d, rec_real *part)
{
    const struct rec_rgnn_side *side = &k->x->g.side[REC_ITEMS];
    uint64_t from = first_of(k, i), to = first_of(k, i + 1);
    rec_real m[REC_RGNN_MAX_WIDTH], g[REC_RGNN_MAX_WIDTH], sum = 0;

    for (uint32_t j = 0; j < d; j++)
        g[j] = 0;
    for (uint64_t p = from; p < to; p++) {
        uint32_t place = k->x->list[REC_ITEMS][p], e = side->edge[place];
        const rec_real *h_u = k->s->h[REC_USERS] + (size_t)side->to[place] * d;
        rec_real delta = k->s->delta[e];

        rec_rgnn_mask_row(&k->mask, e, d, m);
        sum += delta;
        /* forward:  s += sum of m h_u h_i          so:  dh_i += delta m h_u */
        for (uint32_t j = 0; j < d; j++)
            g[j] += delta * m[j] * h_u[j];
    }
    end_node(k, i, sum, to - from, d, g, part);
    memcpy(k->s->g[REC_ITEMS] + (size_t)i * d, g, d * sizeof *g);
}

REC_CLONES static void item_chunk(void *ctx, uint32_t chunk)
{
    const struct work *k = ctx;
    const struct rec_rgnn_cut *cut = &k->x->g.side[REC_ITEMS].cut;
    uint32_t d = k->m->width, width = d + k->m->alpha.cols;
    rec_real *part = k->s->part + (size_t)chunk * width;

    memset(part, 0, width * sizeof *part);
    for (uint32_t i = cut->at[chunk]; i < cut->at[chunk + 1]; i++)
        if (d == STRIP)
            item_edges(k, i, STRIP, part);
        else
            item_edges(k, i, d, part);
}

/*
 * forward:  h[to] += by[to] T[v, slot], of each edge    so:  dT[v, slot] += by[to]
 * dh[to] and with basis cl, of T's second row, both times rho.
 */
INLINE void table_rows(const struct work *k, uint32_t v, uint32_t d)
{
    const struct rec_rgnn_side *side = &k->x->g.side[k->side];
    uint32_t slots = k->x->g.n_slots, bases = k->x->n_bases;
    rec_real *dx = k->m->table[k->side].dx + (size_t)v * bases * d;
    struct source q = { .x = k->s->g[1 - k->side],
                        .stride = d,
                        .row = side->to,
                        .skip = k->x->skip[k->side],
                        .edge = side->edge };

    for (uint32_t j = 0; j < bases * d; j++)
        dx[j] = 0;
    for (uint32_t slot = 0; slot < slots; slot++) {
        const uint64_t *off = side->off + (size_t)v * slots + slot;

        gather_row(q, off[0], off[1], k->fold, d, dx + (size_t)slot * d);
    }
    if (!k->x->by_level) {
        q.weight = k->s->rho;
        gather_row(q, side->off[v], side->off[v + 1], k->fold, d, dx + d);
    }
}

REC_CLONES static void table_chunk(void *ctx, uint32_t chunk)
{
    const struct work *k = ctx;
    const struct rec_rgnn_cut *cut = &k->x->g.side[k->side].cut;

    for (uint32_t v = cut->at[chunk]; v < cut->at[chunk + 1]; v++)
        if (k->m->width == STRIP)
            table_rows(k, v, STRIP);
        else
            table_rows(k, v, k->m->width);
}

void rec_rgnn_backward(struct rec_rgnn *m, const struct rec_rgnn_data *x, uint32_t fold,
                       double penalty, const struct rec_rgnn_drop *drop,
                       struct rec_rgnn_state *s)
{
    struct work k = { .m = m,
                      .x = x,
                      .s = s,
                      .fold = fold,
                      .side = REC_ITEMS,
                      .penalty = penalty,
                      .mask = rec_rgnn_mask(drop, s->bits),
                      .n = rec_rgnn_fold_edges(x, fold) };

    rec_par_run(x->g.side[REC_ITEMS].cut.n, item_chunk, &k);
    add_parts(&k, 0, &m->w[REC_ITEMS]);
    rec_rgnn_known_backward(m, x, s);
    for (k.side = 0; k.side < 2; k.side++)
        rec_par_run(x->g.side[k.side].cut.n, table_chunk, &k);
}
