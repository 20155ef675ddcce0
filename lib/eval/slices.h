#ifndef REC_SLICES_H
#define REC_SLICES_H

#include "data/ratings.h"

/*
 * Rows to be measured, by what the training part knew of them.  Each axis cuts all rows
 * into slices; a slice without rows stays empty.
 *
 *   user   training ratings of the row's user: 0 1 2-5 6-20 21-100 101-1000 1001+
 *   item   the same of its item
 *   level  the rating itself; of more than REC_SLICES_LEVELS different ones, ten ranges
 *          of equal width from the least to the greatest
 *   cold   who has no training rating: none, user, item, both
 */
enum rec_axis { REC_BY_USER, REC_BY_ITEM, REC_BY_LEVEL, REC_BY_COLD, REC_N_AXES };
enum { REC_SLICES_LEVELS = 20, REC_SLICES_MAX = REC_SLICES_LEVELS };

struct rec_slices {
    uint32_t n;
    char name[REC_SLICES_MAX][80]; /* "user=2-5" */
    uint8_t *of;                   /* the slice of each row */
};

/* Training ratings of every user (n_users) and item (n_items). */
struct rec_activity {
    uint32_t *user, *item;
};
enum rec_status rec_activity_count(const struct rec_ratings *x,
                                   struct rec_activity *out,
                                   struct rec_err *err) REC_MUST_USE;
void rec_activity_free(struct rec_activity *a);

/* Of the N rows of the ratings that ROW lists. */
enum rec_status rec_slices_make(const struct rec_ratings *x,
                                const struct rec_activity *a, const size_t *row,
                                size_t n, enum rec_axis axis, struct rec_slices *out,
                                struct rec_err *err) REC_MUST_USE;
void rec_slices_free(struct rec_slices *s);

#endif
