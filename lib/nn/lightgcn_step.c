#include "nn/lightgcn_step.h"

#include <cblas.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/par.h"
#include "base/random.h"

#ifdef REC_DOUBLE
#define GEMM cblas_dgemm
#else
#define GEMM cblas_sgemm
#endif

static const double TAU = 0.1;

/* ---- the items j ---- */

static bool has(const struct rec_pairs01 *r, uint32_t user, uint32_t item)
{
    uint64_t low = r->off[0][user], high = r->off[0][user + 1];

    while (low < high) {
        uint64_t mid = low + (high - low) / 2;

        if (r->to[0][mid] < item)
            low = mid + 1;
        else
            high = mid;
    }
    return low < r->off[0][user + 1] && r->to[0][low] == item;
}

void rec_lightgcn_draw(struct rec_lightgcn *m, uint64_t epoch, uint64_t number)
{
    enum { TRIES = 100 }; /* a user may have everything */
    struct rec_lightgcn_batch *b = &m->b;
    struct rec_random random;
    char stream[64];

    (void)snprintf(stream, sizeof stream, "lightgcn items %llu.%llu",
                   (unsigned long long)epoch, (unsigned long long)number);
    rec_random_init(&random, m->opts.seed, stream);
    if (m->opts.loss == REC_LOSS_SOFTMAX) {
        for (uint32_t k = 0; k < b->n_neg; k++)
            b->neg[k] = k % 2 == 0 ? (uint32_t)rec_random_below(&random, m->r.n[1])
                                   : b->pos[rec_random_below(&random, b->n)];
        return;
    }
    for (uint32_t i = 0; i < b->n; i++) {
        int tries = 0;

        do
            b->neg[i] = (uint32_t)rec_random_below(&random, m->r.n[1]);
        while (has(&m->r, b->user[i], b->neg[i]) && ++tries < TRIES);
    }
}

/* ---- softmax ---- */

#ifdef REC_DOUBLE
static inline rec_real exp_of(rec_real x)
{
    return exp(x);
}
#else
/*
 * exp of x <= 0, to 2e-7 of it: 2^k by its bits, times a polynomial of what is left; 0
 * below 2^-120.  Plain arithmetic, so that a loop of it becomes vectors.
 */
static inline __attribute__((always_inline)) float exp_of(float x)
{
    float t = x * 1.44269504f;
    float low = t < -120.0f ? -120.0f : t, p, two;
    int32_t k = (int32_t)(low - 0.5f), bits; /* towards 0: the nearest of -120 .. 0 */
    float y = (low - (float)k) * 0.693147181f;

    p = 1.0f +
        y * (1.0f + y * (0.5f + y * (0.166666667f +
                                     y * (0.0416666667f +
                                          y * (0.00833333333f + y * 0.00138888889f)))));
    bits = (k + 127) << 23;
    memcpy(&two, &bits, sizeof two);
    return t < -120.0f ? 0.0f : p * two;
}
#endif

struct work {
    struct rec_lightgcn *m;
    bool learn;
};

static uint32_t cut(uint32_t n, uint32_t part)
{
    return (uint32_t)((uint64_t)n * part / REC_LIGHTGCN_PARTS);
}

static const rec_real *item_row(const struct rec_lightgcn *m, uint32_t item)
{
    return m->f + ((size_t)m->r.n[0] + item) * m->opts.width;
}

REC_CLONES static rec_real dot(const rec_real *a, const rec_real *b, uint32_t d)
{
    rec_real lane[16] = { 0 };
    uint32_t j = 0;

    for (; j + 16 <= d; j += 16)
        for (uint32_t l = 0; l < 16; l++)
            lane[l] += a[j + l] * b[j + l];
    for (; j < d; j++)
        lane[j % 16] += a[j] * b[j];
    for (uint32_t l = 1; l < 16; l++)
        lane[0] += lane[l];
    return lane[0];
}

/* S (n) of one pair, s_uj / tau, becomes their shares, and POS that of the pair's own
 * item; returns -log of that. */
REC_CLONES static double shares(rec_real *s, uint32_t n, rec_real *pos)
{
    rec_real top = *pos, own;
    double sum = 0.0;

    for (uint32_t k = 0; k < n; k++)
        top = s[k] > top ? s[k] : top;
    for (uint32_t k = 0; k < n; k++)
        s[k] = exp_of(s[k] - top);
    own = exp_of(*pos - top);
    for (uint32_t k = 0; k < n; k++)
        sum += (double)s[k];
    sum += (double)own;
    for (uint32_t k = 0; k < n; k++)
        s[k] *= (rec_real)(1.0 / sum);
    own = *pos - top;
    *pos = (rec_real)(exp((double)own) / sum);
    return log(sum) - (double)own;
}

