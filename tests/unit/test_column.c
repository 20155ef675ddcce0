/* bytes, column */
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "io/bytes.h"
#include "io/column.h"
#include "unit/test.h"

static struct rec_err err;

/* ---- bytes ---- */

static void varint_round_trips_at_its_edges(void)
{
    for (unsigned bit = 0; bit <= 64; bit++)
        for (int delta = -1; delta <= 1; delta++) {
            uint64_t x =
                (bit == 64 ? 0 : UINT64_C(1) << bit) + (uint64_t)(int64_t)delta;
            uint8_t b[REC_VARINT_MAX + 1];
            const uint8_t *end = rec_put_varint(b, x), *p;
            size_t len = 1;
            uint64_t y = ~x;

            for (uint64_t rest = x >> 7; rest != 0; rest >>= 7)
                len++;
            CHECKF((size_t)(end - b) == len && len <= REC_VARINT_MAX, "2^%u%+d", bit,
                   delta);
            p = b;
            CHECK(rec_get_varint(&p, end, &y) && y == x && p == end);
            for (const uint8_t *cut = b; cut < end; cut++) {
                p = b;
                CHECKF(!rec_get_varint(&p, cut, &y), "2^%u%+d cut", bit, delta);
            }
        }
}

static void varint_refuses_more_than_64_bits(void)
{
    uint8_t b[12];
    const uint8_t *p = b;
    uint64_t x;

    memset(b, 0xff, sizeof b);
    b[9] = 1;
    CHECK(rec_get_varint(&p, b + 12, &x) && x == UINT64_MAX && p == b + 10);
    b[9] = 2;
    p = b;
    CHECK(!rec_get_varint(&p, b + 12, &x));
    memset(b, 0x80, sizeof b);
    p = b;
    CHECK(!rec_get_varint(&p, b + 12, &x));
}

static void words_are_little_endian_and_zigzag_is_small(void)
{
    static const int64_t values[] = { 0, -1, 1, -2, 2, INT64_MAX, INT64_MIN };
    uint8_t b[8];

    rec_put_u64(b, 0x0102030405060708u);
    CHECK(b[0] == 8 && b[7] == 1 && rec_get_u64(b) == 0x0102030405060708u);
    rec_put_u32(b, 0xfffefdfcu);
    CHECK(b[0] == 0xfc && rec_get_u32(b) == 0xfffefdfcu);
    for (size_t i = 0; i < sizeof values / sizeof *values; i++)
        CHECK(rec_unzigzag(rec_zigzag(values[i])) == values[i]);
    CHECK(rec_zigzag(-1) == 1 && rec_zigzag(1) == 2 &&
          rec_zigzag(INT64_MIN) == UINT64_MAX);
}

/* ---- column ---- */

enum shape { RANDOM, FEW, CONSTANT, RISING, EXTREME, N_SHAPES };

/* One value of N bytes; I is its number. */
static void make_value(enum shape shape, size_t i, size_t bytes, unsigned levels,
                       uint64_t *state, uint8_t *out)
{
    static const uint64_t hard[] = {
        0,
        UINT64_MAX,
        1,
        INT64_MAX,
        UINT64_C(1) << 63,
        0x7f800000ff800000u,
        0x7ff0000000000000u,
        0x7ff8000000000001u,
        0x80000000u,
        UINT32_MAX,
        0x7fc00001u,
    };
    uint64_t x = test_random(state);

    if (shape == FEW)
        x = (i < levels ? i : x % levels) * 0x9e3779b97f4a7c15u;
    else if (shape == CONSTANT)
        x = 0x4010000040800000u;
    else if (shape == RISING)
        x = i * 3 + x % 3;
    else if (shape == EXTREME)
        x = hard[x % (sizeof hard / sizeof *hard)];
    memcpy(out, &x, bytes);
}

static void fill_column(struct rec_column *c, enum shape shape, size_t n,
                        unsigned levels, uint64_t seed)
{
    size_t bytes = rec_type_bytes(c->type);

    CHECK(rec_column_reserve(c, n, &err) == REC_OK);
    for (size_t i = 0; i < n * c->width && c->type != REC_STR; i++)
        make_value(shape, i, bytes, levels, &seed, (uint8_t *)c->data + i * bytes);
    for (size_t i = 0; i < n && c->type == REC_STR; i++) {
        uint64_t x = test_random(&seed);
        size_t len = shape == CONSTANT ? 0 : shape == EXTREME ? x % 2 * 300 : x % 20;

        for (size_t k = 0; k < len; k++) {
            uint8_t byte = (uint8_t)test_random(&seed);

            CHECK(rec_buf_add(&c->text, &byte, 1, &err) == REC_OK);
        }
        c->at[i + 1] = c->text.n;
    }
}

