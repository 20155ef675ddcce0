#include "nn/lightgcn_step.h"

#include <cblas.h>
#include <math.h>
#include <string.h>

#include "base/clones.h"
#include "base/par.h"

#ifdef REC_DOUBLE
#define GEMM cblas_dgemm
#else
#define GEMM cblas_sgemm
#endif
#define INLINE static inline __attribute__((always_inline))

enum { LANES = 16 };
_Static_assert(REC_LIGHTGCN_NEGATIVES % LANES == 0, "shares() works on whole lanes");
typedef rec_real lanes
    __attribute__((vector_size(LANES * sizeof(rec_real)), aligned(sizeof(rec_real))));

/* ---- cosines: the products of rows of length 1 ---- */

/* 1 / |x|, or 0 */
static rec_real inverse(const rec_real *x, uint32_t d)
{
    double square = (double)rec_lightgcn_dot(x, x, d);

    return square > 0.0 ? (rec_real)(1.0 / sqrt(square)) : 0;
}

static void unit(rec_real *y, const rec_real *x, uint32_t d)
{
    rec_real by = inverse(x, d);

    for (uint32_t j = 0; j < d; j++)
        y[j] = by * x[j];
}

/* forward:  y = x / |x|        so:  dx += (dy - (dy.x) x / |x|^2) / |x|
 * of which A dy is the gradient. */
static void unit_back(rec_real *dx, rec_real a, const rec_real *dy, const rec_real *x,
                      uint32_t d)
{
    rec_real by = inverse(x, d), along = by * by * rec_lightgcn_dot(dy, x, d);

    for (uint32_t j = 0; j < d; j++)
        dx[j] += a * by * (dy[j] - along * x[j]);
}

/* ---- shares ---- */

#ifdef REC_DOUBLE
INLINE void exp_of(lanes *x)
{
    for (int l = 0; l < LANES; l++)
        (*x)[l] = exp((*x)[l]);
}
#else
typedef int32_t ints __attribute__((vector_size(LANES * sizeof(int32_t)), aligned(4)));

/*
 * x = exp of x in -86 .. 0, to 2e-7 of it: 2^k by its bits, times a polynomial of what
 * is left.
 */
INLINE void exp_of(lanes *x)
{
    lanes t = *x * 1.44269504f;
    ints k = __builtin_convertvector(t - 0.5f, ints); /* towards 0: the nearest */
    lanes y = (t - __builtin_convertvector(k, lanes)) * 0.693147181f;
    lanes p =
        1.0f +
        y * (1.0f + y * (0.5f + y * (0.166666667f +
                                     y * (0.0416666667f +
                                          y * (0.00833333333f + y * 0.00138888889f)))));

    *x = p * (lanes)((k + 127) << 23);
}
#endif

/*
 * S (n) of one pair, s_uj / tau in -1 / tau .. 1 / tau, becomes their shares, and POS
 * that of the pair's own item; returns -log of that.
 */
REC_CLONES static double shares(rec_real *s, uint32_t n, rec_real most, rec_real *pos)
{
    lanes part = { 0 };
    double own = (double)(*pos - most), sum = exp(own);

    for (uint32_t k = 0; k < n; k += LANES) {
        lanes x = *(const lanes *)(s + k) - most;

        exp_of(&x);
        *(lanes *)(s + k) = x;
        part += x;
    }
    for (int l = 0; l < LANES; l++)
        sum += (double)part[l];
    for (uint32_t k = 0; k < n; k += LANES)
        *(lanes *)(s + k) *= (rec_real)(1.0 / sum);
    *pos = (rec_real)(exp(own) / sum);
    return log(sum) - own;
}

struct work {
    struct rec_lightgcn *m;
    bool learn;
};

