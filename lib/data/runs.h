#ifndef REC_RUNS_H
#define REC_RUNS_H

#include <stdint.h>

/*
 * Power laws over very many ids without a table of them, and permutations of ranges too
 * large to list: what synth.c deals ratings to users and items with.
 */
enum { REC_PERM_ROUNDS = 4, REC_MAX_RUNS = 1 << 16 };

/*
 * A keyed permutation of 0..last.  Each round is invertible on the smallest power of
 * two that holds the range (an odd factor, an addition, a shift by half the bits);
 * values that land outside the range go round again until they are inside.  A tweak
 * selects another permutation of the same range.
 */
struct rec_perm {
    uint64_t last, mask;
    unsigned shift;
    uint64_t mul[REC_PERM_ROUNDS], add[REC_PERM_ROUNDS];
};

void rec_perm_init(struct rec_perm *p, uint64_t last, uint64_t seed,
                   const char *stream);
uint64_t rec_permute(const struct rec_perm *p, uint64_t x, uint64_t tweak);

/*
 * Counts lo + c ((r + h)^-g - .98 (n + h)^-g) for ranks r < n, by their sums over the
 * first k ranks.  Without the level .98 even the last rank would be far above LO.  It
 * is below 1 so that the counts never get so flat that rounding could order the sums
 * wrongly.
 */
struct rec_power_law {
    uint64_t n, lo, extra; /* extra: the sum beyond n lo */
    double h, g;           /* g is not 1 */
};

/* Bisects log h, so that the largest count, of rank 0, is HI where that is possible. */
struct rec_power_law rec_power_law_fit(uint64_t n, uint64_t total, uint64_t lo,
                                       uint64_t hi, double g);

/*
 * Which id owns a slot.  Ids are cut into runs of consecutive ones with equal counts
 * (but for one), and the runs are few enough to be listed: run j holds the ids and the
 * slots from at[j] up to at[j + 1].
 */
struct rec_run {
    uint64_t slot, id;
};

struct rec_runs {
    uint32_t n;
    uint64_t most; /* the largest count of an id */
    struct rec_run at[REC_MAX_RUNS + 2];
};

/*
 * Popularity must not follow the order of ids, yet the slots before an id must be known
 * without a table of all ids: so the ranks are cut into runs, and the runs are laid out
 * in random order.  Up to MAX_RUNS ids, every run is one id;
 * MAX_RUNS is at most REC_MAX_RUNS.
 */
void rec_runs_lay(struct rec_runs *t, const struct rec_power_law *w, uint64_t max_runs,
                  uint64_t seed, const char *stream);
/* One more run, behind the others; REC_MAX_RUNS + 1 runs fit. */
void rec_runs_add(struct rec_runs *t, uint64_t n_ids, uint64_t n_slots);
/* The id that owns SLOT. */
uint64_t rec_runs_find(const struct rec_runs *t, uint64_t slot);

#endif