static struct rec_column make_column(enum rec_type type, enum rec_filter filter,
                                     uint32_t width)
{
    struct rec_column c = {
        .name = "c", .type = type, .filter = filter, .width = width
    };

    return c;
}

/* Rows FROM .. FROM + N of A and the first N of B. */
static bool rows_equal(const struct rec_column *a, size_t from,
                       const struct rec_column *b, size_t n)
{
    size_t row = rec_type_bytes(a->type) * a->width;

    if (a->type != REC_STR)
        return n == 0 || memcmp((uint8_t *)a->data + from * row, b->data, n * row) == 0;
    for (size_t i = 0; i < n; i++) {
        size_t na, nb;
        const char *sa = rec_column_text(a, from + i, &na);
        const char *sb = rec_column_text(b, i, &nb);

        if (na != nb || (na > 0 && memcmp(sa, sb, na) != 0))
            return false;
    }
    return true;
}

/* A copy in a block of its own size, so that a sanitizer sees one byte too many. */
static uint8_t *exact_copy(const uint8_t *data, size_t n)
{
    uint8_t *copy = malloc(n > 0 ? n : 1);

    CHECK(copy != NULL);
    if (n > 0)
        memcpy(copy, data, n);
    return copy;
}

static void round_trip(enum rec_type type, enum rec_filter filter, uint32_t width,
                       enum shape shape, size_t n, unsigned levels)
{
    struct rec_column c = make_column(type, filter, width);
    struct rec_column d = make_column(type, filter, width);
    struct rec_buf out = { 0 };
    size_t first = n / 3;

    fill_column(&c, shape, n, levels, n + 1);
    for (int half = 0; half < 2; half++) { /* all rows, then only the last two thirds */
        size_t from = half ? first : 0, rows = n - from;
        uint8_t *copy;

        out.n = 0;
        CHECK(rec_buf_add(&out, "xyz", 3, &err) == REC_OK);
        CHECK(rec_column_encode(&c, from, rows, &out, &err) == REC_OK);
        CHECK(memcmp(out.data, "xyz", 3) == 0);
        CHECK(rec_column_reserve(&d, rows, &err) == REC_OK);
        copy = exact_copy(out.data + 3, out.n - 3);
        CHECKF(rec_column_decode(&d, 0, rows, copy, out.n - 3, &err) == REC_OK,
               "%s %s[%u] shape %d n %zu: %s", rec_type_names[type],
               rec_filter_names[filter], width, (int)shape, rows, err.text);
        free(copy);
        CHECKF(rows_equal(&c, from, &d, rows), "%s %s[%u] shape %d n %zu",
               rec_type_names[type], rec_filter_names[filter], width, (int)shape, rows);
    }
    rec_buf_free(&out);
    rec_column_free(&c);
    rec_column_free(&d);
}

static void every_type_and_filter_round_trips(void)
{
    static const size_t sizes[] = { 0, 1, 2, 255, 256, 257, 1000 };
    static const uint32_t widths[] = { 1, 3, 16 };
    static const unsigned levels[] = { 1, 255, 256, 257 };
    uint64_t before = rec_mem_now();
    int tried = 0;

    for (enum rec_type type = 0; type < REC_N_TYPES; type++)
        for (enum rec_filter filter = 0; filter < REC_N_FILTERS; filter++)
            for (size_t w = 0; w < 3; w++) {
                if (!rec_filter_fits(filter, type, widths[w]) ||
                    (type == REC_STR && widths[w] > 1))
                    continue;
                tried++;
                for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++)
                    for (enum shape shape = 0; shape < N_SHAPES; shape++)
                        for (size_t l = 0; l < (shape == FEW ? 4 : 1); l++)
                            round_trip(type, filter, widths[w], shape, sizes[s],
                                       levels[l]);
            }
    CHECKF(tried == 53, "%d kinds of column", tried);
    CHECK(rec_mem_now() == before);
}

