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

static double cosine(const float *a, const float *b, uint32_t d)
{
    double ab = 0.0, aa = 0.0, bb = 0.0;

    for (uint32_t j = 0; j < d; j++) {
        ab += (double)a[j] * (double)b[j];
        aa += (double)a[j] * (double)a[j];
        bb += (double)b[j] * (double)b[j];
    }
    return aa * bb > 0.0 ? ab / sqrt(aa * bb) : 0.0;
}

static void softmax_is_that_of_the_formula(void)
{
    struct toy t = toy_make(60, 50, 900, 5);
    struct rec_lightgcn_opts o = opts(REC_LOSS_SOFTMAX);
    struct rec_lightgcn m;
    struct rec_learner l;
    double want = 0.0, got;

    CHECKF(rec_lightgcn_make(&m, &t.x, &o, &err) == REC_OK, "%s", err.text);
    l = rec_lightgcn_learner(&m);
    got = l.loss(l.self);
    CHECK(m.b.n == 300);
    for (uint32_t i = 0; i < m.b.n; i++) {
        const float *u = m.f + (size_t)m.b.user[i] * 20, *items = m.f + 60 * 20;
        double own = cosine(u, items + m.b.pos[i] * 20, 20), sum = 0.0;

        for (uint32_t k = 0; k < m.b.n_neg; k++)
            sum += exp((cosine(u, items + m.b.neg[k] * 20, 20) - own) / 0.1);
        want += log1p(sum) / m.b.n;
    }
    CHECKF(fabs(got - want) < 1e-5 * want, "%.9g, not %.9g", got, want);
    rec_lightgcn_free(&m);
    toy_free(&t);
}

/* Half of the items j are drawn evenly, half as often as they are had. */
static void the_prior_is_how_often_an_item_is_drawn(void)
{
    enum { DRAWS = 200 };
    struct toy t = toy_make(60, 50, 900, 5);
    struct rec_lightgcn_opts o = opts(REC_LOSS_SOFTMAX);
    double drawn[50] = { 0 }, most = 0.0;
    struct rec_lightgcn m;

    o.batch = 0;
    CHECK(rec_lightgcn_make(&m, &t.x, &o, &err) == REC_OK);
    for (uint32_t k = 0; k < DRAWS; k++) {
        struct rec_learner l = rec_lightgcn_learner(&m);

        (void)l.loss(l.self); /* makes the batch */
        rec_lightgcn_draw(&m, 1, k);
        for (uint32_t j = 0; j < m.b.n_neg; j++)
            drawn[m.b.neg[j]] += 50.0 / (DRAWS * (double)m.b.n_neg);
    }
    for (uint32_t i = 0; i < 50; i++) {
        double q = exp(rec_lightgcn_prior(&m, i) / 0.1);

        most = fmax(most, fabs(drawn[i] / q - 1.0));
    }
    CHECKF(most < 0.05, "%g", most); /* 8,000 draws an item: 0.011 each */
    rec_lightgcn_free(&m);
    toy_free(&t);
}

/* ---- spreading ---- */

/* d^-.5 A d^-.5 X, in double. */
static void spread_plainly(const struct rec_pairs01 *r, const double *x, uint32_t d,
                           double *y)
{
    memset(y, 0, ((size_t)r->n[0] + r->n[1]) * d * sizeof *y);
    for (uint32_t u = 0; u < r->n[0]; u++)
        for (uint64_t e = r->off[0][u]; e < r->off[0][u + 1]; e++) {
            uint32_t i = r->to[0][e], at[2] = { u, r->n[0] + i };
            double by = 1.0 / sqrt((double)rec_pairs01_degree(r, 0, u) *
                                   (double)rec_pairs01_degree(r, 1, i));

            for (int s = 0; s < 2; s++)
                for (uint32_t j = 0; j < d; j++)
                    y[at[s] * d + j] += by * x[at[1 - s] * d + j];
        }
}

static void expect_near(const float *got, const double *want, size_t n)
{
    for (size_t k = 0; k < n; k++)
        CHECKF(fabs((double)got[k] - want[k]) < 1e-5, "%zu: %g, not %g", k,
               (double)got[k], want[k]);
}

/* Widths of whole blocks of columns, of less than one, and of both. */
static void spreading_is_that_of_the_definition(void)
{
    static const uint32_t width[] = { 3, 64, 70, 150 };
    struct toy t = toy_make(60, 50, 900, 5);
    struct rec_pairs01 r;

    CHECK(rec_pairs01_make(&t.x, t.x.part, &r, &err) == REC_OK);
    for (int w = 0; w < 4; w++) {
        uint32_t d = width[w];
        size_t n = 110 * (size_t)d;
        double *x = calloc(3 * n, sizeof *x), *y = x + n, *sum = y + n;
        float *from = calloc(4 * n, sizeof *from), *out = from + n;
        struct rec_spread s;

        CHECK(x != NULL && from != NULL);
        CHECK(rec_spread_make(&r, d, &s, &err) == REC_OK);
        for (size_t k = 0; k < n; k++)
            x[k] = sum[k] = (double)(from[k] = (float)sin(1.0 + (double)k));
        rec_spread_once(&s, from, out);
        spread_plainly(&r, x, d, y);
        expect_near(out, y, n);
        for (uint32_t u = 0; u < r.n[0]; u++) {
            uint64_t at = r.off[0][u];
            float *row = out + n;

            if (r.off[0][u + 1] == at)
                continue;
            rec_spread_row(&s, r.to[0] + at, (uint32_t)(r.off[0][u + 1] - at), row);
            CHECK(memcmp(row, out + (size_t)u * d, d * sizeof *row) == 0);
        }
        for (int l = 0; l < 3; l++) {
            spread_plainly(&r, x, d, y);
            for (size_t k = 0; k < n; k++)
                sum[k] += x[k] = y[k];
        }
        for (size_t k = 0; k < n; k++)
            sum[k] /= 4.0;
        rec_spread_mean(&s, from, 3, out);
        expect_near(out, sum, n);
        rec_spread_mean(&s, from, 0, out);
        CHECK(memcmp(out, from, n * sizeof *out) == 0);
        rec_spread_free(&s);
        free(x);
        free(from);
    }
    rec_pairs01_free(&r);
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
    RUN(the_prior_is_how_often_an_item_is_drawn);
    RUN(spreading_is_that_of_the_definition);
    RUN(the_item_of_a_bpr_pair_is_not_the_users);
    RUN(training_lowers_the_loss_and_threads_do_not_change_a_bit);
    RUN(training_is_finite_on_the_smallest_inputs);
    RUN(it_holds_what_was_forecast);
    return test_end();
}
