/* The graph as sections, and back, checked. */
#include <math.h>
#include <stdatomic.h>
#include <string.h>

#include "base/par.h"
#include "data/graph.h"

enum { TO, RATING };   /* columns of `graph` */
enum { DEGREE, NORM }; /* of `graph.nodes` */
enum {
    NODE_ROWS = 1 << 14,  /* nodes that one thread checks at a time */
    DEGREES = 256,        /* below which a norm is looked up */
    WALK_EDGES = 1 << 17, /* at the least, or a walk is not worth its beginning */
    AHEAD = 24            /* edges */
};

float rec_graph_norm(uint64_t degree)
{
    return (float)(1.0 / sqrt((double)degree + 1.0));
}

enum rec_status rec_graph_tables(struct rec_graph *g, struct rec_table *graph,
                                 struct rec_table *nodes, struct rec_err *err)
{
    uint32_t *degree = rec_alloc(g->n_nodes, sizeof *degree, "graph nodes", err);

    if (degree == NULL)
        return REC_ESYSTEM;
    for (uint32_t n = 0; n < g->n_nodes; n++)
        degree[n] = (uint32_t)(g->off[n + 1] - g->off[n]);
    rec_table_init(graph, "graph", REC_KIND_CSR);
    rec_table_set_attr(graph, "US", g->n_users);
    rec_table_set_attr(graph, "IT", g->n_items);
    rec_table_add(graph, "to", REC_U32, 1, REC_STEPS, NULL);
    rec_table_add(graph, "rating", REC_F32, 1, REC_PACKED, NULL);
    rec_table_init(nodes, "graph.nodes", REC_KIND_TABLE);
    rec_table_add(nodes, "degree", REC_U32, 1, REC_STEPS, NULL);
    rec_table_add(nodes, "norm", REC_F32, 1, REC_PACKED, NULL);
    graph->n_rows = graph->cols[TO].cap = graph->cols[RATING].cap = g->n_edges;
    graph->cols[TO].data = g->to;
    graph->cols[RATING].data = g->rating;
    nodes->n_rows = nodes->cols[DEGREE].cap = nodes->cols[NORM].cap = g->n_nodes;
    nodes->cols[DEGREE].data = degree;
    nodes->cols[NORM].data = g->norm;
    rec_free(g->off);
    *g = (struct rec_graph){ 0 };
    return REC_OK;
}

enum rec_status rec_graph_load(struct rec_reader *r, struct rec_err *err)
{
    return rec_reader_load(r, "graph*", err);
}

/* ---- checks ---- */

struct checking {
    const struct rec_graph *g;
    float norms[DEGREES];
    uint32_t n_walks;
    atomic_bool bad, out_of_memory;
};

static float norm_of(const struct checking *c, uint64_t degree)
{
    return degree < DEGREES ? c->norms[degree] : rec_graph_norm(degree);
}

/* Whether edges FIRST .. END of a row or more lead outside of FROM .. FROM + N - 1, or
 * have no number.  Infinities and NaNs are what has all bits of the exponent set. */
static bool any_bad_edge(const struct rec_graph *g, uint64_t first, uint64_t end,
                         uint32_t from, uint32_t n)
{
    uint32_t bad = 0;

    for (uint64_t e = first; e < end; e++) {
        uint32_t bits;

        memcpy(&bits, &g->rating[e], sizeof bits);
        bad |= (g->to[e] - from >= n) | ((bits & 0x7f800000u) == 0x7f800000u);
    }
    return bad != 0;
}

/* The node behind those of CHUNK, and the first of them. */
static uint32_t chunk_of(const struct rec_graph *g, uint32_t chunk, uint32_t *first)
{
    *first = chunk * NODE_ROWS;
    return g->n_nodes - *first < NODE_ROWS ? g->n_nodes : *first + NODE_ROWS;
}

/* Users must point at items and items at users; norms must be those of the degrees. */
static void check_nodes(void *ctx, uint32_t chunk)
{
    struct checking *c = ctx;
    const struct rec_graph *g = c->g;
    uint32_t first, end = chunk_of(g, chunk, &first), bad = 0;
    uint32_t border = g->n_users < first ? first : g->n_users < end ? g->n_users : end;

    for (uint32_t n = first; n < end; n++)
        bad |= !(g->norm[n] == norm_of(c, g->off[n + 1] - g->off[n]));
    bad |= any_bad_edge(g, g->off[first], g->off[border], g->n_users, g->n_items);
    bad |= any_bad_edge(g, g->off[border], g->off[end], 0, g->n_users);
    if (bad)
        atomic_store(&c->bad, true);
}

