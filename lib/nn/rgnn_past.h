#ifndef REC_RGNN_PAST_H
#define REC_RGNN_PAST_H

#include "nn/rgnn_features.h"

/*
 * The time kernels of rgnn_features.h for questions that come one by one: any node at
 * any time, in the view of all training edges.  An answer depends on its question
 * alone, not on what else is asked, and takes O(log m) for a node with m edges.
 *
 * The edges of each side lie by (node, time), as `order` has them.  In front of every
 * REC_RGNN_KEPT-th place p, a place of node v, is kept what is due to v's edges
 *
 *   before p       S, W at the time of edge p
 *   from p on      S, W at the time of edge p
 *
 * so that an answer decays what lies at the nearest two such places and adds fewer than
 * REC_RGNN_KEPT edges on either side of its time.
 */
enum { REC_RGNN_KEPT = 8 };

struct rec_rgnn_past_edge {
    double time, rho; /* seconds; the residual of the biases */
};

struct rec_rgnn_past_side {
    struct rec_rgnn_past_edge *edge; /* (E) by (node, time) */
    double *kept; /* (E / KEPT + 1, taus, 4)  S, W before; S, W from there on */
};

struct rec_rgnn_past {
    bool is_made;
    struct rec_rgnn_past_side side[2];
};

/* Empty without kernels.  O(E) for each tau, on all threads. */
enum rec_status rec_rgnn_past_make(const struct rec_rgnn_edges *g,
                                   const struct rec_rgnn_bias *b,
                                   const struct rec_rgnn_taus *taus,
                                   struct rec_rgnn_past *out,
                                   struct rec_err *err) REC_MUST_USE;
void rec_rgnn_past_free(struct rec_rgnn_past *p);

/* Says that NODE will be asked about soon. */
void rec_rgnn_past_prefetch(const struct rec_rgnn_past *p,
                            const struct rec_rgnn_edges *g,
                            const struct rec_rgnn_taus *taus, int side, uint32_t node);

/* PHI (taus of SIDE): the kernels of NODE at TIME. */
void rec_rgnn_past_ask(const struct rec_rgnn_past *p, const struct rec_rgnn_edges *g,
                       const struct rec_rgnn_taus *taus, int side, uint32_t node,
                       int64_t time, rec_real *phi);

#endif
