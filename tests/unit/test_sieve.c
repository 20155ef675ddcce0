#include "data/sieve.h"

#include <stdlib.h>
#include <string.h>

#include "io/bytes.h"
#include "unit/test.h"

static struct rec_err err;

enum { MOST = 3000 };

/* A row as numbers; ids are written out so that lengths and prefixes differ. */
struct row {
    uint32_t user, item, rating, time;
};

static struct row in[MOST], out[MOST];
static size_t n_in, n_out;

static void make_table(struct rec_table *t)
{
    rec_table_init(t, "raw", REC_KIND_TABLE);
    rec_table_add(t, "user", REC_STR, 1, REC_PLAIN, NULL);
    rec_table_add(t, "item", REC_STR, 1, REC_PLAIN, NULL);
    rec_table_add(t, "rating", REC_F32, 1, REC_LEVELS, NULL);
    rec_table_add(t, "time", REC_I64, 1, REC_SHUFFLE, NULL);
}

static void add_id(struct rec_column *c, size_t i, uint32_t x)
{
    CHECK(rec_buf_addf(&c->text, &err, "%.*s%u", (int)(x % 3), "aaa", x) == REC_OK);
    c->at[i + 1] = c->text.n;
}

static void add_row(struct rec_table *t, struct row x)
{
    size_t i = t->n_rows;

    CHECK(rec_table_reserve(t, i + 1, &err) == REC_OK);
    add_id(&t->cols[0], i, x.user);
    add_id(&t->cols[1], i, x.item);
    ((float *)t->cols[2].data)[i] = (float)x.rating;
    ((int64_t *)t->cols[3].data)[i] = x.time;
    t->n_rows++;
}

static uint32_t read_id(const struct rec_column *c, size_t i)
{
    size_t n;
    const char *s = rec_column_text(c, i, &n);
    char text[16] = "";

    while (n > 0 && *s == 'a')
        s++, n--;
    memcpy(text, s, n);
    return (uint32_t)strtoul(text, NULL, 10);
}

/* Ratings are told in quarters: a mean here is of 1, 2 or 4 rows. */
static enum rec_status take(void *ctx, const struct rec_table *t, struct rec_err *e)
{
    (void)ctx;
    (void)e;
    for (size_t i = 0; i < t->n_rows; i++)
        out[n_out++] =
            (struct row){ read_id(&t->cols[0], i), read_id(&t->cols[1], i),
                          (uint32_t)(4 * ((const float *)t->cols[2].data)[i]),
                          (uint32_t)((const int64_t *)t->cols[3].data)[i] };
    return REC_OK;
}

/* ---- the same, slowly ---- */

static bool same(const struct row *a, const struct row *b, enum rec_dups dups)
{
    return a->user == b->user && a->item == b->item &&
           (dups != REC_DUPS_EXACT || (a->rating == b->rating && a->time == b->time));
}

static void drop_few_slowly(bool *keep, const struct rec_sieve_limits *limits)
{
    bool changed = true;

    while (changed) {
        changed = false;
        for (size_t i = 0; i < n_in; i++) {
            uint64_t users = 0, items = 0;

            for (size_t k = 0; k < n_in; k++) {
                users += keep[k] && in[k].user == in[i].user;
                items += keep[k] && in[k].item == in[i].item;
            }
            if (keep[i] && (users < limits->min_user || items < limits->min_item)) {
                keep[i] = false;
                changed = true;
            }
        }
    }
}

static size_t slow(struct row *want, size_t from, enum rec_dups dups,
                   const struct rec_sieve_limits *limits)
{
    static bool keep[MOST];
    size_t n = 0;

    for (size_t i = 0; i < n_in; i++) {
        keep[i] = i >= from;
        for (size_t k = 0; k < n_in && dups != REC_DUPS_KEEP; k++)
            if (k != i && (k < i) != rec_dups_is_late(dups) &&
                same(&in[k], &in[i], dups))
                keep[i] = false;
    }
    drop_few_slowly(keep, limits);
    for (size_t i = 0; i < n_in; i++) {
        uint32_t sum = 0, rows = 0;

        if (!keep[i])
            continue;
        want[n] = in[i];
        for (size_t k = 0; k < n_in; k++)
            if (same(&in[k], &in[i], REC_DUPS_MEAN)) {
                sum += in[k].rating;
                rows++;
            }
        want[n++].rating = dups == REC_DUPS_MEAN ? 4 * sum / rows : 4 * in[i].rating;
    }
    return n;
}

/* ---- both ---- */

static size_t make_key(const struct row *x, enum rec_dups dups, uint8_t *key)
{
    struct rec_table t;
    uint8_t *p = key;

    make_table(&t);
    add_row(&t, *x);
    for (int k = 0; k < 2; k++) {
        p = rec_put_varint(p, t.cols[k].text.n);
        memcpy(p, t.cols[k].text.data, t.cols[k].text.n);
        p += t.cols[k].text.n;
    }
    if (dups == REC_DUPS_EXACT) {
        memcpy(p, t.cols[2].data, 4);
        memcpy(p + 4, t.cols[3].data, 8);
        p += 12;
    }
    rec_table_free(&t);
    return (size_t)(p - key);
}

