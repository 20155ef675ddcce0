/* ratings, split, overlap */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/random.h"
#include "data/overlap.h"
#include "data/split.h"
#include "io/writer.h"
#include "unit/files.h"
#include "unit/toy.h"

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

/* ---- all methods, against the definitions ---- */

/* A toy with times, of which few are distinct, and ids of users. */
struct timed {
    struct toy t;
    int64_t *time;
    struct rec_table users;
};

/* IDS[u] stands for user u; NULL: "user <u>". */
static void add_ids(struct timed *a, const uint32_t *ids)
{
    struct rec_column *c;

    rec_table_init(&a->users, "users", REC_KIND_DICT);
    rec_table_add(&a->users, "id", REC_STR, 1, REC_PLAIN, NULL);
    CHECK(rec_table_reserve(&a->users, a->t.x.n_users, &err) == REC_OK);
    c = &a->users.cols[0];
    for (uint32_t u = 0; u < a->t.x.n_users; u++) {
        CHECK(rec_buf_addf(&c->text, &err, "user %u", ids != NULL ? ids[u] : u) ==
              REC_OK);
        c->at[u + 1] = c->text.n;
    }
    a->users.n_rows = a->t.x.n_users;
    a->t.x.user_ids = c;
}

static void timed_make(struct timed *a, uint32_t n_users, size_t n, uint64_t seed)
{
    static const int64_t ends[] = { INT64_MIN, INT64_MAX, 0, -1 };

    *a = (struct timed){ .t = toy_make(n_users, 7, n, seed) };
    a->time = calloc(n, sizeof *a->time);
    CHECK(a->time != NULL);
    for (size_t i = 0; i < n; i++) {
        uint64_t x = test_random(&seed);

        a->time[i] = x % 8 < 4   ? ends[x % 4]
                     : x % 8 < 6 ? 1300000000 + (int64_t)(x / 8 % 5)
                                 : (int64_t)test_random(&seed);
    }
    a->t.x.time = a->time;
    a->t.x.source = a->t.source;
    add_ids(a, NULL);
}

static void timed_free(struct timed *a)
{
    toy_free(&a->t);
    free(a->time);
    rec_table_free(&a->users);
}

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
/* ---- overlap ---- */

static void check_counts(const struct rec_ratings *x)
{
    struct rec_part_counts n[REC_N_PARTS];

    CHECK(rec_overlap_count(x, n, &err) == REC_OK);
    for (int p = 0; p < REC_N_PARTS; p++) {
        struct rec_part_counts want = { .rows = 0 };

        for (size_t i = 0; i < x->n; i++) {
            bool first_user = true, first_item = true;
            bool warm_user = false, warm_item = false;

            if (x->part[i] != p)
                continue;
            for (size_t k = 0; k < x->n; k++) {
                bool user = x->user[k] == x->user[i], item = x->item[k] == x->item[i];

                first_user &= !(user && k < i && x->part[k] == p);
                first_item &= !(item && k < i && x->part[k] == p);
                warm_user |= user && x->part[k] == REC_TRAIN;
                warm_item |= item && x->part[k] == REC_TRAIN;
            }
            want.users += first_user;
            want.items += first_item;
            want.warm_users += first_user && warm_user;
            want.warm_items += first_item && warm_item;
            if (x->time != NULL && (want.rows == 0 || x->time[i] < want.first))
                want.first = x->time[i];
            if (x->time != NULL && (want.rows == 0 || x->time[i] > want.last))
                want.last = x->time[i];
            want.rows++;
        }
        CHECKF(memcmp(&n[p], &want, sizeof want) == 0, "part %d", p);
    }
}

static void overlap_counts_what_is_there(void)
{
    for (size_t c = 0; c < 20; c++) {
        struct timed a;

        timed_make(&a, 1 + 7 * (uint32_t)c, 10 * c, c);
        check_counts(&a.t.x);
        if (a.t.x.n > 0)
            memset(a.t.part, (int)(c % REC_N_PARTS), a.t.x.n);
        a.t.x.time = NULL;
        check_counts(&a.t.x);
        timed_free(&a);
    }
}

static void overlap_survives_every_failed_allocation(void)
{
    struct timed a;
    uint64_t before;

    timed_make(&a, 5, 30, 1);
    before = rec_mem_now();
    for (uint64_t at = 1; at <= 3; at++) {
        struct rec_buf text = { .n = 0 };

        rec_mem_fail_at(at);
        CHECK(rec_overlap_print(&a.t.x, &text, &err) == REC_ESYSTEM);
        rec_mem_fail_at(0);
        rec_buf_free(&text);
        CHECK(rec_mem_now() == before);
    }
    timed_free(&a);
}

/* ---- times and ids from a file ---- */