/* A block of the batch's rows FROM .. FROM + N. */
static double softmax_block(const struct work *k, uint32_t from, uint32_t n,
                            rec_real *s, rec_real *dneg)
{
    struct rec_lightgcn *m = k->m;
    const struct rec_lightgcn_batch *b = &m->b;
    uint32_t d = m->opts.width;
    int width = (int)d, n_neg = (int)b->n_neg;
    rec_real *u = m->row + (size_t)from * d;
    rec_real *du = m->row + ((size_t)m->opts.batch + from) * d;
    rec_real by = (rec_real)(1.0 / m->tau), each = (rec_real)(1.0 / (m->tau * b->n));
    double loss = 0.0;

    for (uint32_t i = 0; i < n; i++)
        unit(u + (size_t)i * d, m->f + (size_t)b->user[from + i] * d, d);
    GEMM(CblasRowMajor, CblasNoTrans, CblasTrans, (int)n, n_neg, width, by, u, width,
         m->neg, width, 0, s, n_neg);
    for (uint32_t i = 0; i < n; i++) {
        const rec_real *item = rec_lightgcn_item(m, b->pos[from + i]);
        rec_real pos =
            by * inverse(item, d) * rec_lightgcn_dot(u + (size_t)i * d, item, d);

        loss += shares(s + (size_t)i * b->n_neg, b->n_neg, by, &pos);
        /* forward:  loss += -log share / n        so:  ds_ui = (share - 1) / (n tau) */
        m->dpos[from + i] = (pos - 1) * each;
    }
    if (!k->learn)
        return loss;
    /* forward:  s_uj = u.j                        so:  ds_uj = share / (n tau),
     *                                                  du += ds_uj j,  dj += ds_uj u */
    GEMM(CblasRowMajor, CblasNoTrans, CblasNoTrans, (int)n, width, n_neg, each, s,
         n_neg, m->neg, width, 0, du, width);
    GEMM(CblasRowMajor, CblasTrans, CblasNoTrans, n_neg, width, (int)n, each, s, n_neg,
         u, width, 1, dneg, width);
    return loss;
}

static uint32_t cut(uint32_t n, uint32_t part)
{
    return (uint32_t)((uint64_t)n * part / REC_LIGHTGCN_PARTS);
}

static void softmax_part(void *ctx, uint32_t part)
{
    const struct work *k = ctx;
    struct rec_lightgcn *m = k->m;
    size_t d = m->opts.width, n_neg = m->b.n_neg;
    rec_real *dneg = m->dneg + part * n_neg * d;
    uint32_t end = cut(m->b.n, part + 1), n;

    memset(dneg, 0, n_neg * d * sizeof *dneg);
    m->part[part] = 0.0;
    for (uint32_t at = cut(m->b.n, part); at < end; at += n) {
        n = end - at < REC_LIGHTGCN_ROWS ? end - at : REC_LIGHTGCN_ROWS;
        m->part[part] +=
            softmax_block(k, at, n, m->s + part * REC_LIGHTGCN_ROWS * n_neg, dneg);
    }
}

/* dF of the batch: users and their items, then the shared ones, in this order. */
static void gather(struct rec_lightgcn *m)
{
    const struct rec_lightgcn_batch *b = &m->b;
    uint32_t d = m->opts.width;
    rec_real *items = m->h + (size_t)m->r.n[0] * d;

    memset(m->h, 0, rec_param_size(&m->e) * sizeof *m->h);
    for (uint32_t i = 0; i < b->n; i++) {
        const rec_real *x = m->f + (size_t)b->user[i] * d, *u = m->row + (size_t)i * d;
        const rec_real *item = rec_lightgcn_item(m, b->pos[i]);
        rec_real *du = m->row + ((size_t)m->opts.batch + i) * d;

        rec_lightgcn_add(du, m->dpos[i] * inverse(item, d), item, d);
        unit_back(m->h + (size_t)b->user[i] * d, 1, du, x, d);
        unit_back(items + (size_t)b->pos[i] * d, m->dpos[i], u, item, d);
    }
    for (uint32_t j = 0; j < b->n_neg; j++) {
        rec_real *sum = m->dneg + (size_t)j * d;

        for (uint32_t p = 1; p < REC_LIGHTGCN_PARTS; p++)
            rec_lightgcn_add(sum, 1, sum + (size_t)p * b->n_neg * d, d);
        unit_back(items + (size_t)b->neg[j] * d, 1, sum,
                  rec_lightgcn_item(m, b->neg[j]), d);
    }
}

double rec_lightgcn_softmax(struct rec_lightgcn *m, bool learn)
{
    struct work k = { m, learn };
    uint32_t d = m->opts.width;
    double loss = 0.0;

    for (uint32_t j = 0; j < m->b.n_neg; j++)
        unit(m->neg + (size_t)j * d, rec_lightgcn_item(m, m->b.neg[j]), d);
    rec_par_run(REC_LIGHTGCN_PARTS, softmax_part, &k);
    for (uint32_t p = 0; p < REC_LIGHTGCN_PARTS; p++)
        loss += m->part[p];
    if (learn)
        gather(m);
    return loss;
}
