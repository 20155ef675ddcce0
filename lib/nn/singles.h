#ifndef REC_SINGLES_H
#define REC_SINGLES_H

#include "nn/order.h"

/*
 * The users of one training edge, S of them, as rec_order numbers them: by item, so
 * that a sum over those of an item is a sum over neighbours.  They are cut into chunks
 * of equal size by their number alone, across items: an item may have most of them.
 *
 *   at      (items + 1)  those of item j are at[j] .. at[j + 1]; the order's
 *   rating  (S)
 *   cut     (chunks + 1) those of chunk k are cut[k] .. cut[k + 1]
 *   item    (chunks)     the item of the first one of a chunk
 */
enum { REC_SINGLE_CHUNKS = 48 };

struct rec_singles {
    uint32_t n, n_chunks;
    const uint32_t *at;
    float *rating;
    uint32_t cut[REC_SINGLE_CHUNKS + 1], item[REC_SINGLE_CHUNKS];
};

/* Of graph G; the order must outlive it. */
enum rec_status rec_singles_make(const struct rec_order *o, const struct rec_graph *g,
                                 struct rec_singles *out,
                                 struct rec_err *err) REC_MUST_USE;
void rec_singles_free(struct rec_singles *x);

/* Whether the first item of CHUNK has singles in a chunk before. */
static inline bool rec_singles_go_on(const struct rec_singles *x, uint32_t chunk)
{
    return x->at[x->item[chunk]] < x->cut[chunk];
}

#endif
