/* rgnn: its data against their definitions, and what training promises. */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/par.h"
#include "nn/rgnn_auto.h"
#include "nn/rgnn_members.h"
#include "nn/rgnn_size.h"
#include "nn/train.h"
#include "unit/toy.h"

static struct rec_err err;
static const double lambda[2] = { 2.0, 3.0 };

/* A toy with times, some the same. */
static struct toy timed_toy(uint32_t users, uint32_t items, size_t n, uint64_t seed,
                            int64_t **time)
{
    struct toy t = toy_make(users, items, n, seed);

    *time = calloc(n, sizeof **time);
    CHECK(*time != NULL);
    for (size_t i = 0; i < n; i++)
        (*time)[i] = (int64_t)(test_random(&seed) % 50) * 40;
    t.x.time = *time;
    return t;
}

static struct rec_rgnn_opts opts(void)
{
    return (struct rec_rgnn_opts){ .width = 8,
                                   .n_folds = 5,
                                   .seed = 1,
                                   .lambda = { NAN, NAN },
                                   .penalty = 0.06,
                                   .dropout = 0.5,
                                   .init = 0.01 };
}

static struct rec_rgnn_data make_data(const struct toy *t, uint32_t folds,
                                      const struct rec_rgnn_taus *taus)
{
    struct rec_rgnn_data x;

    CHECKF(rec_rgnn_data_make(&t->x, true, true, folds, 3, lambda, taus, &x, &err) ==
               REC_OK,
           "%s", err.text);
    return x;
}

/* ---- against the definitions ---- */

/* User and item of an edge number. */
static uint32_t user_of(const struct rec_rgnn_data *x, uint32_t e)
{
    uint32_t u = 0;

    while (rec_rgnn_last(&x->g, REC_USERS, u) <= e)
        u++;
    return u;
}

static uint32_t item_of(const struct rec_rgnn_data *x, uint32_t e)
{
    return x->g.side[REC_USERS].to[e];
}

/* S / (W + prior) over all edges of the node but SKIP's fold. */
static double slow_kernel(const struct rec_rgnn_data *x, int side, uint32_t node,
                          uint32_t view, double time, double tau)
{
    double sum = 0.0, weight = 0.0;

    for (uint32_t e = 0; e < x->g.n_edges; e++) {
        uint32_t u = user_of(x, e), i = item_of(x, e);
        double w = exp(-fabs(time - (double)x->g.time[e]) / tau);

        if ((side == REC_USERS ? u : i) != node || x->fold[e] == view)
            continue;
        sum +=
            w * rec_rgnn_residual(&x->bias, view, u, i, x->g.side[REC_USERS].rating[e]);
        weight += w;
    }
    return sum / (weight + x->taus.prior);
}

static const struct rec_rgnn_taus both = { .n = { 2, 3 },
                                           .tau = { { 10, 300 }, { 60, 1000, 86400 } },
                                           .prior = 3.0 };

static void kernels_of_an_edge_leave_its_fold_out(void)
{
    int64_t *time;
    struct toy t = timed_toy(9, 7, 120, 1, &time);
    struct rec_rgnn_data x = make_data(&t, 4, &both);

    CHECK(x.x.n == 9);
    for (uint32_t e = 0; e < x.g.n_edges; e++)
        for (uint32_t k = 0; k < 5; k++) {
            int side = k < 2 ? REC_USERS : REC_ITEMS;
            double want = slow_kernel(
                &x, side, side == REC_USERS ? user_of(&x, e) : item_of(&x, e),
                x.fold[e], (double)x.g.time[e], both.tau[side][k < 2 ? k : k - 2]);

            CHECKF(fabs(want - (double)x.x.x[e * 9 + k]) < 1e-6, "%u %u", e, k);
        }
    rec_rgnn_data_free(&x);
    toy_free(&t);
    free(time);
}

