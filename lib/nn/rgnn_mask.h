#ifndef REC_RGNN_MASK_H
#define REC_RGNN_MASK_H

#include "base/random.h"
#include "nn/rgnn.h"

/*
 * The dropout of one step, a bit for each edge of the fold and column.  Columns 64 c ..
 * 64 c + 63 of an edge are the 64 halves of words of Philox blocks
 * 8 (edge * strips + c) + 0 .. 7 of the stream "rgnn dropout STEP", of each block the
 * low and the high half of its four words; a column falls, bit 0, if its half is below
 * p * 65536.
 */
struct rec_rgnn_mask {
    struct rec_random random;
    uint32_t below; /* 0: no dropout */
    rec_real scale; /* of what stays */
    uint64_t *bits; /* (E, strips) by edge number */
};

struct rec_rgnn_mask rec_rgnn_mask(const struct rec_rgnn_drop *drop, uint64_t *bits);

static inline uint32_t rec_rgnn_strips(uint32_t d)
{
    return (d + 63) / 64;
}

/* Draws the bits of N edges. */
void rec_rgnn_mask_draw(const struct rec_rgnn_mask *k, const uint32_t *edge, uint64_t n,
                        uint32_t d);

/* m (D) of edge number EDGE: 0 or `scale`; 1 without dropout. */
static inline __attribute__((always_inline)) void rec_rgnn_mask_row(
    const struct rec_rgnn_mask *k, uint32_t edge, uint32_t d, rec_real *m)
{
    const uint64_t *bits = k->bits + (size_t)edge * rec_rgnn_strips(d);
    const rec_real scale = k->scale;

    if (k->below == 0) {
        for (uint32_t j = 0; j < d; j++)
            m[j] = 1;
        return;
    }
    for (uint32_t at = 0; at < d; at += 32) {
        uint32_t half = (uint32_t)(bits[at / 64] >> at % 64);

        if (d - at >= 32)
            for (uint32_t j = 0; j < 32; j++)
                m[at + j] = (rec_real)(int32_t)(half >> j & 1) * scale;
        else
            for (uint32_t j = 0; j < d - at; j++)
                m[at + j] = (rec_real)(int32_t)(half >> j & 1) * scale;
    }
}

#endif
