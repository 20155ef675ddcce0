/* chunks, kernels, adam */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/par.h"
#include "nn/chunks.h"
#include "nn/kernels.h"
#include "nn/param.h"
#include "unit/toy.h"

static struct rec_err err;

static rec_real *random_array(size_t n, uint64_t seed)
{
    rec_real *x = malloc((n + 1) * sizeof *x);

    CHECK(x != NULL);
    for (size_t i = 0; i < n; i++)
        x[i] = (rec_real)((double)(test_random(&seed) >> 11) * 0x1p-52 - 1.0);
    return x;
}

static rec_real *same(size_t n, rec_real value)
{
    rec_real *x = malloc((n + 1) * sizeof *x);

    CHECK(x != NULL);
    for (size_t i = 0; i < n; i++)
        x[i] = value;
    return x;
}

static struct rec_graph make_graph(uint32_t users, uint32_t items, size_t n,
                                   uint64_t seed)
{
    struct toy t = toy_make(users, items, n, seed);
    struct rec_graph g;

    CHECKF(rec_graph_build(&t.x, &g, &err) == REC_OK, "%s", err.text);
    toy_free(&t);
    return g;
}

/* WANTED is in double; SCALE is the sum of the sizes of what was added up. */
static void check_near(rec_real got, double wanted, double scale, const char *what,
                       size_t i)
{
    CHECKF(fabs((double)got - wanted) <= 1e-5 * (scale + 1e-3),
           "%s, %zu: %.9g not %.9g", what, i, (double)got, wanted);
}

/* ---- chunks ---- */

static void chunks_cover_all_nodes_once_and_keep_users_and_items_apart(void)
{
    static const struct {
        uint32_t users, items;
        size_t n;
    } cases[] = { { 1, 1, 1 },
                  { 3, 2, 10 },
                  { 20000, 30, 50000 },
                  { 30, 20000, 50000 },
                  { 60000, 60000, 90000 },
                  { 2000, 2000, 300000 } };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct rec_graph g = make_graph(cases[i].users, cases[i].items, cases[i].n, i);
        struct rec_chunks c;

        rec_chunks_cut(&g, &c);
        CHECKF(c.n >= 2 && c.n <= REC_MAX_CHUNKS, "%u chunks", c.n);
        CHECK(c.at[0] == 0 && c.at[c.n] == g.n_nodes);
        for (uint32_t k = 0; k < c.n; k++)
            CHECK(c.at[k] < c.at[k + 1]);
        CHECK(c.n_user_chunks >= 1 && c.at[c.n_user_chunks] == g.n_users);
        CHECKF(i < 4 || c.n > 40, "only %u chunks: nothing to share out", c.n);
        rec_graph_free(&g);
    }
}

/* ---- spmm ---- */

/* The normalised matrix, dense, in double: N x N. */
static double *dense_matrix(const struct rec_graph *g)
{
    uint32_t n = g->n_nodes;
    double *a = calloc((size_t)n * n, sizeof *a);

    CHECK(a != NULL);
    for (uint32_t r = 0; r < n; r++) {
        a[(size_t)r * n + r] = 1.0;
        for (uint64_t e = g->off[r]; e < g->off[r + 1]; e++)
            a[(size_t)r * n + g->to[e]] += 1.0;
    }
    for (uint32_t r = 0; r < n; r++)
        for (uint32_t c = 0; c < n; c++)
            a[(size_t)r * n + c] /= sqrt((double)(g->off[r + 1] - g->off[r]) + 1.0) *
                                    sqrt((double)(g->off[c + 1] - g->off[c]) + 1.0);
    return a;
}

static void spmm_is_the_dense_product(void)
{
    static const uint32_t widths[] = { 1, 3, 16, 31, 32, 33, 64, 70 };
    struct rec_graph g = make_graph(23, 11, 150, 4);
    double *a = dense_matrix(&g);
    struct rec_chunks c;

    rec_chunks_cut(&g, &c);
    for (size_t w = 0; w < sizeof widths / sizeof *widths; w++) {
        uint32_t d = widths[w], n = g.n_nodes;
        rec_real *x = random_array((size_t)n * d, d), *y = same((size_t)n * d, 9);

        rec_spmm(&g, &c, x, d, y);
        for (uint32_t r = 0; r < n; r++)
            for (uint32_t j = 0; j < d; j++) {
                double sum = 0.0, size = 0.0;

                for (uint32_t k = 0; k < n; k++) {
                    double term = a[(size_t)r * n + k] * (double)x[(size_t)k * d + j];

                    sum += term;
                    size += fabs(term);
                }
                check_near(y[(size_t)r * d + j], sum, size, "y", (size_t)r * d + j);
            }
        free(x);
        free(y);
    }
    free(a);
    rec_graph_free(&g);
}

/* ---- linear, bias, relu ---- */