static void kernels_of_a_row_asked_for_take_all_edges(void)
{
    int64_t *time;
    struct toy t = timed_toy(9, 7, 160, 2, &time);
    struct rec_rgnn_data x = make_data(&t, 4, &both);
    struct rec_rgnn_features f;

    CHECK(rec_rgnn_features_ask(&x.g, &x.bias, &x.taus, &t.x,
                                1u << REC_VALID | 1u << REC_TEST, &f, &err) == REC_OK);
    for (size_t i = 0; i < t.x.n; i++) {
        if (t.x.part[i] == REC_TRAIN) {
            CHECK(f.at[i] == UINT32_MAX);
            continue;
        }
        for (uint32_t k = 0; k < 5; k++) {
            int side = k < 2 ? REC_USERS : REC_ITEMS;
            double want = slow_kernel(
                &x, side, side == REC_USERS ? t.x.user[i] : t.x.item[i], x.n_folds,
                (double)time[i], both.tau[side][k < 2 ? k : k - 2]);

            CHECKF(fabs(want - (double)f.x[f.at[i] * 9 + k]) < 1e-6, "%zu %u", i, k);
        }
    }
    rec_rgnn_features_free(&f);
    rec_rgnn_data_free(&x);
    toy_free(&t);
    free(time);
}

static void biases_of_a_view_are_those_without_its_fold(void)
{
    int64_t *time;
    struct toy t = timed_toy(9, 7, 120, 3, &time);
    struct rec_rgnn_data x = make_data(&t, 4, NULL), all = make_data(&t, 0, NULL);

    for (uint32_t v = 0; v <= 4; v++) { /* fixed points of the formula, for users */
        for (uint32_t u = 0; u < 9; u++) {
            double sum = 0.0;
            uint32_t n = 0;

            for (uint64_t e = rec_rgnn_first(&x.g, REC_USERS, u);
                 e < rec_rgnn_last(&x.g, REC_USERS, u); e++)
                if (x.fold[e] != v) {
                    sum += (double)x.g.side[REC_USERS].rating[e] - x.bias.mean[v] -
                           x.bias.bias[REC_ITEMS][x.g.side[REC_USERS].to[e] * 5 + v];
                    n++;
                }
            CHECK(n == x.bias.count[REC_USERS][u * 5 + v]);
            CHECK(fabs(x.bias.bias[REC_USERS][u * 5 + v] -
                       (n > 0 ? sum / (n + lambda[REC_USERS]) : 0.0)) < 1e-12);
        }
    }
    for (int s = 0; s < 2; s++) /* the view of all is the same without folds */
        for (uint32_t v = 0; v < x.g.side[s].n; v++)
            CHECK(memcmp(&x.bias.bias[s][v * 5 + 4], &all.bias.bias[s][v], 8) == 0);
    rec_rgnn_data_free(&x);
    rec_rgnn_data_free(&all);
    toy_free(&t);
    free(time);
}

/* h by its formula, edge after edge. */
static void sums_are_those_of_the_formula(void)
{
    int64_t *time;
    struct toy t = timed_toy(9, 7, 120, 4, &time);

    for (int by_level = 0; by_level < 2; by_level++) {
        struct rec_rgnn_data x;
        struct rec_rgnn m;
        struct rec_rgnn_state s;
        double h[9][70] = { { 0 } };

        CHECK(rec_rgnn_data_make(&t.x, by_level != 0, true, 4, 3, lambda, NULL, &x,
                                 &err) == REC_OK);
        CHECK(rec_rgnn_make(&x, 70, true, &m, &err) == REC_OK);
        CHECK(rec_rgnn_state_make(&x, &m, true, &s, &err) == REC_OK);
        rec_rgnn_init(&m, &x, 1, 0.5);
        rec_rgnn_forward(&m, &x, 2, &s);
        for (uint32_t e = 0; e < x.g.n_edges; e++) {
            uint32_t u = user_of(&x, e), i = item_of(&x, e), b = x.n_bases;
            double r = (double)x.g.side[REC_USERS].rating[e];
            double rho = rec_rgnn_residual(&x.bias, 2, u, i, (float)r);
            double by = 1.0 / sqrt((double)x.bias.count[REC_USERS][u * 5 + 2]);
            uint32_t level = (uint32_t)(2 * r) - 1; /* ratings are 0.5 .. 4.5 */

            CHECK(!by_level || b == 9);
            for (uint32_t j = 0; j < 70 && x.fold[e] != 2; j++)
                h[u][j] +=
                    by * (by_level
                              ? (double)m.table[1].x[(i * b + level) * 70 + j]
                              : (double)m.table[1].x[i * b * 70 + j] +
                                    rho * (double)m.table[1].x[(i * b + 1) * 70 + j]);
        }
        for (uint32_t u = 0; u < 9; u++)
            for (uint32_t j = 0; j < 70; j++)
                CHECK(fabs(h[u][j] - (double)s.h[REC_USERS][u * 70 + j]) < 1e-5);
        rec_rgnn_state_free(&s);
        rec_rgnn_free(&m);
        rec_rgnn_data_free(&x);
    }
    toy_free(&t);
    free(time);
}

