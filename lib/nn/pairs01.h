#ifndef REC_PAIRS01_H
#define REC_PAIRS01_H

#include "data/ratings.h"

/*
 * Who has what, whatever the rating: the 0/1 matrix R of U users and I items, E
 * distinct pairs, by user and by item.  Index 0 of the arrays is the users, 1 the
 * items.
 *
 *   off[s]  (n[s] + 1)  what node v of side s has is to[s][off[s][v]] .. off[s][v + 1]
 *   to[s]   (E)         ascending within a node
 */
struct rec_pairs01 {
    uint32_t n[2];
    uint64_t n_pairs;
    uint64_t *off[2];
    uint32_t *to[2];
};

/* Of the rows whose PART is REC_TRAIN; PART (n) instead of that of the ratings. */
enum rec_status rec_pairs01_make(const struct rec_ratings *ratings, const uint8_t *part,
                                 struct rec_pairs01 *out,
                                 struct rec_err *err) REC_MUST_USE;
void rec_pairs01_free(struct rec_pairs01 *x);

static inline uint64_t rec_pairs01_degree(const struct rec_pairs01 *x, int side,
                                          uint32_t v)
{
    return x->off[side][v + 1] - x->off[side][v];
}

#endif
