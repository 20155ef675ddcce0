/* split, graph */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/random.h"
#include "data/graph.h"
#include "data/split.h"
#include "unit/files.h"
#include "unit/toy.h"

static struct rec_err err;

/* ---- split ---- */

static struct rec_split_opts split_opts(double test_share, double valid)
{
    return (struct rec_split_opts){ .test = test_share, .valid = valid, .seed = 42 };
}

/* The parts, copied; the caller frees them. */
static uint8_t *split(const struct rec_ratings *x, const struct rec_split_opts *o,
                      uint64_t sizes[REC_N_PARTS])
{
    uint8_t *part = malloc(x->n);
    uint64_t value;
    struct rec_table t;

    CHECK(part != NULL);
    CHECKF(rec_split(x, o, &t, sizes, &err) == REC_OK, "%s", err.text);
    CHECK(t.n_rows == x->n && strcmp(t.name, "split") == 0);
    CHECK(rec_table_attr(&t, "TR", &value) && value == sizes[REC_TRAIN]);
    CHECK(rec_table_attr(&t, "VA", &value) && value == sizes[REC_VALID]);
    CHECK(rec_table_attr(&t, "TE", &value) && value == sizes[REC_TEST]);
    memcpy(part, t.cols[0].data, x->n);
    rec_table_free(&t);
    return part;
}

/* Within 5 standard deviations of what N draws give. */
static bool near_share(uint64_t count, double n, double share)
{
    return fabs((double)count - n * share) <=
           5.0 * sqrt(n * share * (1.0 - share)) + 1e-9;
}

static void split_puts_each_row_in_one_part_in_the_given_shares(void)
{
    static const double shares[][2] = {
        { 0.2, 0.1 }, { 0.0, 0.5 }, { 0.5, 0.0 }, { 0.9, 0.9 }, { 0.0, 0.0 }
    };
    struct toy t = toy_make(10, 10, 100000, 1);

    for (size_t i = 0; i < sizeof shares / sizeof *shares; i++) {
        struct rec_split_opts o = split_opts(shares[i][0], shares[i][1]);
        uint64_t sizes[REC_N_PARTS], seen[REC_N_PARTS] = { 0 };
        uint8_t *part = split(&t.x, &o, sizes);

        for (size_t k = 0; k < t.x.n; k++) {
            CHECK(part[k] < REC_N_PARTS);
            seen[part[k]]++;
        }
        CHECK(memcmp(seen, sizes, sizeof seen) == 0);
        CHECKF(near_share(sizes[REC_TEST], 1e5, o.test), "case %zu", i);
        CHECKF(near_share(sizes[REC_VALID], 1e5, (1.0 - o.test) * o.valid), "case %zu",
               i);
        free(part);
    }
    toy_free(&t);
}

/* Row i by the i-th number of the stream "split", whatever other rows there are. */
static void split_follows_its_stream_row_by_row(void)
{
    struct toy t = toy_make(10, 10, 3000, 1);
    struct rec_split_opts o = split_opts(0.3, 0.25);
    uint64_t sizes[REC_N_PARTS];
    uint8_t *part = split(&t.x, &o, sizes);
    struct rec_random r;

    rec_random_init(&r, o.seed, "split");
    for (size_t i = 0; i < t.x.n; i++) {
        double x = rec_random_uniform(&r);

        if (fabs(x - (0.3 + 0.7 * 0.25)) > 1e-9) /* the border itself is left open */
            CHECKF(part[i] == (x < 0.3                ? REC_TEST
                               : x < 0.3 + 0.7 * 0.25 ? REC_VALID
                                                      : REC_TRAIN),
                   "row %zu", i);
    }
    free(part);
    toy_free(&t);
}

static void split_moves_no_row_when_rows_are_added(void)
{
    struct toy t = toy_make(10, 10, 5000, 1);
    struct rec_split_opts o = split_opts(0.2, 0.1), other = o;
    uint64_t sizes[REC_N_PARTS];
    uint8_t *all = split(&t.x, &o, sizes), *few, *again;

    for (size_t n = 1000; n < 1003; n++) {
        t.x.n = n;
        few = split(&t.x, &o, sizes);
        CHECK(memcmp(few, all, n) == 0);
        free(few);
    }
    other.seed = 43;
    again = split(&t.x, &other, sizes);
    CHECK(memcmp(again, all, t.x.n) != 0);
    free(again);
    free(all);
    toy_free(&t);
}

static void split_by_source_makes_one_file_the_test(void)
{
    struct toy t = toy_make(10, 10, 30000, 1);
    struct rec_split_opts o = { REC_SPLIT_SOURCE, .test = 0.9, .valid = 0.3,
                                .test_source = 2, .seed = 1 };
    struct rec_table out = { .n_rows = 77 };
    uint64_t sizes[REC_N_PARTS], rest;
    uint8_t *part;

    CHECK(rec_split(&t.x, &o, &out, sizes, &err) == REC_EFORMAT && out.n_rows == 77);
    CHECK(strstr(err.text, "source") != NULL);
    t.x.source = t.source;
    part = split(&t.x, &o, sizes);
    for (size_t i = 0; i < t.x.n; i++)
        CHECK((part[i] == REC_TEST) == (t.source[i] == 2));
    rest = sizes[REC_TRAIN] + sizes[REC_VALID];
    CHECK(near_share(sizes[REC_VALID], (double)rest, 0.3));
    free(part);
    o.test_source = 4;
    CHECK(rec_split(&t.x, &o, &out, sizes, &err) == REC_EFORMAT);
    CHECK(strstr(err.text, "--test-source 4") != NULL);
    toy_free(&t);
}

static void split_refuses_to_leave_nothing_for_training(void)
{
    struct toy t = toy_make(10, 10, 50, 1);
    struct rec_split_opts o = split_opts(1.0, 0.0);
    struct rec_table out = { .n_rows = 77 };
    uint64_t sizes[REC_N_PARTS] = { 5, 5, 5 }, before = rec_mem_now();

    CHECK(rec_split(&t.x, &o, &out, sizes, &err) == REC_EINPUT);
    o = split_opts(0.0, 1.0);
    CHECK(rec_split(&t.x, &o, &out, sizes, &err) == REC_EINPUT);
    t.x.n = 0;
    CHECK(rec_split(&t.x, &o, &out, sizes, &err) == REC_EINPUT);
    CHECK(out.n_rows == 77 && sizes[0] == 5 && rec_mem_now() == before);
    toy_free(&t);
}

/* ---- graph ---- */

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
    RUN(split_puts_each_row_in_one_part_in_the_given_shares);
    RUN(split_follows_its_stream_row_by_row);
    RUN(split_moves_no_row_when_rows_are_added);
    RUN(split_by_source_makes_one_file_the_test);
    RUN(split_refuses_to_leave_nothing_for_training);
    RUN(graph_has_each_training_rating_in_both_directions);
    RUN(graph_refuses_no_training_rows_and_too_many_nodes);
    RUN(graph_build_survives_every_failed_allocation);
    RUN(graph_comes_back_from_a_file);
    RUN(graph_refuses_a_damaged_section);
    RUN(graph_refuses_two_directions_or_norms_that_differ);
    files_end();
    return test_end();
}
