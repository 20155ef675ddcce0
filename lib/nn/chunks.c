#include "nn/chunks.h"

/* A row costs about as much as this many edges, whatever its length. */
enum { ROW_COST = 4, MIN_COST = 4096 };

static uint64_t cost(const struct rec_graph *g, uint32_t from, uint32_t to)
{
    return g->off[to] - g->off[from] + ROW_COST * (uint64_t)(to - from);
}

/* Cuts nodes FROM .. TO into at most half of the chunks. */
static void cut(const struct rec_graph *g, uint32_t from, uint32_t to,
                struct rec_chunks *out)
{
    uint64_t target = cost(g, from, to) / (REC_MAX_CHUNKS / 2) + 1;
    uint32_t start = from;

    if (target < MIN_COST)
        target = MIN_COST;
    for (uint32_t n = from + 1; n <= to; n++)
        if (n == to || cost(g, start, n) >= target) {
            out->at[++out->n] = n;
            start = n;
        }
}

void rec_chunks_cut(const struct rec_graph *g, struct rec_chunks *out)
{
    *out = (struct rec_chunks){ 0 };
    cut(g, 0, g->n_users, out);
    out->n_user_chunks = out->n;
    cut(g, g->n_users, g->n_nodes, out);
}
