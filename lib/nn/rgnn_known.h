#ifndef REC_RGNN_KNOWN_H
#define REC_RGNN_KNOWN_H

#include "nn/rgnn.h"

/* What the loss of rgnn has more with side features of nodes; 0 without. */
double rec_rgnn_known_penalty(const struct rec_rgnn *m);
/* After the gradients of h and the sums of those of s: adds into dV and dc. */
void rec_rgnn_known_backward(struct rec_rgnn *m, const struct rec_rgnn_data *x,
                             const struct rec_rgnn_state *s);

#endif
