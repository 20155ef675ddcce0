#include "nn/products.h"

#include <string.h>

#include "base/clones.h"

#define INLINE static inline __attribute__((always_inline))

/* Vectors of a panel; panels, and rows that are multiplied with them, at a time: as
 * many as the sums of which stay in registers, 32 long ones or 16 of half their length.
 */
enum { LANES = 16, PANELS = 2, ROWS = 6, FEW_ROWS = 3 };
typedef float lanes __attribute__((vector_size(LANES * sizeof(float)), aligned(4)));

void rec_products_free(struct rec_products *p)
{
    rec_free(p->panel);
    *p = (struct rec_products){ 0 };
}

enum rec_status rec_products_make(const float *vec, uint32_t n, uint32_t d,
                                  struct rec_products *out, struct rec_err *err)
{
    size_t n_panels = ((size_t)n + LANES - 1) / LANES;
    struct rec_products p = { .n = n, .d = d };

    p.panel = rec_alloc_zero(n_panels * LANES, d * sizeof *p.panel, "vectors", err);
    if (p.panel == NULL)
        return REC_ESYSTEM;
    for (size_t i = 0; i < n; i++) {
        float *to = p.panel + i / LANES * LANES * d + i % LANES;

        for (uint32_t j = 0; j < d; j++)
            to[(size_t)j * LANES] = vec[i * d + j];
    }
    *out = p;
    return REC_OK;
}

/* N rows and N_PANELS panels, of which the first M products are wanted. */
INLINE void few(const float *const *row, uint32_t n, const float *panel,
                uint32_t n_panels, uint32_t d, uint32_t m, float *out, size_t stride)
{
    lanes sum[ROWS][PANELS] = { 0 };

    for (uint32_t j = 0; j < d; j++) {
        lanes v[PANELS];

#pragma GCC unroll 2
        for (uint32_t p = 0; p < n_panels; p++)
            v[p] = *(const lanes *)(panel + ((size_t)p * d + j) * LANES);
#pragma GCC unroll 8
        for (uint32_t r = 0; r < n; r++)
#pragma GCC unroll 2
            for (uint32_t p = 0; p < n_panels; p++)
                sum[r][p] += row[r][j] * v[p];
    }
#pragma GCC unroll 8
    for (uint32_t r = 0; r < n; r++)
        if (m == n_panels * LANES)
            memcpy(out + r * stride, sum[r], n_panels * sizeof(lanes));
        else
            memcpy(out + r * stride, sum[r], m * sizeof *out);
}

/* All B rows and N_PANELS panels. */
INLINE void block(const float *const *row, uint32_t b, uint32_t at_once,
                  const float *panel, uint32_t n_panels, uint32_t d, uint32_t m,
                  float *out, size_t stride)
{
    uint32_t r = 0;

    for (; r + at_once <= b; r += at_once)
        few(row + r, at_once, panel, n_panels, d, m, out + r * stride, stride);
    for (; r < b; r++)
        few(row + r, 1, panel, n_panels, d, m, out + r * stride, stride);
}

INLINE void rows(const struct rec_products *p, const float *const *row, uint32_t b,
                 uint32_t at_once, float *out)
{
    size_t n = p->n;
    uint32_t i = 0;

    for (; i + PANELS * LANES <= p->n; i += PANELS * LANES)
        block(row, b, at_once, p->panel + (size_t)i * p->d, PANELS, p->d,
              PANELS * LANES, out + i, n);
    for (; i < p->n; i += LANES)
        block(row, b, at_once, p->panel + (size_t)i * p->d, 1, p->d,
              p->n - i < LANES ? p->n - i : LANES, out + i, n);
}

static bool long_registers(void)
{
#if defined(__x86_64__)
    return __builtin_cpu_supports("avx512f");
#else
    return false;
#endif
}

REC_CLONES void rec_products_rows_as(const struct rec_products *p,
                                     const float *const *row, uint32_t b,
                                     bool long_registers, float *out)
{
    if (long_registers)
        rows(p, row, b, ROWS, out);
    else
        rows(p, row, b, FEW_ROWS, out);
}

void rec_products_rows(const struct rec_products *p, const float *const *row,
                       uint32_t b, float *out)
{
    rec_products_rows_as(p, row, b, long_registers(), out);
}
