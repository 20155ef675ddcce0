#ifndef REC_CLONES_H
#define REC_CLONES_H

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
