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
    RUN(rows_survive_every_failed_allocation);
    return test_end();
}
