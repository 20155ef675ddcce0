#ifndef REC_NODEFEATURES_H
#define REC_NODEFEATURES_H

#include "data/features.h"
#include "io/table.h"
#include "nn/real.h"

/*
 * Side features (data/features.h) in a model: products with sparse F, and what a model
 * remembers of the features that it was trained with.  D width.
 */

/* y (D) += F[row] W   W (n_cols, D) */
static inline void rec_sparse_add(const struct rec_sparse *f, uint32_t row,
                                  const rec_real *w, uint32_t d, rec_real *y)
{
    for (uint64_t e = f->off[row]; e < f->off[row + 1]; e++) {
        const rec_real *w_row = w + (size_t)f->col[e] * d;
        rec_real value = (rec_real)f->value[e];

        for (uint32_t j = 0; j < d; j++)
            y[j] += value * w_row[j];
    }
}

/* Its backward, on all threads: dw += T dy.   T = F'   dy (nodes, D)   dw (n_cols, D)
 * Each row of dw has one owner, and adds nodes in their order. */
void rec_sparse_backward(const struct rec_sparse *t, const rec_real *dy, uint32_t d,
                         rec_real *dw);

/*
 * Keys `features_users`, `features_items` and `features_ratings` of section `model`:
 * how many of each; none is no key.  F may be NULL.
 */
enum rec_status rec_features_remember(struct rec_table *t, const struct rec_features *f,
                                      uint32_t n_extra,
                                      struct rec_err *err) REC_MUST_USE;
/* Whether it was trained with features of ratings. */
bool rec_features_remembers_ratings(const struct rec_table *t);
/*
 * OUT is RATINGS with the features that the model was trained with, and no others; its
 * OUT->features is VIEW, or NULL.  REC_EFORMAT if RATINGS has not got them.
 */
enum rec_status rec_features_recall(const struct rec_table *t,
                                    const struct rec_ratings *ratings,
                                    struct rec_features *view, struct rec_ratings *out,
                                    struct rec_err *err) REC_MUST_USE;

#endif
