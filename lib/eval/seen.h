#ifndef REC_SEEN_H
#define REC_SEEN_H

#include "data/ratings.h"

/*
 * Which items a user has in some parts of the ratings: those of user u are
 * item[off[u]] .. item[off[u + 1] - 1], distinct and ascending.  { 0 } is empty.
 */
struct rec_seen {
    uint64_t *off;  /* (n_users + 1) */
    uint32_t *item; /* (off[n_users]) */
};

/* Rows of PARTS, a sum of 1 << part, rated LEAST or more. */
enum rec_status rec_seen_make(const struct rec_ratings *x, unsigned parts, double least,
                              struct rec_seen *out, struct rec_err *err) REC_MUST_USE;
void rec_seen_free(struct rec_seen *s);

/* Training rows of every item: COUNT (n_items) is filled in. */
void rec_count_items(const struct rec_ratings *x, uint32_t *count);

#endif
