#include "nn/products.h"

#include <string.h>

#include "base/clones.h"

#define INLINE static inline __attribute__((always_inline))

/* Vectors of a panel; rows that are multiplied with it at a time. */
enum { LANES = 16, ROWS = 6 };
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

/* N rows and one panel, of which the first M products are wanted. */
INLINE void few(const float *const *row, uint32_t n, const float *panel, uint32_t d,
                uint32_t m, float *out, size_t stride)
{
    lanes sum[ROWS] = { 0 };

    for (uint32_t j = 0; j < d; j++) {
        lanes v = *(const lanes *)(panel + (size_t)j * LANES);

#pragma GCC unroll 8
        for (uint32_t r = 0; r < n; r++)
            sum[r] += row[r][j] * v;
    }
#pragma GCC unroll 8
    for (uint32_t r = 0; r < n; r++)
        if (m == LANES)
            *(lanes *)(out + r * stride) = sum[r];
        else
            memcpy(out + r * stride, &sum[r], m * sizeof *out);
}

REC_CLONES void rec_products_rows(const struct rec_products *p, const float *const *row,
                                  uint32_t b, float *out)
{
    size_t n = p->n;

    for (uint32_t i = 0; i < p->n; i += LANES) {
        const float *panel = p->panel + (size_t)i * p->d;
        uint32_t m = p->n - i < LANES ? p->n - i : LANES, r = 0;

        for (; r + ROWS <= b; r += ROWS)
            few(row + r, ROWS, panel, p->d, m, out + r * n + i, n);
        for (; r < b; r++)
            few(row + r, 1, panel, p->d, m, out + r * n + i, n);
    }
}
