#include "nn/kernels.h"

#include <cblas.h>
#include <string.h>

#include "base/par.h"

#ifdef REC_DOUBLE
#define GEMM cblas_dgemm
#else
#define GEMM cblas_sgemm
#endif

void rec_kernels_init(void)
{
    openblas_set_num_threads(1);
}

const char *rec_kernels_blas(void)
{
    return openblas_get_corename();
}

/* What a chunk needs; each kernel uses the fields it names. */
struct work {
    const struct rec_graph *g;
    const struct rec_chunks *c;
    const rec_real *x, *w, *b, *dy;
    rec_real *y, *dx, *part;
    uint32_t d;
};

static uint32_t rows(const struct work *k, uint32_t chunk)
{
    return k->c->at[chunk + 1] - k->c->at[chunk];
}

/* ---- spmm ---- */

/*
 * Rows FROM .. TO for a width D that the compiler knows: the accumulators stay in
 * registers.  Rows that are wanted some 6 KiB of edges later are fetched ahead.
 *   y[n] = norm[n] * (norm[n] x[n] + sum over edges (n, m) of norm[m] x[m])
 */
static inline __attribute__((always_inline)) void spmm_rows(const struct work *k,
                                                            uint32_t from, uint32_t to,
                                                            uint32_t d, uint32_t stride)
{
    const struct rec_graph *g = k->g;
    const uint32_t *fetch = g->to + 1536 / (d < 16 ? 16 : d);
    const uint32_t *last = g->to + g->n_edges - 1;

    for (uint32_t n = from; n < to; n++) {
        const rec_real *x_row = k->x + (size_t)n * stride;
        rec_real *y_row = k->y + (size_t)n * stride;
        rec_real norm = (rec_real)g->norm[n];
        rec_real sum[64];

        for (uint32_t j = 0; j < d; j++)
            sum[j] = norm * x_row[j];
        for (uint64_t e = g->off[n]; e < g->off[n + 1]; e++) {
            const rec_real *x_to = k->x + (size_t)g->to[e] * stride;
            const uint32_t *next = fetch + e < last ? fetch + e : last;
            rec_real w = (rec_real)g->norm[g->to[e]];

            for (uint32_t j = 0; j < d; j += 64 / sizeof(rec_real))
                __builtin_prefetch(k->x + (size_t)*next * stride + j);
            __builtin_prefetch(&g->norm[*next]);
            for (uint32_t j = 0; j < d; j++)
                sum[j] += w * x_to[j];
        }
        for (uint32_t j = 0; j < d; j++)
            y_row[j] = norm * sum[j];
    }
}

REC_CLONES static void spmm_chunk(void *ctx, uint32_t chunk)
{
    const struct work *k = ctx;
    uint32_t from = k->c->at[chunk], to = k->c->at[chunk + 1], d = k->d;
    struct work part = *k;

    if (d == 8)
        spmm_rows(k, from, to, 8, 8);
    else if (d == 16)
        spmm_rows(k, from, to, 16, 16);
    else if (d == 32)
        spmm_rows(k, from, to, 32, 32);
    else
        for (uint32_t at = 0, n; at < d; at += n) { /* any other width in strips */
            n = d - at >= 64 ? 64 : d - at >= 32 ? 32 : d - at;
            part.x = k->x + at;
            part.y = k->y + at;
            if (n == 64)
                spmm_rows(&part, from, to, 64, d);
            else if (n == 32)
                spmm_rows(&part, from, to, 32, d);
            else
                spmm_rows(&part, from, to, n, d);
        }
}

void rec_spmm(const struct rec_graph *g, const struct rec_chunks *c, const rec_real *x,
              uint32_t d, rec_real *y)
{
    struct work k = { .g = g, .c = c, .x = x, .y = y, .d = d };

    rec_par_run(c->n, spmm_chunk, &k);
}

/* ---- linear ---- */

static void linear_chunk(void *ctx, uint32_t chunk)
{
    const struct work *k = ctx;
    size_t at = (size_t)k->c->at[chunk] * k->d;
    int m = (int)rows(k, chunk), d = (int)k->d;

    for (int n = 0; n < m; n++)
        memcpy(k->y + at + (size_t)n * k->d, k->b, k->d * sizeof *k->b);
    GEMM(CblasRowMajor, CblasNoTrans, CblasNoTrans, m, d, d, 1, k->x + at, d, k->w, d,
         1, k->y + at, d);
}

void rec_linear(const struct rec_chunks *c, const rec_real *x, const rec_real *w,
                const rec_real *b, uint32_t d, rec_real *y)
{
    struct work k = { .c = c, .x = x, .w = w, .b = b, .y = y, .d = d };

    rec_par_run(c->n, linear_chunk, &k);
}

