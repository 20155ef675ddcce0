#ifndef REC_DOT_H
#define REC_DOT_H

#include <stdint.h>

#include "nn/real.h"

/* Sum of a[j] b[j], in 16 sums side by side. */
static inline __attribute__((always_inline)) rec_real rec_dot(const rec_real *a,
                                                              const rec_real *b,
                                                              uint32_t d)
{
    rec_real lane[16] = { 0 };
    uint32_t j = 0;

    for (; j + 16 <= d; j += 16)
        for (uint32_t l = 0; l < 16; l++)
            lane[l] += a[j + l] * b[j + l];
    for (; j < d; j++)
        lane[j % 16] += a[j] * b[j];
    for (uint32_t l = 0; l < 8; l++)
        lane[l] += lane[l + 8];
    for (uint32_t l = 0; l < 4; l++)
        lane[l] += lane[l + 4];
    return (lane[0] + lane[2]) + (lane[1] + lane[3]);
}

#endif
