/* mem, hash, random, status, par */
#include <errno.h>
#include <math.h>
#include <string.h>

#include "base/hash.h"
#include "base/mem.h"
#include "base/par.h"
#include "base/random.h"
#include "unit/test.h"

static struct rec_err err;

/* ---- mem ---- */

static void mem_refuses_a_product_that_overflows(void)
{
    uint64_t before = rec_mem_now();
    void *p = rec_alloc(8, 8, "block", &err);

    CHECK(p != NULL);
    CHECK(rec_alloc(SIZE_MAX / 2, 3, "things", &err) == NULL);
    CHECK(strstr(err.text, "things") != NULL);
    CHECK(rec_alloc(SIZE_MAX, 1, "things", &err) == NULL);
    CHECK(rec_alloc_zero(SIZE_MAX / 4 + 1, 4, "things", &err) == NULL);
    CHECK(rec_realloc(p, SIZE_MAX / 8 + 1, 8, "things", &err) == NULL);
    rec_free(p);
    CHECK(rec_mem_now() == before);
}

static void mem_counts_bytes_and_comes_back_to_zero(void)
{
    uint64_t before = rec_mem_now(), most;
    char *p = rec_alloc(10, 10, "p", &err), *q = rec_alloc_zero(50, 1, "q", &err);

    CHECK(p != NULL && q != NULL);
    CHECK(rec_mem_now() == before + 150);
    for (int i = 0; i < 50; i++)
        CHECK(q[i] == 0);
    memset(p, 7, 100);
    p = rec_realloc(p, 1000, 1, "p", &err);
    CHECK(p != NULL && p[99] == 7);
    CHECK(rec_mem_now() == before + 1050);
    most = rec_mem_peak();
    CHECK(most >= before + 1050);
    p = rec_realloc(p, 1, 1, "p", &err);
    CHECK(p != NULL && rec_mem_now() == before + 51 && rec_mem_peak() == most);
    rec_free(p);
    rec_free(q);
    rec_free(NULL);
    CHECK(rec_mem_now() == before);
}

static void mem_aligns_blocks_to_16_bytes(void)
{
    for (size_t n = 0; n < 70; n++) {
        void *p = rec_alloc(n, 1, "p", &err);

        CHECK(p != NULL && (uintptr_t)p % 16 == 0);
        rec_free(p);
    }
}

/* Sizes on both sides of where blocks become mappings of their own, up and down. */
static void mem_keeps_what_a_large_block_holds(void)
{
    static const size_t sizes[] = { 100,           (4 << 20) - 1, 4 << 20,
                                    (4 << 20) + 1, 5 << 20,       64 << 20,
                                    6 << 20,       (4 << 20) + 1, 33 };
    uint64_t before = rec_mem_now();
    uint8_t *p = NULL, *z = rec_alloc_zero(9 << 20, 1, "zeros", &err);
    size_t old = 0;

    CHECK(z != NULL && z[0] == 0 && z[(9 << 20) - 1] == 0);
    for (size_t k = 0; k < sizeof sizes / sizeof *sizes; k++) {
        size_t n = sizes[k], kept = n < old ? n : old;

        p = rec_realloc(p, n, 1, "block", &err);
        CHECK(p != NULL && (uintptr_t)p % 16 == 0);
        CHECK(rec_mem_now() == before + (9 << 20) + n);
        for (size_t i = 0; i < kept; i++)
            CHECK(p[i] == i % 251);
        for (size_t i = kept; i < n; i++)
            p[i] = (uint8_t)(i % 251);
        old = n;
    }
    rec_free(p);
    rec_free(z);
    CHECK(rec_mem_now() == before);
}

static void mem_limit_bounds_all_blocks_together(void)
{
    uint64_t before = rec_mem_now();
    void *p, *q;

    rec_mem_limit(before + 1000);
    p = rec_alloc(600, 1, "first", &err);
    q = rec_alloc(600, 1, "second", &err);
    CHECK(p != NULL && q == NULL);
    CHECK(strstr(err.text, "second") != NULL && strstr(err.text, "-M") != NULL);
    q = rec_realloc(p, 1000, 1, "grown to the limit", &err);
    CHECK(q != NULL);
    CHECK(rec_realloc(q, 1001, 1, "too much", &err) == NULL);
    CHECK(rec_mem_now() == before + 1000);
    rec_free(q);
    rec_mem_limit(0);
    CHECK(rec_mem_now() == before);
}

