#ifndef REC_RGNN_RANK_H
#define REC_RGNN_RANK_H

#include "nn/byvector.h"
#include "nn/kind.h"

/*
 * The model of nn/rgnn.h as one that ranks (rec_rgnn_ranking): what it predicts of a
 * user and an item of which no time is known, so without time kernels and features of
 * ratings, and not cut to the scale of the ratings.  Of M members (m) the mean:
 *
 *   score = mu + b_u + b_i + 1/M sum over m of (alpha.x + h_u.h_i + w_u.h_u + w_i.h_i)
 *
 * which is one product of vectors of M * D and a number for each node.
 *
 * Somebody new has a bias and an h_u of her own ratings, by the formulas of training,
 * with the biases and the tables of the items as they are; features she has none.
 */
struct rec_rgnn_rank {
    struct rec_by_vector v; /* of width M * D: the h of all members, side by side */
    float *level;           /* (n_slots) the rating of each slot; NULL but by level */
};

/* Takes NULL. */
void rec_rgnn_rank_free(struct rec_rgnn_rank *x);

#endif
