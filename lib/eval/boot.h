#ifndef REC_BOOT_H
#define REC_BOOT_H

#include <stdbool.h>

#include "base/mem.h"
#include "eval/metrics.h"

/*
 * Bootstrap intervals of RMSE and MAE, of several models on the same rows.
 *
 * Ratings of one user are not independent of each other, so what is drawn with
 * replacement are units -- users, each with all of its rows -- and not rows (cluster
 * bootstrap: Davison & Hinkley 1997, section 3.8; Field & Welsh 2007).  Whoever wants
 * rows makes each row a unit of its own.  Instead of drawing, each unit has a weight,
 * Poisson with mean 1, in each replicate (Hanley & MacGibbon 2006; Chamandy et al.
 * 2012): with sums over the rows of unit k of model m,
 *
 *   rmse_b,m = sqrt(sum_k w_bk sum e^2 / sum_k w_bk n_k)
 *   mae_b,m  =      sum_k w_bk sum |e| / sum_k w_bk n_k
 *
 * The weight is a function of seed, unit and replicate alone: it is the same for all
 * models and all subsets of the rows, which makes differences of models paired, and for
 * any number of replicates and threads.
 *
 * The interval is the percentile interval of 95 % (Efron & Tibshirani 1993, chapter
 * 13): of B sorted replicates number k and B + 1 - k, k = floor(0.025 (B + 1)), but at
 * least 1.  It is NaN where there is only one unit, no replicate, or a figure that is
 * not finite: nothing is then known of how it varies.
 */
enum { REC_BOOT_MAX = 1 << 20 };

/*
 * N rows of M models.  Row i is position row[i] of the arrays `unit` and `error[m]`
 * (prediction - rating); unit < n_units.
 */
struct rec_boot_rows {
    size_t n, n_models;
    const uint32_t *row;        /* (n) */
    const uint32_t *unit;       /* ids of units */
    uint32_t n_units;           /* of all rows, not only these */
    const double *const *error; /* (n_models) */
};

/* { 0 } is empty. */
struct rec_boot {
    size_t n_models, n_units;     /* units that these rows have */
    uint32_t n;                   /* replicates, B */
    double *value[REC_N_METRICS]; /* (n_models, B); NaN where no unit has weight */
    double *sorted;               /* (B), room for one figure */
};

/* The weight of a unit for a uniform number in [0, 1): the inverse of Poisson(1). */
double rec_boot_weight(double uniform);

/* B replicates; 0 is allowed, and REC_BOOT_MAX the most. */
enum rec_status rec_boot_make(const struct rec_boot_rows *rows, uint32_t b,
                              uint64_t seed, struct rec_boot *out,
                              struct rec_err *err) REC_MUST_USE;
void rec_boot_free(struct rec_boot *b);

/* VALUE, the figure of model M on the rows themselves, with its interval. */
struct rec_figure rec_boot_figure(struct rec_boot *b, enum rec_metric metric, size_t m,
                                  double value);
/* VALUE, the figure of M less that of BASE, with the interval of the difference. */
struct rec_figure rec_boot_difference(struct rec_boot *b, enum rec_metric metric,
                                      size_t m, size_t base, double value);

#endif
