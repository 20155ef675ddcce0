#ifndef REC_REPEATS_H
#define REC_REPEATS_H

#include "data/piece.h"
#include "data/rowset.h"
#include "data/sieve.h"

/*
 * Rows that repeat an earlier one, found while the rows stream by: a set of rows for
 * each of some parts, by hash, so that several threads look at the same time.  Which
 * part a row is in changes no result.  { 0 } is empty.
 */
enum { REC_MAX_REPEATS_PARTS = 16 };

struct rec_repeats {
    enum rec_dups dups; /* EXACT: rows equal in all columns; others: in user and item */
    uint32_t n_parts;   /* a power of two */
    struct rec_repeats_part {
        struct rec_rowset seen;
        uint8_t *key;
        enum rec_status st;
        struct rec_err err;
    } parts[REC_MAX_REPEATS_PARTS];
};

enum rec_status rec_repeats_make(struct rec_repeats *r, enum rec_dups dups,
                                 struct rec_err *err) REC_MUST_USE;

/* The most bytes of memory that rec_repeats_drop() may take for these pieces. */
uint64_t rec_repeats_growth(const struct rec_repeats *r, const struct rec_fields *f,
                            const struct rec_piece *pieces, uint32_t n_pieces);

/*
 * Clears `kept` of the rows that repeat one of an earlier call, or an earlier one of
 * these pieces, which are of file number SOURCE (0 if there is but one).  With
 * REC_DUPS_ERROR the first of them is REC_EINPUT; the pieces must have origins then.
 */
enum rec_status rec_repeats_drop(struct rec_repeats *r, const struct rec_fields *f,
                                 uint8_t source, struct rec_piece *pieces,
                                 uint32_t n_pieces, struct rec_err *err) REC_MUST_USE;

/* Tells a sieve of all rows seen so far. */
enum rec_status rec_repeats_tell(struct rec_repeats *r, const struct rec_fields *f,
                                 uint8_t source, struct rec_sieve *sieve,
                                 struct rec_err *err) REC_MUST_USE;

void rec_repeats_free(struct rec_repeats *r);

#endif
