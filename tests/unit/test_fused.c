/* order, fused */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/par.h"
#include "nn/kernels.h"
#include "nn/gcn_learner.h"
#include "nn/train.h"
#include "unit/fusedcases.h"

static struct rec_err err;

/* ---- order ---- */

static uint64_t degree(const struct rec_graph *g, uint32_t n)
{
    return g->off[n + 1] - g->off[n];
}

/* 0: eight edges or more, 1: seven, ..., 8: none */
static int group(const struct rec_graph *g, uint32_t user)
{
    return degree(g, user) > 8 ? 0 : 8 - (int)degree(g, user);
}

/* The most popular item of a user, by new numbers. */
static uint32_t first_item(const struct rec_graph *g, const struct rec_order *o,
                           uint32_t user)
{
    uint32_t first = UINT32_MAX;

    for (uint64_t e = g->off[user]; e < g->off[user + 1]; e++)
        first = o->at[g->to[e]] < first ? o->at[g->to[e]] : first;
    return first;
}

static void check_order(const struct rec_graph *g, const struct rec_order *o)
{
    CHECK(o->n_nodes == g->n_nodes && o->n_items == g->n_items);
    CHECK(o->n_active == o->n_users + g->n_items);
    for (uint32_t n = 0; n < g->n_nodes; n++) {
        uint32_t old = o->from[n];

        CHECK(old < g->n_nodes && o->at[old] == n);
        CHECK((old < g->n_users && degree(g, old) > 0) == (n < o->n_users));
        CHECK((old >= g->n_users) == (n >= o->n_users && n < o->n_active));
        if (n + 1 < o->n_users) {
            uint32_t next = o->from[n + 1], a = first_item(g, o, old),
                     b = first_item(g, o, next);

            CHECK(group(g, old) <= group(g, next));
            CHECK(group(g, old) != group(g, next) || a < b || (a == b && old < next));
        } else if (n >= o->n_users && n + 1 < o->n_active) {
            CHECK(degree(g, old) >= degree(g, o->from[n + 1]));
        } else if (n >= o->n_active) {
            CHECK(degree(g, old) == 0);
        }
    }
}

static int by_number(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

    return x < y ? -1 : x > y;
}

/* Each row holds the old row's nodes under their new numbers, ascending. */
static void check_renumbered(const struct rec_graph *g, const struct rec_order *o)
{
    struct rec_graph x;
    uint32_t *row = malloc((g->n_edges + 1) * sizeof *row);

    CHECK(row != NULL);
    CHECK(rec_order_graph(o, g, &x, &err) == REC_OK);
    CHECK(x.n_users == o->n_users && x.n_nodes == o->n_active && x.rating == NULL);
    CHECK(x.n_edges == g->n_edges && x.off[x.n_nodes] == g->n_edges);
    for (uint32_t n = 0; n < x.n_nodes; n++) {
        uint32_t old = o->from[n];
        size_t k = 0;

        for (uint64_t e = g->off[old]; e < g->off[old + 1]; e++)
            row[k++] = o->at[g->to[e]];
        qsort(row, k, sizeof *row, by_number);
        CHECK(degree(&x, n) == k && x.norm[n] == g->norm[old]);
        CHECK(k == 0 || memcmp(row, x.to + x.off[n], k * sizeof *row) == 0);
    }
    for (size_t i = 0; i < REC_ORDER_PAD; i++)
        CHECK(x.to[x.n_edges + i] == 0);
    free(row);
    rec_graph_free(&x);
}

static void order_groups_users_and_sorts_items(void)
{
    for (size_t i = 0; i < N_FUSED_CASES; i++) {
        struct rec_graph g = fused_graph(&fused_cases[i]);
        struct rec_order o;

        CHECK(rec_order_make(&g, &o, &err) == REC_OK);
        check_order(&g, &o);
        check_renumbered(&g, &o);
        rec_order_free(&o);
        rec_order_free(&o);
        rec_graph_free(&g);
    }
}

/* ---- fused ---- */

