#ifndef REC_SUBSPACE_H
#define REC_SUBSPACE_H

#include "nn/pairs01.h"

/*
 * The largest singular values and right singular vectors of a sparse matrix
 *
 *   M[u, i] = by[0][u] by[1][i]   where R has the pair (u, i), else 0
 *
 * by subspace iteration (Halko, Martinsson & Tropp 2011): Q = orth(random (I, K + 32)),
 * three times Q = orth(M'(M Q)), then the eigenvectors of (M Q)'(M Q).  Sparse products
 * and BLAS by chunks of rows that depend on the sizes alone; the small matrices are in
 * double.  The same bits for any number of threads; of the last ones BLAS may differ
 * between processors.
 */
struct rec_scaled01 {
    const struct rec_pairs01 *r;
    const float *by[2];
};

/*
 * V (I, K), S (K) descending.  Where M has fewer than K singular values above 1e-6 of
 * the first, the others are 0, and so are their vectors.
 */
enum rec_status rec_subspace(const struct rec_scaled01 *m, uint32_t k, uint64_t seed,
                             float *v, double *s, struct rec_err *err) REC_MUST_USE;

#endif
