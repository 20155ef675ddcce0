#ifndef REC_RGNN_BIAS_H
#define REC_RGNN_BIAS_H

#include "nn/rgnn_edges.h"

/*
 * Biases of the training edges, for K folds at once.  View v < K is all edges but those
 * of fold v, view K is all edges, as they are used to predict.  In every view, with mu
 * the mean rating and n the number of edges of a node in it,
 *
 *   b_i = sum over i's edges of (r - mu - b_u) / (n_i + lambda[REC_ITEMS])
 *   b_u = sum over u's edges of (r - mu - b_i) / (n_u + lambda[REC_USERS])
 *
 * items first, 15 sweeps from zero, in double.  A node without edges keeps 0; a view
 * without edges has the mean of all.  The views of a node lie side by side, so that one
 * pass over the edges computes all of them.  K = 0 is the one view of all edges, with
 * the same bits as view K; FOLD is then 1 throughout.
 */
enum { REC_RGNN_MAX_FOLDS = 15, REC_RGNN_STRIDE = 16 };

struct rec_rgnn_bias {
    uint32_t n_folds;             /* K */
    const uint8_t *fold;          /* (E) by edge number; not owned */
    double lambda[2];             /* of users, of items */
    double mean[REC_RGNN_STRIDE]; /* [view] */
    double *bias[2];              /* (nodes, K + 1) of a side */
    uint32_t *count[2];           /* (nodes, K + 1) edges in the view */
};

/* Edges dealt out to N_FOLDS folds of equal size, at random by the seed.  FOLD (E). */
enum rec_status rec_rgnn_deal(uint32_t n_edges, uint32_t n_folds, uint64_t seed,
                              uint8_t *fold, struct rec_err *err) REC_MUST_USE;

/* Residual of a rating in VIEW: r - mu - b_u - b_i. */
static inline double rec_rgnn_residual(const struct rec_rgnn_bias *b, uint32_t view,
                                       uint32_t user, uint32_t item, float rating)
{
    size_t n = (size_t)b->n_folds + 1;

    return (double)rating - b->mean[view] - b->bias[REC_USERS][user * n + view] -
           b->bias[REC_ITEMS][item * n + view];
}

enum rec_status rec_rgnn_bias_fit(const struct rec_rgnn_edges *g, const uint8_t *fold,
                                  uint32_t n_folds, const double lambda[2],
                                  struct rec_rgnn_bias *out,
                                  struct rec_err *err) REC_MUST_USE;
void rec_rgnn_bias_free(struct rec_rgnn_bias *b);

/*
 * The lambdas with the least squared error of mu + b_u + b_i on the edges left out of
 * the views, after 5 sweeps: a descent from neighbour to neighbour on the grid 0.5, 1,
 * 2, 3, 5, 8, 12, 20, 30, 50 of either, from (5, 5).
 */
enum rec_status rec_rgnn_lambdas(const struct rec_rgnn_edges *g, const uint8_t *fold,
                                 uint32_t n_folds, double lambda[2],
                                 struct rec_err *err) REC_MUST_USE;

#endif
