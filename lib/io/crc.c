#include "io/crc.h"

#include <zlib.h>

#if defined(__x86_64__) && defined(__GNUC__)

#include <immintrin.h>

/*
 * V. Gopal et al., "Fast CRC Computation for Generic Polynomials Using PCLMULQDQ
 * Instruction" (Intel, 2009), bit-reflected: the message is a polynomial, and 128 bits
 * of it that stand d bits before the end may be replaced by their product with x^d mod
 * P.
 */
#define CLMUL __attribute__((target("pclmul,sse4.1")))

/* x^(512+32), x^(512-32); x^(128+32), x^(128-32); x^64 mod P; and P, floor(x^64 / P).
 */
static const uint64_t by_512[2] = { 0x154442bd4, 0x1c6e41596 };
static const uint64_t by_128[2] = { 0x1751997d0, 0x0ccaa009e };
static const uint64_t by_64[2] = { 0x163cd6124, 0 };
static const uint64_t barrett[2] = { 0x1db710641, 0x1f7011641 };

static inline CLMUL __m128i load(const void *p)
{
    return _mm_loadu_si128((const __m128i *)p);
}

/* X moved on by the distance of K, and NEXT, which stands there. */
static inline CLMUL __m128i fold(__m128i x, __m128i k, __m128i next)
{
    __m128i low = _mm_clmulepi64_si128(x, k, 0x00);
    __m128i high = _mm_clmulepi64_si128(x, k, 0x11);

    return _mm_xor_si128(_mm_xor_si128(low, high), next);
}

/* The remainder of 128 bits: to 96, to 64, then Barrett's division. */
static inline CLMUL uint32_t reduce(__m128i x)
{
    const __m128i low32 = _mm_setr_epi32(-1, 0, -1, 0);
    __m128i y = _mm_clmulepi64_si128(x, load(by_128), 0x10);

    x = _mm_xor_si128(_mm_srli_si128(x, 8), y);
    y = _mm_srli_si128(x, 4);
    x = _mm_clmulepi64_si128(_mm_and_si128(x, low32), load(by_64), 0x00);
    x = _mm_xor_si128(x, y);
    y = _mm_clmulepi64_si128(_mm_and_si128(x, low32), load(barrett), 0x10);
    y = _mm_clmulepi64_si128(_mm_and_si128(y, low32), load(barrett), 0x00);
    return (uint32_t)_mm_extract_epi32(_mm_xor_si128(x, y), 1);
}

/* N is at least 64 and a multiple of 16; CRC is inverted, as is the result. */
static CLMUL uint32_t crc_clmul(uint32_t crc, const uint8_t *p, size_t n)
{
    __m128i x[4], k = load(by_512);

    for (int i = 0; i < 4; i++)
        x[i] = load(p + 16 * i);
    x[0] = _mm_xor_si128(x[0], _mm_cvtsi32_si128((int)crc));
    for (p += 64, n -= 64; n >= 64; p += 64, n -= 64)
        for (int i = 0; i < 4; i++)
            x[i] = fold(x[i], k, load(p + 16 * i));
    k = load(by_128);
    for (int i = 1; i < 4; i++)
        x[0] = fold(x[0], k, x[i]);
    for (; n >= 16; p += 16, n -= 16)
        x[0] = fold(x[0], k, load(p));
    return reduce(x[0]);
}

uint32_t rec_crc32(uint32_t crc, const void *data, size_t n)
{
    const uint8_t *p = data;

    if (n >= 64 && __builtin_cpu_supports("pclmul") &&
        __builtin_cpu_supports("sse4.1")) {
        size_t part = n & ~(size_t)15;

        crc = ~crc_clmul(~crc, p, part);
        p += part;
        n -= part;
    }
    return n > 0 ? (uint32_t)crc32_z(crc, p, n) : crc;
}

#else

uint32_t rec_crc32(uint32_t crc, const void *data, size_t n)
{
    return n > 0 ? (uint32_t)crc32_z(crc, data, n) : crc;
}

#endif
