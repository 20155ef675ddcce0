/* split: every method beside its definition, row by row */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/hash.h"
#include "base/random.h"
#include "data/split.h"
#include "unit/timedtoy.h"

static struct rec_err err;

/* The number by which row I stands among those of its user, by --method user. */
static uint64_t number_of(const struct rec_ratings *x, size_t i, uint64_t seed)
{
    struct rec_random r;
    uint64_t number;
    char id[32];

    (void)snprintf(id, sizeof id, "user %u", x->user[i]);
    rec_random_init(&r, seed, "any");
    r.stream = rec_hash64(id, strlen(id), rec_hash64("split user", 10, 0));
    number = rec_random_u64(&r);
    for (size_t k = 0; k < i; k++)
        if (x->user[k] == x->user[i])
            number = rec_random_u64(&r);
    return number;
}

/* Value I of a stream, by drawing all before it. */
static double draw_of(const char *stream, uint64_t seed, size_t i)
{
    struct rec_random r;

    rec_random_init(&r, seed, stream);
    for (size_t k = 0; k < i; k++)
        (void)rec_random_uniform(&r);
    return rec_random_uniform(&r);
}

static bool is_later(const struct rec_ratings *x, size_t i, size_t k)
{
    if (x->time != NULL && x->time[i] != x->time[k])
        return x->time[i] > x->time[k];
    return i > k;
}

/* How many of the rows that compete with row I stand before it, and of how many. */
static size_t rank_of(const struct rec_ratings *x, const struct rec_split_opts *o,
                      size_t i, size_t *of)
{
    uint64_t own = o->method == REC_SPLIT_USER ? number_of(x, i, o->seed) : 0;
    size_t rank = 0;

    *of = 0;
    for (size_t k = 0; k < x->n; k++) {
        if (o->method != REC_SPLIT_TIME && x->user[k] != x->user[i])
            continue;
        ++*of;
        rank += o->method == REC_SPLIT_USER ? number_of(x, k, o->seed) > own
                                            : is_later(x, k, i);
    }
    return rank;
}

/* The part of row I by the words of split.h, in O(n^2) and more. */
static enum rec_part slow_part(const struct rec_ratings *x,
                               const struct rec_split_opts *o, size_t i)
{
    long long n, rank, n_test, n_valid;
    size_t of;

    if (o->method == REC_SPLIT_SOURCE || o->method == REC_SPLIT_FOLD) {
        double y = draw_of("split fold", o->seed, i);

        if (o->method == REC_SPLIT_SOURCE
                ? x->source[i] == o->test_source
                : floor(y * (double)o->folds) + 1.0 == (double)o->fold)
            return REC_TEST;
        return draw_of("split", o->seed, i) < o->valid ? REC_VALID : REC_TRAIN;
    }
    rank = (long long)rank_of(x, o, i, &of);
    n = (long long)of;
    if (o->method == REC_SPLIT_LAST) {
        n_test = (long long)o->last;
        n_valid = o->valid > 0.0 ? n_test : 0;
    } else {
        n_test = llround(o->test * (double)n);
        if (o->method == REC_SPLIT_USER && n_test == n)
            n_test--;
        n_valid = llround(o->valid * (double)(n - n_test));
    }
    if (o->method != REC_SPLIT_TIME && rank == n - 1)
        return REC_TRAIN;
    return rank < n_test ? REC_TEST : rank < n_test + n_valid ? REC_VALID : REC_TRAIN;
}

static void split_is_what_its_header_says(void)
{
    static const enum rec_split_method methods[] = { REC_SPLIT_USER, REC_SPLIT_TIME,
                                                     REC_SPLIT_LAST, REC_SPLIT_FOLD,
                                                     REC_SPLIT_SOURCE };
    static const struct {
        uint32_t users;
        size_t n;
        double test, valid;
        uint64_t last, folds, fold;
    } cases[] = { { 1, 1, 0.2, 0.2, 1, 2, 1 },   { 1, 2, 0.5, 0.5, 1, 2, 2 },
                  { 2, 40, 0.2, 0.2, 5, 5, 5 },  { 30, 80, 0.25, 0.5, 1, 3, 2 },
                  { 9, 70, 0.9, 0.9, 4, 7, 1 },  { 9, 70, 0.5, 0.0, 2, 2, 1 },
                  { 5, 64, 0.0, 0.3, 999, 9, 9 } };
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++)
        for (size_t m = 0; m < 2 * (sizeof methods / sizeof *methods); m++) {
            struct timed a;
            struct rec_split_opts o = { methods[m / 2],          .test = cases[c].test,
                                        .valid = cases[c].valid, .last = cases[c].last,
                                        .folds = cases[c].folds, .fold = cases[c].fold,
                                        .test_source = 2,        .seed = m };
            struct rec_table out = { .n_rows = 0 };
            uint64_t sizes[REC_N_PARTS], want[REC_N_PARTS] = { 0 };
            enum rec_status st;

            timed_make(&a, cases[c].users, cases[c].n, c);
            if (o.method == REC_SPLIT_LAST && m % 2 == 1)
                a.t.x.time = NULL;
            for (size_t i = 0; i < a.t.x.n; i++)
                want[slow_part(&a.t.x, &o, i)]++;
            st = rec_split(&a.t.x, &o, &out, sizes, &err);
            if (want[REC_TRAIN] == 0 ||
                (o.method == REC_SPLIT_SOURCE && want[REC_TEST] == 0)) {
                CHECKF(st != REC_OK, "case %zu, method %d", c, (int)o.method);
            } else {
                CHECKF(st == REC_OK, "case %zu, method %d: %s", c, (int)o.method,
                       err.text);
                CHECK(memcmp(sizes, want, sizeof want) == 0);
                for (size_t i = 0; i < a.t.x.n; i++)
                    CHECKF(((const uint8_t *)out.cols[0].data)[i] ==
                               slow_part(&a.t.x, &o, i),
                           "case %zu, method %d, row %zu", c, (int)o.method, i);
            }
            rec_table_free(&out);
            timed_free(&a);
        }
}

int main(void)
{
    RUN(split_is_what_its_header_says);
    return test_end();
}
