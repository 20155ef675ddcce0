/* rgnn: what training promises */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/par.h"
#include "nn/rgnn_members.h"
#include "unit/rgnntoy.h"

static struct rec_err err;

static double trained_loss(const struct rec_ratings *r, const struct rec_rgnn_opts *o,
                           uint64_t epochs, rec_real *values, size_t n)
{
    struct rec_rgnn_learner x;
    struct rec_learner l = rec_rgnn_learner(&x);
    double loss;

    CHECKF(rec_rgnn_learner_make(&x, r, o, &err) == REC_OK, "%s", err.text);
    for (uint64_t e = 1; e <= epochs; e++) {
        (void)l.loss(l.self);
        l.epoch(l.self, e, 0.01);
    }
    loss = l.loss(l.self);
    for (size_t i = 0; i < r->n; i++)
        if (r->part[i] == REC_VALID && !o->no_ratings) {
            double p = l.rating(l.self, r, i);

            CHECK(p >= (double)x.x.g.low * x.x.g.unit &&
                  p <= (double)x.x.g.high * x.x.g.unit);
        }
    if (values != NULL) {
        CHECK(rec_learner_n_values(&l) <= n);
        rec_learner_get(&l, values);
    }
    rec_rgnn_learner_free(&x);
    return loss;
}

static void threads_do_not_change_a_bit(void)
{
    enum { MOST = 200000 };
    int64_t *time;
    struct toy t = timed_toy(900, 700, 20000, 5, &time);
    rec_real *one = calloc(MOST, sizeof *one), *four = calloc(MOST, sizeof *four);
    struct rec_rgnn_opts o = rgnn_opts();

    CHECK(one != NULL && four != NULL);
    for (o.basis = REC_RGNN_LEVEL; o.basis <= REC_RGNN_CL; o.basis++) {
        double a, b;

        a = trained_loss(&t.x, &o, 2, one, MOST);
        rec_par_set_threads(4);
        b = trained_loss(&t.x, &o, 2, four, MOST);
        rec_par_set_threads(1);
        CHECK(memcmp(&a, &b, sizeof a) == 0);
        CHECK(memcmp(one, four, MOST * sizeof *one) == 0);
    }
    free(one);
    free(four);
    toy_free(&t);
    free(time);
}

/* From nothing to learn from: one user, one item, one rating, all the same. */
static void training_is_finite_on_the_smallest_inputs(void)
{
    static const struct {
        uint32_t users, items;
        size_t n;
    } sizes[] = {
        { 1, 1, 1 }, { 1, 1, 2 }, { 1, 1, 9 }, { 1, 5, 9 }, { 5, 1, 9 }, { 3, 3, 12 },
    };

    for (size_t k = 0; k < 6; k++)
        for (int how = 0; how < 12; how++) {
            int64_t *time;
            struct toy t =
                timed_toy(sizes[k].users, sizes[k].items, sizes[k].n, k + 1, &time);
            struct rec_rgnn_opts o = rgnn_opts();

            o.basis = how % 2 == 0 ? REC_RGNN_AUTO : REC_RGNN_CL;
            for (size_t i = 0; i < t.x.n && how / 2 % 2 == 1; i++)
                t.rating[i] = -3.0f;
            if (how / 4 == 1)
                t.x.time = NULL;
            if (how / 4 == 2)
                memset(time, 0, t.x.n * sizeof *time);
            CHECKF(isfinite(trained_loss(&t.x, &o, 20, NULL, 0)), "size %zu, %d", k,
                   how);
            toy_free(&t);
            free(time);
        }
}

static void make_survives_every_failed_allocation(void)
{
    int64_t *time;
    struct toy t = timed_toy(9, 7, 60, 6, &time);
    struct rec_rgnn_opts o = rgnn_opts();
    uint64_t before = rec_mem_now(), at = 0;
    enum rec_status st = REC_ESYSTEM;

    for (o.basis = REC_RGNN_LEVEL; o.basis <= REC_RGNN_CL; o.basis++)
        for (st = REC_ESYSTEM, at = 0; st != REC_OK;) {
            struct rec_rgnn_learner x = { .opts = { 0 } };

            rec_mem_fail_at(++at);
            st = rec_rgnn_learner_make(&x, &t.x, &o, &err);
            rec_mem_fail_at(0);
            CHECK(st == REC_OK || st == REC_ESYSTEM);
            rec_rgnn_learner_free(&x);
            CHECK(rec_mem_now() == before && at < 200);
        }
    toy_free(&t);
    free(time);
}

