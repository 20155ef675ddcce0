#include "eval/metrics.h"

#include <math.h>

const char *const rec_metric_names[REC_N_METRICS] = { "rmse", "mae" };

double rec_rmse(const struct rec_errors *s)
{
    return s->n > 0 ? sqrt(s->sum2 / (double)s->n) : NAN;
}

double rec_mae(const struct rec_errors *s)
{
    return s->n > 0 ? s->sum1 / (double)s->n : NAN;
}
