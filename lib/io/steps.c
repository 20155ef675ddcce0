#include <string.h>

#include "io/bytes.h"
#include "io/filter.h"

/*
 * Times on whole days, ids from a dictionary: all values of a frame are base + k step,
 * with a k of 1 to 3 bytes.  Sorted values: their differences take less.
 *
 *   u8 b | u64 base | u64 step | the k, b bytes each, shuffled
 *   u8 0 | as rec_delta_encode()
 */
enum { HEAD = 17, PIECE = 1024 };

/* Division by STEP = odd << shift of what it divides: a shift and a multiplication by
 * the inverse of the odd part modulo 2^64. */
struct divisor {
    uint64_t step, inverse, most; /* no quotient is above MOST */
    unsigned shift;
};

static struct divisor divisor(uint64_t step)
{
    unsigned shift = (unsigned)__builtin_ctzll(step);
    uint64_t odd = step >> shift, inverse = odd; /* right in 3 bits, then 6, 12, ... */

    for (int i = 0; i < 5; i++)
        inverse *= 2 - odd * inverse;
    return (struct divisor){ step, inverse, UINT64_MAX / odd, shift };
}

static inline uint64_t quotient(struct divisor d, uint64_t x)
{
    return (x >> d.shift) * d.inverse;
}

static inline bool divides(struct divisor d, uint64_t x)
{
    return (x & ((UINT64_C(1) << d.shift) - 1)) == 0 && quotient(d, x) <= d.most;
}

static uint64_t gcd(uint64_t a, uint64_t b)
{
    while (b != 0) {
        uint64_t rest = a % b;

        a = b;
        b = rest;
    }
    return a;
}

static inline uint64_t load_value(const void *in, size_t i, size_t size)
{
    return size == 4 ? ((const uint32_t *)in)[i] : ((const uint64_t *)in)[i];
}

/* The least and the greatest value; FLIP is the sign bit if they have one. */
static inline void find_range(const void *in, size_t n, size_t size, uint64_t flip,
                              uint64_t *low, uint64_t *high)
{
    uint64_t least = UINT64_MAX, greatest = 0;

    for (size_t i = 0; i < n; i++) {
        uint64_t x = load_value(in, i, size) ^ flip;

        least = least < x ? least : x;
        greatest = greatest > x ? greatest : x;
    }
    *low = least ^ flip;
    *high = greatest ^ flip;
}

/* The largest step of which all x - BASE are multiples; 1 if they are all 0. */
static inline uint64_t find_step(const void *in, size_t n, size_t size, uint64_t base)
{
    struct divisor d;
    uint64_t step = 0;
    size_t i;

    for (i = 0; i < n && step == 0; i++)
        step = load_value(in, i, size) - base;
    if (step == 0)
        return 1;
    d = divisor(step);
    for (; i < n && d.step > 1; i++) {
        uint64_t x = load_value(in, i, size) - base;

        if (!divides(d, x))
            d = divisor(gcd(d.step, x));
    }
    return d.step;
}

/* Whether varints of the differences take less than LIMIT bytes. */
static inline bool is_sorted_enough(const void *in, size_t n, size_t size, size_t limit)
{
    uint64_t before = 0;
    size_t bytes = n;

    for (size_t i = 0; i < n && bytes < limit; i++) {
        uint64_t x = load_value(in, i, size);

        for (uint64_t rest = rec_zigzag((int64_t)(x - before)); rest > 127; rest >>= 7)
            bytes++;
        before = x;
    }
    return bytes < limit;
}

/* Values I .. I + M of IN as k; the lowest B bytes of each go to planes of N at OUT. */
static inline void put_piece(const void *in, size_t i, size_t m, size_t size,
                             uint64_t base, struct divisor d, size_t n, unsigned b,
                             uint8_t *out)
{
    uint32_t k[PIECE], high[PIECE];

    for (size_t j = 0; j < m; j++) {
        uint64_t x = quotient(d, load_value(in, i + j, size) - base);

        k[j] = (uint32_t)x;
        high[j] = (uint32_t)(x >> 32);
    }
    for (unsigned plane = 0; plane < b; plane++) {
        const uint32_t *from = plane < 4 ? k : high;
        uint8_t *to = out + plane * n + i;

        for (size_t j = 0; j < m; j++)
            to[j] = (uint8_t)(from[j] >> plane % 4 * 8);
    }
}

static inline enum rec_status encode(const void *in, size_t n, size_t size,
                                     uint64_t flip, struct rec_buf *out,
                                     struct rec_err *err)
{
    uint8_t *p = out->data + out->n;
    uint64_t low, high, most;
    struct divisor d;
    unsigned b = 1;

    find_range(in, n, size, flip, &low, &high);
    d = divisor(find_step(in, n, size, low));
    for (most = quotient(d, high - low); most > 255; most >>= 8)
        b++;
    if (is_sorted_enough(in, n, size, b * n)) {
        p[0] = 0;
        out->n++;
        return rec_delta_encode(in, n, size, out, err);
    }
    p[0] = (uint8_t)b;
    rec_put_u64(p + 1, low);
    rec_put_u64(p + 9, d.step);
    for (size_t i = 0; i < n; i += PIECE)
        put_piece(in, i, n - i < PIECE ? n - i : PIECE, size, low, d, n, b, p + HEAD);
    out->n += HEAD + b * n;
    return REC_OK;
}

enum rec_status rec_steps_encode(const void *in, size_t n, size_t size, bool is_signed,
                                 struct rec_buf *out, struct rec_err *err)
{
    enum rec_status st = rec_buf_reserve(out, HEAD + n * size, err);

    if (st != REC_OK)
        return st;
    return size == 4 ? encode(in, n, 4, 0, out, err)
                     : encode(in, n, 8, is_signed ? UINT64_C(1) << 63 : 0, out, err);
}

/* Values I .. I + M; the bits of all of them are added to *all. */
static inline void get_piece(const uint8_t *data, size_t i, size_t m, size_t n,
                             unsigned b, uint64_t base, uint64_t step, size_t size,
                             void *out, uint64_t *all)
{
    uint64_t k[PIECE];

    for (size_t j = 0; j < m; j++)
        k[j] = data[i + j];
    for (unsigned plane = 1; plane < b; plane++)
        for (size_t j = 0; j < m; j++)
            k[j] |= (uint64_t)data[plane * n + i + j] << 8 * plane;
    for (size_t j = 0; j < m; j++) {
        uint64_t x = base + k[j] * step;

        *all |= x;
        if (size == 4)
            ((uint32_t *)out)[i + j] = (uint32_t)x;
        else
            ((uint64_t *)out)[i + j] = x;
    }
}

bool rec_steps_decode(const uint8_t *data, size_t bytes, size_t n, size_t size,
                      void *out)
{
    uint64_t base, step, all = 0;
    unsigned b;

    if (bytes > 0 && data[0] == 0)
        return rec_delta_decode(data + 1, bytes - 1, n, size, out);
    if (bytes < HEAD)
        return false;
    b = data[0];
    base = rec_get_u64(data + 1);
    step = rec_get_u64(data + 9);
    if (step == 0 || b > size || bytes - HEAD != b * n)
        return false;
    for (size_t i = 0; i < n; i += PIECE) {
        size_t m = n - i < PIECE ? n - i : PIECE;

        if (size == 4)
            get_piece(data + HEAD, i, m, n, b, base, step, 4, out, &all);
        else
            get_piece(data + HEAD, i, m, n, b, base, step, 8, out, &all);
    }
    return size == 8 || all <= UINT32_MAX;
}
