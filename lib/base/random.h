#ifndef REC_RANDOM_H
#define REC_RANDOM_H

#include <stddef.h>
#include <stdint.h>

/*
 * Counter-based random numbers: Philox4x32-10 (Salmon, Moraes, Dror & Shaw, "Parallel
 * random numbers: as easy as 1, 2, 3", SC 2011).  A value is a function of (seed,
 * stream, counter) and of nothing else -- not of time, thread or order of calls --
 * so that draw 1000 of a stream can be made without the 999 before it.
 */
struct rec_random {
    uint32_t key[2];  /* the seed */
    uint64_t stream;  /* hash of the stream's name */
    uint64_t counter; /* next block of two 64-bit values */
    uint64_t spare;   /* second half of the last block */
    int has_spare;
};

/* The raw function: four words from a counter of four words and a key of two. */
void rec_philox(const uint32_t counter[4], const uint32_t key[2], uint32_t out[4]);

/* STREAM names what the numbers are for, e.g. "split" or "init W1". */
void rec_random_init(struct rec_random *r, uint64_t seed, const char *stream);

/* The next value of the stream. */
uint64_t rec_random_u64(struct rec_random *r);
double rec_random_uniform(struct rec_random *r); /* [0, 1), 53 bits */
double rec_random_normal(struct rec_random *r);  /* mean 0, sd 1 (Box-Muller) */
uint64_t rec_random_below(struct rec_random *r, uint64_t n); /* 0..n-1, unbiased */

/* Value number AT of the stream, without moving it; see rec_random_uniform(). */
double rec_random_uniform_at(const struct rec_random *r, uint64_t at);
/* Values AT .. AT + N - 1, the same, several at a time. */
void rec_random_uniforms(const struct rec_random *r, uint64_t at, size_t n,
                         double *out);

#endif
