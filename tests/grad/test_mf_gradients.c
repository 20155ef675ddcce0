/*
 * The step of matrix factorisation is the gradient of a rating's share of its
 * objective, see gradcheck.h and nn/mf.h; the shares add up to the objective; the test
 * of the test.
 */
#include "grad/gradcheck.h"
#include "nn/mf.h"
#include "unit/toy.h"

static const double LR = 0.01;
static const struct rec_mf_l2 L2 = { 0.07, { 2.0, 3.0 } };

struct net {
    struct rec_mf_data x;
    struct rec_mf m;
    const struct rec_mf_row *row;
};

static double square_length(const struct rec_param *p, uint32_t v)
{
    double sum = 0.0;

    for (uint32_t k = 0; k < p->cols; k++)
        sum += p->x[(size_t)v * p->cols + k] * p->x[(size_t)v * p->cols + k];
    return sum;
}

static double error_of(const struct net *x, const struct rec_mf_row *row)
{
    uint32_t u = row->node[0], i = row->node[1], d = x->m.width;
    double s = x->m.mean + x->m.bias[0].x[u] + x->m.bias[1].x[i];

    for (uint32_t k = 0; k < d; k++)
        s += x->m.factor[0].x[u * d + k] * x->m.factor[1].x[i * d + k];
    return s - (double)row->rating;
}

static double share(void *ctx)
{
    const struct net *x = ctx;
    double e = error_of(x, x->row), sum = e * e;

    for (int s = 0; s < 2; s++) {
        uint32_t v = x->row->node[s];
        double n = x->x.count[s][v];

        sum += L2.lambda[s] / n * square_length(&x->m.bias[s], v) +
               x->x.sd * (L2.penalty + 4.0 / n) * square_length(&x->m.factor[s], v);
    }
    return sum;
}

/* As nn/mf.h has it. */
static double objective(const struct net *x)
{
    double sum = 0.0;

    for (size_t i = 0; i < x->x.n; i++)
        sum += error_of(x, &x->x.row[i]) * error_of(x, &x->x.row[i]);
    for (int s = 0; s < 2; s++)
        for (uint32_t v = 0; v < x->x.n_nodes[s]; v++)
            if (x->x.count[s][v] > 0)
                sum += L2.lambda[s] * square_length(&x->m.bias[s], v) +
                       x->x.sd * (L2.penalty * x->x.count[s][v] + 4.0) *
                           square_length(&x->m.factor[s], v);
    return sum;
}

static void make_net(struct net *x, uint32_t width, uint64_t seed)
{
    struct toy t = toy_make(7, 5, 40, seed);

    *x = (struct net){ .row = NULL };
    CHECK(rec_mf_data_make(&t.x, seed, &x->x, &err) == REC_OK);
    CHECK(rec_mf_make(x->x.n_nodes, width, &x->m, &err) == REC_OK);
    rec_mf_init(&x->m, &x->x, seed, 0.5);
    for (int s = 0; s < 2; s++)
        for (uint32_t v = 0; v < x->x.n_nodes[s]; v++)
            x->m.bias[s].x[v] = (double)(test_random(&seed) % 100) / 50.0 - 1.0;
    toy_free(&t);
}

static void free_net(struct net *x)
{
    rec_mf_free(&x->m);
    rec_mf_data_free(&x->x);
}

/* Two of what was moved by a step, over its rate: the gradient of the share. */
static bool step_is_gradient(struct net *x, const struct rec_mf_l2 *l2, double *worst)
{
    struct tensor t[REC_MF_N_PARAMS];
    rec_real *dx[REC_MF_N_PARAMS];
    bool ok;

    for (uint32_t k = 0; k < REC_MF_N_PARAMS; k++) {
        struct rec_param *p = rec_mf_param(&x->m, k);

        dx[k] = malloc(rec_param_size(p) * sizeof *dx[k]);
        CHECK(dx[k] != NULL);
        memcpy(dx[k], p->x, rec_param_size(p) * sizeof *dx[k]);
        t[k] = (struct tensor){ p->name, p->x, dx[k], rec_param_size(p) };
    }
    rec_mf_step(&x->m, &x->x, x->row, l2, LR);
    for (uint32_t k = 0; k < REC_MF_N_PARAMS; k++) {
        double rate = k < 2 ? LR : LR / x->x.sd;

        for (size_t i = 0; i < t[k].n; i++) {
            double before = dx[k][i];

            dx[k][i] = 2.0 * (before - t[k].x[i]) / rate;
            t[k].x[i] = before;
        }
    }
    ok = gradients_hold(t, REC_MF_N_PARAMS, share, x, worst);
    for (uint32_t k = 0; k < REC_MF_N_PARAMS; k++)
        free(dx[k]);
    return ok;
}

static void a_step_is_the_gradient_of_a_share(void)
{
    static const uint32_t widths[] = { 1, 3, 16, 37 };

    for (size_t w = 0; w < sizeof widths / sizeof *widths; w++) {
        struct net x;
        double worst = 0.0;

        make_net(&x, widths[w], w + 1);
        for (size_t i = 0; i < x.x.n; i += 5) {
            x.row = &x.x.row[i];
            CHECKF(step_is_gradient(&x, &L2, &worst), "width %u, rating %zu: %g",
                   widths[w], i, worst);
        }
        free_net(&x);
    }
}

static void shares_add_up_to_the_objective(void)
{
    struct net x;
    double sum = 0.0;

    make_net(&x, 3, 9);
    for (size_t i = 0; i < x.x.n; i++) {
        x.row = &x.x.row[i];
        sum += share(&x);
    }
    CHECKF(fabs(sum - objective(&x)) < 1e-9 * sum, "%g, not %g", sum, objective(&x));
    free_net(&x);
}

static void a_wrong_step_is_refused(void)
{
    const struct rec_mf_l2 more = { 1.01 * L2.penalty, { 2.0, 3.0 } },
                           other = { L2.penalty, { 3.0, 2.0 } };
    struct net x;

    make_net(&x, 3, 4);
    x.row = &x.x.row[0];
    CHECK(!step_is_gradient(&x, &more, NULL));
    CHECK(!step_is_gradient(&x, &other, NULL));
    CHECK(step_is_gradient(&x, &L2, NULL));
    free_net(&x);
}

int main(void)
{
    RUN(a_step_is_the_gradient_of_a_share);
    RUN(shares_add_up_to_the_objective);
    RUN(a_wrong_step_is_refused);
    return test_end();
}
