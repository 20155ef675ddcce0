#ifndef REC_PRODUCTS_H
#define REC_PRODUCTS_H

#include <stdbool.h>

#include "base/mem.h"

/*
 * Products of a few vectors with many: what a ranking of all items by vectors needs.
 * N vectors of width D, packed once; then
 *
 *   out[r, i] = sum over j = 0 .. D - 1 of row[r][j] * vec[i][j]
 *
 * in float, added in this order, no multiplication fused with an addition: the bits of
 * a product depend on its two vectors alone, on no block, thread or processor.  (Of
 * OpenBLAS's sgemm they depend on the place in the block.)  { 0 } is empty.
 */
struct rec_products {
    uint32_t n, d;
    float *panel; /* (n / 16 rounded up, d, 16): of 16 vectors, element by element */
};

/* VEC (n, d). */
enum rec_status rec_products_make(const float *vec, uint32_t n, uint32_t d,
                                  struct rec_products *out,
                                  struct rec_err *err) REC_MUST_USE;
void rec_products_free(struct rec_products *p);

/* OUT (b, n) of B rows (d) each.  Runs on the thread that calls. */
void rec_products_rows(const struct rec_products *p, const float *const *row,
                       uint32_t b, float *out);
/* The same as a processor with registers of 512 bits, or without, does it. */
void rec_products_rows_as(const struct rec_products *p, const float *const *row,
                          uint32_t b, bool long_registers, float *out);

#endif