/* sum[j] = sum over the chunk's rows of dy[j] */
REC_CLONES static void sum_rows(const struct work *k, uint32_t chunk, rec_real *sum)
{
    const rec_real *dy = k->dy + (size_t)k->c->at[chunk] * k->d;

    memset(sum, 0, k->d * sizeof *sum);
    for (uint32_t n = 0; n < rows(k, chunk); n++, dy += k->d)
        for (uint32_t j = 0; j < k->d; j++)
            sum[j] += dy[j];
}

static void linear_backward_chunk(void *ctx, uint32_t chunk)
{
    const struct work *k = ctx;
    size_t at = (size_t)k->c->at[chunk] * k->d;
    rec_real *dw = k->part + (size_t)chunk * k->d * (k->d + 1);
    int m = (int)rows(k, chunk), d = (int)k->d;

    /* forward:  y = x w + b       so:  dw = x' dy */
    GEMM(CblasRowMajor, CblasTrans, CblasNoTrans, d, d, m, 1, k->x + at, d, k->dy + at,
         d, 0, dw, d);
    /*                                  db = sum of rows of dy */
    sum_rows(k, chunk, dw + (size_t)k->d * k->d);
    /*                                  dx = dy w' */
    if (k->dx != NULL)
        GEMM(CblasRowMajor, CblasNoTrans, CblasTrans, m, d, d, 1, k->dy + at, d, k->w,
             d, 0, k->dx + at, d);
}

/* out += the chunks' parts, in chunk order */
static void add_parts(const rec_real *part, uint32_t n_chunks, size_t stride, size_t n,
                      rec_real *out)
{
    for (uint32_t chunk = 0; chunk < n_chunks; chunk++)
        for (size_t i = 0; i < n; i++)
            out[i] += part[chunk * stride + i];
}

void rec_linear_backward(const struct rec_chunks *c, const rec_real *x,
                         const rec_real *w, const rec_real *dy, uint32_t d,
                         rec_real *dx, rec_real *dw, rec_real *db, rec_real *part)
{
    struct work k = {
        .c = c, .x = x, .w = w, .dy = dy, .dx = dx, .part = part, .d = d
    };
    size_t n = (size_t)d * d, stride = n + d;

    rec_par_run(c->n, linear_backward_chunk, &k);
    add_parts(part, c->n, stride, n, dw);
    add_parts(part + n, c->n, stride, d, db);
}

static void bias_backward_chunk(void *ctx, uint32_t chunk)
{
    const struct work *k = ctx;

    sum_rows(k, chunk, k->part + (size_t)chunk * k->d);
}

void rec_bias_backward(const struct rec_chunks *c, const rec_real *dy, uint32_t d,
                       rec_real *db, rec_real *part)
{
    struct work k = { .c = c, .dy = dy, .part = part, .d = d };

    rec_par_run(c->n, bias_backward_chunk, &k);
    add_parts(part, c->n, d, d, db);
}

/* ---- relu ---- */

REC_CLONES static void relu_chunk(void *ctx, uint32_t chunk)
{
    const struct work *k = ctx;
    rec_real *y = k->y + (size_t)k->c->at[chunk] * k->d;

    for (uint32_t n = 0; n < rows(k, chunk); n++, y += k->d)
        for (uint32_t j = 0; j < k->d; j++) {
            rec_real v = k->b == NULL ? y[j] : y[j] + k->b[j];

            y[j] =
                v > 0 || v != v ? v : 0; /* a NaN stays one, to be seen in the loss */
        }
}

void rec_relu(const struct rec_chunks *c, rec_real *x, const rec_real *b, uint32_t d)
{
    struct work k = { .c = c, .y = x, .b = b, .d = d };

    rec_par_run(c->n, relu_chunk, &k);
}

REC_CLONES static void relu_backward_chunk(void *ctx, uint32_t chunk)
{
    const struct work *k = ctx;
    size_t at = (size_t)k->c->at[chunk] * k->d, n = (size_t)rows(k, chunk) * k->d;

    /* forward:  y = max(x, 0)     so:  dx = y > 0 ? dy : 0 */
    for (size_t i = at; i < at + n; i++)
        k->dx[i] = k->y[i] > 0 ? k->dx[i] : 0;
}

void rec_relu_backward(const struct rec_chunks *c, const rec_real *y, uint32_t d,
                       rec_real *dx)
{
    struct work k = { .c = c, .dx = dx, .d = d };

    k.y = (rec_real *)(uintptr_t)y; /* read only here */
    rec_par_run(c->n, relu_backward_chunk, &k);
}
