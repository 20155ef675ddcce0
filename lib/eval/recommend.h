#ifndef REC_RECOMMEND_H
#define REC_RECOMMEND_H

#include "eval/seen.h"
#include "eval/topk.h"
#include "nn/kind.h"

/*
 * The best items for users, of all items, by the scores of something that ranks.
 * U users, I items, K the most items a list.
 */
struct rec_ranker {
    uint32_t n_items;
    const struct rec_ranking *is; /* its ready() was called */
    void *self;
    const float *same; /* or, where this is not NULL: one score for all users, (I) */
};

/* REC_EFORMAT if the model cannot rank. */
enum rec_status rec_ranker_of(const struct rec_trained *t, uint32_t n_items,
                              struct rec_ranker *out, struct rec_err *err) REC_MUST_USE;

/* Lists of N users: that of number u is the first n_hits[u] of hit[u * k] .... */
struct rec_lists {
    uint32_t n, k;
    uint32_t *n_hits;    /* (n) */
    struct rec_hit *hit; /* (n, k) */
};

/* Room for the lists of N users; K is no more than I.  { 0 } is empty. */
enum rec_status rec_lists_make(uint32_t n, uint32_t k, struct rec_lists *out,
                               struct rec_err *err) REC_MUST_USE;
void rec_lists_free(struct rec_lists *l);

/* What is not listed, and what is added to scores. */
struct rec_list_rules {
    const struct rec_seen *seen; /* not these; or NULL */
    const float *add;            /* (I) -INFINITY: not this item; or NULL: 0 */
};

/*
 * The lists of USER (N), into L, which has room for so many; on all threads, the same
 * bytes for any number of them.  REC_ENUMERIC, with the user's number in the sentence,
 * if a score is not finite.
 */
enum rec_status rec_lists_fill(const struct rec_ranker *r, const uint32_t *user,
                               uint32_t n, const struct rec_list_rules *rules,
                               struct rec_lists *l, struct rec_err *err) REC_MUST_USE;

/* The list of one from scores that are there, SCORE (I), which is changed: SEEN (N) and
 * what ADD (or NULL) says is not listed.  REC_ENUMERIC as above. */
enum rec_status rec_list_of(float *score, uint32_t n_items, const uint32_t *seen,
                            size_t n_seen, const float *add, uint32_t k,
                            struct rec_hit *out, uint32_t *n_hits,
                            struct rec_err *err) REC_MUST_USE;

/*
 * SCORE (I): the cosine of every item's vector with that of ITEM, in double, as float;
 * -INFINITY for ITEM itself and where a vector is zero.
 */
void rec_cosines(const struct rec_ranker *r, uint32_t item, float *score);

#endif
