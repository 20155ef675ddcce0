/* order, fused */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/par.h"
#include "nn/kernels.h"
#include "nn/gcn_learner.h"
#include "nn/singles.h"
#include "nn/train.h"
#include "unit/fusedcases.h"

static struct rec_err err;

/* ---- order ---- */

static uint64_t degree(const struct rec_graph *g, uint32_t n)
{
    return g->off[n + 1] - g->off[n];
}

/* 0: eight edges or more, 1: seven, ..., 6: two */
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

/* Users of two edges and more, items, singles, users without edges, in that order. */
static int kind(const struct rec_graph *g, uint32_t node)
{
    if (node >= g->n_users)
        return 1;
    return degree(g, node) > 1 ? 0 : degree(g, node) == 1 ? 2 : 3;
}

static void check_neighbours(const struct rec_graph *g, const struct rec_order *o,
                             uint32_t n)
{
    uint32_t old = o->from[n], next = o->from[n + 1], a, b;

    CHECK(kind(g, old) <= kind(g, next));
    if (kind(g, old) != kind(g, next))
        return;
    if (kind(g, old) == 1) {
        CHECK(degree(g, old) >= degree(g, next));
    } else if (kind(g, old) != 3) {
        a = first_item(g, o, old);
        b = first_item(g, o, next);
        CHECK(group(g, old) <= group(g, next));
        CHECK(group(g, old) != group(g, next) || a < b || (a == b && old < next));
    }
}

static void check_order(const struct rec_graph *g, const struct rec_order *o)
{
    uint32_t count[4] = { 0 };

    CHECK(o->n_nodes == g->n_nodes && o->n_items == g->n_items);
    for (uint32_t n = 0; n < g->n_nodes; n++) {
        CHECK(o->from[n] < g->n_nodes && o->at[o->from[n]] == n);
        count[kind(g, n)]++;
        if (n + 1 < g->n_nodes)
            check_neighbours(g, o, n);
    }
    CHECK(o->n_users == count[0] && o->n_singles == count[2]);
    CHECK(o->n_core == count[0] + count[1] && o->n_active == o->n_core + count[2]);
    CHECK(o->singles[0] == 0 && o->singles[o->n_items] == o->n_singles);
    for (uint32_t i = 0; i < o->n_items; i++)
        for (uint32_t k = o->singles[i]; k < o->singles[i + 1]; k++)
            CHECK(o->at[g->to[g->off[o->from[o->n_core + k]]]] == o->n_users + i);
}

static int by_number(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

    return x < y ? -1 : x > y;
}

