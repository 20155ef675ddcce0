/* split: as many rows as all threads take part in, beside a plain version */
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/par.h"
#include "base/random.h"
#include "data/split.h"
#include "unit/toy.h"

static struct rec_err err;

/* A row and what it is ordered by: of one user, or among all. */
struct plain_row {
    uint32_t user;
    uint64_t key;
    size_t row;
};

static int compare_rows(const void *a, const void *b)
{
    const struct plain_row *x = a, *y = b;

    if (x->user != y->user)
        return x->user < y->user ? -1 : 1;
    if (x->key != y->key)
        return x->key < y->key ? -1 : 1;
    return x->row < y->row ? -1 : x->row > y->row;
}

static uint64_t key_of_time(const struct rec_ratings *x, size_t i)
{
    return x->time != NULL ? (uint64_t)x->time[i] + ((uint64_t)1 << 63) : 0;
}

/* The numbers of each user's rows, in order of rows. */
static void draw_keys(const struct rec_ratings *x, uint64_t seed,
                      struct plain_row *rows)
{
    struct rec_random *r = calloc(x->n_users, sizeof *r);

    CHECK(r != NULL);
    for (uint32_t u = 0; u < x->n_users; u++) {
        size_t n;
        const char *id = rec_column_text(x->user_ids, u, &n);

        rec_random_init(&r[u], seed, "any");
        r[u].stream = rec_hash64(id, n, rec_hash64("split user", 10, 0));
    }
    for (size_t i = 0; i < x->n; i++)
        rows[i].key = rec_random_u64(&r[x->user[i]]);
    free(r);
}

/* Rows FIRST .. END, ascending, of one user or of all. */
static void give_last(const struct rec_split_opts *o, const struct plain_row *rows,
                      size_t n, uint8_t *part)
{
    size_t n_test = (size_t)(o->test * (double)n + 0.5), n_valid;
    size_t most = o->method == REC_SPLIT_TIME ? n : n - 1;

    n_test = o->method == REC_SPLIT_LAST ? o->last : n_test;
    n_test = n_test < most ? n_test : most;
    n_valid = (size_t)(o->valid * (double)(n - n_test) + 0.5);
    n_valid = o->method == REC_SPLIT_LAST ? (o->valid > 0.0 ? o->last : 0) : n_valid;
    n_valid = n_valid < most - n_test ? n_valid : most - n_test;
    for (size_t i = 0; i < n; i++)
        part[rows[i].row] = (uint8_t)(i >= n - n_test             ? REC_TEST
                                      : i >= n - n_test - n_valid ? REC_VALID
                                                                  : REC_TRAIN);
}

static void plain_ordered(const struct rec_ratings *x, const struct rec_split_opts *o,
                          uint8_t *part)
{
    struct plain_row *rows = calloc(x->n, sizeof *rows);

    CHECK(rows != NULL);
    for (size_t i = 0; i < x->n; i++)
        rows[i] = (struct plain_row){ o->method == REC_SPLIT_TIME ? 0 : x->user[i],
                                      key_of_time(x, i), i };
    if (o->method == REC_SPLIT_USER)
        draw_keys(x, o->seed, rows);
    qsort(rows, x->n, sizeof *rows, compare_rows);
    for (size_t i = 0, end; i < x->n; i = end) {
        for (end = i + 1; end < x->n && rows[end].user == rows[i].user;)
            end++;
        give_last(o, rows + i, end - i, part);
    }
    free(rows);
}

