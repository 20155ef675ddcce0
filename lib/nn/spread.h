#ifndef REC_SPREAD_H
#define REC_SPREAD_H

#include "nn/pairs01.h"
#include "nn/real.h"

/*
 * Spreads vectors over the graph of who has what.  U users, I items, N = U + I nodes,
 * user u is node u and item i node U + i; A their (N, N) matrix of 0 and 1, d its
 * degrees, D width:
 *
 *   S x = d^-.5 A d^-.5 x        x (N, D); a node without neighbours gets 0
 *
 * S is symmetric, and so is a sum of its powers: each is its own backward.  { 0 } is
 * empty.
 */
enum { REC_SPREAD_CHUNKS = 256 };

struct rec_spread {
    struct rec_pairs01 r; /* its arrays are the caller's, who keeps them */
    uint32_t d;
    rec_real *norm; /* (N) d^-.5, or 0 */
    uint32_t
        cut[REC_SPREAD_CHUNKS + 1]; /* nodes of a chunk, which share the pairs evenly */
    rec_real *z[2];                 /* (N, D) scratch */
};

enum rec_status rec_spread_make(const struct rec_pairs01 *r, uint32_t d,
                                struct rec_spread *out,
                                struct rec_err *err) REC_MUST_USE;
void rec_spread_free(struct rec_spread *s);

/* OUT = S x.   X, OUT (N, D), not the same */
void rec_spread_once(struct rec_spread *s, const rec_real *x, rec_real *out);
/* OUT = (x + S x + .. + S^n x) / (n + 1), likewise. */
void rec_spread_mean(struct rec_spread *s, const rec_real *x, uint32_t n,
                     rec_real *out);
/* OUT (D): the row that the last rec_spread_once() had for a user of ITEM (N > 0),
 * ascending, to the bit. */
void rec_spread_row(const struct rec_spread *s, const uint32_t *item, uint32_t n,
                    rec_real *out);

#endif
