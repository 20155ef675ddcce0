#ifndef REC_METRICS_H
#define REC_METRICS_H

#include <stddef.h>
#include <stdint.h>

/*
 * Errors of rating predictions, e = prediction - rating, over n rows:
 *
 *   RMSE = sqrt(sum e^2 / n)        MAE = sum |e| / n
 *
 * Sums are in double, rows in the order in which they are added.
 */
enum rec_metric { REC_RMSE, REC_MAE, REC_N_METRICS };

extern const char *const rec_metric_names[REC_N_METRICS]; /* rmse, mae */

/* A figure and its interval; low and high are NaN where there is none. */
struct rec_figure {
    double value, low, high;
};

struct rec_errors {
    size_t n;
    double sum1, sum2; /* of |e|, e^2 */
};

/* Adds one row. */
static inline void rec_errors_add(struct rec_errors *s, double prediction,
                                  double rating)
{
    double e = prediction - rating;

    s->n++;
    s->sum1 += e < 0 ? -e : e;
    s->sum2 += e * e;
}

/* NaN if n is 0. */
double rec_rmse(const struct rec_errors *s);
double rec_mae(const struct rec_errors *s);

#endif
