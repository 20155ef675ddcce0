#include "nn/mf.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/par.h"
#include "base/random.h"

/* In ratings: what a node's own ratings are weighed against. */
static const double PRIOR = 4.0;

#define INLINE static inline __attribute__((always_inline))

/* ---- the model ---- */

enum rec_status rec_mf_make(const uint32_t n_nodes[2], uint32_t width,
                            struct rec_mf *out, struct rec_err *err)
{
    static const char *const biases[2] = { "b_u", "b_i" }, *const factors[2] = { "P",
                                                                                 "Q" };
    struct rec_mf m = { .width = width };
    enum rec_status st = REC_OK;

    for (int s = 0; st == REC_OK && s < 2; s++)
        st = rec_param_make(&m.bias[s], biases[s], n_nodes[s], 1, false, err);
    for (int s = 0; st == REC_OK && s < 2; s++)
        st = rec_param_make(&m.factor[s], factors[s], n_nodes[s], width, false, err);
    if (st != REC_OK) {
        rec_mf_free(&m);
        return st;
    }
    *out = m;
    return REC_OK;
}

void rec_mf_free(struct rec_mf *m)
{
    rec_by_vector_free(&m->rank);
    for (int s = 0; s < 2; s++) {
        rec_param_free(&m->bias[s]);
        rec_param_free(&m->factor[s]);
    }
    *m = (struct rec_mf){ 0 };
}

void rec_mf_init(struct rec_mf *m, const struct rec_mf_data *x, uint64_t seed,
                 double init)
{
    m->mean = x->mean;
    m->low = x->low;
    m->high = x->high;
    for (int s = 0; s < 2; s++) {
        struct rec_param *p = &m->factor[s];

        rec_param_normal(p, seed, init * sqrt(x->sd));
        for (uint32_t v = 0; v < x->n_nodes[s]; v++)
            if (x->count[s][v] == 0)
                memset(p->x + (size_t)v * m->width, 0, m->width * sizeof *p->x);
    }
}

struct rec_param *rec_mf_param(struct rec_mf *m, uint32_t index)
{
    if (index >= REC_MF_N_PARAMS)
        return NULL;
    return index < 2 ? &m->bias[index] : &m->factor[index - 2];
}

/* ---- a rating ---- */

enum { LANES = 16 };

/* In a fixed order of additions, whatever the processor: sixteen sums, then theirs. */
INLINE rec_real dot(const rec_real *p, const rec_real *q, uint32_t d)
{
    rec_real lane[LANES] = { 0 };
    uint32_t k = 0;

    for (; k + LANES <= d; k += LANES)
        for (uint32_t j = 0; j < LANES; j++)
            lane[j] += p[k + j] * q[k + j];
    for (; k < d; k++)
        lane[k % LANES] += p[k] * q[k];
    for (uint32_t half = LANES / 2; half > 0; half /= 2)
        for (uint32_t j = 0; j < half; j++)
            lane[j] += lane[j + half];
    return lane[0];
}

/* r - s, not kept within the scale. */
INLINE rec_real residual(const struct rec_mf *m, const struct rec_mf_row *row)
{
    uint32_t d = m->width, u = row->node[REC_USERS], i = row->node[REC_ITEMS];

    return (rec_real)row->rating - (rec_real)m->mean - m->bias[REC_USERS].x[u] -
           m->bias[REC_ITEMS].x[i] -
           dot(m->factor[REC_USERS].x + (size_t)u * d,
               m->factor[REC_ITEMS].x + (size_t)i * d, d);
}

/* What a weight keeps: not less than nothing, or a large penalty would swing. */
INLINE rec_real kept(double loss)
{
    return loss < 1.0 ? (rec_real)(1.0 - loss) : 0;
}

/*
 * A rating's share of the objective, with e = r - s:
 *
 *   e^2 + lambda/n_u b_u^2 + sigma (penalty + 4/n_u) |p_u|^2, and the item's
 *
 * so, halved and signed:  -db_u = e - lambda/n_u b_u
 *                         -dp_u = e q_i - sigma (penalty + 4/n_u) p_u
 */
