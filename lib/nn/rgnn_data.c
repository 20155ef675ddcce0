#include "nn/rgnn.h"

#include <math.h>
#include <string.h>

/* ---- places by fold ---- */

static void find_rows(struct rec_rgnn_data *x, int side)
{
    const struct rec_rgnn_side *s = &x->g.side[side];
    size_t n_rows = (size_t)s->n * x->g.n_slots;

    for (size_t row = 0; row < n_rows; row++)
        for (uint64_t p = s->off[row]; p < s->off[row + 1]; p++)
            x->row[side][p] = s->to[p] * x->n_bases + (uint32_t)(row % x->g.n_slots);
    for (uint32_t p = 0; p < x->g.n_edges; p++)
        x->skip[side][p] = x->fold[s->edge[p]];
}

/* A counting sort; places of a node stay in their order. */
static void sort_by_fold(struct rec_rgnn_data *x, int side)
{
    uint32_t n = x->g.side[side].n;
    size_t n_at = (size_t)x->n_folds * n;
    uint64_t *at = x->at[side];

    for (uint32_t v = 0; v < n; v++)
        for (uint64_t p = rec_rgnn_first(&x->g, side, v);
             p < rec_rgnn_last(&x->g, side, v); p++)
            at[(size_t)x->skip[side][p] * n + v + 1]++;
    for (size_t i = 0; i < n_at; i++)
        at[i + 1] += at[i];
    for (uint32_t v = 0; v < n; v++)
        for (uint64_t p = rec_rgnn_first(&x->g, side, v);
             p < rec_rgnn_last(&x->g, side, v); p++)
            x->list[side][at[(size_t)x->skip[side][p] * n + v]++] = (uint32_t)p;
    memmove(at + 1, at, n_at * sizeof *at);
    at[0] = 0;
}

static enum rec_status list_side(struct rec_rgnn_data *x, int side, struct rec_err *err)
{
    uint32_t n = x->g.n_edges;
    size_t n_at = (size_t)x->n_folds * x->g.side[side].n + 1;

    x->skip[side] = side == REC_USERS ? x->fold : rec_alloc(n, 1, "folds", err);
    if (x->skip[side] != NULL)
        x->row[side] = rec_alloc(n, sizeof *x->row[side], "folds", err);
    if (x->row[side] == NULL)
        return REC_ESYSTEM;
    find_rows(x, side);
    if (x->n_folds == 0)
        return REC_OK;
    x->list[side] = rec_alloc(n, sizeof *x->list[side], "folds", err);
    if (x->list[side] != NULL)
        x->at[side] = rec_alloc_zero(n_at, sizeof *x->at[side], "folds", err);
    if (x->at[side] == NULL)
        return REC_ESYSTEM;
    sort_by_fold(x, side);
    return REC_OK;
}

uint64_t rec_rgnn_fold_edges(const struct rec_rgnn_data *x, uint32_t fold)
{
    uint32_t n = x->g.side[REC_USERS].n;

    return x->at[REC_USERS][((size_t)fold + 1) * n] -
           x->at[REC_USERS][(size_t)fold * n];
}

/* ---- all together ---- */

void rec_rgnn_data_free(struct rec_rgnn_data *x)
{
    rec_rgnn_features_free(&x->x);
    rec_rgnn_bias_free(&x->bias);
    for (int s = 0; s < 2; s++) {
        if (s == REC_ITEMS)
            rec_free(x->skip[s]);
        rec_free(x->row[s]);
        rec_free(x->list[s]);
        rec_free(x->at[s]);
    }
    rec_free(x->fold);
    rec_rgnn_edges_free(&x->g);
    *x = (struct rec_rgnn_data){ 0 };
}

static enum rec_status deal(struct rec_rgnn_data *x, uint64_t seed, struct rec_err *err)
{
    x->fold = rec_alloc(x->g.n_edges, 1, "folds", err);
    if (x->fold == NULL)
        return REC_ESYSTEM;
    memset(x->fold, 1, x->g.n_edges);
    return x->n_folds == 0
               ? REC_OK
               : rec_rgnn_deal(x->g.n_edges, x->n_folds, seed, x->fold, err);
}

static enum rec_status fit_biases(struct rec_rgnn_data *x, const double wanted[2],
                                  struct rec_err *err)
{
    double lambda[2] = { wanted[0], wanted[1] };
    enum rec_status st = REC_OK;

    if (x->n_folds > 0 && (isnan(lambda[0]) || isnan(lambda[1]))) {
        st = rec_rgnn_lambdas(&x->g, x->fold, x->n_folds, lambda, err);
        for (int s = 0; s < 2; s++)
            lambda[s] = isnan(wanted[s]) ? lambda[s] : wanted[s];
    }
    if (st == REC_OK)
        st = rec_rgnn_bias_fit(&x->g, x->fold, x->n_folds, lambda, &x->bias, err);
    return st;
}

enum rec_status rec_rgnn_data_make(const struct rec_ratings *ratings, bool by_level,
                                   bool with_time, uint32_t n_folds, uint64_t seed,
                                   const double lambda[2],
                                   const struct rec_rgnn_taus *taus,
                                   struct rec_rgnn_data *out, struct rec_err *err)
{
    struct rec_rgnn_data x = { .by_level = by_level };
    enum rec_status st = rec_rgnn_edges_make(
        ratings, by_level, with_time && ratings->time != NULL, &x.g, err);

    if (st != REC_OK)
        return st;
    x.n_bases = by_level ? x.g.n_slots : 2;
    x.n_folds = n_folds < x.g.n_edges ? n_folds : x.g.n_edges;
    st = deal(&x, seed, err);
    for (int s = 0; st == REC_OK && s < 2; s++)
        st = list_side(&x, s, err);
    if (st == REC_OK)
        st = fit_biases(&x, lambda, err);
    if (taus != NULL)
        x.taus = *taus;
    else
        rec_rgnn_taus_choose(&x.g, &x.taus);
    if (st == REC_OK && x.n_folds > 0)
        st = rec_rgnn_features_make(&x.g, &x.bias, &x.taus, &x.x, err);
    if (st != REC_OK) {
        rec_rgnn_data_free(&x);
        return st;
    }
    if (ratings->features != NULL)
        x.known = *ratings->features;
    x.bias.fold = x.fold;
    *out = x;
    return REC_OK;
}
