/* filter, steps, pack: against plain versions, and what no writer makes */
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "io/bytes.h"
#include "io/filter.h"
#include "io/pack.h"
#include "unit/test.h"

static struct rec_err err;

enum { N = 3000 };

static uint64_t value_at(const void *in, size_t i, size_t size)
{
    uint64_t x = 0;

    memcpy(&x, (const uint8_t *)in + i * size, size);
    return x;
}

/* ---- plain versions ---- */

static size_t plain_planes(const void *in, size_t n, size_t size, size_t keep,
                           uint8_t *out)
{
    for (size_t b = 0; b < keep; b++)
        for (size_t i = 0; i < n; i++)
            out[b * n + i] = (uint8_t)(value_at(in, i, size) >> 8 * b);
    return keep * n;
}

static size_t plain_delta(const void *in, size_t n, size_t size, uint8_t *out)
{
    uint8_t *p = out;
    uint64_t before = 0;

    for (size_t i = 0; i < n; i++) {
        p = rec_put_varint(p, rec_zigzag((int64_t)(value_at(in, i, size) - before)));
        before = value_at(in, i, size);
    }
    return (size_t)(p - out);
}

static size_t plain_levels(const void *in, size_t n, size_t size, bool packed,
                           uint8_t *out)
{
    uint64_t seen[256];
    size_t k = 0, bits = 8, j;
    static uint8_t row[N];

    for (size_t i = 0; i < n; i++) {
        for (j = 0; j < k && seen[j] != value_at(in, i, size); j++)
            ;
        if (j == 256) {
            out[0] = out[1] = 0;
            return 2 + plain_planes(in, n, size, size, out + 2);
        }
        if (j == k)
            seen[k++] = value_at(in, i, size);
        row[i] = (uint8_t)j;
    }
    if (packed)
        for (bits = 1; k > (size_t)1 << bits; bits *= 2)
            ;
    out[0] = (uint8_t)k;
    out[1] = (uint8_t)(k >> 8);
    for (j = 0; j < k; j++)
        memcpy(out + 2 + j * size, &seen[j], size);
    memset(out + 2 + k * size, 0, n);
    for (size_t i = 0; i < n; i++)
        out[2 + k * size + i * bits / 8] |= (uint8_t)(row[i] << i * bits % 8);
    return 2 + k * size + (n * bits + 7) / 8;
}

static size_t plain_steps(const void *in, size_t n, size_t size, bool is_signed,
                          uint8_t *out)
{
    uint64_t flip = is_signed ? UINT64_C(1) << 63 : 0, low = UINT64_MAX, step = 0;
    static uint64_t k[N];
    static uint8_t delta[N * 10];
    size_t b = 1, d = plain_delta(in, n, size, delta);

    for (size_t i = 0; i < n; i++)
        if ((value_at(in, i, size) ^ flip) < low)
            low = value_at(in, i, size) ^ flip;
    low ^= flip;
    for (size_t i = 0; i < n; i++) {
        uint64_t x = value_at(in, i, size) - low;

        for (uint64_t rest; x != 0; step = x, x = rest)
            rest = step % x;
    }
    step = step == 0 ? 1 : step;
    for (size_t i = 0; i < n; i++) {
        k[i] = (value_at(in, i, size) - low) / step;
        while (b < 8 && k[i] >> 8 * b != 0)
            b++;
    }
    if (d < b * n) {
        out[0] = 0;
        memcpy(out + 1, delta, d);
        return 1 + d;
    }
    out[0] = (uint8_t)b;
    rec_put_u64(out + 1, low);
    rec_put_u64(out + 9, step);
    return 17 + plain_planes(k, n, 8, b, out + 17);
}

/* ---- the same bytes, and back ---- */

enum shape { RANDOM, DAYS, ODD, SAME, SORTED, EXTREME, FEW, SMALL, N_SHAPES };

static void fill(void *out, size_t n, size_t size, enum shape shape, uint64_t seed)
{
    static const uint64_t hard[] = { 0, UINT64_MAX, UINT64_C(1) << 63, INT64_MAX,
                                     1, UINT32_MAX, (uint64_t)-86400 };
    uint64_t state = seed;

    for (size_t i = 0; i < n; i++) {
        uint64_t r = test_random(&state), x = r;

        if (shape == DAYS)
            x = (r % 5000 - (size == 8 ? 2000 : 0)) * 86400;
        else if (shape == ODD)
            x = 7 + r % (seed % 1000 + 1) * (seed % 97 * 2 + 1);
        else if (shape == SAME)
            x = seed * 0x9e3779b97f4a7c15u;
        else if (shape == SORTED)
            x = 1000000 + i * 60 + r % 60;
        else if (shape == EXTREME)
            x = hard[r % 7];
        else if (shape == FEW)
            x = r % (seed % 300 + 1) * 0x9e3779b97f4a7c15u;
        else if (shape == SMALL)
            x = r >> (24 + seed % 40);
        memcpy((uint8_t *)out + i * size, &x, size);
    }
}

