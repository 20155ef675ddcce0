#include "nn/order.h"

#include <string.h>

void rec_order_free(struct rec_order *o)
{
    rec_free(o->at);
    rec_free(o->from);
    rec_free(o->singles);
    *o = (struct rec_order){ 0 };
}

static uint64_t degree(const struct rec_graph *g, uint32_t n)
{
    return g->off[n + 1] - g->off[n];
}

static uint64_t most_popular(const struct rec_graph *g)
{
    uint64_t most = 0;

    for (uint32_t n = g->n_users; n < g->n_nodes; n++)
        most = degree(g, n) > most ? degree(g, n) : most;
    return most;
}

/* Counts into starts, FIRST for the first bucket. */
static void sum_up(uint32_t *count, uint64_t n, uint32_t first)
{
    for (uint64_t i = 0; i < n; i++) {
        uint32_t c = count[i];

        count[i] = first;
        first += c;
    }
}

/* Numbers the items from FIRST on, by falling degree; COUNT has most + 1 zeros. */
static void place_items(const struct rec_graph *g, uint64_t most, uint32_t first,
                        uint32_t *count, uint32_t *at)
{
    for (uint32_t n = g->n_users; n < g->n_nodes; n++)
        count[most - degree(g, n)]++;
    sum_up(count, most + 1, first);
    for (uint32_t n = g->n_users; n < g->n_nodes; n++)
        at[n] = count[most - degree(g, n)]++;
}

/*
 * Users are grouped by their number of edges, CLASSES - 1 or more first, none last: a
 * loop over edges then is as long as the one before it, and the processor foresees its
 * end.  A user's bucket is its group, and in it the first of its items.
 */
enum { CLASSES = 9 };

static uint64_t bucket(const struct rec_graph *g, const struct rec_order *o,
                       uint32_t user)
{
    uint64_t d = degree(g, user);
    uint32_t best = UINT32_MAX;

    if (d == 0)
        return (CLASSES - 1) * (uint64_t)g->n_items;
    for (uint64_t e = g->off[user]; e < g->off[user + 1]; e++)
        best = o->at[g->to[e]] < best ? o->at[g->to[e]] : best;
    d = d < CLASSES - 1 ? d : CLASSES - 1;
    return (CLASSES - 1 - d) * g->n_items + best - o->n_users;
}

static void place_users(const struct rec_graph *g, uint32_t *count, struct rec_order *o)
{
    uint64_t none = (CLASSES - 1) * (uint64_t)g->n_items, single = none - g->n_items;

    for (uint32_t n = 0; n < g->n_users; n++)
        count[bucket(g, o, n)]++;
    sum_up(count, single, 0);
    sum_up(count + single, g->n_items, o->n_core);
    count[none] = o->n_active;
    for (uint32_t n = 0; n < g->n_users; n++)
        o->at[n] = count[bucket(g, o, n)]++;
    o->singles[0] = 0;
    for (uint32_t i = 0; i < g->n_items; i++) /* by now each is the end of its own */
        o->singles[i + 1] = count[single + i] - o->n_core;
}

enum rec_status rec_order_make(const struct rec_graph *g, struct rec_order *out,
                               struct rec_err *err)
{
    struct rec_order o = { .n_nodes = g->n_nodes, .n_items = g->n_items };
    uint64_t most = most_popular(g), buckets = (CLASSES - 1) * (uint64_t)g->n_items + 1;
    uint32_t *count = rec_alloc_zero(most + 1 > buckets ? most + 1 : buckets,
                                     sizeof *count, "order", err);

    o.at = rec_alloc(o.n_nodes, sizeof *o.at, "order", err);
    o.from = rec_alloc(o.n_nodes, sizeof *o.from, "order", err);
    o.singles = rec_alloc((size_t)o.n_items + 1, sizeof *o.singles, "order", err);
    if (count == NULL || o.at == NULL || o.from == NULL || o.singles == NULL) {
        rec_free(count);
        rec_order_free(&o);
        return REC_ESYSTEM;
    }
    for (uint32_t n = 0; n < g->n_users; n++) {
        o.n_users += degree(g, n) > 1;
        o.n_singles += degree(g, n) == 1;
    }
    o.n_core = o.n_users + o.n_items;
    o.n_active = o.n_core + o.n_singles;
    place_items(g, most, o.n_users, count, o.at);
    memset(count, 0, buckets * sizeof *count);
    place_users(g, count, &o);
    for (uint32_t n = 0; n < o.n_nodes; n++)
        o.from[o.at[n]] = n;
    rec_free(count);
    *out = o;
    return REC_OK;
}

/* Appends to the rows at the other end while walking rows FROM .. TO in order. */
static void fill_other_rows(const struct rec_order *o, const struct rec_graph *g,
                            uint32_t from, uint32_t to, uint64_t *next, uint32_t *out)
{
    for (uint32_t n = from; n < to; n++) {
        uint32_t old = o->from[n];

        for (uint64_t e = g->off[old]; e < g->off[old + 1]; e++) {
            uint32_t other = o->at[g->to[e]];

            if (other < o->n_core)
                out[next[other]++] = n;
        }
    }
}

enum rec_status rec_order_graph(const struct rec_order *o, const struct rec_graph *g,
                                struct rec_graph *out, struct rec_err *err)
{
    struct rec_graph x = { o->n_users, o->n_items, o->n_core,
                           g->n_edges - 2 * (uint64_t)o->n_singles, .off = NULL };
    uint64_t *next = rec_alloc(x.n_nodes, sizeof *next, "order", err);

    x.off = rec_alloc((size_t)x.n_nodes + 1, sizeof *x.off, "graph rows", err);
    x.norm = rec_alloc(x.n_nodes, sizeof *x.norm, "graph nodes", err);
    x.to = rec_alloc(x.n_edges + REC_ORDER_PAD, sizeof *x.to, "graph edges", err);
    if (next == NULL || x.off == NULL || x.norm == NULL || x.to == NULL) {
        rec_free(next);
        rec_graph_free(&x);
        return REC_ESYSTEM;
    }
    x.off[0] = 0;
    for (uint32_t n = 0; n < x.n_nodes; n++) {
        uint32_t item = n - x.n_users; /* if it is one */

        x.off[n + 1] = x.off[n] + degree(g, o->from[n]);
        if (n >= x.n_users)
            x.off[n + 1] -= o->singles[item + 1] - o->singles[item];
        x.norm[n] = g->norm[o->from[n]];
    }
    memcpy(next, x.off, x.n_nodes * sizeof *next);
    fill_other_rows(o, g, 0, x.n_users, next, x.to);
    fill_other_rows(o, g, x.n_users, x.n_nodes, next, x.to);
    memset(x.to + x.n_edges, 0, REC_ORDER_PAD * sizeof *x.to);
    rec_free(next);
    *out = x;
    return REC_OK;
}
