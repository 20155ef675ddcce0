/* split: its promises, method by method */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/random.h"
#include "data/split.h"
#include "unit/timedtoy.h"

static struct rec_err err;

/* ---- rows on their own ---- */

static struct rec_split_opts split_opts(double test_share, double valid)
{
    return (struct rec_split_opts){
        .test = test_share, .valid = valid, .last = 1, .folds = 5, .fold = 1, .seed = 42
    };
}

/* The parts, copied; the caller frees them. */
static uint8_t *split(const struct rec_ratings *x, const struct rec_split_opts *o,
                      uint64_t sizes[REC_N_PARTS])
{
    uint8_t *part = malloc(x->n);
    uint64_t value;
    struct rec_table t;

    CHECK(part != NULL);
    CHECKF(rec_split(x, o, &t, sizes, &err) == REC_OK, "%s", err.text);
    CHECK(t.n_rows == x->n && strcmp(t.name, "split") == 0);
    CHECK(rec_table_attr(&t, "TR", &value) && value == sizes[REC_TRAIN]);
    CHECK(rec_table_attr(&t, "VA", &value) && value == sizes[REC_VALID]);
    CHECK(rec_table_attr(&t, "TE", &value) && value == sizes[REC_TEST]);
    memcpy(part, t.cols[0].data, x->n);
    rec_table_free(&t);
    return part;
}

/* Within 5 standard deviations of what N draws give. */
static bool near_share(uint64_t count, double n, double share)
{
    return fabs((double)count - n * share) <=
           5.0 * sqrt(n * share * (1.0 - share)) + 1e-9;
}

static void split_puts_each_row_in_one_part_in_the_given_shares(void)
{
    static const double shares[][2] = {
        { 0.2, 0.1 }, { 0.0, 0.5 }, { 0.5, 0.0 }, { 0.9, 0.9 }, { 0.0, 0.0 }
    };
    struct toy t = toy_make(10, 10, 100000, 1);

    for (size_t i = 0; i < sizeof shares / sizeof *shares; i++) {
        struct rec_split_opts o = split_opts(shares[i][0], shares[i][1]);
        uint64_t sizes[REC_N_PARTS], seen[REC_N_PARTS] = { 0 };
        uint8_t *part = split(&t.x, &o, sizes);

        for (size_t k = 0; k < t.x.n; k++) {
            CHECK(part[k] < REC_N_PARTS);
            seen[part[k]]++;
        }
        CHECK(memcmp(seen, sizes, sizeof seen) == 0);
        CHECKF(near_share(sizes[REC_TEST], 1e5, o.test), "case %zu", i);
        CHECKF(near_share(sizes[REC_VALID], 1e5, (1.0 - o.test) * o.valid), "case %zu",
               i);
        free(part);
    }
    toy_free(&t);
}

/* Row i by the i-th number of the stream "split", whatever other rows there are. */
static void split_follows_its_stream_row_by_row(void)
{
    struct toy t = toy_make(10, 10, 3000, 1);
    struct rec_split_opts o = split_opts(0.3, 0.25);
    uint64_t sizes[REC_N_PARTS];
    uint8_t *part = split(&t.x, &o, sizes);
    struct rec_random r;

    rec_random_init(&r, o.seed, "split");
    for (size_t i = 0; i < t.x.n; i++) {
        double x = rec_random_uniform(&r);

        if (fabs(x - (0.3 + 0.7 * 0.25)) > 1e-9) /* the border itself is left open */
            CHECKF(part[i] == (x < 0.3                ? REC_TEST
                               : x < 0.3 + 0.7 * 0.25 ? REC_VALID
                                                      : REC_TRAIN),
                   "row %zu", i);
    }
    free(part);
    toy_free(&t);
}

static void split_moves_no_row_when_rows_are_added(void)
{
    struct toy t = toy_make(10, 10, 5000, 1);
    struct rec_split_opts o = split_opts(0.2, 0.1), other = o;
    uint64_t sizes[REC_N_PARTS];
    uint8_t *all = split(&t.x, &o, sizes), *few, *again;

    for (size_t n = 1000; n < 1003; n++) {
        t.x.n = n;
        few = split(&t.x, &o, sizes);
        CHECK(memcmp(few, all, n) == 0);
        free(few);
    }
    other.seed = 43;
    again = split(&t.x, &other, sizes);
    CHECK(memcmp(again, all, t.x.n) != 0);
    free(again);
    free(all);
    toy_free(&t);
}

