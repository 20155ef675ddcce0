#ifndef REC_TEST_RGNNTOY_H
#define REC_TEST_RGNNTOY_H

#include <math.h>

#include "nn/rgnn_learner.h"
#include "unit/toy.h"

/* A toy with times, some the same. */
static inline struct toy timed_toy(uint32_t users, uint32_t items, size_t n,
                                   uint64_t seed, int64_t **time)
{
    struct toy t = toy_make(users, items, n, seed);

    *time = calloc(n, sizeof **time);
    CHECK(*time != NULL);
    for (size_t i = 0; i < n; i++)
        (*time)[i] = (int64_t)(test_random(&seed) % 50) * 40;
    t.x.time = *time;
    return t;
}

static inline struct rec_rgnn_opts rgnn_opts(void)
{
    return (struct rec_rgnn_opts){ .width = 8,
                                   .n_folds = 5,
                                   .seed = 1,
                                   .lambda = { NAN, NAN },
                                   .penalty = 0.06,
                                   .dropout = 0.5,
                                   .init = 0.01 };
}

#endif
