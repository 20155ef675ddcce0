#include "eval/boot.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clones.h"
#include "base/par.h"
#include "base/random.h"

/* Replicates of a chunk, and as many as one call of rec_random_uniforms() makes at
 * best. */
enum { LANES = 64, MAX_WEIGHT = 16 };

/* bound[k] = P(weight <= k).  What lies above the last, 1e-15, is counted to it. */
static void poisson_bounds(double bound[MAX_WEIGHT])
{
    double p = 0.36787944117144233, sum = 0.0; /* 1/e */

    for (int k = 0; k < MAX_WEIGHT; k++) {
        sum += p;
        bound[k] = sum;
        p /= k + 1;
    }
}

double rec_boot_weight(double uniform)
{
    double bound[MAX_WEIGHT], w = 0.0;

    poisson_bounds(bound);
    for (int k = 0; k < MAX_WEIGHT; k++)
        w += uniform >= bound[k] ? 1.0 : 0.0;
    return w;
}

/* ---- sums of a unit ---- */

/* A row a unit: n, then sum |e| and sum e^2 of each model. */
struct sums {
    size_t n_units, width;
    uint32_t *id; /* (n_units) */
    double *sum;  /* (n_units, width) */
};

static void sums_free(struct sums *s)
{
    rec_free(s->id);
    rec_free(s->sum);
    *s = (struct sums){ 0 };
}

/* Numbers the units in the order in which they come up. */
static size_t number_units(const struct rec_boot_rows *rows, uint32_t *number,
                           uint32_t *id)
{
    size_t n = 0;

    for (size_t i = 0; i < rows->n; i++) {
        uint32_t u = rows->unit[rows->row[i]];

        if (number[u] == 0) {
            id[n++] = u;
            number[u] = (uint32_t)n;
        }
    }
    return n;
}

static void add_rows(const struct rec_boot_rows *rows, const uint32_t *number,
                     struct sums *s)
{
    for (size_t i = 0; i < rows->n; i++) {
        uint32_t at = rows->row[i];
        double *sum = s->sum + (size_t)(number[rows->unit[at]] - 1) * s->width;

        sum[0] += 1.0;
        for (size_t m = 0; m < rows->n_models; m++) {
            double e = rows->error[m][at];

            sum[1 + 2 * m] += fabs(e);
            sum[2 + 2 * m] += e * e;
        }
    }
}

static enum rec_status sums_make(const struct rec_boot_rows *rows, struct sums *out,
                                 struct rec_err *err)
{
    struct sums s = { .width = 1 + 2 * rows->n_models };
    size_t most = rows->n < rows->n_units ? rows->n : rows->n_units;
    uint32_t *number = rec_alloc_zero(rows->n_units, sizeof *number, "bootstrap", err);

    if (number != NULL)
        s.id = rec_alloc(most, sizeof *s.id, "bootstrap", err);
    if (s.id != NULL) {
        s.n_units = number_units(rows, number, s.id);
        s.sum = rec_alloc_zero(s.n_units, s.width * sizeof *s.sum, "bootstrap", err);
    }
    if (s.sum == NULL) {
        sums_free(&s);
    } else {
        add_rows(rows, number, &s);
        *out = s;
    }
    rec_free(number);
    return out->sum == NULL ? REC_ESYSTEM : REC_OK;
}

/* ---- replicates ---- */

struct drawing {
    const struct sums *s;
    struct rec_random random;
    size_t stride; /* replicates, rounded up to whole chunks */
    double *total; /* (width, stride) */
};

/* Weights of LANES replicates, and what they make of one unit's sums. */
REC_CLONES static void add_unit(const double *uniform, const double *bound,
                                const double *sum, size_t width, double *total,
                                size_t stride)
{
    double w[LANES] = { 0 };

    for (int k = 0; k < MAX_WEIGHT; k++)
        for (int l = 0; l < LANES; l++)
            w[l] += uniform[l] >= bound[k] ? 1.0 : 0.0;
    for (size_t c = 0; c < width; c++)
        for (int l = 0; l < LANES; l++)
            total[c * stride + (size_t)l] += w[l] * sum[c];
}