static void split_by_source_makes_one_file_the_test(void)
{
    struct toy t = toy_make(10, 10, 30000, 1);
    struct rec_split_opts o = { REC_SPLIT_SOURCE, .test = 0.9, .valid = 0.3,
                                .test_source = 2, .seed = 1 };
    struct rec_table out = { .n_rows = 77 };
    uint64_t sizes[REC_N_PARTS], rest;
    uint8_t *part;

    CHECK(rec_split(&t.x, &o, &out, sizes, &err) == REC_EFORMAT && out.n_rows == 77);
    CHECK(strstr(err.text, "source") != NULL);
    t.x.source = t.source;
    part = split(&t.x, &o, sizes);
    for (size_t i = 0; i < t.x.n; i++)
        CHECK((part[i] == REC_TEST) == (t.source[i] == 2));
    rest = sizes[REC_TRAIN] + sizes[REC_VALID];
    CHECK(near_share(sizes[REC_VALID], (double)rest, 0.3));
    free(part);
    o.test_source = 4;
    CHECK(rec_split(&t.x, &o, &out, sizes, &err) == REC_EFORMAT);
    CHECK(strstr(err.text, "--test-source 4") != NULL);
    toy_free(&t);
}

static void split_refuses_to_leave_nothing_for_training(void)
{
    struct toy t = toy_make(10, 10, 50, 1);
    struct rec_split_opts o = split_opts(1.0, 0.0);
    struct rec_table out = { .n_rows = 77 };
    uint64_t sizes[REC_N_PARTS] = { 5, 5, 5 }, before = rec_mem_now();

    CHECK(rec_split(&t.x, &o, &out, sizes, &err) == REC_EINPUT);
    o = split_opts(0.0, 1.0);
    CHECK(rec_split(&t.x, &o, &out, sizes, &err) == REC_EINPUT);
    t.x.n = 0;
    CHECK(rec_split(&t.x, &o, &out, sizes, &err) == REC_EINPUT);
    CHECK(out.n_rows == 77 && sizes[0] == 5 && rec_mem_now() == before);
    toy_free(&t);
}

/* ---- the other methods ---- */

static void split_leaves_every_user_a_training_row(void)
{
    for (size_t c = 0; c < 12; c++) {
        struct timed a;
        struct rec_split_opts o = split_opts(c % 3 == 0 ? 0.999 : 0.5, 0.999);
        uint64_t sizes[REC_N_PARTS];
        bool seen[40] = { false };
        uint8_t *part;

        timed_make(&a, 40, 200, c);
        o.method = c % 2 == 0 ? REC_SPLIT_USER : REC_SPLIT_LAST;
        o.last = c;
        part = split(&a.t.x, &o, sizes);
        for (size_t i = 0; i < a.t.x.n; i++)
            seen[a.t.user[i]] |= part[i] == REC_TRAIN;
        for (size_t i = 0; i < a.t.x.n; i++)
            CHECK(seen[a.t.user[i]]);
        free(part);
        timed_free(&a);
    }
}

/* Takes away the rows of odd users, which gives the others new numbers. */
static void split_by_user_does_not_depend_on_other_users(void)
{
    for (int m = 0; m < 2; m++) {
        struct timed a, b;
        struct rec_split_opts o = split_opts(0.3, 0.3);
        uint64_t sizes[REC_N_PARTS];
        uint32_t ids[11];
        uint8_t *all, *some;
        size_t n = 0;

        timed_make(&a, 21, 400, 1);
        timed_make(&b, 11, 400, 1);
        o.method = m == 0 ? REC_SPLIT_USER : REC_SPLIT_LAST;
        for (size_t i = 0; i < a.t.x.n; i++)
            if (a.t.user[i] % 2 == 0) {
                b.t.user[n] = 10 - a.t.user[i] / 2;
                b.time[n++] = a.time[i];
            }
        b.t.x.n = n;
        for (uint32_t u = 0; u < 11; u++)
            ids[u] = 2 * (10 - u);
        rec_table_free(&b.users);
        add_ids(&b, ids);
        all = split(&a.t.x, &o, sizes);
        some = split(&b.t.x, &o, sizes);
        n = 0;
        for (size_t i = 0; i < a.t.x.n; i++)
            if (a.t.user[i] % 2 == 0)
                CHECKF(all[i] == some[n++], "row %zu", i);
        free(all);
        free(some);
        timed_free(&a);
        timed_free(&b);
    }
}

