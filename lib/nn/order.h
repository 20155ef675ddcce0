#ifndef REC_ORDER_H
#define REC_ORDER_H

#include "data/graph.h"

/*
 * Another numbering of a graph's nodes, so that the rows which a pass over the graph
 * gathers lie near each other.  It follows from the graph alone and takes O(E):
 *
 *   users of two training edges and more, by their number, 8 or more first: loops over
 *     edges then are as long as the ones before them, which the processor foresees;
 *     among these by the most popular item they rated;
 *   items, the most popular first: the few rows that are wanted most share pages;
 *   singles, the users of one edge, by their item: those of an item are one block, so
 *     that neither they nor it need a list of edges;
 *   users without a training edge: no pass needs them.
 *
 * The first two are the core, a graph of their own.  Ties keep their old order.
 * Nothing is asked of the graph: without singles that block is empty, and what is near
 * is what has a popular item in common.
 *
 *   at       (N)          the new number of node n
 *   from     (N)          the node whose new number is n
 *   singles  (items + 1)  item n_users + j has those from singles[j] on, to
 *                         singles[j + 1], counted from node n_core
 *
 * The nodes that have edges, and all items, are 0 .. n_active.
 */
struct rec_order {
    uint32_t n_nodes, n_users, n_items; /* users: of two edges and more */
    uint32_t n_core, n_singles, n_active;
    uint32_t *at, *from, *singles;
};

enum rec_status rec_order_make(const struct rec_graph *g, struct rec_order *out,
                               struct rec_err *err) REC_MUST_USE;
void rec_order_free(struct rec_order *o);

/*
 * The graph of the core in the new numbers, without ratings: norms are those of all
 * edges.  Rows ascend.  `to` is followed by REC_ORDER_PAD zeros, for those who look
 * ahead.  Free with rec_graph_free().
 */
enum { REC_ORDER_PAD = 256 };
enum rec_status rec_order_graph(const struct rec_order *o, const struct rec_graph *g,
                                struct rec_graph *out,
                                struct rec_err *err) REC_MUST_USE;

#endif
