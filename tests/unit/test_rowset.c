#include "data/rowset.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "unit/test.h"

static struct rec_err err;

/* Number I as a key that no other begins with. */
static size_t make_key(uint64_t i, uint8_t *key)
{
    return (size_t)sprintf((char *)key, "%llu|", (unsigned long long)i);
}

static bool add(struct rec_rowset *s, uint64_t i, uint64_t hash)
{
    uint8_t key[32];
    bool is_new = false;

    CHECK(rec_rowset_add(s, key, make_key(i, key), hash, &is_new, &err) == REC_OK);
    return is_new;
}

/* Two different rows with equal hashes are two rows. */
static void rows_are_compared_never_hashes_alone(void)
{
    struct rec_rowset s = { 0 };

    for (uint64_t i = 0; i < 300; i++)
        CHECK(add(&s, i, 42));
    for (uint64_t i = 0; i < 300; i++)
        CHECK(!add(&s, i, 42));
    CHECK(s.n == 300);
    rec_rowset_free(&s);
    rec_rowset_free(&s);
}

/* Against an array that says what is in, over growth of slots and blocks. */
static void rows_are_found_again_however_many(void)
{
    enum { N = 200000 };
    struct rec_rowset s = { 0 };
    uint8_t *in = calloc(N, 1), key[32];
    uint64_t seed = 7;
    size_t n = 0;

    CHECK(in != NULL);
    for (int i = 0; i < 3 * N; i++) {
        uint64_t x = test_random(&seed) % N;
        bool is_new = add(&s, x, rec_hash64(key, make_key(x, key), 99));

        CHECK(is_new == !in[x]);
        n += !in[x];
        in[x] = 1;
        CHECK(s.n == n);
    }
    free(in);
    rec_rowset_free(&s);
}

/* A long row at the end of a block goes to the next, and is found there. */
static void rows_of_any_length_fit(void)
{
    struct rec_rowset s = { 0 };
    uint8_t *key = malloc(REC_ROWSET_MAX_KEY);
    bool is_new;

    CHECK(key != NULL);
    for (int round = 0; round < 2; round++)
        for (uint32_t i = 0; i < 60; i++) {
            size_t n = REC_ROWSET_MAX_KEY - i * 17;

            memset(key, 'x', n);
            memcpy(key, &i, sizeof i);
            CHECK(rec_rowset_add(&s, key, n, i, &is_new, &err) == REC_OK);
            CHECK(is_new == (round == 0));
        }
    free(key);
    rec_rowset_free(&s);
}

static size_t length_of(const void *ctx, const uint8_t *key)
{
    (void)ctx;
    return (size_t)((const uint8_t *)memchr(key, '|', 32) - key) + 1;
}

/* Row number *NEXT, or a failure where that is LAST. */
struct expected {
    uint64_t next, last;
};

static enum rec_status expect(void *ctx, const uint8_t *key, size_t n,
                              struct rec_err *e)
{
    struct expected *x = ctx;
    uint8_t want[32];

    CHECK(n == make_key(x->next, want) && memcmp(key, want, n) == 0);
    if (x->next == x->last)
        return rec_fail(e, REC_EINPUT, "enough");
    x->next++;
    return REC_OK;
}

static void rows_are_listed_in_the_order_they_came(void)
{
    enum { N = 700000 }; /* several blocks */
    struct rec_rowset s = { 0 };
    struct expected all = { 0, N }, some = { 0, N / 2 };
    uint8_t key[32];

    CHECK(rec_rowset_each(&s, length_of, expect, &all, &err) == REC_OK);
    for (uint64_t i = 0; i < N; i++)
        CHECK(add(&s, i, rec_hash64(key, make_key(i, key), 5)));
    CHECK(s.n_blocks > 1);
    CHECK(rec_rowset_each(&s, length_of, expect, &all, &err) == REC_OK);
    CHECK(all.next == N);
    CHECK(rec_rowset_each(&s, length_of, expect, &some, &err) == REC_EINPUT);
    CHECK(some.next == N / 2);
    rec_rowset_free(&s);
}

/* With a limit of just what was foretold, every batch fits. */
static void growth_is_never_more_than_foretold(void)
{
    struct rec_rowset s = { 0 };
    uint64_t next = 0;

    for (size_t batch = 1; batch < 200000; batch = batch * 5 / 2 + 1) {
        uint8_t key[32];
        size_t bytes = batch * 8;

        rec_mem_limit(rec_mem_now() + rec_rowset_growth(&s, batch, bytes));
        for (size_t i = 0; i < batch; i++, next++)
            CHECK(add(&s, next, rec_hash64(key, make_key(next, key), 5)));
        rec_mem_limit(0);
    }
    rec_rowset_free(&s);
}

static void rows_survive_every_failed_allocation(void)
{
    uint64_t before = rec_mem_now();
    enum rec_status st = REC_ESYSTEM;

    for (uint64_t at = 1; st != REC_OK; at++) {
        struct rec_rowset s = { 0 };
        uint8_t key[32];
        bool is_new;

        st = REC_OK;
        rec_mem_fail_at(at);
        for (uint64_t i = 0; st == REC_OK && i < 10000; i++)
            st = rec_rowset_add(&s, key, make_key(i, key), i * 2654435761u, &is_new,
                                &err);
        rec_mem_fail_at(0);
        rec_rowset_free(&s);
        CHECK(rec_mem_now() == before);
    }
}

int main(void)
{
    RUN(rows_are_compared_never_hashes_alone);
    RUN(rows_are_found_again_however_many);
    RUN(rows_of_any_length_fit);
    RUN(rows_are_listed_in_the_order_they_came);
    RUN(growth_is_never_more_than_foretold);
    RUN(rows_survive_every_failed_allocation);
    return test_end();
}