enum { DELTA, LEVELS, PACKED, STEPS, SIGNED_STEPS, N_KINDS };

static size_t plain(int kind, const void *in, size_t n, size_t size, uint8_t *out)
{
    return kind == DELTA    ? plain_delta(in, n, size, out)
           : kind <= PACKED ? plain_levels(in, n, size, kind == PACKED, out)
                            : plain_steps(in, n, size, kind == SIGNED_STEPS, out);
}

static enum rec_status encode(int kind, const void *in, size_t n, size_t size,
                              struct rec_buf *out)
{
    return kind == DELTA ? rec_delta_encode(in, n, size, out, &err)
           : kind <= PACKED
               ? rec_levels_encode(in, n, size, kind == PACKED, out, &err)
               : rec_steps_encode(in, n, size, kind == SIGNED_STEPS, out, &err);
}

/* From a block of its own size, so that a sanitizer sees one byte too many. */
static bool decode(int kind, const uint8_t *data, size_t bytes, size_t n, size_t size,
                   void *out)
{
    uint8_t *copy = malloc(bytes > 0 ? bytes : 1);
    bool ok;

    CHECK(copy != NULL);
    memcpy(copy, data, bytes);
    ok = kind == DELTA    ? rec_delta_decode(copy, bytes, n, size, out)
         : kind <= PACKED ? rec_levels_decode(copy, bytes, n, size, kind == PACKED, out)
                          : rec_steps_decode(copy, bytes, n, size, out);
    free(copy);
    return ok;
}

static void filters_write_what_their_plain_versions_write(void)
{
    static const size_t counts[] = { 1, 2, 3, 7, 15, 16, 17, 255, 1023, 1025, N };
    static uint64_t in[N], back[N];
    static uint8_t want[17 + N * 10];

    for (size_t c = 0; c < sizeof counts / sizeof *counts; c++)
        for (unsigned k = 0; k < 4 * N_SHAPES * N_KINDS * 2; k++) {
            size_t n = counts[c], size = k % 2 ? 8 : 4, bytes;
            int kind = (int)(k / 2 % N_KINDS);
            enum shape shape = k / 2 / N_KINDS % N_SHAPES;
            struct rec_buf out = { 0 };

            if (kind == SIGNED_STEPS && size == 4)
                continue;
            fill(in, n, size, shape, k * 31 + c);
            bytes = plain(kind, in, n, size, want);
            CHECK(rec_buf_add(&out, "x", 1, &err) == REC_OK);
            CHECK(encode(kind, in, n, size, &out) == REC_OK);
            CHECKF(out.n == 1 + bytes && memcmp(out.data + 1, want, bytes) == 0,
                   "kind %d, shape %d, %zu values of %zu", kind, (int)shape, n, size);
            CHECKF(decode(kind, want, bytes, n, size, back) &&
                       memcmp(in, back, n * size) == 0,
                   "kind %d, shape %d, %zu values of %zu", kind, (int)shape, n, size);
            rec_buf_free(&out);
        }
}

static void shuffle_moves_every_byte_to_its_plane_and_back(void)
{
    static uint64_t in[100], back[100];
    static uint8_t want[800], out[800];

    fill(in, 100, 8, RANDOM, 1);
    for (size_t size = 1; size <= 8; size *= 2)
        for (size_t n = 0; n <= 100; n++) {
            plain_planes(in, n, size, size, want);
            rec_shuffle((uint8_t *)in, n, size, out);
            CHECKF(memcmp(out, want, n * size) == 0, "%zu of %zu bytes", n, size);
            rec_unshuffle(out, n, size, (uint8_t *)back);
            CHECKF(memcmp(back, in, n * size) == 0, "%zu of %zu bytes", n, size);
        }
}

/* ---- hostile bytes ---- */

