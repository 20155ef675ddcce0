#ifndef REC_ORDER_H
#define REC_ORDER_H

#include "data/graph.h"

/*
 * Another numbering of a graph's nodes, so that the rows which a pass over the graph
 * gathers lie near each other.  It follows from the graph alone and takes O(E):
 *
 *   users of two training edges or more, by the most popular item they rated;
 *   users of one, by their item: the rows which that item gathers are one block, and
 *     the row which these users gather is one and the same;
 *   items, the most popular first: the few rows that are wanted most share pages;
 *   users without a training edge, last: no pass needs them.
 *
 * Ties keep their old order.  In a graph without users of one edge the second group is
 * empty and the first holds the users; of it, only as much is near as has a popular
 * item in common.
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
