#include "nn/spread.h"

#include <math.h>
#include <string.h>

#include "base/clones.h"
#include "base/par.h"

/* Numbers at once; lanes of a block of columns; rows to fetch ahead. */
enum { LANES = 16, BLOCK = 4, COLS = LANES * BLOCK, AHEAD = 12 };

typedef rec_real lanes
    __attribute__((vector_size(LANES * sizeof(rec_real)), aligned(sizeof(rec_real))));

void rec_spread_free(struct rec_spread *s)
{
    rec_free(s->norm);
    rec_free(s->z[0]);
    rec_free(s->z[1]);
    *s = (struct rec_spread){ 0 };
}

/* Of node V: its side, and its number there. */
static int side_of(const struct rec_pairs01 *r, uint32_t v, uint32_t *own)
{
    int side = v < r->n[0] ? 0 : 1;

    *own = side == 0 ? v : v - r->n[0];
    return side;
}

static void cut(struct rec_spread *s, uint32_t n)
{
    const struct rec_pairs01 *r = &s->r;
    uint64_t done = 0, all = 2 * r->n_pairs + n;
    uint32_t chunk = 1, own;

    for (uint32_t v = 0; v < n; v++) {
        int side = side_of(r, v, &own);

        done += rec_pairs01_degree(r, side, own) + 1;
        while (chunk < REC_SPREAD_CHUNKS && done >= all * chunk / REC_SPREAD_CHUNKS)
            s->cut[chunk++] = v + 1;
    }
    while (chunk <= REC_SPREAD_CHUNKS)
        s->cut[chunk++] = n;
}

enum rec_status rec_spread_make(const struct rec_pairs01 *r, uint32_t d,
                                struct rec_spread *out, struct rec_err *err)
{
    struct rec_spread s = { .r = *r, .d = d };
    uint64_t n = (uint64_t)r->n[0] + r->n[1];
    uint32_t own;

    if (n > UINT32_MAX)
        return rec_fail(err, REC_EINPUT, "too many users and items for this model");
    s.norm = rec_alloc(n, sizeof *s.norm, "node vectors", err);
    for (int k = 0; k < 2 && s.norm != NULL; k++) {
        s.z[k] = rec_alloc(n, d * sizeof *s.z[k], "node vectors", err);
        if (s.z[k] == NULL)
            break;
    }
    if (s.z[1] == NULL) {
        rec_spread_free(&s);
        return REC_ESYSTEM;
    }
    for (uint32_t v = 0; v < n; v++) {
        int side = side_of(r, v, &own);
        uint64_t degree = rec_pairs01_degree(r, side, own);

        s.norm[v] = degree > 0 ? (rec_real)(1.0 / sqrt((double)degree)) : 0;
    }
    cut(&s, (uint32_t)n);
    *out = s;
    return REC_OK;
}

/* Y (COLS) = sum of COLS columns of the rows TO (N) of X, of which a row is STRIDE
 * long; of TO there are KNOWN, the rows that come next. */
static inline __attribute__((always_inline)) void sum_block(const rec_real *x,
                                                            size_t stride,
                                                            const uint32_t *to,
                                                            uint64_t n, uint64_t known,
                                                            rec_real *y)
{
    lanes sum[BLOCK] = { 0 };

    for (uint64_t e = 0; e < n; e++) {
        const rec_real *row = x + to[e] * stride;
        const rec_real *then = x + to[e + AHEAD < known ? e + AHEAD : e] * stride;

#pragma GCC unroll 4
        for (int k = 0; k < BLOCK; k++) {
            __builtin_prefetch(then + k * LANES);
            sum[k] += *(const lanes *)(row + k * LANES);
        }
    }
    memcpy(y, sum, sizeof sum);
}

/* The same of fewer columns. */
static inline __attribute__((always_inline)) void sum_rest(const rec_real *x,
                                                           size_t stride,
                                                           const uint32_t *to,
                                                           uint64_t n, uint32_t cols,
                                                           rec_real *y)
{
    memset(y, 0, cols * sizeof *y);
    for (uint64_t e = 0; e < n; e++)
        for (uint32_t j = 0; j < cols; j++)
            y[j] += x[to[e] * stride + j];
}

