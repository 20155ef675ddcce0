/* rgnn as a model that ranks. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "nn/rgnn_rank.h"
#include "unit/toy.h"

static struct rec_err err;
static const struct rec_ranking *const is = &rec_rgnn_ranking;

enum { USERS = 90, ITEMS = 1100, ROWS = 3000 };

static void check_ok(enum rec_status st)
{
    CHECKF(st == REC_OK, "%s", err.text);
}

/* Random weights, as if trained, of some members. */
static struct rec_rgnn_trained trained(const struct toy *t, bool by_level,
                                       uint32_t width, uint32_t members)
{
    static const double lambda[2] = { 2.0, 3.0 };
    struct rec_rgnn_trained x = { .n_members = members };
    struct rec_param *p;

    check_ok(
        rec_rgnn_data_make(&t->x, by_level, false, 0, 0, lambda, NULL, &x.x, &err));
    x.m = rec_alloc_zero(members, sizeof *x.m, "members", &err);
    x.s = rec_alloc_zero(members, sizeof *x.s, "members", &err);
    CHECK(x.m != NULL && x.s != NULL);
    for (uint32_t m = 0; m < members; m++) {
        check_ok(rec_rgnn_make(&x.x, width, false, &x.m[m], &err));
        for (uint32_t i = 0; (p = rec_rgnn_param(&x.m[m], i)) != NULL; i++)
            rec_param_normal(p, m + 7, 0.3);
        check_ok(rec_rgnn_state_make(&x.x, &x.m[m], false, &x.s[m], &err));
        rec_rgnn_forward(&x.m[m], &x.x, 0, &x.s[m]);
    }
    check_ok(is->ready(&x, &err));
    return x;
}

static void score(const struct rec_rgnn_trained *x, const uint32_t *user, uint32_t b,
                  float *out)
{
    void *scratch = rec_alloc(is->scratch_bytes(x, b), 1, "scratch", &err);

    CHECK(scratch != NULL);
    is->scores(x, user, b, scratch, out);
    rec_free(scratch);
}

/* The mean of what nn/rgnn.h says of a row without time kernels. */
static double plain(const struct rec_rgnn_trained *x, uint32_t u, uint32_t i)
{
    const struct rec_rgnn_bias *b = &x->x.bias;
    const double bu = b->bias[REC_USERS][u], bi = b->bias[REC_ITEMS][i];
    const rec_real row[4] = {
        (rec_real)bu,
        (rec_real)bi,
        (rec_real)(log(1.0 + b->count[REC_USERS][u]) / 5.0),
        (rec_real)(log(1.0 + b->count[REC_ITEMS][i]) / 5.0),
    };
    double sum = 0.0;

    for (uint32_t m = 0; m < x->n_members; m++)
        sum += rec_rgnn_rating(&x->m[m], &x->s[m], u, i, b->mean[0] + bu + bi, row);
    return sum / x->n_members * x->x.g.unit;
}

static const struct {
    bool by_level;
    uint32_t width, members;
    float scale; /* of the ratings */
} cases[] = { { true, 8, 1, 1.0f }, { true, 64, 1, 16.0f },   { false, 64, 1, 1.0f },
              { true, 7, 3, 1.0f }, { false, 70, 2, 0.125f }, { true, 1, 1, 1.0f } };

/* Calls FN with a model of every case. */
static void of_all(void (*fn)(const struct toy *t, struct rec_rgnn_trained *x))
{
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        struct toy t = toy_make(USERS, ITEMS, ROWS, 5);
        struct rec_rgnn_trained x;

        for (uint32_t i = 0; i < ROWS; i++)
            t.rating[i] *= cases[k].scale;
        x = trained(&t, cases[k].by_level, cases[k].width, cases[k].members);
        fn(&t, &x);
        rec_rgnn_trained_free(&x);
        toy_free(&t);
    }
}

static void compare_with_plain(const struct toy *t, struct rec_rgnn_trained *x)
{
    float *out = malloc(ITEMS * sizeof *out);

    (void)t;
    for (uint32_t u = 0; u < USERS; u++) {
        score(x, &u, 1, out);
        for (uint32_t i = 0; i < ITEMS; i++)
            CHECKF(fabs(out[i] - plain(x, u, i)) < 2e-5 * (1.0 + fabs((double)out[i])),
                   "%u %u: %g, not %g", u, i, (double)out[i], plain(x, u, i));
    }
    free(out);
}

static void rgnn_scores_are_its_ratings_without_time(void)
{
    of_all(compare_with_plain);
}

static void compare_blocks(const struct toy *t, struct rec_rgnn_trained *x)
{
    static const uint32_t sizes[] = { 2, 31, 32, 33, 64, 90 };
    float *one = malloc(ITEMS * sizeof *one);
    float *all = malloc((size_t)USERS * ITEMS * sizeof *all);

    (void)t;
    for (size_t k = 0; k < sizeof sizes / sizeof *sizes; k++) {
        uint32_t user[USERS], b = sizes[k];

        for (uint32_t u = 0; u < b; u++)
            user[u] = (u * 37 + 11) % USERS;
        score(x, user, b, all);
        for (uint32_t u = 0; u < b; u++) {
            score(x, &user[u], 1, one);
            CHECKF(memcmp(one, all + (size_t)u * ITEMS, ITEMS * sizeof *one) == 0,
                   "user %u as number %u of %u", user[u], u, b);
        }
    }
    free(one);
    free(all);
}