static void mem_fails_the_nth_allocation_and_no_other(void)
{
    for (uint64_t n = 1; n <= 3; n++) {
        rec_mem_fail_at(n);
        for (uint64_t i = 1; i <= 5; i++) {
            void *p = rec_alloc(1, 1, "p", &err);

            CHECKF((p == NULL) == (i == n), "n %d, i %d", (int)n, (int)i);
            rec_free(p);
        }
    }
    rec_mem_fail_at(1);
    rec_mem_fail_at(0);
    rec_free(rec_alloc_zero(1, 1, "p", &err));
}

static void buf_keeps_what_was_added_in_order(void)
{
    struct rec_buf b = { 0 };
    char big[3000];

    memset(big, 'x', sizeof big - 1);
    big[sizeof big - 1] = '\0';
    CHECK(rec_buf_add(&b, NULL, 0, &err) == REC_OK && b.n == 0);
    for (int i = 0; i < 1000; i++)
        CHECK(rec_buf_add(&b, &i, sizeof i, &err) == REC_OK);
    for (int i = 0; i < 1000; i++)
        CHECK(memcmp(b.data + (size_t)i * sizeof i, &i, sizeof i) == 0);
    b.n = 0;
    CHECK(rec_buf_addf(&b, &err, "<%d>", 5) == REC_OK);  /* by the small way */
    CHECK(rec_buf_addf(&b, &err, "%s!", big) == REC_OK); /* and by the other */
    CHECK(b.n == 3 + sizeof big && memcmp(b.data, "<5>xx", 5) == 0 &&
          b.data[b.n - 1] == '!');
    CHECK(rec_buf_reserve(&b, SIZE_MAX - 10, &err) == REC_ESYSTEM);
    CHECK(b.n == 3 + sizeof big);
    rec_mem_fail_at(1);
    CHECK(rec_buf_reserve(&b, b.cap + 1, &err) == REC_ESYSTEM && b.data[0] == '<');
    rec_buf_free(&b);
    rec_buf_free(&b);
    CHECK(b.data == NULL && rec_mem_now() == 0);
}

/* ---- hash ---- */

/* The same definition written without a loop over pointers: words padded by zeros. */
static uint64_t slow_hash(const uint8_t *s, size_t n, uint64_t key)
{
    const uint64_t c[2] = { 0x9e3779b97f4a7c15u, 0xd1b54a32d192ed03u };
    unsigned __int128 m = (unsigned __int128)(key ^ c[0]) * ((uint64_t)n ^ c[1]);
    size_t n_blocks = n <= 16 ? 1 : (n + 15) / 16;

    for (size_t i = 0; i < n_blocks; i++) {
        uint64_t h = (uint64_t)m ^ (uint64_t)(m >> 64), word[2] = { 0, 0 };

        for (size_t b = 0; b < 16 && 16 * i + b < n; b++)
            word[b / 8] |= (uint64_t)s[16 * i + b] << 8 * (b % 8);
        m = (unsigned __int128)(word[0] ^ c[0] ^ h) * (word[1] ^ c[1]);
    }
    m = (unsigned __int128)((uint64_t)m ^ (uint64_t)(m >> 64) ^ c[1]) * c[0];
    return (uint64_t)m ^ (uint64_t)(m >> 64);
}

static void hash_has_the_same_values_everywhere(void)
{
    uint8_t s[100];
    uint64_t state = 1;

    /* Written in every file as digests and stream names: these may never change. */
    CHECK(rec_hash64("", 0, 0) == UINT64_C(0x8c1340fa313366fc));
    CHECK(rec_hash64("split", 5, 0) == UINT64_C(0x4024a92384146a8a));
    CHECK(rec_hash64("The quick brown fox jumps", 25, 42) ==
          UINT64_C(0x8567bbbd09d613ae));
    for (size_t n = 0; n <= sizeof s; n++) {
        for (size_t i = 0; i < n; i++)
            s[i] = (uint8_t)test_random(&state);
        CHECKF(rec_hash64(s, n, n) == slow_hash(s, n, n), "n %zu", n);
    }
}

static void hash_tells_lengths_and_keys_apart(void)
{
    uint64_t seen[130];
    uint8_t zeros[64] = { 0 };
    size_t n = 0;

    for (size_t len = 0; len <= 64; len++) {
        seen[n++] = rec_hash64(zeros, len, 0);
        seen[n++] = rec_hash64(zeros, len, 1);
    }
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < i; j++)
            CHECKF(seen[i] != seen[j], "%zu and %zu", i, j);
    CHECK(rec_hash_key() == rec_hash_key() && rec_hash_key() != 0);
}

/* ---- random ---- */