static void filters_fit_what_the_header_says(void)
{
    CHECK(rec_filter_fits(REC_PLAIN, REC_STR, 1) &&
          !rec_filter_fits(REC_SHUFFLE, REC_STR, 1));
    CHECK(!rec_filter_fits(REC_DELTA, REC_F32, 1) &&
          !rec_filter_fits(REC_DELTA, REC_U32, 2));
    CHECK(rec_filter_fits(REC_DELTA, REC_I64, 1) &&
          rec_filter_fits(REC_SHUFFLE, REC_F64, 9));
    CHECK(!rec_filter_fits(REC_LEVELS, REC_F32, 2) &&
          !rec_filter_fits(REC_LEVELS, REC_STR, 1));
    CHECK(!rec_filter_fits(REC_N_FILTERS, REC_F32, 1));
}

static void levels_take_a_byte_a_row_up_to_256_values(void)
{
    for (unsigned levels = 255; levels <= 257; levels++) {
        struct rec_column c = make_column(REC_F32, REC_LEVELS, 1);
        struct rec_buf out = { 0 };

        fill_column(&c, FEW, 1000, levels, 1);
        CHECK(rec_column_encode(&c, 0, 1000, &out, &err) == REC_OK);
        CHECKF(out.n == (levels <= 256 ? 2 + 4 * levels + 1000 : 2 + 4000), "%u: %zu",
               levels, out.n);
        rec_buf_free(&out);
        rec_column_free(&c);
    }
}

static void delta_of_u32_refuses_a_value_beyond_32_bits(void)
{
    static const int64_t steps[] = { -1, INT64_C(1) << 32, INT64_MIN };

    for (size_t i = 0; i < 3; i++) {
        struct rec_column c = make_column(REC_U32, REC_DELTA, 1);
        uint8_t b[REC_VARINT_MAX];
        size_t n = (size_t)(rec_put_varint(b, rec_zigzag(steps[i])) - b);

        CHECK(rec_column_reserve(&c, 1, &err) == REC_OK);
        CHECK(rec_column_decode(&c, 0, 1, b, n, &err) == REC_EFORMAT);
        rec_column_free(&c);
    }
}

static void levels_refuse_an_index_beyond_the_table(void)
{
    /* k = 2, two f32, three rows */
    uint8_t b[] = { 2, 0, 0, 0, 0x80, 0x3f, 0, 0, 0, 0x40, 0, 1, 0 };
    struct rec_column c = make_column(REC_F32, REC_LEVELS, 1);

    CHECK(rec_column_reserve(&c, 3, &err) == REC_OK);
    CHECK(rec_column_decode(&c, 0, 3, b, sizeof b, &err) == REC_OK);
    CHECK(rec_column_real(&c, 0, 0) == 1.0 && rec_column_real(&c, 1, 0) == 2.0);
    for (uint8_t level = 2; level < 5; level++) {
        b[12] = level;
        CHECKF(rec_column_decode(&c, 0, 3, b, sizeof b, &err) == REC_EFORMAT, "%u",
               level);
    }
    rec_column_free(&c);
}

/* Truncated, longer, with changed bytes and row counts: refused or decoded, no crash.
 */
static void damage(enum rec_type type, enum rec_filter filter, uint32_t width,
                   enum shape shape, int rounds)
{
    enum { N = 300 };
    struct rec_column c = make_column(type, filter, width);
    struct rec_column d = make_column(type, filter, width);
    struct rec_buf out = { 0 };
    uint64_t state = (uint64_t)type * 100 + (uint64_t)filter;

    fill_column(&c, shape, N, 200, 5);
    CHECK(rec_column_encode(&c, 0, N, &out, &err) == REC_OK);
    CHECK(rec_column_reserve(&d, N + 1, &err) == REC_OK);
    for (int i = 0; i < rounds; i++) {
        size_t cut = test_random(&state) % out.n;
        size_t n = i % 3 == 0 ? cut : out.n + (i % 3 == 1);
        uint8_t *bytes = exact_copy(out.data, out.n + 2);

        bytes = realloc(bytes, n > 0 ? n : 1);
        CHECK(bytes != NULL);
        CHECKF(n == out.n || rec_column_decode(&d, 0, N, bytes, n, &err) == REC_EFORMAT,
               "%s %s: %zu of %zu bytes", rec_type_names[type],
               rec_filter_names[filter], n, out.n);
        for (uint64_t k = test_random(&state) % 4; n > 0 && k > 0; k--)
            bytes[test_random(&state) % n] =
                test_random(&state) % 2 ? 0xff : (uint8_t)test_random(&state);
        if (n > 1 && i % 5 == 0) { /* the head of a table of levels */
            bytes[0] = (uint8_t)test_random(&state);
            bytes[1] = (uint8_t)test_random(&state);
        }
        (void)!rec_column_decode(&d, 0, N - 1 + test_random(&state) % 3, bytes, n,
                                 &err);
        free(bytes);
    }
    rec_buf_free(&out);
    rec_column_free(&c);
    rec_column_free(&d);
}

