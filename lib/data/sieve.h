#ifndef REC_SIEVE_H
#define REC_SIEVE_H

#include "io/table.h"

/*
 * Drops rows of `raw` for reasons that only the whole input can tell: a later row of
 * the same pair, more rows than memory can compare, a user or an item of too few
 * ratings.  The rows wait in a temporary file (io/spool.h); what is known of them in
 * memory is one bit a row and, under a bound on memory, the budget of rec_number.
 *
 *   rec_sieve_open(&layout, &s, err);
 *   rec_sieve_compare(s, dups, err);      from here on rows are compared
 *   rec_sieve_seen(s, key, n, err);       ... with rows that went another way before
 *   rec_sieve_add(s, rows, err);           ... any number of times
 *   rec_sieve_run(s, &limits, fn, ctx, &counts, err);
 *   rec_sieve_free(s);
 *
 * Errors: REC_ESYSTEM if memory, or the folder TMPDIR, does not suffice.
 */
struct rec_sieve;

/* Which of the rows that are equal in all columns, or in user and item, stays. */
enum rec_dups {
    REC_DUPS_EXACT, /* of rows equal in all columns the first */
    REC_DUPS_FIRST, /* of each user and item the first row of the input */
    REC_DUPS_LAST,  /* the last row */
    REC_DUPS_MEAN,  /* the last row, with the mean of their ratings */
    REC_DUPS_ERROR, /* a second row is REC_EINPUT */
    REC_DUPS_KEEP   /* all */
};

struct rec_sieve_limits {
    uint64_t min_user, min_item; /* fewest ratings; applied until nothing changes */
};

struct rec_sieve_counts {
    uint64_t repeated, few;
};

/* Whether the row of a pair that stays is known only at the end. */
static inline bool rec_dups_is_late(enum rec_dups dups)
{
    return dups == REC_DUPS_LAST || dups == REC_DUPS_MEAN;
}

/* T is an empty table with the columns of the rows to come: user, item, rating, ... */
enum rec_status rec_sieve_open(const struct rec_table *t, struct rec_sieve **out,
                               struct rec_err *err) REC_MUST_USE;

/*
 * From the next row on, rows are compared, with each other and with those of the keys
 * that are given now.  A key is the row's bytes, column by column: a text behind its
 * length as a varint, other values as they are in memory; all columns for
 * REC_DUPS_EXACT, user and item for the others.  Not for DUPS that are late.
 */
enum rec_status rec_sieve_compare(struct rec_sieve *s, enum rec_dups dups,
                                  struct rec_err *err) REC_MUST_USE;
enum rec_status rec_sieve_seen(struct rec_sieve *s, const uint8_t *key, size_t n,
                               struct rec_err *err) REC_MUST_USE;

enum rec_status rec_sieve_add(struct rec_sieve *s, const struct rec_table *rows,
                              struct rec_err *err) REC_MUST_USE;

/* After the last row, once: hands those that stay to FN, in order, block by block. */
typedef enum rec_status rec_sieve_fn(void *ctx, const struct rec_table *rows,
                                     struct rec_err *err);
enum rec_status rec_sieve_run(struct rec_sieve *s,
                              const struct rec_sieve_limits *limits, rec_sieve_fn *fn,
                              void *ctx, struct rec_sieve_counts *counts,
                              struct rec_err *err) REC_MUST_USE;

/* Bytes written to temporary files so far. */
uint64_t rec_sieve_spilled(const struct rec_sieve *s);
/* NULL is allowed. */
void rec_sieve_free(struct rec_sieve *s);

#endif
