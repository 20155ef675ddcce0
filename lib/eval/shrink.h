#ifndef REC_SHRINK_H
#define REC_SHRINK_H

#include "eval/baseline.h"

/*
 * Chooses the shrinkage of the bias model by cross-validation on the training ratings:
 * the test part is never looked at.
 *
 *   folds   row i is held out in fold rec_hash64(i) mod 5
 *   grid    0.5 1 2 5 10 20 50 100, for users and for items: 64 pairs
 *   choice  the pair with the least sum of squared errors on the held-out rows, after
 *           the sweeps of rec_biases_fit(); of equal ones the larger lambdas
 *
 * Lambda is the variance of a rating around its biases over that of the biases (Koren
 * 2009; Gelman & Hill 2007, section 12.2), which does not depend on how many ratings
 * there are.  So of more than REC_SHRINK_ROWS training ratings only those of some users
 * are used, drawn by a hash of the user, each with all of its ratings.  With fewer than
 * REC_SHRINK_FEW nothing can be learned, and lambda is 5.
 */
enum { REC_SHRINK_FOLDS = 5, REC_SHRINK_GRID = 8 };
enum { REC_SHRINK_FEW = 2 * REC_SHRINK_FOLDS, REC_SHRINK_ROWS = 250000 };

extern const double rec_shrink_grid[REC_SHRINK_GRID];

struct rec_shrinkage {
    double user, item; /* in: below 0 is to be chosen, else kept.  Out: to be used */
    size_t n_rows;     /* training ratings that chose; 0: nothing was chosen */
    double rmse;       /* of the choice, on held-out rows; 0 if there was none */
};

/* What --OPTION says: a number in 0..1e9, or "auto", which is -1; else REC_EUSAGE. */
enum rec_status rec_lambda_parse(const char *option, const char *text, double *out,
                                 struct rec_err *err) REC_MUST_USE;

/* The fold of training row I. */
uint32_t rec_shrink_fold(size_t i);

enum rec_status rec_shrink(const struct rec_ratings *ratings, struct rec_shrinkage *s,
                           struct rec_err *err) REC_MUST_USE;

#endif