static void decoders_refuse_damage_and_never_crash(void)
{
    for (enum rec_type type = 0; type < REC_N_TYPES; type++)
        for (enum rec_filter filter = 0; filter < REC_N_FILTERS; filter++)
            for (uint32_t width = 1; width <= 3; width += 2)
                if (rec_filter_fits(filter, type, width) &&
                    (type != REC_STR || width == 1)) {
                    damage(type, filter, width, FEW, 600);
                    damage(type, filter, width, RANDOM, 600);
                }
}

static void encode_and_decode_survive_every_failed_allocation(void)
{
    uint64_t before = rec_mem_now();

    for (enum rec_type type = 0; type < REC_N_TYPES; type++)
        for (enum rec_filter filter = 0; filter < REC_N_FILTERS; filter++) {
            struct rec_column c = make_column(type, filter, 1);
            enum rec_status st = REC_ESYSTEM;

            if (!rec_filter_fits(filter, type, 1))
                continue;
            fill_column(&c, RANDOM, 1000, 0, 1);
            for (uint64_t at = 1; st != REC_OK; at++) {
                struct rec_column d = make_column(type, filter, 1);
                struct rec_buf out = { 0 };

                rec_mem_fail_at(at);
                st = rec_column_encode(&c, 0, 1000, &out, &err);
                if (st == REC_OK)
                    st = rec_column_reserve(&d, 1000, &err);
                if (st == REC_OK)
                    st = rec_column_decode(&d, 0, 1000, out.data, out.n, &err);
                rec_mem_fail_at(0);
                CHECK(st == (at <= 2 ? REC_ESYSTEM : st));
                CHECK(st == REC_OK || st == REC_ESYSTEM);
                rec_buf_free(&out);
                rec_column_free(&d);
            }
            rec_column_free(&c);
        }
    CHECK(rec_mem_now() == before);
}

static void values_are_read_by_type(void)
{
    int64_t minus[] = { -5, INT64_MIN };
    float f[] = { 1.5f, -0.25f };
    uint8_t u8[] = { 200, 255 };
    struct rec_column c = make_column(REC_I64, REC_PLAIN, 1);

    c.data = minus;
    CHECK(rec_column_real(&c, 0, 0) == -5.0 &&
          rec_column_uint(&c, 0, 0) == (uint64_t)-5);
    c.type = REC_F32;
    c.data = f;
    c.width = 2;
    CHECK(rec_column_real(&c, 0, 1) == -0.25);
    c.type = REC_U8;
    c.data = u8;
    CHECK(rec_column_uint(&c, 0, 1) == 255 && rec_column_real(&c, 0, 0) == 200.0);
    CHECK(rec_name_ok("a.B-9_", 6) && !rec_name_ok("", 0) && !rec_name_ok("a b", 3));
    CHECK(!rec_name_ok("a\0b", 3) && !rec_name_ok("\xc3\xa9", 2));
}

int main(void)
{
    RUN(varint_round_trips_at_its_edges);
    RUN(varint_refuses_more_than_64_bits);
    RUN(words_are_little_endian_and_zigzag_is_small);
    RUN(every_type_and_filter_round_trips);
    RUN(filters_fit_what_the_header_says);
    RUN(levels_take_a_byte_a_row_up_to_256_values);
    RUN(delta_of_u32_refuses_a_value_beyond_32_bits);
    RUN(levels_refuse_an_index_beyond_the_table);
    RUN(decoders_refuse_damage_and_never_crash);
    RUN(encode_and_decode_survive_every_failed_allocation);
    RUN(values_are_read_by_type);
    return test_end();
}
