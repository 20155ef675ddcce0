#ifndef REC_DROPOUT_H
#define REC_DROPOUT_H

#include "nn/chunks.h"
#include "nn/real.h"

/*
 * Dropout (Srivastava et al. 2014), inverted: with probability p an element becomes 0,
 * else it is divided by 1 - p; at evaluation nothing is done.  Whether element i of
 * layer l falls in step t is a function of (seed, l, t, i) alone: word i mod 4 of
 * Philox block i / 4 of the stream "dropout LAYER STEP" of the seed.  p = 0, as in
 * { 0 }, is none.
 */
struct rec_dropout {
    double p; /* 0 <= p < 1 */
    uint64_t seed, step;
};

/*
 * x (N, D) = dropout of x.  There is no backward of its own: behind a relu, an element
 * that has fallen is 0 like one that relu cut, so that rec_relu_backward() and
 *   dx = dx / (1 - p)
 * are both backwards together.
 */
void rec_dropout(const struct rec_chunks *c, const struct rec_dropout *drop,
                 uint32_t layer, rec_real *x, uint32_t d);
void rec_dropout_backward(const struct rec_chunks *c, const struct rec_dropout *drop,
                          rec_real *dx, uint32_t d);

#endif
