#ifndef REC_RGNN_ASKED_H
#define REC_RGNN_ASKED_H

#include "nn/rgnn_features.h"

/*
 * The time kernels of one side for N rows asked for (F->at says which), into the
 * columns of F->x that are that side's.  Rows are sorted by (node, time) and merged
 * with the node's edges, once forward and once backward.
 */
enum rec_status rec_rgnn_asked_kernels(const struct rec_rgnn_edges *g,
                                       const struct rec_rgnn_bias *b,
                                       const struct rec_rgnn_taus *taus,
                                       const struct rec_ratings *ratings, int side,
                                       uint32_t n, struct rec_rgnn_features *f,
                                       struct rec_err *err) REC_MUST_USE;

#endif