static void only_known_widths_of_two_layers_are_served(void)
{
    struct rec_adam adam = { .lr = 0.01 }, decay = { .lr = 0.01, .weight_decay = 1e-9 };
    struct rec_gcn m = { .n_layers = 2 };

    for (m.width = 1; m.width <= 300; m.width++) {
        bool known = false;

        for (size_t w = 0; w < N_FUSED_WIDTHS; w++)
            known |= fused_widths[w] == m.width;
        CHECKF(rec_fused_serves(&m, &adam) == known, "width %u", m.width);
        CHECK(!rec_fused_serves(&m, &decay));
    }
    m.width = 16;
    m.n_layers = 3;
    CHECK(!rec_fused_serves(&m, &adam));
    CHECK(!rec_kernel_set_use("sse9") && rec_kernel_set_use("base"));
    CHECK(strcmp(rec_kernel_set(), "base") == 0);
}

struct losses {
    double loss[40];
};

static enum rec_status note_loss(void *ctx, const struct rec_train_epoch *e,
                                 struct rec_err *er)
{
    (void)er;
    ((struct losses *)ctx)->loss[e->epoch - 1] = e->loss;
    return REC_OK;
}

static double first_rating(void *ctx, const struct rec_learner *l)
{
    static const uint32_t first[] = { 0 };
    const struct rec_ratings x = { .n = 1, .user = first, .item = first };

    (void)ctx;
    return 1000.0 + l->rating(l->self, &x, 0);
}

/* Runs 12 epochs of a model that begins as fused_model(); to *M. */
static enum rec_status run(const struct rec_graph *g, uint32_t width, bool plain,
                           struct losses *losses, struct rec_train_result *result,
                           struct rec_gcn *m)
{
    struct rec_gcn_opts o = { width, 2, .seed = 7, .adam = { 0, 0.9, 0.999, 1e-8, 0.0 },
                              .plain = plain };
    struct rec_train_opts t = { .epochs = 12, .lr = 0.02, .keep_best = losses == NULL };
    struct rec_train_hooks hooks = { first_rating, NULL,
                                     losses != NULL ? note_loss : NULL, losses, NULL };
    struct rec_gcn_learner x = { .g = NULL };
    struct rec_learner l = rec_gcn_learner(&x);
    struct rec_train_log log = { .file = NULL };
    enum rec_status st = rec_gcn_learner_make(&x, g, &o, &err);

    CHECK(st != REC_OK || (x.fused == NULL) == plain);
    if (st == REC_OK)
        st = rec_train_log_open(&log, NULL, "valid_rmse", 12, &err);
    if (st == REC_OK) {
        rec_param_uniform(&x.m.b[0], 8, 0.3);
        rec_param_uniform(&x.m.b[1], 9, 0.3);
        st = rec_train(&l, &t, &hooks, &log, result, &err);
    }
    st = rec_train_log_close(&log, st, &err);
    if (st == REC_OK) {
        *m = *rec_gcn_learner_end(&x);
        x.m = (struct rec_gcn){ .n_nodes = 0 };
    }
    rec_gcn_learner_free(&x);
    return st;
}

static struct rec_gcn train(const struct rec_graph *g, uint32_t width, bool plain,
                            struct losses *losses, struct rec_train_result *result)
{
    struct rec_gcn m;

    CHECKF(run(g, width, plain, losses, result, &m) == REC_OK, "%s", err.text);
    return m;
}

static void trajectories_are_those_of_the_plain_path(void)
{
    static const struct fused_case c = { "", 3000, 700, 9000 };
    struct rec_graph g = fused_graph(&c);

    for (size_t w = 0; w < N_FUSED_WIDTHS; w++) {
        struct losses wanted, got;
        struct rec_train_result end, fused_end;
        struct rec_gcn plain = train(&g, fused_widths[w], true, &wanted, &end);

        for (size_t set = 0; set < N_FUSED_SETS; set++) {
            struct rec_gcn fused;

            if (!rec_kernel_set_use(fused_sets[set]))
                continue;
            fused = train(&g, fused_widths[w], false, &got, &fused_end);
            for (int i = 0; i < 12; i++)
                CHECKF(fabs(got.loss[i] - wanted.loss[i]) < 1e-4 * wanted.loss[i],
                       "%s, width %u, epoch %d: %.9g not %.9g", fused_sets[set],
                       fused_widths[w], i + 1, got.loss[i], wanted.loss[i]);
            CHECKF(fabs(fused_end.metric - end.metric) < 1e-3, "%.9g not %.9g",
                   fused_end.metric, end.metric);
            rec_gcn_free(&fused);
        }
        rec_gcn_free(&plain);
    }
    rec_graph_free(&g);
}

