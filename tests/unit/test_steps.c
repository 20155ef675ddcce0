/* dropout, batch, the bounded gradient: what a step is made of */
#include <math.h>
#include <string.h>

#include "base/par.h"
#include "unit/training.h"

/* ---- dropout ---- */

static struct rec_chunks chunks_of(const struct rec_graph *g)
{
    struct rec_chunks c;

    rec_chunks_cut(g, &c);
    return c;
}

static void dropout_leaves_out_a_share_and_scales_the_rest(void)
{
    struct rec_graph g = toy_graph(3000, 2000, 30000, 5);
    struct rec_chunks c = chunks_of(&g);
    size_t n = (size_t)g.n_nodes * 7;
    rec_real *x = malloc(n * sizeof *x);

    CHECK(x != NULL && c.n > 3);
    for (int k = 0; k <= 9; k++) {
        struct rec_dropout drop = { k / 10.0, 3, 1 };
        rec_real scale = (rec_real)(1.0 / (1.0 - k / 10.0));
        size_t fallen = 0;

        for (size_t i = 0; i < n; i++)
            x[i] = 2;
        rec_dropout(&c, &drop, 1, x, 7);
        for (size_t i = 0; i < n; i++) {
            CHECK(x[i] == 0 || x[i] == 2 * scale);
            fallen += x[i] == 0;
        }
        CHECKF(fabs((double)fallen / (double)n - k / 10.0) < 0.012, "%zu", fallen);
        rec_dropout_backward(&c, &drop, x, 7);
        for (size_t i = 0; i < n; i++)
            CHECK(x[i] == 0 || x[i] == 2 * scale * scale);
    }
    free(x);
    rec_graph_free(&g);
}

/* The mask of (seed, layer, step) over N ones. */
static void mask(const struct rec_chunks *c, uint64_t seed, uint32_t layer,
                 uint64_t step, rec_real *x, size_t n)
{
    struct rec_dropout drop = { 0.5, seed, step };

    for (size_t i = 0; i < n; i++)
        x[i] = 1;
    rec_dropout(c, &drop, layer, x, (uint32_t)(n / c->at[c->n]));
}

static void masks_differ_by_seed_layer_and_step_and_not_by_threads_or_chunks(void)
{
    struct rec_graph g = toy_graph(3000, 2000, 30000, 5);
    struct rec_chunks c = chunks_of(&g), whole = { .n = 1 };
    size_t n = (size_t)g.n_nodes * 5;
    rec_real *a = malloc(n * sizeof *a), *b = malloc(n * sizeof *b);
    const uint64_t other[3][3] = { { 2, 1, 1 }, { 1, 2, 1 }, { 1, 1, 2 } };

    CHECK(a != NULL && b != NULL);
    whole.at[1] = g.n_nodes;
    mask(&c, 1, 1, 1, a, n);
    rec_par_set_threads(3);
    mask(&c, 1, 1, 1, b, n);
    rec_par_set_threads(1);
    CHECK(memcmp(a, b, n * sizeof *a) == 0);
    mask(&whole, 1, 1, 1, b, n);
    CHECK(memcmp(a, b, n * sizeof *a) == 0);
    for (int k = 0; k < 3; k++) {
        size_t same = 0;

        mask(&c, other[k][0], (uint32_t)other[k][1], other[k][2], b, n);
        for (size_t i = 0; i < n; i++)
            same += a[i] == b[i];
        CHECKF(fabs((double)same / (double)n - 0.5) < 0.02, "%d: %zu", k, same);
    }
    free(a);
    free(b);
    rec_graph_free(&g);
}

/* ---- batches ---- */

static void every_epoch_has_each_rating_once_in_another_order(void)
{
    struct rec_graph g = toy_graph(30, 20, 300, 5);
    uint32_t e = (uint32_t)(g.n_edges / 2), before[300], again[300];
    struct rec_batches b;

    CHECK(rec_batches_make(&b, &g, 70, 1, &err) == REC_OK);
    CHECK(b.n_ratings == e && b.size == 70 && b.n == (e + 69) / 70);
    for (uint64_t epoch = 1; epoch <= 4; epoch++) {
        bool seen[300] = { false };
        size_t same = 0;

        rec_batches_draw(&b, epoch);
        for (uint32_t i = 0; i < e; i++) {
            CHECK(b.order[i] < e && !seen[b.order[i]]);
            seen[b.order[i]] = true;
            same += epoch > 1 && before[i] == b.order[i];
            before[i] = b.order[i];
        }
        CHECKF(same < e / 10, "%zu", same);
    }
    memcpy(again, b.order, e * sizeof *again);
    rec_batches_draw(&b, 1);
    rec_batches_draw(&b, 4);
    CHECK(memcmp(again, b.order, e * sizeof *again) == 0);
    for (uint32_t i = 0; i < e; i++)
        CHECK(i >= g.off[b.user[i]] && i < g.off[b.user[i] + 1]);
    rec_batches_free(&b);
    rec_batches_free(&b);
    CHECK(rec_batches_make(&b, &g, UINT64_MAX, 1, &err) == REC_OK);
    CHECK(b.n == 1 && b.size == e);
    rec_batches_free(&b);
    rec_graph_free(&g);
}

