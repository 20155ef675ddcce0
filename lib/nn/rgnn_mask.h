#ifndef REC_RGNN_MASK_H
#define REC_RGNN_MASK_H

#include "base/random.h"
#include "nn/rgnn.h"

/*
 * The factors of one edge under dropout: for columns 64 c .. 64 c + 63, the 64 halves of
 * words of Philox blocks 8 (edge * strips + c) + 0 .. 7 of the stream "rgnn dropout STEP".
 * A column falls if its half is below p * 65536.
 */
struct rec_rgnn_mask {
    struct rec_random random;
    uint32_t below; /* 0: no dropout */
    rec_real scale;
};

struct rec_rgnn_mask rec_rgnn_mask(const struct rec_rgnn_drop *drop);

/* rec_philox() of 8 blocks from FIRST on, side by side. */
static inline __attribute__((always_inline)) void
rec_rgnn_mask_words(const struct rec_random *r, uint64_t first, uint32_t out[4][8])
{
    uint32_t *c0 = out[0], *c1 = out[1], *c2 = out[2], *c3 = out[3];
    uint32_t k0 = r->key[0], k1 = r->key[1];

    for (uint32_t i = 0; i < 8; i++) {
        c0[i] = (uint32_t)(first + i);
        c1[i] = (uint32_t)((first + i) >> 32);
        c2[i] = (uint32_t)r->stream;
        c3[i] = (uint32_t)(r->stream >> 32);
    }
    for (int round = 0; round < 10; round++) {
        for (int i = 0; i < 8; i++) {
            uint64_t p0 = (uint64_t)0xD2511F53u * c0[i];
            uint64_t p1 = (uint64_t)0xCD9E8D57u * c2[i];

            c0[i] = (uint32_t)(p1 >> 32) ^ c1[i] ^ k0;
            c1[i] = (uint32_t)p1;
            c2[i] = (uint32_t)(p0 >> 32) ^ c3[i] ^ k1;
            c3[i] = (uint32_t)p0;
        }
        k0 += 0x9E3779B9u;
        k1 += 0xBB67AE85u;
    }
}

/* m (D) of edge number EDGE. */
static inline __attribute__((always_inline)) void
rec_rgnn_mask_row(const struct rec_rgnn_mask *k, uint32_t edge, uint32_t d, rec_real *m)
{
    uint64_t strips = (d + 63) / 64;

    if (k->below == 0) {
        for (uint32_t j = 0; j < d; j++)
            m[j] = 1;
        return;
    }
    for (uint64_t c = 0; c < strips; c++, m += 64) {
        uint32_t n = d - 64 * c < 64 ? (uint32_t)(d - 64 * c) : 64, w[4][8];
        rec_real all[64];

        rec_rgnn_mask_words(&k->random, 8 * (edge * strips + c), w);
        for (uint32_t i = 0; i < 4; i++)
            for (uint32_t j = 0; j < 8; j++) {
                all[16 * i + j] = (w[i][j] & 0xffff) < k->below ? 0 : k->scale;
                all[16 * i + 8 + j] = w[i][j] >> 16 < k->below ? 0 : k->scale;
            }
        for (uint32_t j = 0; j < n; j++)
            m[j] = all[j];
    }
}

#endif
