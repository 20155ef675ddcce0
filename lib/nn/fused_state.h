#ifndef REC_FUSED_STATE_H
#define REC_FUSED_STATE_H

#include "nn/fused.h"
#include "nn/fused_pass.h"

/* Inside fused.c, which runs it, and fused_make.c, which makes it. */
struct rec_fused {
    struct rec_order order;
    struct rec_graph g; /* of the core */
    struct rec_singles singles;
    struct rec_chunks c;
    const struct rec_fused_passes *passes;
    struct rec_fused_work work;
    uint32_t width;
    double *ratings;
    double sum_squares; /* of the ratings, each once */
    double n_ratings;
    rec_real *small; /* copies of the small tensors, and a chunk's sums; aligned */
    rec_real *sums;  /* of one side's chunks, in `small` */
    double *seconds; /* one a pass, if they are watched */
};

/* Nodes that a thread brings into the order, or out of it, at a time. */
enum { REC_FUSED_MOVE = 8192 };

#endif
