#include "nn/subspace.h"

#include <cblas.h>
#include <math.h>
#include <string.h>

#include "base/clones.h"
#include "base/par.h"
#include "base/random.h"
#include "nn/blasroom.h"
#include "nn/kernels.h"

enum { CHUNKS = 64, SUMS = 16, BLOCK = 256, BEYOND = 32, ROUNDS = 3 };

/* LAPACK's, which OpenBLAS holds: eigenvalues, ascending, and vectors of a symmetric
 * matrix. */
void dsyevd_(const char *jobz, const char *uplo, const int *n, double *a,
             const int *lda, double *w, double *work, const int *lwork, int *iwork,
             const int *liwork, int *info);

struct work {
    const struct rec_scaled01 *m;
    uint32_t k, d; /* wanted; width, d >= k */
    uint64_t seed;
    float *q, *other; /* (I, d) */
    float *p;         /* (U, d) */
    float *w32;       /* (d, d) */
    double *gram;     /* (d, d), and for each of SUMS its part behind it */
    double *rows;     /* (SUMS, BLOCK, d) */
    double *w;        /* (d) */
    double *lapack;   /* (1 + 6 d + 2 d d) */
    int *lapack_i;    /* (3 + 5 d) */
    /* of a step */
    int side;
    const float *x;
    float *y;
    uint32_t n_rows;
};

static uint32_t cut(uint32_t n, uint32_t chunk, uint32_t n_chunks)
{
    return (uint32_t)((uint64_t)n * chunk / n_chunks);
}

/* ---- steps ---- */

/* y of side `side` = M x, or M' x. */
REC_CLONES static void spmm_chunk(void *ctx, uint32_t chunk)
{
    const struct work *k = ctx;
    const struct rec_pairs01 *r = k->m->r;
    const float *by = k->m->by[1 - k->side];
    uint32_t n = r->n[k->side], d = k->d;

    for (uint32_t v = cut(n, chunk, CHUNKS); v < cut(n, chunk + 1, CHUNKS); v++) {
        float *y = k->y + (size_t)v * d, own = k->m->by[k->side][v];

        memset(y, 0, d * sizeof *y);
        for (uint64_t e = r->off[k->side][v]; e < r->off[k->side][v + 1]; e++) {
            uint32_t to = r->to[k->side][e];
            const float *x = k->x + (size_t)to * d;
            float w = by[to] * own;

            for (uint32_t j = 0; j < d; j++)
                y[j] += w * x[j];
        }
    }
}

static void spmm(struct work *k, int side, const float *x, float *y)
{
    k->side = side;
    k->x = x;
    k->y = y;
    rec_par_run(CHUNKS, spmm_chunk, k);
}

static void gram_chunk(void *ctx, uint32_t chunk)
{
    struct work *k = ctx;
    size_t d = k->d;
    double *sum = k->gram + (chunk + 1) * d * d, *rows = k->rows + chunk * BLOCK * d;
    uint32_t end = cut(k->n_rows, chunk + 1, SUMS);

    memset(sum, 0, d * d * sizeof *sum);
    for (uint32_t v = cut(k->n_rows, chunk, SUMS); v < end; v += BLOCK) {
        uint32_t n = end - v < BLOCK ? end - v : BLOCK;

        for (size_t i = 0; i < n * d; i++)
            rows[i] = (double)k->x[v * d + i];
        cblas_dsyrk(CblasRowMajor, CblasUpper, CblasTrans, (int)d, (int)n, 1.0, rows,
                    (int)d, 1.0, sum, (int)d);
    }
}

/* gram = x'x, of N rows. */
static void gram(struct work *k, const float *x, uint32_t n)
{
    size_t size = (size_t)k->d * k->d;

    k->x = x;
    k->n_rows = n;
    rec_par_run(SUMS, gram_chunk, k);
    memset(k->gram, 0, size * sizeof *k->gram);
    for (uint32_t c = 1; c <= SUMS; c++)
        for (size_t i = 0; i < size; i++)
            k->gram[i] += k->gram[c * size + i];
}

/* gram becomes its eigenvectors, one a row, w their values, ascending. */
static enum rec_status eigen(struct work *k, struct rec_err *err)
{
    const int d = (int)k->d, lwork = 1 + 6 * d + 2 * d * d, liwork = 3 + 5 * d;
    int info = 0;

    dsyevd_("V", "L", &d, k->gram, &d, k->w, k->lapack, &lwork, k->lapack_i, &liwork,
            &info);
    return info == 0
               ? REC_OK
               : rec_fail(err, REC_ENUMERIC,
                          "the eigenvalues of a matrix of %d rows were not found", d);
}

static void times_chunk(void *ctx, uint32_t chunk)
{
    const struct work *k = ctx;
    size_t d = k->d;
    uint32_t from = cut(k->n_rows, chunk, CHUNKS);
    uint32_t to = cut(k->n_rows, chunk + 1, CHUNKS);

    if (from < to)
        cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, (int)(to - from), (int)d,
                    (int)d, 1.0f, k->x + from * d, (int)d, k->w32, (int)d, 0.0f,
                    k->y + from * d, (int)d);
}

/* Q = its columns in a basis of their own, orthonormal; fewer are 0. */
static enum rec_status orthonormal(struct work *k, struct rec_err *err)
{
    uint32_t d = k->d, n = k->m->r->n[1];
    enum rec_status st;
    float *swap = k->q;