static inline __attribute__((always_inline)) uint32_t sum_rows(
    const rec_real *x, uint32_t d, uint32_t from, const uint32_t *to, uint64_t n,
    uint64_t known, rec_real *y)
{
    uint32_t cols = d - from < COLS ? d - from : COLS;

    if (cols == COLS)
        sum_block(x + from, d, to, n, known, y);
    else
        sum_rest(x + from, d, to, n, cols, y);
    return cols;
}

struct pass {
    const struct rec_spread *s;
    const rec_real *x;
    rec_real *z;    /* d^-.5 x; of S^l x from the second pass on */
    rec_real *next; /* gets the z of the pass behind; NULL: there is none */
    rec_real *out;  /* S x, or (out + S x) by */
    rec_real by;    /* 0: out is not looked at */
};

REC_CLONES static void scale_chunk(void *ctx, uint32_t chunk)
{
    const struct pass *p = ctx;
    uint32_t d = p->s->d;

    for (uint32_t v = p->s->cut[chunk]; v < p->s->cut[chunk + 1]; v++)
        for (uint32_t j = 0; j < d; j++)
            p->z[(size_t)v * d + j] = p->s->norm[v] * p->x[(size_t)v * d + j];
}

/*
 * forward:  y[v] = norm[v] sum of z[w] over v's neighbours w;   out[v] = (out[v] +
 * y[v]) by
 */
REC_CLONES static void spread_chunk(void *ctx, uint32_t chunk)
{
    const struct pass *p = ctx;
    const struct rec_pairs01 *r = &p->s->r;
    uint32_t d = p->s->d, own, cols;
    rec_real y[COLS];

    for (uint32_t v = p->s->cut[chunk]; v < p->s->cut[chunk + 1]; v++) {
        int side = side_of(r, v, &own);
        const rec_real *z = p->z + (side == 0 ? (size_t)r->n[0] * d : 0);
        uint64_t at = r->off[side][own], n = r->off[side][own + 1] - at;
        rec_real norm = p->s->norm[v];

        for (uint32_t j = 0; j < d; j += cols) {
            rec_real *out = p->out + (size_t)v * d + j;

            cols = sum_rows(z, d, j, r->to[side] + at, n, r->n_pairs - at, y);
            for (uint32_t k = 0; k < cols; k++)
                y[k] *= norm;
            for (uint32_t k = 0; k < cols; k++)
                out[k] = p->by > 0 ? (out[k] + y[k]) * p->by : y[k];
            for (uint32_t k = 0; k < cols && p->next != NULL; k++)
                p->next[(size_t)v * d + j + k] = y[k] * norm;
        }
    }
}

void rec_spread_once(struct rec_spread *s, const rec_real *x, rec_real *out)
{
    struct pass p = { .s = s, .x = x, .z = s->z[0], .out = out };

    rec_par_run(REC_SPREAD_CHUNKS, scale_chunk, &p);
    rec_par_run(REC_SPREAD_CHUNKS, spread_chunk, &p);
}

void rec_spread_mean(struct rec_spread *s, const rec_real *x, uint32_t n, rec_real *out)
{
    struct pass p = { .s = s, .x = x, .z = s->z[0], .out = out };

    memcpy(out, x, ((size_t)s->r.n[0] + s->r.n[1]) * s->d * sizeof *out);
    if (n > 0)
        rec_par_run(REC_SPREAD_CHUNKS, scale_chunk, &p);
    for (uint32_t l = 1; l <= n; l++) {
        p.by = l < n ? 1 : (rec_real)(1.0 / (n + 1));
        p.next = l < n ? s->z[l % 2] : NULL;
        rec_par_run(REC_SPREAD_CHUNKS, spread_chunk, &p);
        p.z = p.next;
    }
}

void rec_spread_row(const struct rec_spread *s, const uint32_t *item, uint32_t n,
                    rec_real *out)
{
    const rec_real *z = s->z[0] + (size_t)s->r.n[0] * s->d;
    rec_real y[COLS], norm = (rec_real)(1.0 / sqrt((double)n));
    uint32_t cols;

    for (uint32_t j = 0; j < s->d; j += cols) {
        cols = sum_rows(z, s->d, j, item, n, n, y);
        for (uint32_t k = 0; k < cols; k++)
            out[j + k] = y[k] * norm;
    }
}
