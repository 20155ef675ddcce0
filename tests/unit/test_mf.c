/* Matrix factorisation: its cells, an epoch beside a plain one, what is not known. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/par.h"
#include "base/random.h"
#include "nn/mf_learner.h"
#include "unit/toy.h"

static struct rec_err err;
static const struct rec_mf_opts opts = { 20, 3, { 0.05, { NAN, 3.0 } }, 0.1 };

static double sum_of(uint32_t user, uint32_t item, float rating)
{
    return sin(user * 12.9898 + item * 78.233 + (double)rating);
}

static void cells_hold_every_rating_once_and_share_no_node(void)
{
    struct toy t = toy_make(200, 150, 30000, 1);
    struct rec_mf_data x;
    int at[2][200];
    double sum = 0.0;

    memset(at, -1, sizeof at);
    CHECK(rec_mf_data_make(&t.x, 1, &x, &err) == REC_OK);
    CHECKF(x.n_cuts == 4, "%u", x.n_cuts);
    CHECK(x.at[0] == 0 && x.at[16] == x.n);
    for (uint32_t c = 0; c < 16; c++) {
        CHECKF(x.at[c + 1] > x.at[c] + 500, "cell %u is small", c);
        for (uint64_t i = x.at[c]; i < x.at[c + 1]; i++)
            for (int s = 0; s < 2; s++) {
                int k = (int)(s == 0 ? c / 4 : c % 4);
                int *cut = &at[s][x.row[i].node[s]];

                CHECK(*cut == -1 || *cut == k);
                *cut = k;
            }
    }
    for (size_t i = 0; i < x.n; i++)
        sum += sum_of(x.row[i].node[0], x.row[i].node[1], x.row[i].rating);
    for (size_t i = 0; i < t.x.n; i++)
        if (t.x.part[i] == REC_TRAIN)
            sum -= sum_of(t.x.user[i], t.x.item[i], t.x.rating[i]);
    CHECKF(fabs(sum) < 1e-9, "%g", sum);
    rec_mf_data_free(&x);
    toy_free(&t);
}

/* ---- an epoch, plainly ---- */

struct plain {
    double *b[2], *p[2];
};

static struct plain plain_copy(const struct rec_mf_learner *x)
{
    struct plain c;

    for (int s = 0; s < 2; s++) {
        const struct rec_param *b = &x->m.bias[s], *p = &x->m.factor[s];

        c.b[s] = malloc(rec_param_size(b) * sizeof(double));
        c.p[s] = malloc(rec_param_size(p) * sizeof(double));
        CHECK(c.b[s] != NULL && c.p[s] != NULL);
        for (size_t i = 0; i < rec_param_size(b); i++)
            c.b[s][i] = (double)b->x[i];
        for (size_t i = 0; i < rec_param_size(p); i++)
            c.p[s][i] = (double)p->x[i];
    }
    return c;
}

static void plain_step(struct plain *c, const struct rec_mf_learner *x,
                       const struct rec_mf_row *row, double lr)
{
    uint32_t d = x->opts.width, u = row->node[0], i = row->node[1];
    double *p = c->p[0] + u * d, *q = c->p[1] + i * d, sd = x->x.sd;
    double n_u = x->x.count[0][u], n_i = x->x.count[1][i];
    double e = (double)row->rating - x->x.mean - c->b[0][u] - c->b[1][i];

    for (uint32_t k = 0; k < d; k++)
        e -= p[k] * q[k];
    c->b[0][u] += lr * (e - 2.0 / n_u * c->b[0][u]);
    c->b[1][i] += lr * (e - 3.0 / n_i * c->b[1][i]);
    for (uint32_t k = 0; k < d; k++) {
        double pk = p[k], qk = q[k];

        p[k] += lr / sd * (e * qk - sd * (x->opts.l2.penalty + 4.0 / n_u) * pk);
        q[k] += lr / sd * (e * pk - sd * (x->opts.l2.penalty + 4.0 / n_i) * qk);
    }
}

static void plain_epoch(struct plain *c, const struct rec_mf_learner *x, double lr)
{
    uint32_t b = x->x.n_cuts, shift[REC_MF_MAX_CUTS];
    struct rec_random random;

    rec_random_init(&random, x->opts.seed, "mf order 1");
    for (uint32_t i = 0; i < b; i++) {
        uint32_t at = (uint32_t)rec_random_below(&random, (uint64_t)i + 1);

        shift[i] = i;
        shift[i] = shift[at];
        shift[at] = i;
    }
    for (uint32_t i = 0; i < b; i++)
        for (uint32_t k = 0; k < b; k++) {
            uint32_t cell = k * b + (k + shift[i]) % b;

            for (uint64_t r = x->x.at[cell]; r < x->x.at[cell + 1]; r++)
                plain_step(c, x, &x->x.row[r], lr);
        }
}

static double distance(const struct rec_param *p, const double *plain)
{
    double most = 0.0;

    for (size_t i = 0; i < rec_param_size(p); i++)
        if (!(fabs((double)p->x[i] - plain[i]) <= most))
            most = fabs((double)p->x[i] - plain[i]);
    return most;
}

static void an_epoch_is_the_plain_one(void)
{
    struct toy t = toy_make(90, 70, 8000, 2);
    struct rec_mf_learner x;
    struct rec_learner l;
    struct plain c;

    CHECK(rec_mf_learner_make(&x, &t.x, &opts, &err) == REC_OK);
    CHECK(x.x.n_cuts == 2);
    l = rec_mf_learner(&x);
    c = plain_copy(&x);
    l.epoch(l.self, 1, 0.03);
    for (int s = 0; s < 2; s++)
        CHECK(distance(&x.m.factor[s], c.p[s]) > 0.01); /* it has moved */
    plain_epoch(&c, &x, 0.03);
    for (int s = 0; s < 2; s++) {
        double b = distance(&x.m.bias[s], c.b[s]), p = distance(&x.m.factor[s], c.p[s]);

        CHECKF(b < 1e-5 && p < 1e-5, "side %d: %g %g", s, b, p);
        free(c.b[s]);
        free(c.p[s]);
    }
    rec_mf_learner_free(&x);
    toy_free(&t);
}

