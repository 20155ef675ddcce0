#ifndef REC_TOPK_H
#define REC_TOPK_H

#include <stdbool.h>
#include <stdint.h>

/* An item and its score. */
struct rec_hit {
    float score;
    uint32_t item;
};

/*
 * The K highest of SCORE (N), best first, into OUT (K); of equal ones the lower item
 * first.  *n_out is how many there are: -INFINITY says that an item is not to be
 * listed.  False, with OUT undefined, if a score is NaN or +INFINITY.
 */
bool rec_topk(const float *score, uint32_t n, uint32_t k, struct rec_hit *out,
              uint32_t *n_out);

#endif
