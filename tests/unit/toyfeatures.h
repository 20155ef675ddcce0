#ifndef REC_TEST_TOYFEATURES_H
#define REC_TEST_TOYFEATURES_H

#include "data/features.h"
#include "unit/toy.h"

/* Random features of N nodes: each node has each of N_COLS with a chance of a half, the
 * first node none. */
static inline void toy_side(uint32_t n, uint32_t n_cols, uint64_t seed,
                            struct rec_sparse *f, struct rec_sparse *t)
{
    uint32_t *row = calloc((size_t)n * n_cols + 1, sizeof *row);
    uint32_t *col = calloc((size_t)n * n_cols + 1, sizeof *col);
    float *value = calloc((size_t)n * n_cols + 1, sizeof *value);
    struct rec_err why;
    size_t k = 0;

    CHECK(row && col && value);
    for (uint32_t v = 1; v < n; v++)
        for (uint32_t c = 0; c < n_cols; c++)
            if (test_random(&seed) % 2 == 0) {
                row[k] = v;
                col[k] = c;
                value[k++] = (float)(test_random(&seed) % 9) / 4.0f - 1.0f;
            }
    CHECK(rec_sparse_make(n, n_cols, k, row, col, value, f, &why) == REC_OK);
    CHECK(rec_sparse_make(n_cols, n, k, col, row, value, t, &why) == REC_OK);
    free(row);
    free(col);
    free(value);
}

/* N_COLS of users and of items; 0 is none. */
static inline struct rec_features toy_features(const uint32_t n[2],
                                               const uint32_t n_cols[2], uint64_t seed)
{
    struct rec_features x = { 0 };

    for (int s = 0; s < 2; s++)
        if (n_cols[s] > 0)
            toy_side(n[s], n_cols[s], seed + (uint64_t)s, &x.f[s], &x.t[s]);
    return x;
}

/* N rows of features of ratings, of width N_EXTRA. */
static inline float *toy_extra(size_t n, uint32_t n_extra, uint64_t seed)
{
    float *x = calloc(n * n_extra + 1, sizeof *x);

    CHECK(x != NULL);
    for (size_t i = 0; i < n * n_extra; i++)
        x[i] = (float)(test_random(&seed) % 17) / 8.0f - 1.0f;
    return x;
}

#endif