static void write_dict(struct rec_writer *w, const char *name, bool as_text)
{
    struct rec_table t;

    rec_table_init(&t, name, REC_KIND_TABLE);
    memcpy(t.by, "test", 5);
    rec_table_add(&t, "id", as_text ? REC_STR : REC_U8, 1, REC_PLAIN, NULL);
    CHECK(rec_table_reserve(&t, 1, &err) == REC_OK);
    if (as_text) {
        CHECK(rec_buf_add(&t.cols[0].text, "ann", 3, &err) == REC_OK);
        t.cols[0].at[1] = 3;
    } else {
        *(uint8_t *)t.cols[0].data = 0;
    }
    t.n_rows = 1;
    CHECK(rec_writer_table(w, &t, &err) == REC_OK);
    rec_table_free(&t);
}

/* One rating, at time 7 if TIME is REC_I64 and without if it is REC_N_TYPES; read back
 * with or without the ids of users. */
static enum rec_status one_rating(enum rec_type time, bool as_text, bool with_ids,
                                  bool *has_time, bool *has_ids)
{
    static const enum rec_type types[] = { REC_U32, REC_U32, REC_F32 };
    static const char *const names[] = { "user", "item", "rating" };
    struct rec_ratings x = { .n = 0 };
    struct rec_writer *w;
    struct rec_reader *r;
    struct rec_table t;
    enum rec_status st;

    rec_table_init(&t, "ratings", REC_KIND_TABLE);
    memcpy(t.by, "test", 5);
    for (int i = 0; i < 3; i++)
        rec_table_add(&t, names[i], types[i], 1, REC_PLAIN, NULL);
    if (time != REC_N_TYPES)
        rec_table_add(&t, "time", time, 1, REC_PLAIN, NULL);
    CHECK(rec_table_reserve(&t, 1, &err) == REC_OK);
    for (uint32_t i = 0; i < t.n_cols; i++)
        memset(t.cols[i].data, 0, rec_type_bytes(t.cols[i].type));
    if (time == REC_I64)
        *(int64_t *)t.cols[3].data = 7;
    t.n_rows = 1;
    CHECK(rec_writer_open(files_path("one"), 0, &w, &err) == REC_OK);
    write_dict(w, "users", as_text);
    write_dict(w, "items", true);
    CHECK(rec_writer_table(w, &t, &err) == REC_OK);
    CHECK(rec_writer_finish(w, "@PG\tID:x\n", &err) == REC_OK);
    rec_table_free(&t);
    CHECK(rec_reader_open(files_path("one"), &r, &err) == REC_OK);
    CHECK(rec_ratings_load(r, REC_NEED_ROWS, &err) == REC_OK);
    CHECK(!with_ids || rec_reader_load(r, "users", &err) == REC_OK);
    CHECKF(rec_reader_run(r, NULL, &err) == REC_OK, "%s", err.text);
    st = rec_ratings_get(r, REC_NEED_ROWS, &x, &err);
    *has_time = x.time != NULL && x.time[0] == 7;
    *has_ids = x.user_ids != NULL && x.user_ids->text.n == 3;
    rec_reader_close(r);
    return st;
}

static void ratings_have_times_and_ids_where_the_file_has_them(void)
{
    static const struct {
        enum rec_type time;
        bool as_text, with_ids;
        enum rec_status st;
        bool has_time, has_ids;
    } cases[] = { { REC_I64, true, true, REC_OK, true, true },
                  { REC_I64, true, false, REC_OK, true, false },
                  { REC_I64, false, true, REC_OK, true, false },
                  { REC_N_TYPES, true, true, REC_OK, false, true },
                  { REC_U64, true, true, REC_EFORMAT, false, false },
                  { REC_U32, true, true, REC_EFORMAT, false, false } };

    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        bool has_time, has_ids;

        CHECKF(one_rating(cases[c].time, cases[c].as_text, cases[c].with_ids, &has_time,
                          &has_ids) == cases[c].st,
               "case %zu", c);
        CHECKF(has_time == cases[c].has_time && has_ids == cases[c].has_ids, "case %zu",
               c);
    }
}

int main(void)
{
    files_begin();
    RUN(split_puts_each_row_in_one_part_in_the_given_shares);
    RUN(split_follows_its_stream_row_by_row);
    RUN(split_moves_no_row_when_rows_are_added);
    RUN(split_by_source_makes_one_file_the_test);
    RUN(split_refuses_to_leave_nothing_for_training);
    RUN(split_is_what_its_header_says);
    RUN(split_leaves_every_user_a_training_row);
    RUN(split_by_user_does_not_depend_on_other_users);
    RUN(split_into_folds_covers_every_row_once);
    RUN(split_refuses_ratings_without_what_it_needs);
    RUN(split_survives_every_failed_allocation);
    RUN(overlap_counts_what_is_there);
    RUN(overlap_survives_every_failed_allocation);
    RUN(ratings_have_times_and_ids_where_the_file_has_them);
    files_end();
    return test_end();
}
