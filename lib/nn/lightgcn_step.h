#ifndef REC_LIGHTGCN_STEP_H
#define REC_LIGHTGCN_STEP_H

#include "nn/lightgcn.h"

/* How a batch is cut: parts that are summed apart, of blocks of rows. */
enum { REC_LIGHTGCN_PARTS = 16, REC_LIGHTGCN_ROWS = 64 };

/* dE of dF, which is in m->h; F is lost. */
void rec_lightgcn_back(struct rec_lightgcn *m);

/* y += a x */
static inline void rec_lightgcn_add(rec_real *y, rec_real a, const rec_real *x,
                                    uint32_t d)
{
    for (uint32_t j = 0; j < d; j++)
        y[j] += a * x[j];
}

rec_real rec_lightgcn_dot(const rec_real *a, const rec_real *b, uint32_t d);
/* The row of F of an item. */
static inline const rec_real *rec_lightgcn_item(const struct rec_lightgcn *m,
                                                uint32_t item)
{
    return m->f + ((size_t)m->r.n[0] + item) * m->opts.width;
}

/* The loss of the batch, summed; LEARN: also dF, to m->h. */
double rec_lightgcn_softmax(struct rec_lightgcn *m, bool learn);

#endif