/* ---- promises ---- */

static void train_some(struct rec_mf_learner *x, const struct toy *t)
{
    struct rec_learner l;

    CHECKF(rec_mf_learner_make(x, &t->x, &opts, &err) == REC_OK, "%s", err.text);
    l = rec_mf_learner(x);
    for (uint64_t e = 1; e <= 4; e++)
        l.epoch(l.self, e, 0.03);
}

static void threads_do_not_change_a_bit(void)
{
    struct toy t = toy_make(200, 150, 30000, 3);
    struct rec_mf_learner one, four;
    double loss;

    rec_par_set_threads(1);
    train_some(&one, &t);
    loss = rec_mf_learner(&one).loss(&one);
    rec_par_set_threads(4);
    train_some(&four, &t);
    CHECK(memcmp(&loss, &(double){ rec_mf_learner(&four).loss(&four) }, sizeof loss) ==
          0);
    for (uint32_t k = 0; k < REC_MF_N_PARAMS; k++) {
        const struct rec_param *a = rec_mf_param(&one.m, k),
                               *b = rec_mf_param(&four.m, k);

        CHECK(memcmp(a->x, b->x, rec_param_size(a) * sizeof *a->x) == 0);
    }
    rec_mf_learner_free(&one);
    rec_mf_learner_free(&four);
    toy_free(&t);
}

static void who_is_not_known_is_rated_by_what_is(void)
{
    struct toy t = toy_make(30, 20, 400, 4); /* the last user and item are not rated */
    struct rec_mf_learner x;
    const float *b[2];

    train_some(&x, &t);
    b[0] = x.m.bias[0].x;
    b[1] = x.m.bias[1].x;
    for (uint32_t v = 0; v < 2; v++) {
        uint32_t user = v == 0 ? 29 : UINT32_MAX, item = v == 0 ? 19 : UINT32_MAX;

        CHECK(fabs(rec_mf_rating(&x.m, user, item) - x.m.mean) < 1e-12);
        CHECK(fabs(rec_mf_rating(&x.m, 1, item) - x.m.mean - (double)b[0][1]) < 1e-6);
        CHECK(fabs(rec_mf_rating(&x.m, user, 1) - x.m.mean - (double)b[1][1]) < 1e-6);
    }
    x.m.mean = 100.0;
    CHECK(rec_mf_rating(&x.m, 1, 1) <= 4.5);
    x.m.mean = -100.0;
    CHECK(rec_mf_rating(&x.m, 1, 1) >= 0.5);
    rec_mf_learner_free(&x);
    toy_free(&t);
}

/* Powers of four, so that halves and roots are exact. */
static void ratings_in_other_units_are_the_same_problem(void)
{
    struct toy t = toy_make(30, 20, 400, 5);
    struct rec_mf_learner x, large;

    train_some(&x, &t);
    for (size_t i = 0; i < t.x.n; i++)
        t.rating[i] *= 16.0f;
    train_some(&large, &t);
    for (uint32_t u = 0; u < 30; u++)
        for (uint32_t i = 0; i < 20; i++) {
            double a = 16.0 * rec_mf_rating(&x.m, u, i),
                   b = rec_mf_rating(&large.m, u, i);

            CHECKF(fabs(a - b) < 1e-4, "%g, not %g", b, a);
        }
    rec_mf_learner_free(&x);
    rec_mf_learner_free(&large);
    toy_free(&t);
}

static void the_smallest_inputs_are_trained_on(void)
{
    for (size_t n = 1; n < 6; n++) {
        struct toy t = toy_make(2, 2, n, n);
        struct rec_mf_learner x;

        for (size_t i = 0; n == 3 && i < n; i++)
            t.rating[i] = 3.0f; /* no deviation */
        train_some(&x, &t);
        CHECK(isfinite(rec_mf_learner(&x).loss(&x)));
        rec_mf_learner_free(&x);
        for (size_t i = 0; i < n; i++)
            t.part[i] = REC_TEST;
        CHECK(rec_mf_learner_make(&x, &t.x, &opts, &err) == REC_EINPUT);
        CHECKF(strstr(err.text, "no training ratings") != NULL, "%s", err.text);
        toy_free(&t);
    }
}

static void make_survives_every_failed_allocation(void)
{
    struct toy t = toy_make(30, 20, 400, 6);
    uint64_t before = rec_mem_now(), n = 0;
    enum rec_status st = REC_ESYSTEM;

    while (st == REC_ESYSTEM && n < 100) {
        struct rec_mf_learner x = { .cell = NULL };

        rec_mem_fail_at(++n);
        st = rec_mf_learner_make(&x, &t.x, &opts, &err);
        rec_mem_fail_at(0);
        rec_mf_learner_free(&x);
        CHECKF(rec_mem_now() == before, "allocation %u", (unsigned)n);
    }
    CHECK(st == REC_OK && n > 9);
    toy_free(&t);
}

int main(void)
{
    RUN(cells_hold_every_rating_once_and_share_no_node);
    RUN(an_epoch_is_the_plain_one);
    RUN(threads_do_not_change_a_bit);
    RUN(who_is_not_known_is_rated_by_what_is);
    RUN(ratings_in_other_units_are_the_same_problem);
    RUN(the_smallest_inputs_are_trained_on);
    RUN(make_survives_every_failed_allocation);
    return test_end();
}
