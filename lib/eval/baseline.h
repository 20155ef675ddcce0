#ifndef REC_BASELINE_H
#define REC_BASELINE_H

#include "data/ratings.h"

/*
 * What any model must beat.  mu is the mean training rating; with regularised biases
 * (Koren 2009, in the alternating form)
 *
 *   b_i = sum over i's ratings of (r - mu - b_u) / (n_i + lambda_item)
 *   b_u = sum over u's ratings of (r - mu - b_i) / (n_u + lambda_user)
 *
 * items first, 15 sweeps from zero.  A user or item without training ratings keeps 0.
 * Where lambda comes from: shrink.h.
 */
enum { REC_BIASES_SWEEPS = 15 };

struct rec_biases {
    double mean;
    double *user; /* (n_users) */
    double *item; /* (n_items) */
};

enum rec_status rec_biases_fit(const struct rec_ratings *ratings, double lambda_user,
                               double lambda_item, struct rec_biases *out,
                               struct rec_err *err) REC_MUST_USE;
void rec_biases_free(struct rec_biases *b);

#endif
