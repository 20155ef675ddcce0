#include "data/graph.h"

#include <math.h>
#include <string.h>

void rec_graph_free(struct rec_graph *g)
{
    rec_free(g->off);
    rec_free(g->to);
    rec_free(g->rating);
    rec_free(g->norm);
    *g = (struct rec_graph){ 0 };
}

static enum rec_status allocate(struct rec_graph *g, struct rec_err *err)
{
    g->off = rec_alloc_zero((size_t)g->n_nodes + 1, sizeof *g->off, "graph rows", err);
    g->norm = rec_alloc(g->n_nodes, sizeof *g->norm, "graph nodes", err);
    g->to = rec_alloc(g->n_edges, sizeof *g->to, "graph edges", err);
    g->rating = rec_alloc(g->n_edges, sizeof *g->rating, "graph ratings", err);
    return g->off != NULL && g->norm != NULL && g->to != NULL && g->rating != NULL
               ? REC_OK
               : REC_ESYSTEM;
}

static float norm_of(const struct rec_graph *g, uint32_t n)
{
    return (float)(1.0 / sqrt((double)(g->off[n + 1] - g->off[n]) + 1.0));
}

/* Row lengths into off[n + 1], then their sums. */
static void count_rows(struct rec_graph *g, const struct rec_ratings *x)
{
    uint64_t sum = 0;

    for (size_t i = 0; i < x->n; i++)
        if (x->part[i] == REC_TRAIN) {
            g->off[x->user[i] + 1]++;
            g->off[g->n_users + x->item[i] + 1]++;
        }
    for (uint32_t n = 0; n <= g->n_nodes; n++) {
        sum += g->off[n];
        g->off[n] = sum;
    }
}

/*
 * Three stable passes, each a counting sort: item rows in input order; user rows by
 * walking the item rows, hence by item; item rows again by walking the user rows.
 * NEXT (N) is where the next edge of each row goes.
 */
static void fill_rows(struct rec_graph *g, const struct rec_ratings *x, uint64_t *next)
{
    memcpy(next, g->off, g->n_nodes * sizeof *next);
    for (size_t i = 0; i < x->n; i++)
        if (x->part[i] == REC_TRAIN) {
            uint64_t e = next[g->n_users + x->item[i]]++;

            g->to[e] = x->user[i];
            g->rating[e] = x->rating[i];
        }
    for (uint32_t n = g->n_users; n < g->n_nodes; n++)
        for (uint64_t e = g->off[n]; e < g->off[n + 1]; e++) {
            uint64_t at = next[g->to[e]]++;

            g->to[at] = n;
            g->rating[at] = g->rating[e];
        }
    memcpy(next, g->off, g->n_nodes * sizeof *next);
    for (uint32_t n = 0; n < g->n_users; n++)
        for (uint64_t e = g->off[n]; e < g->off[n + 1]; e++) {
            uint64_t at = next[g->to[e]]++;

            g->to[at] = n;
            g->rating[at] = g->rating[e];
        }
}

enum rec_status rec_graph_build(const struct rec_ratings *ratings,
                                struct rec_graph *out, struct rec_err *err)
{
    struct rec_graph g = { .n_users = ratings->n_users, .n_items = ratings->n_items };
    uint64_t *next = NULL;
    enum rec_status st;

    if (__builtin_add_overflow(g.n_users, g.n_items, &g.n_nodes) ||
        g.n_nodes == UINT32_MAX)
        return rec_fail(err, REC_EINPUT, "more than 2^32 - 2 users and items");
    for (size_t i = 0; i < ratings->n; i++)
        g.n_edges += ratings->part[i] == REC_TRAIN ? 2 : 0;
    if (g.n_edges == 0)
        return rec_fail(err, REC_EINPUT, "no rating is in the training part");
    st = allocate(&g, err);
    if (st == REC_OK) {
        next = rec_alloc(g.n_nodes, sizeof *next, "graph rows", err);
        st = next == NULL ? REC_ESYSTEM : REC_OK;
    }
    if (st == REC_OK) {
        count_rows(&g, ratings);
        fill_rows(&g, ratings, next);
        for (uint32_t n = 0; n < g.n_nodes; n++)
            g.norm[n] = norm_of(&g, n);
        *out = g;
        g = (struct rec_graph){ 0 };
    }
    rec_free(next);
    rec_graph_free(&g);
    return st;
}

enum rec_status rec_graph_tables(const struct rec_graph *g, struct rec_table *graph,
                                 struct rec_table *nodes, struct rec_err *err)
{
    uint32_t *degree;
    enum rec_status st;

    rec_table_init(graph, "graph", REC_KIND_CSR);
    rec_table_set_attr(graph, "US", g->n_users);
    rec_table_set_attr(graph, "IT", g->n_items);
    rec_table_add(graph, "to", REC_U32, 1, REC_STEPS, NULL);
    rec_table_add(graph, "rating", REC_F32, 1, REC_PACKED, NULL);
    rec_table_init(nodes, "graph.nodes", REC_KIND_TABLE);
    rec_table_add(nodes, "degree", REC_U32, 1, REC_STEPS, NULL);
    rec_table_add(nodes, "norm", REC_F32, 1, REC_PACKED, NULL);
    st = rec_table_reserve(graph, g->n_edges, err);
    if (st == REC_OK)
        st = rec_table_reserve(nodes, g->n_nodes, err);
    if (st != REC_OK) {
        rec_table_free(graph);
        rec_table_free(nodes);
        return st;
    }
    graph->n_rows = g->n_edges;
    memcpy(graph->cols[0].data, g->to, g->n_edges * sizeof *g->to);
    memcpy(graph->cols[1].data, g->rating, g->n_edges * sizeof *g->rating);
    nodes->n_rows = g->n_nodes;
    memcpy(nodes->cols[1].data, g->norm, g->n_nodes * sizeof *g->norm);
    degree = nodes->cols[0].data;
    for (uint32_t n = 0; n < g->n_nodes; n++)
        degree[n] = (uint32_t)(g->off[n + 1] - g->off[n]);
    return REC_OK;
}

