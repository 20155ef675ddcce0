#ifndef REC_LIGHTGCN_H
#define REC_LIGHTGCN_H

#include "nn/byvector.h"
#include "nn/learner.h"
#include "nn/spread.h"

/*
 * LightGCN (He et al. 2020): vectors of users and items that are spread over the graph,
 * without weights, trained to rank.  U users, I items, N = U + I nodes, user u is node
 * u and item i node U + i; D width, L layers; S, d as in nn/spread.h, of the 0/1 matrix
 * of training, which has P pairs; E (N, D) is learned.  By the loss,
 *
 *   bpr      F = (E + S E + .. + S^L E) / (L + 1)         score(u, i) = F_u.F_i
 *   softmax  F = (S E + .. + S^L E) / L
 *            score(u, i) = cos(F_u, F_i) + tau log q_i    q_i = 1/2 + I d_i / 2 P
 *
 * Trained by batches of B pairs (u, i), each with the F of the weights before it:
 *
 *   bpr      mean of log(1 + exp(s_uj - s_ui)), s the score, j an item drawn evenly
 * that u does not have, + penalty / 2 mean of |E_u|^2 + |E_i|^2 + |E_j|^2 (Rendle et
 * al. 2009, "BPR: Bayesian personalized ranking") softmax  mean of -log(exp(s_ui / tau)
 * / (exp(s_ui / tau) + sum of exp(s_uj / tau))), s the cosine alone, over 2048 items j
 * that the batch shares, half of them drawn evenly, half from its own items; tau = .1
 *
 * The items j of softmax are drawn as often as q_j says, so that its s / tau tends to
 * log(p_i / q_i), p_i how probable item i is for the user: the score is tau log p_i.
 * That E itself is not in its F is what keeps it from learning pairs by heart, and why
 * a user whom training did not know can be given an F: it is that of her items.
 * (Figures: README.md here.)
 *
 * Who has nothing in training gets the popular items: of softmax by the second term, of
 * bpr the score is d_i.
 *
 * S is symmetric: the gradient of E is that of F spread in the same way.  The loss that
 * is reported is that of one fixed batch, drawn from the seed.
 */
enum rec_lightgcn_loss { REC_LOSS_SOFTMAX, REC_LOSS_BPR };
enum { REC_LIGHTGCN_NEGATIVES = 2048 };

struct rec_lightgcn_opts {
    uint32_t width, n_layers, batch; /* batch 0: all pairs */
    enum rec_lightgcn_loss loss;
    uint64_t seed;
    double penalty;
};

/* A batch and its items j: REC_LIGHTGCN_NEGATIVES shared ones, or one for each pair. */
struct rec_lightgcn_batch {
    uint32_t n, n_neg;
    uint32_t *user, *pos, *neg; /* item numbers */
};

struct rec_lightgcn {
    struct rec_lightgcn_opts opts;
    double tau;
    struct rec_pairs01 r;
    struct rec_spread spread; /* over r */
    struct rec_param e;       /* (N, D) */
    rec_real *f;              /* (N, D) */
    rec_real *h;              /* (N, D): between E and F; to learn, the gradient of F */
    /* to learn */
    uint32_t *order, *who; /* (pairs) which pair; its user */
    struct rec_lightgcn_batch b;
    rec_real *row;  /* (B, D) of the batch's users; then their gradients behind them */
    rec_real *neg;  /* (n_neg, D) of the shared items */
    rec_real *s;    /* (chunks, rows of a chunk, n_neg) */
    rec_real *dneg; /* (chunks, n_neg, D) */
    rec_real *dpos; /* (B) gradient of s_ui */
    double *part;   /* (chunks) of the loss */
    /* to rank */
    struct rec_by_vector rank;
};

enum rec_status rec_lightgcn_make(struct rec_lightgcn *m,
                                  const struct rec_ratings *ratings,
                                  const struct rec_lightgcn_opts *opts,
                                  struct rec_err *err) REC_MUST_USE;
void rec_lightgcn_free(struct rec_lightgcn *m);
/* Bytes that a training of these ratings will hold. */
uint64_t rec_lightgcn_bytes(const struct rec_ratings *ratings,
                            const struct rec_lightgcn_opts *opts);

/* tau log q of an item. */
double rec_lightgcn_prior(const struct rec_lightgcn *m, uint32_t item);
/* F of the present E. */
void rec_lightgcn_spread(struct rec_lightgcn *m);
/* The loss of the batch in m->b, for the F of now; LEARN: also dE, and F is lost. */
double rec_lightgcn_batch(struct rec_lightgcn *m, bool learn);
/* Draws the items j of the batch. */
void rec_lightgcn_draw(struct rec_lightgcn *m, uint64_t epoch, uint64_t number);

/* For rec_train(); M must stay where it is. */
struct rec_learner rec_lightgcn_learner(struct rec_lightgcn *m);

/* Sections `model` and `model.E`, and the way back, with F; the ratings must be those
 * of training. */
enum rec_status rec_lightgcn_write(const struct rec_lightgcn *m, struct rec_writer *w,
                                   const char *by, struct rec_err *err) REC_MUST_USE;
enum rec_status rec_lightgcn_read(struct rec_lightgcn *m, struct rec_reader *r,
                                  const struct rec_ratings *ratings,
                                  struct rec_err *err) REC_MUST_USE;

#endif