/* Known answers of Random123 (kat_vectors: philox4x32 10). */
static void philox_gives_the_known_answers(void)
{
    static const struct {
        uint32_t counter[4], key[2], out[4];
    } cases[] = {
        { { 0, 0, 0, 0 },
          { 0, 0 },
          { 0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8 } },
        { { 0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff },
          { 0xffffffff, 0xffffffff },
          { 0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd } },
        { { 0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344 },
          { 0xa4093822, 0x299f31d0 },
          { 0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1 } },
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint32_t out[4];

        rec_philox(cases[i].counter, cases[i].key, out);
        CHECKF(memcmp(out, cases[i].out, sizeof out) == 0, "case %zu: %08x", i, out[0]);
    }
}

static void random_values_come_several_at_a_time(void)
{
    static const uint64_t starts[] = {
        0, 1, 63, 64, 1000001, (1ull << 33) - 5, UINT64_MAX - 400
    };
    struct rec_random r;
    double x[300];

    for (size_t s = 0; s < sizeof starts / sizeof *starts; s++)
        for (size_t n = 0; n <= 300; n += n < 70 ? 1 : 23) {
            rec_random_init(&r, 0xfedcba9876543210u + n, "split");
            x[n < 300 ? n : 299] = -1.0;
            rec_random_uniforms(&r, starts[s], n, x);
            for (size_t i = 0; i < n; i++)
                CHECKF(x[i] == rec_random_uniform_at(&r, starts[s] + i),
                       "%zu of %zu from start %zu", i, n, s);
            CHECKF(n == 300 || x[n] == -1.0, "one too many of %zu", n);
        }
}

static void random_value_is_a_function_of_its_place(void)
{
    struct rec_random all, still;

    rec_random_init(&all, 12345678901234u, "split");
    still = all;
    for (uint64_t i = 0; i < 1000; i++) {
        double x = rec_random_uniform(&all);

        CHECK(x >= 0.0 && x < 1.0);
        CHECKF(rec_random_uniform_at(&still, i) == x, "value %d", (int)i);
        CHECKF(rec_random_uniform_at(&all, i) == x, "value %d of a moved stream",
               (int)i);
    }
}

static void random_streams_differ_by_seed_and_name(void)
{
    static const char *const names[] = { "a", "b", "init W1", "init W2" };
    struct rec_random r;
    uint64_t seen[12];
    size_t n = 0;

    for (uint64_t seed = 0; seed < 3; seed++)
        for (size_t i = 0; i < 4; i++) {
            rec_random_init(&r, seed << 31, names[i]); /* the high word counts too */
            seen[n++] = rec_random_u64(&r);
        }
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < i; j++)
            CHECK(seen[i] != seen[j]);
}

static void random_below_is_even(void)
{
    enum { N = 7, DRAWS = 70000 };
    uint64_t count[N] = { 0 }, half = 0, most = UINT64_C(3) << 62;
    struct rec_random r;

    rec_random_init(&r, 1, "below");
    for (int i = 0; i < DRAWS; i++) {
        uint64_t x = rec_random_below(&r, N);

        CHECK(x < N);
        count[x]++;
    }
    for (int i = 0; i < N; i++) /* 10000 each, sd 93 */
        CHECKF(count[i] > 9500 && count[i] < 10500, "%d drawn %d times", i,
               (int)count[i]);
    /* With 3/4 of 2^64 a plain remainder would give the low third half of the draws. */
    for (int i = 0; i < 3000; i++) {
        uint64_t x = rec_random_below(&r, most);

        CHECK(x < most);
        half += x < most / 3;
    }
    CHECKF(half > 850 && half < 1150, "%d of 3000 in the low third", (int)half);
    CHECK(rec_random_below(&r, 1) == 0);
}

static void random_normal_has_mean_0_and_variance_1(void)
{
    double sum = 0.0, sum2 = 0.0, sum4 = 0.0;
    struct rec_random r;

    rec_random_init(&r, 1, "normal");
    for (int i = 0; i < 100000; i++) {
        double x = rec_random_normal(&r);

        sum += x;
        sum2 += x * x;
        sum4 += x * x * x * x;
    }
    CHECK(fabs(sum / 1e5) < 0.02 && fabs(sum2 / 1e5 - 1.0) < 0.03);
    CHECK(fabs(sum4 / 1e5 - 3.0) < 0.2);
}

/* ---- status ---- */

