#include "base/random.h"

#include <math.h>
#include <string.h>

#include "base/clones.h"
#include "base/hash.h"

void rec_philox(const uint32_t counter[4], const uint32_t key[2], uint32_t out[4])
{
    uint32_t c0 = counter[0], c1 = counter[1], c2 = counter[2], c3 = counter[3];
    uint32_t k0 = key[0], k1 = key[1];

    for (int round = 0; round < 10; round++) {
        uint64_t p0 = (uint64_t)0xD2511F53u * c0;
        uint64_t p1 = (uint64_t)0xCD9E8D57u * c2;

        c0 = (uint32_t)(p1 >> 32) ^ c1 ^ k0;
        c1 = (uint32_t)p1;
        c2 = (uint32_t)(p0 >> 32) ^ c3 ^ k1;
        c3 = (uint32_t)p0;
        k0 += 0x9E3779B9u;
        k1 += 0xBB67AE85u;
    }
    out[0] = c0;
    out[1] = c1;
    out[2] = c2;
    out[3] = c3;
}

void rec_random_init(struct rec_random *r, uint64_t seed, const char *stream)
{
    *r = (struct rec_random){
        .key = { (uint32_t)seed, (uint32_t)(seed >> 32) },
        .stream = rec_hash64(stream, strlen(stream), 0),
    };
}

static void block(const struct rec_random *r, uint64_t at, uint64_t out[2])
{
    uint32_t c[4] = { (uint32_t)at, (uint32_t)(at >> 32), (uint32_t)r->stream,
                      (uint32_t)(r->stream >> 32) };
    uint32_t w[4];

    rec_philox(c, r->key, w);
    out[0] = (uint64_t)w[1] << 32 | w[0];
    out[1] = (uint64_t)w[3] << 32 | w[2];
}

uint64_t rec_random_u64(struct rec_random *r)
{
    uint64_t two[2];

    if (r->has_spare) {
        r->has_spare = 0;
        return r->spare;
    }
    block(r, r->counter++, two);
    r->spare = two[1];
    r->has_spare = 1;
    return two[0];
}

static double unit(uint64_t x)
{
    return (double)(x >> 11) * 0x1p-53;
}

double rec_random_uniform(struct rec_random *r)
{
    return unit(rec_random_u64(r));
}

double rec_random_normal(struct rec_random *r)
{
    double u = 1.0 - rec_random_uniform(r); /* (0, 1], so that log() is finite */
    double v = rec_random_uniform(r);

    return sqrt(-2.0 * log(u)) * cos(6.283185307179586 * v);
}

uint64_t rec_random_below(struct rec_random *r, uint64_t n)
{
    uint64_t floor = (0 - n) % n; /* 2^64 mod n values are too many: drawn again */
    uint64_t x;

    do
        x = rec_random_u64(r);
    while (x < floor);
    return x % n;
}

double rec_random_uniform_at(const struct rec_random *r, uint64_t at)
{
    uint64_t two[2];

    block(r, at / 2, two);
    return unit(two[at % 2]);
}

enum { LANES = 32 };

/* LANES blocks from FIRST on, side by side: rec_philox() with a loop around each step.
 */
REC_CLONES static void blocks(const struct rec_random *r, uint64_t first,
                              double out[2 * LANES])
{
    uint32_t c0[LANES], c1[LANES], c2[LANES], c3[LANES];
    uint32_t k0 = r->key[0], k1 = r->key[1];

    for (uint32_t i = 0; i < LANES; i++) {
        c0[i] = (uint32_t)(first + i);
        c1[i] = (uint32_t)((first + i) >> 32);
        c2[i] = (uint32_t)r->stream;
        c3[i] = (uint32_t)(r->stream >> 32);
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
    for (int i = 0; i < LANES; i++) {
        uint64_t a = (uint64_t)c1[i] << 32 | c0[i], b = (uint64_t)c3[i] << 32 | c2[i];

        out[2 * i] = (double)(int64_t)(a >> 11) * 0x1p-53;
        out[2 * i + 1] = (double)(int64_t)(b >> 11) * 0x1p-53;
    }
}

void rec_random_uniforms(const struct rec_random *r, uint64_t at, size_t n, double *out)
{
    double some[2 * LANES];
    size_t skip = at % 2; /* the first half of a block */

    while (n > 0) {
        size_t m = 2 * LANES - skip < n ? 2 * LANES - skip : n;

        blocks(r, at / 2, some);
        memcpy(out, some + skip, m * sizeof *out);
        out += m;
        at += m;
        n -= m;
        skip = 0;
    }
}
