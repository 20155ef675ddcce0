/* rgnn: settings that are left open, and the memory that is foretold */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "nn/rgnn_auto.h"
#include "nn/rgnn_size.h"
#include "nn/train.h"
#include "unit/rgnntoy.h"
#include "unit/toyfeatures.h"

static struct rec_err err;

static struct rec_rgnn_plan plan_of(uint64_t edges, uint32_t nodes, uint32_t levels)
{
    struct rec_rgnn_plan p;

    rec_rgnn_plan(&(struct rec_rgnn_look){ edges, nodes, levels }, &p);
    return p;
}

static void the_plan_goes_by_density_and_levels(void)
{
    CHECK(plan_of(900000, 9700, 5).density == REC_RGNN_DENSE);
    CHECK(plan_of(900000, 9700, 5).n_trials == 0);
    CHECK(plan_of(14000, 270, 5).density == REC_RGNN_MIDDLING); /* dense but few */
    CHECK(plan_of(80000, 2600, 5).density == REC_RGNN_MIDDLING);
    CHECK(plan_of(80000, 2600, 5).basis == REC_RGNN_LEVEL);
    CHECK(plan_of(80000, 2600, 11).basis == REC_RGNN_CL);
    CHECK(plan_of(40000, 40000, 5).density == REC_RGNN_SPARSE);
    CHECK(plan_of(40000, 40000, 5).basis == REC_RGNN_CL);
    CHECK(plan_of(40000, 40000, 5).n_trials > 0);
    CHECK(plan_of(400000, 400000, 5).n_trials == 0);
    CHECK(plan_of(0, 0, 0).density == REC_RGNN_SPARSE);
}

/* 130 training ratings and validation that is too little, so five tenths in turn. */
static void few_ratings_are_judged_by_several_tenths(void)
{
    int64_t *time;
    struct toy t = timed_toy(30, 20, 200, 3, &time);
    struct rec_rgnn_opts o = rgnn_opts();
    struct rec_train_opts train = { .epochs = REC_OPEN_COUNT,
                                    .lr = NAN,
                                    .schedule = REC_SCHEDULE_COSINE };
    struct rec_buf said = { 0 };
    size_t n_train = 0, n_rows = 0;
    const char *at;

    for (size_t i = 0; i < t.x.n; i++) {
        if (t.part[i] == REC_VALID && i > 20)
            t.part[i] = REC_TEST;
        n_train += t.part[i] == REC_TRAIN;
    }
    CHECK(rec_rgnn_settle(&t.x, 1, &o, &train, &said, &err) == REC_OK);
    CHECK(rec_buf_add(&said, "", 1, &err) == REC_OK);
    at = strstr((char *)said.data, " rows");
    CHECK(at != NULL);
    while (at[-1] >= '0' && at[-1] <= '9')
        at--;
    n_rows = strtoul(at, NULL, 10);
    CHECKF(n_rows > n_train / 3 && n_rows < n_train * 2 / 3, "%zu of %zu", n_rows,
           n_train);
    rec_buf_free(&said);
    toy_free(&t);
    free(time);
}

/* What settle() sets, and what it leaves alone. */
static void only_what_is_open_is_settled(void)
{
    int64_t *time;
    struct toy t = timed_toy(30, 20, 500, 3, &time);
    struct rec_rgnn_opts o = rgnn_opts();
    struct rec_train_opts train = { .epochs = REC_OPEN_COUNT,
                                    .lr = NAN,
                                    .schedule = REC_SCHEDULE_COSINE };
    struct rec_buf said = { 0 };

    o.penalty = 0.5;
    o.dropout = o.init = NAN;
    CHECK(rec_rgnn_settle(&t.x, 1, &o, &train, &said, &err) == REC_OK);
    CHECK(o.penalty == 0.5 && o.dropout == 0.3 && o.init == 0.003);
    CHECK(o.basis == REC_RGNN_CL || o.basis == REC_RGNN_LEVEL);
    CHECK(train.lr > 0.0 && train.epochs <= 32);
    CHECK(rec_buf_add(&said, "", 1, &err) == REC_OK);
    CHECK(strstr((char *)said.data, "a trial of") != NULL);
    CHECK(strstr((char *)said.data, "--penalty 0.5 --dropout 0.3") != NULL);
    CHECK(!train.keep_best);
    rec_buf_free(&said);
    train.epochs = REC_OPEN_COUNT;
    train.keep_open = true;
    CHECK(rec_rgnn_settle(&t.x, 1, &o, &train, &said, &err) == REC_OK);
    CHECK(train.keep_best && train.epochs == 32); /* toys have validation ratings */
    train.keep_best = false;
    rec_buf_free(&said);
    train.epochs = 3;
    CHECK(rec_rgnn_settle(&t.x, 1, &o, &train, &said, &err) == REC_OK);
    CHECK(train.epochs == 3 && !train.keep_best);
    CHECK(rec_buf_add(&said, "", 1, &err) == REC_OK);
    CHECK(strstr((char *)said.data, "a trial of") == NULL);
    rec_buf_free(&said);
    toy_free(&t);
    free(time);
}

/* Within a hundredth and what blocks are rounded up by. */
static void the_bytes_of_a_training_are_foretold(void)
{
    int64_t *time;
    struct toy t = timed_toy(900, 700, 20000, 5, &time);
    struct rec_rgnn_opts o = rgnn_opts();
    struct rec_features known =
        toy_features((uint32_t[]){ 900, 700 }, (uint32_t[]){ 300, 0 }, 1);
    float *extra = toy_extra(20000, 7, 2);

    for (int how = 0; how < 16; how++) {
        uint64_t before = rec_mem_now(), said, held;
        struct rec_rgnn_learner x;

        o.basis = how % 2 == 0 ? REC_RGNN_LEVEL : REC_RGNN_CL;
        o.no_time = how / 2 % 2 == 1;
        o.width = how / 4 % 2 == 0 ? 8 : 65;
        t.x.features = how / 8 == 0 ? NULL : &known;
        t.x.extra = how / 8 == 0 ? NULL : extra;
        t.x.n_extra = how / 8 == 0 ? 0 : 7;
        said = rec_rgnn_bytes(&t.x, &o, false);
        CHECK(rec_rgnn_learner_make(&x, &t.x, &o, &err) == REC_OK);
        held = rec_mem_now() - before;
        CHECKF(said + said / 100 >= held && held + held / 100 >= said,
               "%d: %" PRIu64 " held, %" PRIu64 " foretold", how, held, said);
        CHECK(rec_rgnn_bytes(&t.x, &o, true) > said);
        rec_mem_limit(before + said / 2);
        CHECK(rec_rgnn_fits(&t.x, &o, 1, false, &err) == REC_ESYSTEM);
        rec_mem_limit(before + 4 * said);
        CHECK(rec_rgnn_fits(&t.x, &o, 1, false, &err) == REC_OK);
        CHECK(rec_rgnn_fits(&t.x, &o, 5, false, &err) == REC_ESYSTEM);
        rec_mem_limit(0);
        rec_rgnn_learner_free(&x);
    }
    rec_features_free(&known);
    free(extra);
    toy_free(&t);
    free(time);
}

int main(void)
{
    RUN(the_plan_goes_by_density_and_levels);
    RUN(few_ratings_are_judged_by_several_tenths);
    RUN(only_what_is_open_is_settled);
    RUN(the_bytes_of_a_training_are_foretold);
    return test_end();
}