/* Trained together they are what each is alone, with the shrinkage of the first. */
static void members_average_what_each_predicts_alone(void)
{
    enum { N = 3 };
    int64_t *time;
    struct toy t = timed_toy(40, 30, 400, 7, &time);
    struct rec_rgnn_opts o = rgnn_opts();
    struct rec_rgnn_members all;
    struct rec_rgnn_learner one[N];
    struct rec_learner l, each[N];
    double loss = 0.0;

    CHECK(rec_rgnn_members_make(&all, N, &t.x, &o, &err) == REC_OK);
    l = rec_rgnn_members_learner(&all);
    for (int s = 0; s < 2; s++)
        o.lambda[s] = all.member[0].x.bias.lambda[s];
    for (int k = 0; k < N; k++, o.seed++) {
        CHECK(rec_rgnn_learner_make(&one[k], &t.x, &o, &err) == REC_OK);
        each[k] = rec_rgnn_learner(&one[k]);
        for (uint64_t e = 1; e <= 3; e++) {
            (void)each[k].loss(each[k].self);
            each[k].epoch(each[k].self, e, 0.01);
        }
        loss += each[k].loss(each[k].self) / N;
    }
    for (uint64_t e = 1; e <= 3; e++) {
        (void)l.loss(l.self);
        l.epoch(l.self, e, 0.01);
    }
    CHECK(fabs(l.loss(l.self) - loss) < 1e-12);
    for (size_t i = 0; i < t.x.n; i++)
        if (t.x.part[i] == REC_VALID) {
            double mean = 0.0;

            for (int k = 0; k < N; k++)
                mean += each[k].rating(each[k].self, &t.x, i) / N;
            CHECK(fabs(l.rating(l.self, &t.x, i) - mean) < 1e-12);
            CHECK(fabs(each[0].rating(each[0].self, &t.x, i) - mean) > 1e-9);
        }
    CHECK(strcmp(l.param(l.self, 0)->name, "Y") == 0);
    CHECK(strcmp(l.param(l.self, N * 5 - 1)->name, "alpha.3") == 0);
    CHECK(l.param(l.self, N * 5) == NULL);
    for (int k = 0; k < N; k++)
        rec_rgnn_learner_free(&one[k]);
    rec_rgnn_members_free(&all);
    toy_free(&t);
    free(time);
}

/* Sixteen times the ratings: the same training, sixteen times the predictions. */
static void the_scale_of_ratings_does_not_matter(void)
{
    enum { MOST = 60000 };
    int64_t *time;
    struct toy t = timed_toy(60, 40, 900, 5, &time);
    rec_real *a = calloc(MOST, sizeof *a), *b = calloc(MOST, sizeof *b);
    struct rec_rgnn_opts o = rgnn_opts();

    CHECK(a != NULL && b != NULL);
    for (o.basis = REC_RGNN_LEVEL; o.basis <= REC_RGNN_CL; o.basis++) {
        double plain = trained_loss(&t.x, &o, 2, a, MOST), scaled;

        for (size_t i = 0; i < t.x.n; i++)
            t.rating[i] *= 16.0f;
        scaled = trained_loss(&t.x, &o, 2, b, MOST);
        for (size_t i = 0; i < t.x.n; i++)
            t.rating[i] /= 16.0f;
        CHECK(plain > 0.0 && scaled == 256.0 * plain);
        CHECK(memcmp(a, b, MOST * sizeof *a) == 0);
    }
    CHECK(rec_rgnn_unit(1.1) == 1.0 && rec_rgnn_unit(1.5) == 1.0);
    CHECK(rec_rgnn_unit(28.0) == 32.0 && rec_rgnn_unit(0.0) == 1.0);
    free(a);
    free(b);
    toy_free(&t);
    free(time);
}

int main(void)
{
    RUN(threads_do_not_change_a_bit);
    RUN(training_is_finite_on_the_smallest_inputs);
    RUN(make_survives_every_failed_allocation);
    RUN(members_average_what_each_predicts_alone);
    RUN(the_scale_of_ratings_does_not_matter);
    return test_end();
}
