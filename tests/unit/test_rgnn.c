/* rgnn: its data against their definitions */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "unit/rgnntoy.h"

static struct rec_err err;
static const double lambda[2] = { 2.0, 3.0 };

static struct rec_rgnn_data make_data(const struct toy *t, uint32_t folds,
                                      const struct rec_rgnn_taus *taus)
{
    struct rec_rgnn_data x;

    CHECKF(rec_rgnn_data_make(&t->x, true, true, folds, 3, lambda, taus, &x, &err) ==
               REC_OK,
           "%s", err.text);
    return x;
}

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
    RUN(time_kernels_are_read_from_text);
    return test_end();
}
