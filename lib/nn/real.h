#ifndef REC_REAL_H
#define REC_REAL_H

#include "base/clones.h"

/*
 * The number type of everything that is learned.  The product is built with float; the
 * gradient tests build the same files with -DREC_DOUBLE, because in float a finite
 * difference cannot tell a 1 % error from rounding.
 */
#ifdef REC_DOUBLE
typedef double rec_real;
#define REC_REAL_BYTES 8
#else
typedef float rec_real;
#define REC_REAL_BYTES 4
#endif

#endif
