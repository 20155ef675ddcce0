#ifndef REC_BYUSER_H
#define REC_BYUSER_H

#include "data/split.h"

/* The methods `user` and `last` of rec_split(), which see each user's rows on their
 * own: part (n) is filled in.  Rows are dealt into blocks of users, and these are split
 * on all threads. */
enum rec_status rec_split_by_user(const struct rec_ratings *x,
                                  const struct rec_split_opts *o, uint8_t *part,
                                  struct rec_err *err) REC_MUST_USE;

/* SHARE of N rows to the nearest whole number, halves up. */
static inline size_t rec_share_of(double share, size_t n)
{
    size_t k = (size_t)(share * (double)n + 0.5);

    return k < n ? k : n;
}

/* Times as numbers without a sign, in the same order. */
static inline uint64_t rec_time_key(int64_t time)
{
    return (uint64_t)time ^ (uint64_t)1 << 63;
}

#endif
