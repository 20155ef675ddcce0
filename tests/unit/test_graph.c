/* graph */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "data/graph.h"
#include "unit/files.h"
#include "unit/toy.h"

static struct rec_err err;

static size_t count_edges(const struct rec_graph *g, uint32_t a, uint32_t b,
                          float rating)
{
    size_t n = 0;

    for (uint64_t e = g->off[a]; e < g->off[a + 1]; e++)
        n += g->to[e] == b && g->rating[e] == rating;
    return n;
}

/* Every promise of graph.h, tried the slow way. */
static void check_graph(const struct rec_graph *g, const struct rec_ratings *x)
{
    uint32_t n_nodes = x->n_users + x->n_items;
    uint64_t n_train = 0;

    CHECK(g->n_users == x->n_users && g->n_items == x->n_items &&
          g->n_nodes == n_nodes);
    for (size_t i = 0; i < x->n; i++)
        n_train += x->part[i] == REC_TRAIN;
    CHECK(g->n_edges == 2 * n_train && g->off[0] == 0 && g->off[n_nodes] == g->n_edges);
    for (uint32_t n = 0; n < n_nodes; n++) {
        uint64_t degree = 0;

        for (size_t i = 0; i < x->n; i++)
            degree += x->part[i] == REC_TRAIN &&
                      (n < x->n_users ? x->user[i] == n : x->n_users + x->item[i] == n);
        CHECKF(g->off[n + 1] - g->off[n] == degree, "node %u", n);
        CHECKF(g->norm[n] == (float)(1.0 / sqrt((double)degree + 1.0)), "node %u", n);
        for (uint64_t e = g->off[n]; e < g->off[n + 1]; e++) {
            CHECKF(e == g->off[n] || g->to[e - 1] <= g->to[e], "node %u", n);
            CHECK((g->to[e] >= x->n_users) == (n < x->n_users) && g->to[e] < n_nodes);
        }
    }
    for (size_t i = 0; i < x->n;
         i++) { /* as many edges as ratings, in both directions */
        uint32_t u = x->user[i], v = x->n_users + x->item[i];
        size_t same = 0;

        for (size_t k = 0; k < x->n; k++)
            same += x->part[k] == REC_TRAIN && x->user[k] == x->user[i] &&
                    x->item[k] == x->item[i] && x->rating[k] == x->rating[i];
        CHECKF(count_edges(g, u, v, x->rating[i]) == same, "rating %zu", i);
        CHECKF(count_edges(g, v, u, x->rating[i]) == same, "rating %zu back", i);
    }
}

static void graph_has_each_training_rating_in_both_directions(void)
{
    static const struct {
        uint32_t users, items;
        size_t n;
    } cases[] = { { 1, 1, 1 },     { 1, 1, 5 },   { 2, 7, 3 },    { 5, 3, 40 },
                  { 30, 50, 600 }, { 4, 4, 400 }, { 100, 3, 300 } };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        for (uint64_t seed = 0; seed < 3; seed++) {
            struct toy t = toy_make(cases[i].users, cases[i].items, cases[i].n, seed);
            uint64_t before = rec_mem_now();
            struct rec_graph g;

            CHECKF(rec_graph_build(&t.x, &g, &err) == REC_OK, "%s", err.text);
            check_graph(&g, &t.x);
            rec_graph_free(&g);
            rec_graph_free(&g);
            CHECK(rec_mem_now() == before);
            toy_free(&t);
        }
}

static void graph_refuses_no_training_rows_and_too_many_nodes(void)
{
    struct toy t = toy_make(5, 5, 10, 1);
    struct rec_graph g = { .n_nodes = 77 };

    memset(t.part, REC_TEST, 10);
    CHECK(rec_graph_build(&t.x, &g, &err) == REC_EINPUT && g.n_nodes == 77);
    t.part[0] = REC_TRAIN;
    t.x.n_users = UINT32_MAX - 4;
    CHECK(rec_graph_build(&t.x, &g, &err) == REC_EINPUT);
    t.x.n_users = UINT32_MAX - 5; /* together the id that means "none" */
    CHECK(rec_graph_build(&t.x, &g, &err) == REC_EINPUT && g.n_nodes == 77);
    toy_free(&t);
}

