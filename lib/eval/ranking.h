#ifndef REC_RANKING_H
#define REC_RANKING_H

#include "base/status.h"
#include "eval/topk.h"

/*
 * Ranking figures, as LightGCN's code has them (He et al. 2020).  A user counts who has
 * relevant items T in the part, n = |T| of them.  All items that she does not have in
 * the parts before are ranked, none is sampled; the first K are her list, and
 * hit_k in {0, 1} says whether the one at place k = 1 .. K is in T.
 *
 *   recall     sum of hit_k / n                           (n is not capped at K)
 *   precision  sum of hit_k / K                           (K, also of a shorter list)
 *   ndcg       sum of hit_k / log2(k + 1), less than or equal to
 *              sum of 1 / log2(k + 1) for k = 1 .. min(K, n), by which it is divided
 *   mrr        1 / the first k with a hit, or 0
 *   map        sum of hit_k (hits up to k) / k, divided by min(K, n)
 *   hitrate    1 if there is a hit, or 0
 *
 * A figure is the mean over the users that count.  Of all their lists together, with I
 * items, U users and n_i training ratings of item i:
 *
 *   coverage   items that are in a list / I
 *   novelty    mean over all that is listed of log2(U / max(n_i, 1)), in bits: the
 *              surprise of an item by how few know it (Zhou et al. 2010)
 */
enum rec_rank_metric {
    REC_RECALL,
    REC_PRECISION,
    REC_NDCG,
    REC_MRR,
    REC_MAP,
    REC_HITRATE,
    REC_N_RANK_METRICS
};
extern const char *const rec_rank_metric_names[REC_N_RANK_METRICS];

/* Of one user: the first K of HIT (N) against TRUTH (N_TRUTH > 0), ascending. */
void rec_rank_measure(const struct rec_hit *hit, uint32_t n, const uint32_t *truth,
                      uint64_t n_truth, uint32_t k, double out[REC_N_RANK_METRICS]);

enum { REC_RANK_MAX_CUTOFFS = 8, REC_RANK_MAX_K = 100000 };

/* Depths, ascending.  { 0 } is none. */
struct rec_cutoffs {
    uint32_t n, k[REC_RANK_MAX_CUTOFFS];
};

/* "5,10,20"; REC_EUSAGE, naming OPTION, if TEXT is no such list of numbers in
 * 1 .. REC_RANK_MAX_K. */
enum rec_status rec_cutoffs_parse(const char *option, const char *text,
                                  struct rec_cutoffs *out,
                                  struct rec_err *err) REC_MUST_USE;

#endif
