#ifndef REC_LIGHTGCN_STEP_H
#define REC_LIGHTGCN_STEP_H

#include "nn/lightgcn.h"

/* How a batch is cut: parts that are summed apart, of blocks of rows. */
enum { REC_LIGHTGCN_PARTS = 16, REC_LIGHTGCN_ROWS = 64 };

/* dE = m->df, spread. */
void rec_lightgcn_back(struct rec_lightgcn *m);

#endif
