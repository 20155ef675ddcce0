#include "io/filter.h"

#include <string.h>

#include "io/bytes.h"

/* ---- shuffle ---- */

/* Loops that compilers make vectors of: one load, and a store for each byte. */
static void shuffle4(const uint8_t *restrict in, size_t n, uint8_t *restrict out)
{
    for (size_t i = 0; i < n; i++) {
        uint32_t x;

        memcpy(&x, in + 4 * i, 4);
        out[i] = (uint8_t)x;
        out[n + i] = (uint8_t)(x >> 8);
        out[2 * n + i] = (uint8_t)(x >> 16);
        out[3 * n + i] = (uint8_t)(x >> 24);
    }
}

static void unshuffle4(const uint8_t *restrict in, size_t n, uint8_t *restrict out)
{
    for (size_t i = 0; i < n; i++) {
        uint32_t x = (uint32_t)in[i] | (uint32_t)in[n + i] << 8 |
                     (uint32_t)in[2 * n + i] << 16 | (uint32_t)in[3 * n + i] << 24;

        memcpy(out + 4 * i, &x, 4);
    }
}

static void shuffle8(const uint8_t *restrict in, size_t n, uint8_t *restrict out)
{
    for (size_t b = 0; b < 8; b++)
        for (size_t i = 0; i < n; i++) {
            uint64_t x;

            memcpy(&x, in + 8 * i, 8);
            out[b * n + i] = (uint8_t)(x >> 8 * b);
        }
}

static void unshuffle8(const uint8_t *restrict in, size_t n, uint8_t *restrict out)
{
    for (size_t i = 0; i < n; i++) {
        uint64_t x = 0;

        for (size_t b = 0; b < 8; b++)
            x |= (uint64_t)in[b * n + i] << 8 * b;
        memcpy(out + 8 * i, &x, 8);
    }
}

void rec_shuffle(const uint8_t *in, size_t n, size_t size, uint8_t *out)
{
    if (size == 4)
        shuffle4(in, n, out);
    else if (size == 8)
        shuffle8(in, n, out);
    else
        for (size_t b = 0; b < size; b++)
            for (size_t i = 0; i < n; i++)
                out[b * n + i] = in[i * size + b];
}

void rec_unshuffle(const uint8_t *in, size_t n, size_t size, uint8_t *out)
{
    if (size == 4)
        unshuffle4(in, n, out);
    else if (size == 8)
        unshuffle8(in, n, out);
    else
        for (size_t b = 0; b < size; b++)
            for (size_t i = 0; i < n; i++)
                out[i * size + b] = in[b * n + i];
}

/* ---- delta ---- */

static inline uint64_t load_value(const void *in, size_t i, size_t size)
{
    return size == 4 ? ((const uint32_t *)in)[i] : ((const uint64_t *)in)[i];
}

static inline void store_value(void *out, size_t i, size_t size, uint64_t x)
{
    if (size == 4)
        ((uint32_t *)out)[i] = (uint32_t)x;
    else
        ((uint64_t *)out)[i] = x;
}

static inline uint8_t *put_deltas(const void *in, size_t n, size_t size, uint8_t *p)
{
    uint64_t before = 0;

    for (size_t i = 0; i < n; i++) {
        uint64_t x = load_value(in, i, size);
        uint64_t step = rec_zigzag((int64_t)(x - before));

        before = x;
        if (step < 0x80)
            *p++ = (uint8_t)step;
        else
            p = rec_put_varint(p, step);
    }
    return p;
}

enum rec_status rec_delta_encode(const void *in, size_t n, size_t size,
                                 struct rec_buf *out, struct rec_err *err)
{
    enum rec_status st = rec_buf_reserve(out, n * REC_VARINT_MAX, err);

    if (st == REC_OK) {
        uint8_t *p = out->data + out->n;

        p = size == 4 ? put_deltas(in, n, 4, p) : put_deltas(in, n, 8, p);
        out->n = (size_t)(p - out->data);
    }
    return st;
}

static inline bool get_deltas(const uint8_t *p, const uint8_t *end, size_t n,
                              size_t size, void *out)
{
    uint64_t x = 0, all = 0, step;

    for (size_t i = 0; i < n; i++) {
        if (p < end && *p < 0x80)
            step = *p++;
        else if (!rec_get_varint(&p, end, &step))
            return false;
        x += (uint64_t)rec_unzigzag(step);
        all |= x;
        store_value(out, i, size, x);
    }
    return p == end && (size == 8 || all <= UINT32_MAX);
}

bool rec_delta_decode(const uint8_t *data, size_t bytes, size_t n, size_t size,
                      void *out)
{
    return size == 4 ? get_deltas(data, data + bytes, n, 4, out)
                     : get_deltas(data, data + bytes, n, 8, out);
}

/* ---- levels ---- */

enum { MAX_LEVELS = 256, SLOTS = 1024 };

/* The values seen, and where in a hash table their numbers are. */
struct levels {
    size_t k;
    uint64_t value[MAX_LEVELS];
    uint16_t slot[SLOTS]; /* 1 + index into value */
};

