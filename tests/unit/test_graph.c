/* graph */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/par.h"
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

/* ---- a plain build ---- */

struct plain_edge {
    uint32_t from, to;
    size_t row;
    float rating;
};

static int compare_edges(const void *a, const void *b)
{
    const struct plain_edge *x = a, *y = b;

    if (x->from != y->from)
        return x->from < y->from ? -1 : 1;
    if (x->to != y->to)
        return x->to < y->to ? -1 : 1;
    return x->row < y->row ? -1 : x->row > y->row;
}

/* All edges of the graph, sorted: repeated pairs in the order of the ratings. */
static struct plain_edge *plain_build(const struct rec_ratings *x, size_t *n)
{
    struct plain_edge *e = calloc(2 * x->n, sizeof *e);

    CHECK(e != NULL);
    *n = 0;
    for (size_t i = 0; i < x->n; i++)
        if (x->part[i] == REC_TRAIN) {
            uint32_t u = x->user[i], v = x->n_users + x->item[i];

            e[(*n)++] = (struct plain_edge){ u, v, i, x->rating[i] };
            e[(*n)++] = (struct plain_edge){ v, u, i, x->rating[i] };
        }
    qsort(e, *n, sizeof *e, compare_edges);
    return e;
}

static void compare_with_plain(const struct rec_graph *g, const struct plain_edge *e,
                               size_t n)
{
    size_t at = 0;

    CHECK(g->n_edges == n && g->off[0] == 0);
    for (uint32_t node = 0; node < g->n_nodes; node++) {
        size_t first = at;

        for (; at < n && e[at].from == node; at++) {
            CHECKF(g->to[at] == e[at].to, "node %u, edge %zu", node, at);
            CHECKF(g->rating[at] == e[at].rating, "node %u, edge %zu", node, at);
        }
        CHECKF(g->off[node + 1] == at, "node %u", node);
        CHECKF(g->norm[node] == (float)(1.0 / sqrt((double)(at - first) + 1.0)),
               "node %u", node);
    }
}

static enum rec_status through_a_file(struct rec_graph *g, int spoil,
                                      struct rec_graph *back);

/* More rows than one thread takes; rows of all lengths, some with one repeated pair. */
static void graph_is_that_of_a_plain_sort_for_any_threads(void)
{
    static const struct {
        uint32_t users, items;
        size_t n;
        bool popular; /* half of the ratings are of one user, a quarter of one item */
    } cases[] = { { 40000, 3000, 200000, false }, { 300, 90000, 150000, false },
                  { 200000, 7, 100000, false },   { 1, 70000, 140000, false },
                  { 90000, 1, 140000, false },    { 1, 1, 70000, false },
                  { 5000, 4000, 150000, true },   { 3, 2, 65537, false } };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct toy t = toy_make(cases[i].users, cases[i].items, cases[i].n, i);
        struct plain_edge *e;
        size_t n;

        for (size_t k = 0; k < t.x.n && cases[i].popular; k++) {
            t.user[k] = k % 2 ? 1234 : t.user[k];
            t.item[k] = k % 4 ? t.item[k] : 3210;
        }
        e = plain_build(&t.x, &n);
        for (unsigned threads = 1; threads <= 4; threads++) {
            struct rec_graph g, back;

            rec_par_set_threads(threads);
            CHECKF(rec_graph_build(&t.x, &g, &err) == REC_OK, "%s", err.text);
            compare_with_plain(&g, e, n);
            CHECKF(through_a_file(&g, 0, &back) == REC_OK, "%s", err.text);
            compare_with_plain(&back, e, n);
            rec_graph_free(&g);
            rec_graph_free(&back);
        }
        rec_par_set_threads(1);
        free(e);
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
    CHECKF(at == 4 + 1 + 4 + 1 + 1, "%d allocations", (int)at - 1);
    toy_free(&t);
}

