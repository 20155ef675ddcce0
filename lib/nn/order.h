#ifndef REC_ORDER_H
#define REC_ORDER_H

#include "data/graph.h"

/*
 * Another numbering of a graph's nodes, so that the rows which a pass over the graph
 * gathers lie near each other.  It follows from the graph alone and takes O(E):
 *
 *   users by their number of training edges, 8 or more first: loops over edges then are
 *     as long as the ones before them, which the processor foresees; among these by
 *     the most popular item they rated.  Those of one edge last: the rows which an
 *     item gathers of them are one block, the row which they gather is one and the
 *     same;
 *   items, the most popular first: the few rows that are wanted most share pages;
 *   users without a training edge: no pass needs them.
 *
 * Ties keep their old order.  Nothing is asked of the graph: without users of one edge
 * that block is empty, and what is near is what has a popular item in common.
 *
 *   at    (N)  the new number of node n
 *   from  (N)  the node whose new number is n
 *
 * The nodes that have edges are 0 .. n_active, the first n_users of them users.
 */
struct rec_order {
    uint32_t n_nodes, n_active, n_users, n_items;
    uint32_t *at, *from;
};

enum rec_status rec_order_make(const struct rec_graph *g, struct rec_order *out,
                               struct rec_err *err) REC_MUST_USE;
void rec_order_free(struct rec_order *o);

/*
 * The graph of the active nodes (all items among them) in the new numbers, without
 * ratings.  Rows ascend.  `to` is followed by REC_ORDER_PAD zeros, for those who look
 * ahead.  Free with rec_graph_free().
 */
enum { REC_ORDER_PAD = 256 };
enum rec_status rec_order_graph(const struct rec_order *o, const struct rec_graph *g,
                                struct rec_graph *out,
                                struct rec_err *err) REC_MUST_USE;

#endif