/* The number of X, or MAX_LEVELS if there is no room for another one. */
static inline size_t level_of(struct levels *l, uint64_t x)
{
    size_t s = (size_t)(x * 0x9e3779b97f4a7c15u >> 54);

    while (l->slot[s] != 0 && l->value[l->slot[s] - 1] != x)
        s = (s + 1) % SLOTS;
    if (l->slot[s] == 0) {
        if (l->k == MAX_LEVELS)
            return MAX_LEVELS;
        l->value[l->k++] = x;
        l->slot[s] = (uint16_t)l->k;
    }
    return (size_t)l->slot[s] - 1;
}

/* One byte a row at ROWS; false if there are more than MAX_LEVELS values. */
static inline bool find_levels(const void *in, size_t n, size_t size, struct levels *l,
                               uint8_t *rows)
{
    for (size_t i = 0; i < n; i++) {
        size_t level = level_of(l, load_value(in, i, size));

        if (level == MAX_LEVELS)
            return false;
        rows[i] = (uint8_t)level;
    }
    return true;
}

static unsigned bits_of(size_t k, bool packed)
{
    return !packed || k > 16 ? 8 : k > 4 ? 4 : k > 2 ? 2 : 1;
}

static size_t packed_bytes(size_t n, unsigned bits)
{
    return n / (8 / bits) + (n % (8 / bits) != 0);
}

/* In place: N bytes below 2^bits, the first one lowest. */
static inline void pack_bits(uint8_t *rows, size_t n, unsigned bits)
{
    size_t per = 8 / bits, i;

    for (i = 0; i < n / per; i++) {
        unsigned x = 0;

        for (size_t k = 0; k < per; k++)
            x |= (unsigned)rows[i * per + k] << k * bits;
        rows[i] = (uint8_t)x;
    }
    if (n % per != 0) {
        unsigned x = 0;

        for (size_t k = 0; k < n % per; k++)
            x |= (unsigned)rows[i * per + k] << k * bits;
        rows[i] = (uint8_t)x;
    }
}

enum rec_status rec_levels_encode(const void *in, size_t n, size_t size, bool packed,
                                  struct rec_buf *out, struct rec_err *err)
{
    struct levels l = { .k = 0 };
    size_t most = 2 + MAX_LEVELS * size;
    enum rec_status st = rec_buf_reserve(out, most + n * size, err);
    uint8_t *p, *rows;
    unsigned bits;

    if (st != REC_OK)
        return st;
    p = out->data + out->n;
    rows = p + most;
    if (!(size == 4 ? find_levels(in, n, 4, &l, rows)
                    : find_levels(in, n, 8, &l, rows))) {
        p[0] = p[1] = 0;
        rec_shuffle(in, n, size, p + 2);
        out->n += 2 + n * size;
        return REC_OK;
    }
    p[0] = (uint8_t)l.k;
    p[1] = (uint8_t)(l.k >> 8);
    for (size_t i = 0; i < l.k; i++)
        memcpy(p + 2 + i * size, &l.value[i], size);
    bits = bits_of(l.k, packed);
    if (bits == 4)
        pack_bits(rows, n, 4);
    else if (bits < 4)
        pack_bits(rows, n, bits);
    memmove(p + 2 + l.k * size, rows, packed_bytes(n, bits));
    out->n += 2 + l.k * size + packed_bytes(n, bits);
    return REC_OK;
}

static inline bool get_levels(const uint8_t *values, size_t k, const uint8_t *rows,
                              size_t n, size_t size, unsigned bits, void *out)
{
    size_t per = 8 / bits, worst = 0;
    uint64_t value[MAX_LEVELS] = { 0 };

    for (size_t i = 0; i < k; i++)
        memcpy(&value[i], values + i * size, size);
    for (size_t i = 0; i < n; i++) {
        size_t level = (uint32_t)rows[i / per] >> i % per * bits & ((1u << bits) - 1);

        worst = worst > level ? worst : level;
        store_value(out, i, size, value[level]);
    }
    return worst < k && (n % per == 0 || rows[n / per] >> n % per * bits == 0);
}

bool rec_levels_decode(const uint8_t *data, size_t bytes, size_t n, size_t size,
                       bool packed, void *out)
{
    size_t k = bytes < 2 ? 0 : (size_t)data[0] | (size_t)data[1] << 8;
    unsigned bits = bits_of(k, packed);
    const uint8_t *values = data + 2, *rows = values + k * size;

    if (bytes < 2 || k > MAX_LEVELS ||
        bytes - 2 != (k == 0 ? n * size : k * size + packed_bytes(n, bits)))
        return false;
    if (k == 0) {
        rec_unshuffle(values, n, size, out);
        return true;
    }
    if (size == 4 && bits == 4)
        return get_levels(values, k, rows, n, 4, 4, out);
    if (size == 4 && bits == 8)
        return get_levels(values, k, rows, n, 4, 8, out);
    return get_levels(values, k, rows, n, size, bits, out);
}