/* Each row holds the old row's nodes but singles under their new numbers, ascending. */
static void check_renumbered(const struct rec_graph *g, const struct rec_order *o)
{
    struct rec_graph x;
    uint32_t *row = malloc((g->n_edges + 1) * sizeof *row);

    CHECK(row != NULL);
    CHECK(rec_order_graph(o, g, &x, &err) == REC_OK);
    CHECK(x.n_users == o->n_users && x.n_nodes == o->n_core && x.rating == NULL);
    CHECK(x.n_edges == g->n_edges - 2 * (uint64_t)o->n_singles);
    CHECK(x.off[x.n_nodes] == x.n_edges);
    for (uint32_t n = 0; n < x.n_nodes; n++) {
        uint32_t old = o->from[n];
        size_t k = 0;

        for (uint64_t e = g->off[old]; e < g->off[old + 1]; e++)
            if (kind(g, g->to[e]) != 2)
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

/* Every single is in one chunk, which knows the item of its first. */
static void check_singles(const struct rec_graph *g, const struct rec_order *o)
{
    struct rec_singles x;
    uint32_t at = 0;

    CHECK(rec_singles_make(o, g, &x, &err) == REC_OK);
    CHECK(x.n == o->n_singles && x.n_chunks <= REC_SINGLE_CHUNKS);
    for (uint32_t k = 0; k < x.n_chunks; k++) {
        uint32_t item = x.item[k];

        CHECK(x.cut[k] == at && x.cut[k + 1] > at);
        CHECK(x.at[item] <= at && at < x.at[item + 1]);
        at = x.cut[k + 1];
    }
    CHECK(at == x.n);
    for (uint32_t i = 0; i < x.n; i++)
        CHECK(x.rating[i] == g->rating[g->off[o->from[o->n_core + i]]]);
    rec_singles_free(&x);
    rec_singles_free(&x);
}

static void order_groups_users_sorts_items_and_blocks_singles(void)
{
    for (size_t i = 0; i < N_FUSED_CASES; i++) {
        struct rec_graph g = fused_graph(&fused_cases[i]);
        struct rec_order o;

        CHECK(rec_order_make(&g, &o, &err) == REC_OK);
        check_order(&g, &o);
        check_renumbered(&g, &o);
        check_singles(&g, &o);
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
static enum rec_status run(struct rec_graph *g, uint32_t width, bool plain,
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
    struct rec_gcn *end;
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
    if (st == REC_OK)
        st = rec_gcn_learner_end(&x, &end, &err);
    if (st == REC_OK) {
        *m = *end;
        x.m = (struct rec_gcn){ .n_nodes = 0 };
    }
    rec_gcn_learner_free(&x);
    return st;
}

static struct rec_gcn train(struct rec_graph *g, uint32_t width, bool plain,
                            struct losses *losses, struct rec_train_result *result)
{
    struct rec_gcn m;

    CHECKF(run(g, width, plain, losses, result, &m) == REC_OK, "%s", err.text);
    return m;
}

static void trajectories_are_those_of_the_plain_path(void)
{
    static const struct fused_case c = { "", 3000, 700, 9000, false };
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
            CHECK(strcmp(fused.path, "fused") == 0 && strcmp(plain.path, "plain") == 0);
            CHECK(strcmp(fused.kernels, fused_sets[set]) == 0);
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

/* With the set that is in use. */
static void check_threads(struct rec_graph *g, uint32_t width)
{
    struct losses one, more;
    struct rec_train_result end, other_end;
    struct rec_gcn a, b;

    rec_par_set_threads(1);
    a = train(g, width, false, &one, &end);
    for (unsigned threads = 2; threads <= 4; threads++) {
        rec_par_set_threads(threads);
        b = train(g, width, false, &more, &other_end);
        CHECK(same_weights(&a, &b) && end.metric == other_end.metric);
        CHECK(memcmp(one.loss, more.loss, 12 * sizeof(double)) == 0);
        rec_gcn_free(&b);
    }
    rec_gcn_free(&a);
    rec_par_set_threads(1);
}

static void any_number_of_threads_gives_the_same_bits(void)
{
    static const struct fused_case cases[] = {
        { "", 9000, 3000, 60000, false },
        { "", 9000, 3000, 9000, false },
        { "", 5000, 3, 4000, false }, /* singles of an item in many chunks */
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct rec_graph g = fused_graph(&cases[i]);

        for (size_t set = 0; set < N_FUSED_SETS; set++)
            for (size_t w = 1; w < N_FUSED_WIDTHS; w += 4) /* 16 and 64 */
                if (rec_kernel_set_use(fused_sets[set]))
                    check_threads(&g, fused_widths[w]);
        rec_graph_free(&g);
    }
}

/* An epoch with G's edges gone is that with G whole, to the bit. */
static void edges_are_not_needed_after_making(void)
{
    struct rec_graph g = fused_graph(&fused_cases[6]);
    struct rec_gcn_opts o = { 16, 2, .seed = 7, .adam = { 0.01, 0.9, 0.999, 1e-8, 0.0 },
                              .no_ratings = true };
    double wanted[3];
    uint64_t before = rec_mem_now(), edges = rec_graph_edge_bytes(&g);

    for (int k = 0; k < 2; k++) {
        struct rec_gcn_learner x = { .g = NULL };
        struct rec_learner l = rec_gcn_learner(&x);

        o.frees_edges = k == 1;
        CHECK(rec_gcn_learner_make(&x, &g, &o, &err) == REC_OK);
        CHECK((g.to == NULL) == o.frees_edges && g.n_nodes == 3700);
        for (uint64_t e = 1; e <= 3; e++) {
            double loss = l.loss(&x);

            if (k == 0)
                wanted[e - 1] = loss;
            CHECK(loss == wanted[e - 1]);
            l.epoch(&x, e, 0.01);
        }
        rec_gcn_learner_free(&x);
    }
    CHECK(before - rec_mem_now() == edges);
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
    RUN(order_groups_users_sorts_items_and_blocks_singles);
    RUN(only_known_widths_of_two_layers_are_served);
    RUN(trajectories_are_those_of_the_plain_path);
    RUN(any_number_of_threads_gives_the_same_bits);
    RUN(edges_are_not_needed_after_making);
    RUN(users_without_edges_keep_their_rows);
    RUN(make_and_train_survive_every_failed_allocation);
    return test_end();
}
