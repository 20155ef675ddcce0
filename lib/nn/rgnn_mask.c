#include "nn/rgnn_mask.h"

#include <inttypes.h>
#include <stdio.h>

struct rec_rgnn_mask rec_rgnn_mask(const struct rec_rgnn_drop *drop, uint64_t *bits)
{
    struct rec_rgnn_mask k = { .bits = bits };
    char stream[48];

    if (drop == NULL || !(drop->p > 0.0))
        return k;
    k.below = (uint32_t)(drop->p * 65536.0);
    k.scale = (rec_real)(65536.0 / (65536.0 - k.below));
    (void)snprintf(stream, sizeof stream, "rgnn dropout %" PRIu64, drop->step);
    rec_random_init(&k.random, drop->seed, stream);
    return k;
}

enum { LANES = 32, AT_ONCE = LANES / 8 }; /* strips at once */

/* rec_philox() of 8 blocks for each of the strips, side by side; a byte of bits each.
 */
REC_CLONES static void draw(const struct rec_rgnn_mask *k,
                            const uint64_t strip[AT_ONCE], uint64_t bits[AT_ONCE])
{
    uint32_t c0[LANES], c1[LANES], c2[LANES], c3[LANES];
    uint32_t k0 = k->random.key[0], k1 = k->random.key[1], below = k->below;
    uint32_t byte[LANES];

    for (uint32_t i = 0; i < LANES; i++) {
        uint64_t at = 8 * strip[i / 8] + i % 8;

        c0[i] = (uint32_t)at;
        c1[i] = (uint32_t)(at >> 32);
        c2[i] = (uint32_t)k->random.stream;
        c3[i] = (uint32_t)(k->random.stream >> 32);
    }
    for (int round = 0; round < 10; round++) {
        for (int i = 0; i < LANES; i++) {
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
    for (int i = 0; i < LANES; i++)
        byte[i] = (uint32_t)((c0[i] & 0xffff) >= below) |
                  (uint32_t)(c0[i] >> 16 >= below) << 1 |
                  (uint32_t)((c1[i] & 0xffff) >= below) << 2 |
                  (uint32_t)(c1[i] >> 16 >= below) << 3 |
                  (uint32_t)((c2[i] & 0xffff) >= below) << 4 |
                  (uint32_t)(c2[i] >> 16 >= below) << 5 |
                  (uint32_t)((c3[i] & 0xffff) >= below) << 6 |
                  (uint32_t)(c3[i] >> 16 >= below) << 7;
    for (uint32_t s = 0; s < AT_ONCE; s++) {
        bits[s] = 0;
        for (uint32_t i = 0; i < 8; i++)
            bits[s] |= (uint64_t)byte[8 * s + i] << 8 * i;
    }
}

void rec_rgnn_mask_draw(const struct rec_rgnn_mask *k, const uint32_t *edge, uint64_t n,
                        uint32_t d)
{
    uint32_t strips = rec_rgnn_strips(d);
    uint64_t all = n * strips;

    for (uint64_t at = 0; at < all; at += AT_ONCE) {
        uint64_t strip[AT_ONCE] = { 0 }, bits[AT_ONCE];
        uint64_t m = all - at < AT_ONCE ? all - at : AT_ONCE;

        for (uint64_t s = 0; s < m; s++)
            strip[s] = (uint64_t)edge[(at + s) / strips] * strips + (at + s) % strips;
        draw(k, strip, bits);
        for (uint64_t s = 0; s < m; s++)
            k->bits[strip[s]] = bits[s];
    }
}
