#ifndef REC_PIECE_H
#define REC_PIECE_H

#include "data/fields.h"
#include "io/table.h"

/*
 * A part of a batch of text and the rows in it.  Pieces are parsed at the same time;
 * each keeps its own counts, which the caller adds up in their order.
 */
struct rec_row_rules {
    float lo, hi;  /* ratings outside are dropped */
    bool positive; /* those that are left become 1 */
    bool origins;  /* note where each row is from */
};

/* read = n + missing + out_of_range + rejected */
struct rec_piece_counts {
    uint64_t read;
    uint64_t missing[REC_N_FIELDS]; /* the first empty field of a row counts */
    uint64_t out_of_range, rejected;
};

/* Where a row is from, and what became of it. */
enum rec_fate { REC_TAKEN, REC_MISSING, REC_OUT_OF_RANGE, REC_REJECTED };

struct rec_origin {
    const char *text; /* of a list: the item */
    const char *user; /* of a list */
    uint64_t line;
    uint32_t bytes, user_bytes;
    enum rec_fate fate;
    enum rec_field missing;
};

struct rec_piece {
    const struct rec_csv_span *span;
    struct rec_csv_row row;
    struct rec_raw_row *rows;
    size_t n, cap;
    struct rec_text *keep; /* (cap, n_keep): what rows[].keep points into */
    struct rec_origin *origins;
    size_t n_origins, origins_cap; /* of all rows read, if the rules ask for them */
    struct rec_piece_counts counts;
    uint64_t id_bytes;       /* of the kept rows, at most */
    struct rec_buf unquoted; /* text of fields that is not in the input as it is */
    enum rec_status st;
    struct rec_err err;            /* if st is not REC_OK */
    struct rec_err first_rejected; /* the message of it, if any was */
    size_t first;                  /* where its kept rows go in the table */
    uint64_t text_at[2 + REC_MAX_KEEP];
};

/*
 * Reads LIMIT rows of the span at most.  A row that is no rating is rejected and passed
 * over; with more than MAX_REJECTED of them p->st is REC_EINPUT.
 */
void rec_piece_parse(struct rec_piece *p, const struct rec_fields *f,
                     const struct rec_row_rules *rules, uint64_t limit,
                     uint64_t max_rejected);

/*
 * Appends the rows of N pieces whose `kept` still is true, in their order, to T, whose
 * columns are user, item, rating [, time] [, kept columns] [, source].  The last is
 * there if SOURCE, the number of the file, is not 0.  On all threads.
 */
enum rec_status rec_pieces_append(struct rec_piece *pieces, uint32_t n,
                                  const struct rec_fields *f, uint8_t source,
                                  struct rec_table *t,
                                  struct rec_err *err) REC_MUST_USE;
void rec_piece_free(struct rec_piece *p);

#endif
