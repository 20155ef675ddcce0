#ifndef REC_MF_H
#define REC_MF_H

#include "nn/learner.h"
#include "nn/rgnn.h"

/*
 * Biased matrix factorisation (Koren, Bell & Volinsky 2009, "Matrix factorization
 * techniques for recommender systems"), the baseline that people know:
 *
 *   s    = mu + b_u + b_i + p_u.q_i                     P (U, D), Q (I, D)
 *   loss = mean over the E training ratings of (s - r)^2 + penalty (|p_u|^2 + |q_i|^2)
 *
 * The biases are the shrunken ones of nn/rgnn_bias.h, with lambda by cross-validation;
 * they stay as they are, and P and Q learn what they leave.  P and Q start normal; rows
 * of nodes without ratings are 0, so that what is left there are biases.  An epoch is
 * one step of Adam on all ratings.  Ratings are in units, see nn/rgnn_edges.h.
 */
struct rec_mf_opts {
    uint32_t width;
    uint64_t seed;
    double lambda[2]; /* of user and item biases; NaN: by cross-validation */
    double penalty, init;
};

struct rec_mf {
    struct rec_mf_opts opts;
    struct rec_rgnn_data x;
    struct rec_param factor[2]; /* P, Q */
    rec_real *delta;            /* (E) gradient of s, by edge number; NULL if trained */
    double *part;               /* (chunks) of the loss */
};

enum rec_status rec_mf_make(struct rec_mf *m, const struct rec_ratings *ratings,
                            const struct rec_mf_opts *opts,
                            struct rec_err *err) REC_MUST_USE;
void rec_mf_free(struct rec_mf *m);
/* For rec_train(); M must stay where it is. */
struct rec_learner rec_mf_learner(struct rec_mf *m);

/* The loss, with penalty, of the present weights; sets the gradients of P and Q. */
double rec_mf_gradients(struct rec_mf *m);

/* Within the scale of the training ratings. */
double rec_mf_rating(const struct rec_mf *m, uint32_t user, uint32_t item);

/* Sections `model`, `model.P`, `model.Q`, and the way back, after rec_reader_run(); the
 * ratings must be those of training. */
enum rec_status rec_mf_write(const struct rec_mf *m, struct rec_writer *w,
                             const char *by, struct rec_err *err) REC_MUST_USE;
enum rec_status rec_mf_read(struct rec_mf *m, struct rec_reader *r,
                            const struct rec_ratings *ratings,
                            struct rec_err *err) REC_MUST_USE;

#endif
