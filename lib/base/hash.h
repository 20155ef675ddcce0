#ifndef REC_HASH_H
#define REC_HASH_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/*
 * A keyed 64-bit hash of bytes, for tables and digests; not cryptographic.  Each
 * 16 bytes are folded in with one 64 x 64 -> 128 bit multiplication, whose halves
 * are xored (the "multiply and fold" step of Yi Wang's wyhash, 2019).  The value is
 * the same on every machine: bytes are read as little-endian words.
 */
static inline uint64_t rec_hash_fold(uint64_t a, uint64_t b)
{
    unsigned __int128 m = (unsigned __int128)a * b;

    return (uint64_t)m ^ (uint64_t)(m >> 64);
}

static inline uint64_t rec_hash_load(const uint8_t *p, size_t n)
{
    uint64_t x = 0;

    memcpy(&x, p, n);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    x = __builtin_bswap64(x);
#endif
    return x;
}

static inline uint64_t rec_hash64(const void *data, size_t n, uint64_t key)
{
    const uint64_t c0 = 0x9e3779b97f4a7c15u, c1 = 0xd1b54a32d192ed03u;
    const uint8_t *p = data;
    uint64_t h = rec_hash_fold(key ^ c0, (uint64_t)n ^ c1);

    for (; n > 16; p += 16, n -= 16)
        h = rec_hash_fold(rec_hash_load(p, 8) ^ c0 ^ h, rec_hash_load(p + 8, 8) ^ c1);
    if (n > 8)
        h = rec_hash_fold(rec_hash_load(p, 8) ^ c0 ^ h,
                          rec_hash_load(p + 8, n - 8) ^ c1);
    else
        h = rec_hash_fold(rec_hash_load(p, n) ^ c0 ^ h, c1);
    return rec_hash_fold(h ^ c1, c0);
}

/*
 * A random key, drawn once a process: whoever chooses the input cannot choose the
 * collisions.  Nothing that is written may depend on it.
 */
uint64_t rec_hash_key(void);

#endif
