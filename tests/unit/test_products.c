/* The products that rank, to the bit: whatever the numbers of rows and vectors. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "nn/products.h"
#include "unit/test.h"

enum { MOST_N = 70, MOST_D = 67, MOST_B = 14 };
static float vec[MOST_N * MOST_D], mine[MOST_B][MOST_D], out[MOST_B * MOST_N + 1];
static struct rec_err err;

static float plain(const float *a, const float *b, uint32_t d)
{
    float sum = 0.0f;

    for (uint32_t j = 0; j < d; j++)
        sum += a[j] * b[j];
    return sum;
}

static void expect_products(uint32_t n, uint32_t d, bool long_registers)
{
    const float *row[MOST_B];
    struct rec_products p;

    for (uint32_t r = 0; r < MOST_B; r++)
        row[r] = mine[(r * 5) % MOST_B];
    CHECKF(rec_products_make(vec, n, d, &p, &err) == REC_OK, "%s", err.text);
    for (uint32_t b = 1; b <= MOST_B; b++) {
        memset(out, 0x7f, sizeof out);
        rec_products_rows_as(&p, row, b, long_registers, out);
        for (uint32_t r = 0; r < b; r++)
            for (uint32_t i = 0; i < n; i++) {
                float want = plain(row[r], vec + (size_t)i * d, d);

                CHECKF(memcmp(&want, &out[r * n + i], sizeof want) == 0,
                       "%u vectors of %u, row %u of %u, %u: %a, not %a", n, d, r, b, i,
                       (double)out[r * n + i], (double)want);
            }
        for (size_t k = (size_t)b * n; k < sizeof out / sizeof *out; k++)
            CHECK(memcmp(&out[k], "\x7f\x7f\x7f\x7f", 4) == 0); /* nothing behind */
    }
    rec_products_free(&p);
}

static void products_are_sums_in_order(void)
{
    static const uint32_t n[] = { 1, 15, 16, 17, 31, 32, 33, 48, 63, 64, 70 };
    static const uint32_t d[] = { 1, 2, 16, MOST_D };

    for (size_t k = 0; k < sizeof vec / sizeof *vec; k++)
        vec[k] = (float)sin(1.0 + 0.7 * (double)k);
    for (size_t k = 0; k < sizeof mine / sizeof(float); k++)
        mine[k / MOST_D][k % MOST_D] = (float)cos(2.0 + 1.3 * (double)k);
    for (size_t i = 0; i < sizeof n / sizeof *n; i++)
        for (size_t j = 0; j < sizeof d / sizeof *d; j++)
            for (int k = 0; k < 2; k++)
                expect_products(n[i], d[j], k == 1);
}

int main(void)
{
    RUN(products_are_sums_in_order);
    return test_end();
}
