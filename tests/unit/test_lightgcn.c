/* lightgcn in float: its loss against the formula, and what training promises. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/par.h"
#include "nn/lightgcn.h"
#include "unit/toy.h"

static struct rec_err err;

static struct rec_lightgcn_opts opts(enum rec_lightgcn_loss loss)
{
    return (struct rec_lightgcn_opts){ 20, 2, 300, loss, 1, 1e-3 };
}

static void softmax_is_that_of_the_formula(void)
{
    struct toy t = toy_make(60, 50, 900, 5);
    struct rec_lightgcn_opts o = opts(REC_LOSS_SOFTMAX);
    struct rec_lightgcn m;
    struct rec_learner l;
    double want = 0.0, got;

    CHECKF(rec_lightgcn_make(&m, &t.x, &o, &err) == REC_OK, "%s", err.text);
    for (size_t i = 0; i < rec_param_size(&m.e); i++)
        m.e.x[i] *= 10.0f; /* exponents from about -100 to 0 */
    l = rec_lightgcn_learner(&m);
    got = l.loss(l.self);
    CHECK(m.b.n == 300);
    for (uint32_t i = 0; i < m.b.n; i++) {
        const float *u = m.f + (size_t)m.b.user[i] * 20;
        double own = 0.0, sum = 0.0;

        for (int j = 0; j < 20; j++)
            own += (double)u[j] * (double)m.f[(60 + m.b.pos[i]) * 20 + (uint32_t)j];
        for (uint32_t k = 0; k < m.b.n_neg; k++) {
            double s = 0.0;

            for (int j = 0; j < 20; j++)
                s += (double)u[j] * (double)m.f[(60 + m.b.neg[k]) * 20 + (uint32_t)j];
            sum += exp((s - own) / 0.1);
        }
        want += log1p(sum) / m.b.n;
    }
    CHECKF(fabs(got - want) < 1e-5 * want, "%.9g, not %.9g", got, want);
    rec_lightgcn_free(&m);
    toy_free(&t);
}

static void the_item_of_a_bpr_pair_is_not_the_users(void)
{
    struct toy t = toy_make(60, 50, 900, 5);
    struct rec_lightgcn_opts o = opts(REC_LOSS_BPR);
    struct rec_lightgcn m;
    struct rec_learner l;

    CHECK(rec_lightgcn_make(&m, &t.x, &o, &err) == REC_OK);
    l = rec_lightgcn_learner(&m);
    (void)l.loss(l.self);
    for (uint32_t i = 0; i < m.b.n; i++) {
        uint64_t e = m.r.off[0][m.b.user[i]];

        for (; e < m.r.off[0][m.b.user[i] + 1]; e++)
            CHECK(m.r.to[0][e] != m.b.neg[i]);
    }
    rec_lightgcn_free(&m);
    toy_free(&t);
}

static void train(const struct rec_ratings *r, const struct rec_lightgcn_opts *o,
                  float *values, size_t n, double loss[2])
{
    struct rec_lightgcn m;
    struct rec_learner l;

    CHECKF(rec_lightgcn_make(&m, r, o, &err) == REC_OK, "%s", err.text);
    l = rec_lightgcn_learner(&m);
    loss[0] = l.loss(l.self);
    for (uint64_t e = 1; e <= 4; e++)
        l.epoch(l.self, e, 0.01);
    loss[1] = l.loss(l.self);
    CHECK(rec_learner_n_values(&l) <= n);
    rec_learner_get(&l, values);
    rec_lightgcn_free(&m);
}

static void training_lowers_the_loss_and_threads_do_not_change_a_bit(void)
{
    enum { MOST = 20000 };
    struct toy t = toy_make(300, 200, 6000, 8);
    float *one = calloc(MOST, sizeof *one), *four = calloc(MOST, sizeof *four);

    CHECK(one != NULL && four != NULL);
    for (int k = 0; k < 2; k++) {
        struct rec_lightgcn_opts o = opts((enum rec_lightgcn_loss)k);
        double a[2], b[2];

        train(&t.x, &o, one, MOST, a);
        rec_par_set_threads(4);
        train(&t.x, &o, four, MOST, b);
        rec_par_set_threads(1);
        CHECKF(a[1] < a[0], "loss %d: from %g to %g", k, a[0], a[1]);
        CHECK(memcmp(a, b, sizeof a) == 0);
        CHECK(memcmp(one, four, MOST * sizeof *one) == 0);
    }
    free(one);
    free(four);
    toy_free(&t);
}

/* One user, one item; who has everything. */
static void training_is_finite_on_the_smallest_inputs(void)
{
    for (uint32_t users = 1; users < 4; users++)
        for (uint32_t items = 1; items < 4; items++)
            for (int k = 0; k < 2; k++) {
                struct toy t = toy_make(users, items, 12, users + 5 * items);
                struct rec_lightgcn_opts o = opts((enum rec_lightgcn_loss)k);
                float values[200];
                double loss[2];

                train(&t.x, &o, values, 200, loss);
                CHECK(isfinite(loss[0]) && isfinite(loss[1]));
                toy_free(&t);
            }
}

static void it_holds_what_was_forecast(void)
{
    struct toy t = toy_make(300, 200, 6000, 8);

    for (int k = 0; k < 2; k++) {
        struct rec_lightgcn_opts o = opts((enum rec_lightgcn_loss)k);
        uint64_t before = rec_mem_now(), held, told;
        struct rec_lightgcn m;

        CHECK(rec_lightgcn_make(&m, &t.x, &o, &err) == REC_OK);
        held = rec_mem_now() - before;
        told = rec_lightgcn_bytes(&t.x, &o);
        CHECKF(told >= held && told - held < held / 10, "loss %d: told %llu, held %llu",
               k, (unsigned long long)told, (unsigned long long)held);
        rec_lightgcn_free(&m);
        CHECK(rec_mem_now() == before);
    }
    toy_free(&t);
}

int main(void)
{
    RUN(softmax_is_that_of_the_formula);
    RUN(the_item_of_a_bpr_pair_is_not_the_users);
    RUN(training_lowers_the_loss_and_threads_do_not_change_a_bit);
    RUN(training_is_finite_on_the_smallest_inputs);
    RUN(it_holds_what_was_forecast);
    return test_end();
}