static void check_linear(const struct rec_chunks *c, uint32_t n, uint32_t d)
{
    size_t nd = (size_t)n * d, dd = (size_t)d * d;
    rec_real *x = random_array(nd, 1), *w = random_array(dd, 2),
             *b = random_array(d, 3);
    rec_real *dy = random_array(nd, 4), *y = same(nd, 9), *dx = same(nd, 9);
    rec_real *dw = same(dd, 5), *db = same(d, 7), *db2 = same(d, 7); /* added to */
    rec_real *part = same((size_t)REC_MAX_CHUNKS * d * (d + 1), 9);

    rec_linear(c, x, w, b, d, y);
    rec_linear_backward(c, x, w, dy, d, dx, dw, db, part);
    rec_bias_backward(c, dy, d, db2, part);
    for (size_t i = 0; i < nd; i++) {
        size_t r = i / d, j = i % d;
        double sum = (double)b[j], back = 0.0;

        for (size_t k = 0; k < d; k++) {
            sum += (double)x[r * d + k] * (double)w[k * d + j];
            back += (double)dy[r * d + k] * (double)w[j * d + k];
        }
        check_near(y[i], sum, d, "y", i);
        check_near(dx[i], back, d, "dx", i);
    }
    for (size_t i = 0; i < dd; i++) {
        double sum = 5.0;

        for (size_t r = 0; r < n; r++)
            sum += (double)x[r * d + i / d] * (double)dy[r * d + i % d];
        check_near(dw[i], sum, n, "dw", i);
    }
    for (size_t j = 0; j < d; j++) {
        double sum = 7.0;

        for (size_t r = 0; r < n; r++)
            sum += (double)dy[r * d + j];
        check_near(db[j], sum, n, "db", j);
        check_near(db2[j], sum, n, "db", j);
    }
    for (size_t j = 0; j < d; j++)
        db2[j] = db[j];
    rec_linear_backward(c, x, w, dy, d, NULL, dw, db2, part); /* dx may be left out */
    for (size_t j = 0; j < d; j++)
        check_near(db2[j], 2.0 * (double)db[j] - 7.0, n, "db again", j);
    free(x), free(w), free(b), free(dy), free(y), free(dx), free(dw), free(db),
        free(db2);
    free(part);
}

static void linear_and_its_backward_are_the_plain_sums(void)
{
    static const uint32_t widths[] = { 1, 3, 16, 33 };
    struct rec_graph g = make_graph(600, 900, 9000, 4);
    struct rec_chunks c;

    rec_chunks_cut(&g, &c);
    CHECK(c.n > 4);
    for (size_t w = 0; w < 4; w++)
        check_linear(&c, g.n_nodes, widths[w]);
    rec_graph_free(&g);
}

static void relu_and_its_backward_cut_at_0(void)
{
    enum { D = 3 };
    struct rec_graph g = make_graph(7, 5, 20, 4);
    size_t n = (size_t)g.n_nodes * D;
    rec_real *x = random_array(n, 1), *z = random_array(n, 1), *dy = random_array(n, 2);
    rec_real b[D] = { 0.25f, -0.5f, 0 };
    struct rec_chunks c;

    rec_chunks_cut(&g, &c);
    x[5] = z[5] = 0; /* 0 is not above 0 */
    x[8] = z[8] = NAN;
    for (int bias = 0; bias < 2; bias++) {
        rec_real *y = random_array(n, 1), *dx = random_array(n, 2);

        memcpy(y, x, n * sizeof *y);
        rec_relu(&c, y, bias ? b : NULL, D);
        rec_relu_backward(&c, y, D, dx);
        for (size_t i = 0; i < n; i++) {
            rec_real v = bias ? z[i] + b[i % D] : z[i];

            if (i == 8)
                CHECK(isnan(y[i]));
            else
                CHECKF(y[i] == (v > 0 ? v : 0) && dx[i] == (v > 0 ? dy[i] : 0), "%zu",
                       i);
        }
        free(y);
        free(dx);
    }
    free(x), free(z), free(dy);
    rec_graph_free(&g);
}

/* ---- threads ---- */

/* All kernels once; the results of one thread are kept in OUT, which others must match.
 */
static void run_kernels(const struct rec_graph *g, uint32_t d, rec_real **out,
                        bool first)
{
    size_t n = (size_t)g->n_nodes, sizes[5] = { n * d, n * d, n * d, (size_t)d * d, d };
    rec_real *x = random_array(n * d, 1), *w = random_array((size_t)d * d, 2);
    rec_real *part = same((size_t)REC_MAX_CHUNKS * d * (d + 1), 0), *r[5];
    struct rec_chunks c;

    for (int i = 0; i < 5; i++)
        r[i] = same(sizes[i], 0);
    rec_chunks_cut(g, &c);
    rec_spmm(g, &c, x, d, r[0]);
    rec_linear(&c, x, w, w, d, r[1]);
    rec_relu(&c, r[1], w, d);
    rec_linear_backward(&c, r[0], w, r[1], d, r[2], r[3], r[4], part);
    rec_bias_backward(&c, x, d, r[4], part);
    for (int i = 0; i < 5; i++) {
        if (first)
            out[i] = r[i];
        else
            CHECKF(memcmp(out[i], r[i], sizes[i] * sizeof *r[i]) == 0, "result %d", i);
        if (!first)
            free(r[i]);
    }
    free(x), free(w), free(part);
}