static void draw_chunk(void *ctx, uint32_t chunk)
{
    const struct drawing *d = ctx;
    const struct sums *s = d->s;
    size_t first = (size_t)chunk * LANES;
    double uniform[LANES], bound[MAX_WEIGHT];

    poisson_bounds(bound);
    for (size_t k = 0; k < s->n_units; k++) {
        uint64_t at = (uint64_t)s->id[k] * REC_BOOT_MAX + first;

        rec_random_uniforms(&d->random, at, LANES, uniform);
        add_unit(uniform, bound, s->sum + k * s->width, s->width, d->total + first,
                 d->stride);
    }
}

static void finish(const struct drawing *d, struct rec_boot *out)
{
    for (size_t m = 0; m < out->n_models; m++)
        for (size_t b = 0; b < out->n; b++) {
            double n = d->total[b];
            size_t at = m * out->n + b;

            out->value[REC_MAE][at] = d->total[(1 + 2 * m) * d->stride + b] / n;
            out->value[REC_RMSE][at] = sqrt(d->total[(2 + 2 * m) * d->stride + b] / n);
        }
}

void rec_boot_free(struct rec_boot *b)
{
    for (int k = 0; k < REC_N_METRICS; k++)
        rec_free(b->value[k]);
    rec_free(b->sorted);
    *b = (struct rec_boot){ 0 };
}

static bool boot_alloc(struct rec_boot *b, struct rec_err *err)
{
    for (int k = 0; k < REC_N_METRICS; k++) {
        b->value[k] = rec_alloc(b->n_models, b->n * sizeof(double), "bootstrap", err);
        if (b->value[k] == NULL)
            return false;
    }
    b->sorted = rec_alloc(b->n, sizeof *b->sorted, "bootstrap", err);
    return b->sorted != NULL;
}

enum rec_status rec_boot_make(const struct rec_boot_rows *rows, uint32_t b,
                              uint64_t seed, struct rec_boot *out, struct rec_err *err)
{
    struct rec_boot boot = { .n_models = rows->n_models, .n = b };
    uint32_t n_chunks = (b + LANES - 1) / LANES;
    struct sums s = { 0 };
    struct drawing d = { .s = &s, .stride = (size_t)n_chunks * LANES };
    enum rec_status st = REC_OK;

    if (b > 0 && rows->n > 0) {
        st = sums_make(rows, &s, err);
        boot.n_units = s.n_units;
        if (st == REC_OK)
            d.total =
                rec_alloc_zero(s.width, d.stride * sizeof *d.total, "bootstrap", err);
        if (d.total == NULL || !boot_alloc(&boot, err))
            st = REC_ESYSTEM;
    } else {
        boot.n = 0;
    }
    if (st == REC_OK && boot.n > 0) {
        rec_random_init(&d.random, seed, "bootstrap");
        rec_par_run(n_chunks, draw_chunk, &d);
        finish(&d, &boot);
    }
    if (st == REC_OK) {
        *out = boot;
        boot = (struct rec_boot){ 0 };
    }
    rec_boot_free(&boot);
    rec_free(d.total);
    sums_free(&s);
    return st;
}

/* ---- intervals ---- */

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

/* Of the N numbers in b->sorted, in any order. */
static struct rec_figure interval(struct rec_boot *b, size_t n, double value)
{
    struct rec_figure f = { value, NAN, NAN };
    size_t k = (n + 1) / 40;

    if (b->n_units < 2 || n == 0 || !isfinite(value))
        return f;
    k = k > 0 ? k : 1;
    qsort(b->sorted, n, sizeof *b->sorted, by_size);
    f.low = b->sorted[k - 1];
    f.high = b->sorted[n - k];
    return f;
}

struct rec_figure rec_boot_figure(struct rec_boot *b, enum rec_metric metric, size_t m,
                                  double value)
{
    size_t n = 0;

    for (size_t i = 0; i < b->n; i++) {
        double x = b->value[metric][m * b->n + i];

        if (!isnan(x))
            b->sorted[n++] = x;
    }
    return interval(b, n, value);
}

struct rec_figure rec_boot_difference(struct rec_boot *b, enum rec_metric metric,
                                      size_t m, size_t base, double value)
{
    const double *x = b->value[metric];
    size_t n = 0;

    for (size_t i = 0; i < b->n; i++) {
        double d = x[m * b->n + i] - x[base * b->n + i];

        if (!isnan(d))
            b->sorted[n++] = d;
    }
    return interval(b, n, value);
}
