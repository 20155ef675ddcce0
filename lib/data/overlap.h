#ifndef REC_OVERLAP_H
#define REC_OVERLAP_H

#include "data/ratings.h"

/*
 * How large the parts of a split are, and what a part shares with training.  A user or
 * an item is warm if a training row has it, else cold; in REC_TRAIN all are warm.
 */
struct rec_part_counts {
    uint64_t rows;
    uint64_t users, warm_users; /* distinct ones of the part; of these, warm */
    uint64_t items, warm_items;
    int64_t first, last; /* times; 0 if there are no times, or no rows */
};

/* RATINGS with their split.  Takes a byte a user and a byte an item. */
enum rec_status rec_overlap_count(const struct rec_ratings *ratings,
                                  struct rec_part_counts out[REC_N_PARTS],
                                  struct rec_err *err) REC_MUST_USE;

/*
 * The counts as tab-separated lines under a header: part, rows, users, warm_users,
 * cold_users, items, warm_items, cold_items and, if there are times, first_time and
 * last_time ("-" in a part without rows).
 */
enum rec_status rec_overlap_print(const struct rec_ratings *ratings,
                                  struct rec_buf *text,
                                  struct rec_err *err) REC_MUST_USE;

#endif