static void printable_escapes_control_bytes_and_cuts(void)
{
    static const struct {
        const char *in;
        size_t n, room;
        const char *out;
    } cases[] = {
        { "five", 4, 80, "five" },
        { "", 0, 80, "" },
        { "a\tb\0c\x7f", 6, 80, "a\\x09b\\x00c\\x7f" },
        { "\xc3\xa9\xff", 3, 80, "\xc3\xa9\xff" }, /* not ours to judge */
        { "0123456789", 10, 14, "0123456..." },
        { "\x1b\x1b\x1b\x1b", 4, 14, "\\x1b\\x1b..." },
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char room[80];

        memset(room, 'Z', sizeof room);
        CHECK(rec_printable(cases[i].in, cases[i].n, room, cases[i].room) == room);
        CHECKF(strcmp(room, cases[i].out) == 0, "case %zu: %s", i, room);
        for (size_t k = cases[i].room; k < sizeof room; k++)
            CHECK(room[k] == 'Z');
    }
}

static void printable_stays_inside_a_small_room(void)
{
    for (size_t n = 1; n < 12; n++) {
        char room[16];

        memset(room, 'Z', sizeof room);
        rec_printable("\x01long enough", 12, room, n);
        CHECKF(memchr(room, '\0', n) != NULL, "room of %zu", n);
        for (size_t k = n; k < sizeof room; k++)
            CHECKF(room[k] == 'Z', "byte %zu behind a room of %zu", k, n);
    }
}

static void fail_in_puts_the_place_first_and_never_overflows(void)
{
    char longest[2000];

    CHECK(rec_fail(&err, REC_EINPUT, "row %d: bad", 7) == REC_EINPUT);
    CHECK(rec_fail_in(&err, REC_EINPUT, "a.csv") == REC_EINPUT);
    CHECK(strcmp(err.text, "a.csv: row 7: bad") == 0);
    errno = ENOENT;
    CHECK(rec_fail_errno(&err, "%s: cannot open", "b") == REC_ESYSTEM);
    CHECK(strcmp(err.text, "b: cannot open: No such file or directory") == 0);
    memset(longest, 'x', sizeof longest);
    for (size_t n = 1000; n < 1060; n++) {
        longest[n] = '\0';
        rec_fail(&err, REC_EINPUT, "%s", longest);
        rec_fail_in(&err, REC_EINPUT, longest);
        CHECK(strlen(err.text) < sizeof err.text);
        rec_fail(&err, REC_EINPUT, "end");
        rec_fail_in(&err, REC_EINPUT, longest);
        CHECK(strlen(err.text) < sizeof err.text);
        rec_fail_errno(&err, "%s", longest);
        CHECK(strlen(err.text) < sizeof err.text);
        longest[n] = 'x';
    }
}

/* ---- par ---- */

static void count_call(void *ctx, uint32_t chunk)
{
    ((uint32_t *)ctx)[chunk]++;
}

static void par_calls_each_chunk_once(void)
{
    static const uint32_t sizes[] = { 0, 1, 2, 7, 1000 };

    for (unsigned threads = 1; threads <= 4; threads++)
        for (size_t i = 0; i < 5; i++) {
            uint32_t calls[1001] = { 0 };

            rec_par_set_threads(threads);
            rec_par_run(sizes[i], count_call, calls);
            for (uint32_t k = 0; k < 1001; k++)
                CHECK(calls[k] == (k < sizes[i]));
        }
    rec_par_set_threads(0);
    CHECK(rec_par_threads() >= 1);
    rec_par_set_threads(1);
}

int main(void)
{
    RUN(mem_refuses_a_product_that_overflows);
    RUN(mem_counts_bytes_and_comes_back_to_zero);
    RUN(mem_aligns_blocks_to_16_bytes);
    RUN(mem_keeps_what_a_large_block_holds);
    RUN(mem_limit_bounds_all_blocks_together);
    RUN(mem_fails_the_nth_allocation_and_no_other);
    RUN(buf_keeps_what_was_added_in_order);
    RUN(hash_has_the_same_values_everywhere);
    RUN(hash_tells_lengths_and_keys_apart);
    RUN(philox_gives_the_known_answers);
    RUN(random_value_is_a_function_of_its_place);
    RUN(random_values_come_several_at_a_time);
    RUN(random_streams_differ_by_seed_and_name);
    RUN(random_below_is_even);
    RUN(random_normal_has_mean_0_and_variance_1);
    RUN(printable_escapes_control_bytes_and_cuts);
    RUN(printable_stays_inside_a_small_room);
    RUN(fail_in_puts_the_place_first_and_never_overflows);
    RUN(par_calls_each_chunk_once);
    return test_end();
}
