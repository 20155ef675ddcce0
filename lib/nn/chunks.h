#ifndef REC_CHUNKS_H
#define REC_CHUNKS_H

#include "data/graph.h"

/*
 * Nodes cut into ranges of about equal work, by the graph alone: the unit of
 * parallel work and of summation.  Users and items never share a chunk.  Chunk k is
 * nodes at[k] .. at[k + 1]; the first n_user_chunks hold users.
 */
enum { REC_MAX_CHUNKS = 96 };

struct rec_chunks {
    uint32_t n, n_user_chunks;
    uint32_t at[REC_MAX_CHUNKS + 1];
};

void rec_chunks_cut(const struct rec_graph *g, struct rec_chunks *out);

#endif