/* ---- training ---- */

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
    struct rec_rgnn_opts o = opts();

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
            struct rec_rgnn_opts o = opts();

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
    struct rec_rgnn_opts o = opts();
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
    struct rec_rgnn_opts o = opts();
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
    struct rec_rgnn_opts o = opts();
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
    struct rec_rgnn_opts o = opts();
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
    rec_buf_free(&said);
    train.epochs = 3;
    CHECK(rec_rgnn_settle(&t.x, 1, &o, &train, &said, &err) == REC_OK);
    CHECK(train.epochs == 3);
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
    struct rec_rgnn_opts o = opts();

    for (int how = 0; how < 8; how++) {
        uint64_t before = rec_mem_now(), said, held;
        struct rec_rgnn_learner x;

        o.basis = how % 2 == 0 ? REC_RGNN_LEVEL : REC_RGNN_CL;
        o.no_time = how / 2 % 2 == 1;
        o.width = how / 4 == 0 ? 8 : 65;
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
    struct rec_rgnn_opts o = opts();

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

static void time_kernels_are_read_from_text(void)
{
    static const char *const bad[] = {
        "",  ":",    "1,",    ",1",      "1,,2", "x",    "1:x",
        "0", "1:2:", "1:2:0", "1:2:3:4", "-5",   "1e13", "1,2,3,4,5,6,7,8,9"
    };
    struct rec_rgnn_taus t = { 0 };

    CHECK(rec_rgnn_taus_parse("60,86400:864000:5", &t, &err) == REC_OK);
    CHECK(t.n[0] == 2 && t.tau[0][0] == 60.0 && t.tau[0][1] == 86400.0);
    CHECK(t.n[1] == 1 && t.tau[1][0] == 864000.0 && t.prior == 5.0);
    CHECK(rec_rgnn_taus_parse(":7", &t, &err) == REC_OK);
    CHECK(t.n[0] == 0 && t.n[1] == 1 && t.prior == 3.0);
    CHECK(rec_rgnn_taus_parse("none", &t, &err) == REC_OK && t.n[0] + t.n[1] == 0);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        CHECKF(rec_rgnn_taus_parse(bad[i], &t, &err) == REC_EUSAGE, "'%s'", bad[i]);
}

int main(void)
{
    RUN(kernels_of_an_edge_leave_its_fold_out);
    RUN(kernels_of_a_row_asked_for_take_all_edges);
    RUN(biases_of_a_view_are_those_without_its_fold);
    RUN(sums_are_those_of_the_formula);
    RUN(threads_do_not_change_a_bit);
    RUN(training_is_finite_on_the_smallest_inputs);
    RUN(make_survives_every_failed_allocation);
    RUN(members_average_what_each_predicts_alone);
    RUN(the_plan_goes_by_density_and_levels);
    RUN(few_ratings_are_judged_by_several_tenths);
    RUN(only_what_is_open_is_settled);
    RUN(the_bytes_of_a_training_are_foretold);
    RUN(the_scale_of_ratings_does_not_matter);
    RUN(time_kernels_are_read_from_text);
    return test_end();
}
