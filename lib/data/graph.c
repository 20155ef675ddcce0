/* rec_graph_build(): both directions, block by block. */
#include "data/graph.h"

#include <math.h>
#include <string.h>

#include "base/par.h"
#include "data/radix.h"

enum {
    FEW = 32,     /* edges of a row that are sorted by insertion */
    SOME = 1024,  /* rows of the input that are looked at together */
    DEGREES = 256 /* below which a norm is looked up */
};

/* A training rating on its way into a block of its key, the user or the item. */
struct edge {
    uint32_t key, other;
    float rating;
};

/*
 * Input rows are dealt into blocks of users, and these, made into rows of the graph,
 * into blocks of items: a block's rows are then put in place within the caches.
 * Walking the users' rows in order meets each item's users in order, so that only the
 * users' rows are sorted.
 */
struct build {
    struct rec_graph *g;
    const struct rec_ratings *x;
    struct rec_radix users, items;
    struct edge *edges; /* (E) dealt by users, then by items */
    float norms[DEGREES];
};

void rec_graph_free_edges(struct rec_graph *g)
{
    rec_free(g->off);
    rec_free(g->to);
    rec_free(g->rating);
    rec_free(g->norm);
    g->off = NULL;
    g->to = NULL;
    g->rating = g->norm = NULL;
}

uint64_t rec_graph_edge_bytes(const struct rec_graph *g)
{
    return ((uint64_t)g->n_nodes + 1) * sizeof *g->off + g->n_nodes * sizeof *g->norm +
           g->n_edges * (sizeof *g->to + sizeof *g->rating);
}

