#ifndef REC_MF_H
#define REC_MF_H

#include "nn/byvector.h"
#include "nn/param.h"
#include "nn/rgnn_edges.h"

/*
 * Biased matrix factorisation (Koren, Bell & Volinsky 2009, "Matrix factorization
 * techniques for recommender systems"), the baseline that people know.
 *
 * E training ratings r of U users and I items, n_u and n_i of them of user u and item
 * i, mu their mean, sigma their standard deviation (1 if that is 0), D width:
 *
 *   s(u, i)   = mu + b_u + b_i + p_u.q_i         b (nodes)   P (U, D)   Q (I, D)
 *   objective = sum of (s - r)^2 + sum over all nodes of lambda b^2
 *             + sigma sum over all nodes of (penalty n + 4) |p|^2       (q alike)
 *
 * so that a node weighs as much as its ratings do, and one of few ratings is its bias
 * and little else.  A node without training ratings keeps zeros: what is left of s are
 * the mean and the other bias.  Sigma makes ratings in other units the same problem.
 * Predictions are kept within the scale of the training ratings.
 *
 * Learned by stochastic gradient descent, a rating at a time.  Ratings lie in B * B
 * cells, by ranges of users and of items with about as many ratings each; no two of the
 * cells (k, k + shift mod B), k = 0 .. B - 1, share a user or an item, and threads may
 * take one each (Gemulla et al. 2011, "Large-scale matrix factorization with
 * distributed stochastic gradient descent").  B depends on E alone, and so do the bits.
 */
enum { REC_MF_MAX_WIDTH = 1024, REC_MF_MAX_CUTS = 32, REC_MF_N_PARAMS = 4 };

struct rec_mf_row {
    uint32_t node[2]; /* user, item */
    float rating;
};

/* What it learns from.  { 0 } is empty. */
struct rec_mf_data {
    size_t n;               /* E */
    uint32_t n_nodes[2];    /* U, I */
    uint32_t n_cuts;        /* B */
    struct rec_mf_row *row; /* (E) by cell, within a cell in random order */
    uint64_t *at;           /* (B * B + 1) cell (a, b) has rows at[a * B + b] on */
    uint32_t *count[2];     /* (nodes) training ratings */
    double mean, sd;
    float low, high; /* the scale */
};

/* The rows of part REC_TRAIN, REC_EINPUT if there are none; their order within a cell
 * is drawn from SEED. */
enum rec_status rec_mf_data_make(const struct rec_ratings *ratings, uint64_t seed,
                                 struct rec_mf_data *out,
                                 struct rec_err *err) REC_MUST_USE;
void rec_mf_data_free(struct rec_mf_data *x);

/* What keeps the weights small. */
struct rec_mf_l2 {
    double penalty;   /* of factors, for each rating */
    double lambda[2]; /* of user and item biases */
};

/* { 0 } is empty. */
struct rec_mf {
    uint32_t width;
    double mean;
    float low, high;
    struct rec_param bias[2];   /* (nodes, 1) "b_u", "b_i" */
    struct rec_param factor[2]; /* (nodes, D) "P", "Q" */
    struct rec_by_vector rank;  /* empty until it ranks */
};

/* All zero. */
enum rec_status rec_mf_make(const uint32_t n_nodes[2], uint32_t width,
                            struct rec_mf *out, struct rec_err *err) REC_MUST_USE;
void rec_mf_free(struct rec_mf *m);
/* Mean and scale, and P and Q normal with standard deviation INIT sqrt(sigma). */
void rec_mf_init(struct rec_mf *m, const struct rec_mf_data *x, uint64_t seed,
                 double init);
/* b_u, b_i, P, Q, NULL. */
struct rec_param *rec_mf_param(struct rec_mf *m, uint32_t index);

/*
 * One rating's step at learning rate LR: half its gradient of the objective, of which
 * every rating of a node has an equal share, times LR for the biases and LR / sigma for
 * the factors.  A weight that would be shrunk beyond 0 becomes what the error moves it
 * by.
 */
void rec_mf_step(struct rec_mf *m, const struct rec_mf_data *x,
                 const struct rec_mf_row *row, const struct rec_mf_l2 *l2, double lr);
/* All ratings once: cells in an order drawn from (SEED, EPOCH). */
void rec_mf_epoch(struct rec_mf *m, const struct rec_mf_data *x,
                  const struct rec_mf_l2 *l2, double lr, uint64_t seed, uint64_t epoch);
/* Mean of (s - r)^2 over the training ratings.  CELL (B * B) is room. */
double rec_mf_loss(const struct rec_mf *m, const struct rec_mf_data *x, double *cell);

/* Within the scale; UINT32_MAX is a user or an item that is not known. */
double rec_mf_rating(const struct rec_mf *m, uint32_t user, uint32_t item);

#endif