/* All gradients one after another, after a backward pass. */
static void gradients(struct rec_gcn_learner *x, double *out)
{
    struct rec_param *p;

    rec_gcn_backward(&x->m, x->g, &x->chunks, &x->s);
    for (uint32_t i = 0; (p = rec_gcn_param(&x->m, i)) != NULL; i++)
        for (size_t k = 0; k < rec_param_size(p); k++) {
            *out++ = (double)p->dx[k];
            p->dx[k] = 0;
        }
}

/* The full loss and gradient are the means of those of batches, by their sizes. */
static void batches_add_up_to_the_full_batch(void)
{
    struct rec_graph g = toy_graph(300, 200, 3000, 5);
    struct rec_gcn_opts o = net_opts(8);
    uint64_t e = g.n_edges / 2;

    for (uint64_t size = 100; size <= e + 100; size += 700) {
        struct rec_gcn_learner x = make_net(&g, &o);
        struct rec_learner l = rec_gcn_learner(&x);
        size_t n = rec_learner_n_values(&l);
        double *full = calloc(n, sizeof *full), *sum = calloc(n, sizeof *sum);
        double *one = calloc(n, sizeof *one), loss = l.loss(l.self), mean = 0.0;
        struct rec_batches b;

        CHECK(full != NULL && sum != NULL && one != NULL);
        CHECK(rec_batches_make(&b, &g, size, 1, &err) == REC_OK);
        rec_batches_draw(&b, 1);
        gradients(&x, full);
        for (uint32_t k = 0; k < b.n; k++) {
            double part =
                (double)(k + 1 < b.n ? b.size : e - (uint64_t)k * b.size) / (double)e;

            mean += part * rec_gcn_batch_loss(&x.m, &g, &b, k, &x.s);
            gradients(&x, one);
            for (size_t i = 0; i < n; i++)
                sum[i] += part * one[i];
        }
        CHECKF(fabs(mean - loss) < 1e-6 * loss, "%g not %g", mean, loss);
        for (size_t i = 0; i < n; i++)
            CHECKF(fabs(sum[i] - full[i]) < 2e-6, "%zu: %g not %g", i, sum[i], full[i]);
        rec_batches_free(&b);
        rec_gcn_learner_free(&x);
        free(full);
        free(sum);
        free(one);
    }
    rec_graph_free(&g);
}

/* ---- the bounded gradient ---- */

static void clip_scales_all_tensors_together_to_the_limit(void)
{
    struct rec_graph g = toy_graph(9000, 2000, 30000, 5);
    struct rec_gcn_opts o = net_opts(16);
    struct rec_gcn_learner x = make_net(&g, &o);
    struct rec_learner l = rec_gcn_learner(&x);
    struct rec_param *p;
    double squares = 0.0, length, after = 0.0, ratio;

    for (uint32_t i = 0; (p = l.param(l.self, i)) != NULL; i++)
        for (size_t k = 0; k < rec_param_size(p); k++) {
            p->dx[k] = (rec_real)((double)((k * 7 + i) % 11) - 5.0);
            squares += (double)p->dx[k] * (double)p->dx[k];
        }
    length = sqrt(squares);
    ratio = (double)x.m.out.dx[3];
    CHECK(fabs(rec_learner_clip(&l, length * 1.001) - length) < 1e-9 * length);
    CHECK((double)x.m.out.dx[3] == ratio);
    rec_par_set_threads(3);
    CHECK(rec_learner_clip(&l, length / 4.0) == sqrt(squares));
    rec_par_set_threads(1);
    CHECK(fabs((double)x.m.out.dx[3] - ratio / 4.0) < 1e-6);
    for (uint32_t i = 0; (p = l.param(l.self, i)) != NULL; i++)
        for (size_t k = 0; k < rec_param_size(p); k++)
            after += (double)p->dx[k] * (double)p->dx[k];
    CHECK(fabs(sqrt(after) - length / 4.0) < 1e-6 * length);
    rec_gcn_learner_free(&x);
    rec_graph_free(&g);
}

int main(void)
{
    RUN(dropout_leaves_out_a_share_and_scales_the_rest);
    RUN(masks_differ_by_seed_layer_and_step_and_not_by_threads_or_chunks);
    RUN(every_epoch_has_each_rating_once_in_another_order);
    RUN(batches_add_up_to_the_full_batch);
    RUN(clip_scales_all_tensors_together_to_the_limit);
    return test_end();
}
