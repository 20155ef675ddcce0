#ifndef REC_BATCH_H
#define REC_BATCH_H

#include "nn/gcn.h"

/*
 * Mini-batches of training ratings.  The E ratings are put in an order drawn anew for
 * each epoch (Fisher-Yates, stream "batches EPOCH" of the seed) and cut into batches of
 * SIZE, the last one of what is left.  { 0 } is empty.
 */
struct rec_batches {
    uint32_t size, n_ratings, n; /* n batches */
    uint64_t seed;
    uint32_t *user;  /* (E) of the graph's edges in the rows of users */
    uint32_t *order; /* (E) */
};

/* REC_EUSAGE if the graph has more than 2^32 - 2 ratings. */
enum rec_status rec_batches_make(struct rec_batches *b, const struct rec_graph *g,
                                 uint64_t size, uint64_t seed,
                                 struct rec_err *err) REC_MUST_USE;
void rec_batches_free(struct rec_batches *b);
/* What rec_batches_make() takes. */
uint64_t rec_batches_bytes(const struct rec_graph *g);
/* The order of this epoch, whatever it was before. */
void rec_batches_draw(struct rec_batches *b, uint64_t epoch);

/*
 * As rec_gcn_loss(), but the mean over batch K's ratings: after rec_gcn_forward(),
 * which has passed messages over the whole graph.  On one thread: it is O(size + N)
 * beside a forward and backward over all edges.
 */
double rec_gcn_batch_loss(struct rec_gcn *m, const struct rec_graph *g,
                          const struct rec_batches *b, uint32_t k,
                          struct rec_gcn_state *s);

#endif
