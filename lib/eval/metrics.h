#ifndef REC_METRICS_H
#define REC_METRICS_H

#include <stddef.h>
#include <stdint.h>

/*
 * Errors of rating predictions, e = prediction - rating, over n rows:
 *
 *   RMSE = sqrt(sum e^2 / n)        MAE = sum |e| / n
 *
 * low and high bound the figure with about 95 % confidence: the mean of e^2 (or |e|)
 * plus and minus 1.96 standard errors, for RMSE under the root.  Sums are in double.
 */
struct rec_figure {
    double value, low, high;
};

struct rec_errors {
    size_t n;
    double sum1, sum2, sum4; /* of |e|, e^2, e^4 */
};

/* Adds one row. */
static inline void rec_errors_add(struct rec_errors *s, double prediction,
                                  double rating)
{
    double e = prediction - rating, square = e * e;

    s->n++;
    s->sum1 += e < 0 ? -e : e;
    s->sum2 += square;
    s->sum4 += square * square;
}

/* All NaN if n is 0. */
struct rec_figure rec_rmse(const struct rec_errors *s);
struct rec_figure rec_mae(const struct rec_errors *s);

#endif