enum rec_status rec_graph_load(struct rec_reader *r, struct rec_err *err)
{
    return rec_reader_load(r, "graph*", err);
}

/* Users must point at items and items at users; norms must be those of the degrees. */
static enum rec_status check_rows(const struct rec_graph *g, struct rec_err *err)
{
    for (uint32_t n = 0; n < g->n_nodes; n++) {
        bool user = n < g->n_users;

        if (g->norm[n] != norm_of(g, n))
            return rec_fail(err, REC_EFORMAT, "section 'graph.nodes', row %u: bad norm",
                            n);
        for (uint64_t e = g->off[n]; e < g->off[n + 1]; e++)
            if (g->to[e] >= g->n_nodes || (g->to[e] < g->n_users) == user ||
                !isfinite(g->rating[e]))
                return rec_fail(err, REC_EFORMAT, "section 'graph', row %llu: bad edge",
                                (unsigned long long)e);
    }
    return REC_OK;
}

/*
 * Walking the users' rows must meet the edges of each item's row in their order: then
 * both directions are the same edges, and rows ascend.
 */
static enum rec_status check_directions(const struct rec_graph *g, struct rec_err *err)
{
    uint64_t *next = rec_alloc(g->n_nodes, sizeof *next, "graph rows", err);
    bool same = 2 * g->off[g->n_users] == g->n_edges;

    if (next == NULL)
        return REC_ESYSTEM;
    memcpy(next, g->off, g->n_nodes * sizeof *next);
    for (uint32_t n = 0; same && n < g->n_users; n++)
        for (uint64_t e = g->off[n]; same && e < g->off[n + 1]; e++) {
            uint64_t back = next[g->to[e]]++;

            same = back < g->off[g->to[e] + 1] && g->to[back] == n &&
                   g->rating[back] == g->rating[e] &&
                   (e == g->off[n] || g->to[e - 1] <= g->to[e]);
        }
    rec_free(next);
    return same ? REC_OK
                : rec_fail(err, REC_EFORMAT,
                           "section 'graph': the two directions differ");
}

static enum rec_status fill_offsets(struct rec_graph *g, const uint32_t *degree,
                                    struct rec_err *err)
{
    for (uint32_t n = 0; n < g->n_nodes; n++)
        g->off[n + 1] = g->off[n] + degree[n];
    if (g->off[g->n_nodes] != g->n_edges)
        return rec_fail(
            err, REC_EFORMAT, "section 'graph' has %llu edges, its nodes %llu",
            (unsigned long long)g->n_edges, (unsigned long long)g->off[g->n_nodes]);
    return REC_OK;
}

enum rec_status rec_graph_get(struct rec_reader *r, struct rec_graph *out,
                              struct rec_err *err)
{
    const struct rec_column *to, *rating, *degree, *norm;
    struct rec_graph g = { 0 };
    struct rec_table *graph, *nodes;
    uint64_t users, items;
    enum rec_status st = rec_reader_need(r, "graph", "rec-graph", &graph, err);

    if (st == REC_OK)
        st = rec_reader_need(r, "graph.nodes", "rec-graph", &nodes, err);
    if (st == REC_OK)
        st = rec_table_column(graph, "to", REC_U32, 1, &to, err);
    if (st == REC_OK)
        st = rec_table_column(graph, "rating", REC_F32, 1, &rating, err);
    if (st == REC_OK)
        st = rec_table_column(nodes, "degree", REC_U32, 1, &degree, err);
    if (st == REC_OK)
        st = rec_table_column(nodes, "norm", REC_F32, 1, &norm, err);
    if (st != REC_OK)
        return st;
    if (!rec_table_attr(graph, "US", &users) || !rec_table_attr(graph, "IT", &items) ||
        users > nodes->n_rows || items != nodes->n_rows - users || graph->n_rows == 0 ||
        nodes->n_rows >= UINT32_MAX)
        return rec_fail(err, REC_EFORMAT,
                        "section 'graph': bad counts of users or items");
    g.n_users = (uint32_t)users;
    g.n_items = (uint32_t)items;
    g.n_nodes = (uint32_t)nodes->n_rows;
    g.n_edges = graph->n_rows;
    st = allocate(&g, err);
    if (st == REC_OK)
        st = fill_offsets(&g, degree->data, err);
    if (st == REC_OK) {
        memcpy(g.to, to->data, g.n_edges * sizeof *g.to);
        memcpy(g.rating, rating->data, g.n_edges * sizeof *g.rating);
        memcpy(g.norm, norm->data, g.n_nodes * sizeof *g.norm);
        st = check_rows(&g, err);
    }
    if (st == REC_OK)
        st = check_directions(&g, err);
    if (st == REC_OK) {
        *out = g;
        g = (struct rec_graph){ 0 };
    }
    rec_graph_free(&g);
    return st;
}