static void kernels_give_the_same_bits_for_any_threads(void)
{
    struct rec_graph g = make_graph(4000, 3000, 60000, 8);

    rec_kernels_init();
    for (uint32_t d = 16; d <= 33; d += 17) {
        rec_real *out[5];

        for (unsigned threads = 1; threads <= 4; threads++) {
            rec_par_set_threads(threads);
            run_kernels(&g, d, out, threads == 1);
            run_kernels(&g, d, out, false);
        }
        for (int i = 0; i < 5; i++)
            free(out[i]);
    }
    rec_par_set_threads(1);
    rec_graph_free(&g);
}

/* ---- Adam ---- */

/* torch.optim.Adam, single_tensor, line by line, in double. */
static void torch_adam(const struct rec_adam *a, int step, double g, double *x,
                       double *m, double *v)
{
    double bias1 = 1.0 - pow(a->beta1, step), bias2 = 1.0 - pow(a->beta2, step), denom;

    g += a->weight_decay * *x;
    *m = *m * a->beta1 + (1.0 - a->beta1) * g;
    *v = *v * a->beta2 + (1.0 - a->beta2) * g * g;
    denom = sqrt(*v) / sqrt(bias2) + a->epsilon;
    *x -= a->lr / bias1 * (*m / denom);
}

static void adam_steps_as_pytorch_does(void)
{
    static const struct rec_adam kinds[] = {
        { 0.01, 0.9, 0.999, 1e-8, 0.0 },
        { 0.1, 0.5, 0.9, 1e-3, 0.1 },
    };
    enum { ROWS = 700, COLS = 50, STEPS = 20, N = ROWS * COLS }; /* three chunks */

    for (size_t kind = 0; kind < 2; kind++) {
        struct rec_param p;
        double *x = calloc(N, sizeof *x), *m = calloc(N, sizeof *m),
               *v = calloc(N, sizeof *v);

        CHECK(x && m && v);
        CHECK(rec_param_make(&p, "W", ROWS, COLS, true, &err) == REC_OK);
        rec_param_uniform(&p, 1, 0.5);
        for (size_t i = 0; i < N; i++)
            x[i] = (double)p.x[i];
        for (int step = 1; step <= STEPS; step++) {
            rec_real *g = random_array(N, (uint64_t)step);

            memcpy(p.dx, g, N * sizeof *g);
            rec_par_set_threads(1 + (unsigned)step % 3);
            rec_adam_step(&kinds[kind], (uint64_t)step, &p);
            for (size_t i = 0; i < N; i++)
                torch_adam(&kinds[kind], step, (double)g[i], &x[i], &m[i], &v[i]);
            free(g);
        }
        rec_par_set_threads(1);
        for (size_t i = 0; i < N; i++) {
            /* 1 - 0.999f would be 1.7e-5 off */
            CHECKF(fabs((double)p.v[i] - v[i]) <= 5e-6 * v[i], "v %zu", i);
            CHECKF(fabs((double)p.m[i] - m[i]) <= 1e-6, "m %zu", i);
            CHECKF(fabs((double)p.x[i] - x[i]) <= 1e-4 * kinds[kind].lr * STEPS,
                   "%zu: %.9g not %.9g", i, (double)p.x[i], x[i]);
        }
        rec_param_free(&p);
        free(x), free(m), free(v);
    }
}

static void param_starts_uniform_within_its_limit(void)
{
    struct rec_param p, q;
    double sum = 0.0, most = 0.0;

    CHECK(rec_param_make(&p, "W1", 1000, 10, false, &err) == REC_OK);
    CHECK(rec_param_make(&q, "W2", 1000, 10, false, &err) == REC_OK);
    CHECK(p.dx == NULL && p.m == NULL && p.v == NULL && rec_param_size(&p) == 10000);
    rec_param_uniform(&p, 5, 0.25);
    rec_param_uniform(&q, 5, 0.25);
    CHECK(memcmp(p.x, q.x, 10000 * sizeof *p.x) != 0); /* each name its own stream */
    for (size_t i = 0; i < 10000; i++) {
        sum += (double)p.x[i];
        most = fmax(most, fabs((double)p.x[i]));
    }
    CHECK(fabs(sum / 10000) < 0.01 && most <= 0.25 && most > 0.249);
    rec_param_free(&p);
    rec_param_free(&q);
}

int main(void)
{
    RUN(chunks_cover_all_nodes_once_and_keep_users_and_items_apart);
    RUN(spmm_is_the_dense_product);
    RUN(linear_and_its_backward_are_the_plain_sums);
    RUN(relu_and_its_backward_cut_at_0);
    RUN(kernels_give_the_same_bits_for_any_threads);
    RUN(adam_steps_as_pytorch_does);
    RUN(param_starts_uniform_within_its_limit);
    return test_end();
}
