#ifndef REC_GRAPH_H
#define REC_GRAPH_H

#include "data/ratings.h"

/*
 * The bipartite graph of the training ratings.  U users, I items, N = U + I nodes:
 * user u is node u, item i is node U + i.  E ratings give 2E edges, one in each
 * direction, with the rating as attribute.  A user who rated an item twice has two
 * edges to it.
 *
 *   off     (N + 1)  edges of node n are off[n] .. off[n + 1]
 *   to      (2E)     the node at the other end, ascending within a row
 *   rating  (2E)
 *   norm    (N)      1 / sqrt(degree + 1): the weight of edge (a, b) in
 *                    D^-1/2 (A + I) D^-1/2 (Kipf & Welling 2017) is norm[a] norm[b],
 *                    that of a node's loop to itself norm[a]^2
 *
 * Identity features stay implicit: nothing of size N x N or N x features exists.
 */
struct rec_graph {
    uint32_t n_users, n_items, n_nodes;
    uint64_t n_edges; /* 2E */
    uint64_t *off;
    uint32_t *to;
    float *rating;
    float *norm;
};

/* What norm[] holds for a node of this degree. */
float rec_graph_norm(uint64_t degree);

/*
 * Builds it from the rows of part REC_TRAIN, and no others, in O(E).  The ratings are
 * released (rec_ratings_release()) as soon as they are no longer needed: at the most
 * 20 bytes an edge and direction are held beside them or after them.
 */
enum rec_status rec_graph_build(struct rec_ratings *ratings, struct rec_graph *out,
                                struct rec_err *err) REC_MUST_USE;

/*
 * As sections: `graph` (to u32, rating f32; one row an edge; attributes US and IT) and
 * `graph.nodes` (degree u32, norm f32; one row a node).  G's arrays are moved into
 * them, so that G is empty afterwards, unless this fails.
 */
enum rec_status rec_graph_tables(struct rec_graph *g, struct rec_table *graph,
                                 struct rec_table *nodes,
                                 struct rec_err *err) REC_MUST_USE;

/*
 * The way back; load before rec_reader_run(), get after it.  Everything is checked. The
 * arrays are moved out of the reader's sections, which have no rows afterwards;
 * rec_graph_put_back() gives them back and empties G.  REC_EFORMAT if the sections are
 * not what rec_graph_tables() makes; they are then as they were.
 */
enum rec_status rec_graph_load(struct rec_reader *r, struct rec_err *err) REC_MUST_USE;
enum rec_status rec_graph_get(struct rec_reader *r, struct rec_graph *out,
                              struct rec_err *err) REC_MUST_USE;
void rec_graph_put_back(struct rec_graph *g, struct rec_reader *r);

void rec_graph_free(struct rec_graph *g);
/* Frees its arrays alone: what is left are the counts.  And the bytes that this gives
 * back. */
void rec_graph_free_edges(struct rec_graph *g);
uint64_t rec_graph_edge_bytes(const struct rec_graph *g);

#endif
