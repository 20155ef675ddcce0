#include "nn/param.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/par.h"
#include "base/random.h"

enum { ADAM_CHUNK = 16384, SUM_CHUNKS = 256 };

size_t rec_param_size(const struct rec_param *p)
{
    return (size_t)p->rows * p->cols;
}

size_t rec_param_state_size(const struct rec_param *p)
{
    return (size_t)p->state_rows * p->cols;
}

enum rec_status rec_param_make(struct rec_param *p, const char *name, uint32_t rows,
                               uint32_t cols, bool learn, struct rec_err *err)
{
    struct rec_param q = { .rows = rows, .cols = cols };
    enum rec_status st;

    (void)snprintf(q.name, sizeof q.name, "%s", name);
    q.x = rec_alloc_zero(rec_param_size(&q), sizeof *q.x, "model", err);
    st = q.x == NULL ? REC_ESYSTEM : learn ? rec_param_learn(&q, err) : REC_OK;
    if (st != REC_OK) {
        rec_param_free(&q);
        return st;
    }
    *p = q;
    return REC_OK;
}

enum rec_status rec_param_learn(struct rec_param *p, struct rec_err *err)
{
    size_t n = rec_param_size(p);

    p->state_rows = p->rows;
    p->dx = rec_alloc_zero(n, sizeof *p->dx, "gradient", err);
    p->m = rec_alloc_zero(n, sizeof *p->m, "Adam's state", err);
    p->v = rec_alloc_zero(n, sizeof *p->v, "Adam's state", err);
    return p->dx == NULL || p->m == NULL || p->v == NULL ? REC_ESYSTEM : REC_OK;
}

void rec_param_free(struct rec_param *p)
{
    rec_free(p->x);
    rec_free(p->dx);
    rec_free(p->m);
    rec_free(p->v);
    *p = (struct rec_param){ 0 };
}

void rec_param_uniform(struct rec_param *p, uint64_t seed, double limit)
{
    char stream[48];
    struct rec_random random;

    (void)snprintf(stream, sizeof stream, "init %s", p->name);
    rec_random_init(&random, seed, stream);
    /* through float: a model file holds floats, and the double build must agree */
    for (size_t i = 0; i < rec_param_size(p); i++)
        p->x[i] = (rec_real)(float)((2.0 * rec_random_uniform(&random) - 1.0) * limit);
}

void rec_param_normal(struct rec_param *p, uint64_t seed, double sd)
{
    char stream[48];
    struct rec_random random;

    (void)snprintf(stream, sizeof stream, "init %s", p->name);
    rec_random_init(&random, seed, stream);
    for (size_t i = 0; i < rec_param_size(p); i++)
        p->x[i] = (rec_real)(float)(rec_random_normal(&random) * sd);
}

struct adam_work {
    struct rec_param *p;
    struct rec_adam_rates rates;
};

REC_CLONES static void adam_chunk(void *ctx, uint32_t chunk)
{
    const struct adam_work *k = ctx;
    const struct rec_adam_rates *a = &k->rates;
    size_t from = (size_t)chunk * ADAM_CHUNK, n = rec_param_size(k->p) - from;
    rec_real *restrict x = k->p->x + from, *restrict m = k->p->m + from;
    rec_real *restrict v = k->p->v + from;
    const rec_real *restrict dx = k->p->dx + from;

    n = n < ADAM_CHUNK ? n : ADAM_CHUNK;
    for (size_t i = 0; i < n; i++) {
        rec_real d = dx[i] + a->decay * x[i];

        m[i] = a->beta1 * m[i] + a->new1 * d;
        v[i] = a->beta2 * v[i] + a->new2 * d * d;
#ifdef REC_DOUBLE
        x[i] -= a->step * m[i] / (sqrt(v[i]) * a->root2 + a->epsilon);
#else
        x[i] -= a->step * m[i] / (sqrtf(v[i]) * a->root2 + a->epsilon);
#endif
    }
}

struct rec_adam_rates rec_adam_rates(const struct rec_adam *a, uint64_t step)
{
    double t = (double)step;

    return (struct rec_adam_rates){
        .step = (rec_real)(a->lr / (1.0 - pow(a->beta1, t))),
        .decay = (rec_real)a->weight_decay,
        .beta1 = (rec_real)a->beta1,
        .beta2 = (rec_real)a->beta2,
        .new1 = (rec_real)(1.0 - a->beta1), /* in double: 1 - 0.999f is 1.7e-5 off */
        .new2 = (rec_real)(1.0 - a->beta2),
        .root2 = (rec_real)(1.0 / sqrt(1.0 - pow(a->beta2, t))),
        .epsilon = (rec_real)a->epsilon,
    };
}

void rec_adam_step(const struct rec_adam *a, uint64_t step, struct rec_param *p)
{
    struct adam_work k = { p, rec_adam_rates(a, step) };
    uint32_t n = (uint32_t)((rec_param_size(p) + ADAM_CHUNK - 1) / ADAM_CHUNK);

    rec_par_run(n, adam_chunk, &k);
}