/* Makes the sections of a graph wrong in one of 13 ways; 0 leaves them right. */
static void spoil_sections(int way, struct rec_table *graph, struct rec_table *nodes,
                           const struct rec_graph *shape, uint64_t first_of_items)
{
    uint32_t *to = graph->cols[0].data, *degree = nodes->cols[0].data;
    float *rating = graph->cols[1].data, *norm = nodes->cols[1].data;

    if (way == 1)
        to[0] = 0; /* a user that points at a user */
    if (way == 2)
        to[0] = shape->n_nodes;
    if (way == 3)
        rating[0] = NAN;
    if (way == 4)
        degree[0]++;
    if (way == 5)
        norm[0] = NAN;
    if (way == 6)
        nodes->n_rows--;
    if (way == 7)
        graph->n_rows--;
    if (way == 8)
        to[first_of_items] ^= 1; /* one way only */
    if (way == 9)
        norm[0] *= 0.5f; /* not that of the degree */
    if (way == 10)
        rating[shape->n_edges - 1] += 1.0f; /* one way only */
    if (way == 11) { /* the first user's edges, in the wrong order */
        uint32_t swap = to[0];

        to[0] = to[degree[0] - 1];
        to[degree[0] - 1] = swap;
    }
    if (way == 12)
        rating[shape->n_edges / 3] = -INFINITY;
    if (way == 13)
        to[shape->n_edges - 1] = shape->n_users; /* an item that points at an item */
}

/* Writes the graph's sections after SPOIL has been at them, and reads them back. */
static enum rec_status through_a_file(struct rec_graph *g, int spoil,
                                      struct rec_graph *back)
{
    struct rec_table graph, nodes;
    struct rec_writer *w;
    struct rec_reader *r;
    struct rec_graph shape = *g;
    uint64_t first_of_items = g->off[g->n_users];
    enum rec_status st;

    CHECK(rec_graph_tables(g, &graph, &nodes, &err) == REC_OK);
    CHECK(g->off == NULL && g->to == NULL && g->norm == NULL); /* moved */
    memcpy(graph.by, "test", 5);
    memcpy(nodes.by, "test", 5);
    spoil_sections(spoil, &graph, &nodes, &shape, first_of_items);
    CHECK(rec_writer_open(files_path("graph"), 0, &w, &err) == REC_OK);
    CHECK(rec_writer_table(w, &graph, &err) == REC_OK);
    CHECK(rec_writer_table(w, &nodes, &err) == REC_OK);
    CHECK(rec_writer_finish(w, "@PG\tID:x\n", &err) == REC_OK);
    CHECK(rec_reader_open(files_path("graph"), &r, &err) == REC_OK);
    CHECK(rec_graph_load(r, &err) == REC_OK && rec_reader_run(r, NULL, &err) == REC_OK);
    st = rec_graph_get(r, back, &err);
    if (st == REC_OK) { /* there and back: the sections are as they were */
        rec_graph_put_back(back, r);
        CHECK(back->to == NULL);
        CHECK(memcmp(rec_reader_table(r, "graph")->cols[0].data, graph.cols[0].data,
                     graph.n_rows * sizeof(uint32_t)) == 0);
        st = rec_graph_get(r, back, &err);
    }
    rec_reader_close(r);
    rec_table_free(&graph);
    rec_table_free(&nodes);
    return st;
}

/* Also of a graph that several threads walk. */
static void check_spoiled(int from, int to)
{
    static const size_t rows[] = { 300, 200000 };

    for (int i = 0; i < 2; i++)
        for (int spoil = from; spoil <= to; spoil++) {
            struct toy t = toy_make(30, 20, rows[i], 1);
            struct rec_graph g, back = { .n_nodes = 0 };
            enum rec_status st;

            rec_par_set_threads(i == 0 ? 1 : 3);
            CHECK(rec_graph_build(&t.x, &g, &err) == REC_OK);
            st = through_a_file(&g, spoil, &back);
            rec_par_set_threads(1);
            CHECKF(st == (spoil == 0 ? REC_OK : REC_EFORMAT), "way %d", spoil);
            if (spoil == 0 && i == 0)
                check_graph(&back, &t.x);
            rec_graph_free(&back);
            toy_free(&t);
        }
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
    check_spoiled(8, 13);
}

int main(void)
{
    files_begin();
    RUN(graph_has_each_training_rating_in_both_directions);
    RUN(graph_is_that_of_a_plain_sort_for_any_threads);
    RUN(graph_refuses_no_training_rows_and_too_many_nodes);
    RUN(graph_build_survives_every_failed_allocation);
    RUN(graph_comes_back_from_a_file);
    RUN(graph_refuses_a_damaged_section);
    RUN(graph_refuses_two_directions_or_norms_that_differ);
    files_end();
    return test_end();
}