static bool same_weights(struct rec_gcn *a, struct rec_gcn *b)
{
    struct rec_param *p;

    for (uint32_t i = 0; (p = rec_gcn_param(a, i)) != NULL; i++)
        if (memcmp(p->x, rec_gcn_param(b, i)->x, rec_param_size(p) * sizeof *p->x) != 0)
            return false;
    return true;
}

static void any_number_of_threads_gives_the_same_bits(void)
{
    static const struct fused_case c = { "", 9000, 3000, 60000 };
    struct rec_graph g = fused_graph(&c);

    for (size_t set = 0; set < N_FUSED_SETS; set++) {
        if (!rec_kernel_set_use(fused_sets[set]))
            continue;
        for (size_t w = 1; w < N_FUSED_WIDTHS; w += 4) { /* 16 and 64 */
            uint32_t width = fused_widths[w];
            struct losses one, more;
            struct rec_train_result end, other_end;
            struct rec_gcn a, b;

            rec_par_set_threads(1);
            a = train(&g, width, false, &one, &end);
            for (unsigned threads = 2; threads <= 4; threads++) {
                rec_par_set_threads(threads);
                b = train(&g, width, false, &more, &other_end);
                CHECK(same_weights(&a, &b) && end.metric == other_end.metric);
                CHECK(memcmp(one.loss, more.loss, 12 * sizeof(double)) == 0);
                rec_gcn_free(&b);
            }
            rec_gcn_free(&a);
        }
    }
    rec_par_set_threads(1);
    rec_graph_free(&g);
}

static void users_without_edges_keep_their_rows(void)
{
    struct rec_graph g = fused_graph(&fused_cases[3]);
    struct rec_gcn start = fused_model(&g, 16), m;
    struct losses losses;
    struct rec_train_result end;
    uint32_t lonely = 0;

    m = train(&g, 16, false, &losses, &end);
    for (uint32_t n = 0; n < g.n_users; n++) {
        size_t at = (size_t)n * 16;
        bool same =
            memcmp(m.w[0].x + at, start.w[0].x + at, 16 * sizeof(rec_real)) == 0;

        CHECK(same == (degree(&g, n) == 0));
        lonely += same;
    }
    CHECK(lonely > 10);
    rec_gcn_free(&start);
    rec_gcn_free(&m);
    rec_graph_free(&g);
}

static void make_and_train_survive_every_failed_allocation(void)
{
    struct rec_graph g = fused_graph(&fused_cases[3]);
    struct rec_train_result end;
    enum rec_status st = REC_ESYSTEM;
    uint64_t at = 0;

    for (uint64_t before = rec_mem_now(); st != REC_OK;) {
        struct rec_gcn m = { .n_nodes = 0 };

        rec_mem_fail_at(++at);
        st = run(&g, 16, false, NULL, &end, &m);
        rec_mem_fail_at(0);
        rec_gcn_free(&m);
        CHECK(rec_mem_now() == before && (st == REC_OK || st == REC_ESYSTEM));
    }
    CHECKF(at > 10, "%d allocations", (int)at - 1);
    rec_graph_free(&g);
}

int main(void)
{
    rec_kernels_init();
    RUN(order_groups_users_and_sorts_items);
    RUN(only_known_widths_of_two_layers_are_served);
    RUN(trajectories_are_those_of_the_plain_path);
    RUN(any_number_of_threads_gives_the_same_bits);
    RUN(users_without_edges_keep_their_rows);
    RUN(make_and_train_survive_every_failed_allocation);
    return test_end();
}