/* A block of the batch's rows FROM .. FROM + N. */
static double softmax_block(const struct work *k, uint32_t from, uint32_t n,
                            rec_real *s, rec_real *dneg)
{
    struct rec_lightgcn *m = k->m;
    const struct rec_lightgcn_batch *b = &m->b;
    int d = (int)m->opts.width, n_neg = (int)b->n_neg;
    rec_real *u = m->row + (size_t)from * (size_t)d;
    rec_real *du = m->row + ((size_t)m->opts.batch + from) * (size_t)d;
    rec_real by = (rec_real)(1.0 / TAU), each = (rec_real)(1.0 / (TAU * b->n));
    double loss = 0.0;

    for (uint32_t i = 0; i < n; i++)
        memcpy(u + i * (size_t)d, m->f + (size_t)b->user[from + i] * (size_t)d,
               (size_t)d * sizeof *u);
    GEMM(CblasRowMajor, CblasNoTrans, CblasTrans, (int)n, n_neg, d, by, u, d, m->neg, d,
         0, s, n_neg);
    for (uint32_t i = 0; i < n; i++) {
        rec_real pos =
            by * dot(u + i * (size_t)d, item_row(m, b->pos[from + i]), (uint32_t)d);

        loss += shares(s + i * (size_t)n_neg, b->n_neg, &pos);
        /* forward:  loss += -log share / n        so:  ds_ui = (share - 1) / (n tau) */
        m->dpos[from + i] = (pos - 1) * each;
    }
    if (!k->learn)
        return loss;
    /* forward:  s_uj = u.j                        so:  ds_uj = share / (n tau),
     *                                                  du += ds_uj j,  dj += ds_uj u */
    GEMM(CblasRowMajor, CblasNoTrans, CblasNoTrans, (int)n, d, n_neg, each, s, n_neg,
         m->neg, d, 0, du, d);
    GEMM(CblasRowMajor, CblasTrans, CblasNoTrans, n_neg, d, (int)n, each, s, n_neg, u,
         d, 1, dneg, d);
    return loss;
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

/* y += a x */
static void add(rec_real *y, rec_real a, const rec_real *x, uint32_t d)
{
    for (uint32_t j = 0; j < d; j++)
        y[j] += a * x[j];
}

/* df of the batch: users, their items and the shared ones, in this order. */
static void softmax_gather(struct rec_lightgcn *m)
{
    const struct rec_lightgcn_batch *b = &m->b;
    uint32_t d = m->opts.width;
    rec_real *items = m->df + (size_t)m->r.n[0] * d;

    memset(m->df, 0, rec_param_size(&m->e) * sizeof *m->df);
    for (uint32_t i = 0; i < b->n; i++) {
        rec_real *du = m->df + (size_t)b->user[i] * d;

        add(du, 1, m->row + ((size_t)m->opts.batch + i) * d, d);
        add(du, m->dpos[i], item_row(m, b->pos[i]), d);
        add(items + (size_t)b->pos[i] * d, m->dpos[i], m->f + (size_t)b->user[i] * d,
            d);
    }
    for (uint32_t p = 0; p < REC_LIGHTGCN_PARTS; p++)
        for (uint32_t j = 0; j < b->n_neg; j++)
            add(items + (size_t)b->neg[j] * d, 1,
                m->dneg + ((size_t)p * b->n_neg + j) * d, d);
}

static double softmax(struct rec_lightgcn *m, bool learn)
{
    struct work k = { m, learn };
    uint32_t d = m->opts.width;
    double loss = 0.0;

    for (uint32_t j = 0; j < m->b.n_neg; j++)
        memcpy(m->neg + (size_t)j * d, item_row(m, m->b.neg[j]), d * sizeof *m->neg);
    rec_par_run(REC_LIGHTGCN_PARTS, softmax_part, &k);
    for (uint32_t p = 0; p < REC_LIGHTGCN_PARTS; p++)
        loss += m->part[p];
    if (learn) {
        softmax_gather(m);
        rec_lightgcn_back(m);
    }
    return loss / m->b.n;
}

/* ---- BPR ---- */

static double square(const rec_real *x, uint32_t d)
{
    return (double)dot(x, x, d);
}

/* forward:  loss += penalty / (2 n) |E_v|^2        so:  dE_v += penalty / n E_v */
static double penalise(struct rec_lightgcn *m, uint32_t node, bool learn)
{
    uint32_t d = m->opts.width;
    const rec_real *e = m->e.x + (size_t)node * d;
    double by = m->opts.penalty / m->b.n;

    if (learn)
        add(m->e.dx + (size_t)node * d, (rec_real)by, e, d);
    return 0.5 * by * square(e, d);
}

static double bpr(struct rec_lightgcn *m, bool learn)
{
    const struct rec_lightgcn_batch *b = &m->b;
    uint32_t d = m->opts.width, first = m->r.n[0];
    double loss = 0.0;

    if (learn)
        memset(m->df, 0, rec_param_size(&m->e) * sizeof *m->df);
    for (uint32_t i = 0; i < b->n; i++) {
        const rec_real *u = m->f + (size_t)b->user[i] * d;
        const rec_real *p = item_row(m, b->pos[i]), *q = item_row(m, b->neg[i]);
        double x = (double)dot(u, q, d) - (double)dot(u, p, d);
        rec_real g = (rec_real)(1.0 / ((1.0 + exp(-x)) * b->n));

        /* forward:  loss += log(1 + exp(x)) / n    so:  dx = 1 / (1 + exp(-x)) / n */
        loss += (x > 0.0 ? x + log1p(exp(-x)) : log1p(exp(x))) / b->n;
        if (!learn)
            continue;
        add(m->df + (size_t)b->user[i] * d, g, q, d);
        add(m->df + (size_t)b->user[i] * d, -g, p, d);
        add(m->df + ((size_t)first + b->neg[i]) * d, g, u, d);
        add(m->df + ((size_t)first + b->pos[i]) * d, -g, u, d);
    }
    if (learn)
        rec_lightgcn_back(m);
    for (uint32_t i = 0; i < b->n; i++)
        loss += penalise(m, b->user[i], learn) + penalise(m, first + b->pos[i], learn) +
                penalise(m, first + b->neg[i], learn);
    return loss;
}

double rec_lightgcn_batch(struct rec_lightgcn *m, bool learn)
{
    return m->opts.loss == REC_LOSS_SOFTMAX ? softmax(m, learn) : bpr(m, learn);
}