static void bits_of_a_user_do_not_depend_on_her_block(void)
{
    of_all(compare_blocks);
}

static int by_item(const void *a, const void *b)
{
    const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

    return x < y ? -1 : x > y;
}

/* Training ratings of a user, by item; 0 if there is an item twice. */
static uint32_t own_ratings(const struct toy *t, uint32_t u, uint32_t *item, float *r)
{
    uint64_t key[ROWS];
    uint32_t n = 0;

    for (uint32_t k = 0; k < ROWS; k++)
        if (t->user[k] == u && t->part[k] == REC_TRAIN)
            key[n++] = (uint64_t)t->item[k] << 32 | k;
    qsort(key, n, sizeof *key, by_item);
    for (uint32_t k = 0; k < n; k++) {
        item[k] = (uint32_t)(key[k] >> 32);
        r[k] = t->rating[(uint32_t)key[k]];
        if (k > 0 && item[k] == item[k - 1])
            return 0;
    }
    return n;
}

static void fold_in_all(const struct toy *t, struct rec_rgnn_trained *x)
{
    float *trained_one = malloc(ITEMS * sizeof *trained_one);
    float *new_one = malloc(ITEMS * sizeof *new_one), rating[ROWS];
    uint32_t item[ROWS], compared = 0;

    for (uint32_t u = 0; u < USERS; u++) {
        uint32_t n = own_ratings(t, u, item, rating);

        if (n == 0)
            continue;
        score(x, &u, 1, trained_one);
        check_ok(is->fold_in(x, item, rating, n, new_one, &err));
        CHECKF(memcmp(trained_one, new_one, ITEMS * sizeof *new_one) == 0, "user %u",
               u);
        rating[0] = (rating[0] > (float)x->x.g.unit ? 1.0f : 2.0f) *
                    (float)x->x.g.unit; /* and the test can fail */
        check_ok(is->fold_in(x, item, rating, n, new_one, &err));
        CHECK(memcmp(trained_one, new_one, ITEMS * sizeof *new_one) != 0);
        compared++;
    }
    CHECKF(compared > USERS / 2, "%u", compared);
    free(trained_one);
    free(new_one);
}

static void a_user_folded_in_has_the_bits_she_had_in_training(void)
{
    of_all(fold_in_all);
}

static void refuse_ratings(const struct toy *t, struct rec_rgnn_trained *x)
{
    static const uint32_t item[2] = { 3, 5 };
    const float unit = (float)x->x.g.unit;
    const float between[2] = { unit, 1.25f * unit }, beyond[2] = { unit, 5.5f * unit };
    float *out = malloc(ITEMS * sizeof *out);

    (void)t;
    CHECK(is->fold_in(x, item, NULL, 2, out, &err) == REC_EINPUT);
    CHECK(strstr(err.text, "needs ratings") != NULL);
    CHECK(is->fold_in(x, item, beyond, 2, out, &err) == REC_EINPUT);
    CHECK(strstr(err.text, " is ") != NULL);
    CHECK(is->fold_in(x, item, between, 2, out, &err) ==
          (x->x.by_level ? REC_EINPUT : REC_OK));
    free(out);
}

static void ratings_that_training_had_not_are_refused(void)
{
    of_all(refuse_ratings);
}

static void every_failed_allocation_is_survived(void)
{
    static const uint32_t item[2] = { 3, 5 };
    const float rating[2] = { 1.0f, 4.0f };
    struct toy t = toy_make(USERS, ITEMS, ROWS, 5);
    struct rec_rgnn_trained x = trained(&t, false, 8, 1);
    float *out = malloc(ITEMS * sizeof *out);
    enum rec_status st = REC_ESYSTEM;
    uint64_t held;

    for (uint64_t n = 1; st != REC_OK && n < 100; n++) {
        held = rec_mem_now();
        rec_mem_fail_at(n);
        st = is->fold_in(&x, item, rating, 2, out, &err);
        rec_mem_fail_at(0);
        CHECK(st == REC_OK || st == REC_ESYSTEM);
        CHECK(rec_mem_now() == held);
    }
    CHECK(st == REC_OK);
    free(out);
    rec_rgnn_trained_free(&x);
    toy_free(&t);
}

int main(void)
{
    RUN(rgnn_scores_are_its_ratings_without_time);
    RUN(bits_of_a_user_do_not_depend_on_her_block);
    RUN(a_user_folded_in_has_the_bits_she_had_in_training);
    RUN(ratings_that_training_had_not_are_refused);
    RUN(every_failed_allocation_is_survived);
    return test_end();
}