static void steps_refuse_what_is_not_such_a_column(void)
{
    uint64_t out[4];
    uint8_t b[17 + 40] = { 1 };

    rec_put_u64(b + 1, UINT32_MAX - 10);
    rec_put_u64(b + 9, 5);
    b[17 + 3] = 2;
    CHECK(decode(STEPS, b, 17 + 4, 4, 4, out) && ((uint32_t *)out)[3] == UINT32_MAX);
    b[17 + 3] = 3; /* beyond 32 bits */
    CHECK(!decode(STEPS, b, 17 + 4, 4, 4, out));
    CHECK(decode(STEPS, b, 17 + 4, 4, 8, out) && out[3] == UINT32_MAX + UINT64_C(5));
    for (size_t bytes = 0; bytes <= 17 + 40; bytes++)
        CHECKF(decode(STEPS, b, bytes, 4, 8, out) == (bytes == 17 + 4), "%zu", bytes);
    for (unsigned width = 0; width < 256; width++) {
        size_t bytes = 17 + 4 * (width % 11);

        b[0] = (uint8_t)width;
        if (width == 0)
            continue;
        CHECKF(decode(STEPS, b, bytes, 4, 8, out) == (width <= 8), "%u bytes", width);
        CHECKF(width < 5 || !decode(STEPS, b, bytes, 4, 4, out), "%u bytes", width);
    }
    b[0] = 1;
    rec_put_u64(b + 9, 0);
    CHECK(!decode(STEPS, b, 17 + 4, 4, 8, out));
    rec_put_u64(b + 9, UINT64_MAX); /* modulo 2^64 */
    CHECK(decode(STEPS, b, 17 + 4, 4, 8, out) && out[3] == UINT32_MAX - 13);
    memset(b, 0, sizeof b);
    CHECK(decode(STEPS, b, 5, 4, 8, out) && !decode(STEPS, b, 6, 4, 8, out));
    CHECK(!decode(STEPS, b, 4, 4, 8, out) && !decode(STEPS, b, 1, 4, 8, out));
}

static void packed_levels_refuse_what_is_not_such_a_column(void)
{
    /* k, values of 4 bytes, then rows; 3 rows */
    static const struct {
        uint8_t k, rows[3];
        size_t n_rows;
        bool ok;
    } cases[] = {
        { 1, { 0 }, 1, true },           { 1, { 1 }, 1, false },
        { 1, { 8 }, 1, false },          { 2, { 5 }, 1, true },
        { 2, { 5 }, 2, false },          { 2, { 5 }, 0, false },
        { 2, { 15 }, 1, false },         { 3, { 0x24 }, 1, true },
        { 3, { 0x34 }, 1, false },       { 3, { 0x64 }, 1, false },
        { 5, { 0x43, 0x02 }, 2, true },  { 5, { 0x53, 0x02 }, 2, false },
        { 5, { 0x43, 0x12 }, 2, false }, { 5, { 0x43, 0x02 }, 3, false },
        { 17, { 16, 0, 1 }, 3, true },   { 17, { 17, 0, 1 }, 3, false },
    };

    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        uint8_t b[2 + 17 * 4 + 3] = { cases[c].k };
        size_t head = 2 + cases[c].k * (size_t)4;
        uint32_t out[3];

        memcpy(b + head, cases[c].rows, 3);
        CHECKF(decode(PACKED, b, head + cases[c].n_rows, 3, 4, out) == cases[c].ok,
               "case %zu", c);
    }
}

/* ---- pack ---- */

static void pack_deflates_what_zlib_inflates(void)
{
    enum { BYTES = 300000 };
    static uint64_t in[BYTES / 8];
    uint8_t *back = malloc(BYTES);
    struct rec_buf out = { 0 }, again = { 0 };
    uint64_t state = 5;

    CHECK(back != NULL);
    for (int round = 0; round < 60; round++) {
        size_t n =
            round % 3 == 0 ? test_random(&state) % 5000 : test_random(&state) % BYTES;
        int level = 1 + round % 9;
        uLongf got = BYTES;

        for (size_t at = 0; at < BYTES / 8; at += 5000) /* each part of another shape */
            fill(in + at, at + 5000 < BYTES / 8 ? 5000 : BYTES / 8 - at, 8,
                 (enum shape)(test_random(&state) % N_SHAPES), (uint64_t)round);
        CHECK(rec_pack((uint8_t *)in, n, level, &out, &err) == REC_OK);
        CHECK(uncompress(back, &got, out.data, out.n) == Z_OK && got == n);
        CHECKF(memcmp(back, in, n) == 0, "round %d", round);
        CHECK(out.n <= n + n / 1000 + 100);
        CHECK(rec_pack((uint8_t *)in, n, level, &again, &err) == REC_OK);
        CHECK(again.n == out.n && memcmp(again.data, out.data, out.n) == 0);
    }
    rec_buf_free(&out);
    rec_mem_fail_at(1);
    CHECK(rec_pack((uint8_t *)in, BYTES, 1, &out, &err) == REC_ESYSTEM);
    rec_mem_fail_at(0);
    rec_buf_free(&again);
    free(back);
}

int main(void)
{
    RUN(filters_write_what_their_plain_versions_write);
    RUN(shuffle_moves_every_byte_to_its_plane_and_back);
    RUN(steps_refuse_what_is_not_such_a_column);
    RUN(packed_levels_refuse_what_is_not_such_a_column);
    RUN(pack_deflates_what_zlib_inflates);
    return test_end();
}