/* Rows before FROM went another way and are told by their keys; they do not repeat. */
static void compare(size_t from, enum rec_dups dups,
                    const struct rec_sieve_limits *limits)
{
    static struct row want[MOST];
    struct rec_sieve_counts counts;
    struct rec_sieve *s = NULL;
    struct rec_table t;
    size_t n_want = slow(want, from, dups, limits);

    make_table(&t);
    CHECK(rec_sieve_open(&t, &s, &err) == REC_OK);
    CHECK(rec_sieve_compare(s, dups, &err) == REC_OK);
    for (size_t i = 0; i < from; i++) {
        uint8_t key[64];

        CHECK(rec_sieve_seen(s, key, make_key(&in[i], dups, key), &err) == REC_OK);
    }
    for (size_t i = from; i < n_in; i++) {
        add_row(&t, in[i]);
        if (i % 700 == 699 || i + 1 == n_in) {
            CHECK(rec_sieve_add(s, &t, &err) == REC_OK);
            rec_table_clear(&t);
        }
    }
    n_out = 0;
    CHECK(rec_sieve_run(s, limits, take, NULL, &counts, &err) == REC_OK);
    CHECKF(n_out == n_want, "%zu rows instead of %zu", n_out, n_want);
    CHECK(memcmp(out, want, n_want * sizeof *want) == 0);
    CHECK(n_in - from == n_out + counts.repeated + counts.few);
    rec_sieve_free(s);
    rec_table_free(&t);
}

/* Some rows repeat in full, others in user and item: each pair 1, 2 or 4 times. */
static void make_rows(size_t n, uint64_t seed)
{
    for (n_in = 0; n_in + 4 < n;) {
        size_t first = n_in, times = (size_t)1 << test_random(&seed) % 3;

        for (size_t k = 0; k < times; k++, n_in++) {
            in[n_in] = (struct row){ (uint32_t)(first % 97), (uint32_t)(first / 97 * 7),
                                     (uint32_t)(test_random(&seed) % 5),
                                     (uint32_t)(test_random(&seed) % 2) };
            if (test_random(&seed) % 3 == 0 && k > 0)
                in[n_in] = in[n_in - 1];
        }
    }
    for (size_t i = n_in; i > 1; i--) {
        size_t k = test_random(&seed) % i;
        struct row x = in[i - 1];

        in[i - 1] = in[k];
        in[k] = x;
    }
}

static void what_stays_is_what_a_slow_search_says(void)
{
    static const struct rec_sieve_limits limits[] = {
        { 0, 0 }, { 5, 0 }, { 0, 40 }, { 12, 4 }, { 14, 40 }, { 99, 99 }
    };

    for (uint64_t seed = 1; seed <= 3; seed++)
        for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) {
            make_rows(seed == 1 ? 9 : 800, seed);
            for (int dups = REC_DUPS_EXACT; dups <= REC_DUPS_KEEP; dups++)
                if (dups != REC_DUPS_ERROR)
                    compare(0, (enum rec_dups)dups, &limits[i]);
        }
}

static void rows_seen_before_count_as_the_first(void)
{
    struct rec_sieve_limits none = { 0, 0 };

    make_rows(1200, 4);
    for (size_t i = 0; i < 300; i++) /* all different */
        in[i].user = 1000 + (uint32_t)i;
    for (size_t i = 0; i < 100; i++) /* and met again */
        in[500 + i] = in[2 * i];
    compare(300, REC_DUPS_EXACT, &none);
    compare(300, REC_DUPS_FIRST, &none);
}

static void an_error_names_the_pair(void)
{
    struct rec_sieve_limits none = { 0, 0 };
    struct rec_sieve_counts counts;
    struct rec_sieve *s = NULL;
    struct rec_table t;

    make_table(&t);
    CHECK(rec_sieve_open(&t, &s, &err) == REC_OK);
    CHECK(rec_sieve_compare(s, REC_DUPS_ERROR, &err) == REC_OK);
    for (uint32_t i = 0; i < 1000; i++)
        add_row(&t, (struct row){ i % 900, 6, 1, 1 });
    CHECK(rec_sieve_add(s, &t, &err) == REC_OK);
    CHECK(rec_sieve_run(s, &none, take, NULL, &counts, &err) == REC_EINPUT);
    CHECK(strstr(err.text, "user '0'") != NULL && strstr(err.text, "item '6'") != NULL);
    rec_sieve_free(s);
    rec_table_free(&t);
}

static void every_failed_allocation_is_survived(void)
{
    struct rec_sieve_limits limits = { 2, 2 };
    enum rec_status st = REC_ESYSTEM;
    uint64_t before;
    struct rec_table t;

    make_rows(200, 5);
    make_table(&t);
    for (size_t i = 0; i < n_in; i++)
        add_row(&t, in[i]);
    before = rec_mem_now();
    for (uint64_t at = 1; st != REC_OK; at++) {
        struct rec_sieve_counts counts;
        struct rec_sieve *s = NULL;

        rec_mem_fail_at(at);
        st = rec_sieve_open(&t, &s, &err);
        if (st == REC_OK)
            st = rec_sieve_compare(s, REC_DUPS_MEAN, &err);
        if (st == REC_OK)
            st = rec_sieve_add(s, &t, &err);
        n_out = 0;
        if (st == REC_OK)
            st = rec_sieve_run(s, &limits, take, NULL, &counts, &err);
        rec_mem_fail_at(0);
        CHECK(st == REC_OK || st == REC_ESYSTEM);
        rec_sieve_free(s);
        CHECK(rec_mem_now() == before);
    }
    rec_table_free(&t);
}

int main(void)
{
    RUN(what_stays_is_what_a_slow_search_says);
    RUN(rows_seen_before_count_as_the_first);
    RUN(an_error_names_the_pair);
    RUN(every_failed_allocation_is_survived);
    return test_end();
}