INLINE void step(struct rec_mf *m, const struct rec_mf_data *x,
                 const struct rec_mf_row *row, const struct rec_mf_l2 *l2, double lr)
{
    uint32_t d = m->width;
    rec_real e = residual(m, row), rate = (rec_real)lr;
    rec_real move = (rec_real)(lr / x->sd) * e, keep[2];
    rec_real *restrict p = m->factor[REC_USERS].x + (size_t)row->node[REC_USERS] * d;
    rec_real *restrict q = m->factor[REC_ITEMS].x + (size_t)row->node[REC_ITEMS] * d;

    for (int s = 0; s < 2; s++) {
        rec_real *b = &m->bias[s].x[row->node[s]];
        double n = (double)x->count[s][row->node[s]];

        *b = kept(lr * l2->lambda[s] / n) * *b + rate * e;
        keep[s] = kept(lr * (l2->penalty + PRIOR / n));
    }
    for (uint32_t k = 0; k < d; k++) {
        rec_real pk = p[k], qk = q[k];

        p[k] = keep[REC_USERS] * pk + move * qk;
        q[k] = keep[REC_ITEMS] * qk + move * pk;
    }
}

void rec_mf_step(struct rec_mf *m, const struct rec_mf_data *x,
                 const struct rec_mf_row *row, const struct rec_mf_l2 *l2, double lr)
{
    step(m, x, row, l2, lr);
}

/* ---- all ratings ---- */

struct work {
    struct rec_mf *m;
    const struct rec_mf_data *x;
    const struct rec_mf_l2 *l2;
    double lr;
    uint32_t shift;
    double *cell;
};

REC_CLONES static void step_chunk(void *ctx, uint32_t chunk)
{
    const struct work *k = ctx;
    uint32_t b = k->x->n_cuts, cell = chunk * b + (chunk + k->shift) % b;

    for (uint64_t i = k->x->at[cell]; i < k->x->at[cell + 1]; i++)
        step(k->m, k->x, &k->x->row[i], k->l2, k->lr);
}

void rec_mf_epoch(struct rec_mf *m, const struct rec_mf_data *x,
                  const struct rec_mf_l2 *l2, double lr, uint64_t seed, uint64_t epoch)
{
    struct work k = { m, x, l2, lr, 0, NULL };
    uint32_t shift[REC_MF_MAX_CUTS];
    struct rec_random random;
    char stream[48];

    (void)snprintf(stream, sizeof stream, "mf order %" PRIu64, epoch);
    rec_random_init(&random, seed, stream);
    for (uint32_t i = 0; i < x->n_cuts; i++) { /* a shuffle from the inside out */
        uint32_t at = (uint32_t)rec_random_below(&random, (uint64_t)i + 1);

        shift[i] = i;
        shift[i] = shift[at];
        shift[at] = i;
    }
    for (uint32_t i = 0; i < x->n_cuts; i++) {
        k.shift = shift[i];
        rec_par_run(x->n_cuts, step_chunk, &k);
    }
}

REC_CLONES static void loss_chunk(void *ctx, uint32_t cell)
{
    const struct work *k = ctx;
    double sum = 0.0;

    for (uint64_t i = k->x->at[cell]; i < k->x->at[cell + 1]; i++) {
        double e = (double)residual(k->m, &k->x->row[i]);

        sum += e * e;
    }
    k->cell[cell] = sum;
}

double rec_mf_loss(const struct rec_mf *m, const struct rec_mf_data *x, double *cell)
{
    /* only read; the work of an epoch has the same type */
    struct work k = { (void *)(uintptr_t)m, x, NULL, 0.0, 0, cell };
    double sum = 0.0;

    rec_par_run(x->n_cuts * x->n_cuts, loss_chunk, &k);
    for (uint32_t c = 0; c < x->n_cuts * x->n_cuts; c++)
        sum += cell[c];
    return sum / (double)x->n;
}

double rec_mf_rating(const struct rec_mf *m, uint32_t user, uint32_t item)
{
    uint32_t d = m->width, node[2] = { user, item };
    double s = m->mean;

    for (int k = 0; k < 2; k++)
        if (node[k] != UINT32_MAX)
            s += (double)m->bias[k].x[node[k]];
    if (user != UINT32_MAX && item != UINT32_MAX)
        s += (double)dot(m->factor[REC_USERS].x + (size_t)user * d,
                         m->factor[REC_ITEMS].x + (size_t)item * d, d);
    return s < (double)m->low    ? (double)m->low
           : s > (double)m->high ? (double)m->high
                                 : s;
}
