#ifndef REC_ITEMPAIRS_H
#define REC_ITEMPAIRS_H

#include "nn/pairs01.h"

/*
 * G = X'X of X = diag(by) R, R the 0/1 matrix of U users and I items: for two items the
 * sum of by[u]^2 over the users who have both.  Sparse: row j is
 * to[off[j]] .. off[j + 1], ascending, and g beside it.  Takes 8 bytes a pair, each
 * pair of two items twice.
 */
struct rec_item_pairs {
    uint64_t *off; /* (I + 1) */
    uint32_t *to;
    float *g;
};

/* BY (U).  The same bits for any number of threads. */
enum rec_status rec_item_pairs_make(const struct rec_pairs01 *r, const float *by,
                                    struct rec_item_pairs *out,
                                    struct rec_err *err) REC_MUST_USE;
void rec_item_pairs_free(struct rec_item_pairs *x);

#endif
