#ifndef REC_KERNELS_H
#define REC_KERNELS_H

#include "nn/chunks.h"
#include "nn/real.h"

/*
 * The products that a graph network is made of.  N nodes, E edges (both directions),
 * D width.  Matrices are row-major.  Each call runs on all threads, one chunk of nodes
 * at a time; an output row has one owner and every sum over chunks is added in chunk
 * order, so that the result does not depend on the number of threads.
 */

/* The name of OpenBLAS's kernels for this processor: what it multiplies with may differ
 * in the last bits between processors, the rest does not. */
const char *rec_kernels_blas(void);

/*
 * y = D^-1/2 (A + I) D^-1/2 x.  The matrix is symmetric, so this is its own backward:
 * dx = D^-1/2 (A + I) D^-1/2 dy.
 *   x, y  (N, D)
 * Moves at least 4E (columns) + 4DE (rows of x, gathered) + 4DN (y) bytes.
 */
void rec_spmm(const struct rec_graph *g, const struct rec_chunks *c, const rec_real *x,
              uint32_t d, rec_real *y);

/* y = x w + b.   x, y (N, D)   w (D, D)   b (D) */
void rec_linear(const struct rec_chunks *c, const rec_real *x, const rec_real *w,
                const rec_real *b, uint32_t d, rec_real *y);

/*
 * Backward of rec_linear(), adding into dw and db.  dx may be NULL.
 *   PART  scratch of chunks * D * (D + 1)
 */
void rec_linear_backward(const struct rec_chunks *c, const rec_real *x,
                         const rec_real *w, const rec_real *dy, uint32_t d,
                         rec_real *dx, rec_real *dw, rec_real *db, rec_real *part);

/* db += sum of the rows of dy.   dy (N, D)   PART scratch of chunks * D */
void rec_bias_backward(const struct rec_chunks *c, const rec_real *dy, uint32_t d,
                       rec_real *db, rec_real *part);

/* x = max(x + b, 0), and for its backward dx = 0 where x was not above 0.
 * b (D) may be NULL. */
void rec_relu(const struct rec_chunks *c, rec_real *x, const rec_real *b, uint32_t d);
void rec_relu_backward(const struct rec_chunks *c, const rec_real *y, uint32_t d,
                       rec_real *dx);

/* OpenBLAS stays on the thread that calls it: the rows are ours to share out. */
void rec_kernels_init(void);

#endif