void rec_graph_free(struct rec_graph *g)
{
    rec_graph_free_edges(g);
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

/* ---- dealing the input by users ---- */

/* Which of rows FIRST .. END are for training; their number. */
static uint32_t find_training(const uint8_t *part, size_t first, size_t end,
                              uint32_t row[SOME])
{
    uint32_t n = 0;

    for (size_t i = first; i < end; i++) {
        row[n] = (uint32_t)(i - first);
        n += part[i] == REC_TRAIN;
    }
    return n;
}

static size_t at_most(size_t a, size_t b)
{
    return a < b ? a : b;
}

static void count_users(void *ctx, uint32_t chunk)
{
    const struct build *k = ctx;
    const struct rec_ratings *x = k->x;
    uint64_t *count = rec_radix_row(&k->users, chunk);
    size_t first = chunk * k->users.chunk_rows;
    size_t end = at_most(x->n, first + k->users.chunk_rows);

    for (size_t i = first; i < end; i++)
        count[x->user[i] >> k->users.shift] += x->part[i] == REC_TRAIN;
}

static void deal_by_users(void *ctx, uint32_t chunk)
{
    const struct build *k = ctx;
    const struct rec_ratings *x = k->x;
    uint64_t *at = rec_radix_row(&k->users, chunk);
    size_t first = chunk * k->users.chunk_rows;
    size_t end = at_most(x->n, first + k->users.chunk_rows);
    uint32_t row[SOME];

    for (; first < end; first += SOME) {
        uint32_t n = find_training(x->part, first, at_most(end, first + SOME), row);

        for (uint32_t j = 0; j < n; j++) {
            size_t i = first + row[j];

            k->edges[at[x->user[i] >> k->users.shift]++] =
                (struct edge){ x->user[i], x->item[i], x->rating[i] };
        }
    }
}

/* ---- the rows of a block ---- */

static float norm_of(const struct build *k, uint64_t degree)
{
    return degree < DEGREES ? k->norms[degree] : rec_graph_norm(degree);
}

/*
 * The N edges E become rows of the nodes NODE + 0 .. NODE + N_KEYS - 1, from edge START
 * on, in their order.  KEY and OTHER: what numbers of nodes are counted from.
 */
static void fill_rows(const struct build *k, const struct edge *e, size_t n,
                      uint64_t start, uint32_t key, uint32_t n_keys, uint32_t node,
                      uint32_t other)
{
    struct rec_graph *g = k->g;
    uint64_t *off = g->off + node, sum = start;

    for (size_t i = 0; i < n; i++)
        off[e[i].key - key]++;
    for (uint32_t j = 0; j < n_keys; j++) {
        uint64_t degree = off[j];

        g->norm[node + j] = norm_of(k, degree);
        off[j] = sum;
        sum += degree;
    }
    for (size_t i = 0; i < n; i++) {
        uint64_t at = off[e[i].key - key]++;

        g->to[at] = other + e[i].other;
        g->rating[at] = e[i].rating;
    }
    memmove(off + 1, off, (n_keys - 1) * sizeof *off); /* ends to beginnings */
    off[0] = start;
}

static void sort_few(uint32_t *to, float *rating, size_t n)
{
    for (size_t i = 1; i < n; i++) {
        uint32_t t = to[i];
        float r = rating[i];
        size_t at = i;

        for (; at > 0 && to[at - 1] > t; at--) {
            to[at] = to[at - 1];
            rating[at] = rating[at - 1];
        }
        to[at] = t;
        rating[at] = r;
    }
}

/* A stable pass for each byte that is not the same in all; ROOM is for N edges. */
static void sort_many(uint32_t *to, float *rating, size_t n, struct edge *room)
{
    size_t count[4][256] = { { 0 } };

    for (size_t i = 0; i < n; i++)
        for (int b = 0; b < 4; b++)
            count[b][to[i] >> 8 * b & 255]++;
    for (int b = 0; b < 4; b++) {
        size_t sum = 0;

        if (count[b][to[0] >> 8 * b & 255] == n)
            continue;
        for (int v = 0; v < 256; v++) {
            size_t c = count[b][v];

            count[b][v] = sum;
            sum += c;
        }
        for (size_t i = 0; i < n; i++)
            room[count[b][to[i] >> 8 * b & 255]++] =
                (struct edge){ 0, to[i], rating[i] };
        for (size_t i = 0; i < n; i++) {
            to[i] = room[i].other;
            rating[i] = room[i].rating;
        }
    }
}

/* Rows of users, by item, and how many edges go into each block of items. */
static void make_user_block(void *ctx, uint32_t b)
{
    struct build *k = ctx;
    struct rec_graph *g = k->g;
    uint64_t start = k->users.start[b], end = k->users.start[b + 1];
    uint64_t *count = rec_radix_row(&k->items, b);
    struct edge *e = k->edges + start;
    uint32_t first, last = rec_radix_keys(&k->users, b, g->n_users, &first);

    fill_rows(k, e, end - start, start, first, last - first, first, g->n_users);
    for (uint32_t u = first; u < last; u++) {
        uint64_t at = g->off[u], n = (u + 1 < last ? g->off[u + 1] : end) - at;

        if (n > FEW)
            sort_many(g->to + at, g->rating + at, n, e);
        else
            sort_few(g->to + at, g->rating + at, n);
    }
    for (uint64_t i = start; i < end; i++)
        count[(g->to[i] - g->n_users) >> k->items.shift]++;
}

/* ---- and by items ---- */

static void deal_by_items(void *ctx, uint32_t b)
{
    const struct build *k = ctx;
    const struct rec_graph *g = k->g;
    uint64_t *at = rec_radix_row(&k->items, b), end = k->users.start[b + 1];
    uint32_t first, last = rec_radix_keys(&k->users, b, g->n_users, &first);

    for (uint32_t u = first; u < last; u++) {
        uint64_t stop = u + 1 < last ? g->off[u + 1] : end;

        for (uint64_t i = g->off[u]; i < stop; i++) {
            uint32_t item = g->to[i] - g->n_users;

            k->edges[at[item >> k->items.shift]++] =
                (struct edge){ item, u, g->rating[i] };
        }
    }
}

static void make_item_block(void *ctx, uint32_t b)
{
    const struct build *k = ctx;
    uint64_t start = k->items.start[b], n = k->items.start[b + 1] - start;
    uint32_t first, last = rec_radix_keys(&k->items, b, k->g->n_items, &first);

    fill_rows(k, k->edges + start, n, k->g->n_edges / 2 + start, first, last - first,
              k->g->n_users + first, 0);
}

/* ---- all of it ---- */

/* Deals the input, which is then no longer needed, and makes room for the graph. */
static enum rec_status begin(struct build *k, struct rec_ratings *x,
                             struct rec_err *err)
{
    struct rec_graph *g = k->g;
    enum rec_status st = rec_radix_plan(&k->users, x->n, g->n_users, err);

    if (st != REC_OK)
        return st;
    rec_par_run(k->users.n_chunks, count_users, k);
    rec_radix_sum(&k->users);
    g->n_edges = 2 * k->users.start[k->users.n_blocks];
    if (g->n_edges == 0)
        return rec_fail(err, REC_EINPUT, "no rating is in the training part");
    k->edges = rec_alloc(g->n_edges / 2, sizeof *k->edges, "graph edges", err);
    if (k->edges == NULL)
        return REC_ESYSTEM;
    rec_par_run(k->users.n_chunks, deal_by_users, k);
    rec_ratings_release(x);
    st = rec_radix_plan_chunks(&k->items, g->n_edges / 2, g->n_items, k->users.n_blocks,
                               err);
    return st == REC_OK ? allocate(g, err) : st;
}

static void make_rows(struct build *k)
{
    for (uint64_t d = 0; d < DEGREES; d++)
        k->norms[d] = rec_graph_norm(d);
    rec_par_run(k->users.n_blocks, make_user_block, k);
    rec_radix_sum(&k->items);
    rec_par_run(k->users.n_blocks, deal_by_items, k);
    rec_par_run(k->items.n_blocks, make_item_block, k);
    k->g->off[k->g->n_nodes] = k->g->n_edges;
}

enum rec_status rec_graph_build(struct rec_ratings *ratings, struct rec_graph *out,
                                struct rec_err *err)
{
    struct rec_graph g = { .n_users = ratings->n_users, .n_items = ratings->n_items };
    struct build k = { .g = &g, .x = ratings };
    enum rec_status st;

    if (__builtin_add_overflow(g.n_users, g.n_items, &g.n_nodes) ||
        g.n_nodes == UINT32_MAX)
        return rec_fail(err, REC_EINPUT, "more than 2^32 - 2 users and items");
    if (ratings->n == 0)
        return rec_fail(err, REC_EINPUT, "no rating is in the training part");
    st = begin(&k, ratings, err);
    if (st == REC_OK) {
        make_rows(&k);
        *out = g;
        g = (struct rec_graph){ 0 };
    }
    rec_free(k.edges);
    rec_radix_free(&k.users);
    rec_radix_free(&k.items);
    rec_graph_free(&g);
    return st;
}