static void plain_split(const struct rec_ratings *x, const struct rec_split_opts *o,
                        uint8_t *part)
{
    struct rec_random random, fold;
    double share = o->method == REC_SPLIT_RANDOM ? o->test : 0.0;

    if (o->method == REC_SPLIT_USER || o->method == REC_SPLIT_TIME ||
        o->method == REC_SPLIT_LAST) {
        plain_ordered(x, o, part);
        return;
    }
    rec_random_init(&random, o->seed, "split");
    rec_random_init(&fold, o->seed, "split fold");
    for (size_t i = 0; i < x->n; i++) {
        double y = rec_random_uniform(&random);
        uint64_t in_fold = (uint64_t)((double)o->folds * rec_random_uniform(&fold)) + 1;

        part[i] = y < share                                ? REC_TEST
                  : (y - share) / (1.0 - share) < o->valid ? REC_VALID
                                                           : REC_TRAIN;
        if (o->method == REC_SPLIT_FOLD
                ? in_fold == o->fold
                : o->method == REC_SPLIT_SOURCE && x->source[i] == o->test_source)
            part[i] = REC_TEST;
    }
}

static void make_ids(struct rec_column *c, uint32_t n)
{
    *c = (struct rec_column){ .type = REC_STR, .width = 1 };
    CHECK(rec_column_reserve(c, n, &err) == REC_OK);
    for (uint32_t u = 0; u < n; u++) {
        CHECK(rec_buf_addf(&c->text, &err, "id %u", u * 7919u) == REC_OK);
        c->at[u + 1] = c->text.n;
    }
}

/* Times by KIND: all the same, of one day, or of all there are. */
static int64_t *make_times(size_t n, int kind)
{
    int64_t *time = calloc(n, sizeof *time);
    uint64_t state = 9;

    CHECK(time != NULL);
    for (size_t i = 0; i < n; i++) {
        uint64_t x = test_random(&state);

        time[i] = kind == 0   ? -5
                  : kind == 1 ? 1300000000 + (int64_t)(x % 100000)
                              : (int64_t)(x % 3 == 0 ? x : x % 1000);
    }
    return time;
}

static void check_methods(const struct rec_ratings *x, unsigned threads)
{
    uint8_t *wanted = calloc(x->n, 1);

    CHECK(wanted != NULL);
    for (int m = REC_SPLIT_RANDOM; m <= REC_SPLIT_SOURCE; m++) {
        struct rec_split_opts o = { .method = (enum rec_split_method)m,
                                    .test = 0.15,
                                    .valid = 0.3,
                                    .test_source = 2,
                                    .last = 2,
                                    .folds = 7,
                                    .fold = 3,
                                    .seed = 5 + threads };
        uint64_t sizes[REC_N_PARTS];
        struct rec_table t;

        if (x->time == NULL && m == REC_SPLIT_TIME)
            continue;
        rec_par_set_threads(threads);
        CHECKF(rec_split(x, &o, &t, sizes, &err) == REC_OK, "%s", err.text);
        rec_par_set_threads(1);
        plain_split(x, &o, wanted);
        for (size_t i = 0; i < x->n; i++) {
            CHECKF(((uint8_t *)t.cols[0].data)[i] == wanted[i], "method %d, row %zu", m,
                   i);
            sizes[wanted[i]]--;
        }
        CHECK(sizes[0] == 0 && sizes[1] == 0 && sizes[2] == 0);
        rec_table_free(&t);
    }
    free(wanted);
}

static void split_of_many_rows_is_a_plain_one_for_any_threads(void)
{
    static const struct {
        uint32_t users;
        size_t n;
        int times;
    } cases[] = {
        { 50000, 200000, 1 }, { 3, 140000, 2 }, { 1, 70001, 0 }, { 90000, 131072, 3 }
    };

    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        struct toy t = toy_make(cases[c].users, 9, cases[c].n, c);
        int64_t *time = make_times(cases[c].n, cases[c].times);
        struct rec_column ids;

        make_ids(&ids, cases[c].users);
        t.x.user_ids = &ids;
        t.x.source = t.source;
        t.x.time = cases[c].times == 3 ? NULL : time;
        for (unsigned threads = 1; threads <= 4; threads++)
            check_methods(&t.x, threads);
        rec_column_free(&ids);
        free(time);
        toy_free(&t);
    }
}

int main(void)
{
    RUN(split_of_many_rows_is_a_plain_one_for_any_threads);
    return test_end();
}
