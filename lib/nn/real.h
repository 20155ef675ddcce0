#ifndef REC_REAL_H
#define REC_REAL_H

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

/*
 * One function compiled for several instruction sets, the best chosen when the program
 * starts.  The bits are the same in all of them: lanes only ever hold different
 * elements, and no multiplication is fused with an addition (-ffp-contract=off).
 */
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
#define REC_CLONES \
    __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define REC_CLONES
#endif

#endif