    gram(k, k->q, n);
    st = eigen(k, err);
    for (uint32_t e = 0; e < d; e++) {
        bool is = k->w[e] > 1e-13 * k->w[d - 1];

        for (uint32_t j = 0; j < d; j++)
            k->w32[(size_t)j * d + e] =
                is ? (float)(k->gram[(size_t)e * d + j] / sqrt(k->w[e])) : 0.0f;
    }
    k->x = k->q;
    k->y = k->other;
    k->n_rows = n;
    rec_par_run(CHUNKS, times_chunk, k);
    k->q = k->other;
    k->other = swap;
    return st;
}

static void random_chunk(void *ctx, uint32_t chunk)
{
    const struct work *k = ctx;
    uint32_t n = k->m->r->n[1];
    struct rec_random random;

    rec_random_init(&random, k->seed, "subspace");
    for (size_t i = (size_t)cut(n, chunk, CHUNKS) * k->d;
         i < (size_t)cut(n, chunk + 1, CHUNKS) * k->d; i++)
        k->q[i] = (float)(rec_random_uniform_at(&random, i) - 0.5);
}

/* ---- all together ---- */

static void put_out(const struct work *k, float *v, double *s)
{
    uint32_t d = k->d, n = k->m->r->n[1];
    double first = sqrt(k->w[d - 1] > 0.0 ? k->w[d - 1] : 0.0);

    for (uint32_t e = 0; e < k->k; e++) {
        double w = e < d ? k->w[d - 1 - e] : 0.0;

        s[e] = w > 0.0 && sqrt(w) > 1e-6 * first ? sqrt(w) : 0.0;
        for (uint32_t i = 0; i < n; i++)
            v[(size_t)i * k->k + e] =
                s[e] > 0.0 ? k->other[(size_t)i * d + d - 1 - e] : 0.0f;
    }
}

static enum rec_status iterate(struct work *k, float *v, double *s, struct rec_err *err)
{
    uint32_t d = k->d;
    enum rec_status st;

    rec_par_run(CHUNKS, random_chunk, k);
    st = orthonormal(k, err);
    for (int round = 0; st == REC_OK && round < ROUNDS; round++) {
        spmm(k, 0, k->q, k->p);
        spmm(k, 1, k->p, k->q);
        st = orthonormal(k, err);
    }
    if (st == REC_OK) /* once more: of what rounding has left */
        st = orthonormal(k, err);
    if (st != REC_OK)
        return st;
    spmm(k, 0, k->q, k->p);
    gram(k, k->p, k->m->r->n[0]);
    st = eigen(k, err);
    for (uint32_t e = 0; e < d; e++)
        for (uint32_t j = 0; j < d; j++)
            k->w32[(size_t)j * d + e] = (float)k->gram[(size_t)e * d + j];
    k->x = k->q;
    k->y = k->other;
    k->n_rows = k->m->r->n[1];
    rec_par_run(CHUNKS, times_chunk, k);
    put_out(k, v, s);
    return st;
}

enum rec_status rec_subspace(const struct rec_scaled01 *m, uint32_t k, uint64_t seed,
                             float *v, double *s, struct rec_err *err)
{
    uint32_t n = m->r->n[0] < m->r->n[1] ? m->r->n[0] : m->r->n[1];
    struct work x = { .m = m, .k = k, .seed = seed };
    size_t d = x.d = k + BEYOND < n ? k + BEYOND : n;
    enum rec_status st = REC_ESYSTEM;

    rec_kernels_init();
    x.q = rec_alloc(m->r->n[1], d * sizeof *x.q, "singular vectors", err);
    x.other =
        x.q ? rec_alloc(m->r->n[1], d * sizeof *x.q, "singular vectors", err) : NULL;
    x.p = x.other ? rec_alloc(m->r->n[0], d * sizeof *x.p, "singular vectors", err)
                  : NULL;
    x.w32 = x.p ? rec_alloc(d, d * sizeof *x.w32, "singular vectors", err) : NULL;
    x.gram =
        x.w32 ? rec_alloc((SUMS + 1) * d, d * sizeof *x.gram, "singular vectors", err)
              : NULL;
    x.rows = x.gram
                 ? rec_alloc(SUMS * BLOCK, d * sizeof *x.rows, "singular vectors", err)
                 : NULL;
    x.w = x.rows ? rec_alloc(d, sizeof *x.w, "singular vectors", err) : NULL;
    x.lapack =
        x.w ? rec_alloc(1 + 6 * d + 2 * d * d, sizeof *x.lapack, "eigenvectors", err)
            : NULL;
    x.lapack_i =
        x.lapack ? rec_alloc(3 + 5 * d, sizeof *x.lapack_i, "eigenvectors", err) : NULL;
    if (x.lapack_i != NULL)
        st = rec_blas_room(err);
    if (st == REC_OK)
        st = iterate(&x, v, s, err);
    rec_free(x.q);
    rec_free(x.other);
    rec_free(x.p);
    rec_free(x.w32);
    rec_free(x.gram);
    rec_free(x.rows);
    rec_free(x.w);
    rec_free(x.lapack);
    rec_free(x.lapack_i);
    return st;
}
