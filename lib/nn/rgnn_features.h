#ifndef REC_RGNN_FEATURES_H
#define REC_RGNN_FEATURES_H

#include "data/features.h"
#include "nn/real.h"
#include "nn/rgnn_bias.h"

/*
 * What `rgnn` knows of an edge or of a row asked for, beside the messages: F numbers
 *
 *   x = [phi of each user tau, phi of each item tau, features of the rating, b_u, b_i,
 *        log(1 + n_u)/5, log(1 + n_i)/5]
 *
 * and its base mu + b_u + b_i.  The time kernel of a node at time t is
 *
 *   phi = S / (W + prior),   S = sum over its other edges j of exp(-|t - t_j|/tau)
 * rho_j
 *
 * and W the same sum without rho, the residual of the biases.  A training edge has all
 * of that from the view without its own fold, a row asked for from the view of all
 * training edges.  O(E) for each tau: a pass forward and one backward in time.
 */
enum {
    REC_RGNN_MAX_TAUS = 8,
    REC_RGNN_MAX_FEATURES = 2 * REC_RGNN_MAX_TAUS + REC_MAX_RATING_FEATURES + 4
};

struct rec_rgnn_taus {
    uint32_t n[2];                    /* of users, of items; 0: no kernels */
    double tau[2][REC_RGNN_MAX_TAUS]; /* seconds */
    double prior;
};

/*
 * From text: seconds of user kernels, a colon, those of item kernels, and, if the prior
 * is not to be 3, a colon and the prior; "60,86400:864000:5".  "none": no kernels.
 * REC_EUSAGE if it is not that.
 */
enum rec_status rec_rgnn_taus_parse(const char *text, struct rec_rgnn_taus *out,
                                    struct rec_err *err) REC_MUST_USE;

/*
 * None without times, or where all are the same.  Else, up to four years from first to
 * last: users 10 s, 1, 5 and 30 min, 1 and 10 d, prior 3; beyond: users 1 min, 1 d,
 * 30 d, items 10, 60 and 360 d, prior 5.
 */
void rec_rgnn_taus_choose(const struct rec_rgnn_edges *g, struct rec_rgnn_taus *out);

struct rec_rgnn_features {
    uint32_t n;     /* F */
    uint32_t *at;   /* which row of x a row of the ratings has, or UINT32_MAX; for rows
                       asked for */
    rec_real *x;    /* (edges or rows, F) */
    rec_real *base; /* (edges or rows) */
};

/* Of the training edges, by edge number; `at` stays NULL. */
enum rec_status rec_rgnn_features_make(const struct rec_rgnn_edges *g,
                                       const struct rec_rgnn_bias *b,
                                       const struct rec_rgnn_taus *taus,
                                       struct rec_rgnn_features *out,
                                       struct rec_err *err) REC_MUST_USE;
/*
 * Of the rows whose part is among PARTS, a sum of 1 << part.  A training row counts as
 * one that is asked for: its own rating is among those of its user and item.  Features
 * of ratings are 0 if RATINGS has none.
 */
enum rec_status rec_rgnn_features_ask(const struct rec_rgnn_edges *g,
                                      const struct rec_rgnn_bias *b,
                                      const struct rec_rgnn_taus *taus,
                                      const struct rec_ratings *ratings, unsigned parts,
                                      struct rec_rgnn_features *out,
                                      struct rec_err *err) REC_MUST_USE;
void rec_rgnn_features_free(struct rec_rgnn_features *f);

/* alpha (F) = (X'X + 10 I)^-1 X'(r - base), over all training edges. */
void rec_rgnn_ridge(const struct rec_rgnn_edges *g, const struct rec_rgnn_features *f,
                    rec_real *alpha);

#endif