/* The first that is wrong, as check_nodes() says that there is one. */
static enum rec_status blame_node(const struct checking *c, struct rec_err *err)
{
    const struct rec_graph *g = c->g;

    for (uint32_t n = 0; n < g->n_nodes; n++) {
        bool user = n < g->n_users;

        if (!(g->norm[n] == norm_of(c, g->off[n + 1] - g->off[n])))
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

static void check_ascending(void *ctx, uint32_t chunk)
{
    struct checking *c = ctx;
    const struct rec_graph *g = c->g;
    uint32_t first, end = chunk_of(g, chunk, &first), bad = 0;

    for (uint32_t n = first; n < end; n++)
        for (uint64_t e = g->off[n] + 1; e < g->off[n + 1]; e++)
            bad |= g->to[e - 1] > g->to[e];
    if (bad)
        atomic_store(&c->bad, true);
}

/* The first edge of node N, whose row ascends, that leads to TO or behind it. */
static uint64_t lower_bound(const struct rec_graph *g, uint32_t n, uint32_t to)
{
    uint64_t low = g->off[n], high = g->off[n + 1];

    while (low < high) {
        uint64_t middle = low + (high - low) / 2;

        if (g->to[middle] < to)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* The first node of walk W: user rows cut into n_walks pieces of about equal edges. */
static uint32_t walk_begin(const struct checking *c, uint32_t w)
{
    const struct rec_graph *g = c->g;
    uint64_t edge = g->off[g->n_users] / c->n_walks * w;
    uint32_t low = 0, high = g->n_users;

    if (w == c->n_walks)
        return g->n_users;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;

        if (g->off[middle] < edge)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Walks the rows of users FIRST .. END; NEXT (items) is the next edge of each item. */
static bool walk(const struct rec_graph *g, uint32_t first, uint32_t end,
                 uint64_t *next)
{
    uint64_t last = g->off[end];

    for (uint32_t u = first; u < end; u++)
        for (uint64_t e = g->off[u]; e < g->off[u + 1]; e++) {
            uint32_t item = g->to[e] - g->n_users;
            uint64_t back = next[item]++;

            if (last - e > AHEAD) { /* where it is by now, or a little before */
                uint64_t soon = next[g->to[e + AHEAD] - g->n_users];

                __builtin_prefetch(&g->to[soon]);
                __builtin_prefetch(&g->rating[soon]);
            }
            if (back >= g->off[g->to[e] + 1] || g->to[back] != u ||
                g->rating[back] != g->rating[e])
                return false;
        }
    return true;
}

/*
 * Walking the users' rows must meet the edges of each item's row in their order: then
 * both directions are the same edges.  Where rows ascend a walk can begin at any user.
 */
static void check_walk(void *ctx, uint32_t w)
{
    struct checking *c = ctx;
    const struct rec_graph *g = c->g;
    uint32_t first = walk_begin(c, w), end = walk_begin(c, w + 1);
    struct rec_err unused;
    uint64_t *next = rec_alloc(g->n_items, sizeof *next, "graph rows", &unused);

    if (next == NULL) {
        atomic_store(&c->out_of_memory, true);
        return;
    }
    for (uint32_t i = 0; i < g->n_items; i++)
        next[i] =
            first == 0 ? g->off[g->n_users + i] : lower_bound(g, g->n_users + i, first);
    if (!walk(g, first, end, next))
        atomic_store(&c->bad, true);
    rec_free(next);
}

static enum rec_status check(const struct rec_graph *g, struct rec_err *err)
{
    uint32_t n_chunks = (uint32_t)(((uint64_t)g->n_nodes + NODE_ROWS - 1) / NODE_ROWS);
    uint64_t most = g->n_edges / WALK_EDGES + 1;
    struct checking c = { .g = g, .n_walks = rec_par_threads() };

    if (c.n_walks > most) /* the answer is the same for any number of them */
        c.n_walks = (uint32_t)most;
    for (uint64_t d = 0; d < DEGREES; d++)
        c.norms[d] = rec_graph_norm(d);
    rec_par_run(n_chunks, check_nodes, &c);
    if (atomic_load(&c.bad))
        return blame_node(&c, err);
    if (2 * g->off[g->n_users] != g->n_edges)
        atomic_store(&c.bad, true);
    if (!atomic_load(&c.bad))
        rec_par_run(n_chunks, check_ascending, &c);
    if (!atomic_load(&c.bad))
        rec_par_run(c.n_walks, check_walk, &c);
    if (atomic_load(&c.out_of_memory))
        return rec_fail(err, REC_ESYSTEM, "out of memory: graph rows");
    return !atomic_load(&c.bad)
               ? REC_OK
               : rec_fail(err, REC_EFORMAT,
                          "section 'graph': the two directions differ");
}

/* ---- from a reader ---- */

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

/* The sections and their columns, as they should be. */
struct sections {
    struct rec_table *graph, *nodes;
    struct rec_column *to, *rating, *degree, *norm;
};

static enum rec_status find_column(struct rec_table *t, const char *name,
                                   enum rec_type type, struct rec_column **out,
                                   struct rec_err *err)
{
    const struct rec_column *c;
    enum rec_status st = rec_table_column(t, name, type, 1, &c, err);

    if (st == REC_OK)
        *out = &t->cols[c - t->cols];
    return st;
}

static enum rec_status find_sections(struct rec_reader *r, struct sections *s,
                                     struct rec_err *err)
{
    enum rec_status st = rec_reader_need(r, "graph", "rec-graph", &s->graph, err);

    if (st == REC_OK)
        st = rec_reader_need(r, "graph.nodes", "rec-graph", &s->nodes, err);
    if (st == REC_OK)
        st = find_column(s->graph, "to", REC_U32, &s->to, err);
    if (st == REC_OK)
        st = find_column(s->graph, "rating", REC_F32, &s->rating, err);
    if (st == REC_OK)
        st = find_column(s->nodes, "degree", REC_U32, &s->degree, err);
    if (st == REC_OK)
        st = find_column(s->nodes, "norm", REC_F32, &s->norm, err);
    return st;
}

/* A view of the sections' arrays, without offsets. */
static enum rec_status view(const struct sections *s, struct rec_graph *g,
                            struct rec_err *err)
{
    uint64_t users, items;

    if (!rec_table_attr(s->graph, "US", &users) ||
        !rec_table_attr(s->graph, "IT", &items) || users > s->nodes->n_rows ||
        items != s->nodes->n_rows - users || s->graph->n_rows == 0 ||
        s->nodes->n_rows >= UINT32_MAX)
        return rec_fail(err, REC_EFORMAT,
                        "section 'graph': bad counts of users or items");
    *g = (struct rec_graph){ .n_users = (uint32_t)users,
                             .n_items = (uint32_t)items,
                             .n_nodes = (uint32_t)s->nodes->n_rows,
                             .n_edges = s->graph->n_rows,
                             .to = s->to->data,
                             .rating = s->rating->data,
                             .norm = s->norm->data };
    return REC_OK;
}

enum rec_status rec_graph_get(struct rec_reader *r, struct rec_graph *out,
                              struct rec_err *err)
{
    struct rec_graph g = { 0 };
    struct sections s = { 0 };
    enum rec_status st = find_sections(r, &s, err);

    if (st == REC_OK)
        st = view(&s, &g, err);
    if (st != REC_OK)
        return st;
    g.off = rec_alloc((size_t)g.n_nodes + 1, sizeof *g.off, "graph rows", err);
    if (g.off == NULL)
        return REC_ESYSTEM;
    g.off[0] = 0;
    st = fill_offsets(&g, s.degree->data, err);
    if (st == REC_OK)
        st = check(&g, err);
    if (st != REC_OK) {
        rec_free(g.off); /* the rest is still the reader's */
        return st;
    }
    s.to->data = s.rating->data = s.norm->data = NULL;
    s.to->cap = s.rating->cap = s.norm->cap = 0;
    *out = g;
    return REC_OK;
}

void rec_graph_put_back(struct rec_graph *g, struct rec_reader *r)
{
    struct sections s = { 0 };
    struct rec_err unused;

    if (g->off != NULL && find_sections(r, &s, &unused) == REC_OK) {
        s.to->data = g->to;
        s.rating->data = g->rating;
        s.norm->data = g->norm;
        s.to->cap = s.rating->cap = g->n_edges;
        s.norm->cap = g->n_nodes;
        rec_free(g->off);
        *g = (struct rec_graph){ 0 };
    }
}