static void graph_build_survives_every_failed_allocation(void)
{
    struct toy t = toy_make(5, 5, 50, 1);
    uint64_t before = rec_mem_now(), at = 0;
    enum rec_status st = REC_ESYSTEM;

    while (st != REC_OK) {
        struct rec_graph g = { .n_nodes = 0 };
        struct rec_table a = { .n_rows = 0 }, b = { .n_rows = 0 };

        rec_mem_fail_at(++at);
        st = rec_graph_build(&t.x, &g, &err);
        if (st == REC_OK)
            st = rec_graph_tables(&g, &a, &b, &err);
        rec_mem_fail_at(0);
        CHECK(st == REC_OK || (st == REC_ESYSTEM && a.n_rows == 0 && b.n_rows == 0));
        rec_table_free(&a);
        rec_table_free(&b);
        rec_graph_free(&g);
        CHECKF(rec_mem_now() == before, "allocation %d: a leak", (int)at);
    }
    CHECKF(at == 5 + 4 + 1, "%d allocations", (int)at - 1);
    toy_free(&t);
}

/* Writes the graph's sections after SPOIL has been at them, and reads them back. */
static enum rec_status through_a_file(const struct rec_graph *g, int spoil,
                                      struct rec_graph *back)
{
    struct rec_table graph, nodes;
    struct rec_writer *w;
    struct rec_reader *r;
    enum rec_status st;

    CHECK(rec_graph_tables(g, &graph, &nodes, &err) == REC_OK);
    memcpy(graph.by, "test", 5);
    memcpy(nodes.by, "test", 5);
    if (spoil == 1)
        ((uint32_t *)graph.cols[0].data)[0] = 0; /* a user that points at a user */
    if (spoil == 2)
        ((uint32_t *)graph.cols[0].data)[0] = g->n_nodes;
    if (spoil == 3)
        ((float *)graph.cols[1].data)[0] = NAN;
    if (spoil == 4)
        ((uint32_t *)nodes.cols[0].data)[0]++;
    if (spoil == 5)
        ((float *)nodes.cols[1].data)[0] = NAN;
    if (spoil == 6)
        nodes.n_rows--;
    if (spoil == 7)
        graph.n_rows--;
    if (spoil == 8)
        ((uint32_t *)graph.cols[0].data)[g->off[g->n_users]] ^= 1; /* one way only */
    if (spoil == 9)
        ((float *)nodes.cols[1].data)[0] *= 0.5f; /* not that of the degree */
    CHECK(rec_writer_open(files_path("graph"), 6, &w, &err) == REC_OK);
    CHECK(rec_writer_table(w, &graph, &err) == REC_OK);
    CHECK(rec_writer_table(w, &nodes, &err) == REC_OK);
    CHECK(rec_writer_finish(w, "@PG\tID:x\n", &err) == REC_OK);
    rec_table_free(&graph);
    rec_table_free(&nodes);
    CHECK(rec_reader_open(files_path("graph"), &r, &err) == REC_OK);
    CHECK(rec_graph_load(r, &err) == REC_OK && rec_reader_run(r, NULL, &err) == REC_OK);
    st = rec_graph_get(r, back, &err);
    rec_reader_close(r);
    return st;
}

static void check_spoiled(int from, int to)
{
    struct toy t = toy_make(30, 20, 300, 1);
    struct rec_graph g, back = { .n_nodes = 0 };

    CHECK(rec_graph_build(&t.x, &g, &err) == REC_OK);
    for (int spoil = from; spoil <= to; spoil++) {
        enum rec_status st = through_a_file(&g, spoil, &back);

        CHECKF(st == (spoil == 0 ? REC_OK : REC_EFORMAT), "way %d", spoil);
        if (spoil == 0)
            check_graph(&back, &t.x);
        rec_graph_free(&back);
    }
    rec_graph_free(&g);
    toy_free(&t);
}

static void graph_comes_back_from_a_file(void)
{
    check_spoiled(0, 0);
}

static void graph_refuses_a_damaged_section(void)
{
    check_spoiled(1, 7);
}

/* "Everything is checked": backward relies on the matrix being symmetric. */
static void graph_refuses_two_directions_or_norms_that_differ(void)
{
    check_spoiled(8, 9);
}

int main(void)
{
    files_begin();
    RUN(graph_has_each_training_rating_in_both_directions);
    RUN(graph_refuses_no_training_rows_and_too_many_nodes);
    RUN(graph_build_survives_every_failed_allocation);
    RUN(graph_comes_back_from_a_file);
    RUN(graph_refuses_a_damaged_section);
    RUN(graph_refuses_two_directions_or_norms_that_differ);
    files_end();
    return test_end();
}