static void split_into_folds_covers_every_row_once(void)
{
    enum { N = 30000, K = 7 };
    struct toy t = toy_make(10, 10, N, 1);
    struct rec_split_opts o = split_opts(0.0, 0.25);
    uint8_t tested[N] = { 0 };
    int8_t validates[N];

    memset(validates, -1, sizeof validates);
    o.method = REC_SPLIT_FOLD;
    o.folds = K;
    for (o.fold = 1; o.fold <= K; o.fold++) {
        uint64_t sizes[REC_N_PARTS];
        uint8_t *part = split(&t.x, &o, sizes), *few;

        CHECK(near_share(sizes[REC_TEST], N, 1.0 / K));
        CHECK(near_share(sizes[REC_VALID], N, (1.0 - 1.0 / K) * 0.25));
        for (size_t i = 0; i < N; i++) {
            tested[i] = (uint8_t)(tested[i] + (part[i] == REC_TEST));
            if (part[i] == REC_TEST)
                continue;
            CHECK(validates[i] < 0 || validates[i] == (part[i] == REC_VALID));
            validates[i] = part[i] == REC_VALID;
        }
        t.x.n = 999; /* rows that are added move none */
        few = split(&t.x, &o, sizes);
        CHECK(memcmp(few, part, t.x.n) == 0);
        t.x.n = N;
        free(few);
        free(part);
    }
    for (size_t i = 0; i < N; i++)
        CHECKF(tested[i] == 1, "row %zu", i);
    toy_free(&t);
}

static void split_refuses_ratings_without_what_it_needs(void)
{
    struct timed a;
    struct rec_split_opts o = split_opts(0.2, 0.2);
    struct rec_table out = { .n_rows = 77 };
    uint64_t sizes[REC_N_PARTS] = { 5, 5, 5 };

    timed_make(&a, 5, 20, 1);
    a.t.x.time = NULL;
    a.t.x.user_ids = NULL;
    o.method = REC_SPLIT_TIME;
    CHECK(rec_split(&a.t.x, &o, &out, sizes, &err) == REC_EFORMAT);
    CHECK(strstr(err.text, "--time") != NULL);
    o.method = REC_SPLIT_USER;
    CHECK(rec_split(&a.t.x, &o, &out, sizes, &err) == REC_EFORMAT);
    a.t.x.n = 0;
    for (int m = 0; m < 2; m++) {
        o.method = m == 0 ? REC_SPLIT_LAST : REC_SPLIT_FOLD;
        CHECK(rec_split(&a.t.x, &o, &out, sizes, &err) == REC_EINPUT);
    }
    CHECK(out.n_rows == 77 && sizes[0] == 5);
    timed_free(&a);
}

static void split_survives_every_failed_allocation(void)
{
    struct timed a;

    timed_make(&a, 9, 100, 1);
    for (int m = REC_SPLIT_RANDOM; m <= REC_SPLIT_SOURCE; m++) {
        struct rec_split_opts o = split_opts(0.2, 0.2);
        uint64_t before = rec_mem_now(), at = 0, sizes[REC_N_PARTS];
        enum rec_status st = REC_ESYSTEM;

        o.method = (enum rec_split_method)m;
        o.test_source = 1;
        while (st != REC_OK) {
            struct rec_table out = { .n_rows = 0 };

            rec_mem_fail_at(++at);
            st = rec_split(&a.t.x, &o, &out, sizes, &err);
            rec_mem_fail_at(0);
            CHECK(st == REC_OK || (st == REC_ESYSTEM && out.n_rows == 0));
            rec_table_free(&out);
            CHECKF(rec_mem_now() == before, "allocation %d: a leak", (int)at);
        }
        CHECKF(at == 2 + (m == REC_SPLIT_USER || m == REC_SPLIT_LAST ? 5
                          : m == REC_SPLIT_TIME                      ? 1
                                                                     : 0),
               "method %d: %d allocations", m, (int)at - 1);
    }
    timed_free(&a);
}

int main(void)
{
    RUN(split_puts_each_row_in_one_part_in_the_given_shares);
    RUN(split_follows_its_stream_row_by_row);
    RUN(split_moves_no_row_when_rows_are_added);
    RUN(split_by_source_makes_one_file_the_test);
    RUN(split_refuses_to_leave_nothing_for_training);
    RUN(split_leaves_every_user_a_training_row);
    RUN(split_by_user_does_not_depend_on_other_users);
    RUN(split_into_folds_covers_every_row_once);
    RUN(split_refuses_ratings_without_what_it_needs);
    RUN(split_survives_every_failed_allocation);
    return test_end();
}