struct square_work {
    rec_real *dx;
    size_t n, chunk;
    rec_real factor;
    double sum[SUM_CHUNKS];
};

static struct square_work cut(const struct rec_param *p)
{
    struct square_work k = { .dx = p->dx, .n = rec_param_size(p) };

    k.chunk = (k.n + SUM_CHUNKS - 1) / SUM_CHUNKS;
    if (k.chunk < ADAM_CHUNK)
        k.chunk = ADAM_CHUNK;
    return k;
}

static uint32_t n_chunks(const struct square_work *k)
{
    return (uint32_t)((k->n + k->chunk - 1) / k->chunk);
}

static size_t chunk_end(const struct square_work *k, uint32_t chunk)
{
    size_t end = ((size_t)chunk + 1) * k->chunk;

    return end < k->n ? end : k->n;
}

static void square_chunk(void *ctx, uint32_t chunk)
{
    struct square_work *k = ctx;
    double sum = 0.0;

    for (size_t i = (size_t)chunk * k->chunk; i < chunk_end(k, chunk); i++)
        sum += (double)k->dx[i] * (double)k->dx[i];
    k->sum[chunk] = sum;
}

static void scale_chunk(void *ctx, uint32_t chunk)
{
    struct square_work *k = ctx;

    for (size_t i = (size_t)chunk * k->chunk; i < chunk_end(k, chunk); i++)
        k->dx[i] *= k->factor;
}

double rec_param_square_sum(const struct rec_param *p)
{
    struct square_work k = cut(p);
    double sum = 0.0;

    rec_par_run(n_chunks(&k), square_chunk, &k);
    for (uint32_t i = 0; i < n_chunks(&k); i++)
        sum += k.sum[i];
    return sum;
}

void rec_param_scale(struct rec_param *p, double factor)
{
    struct square_work k = cut(p);

    k.factor = (rec_real)factor;
    rec_par_run(n_chunks(&k), scale_chunk, &k);
}

enum rec_status rec_param_write_as(const struct rec_param *p, const char *prefix,
                                   const rec_real *x, uint32_t n_rows,
                                   struct rec_writer *w, const char *by,
                                   struct rec_err *err)
{
    char name[48];
    struct rec_table t;
    enum rec_status st = REC_OK;

    (void)snprintf(name, sizeof name, "%s%s", prefix, p->name);
    rec_table_init(&t, name, REC_KIND_MATRIX);
    (void)snprintf(t.by, sizeof t.by, "%s", by);
    rec_table_add(&t, "row", REC_F32, p->cols, REC_PLAIN, NULL);
#ifdef REC_DOUBLE
    st = rec_table_reserve(&t, n_rows, err);
    for (size_t i = 0; st == REC_OK && i < (size_t)n_rows * p->cols; i++)
        ((float *)t.cols[0].data)[i] = (float)x[i];
#else
    t.cols[0].data = (void *)(uintptr_t)x; /* only lent, and only read */
#endif
    t.n_rows = n_rows;
    if (st == REC_OK)
        st = rec_writer_table(w, &t, err);
#ifndef REC_DOUBLE
    t.cols[0].data = NULL;
#endif
    rec_table_free(&t);
    return st;
}

enum rec_status rec_param_write(const struct rec_param *p, struct rec_writer *w,
                                const char *by, struct rec_err *err)
{
    return rec_param_write_as(p, "model.", p->x, p->rows, w, by, err);
}

/* The values of column AT, of which T keeps none: they may be most of the memory. */
static void take(struct rec_param *p, struct rec_table *t, size_t at)
{
#ifdef REC_DOUBLE
    for (size_t i = 0; i < rec_param_size(p); i++)
        p->x[i] = ((const float *)t->cols[at].data)[i];
#else
    rec_free(p->x);
    p->x = t->cols[at].data;
    t->cols[at].data = NULL;
#endif
    rec_table_free(t);
}

enum rec_status rec_param_read(struct rec_param *p, struct rec_reader *r,
                               struct rec_err *err)
{
    char name[48];
    const struct rec_column *c;
    const float *in;
    struct rec_table *t;
    enum rec_status st;

    (void)snprintf(name, sizeof name, "model.%s", p->name);
    st = rec_reader_need(r, name, "rec-train", &t, err);
    if (st == REC_OK)
        st = rec_table_column(t, "row", REC_F32, p->cols, &c, err);
    if (st != REC_OK)
        return st;
    if (t->n_rows != p->rows)
        return rec_fail(err, REC_EFORMAT,
                        "section '%s' has %zu rows, not %u: it belongs to "
                        "another graph",
                        name, t->n_rows, p->rows);
    in = c->data;
    for (size_t i = 0; i < rec_param_size(p); i++)
        if (!isfinite(in[i]))
            return rec_fail(err, REC_EFORMAT, "section '%s', row %zu: not a number",
                            name, i / p->cols);
    take(p, t, (size_t)(c - t->cols));
    return REC_OK;
}
