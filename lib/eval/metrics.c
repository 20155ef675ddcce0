#include "eval/metrics.h"

#include <math.h>

/* Mean of n values with the given sums, and its half-width. */
static double half_width(double sum, double sum_squares, double n)
{
    double mean = sum / n, variance = sum_squares / n - mean * mean;

    return 1.96 * sqrt(variance > 0.0 ? variance / n : 0.0);
}

struct rec_figure rec_rmse(const struct rec_errors *s)
{
    double n = (double)s->n, mean = s->sum2 / n, w = half_width(s->sum2, s->sum4, n);

    return (struct rec_figure){ sqrt(mean), sqrt(mean < w ? 0.0 : mean - w),
                                sqrt(mean + w) };
}

struct rec_figure rec_mae(const struct rec_errors *s)
{
    double n = (double)s->n, mean = s->sum1 / n, w = half_width(s->sum1, s->sum2, n);

    return (struct rec_figure){ mean, mean - w, mean + w };
}
