#ifndef REC_RANKJUDGE_H
#define REC_RANKJUDGE_H

#include "eval/judge.h"
#include "eval/ranking.h"
#include "eval/recommend.h"

/*
 * Measures rankers on the validation and test ratings of X, which must outlive it, by
 * the figures of eval/ranking.h.  Relevant is what is rated LEAST or more (-INFINITY:
 * all).  The first ranker is popularity: the number of training ratings, of equal ones
 * the lower item first (rounded to a float beyond 2^24).
 */
struct rec_rank_part {
    struct rec_seen truth, before; /* relevant; in the parts before, not listed */
    uint32_t n_users, *user;       /* who count */
    double *value;                 /* (cap, cutoffs, REC_N_RANK_METRICS, n_users) */
    double *whole;                 /* (cap, cutoffs, 2) coverage and novelty */
};

struct rec_rank_judge {
    const struct rec_ratings *x;
    struct rec_cutoffs at;
    double least;               /* rated so or more is to be found */
    size_t n, cap;              /* rankers */
    const char **name;          /* (n) not copied */
    uint32_t *count;            /* (I) training rows */
    struct rec_rank_part *part; /* (REC_N_PARTS) that of training stays empty */
};

enum rec_status rec_rank_judge_make(const struct rec_ratings *x,
                                    const struct rec_cutoffs *at, double least,
                                    size_t cap, struct rec_rank_judge *out,
                                    struct rec_err *err) REC_MUST_USE;
void rec_rank_judge_free(struct rec_rank_judge *j);

/* The next ranker, called NAME. */
enum rec_status rec_rank_judge_add(struct rec_rank_judge *j, const struct rec_ranker *r,
                                   const char *name, struct rec_err *err) REC_MUST_USE;

/*
 * Adds the figures of PART to the report, nothing if nobody counts in it: for each
 * ranker METRIC@K; for each model recall@K_vs_popularity and ndcg@K_vs_popularity, its
 * figure less that of popularity, and for each model but the first the same with the
 * first.  Intervals are
 * those of eval/boot.h over users.  O->say is told of NDCG at the greatest K, and if
 * nobody counts though there are ratings.
 */
enum rec_status rec_rank_judge_part(const struct rec_rank_judge *j, enum rec_part part,
                                    const struct rec_judge_opts *o,
                                    struct rec_report *r,
                                    struct rec_err *err) REC_MUST_USE;

#endif
