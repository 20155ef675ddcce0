#ifndef REC_CLEANROWS_H
#define REC_CLEANROWS_H

#include "data/clean.h"
#include "data/repeats.h"

/*
 * What becomes of rows once they are parsed: those that repeat are dropped, the others
 * are written, or wait in a sieve where only the whole input can tell.
 *
 *   rec_clean_rows_make(&r, &opts, w, &counts, err);
 *   rec_clean_rows_begin(&r, &batch, err);   once the columns are known
 *   rec_clean_rows_drop(&r, &batch, err);    ... for each batch, then
 *   rec_clean_rows_add(&r, &batch, err);
 *   rec_clean_rows_finish(&r, err);
 *   rec_clean_rows_free(&r);
 */
enum { REC_CLEAN_PIECES = 16 /* of a batch, parsed at the same time */ };

struct rec_clean_batch {
    struct rec_fields fields; /* of the present file */
    uint8_t source;           /* its number; 0: one file only */
    uint32_t n;
    struct rec_piece pieces[REC_CLEAN_PIECES];
};

struct rec_clean_rows {
    const struct rec_clean_opts *opts;
    struct rec_clean_counts *counts; /* kept, duplicates, few, spilled are added to */
    struct rec_writer *w;
    struct rec_repeats repeats; /* unless dups need the whole input */
    uint64_t reserve;           /* memory that is left for other things than repeats */
    struct rec_sieve *sieve;    /* all rows go there, once it is there */
    bool compared;              /* by the sieve */
    struct rec_table block;     /* rows not yet written, or not yet in the sieve */
};

/* OPTS, W and COUNTS are borrowed. */
enum rec_status rec_clean_rows_make(struct rec_clean_rows *r,
                                    const struct rec_clean_opts *opts,
                                    struct rec_writer *w,
                                    struct rec_clean_counts *counts,
                                    struct rec_err *err) REC_MUST_USE;
/* The columns of `raw` by BATCH's fields; with `source` if it has a number. */
enum rec_status rec_clean_rows_begin(struct rec_clean_rows *r,
                                     const struct rec_clean_batch *batch,
                                     struct rec_err *err) REC_MUST_USE;
/* Clears `kept` of the rows of the batch that repeat, or leaves that to the sieve. */
enum rec_status rec_clean_rows_drop(struct rec_clean_rows *r,
                                    struct rec_clean_batch *batch,
                                    struct rec_err *err) REC_MUST_USE;
/* Takes the batch's rows that are kept. */
enum rec_status rec_clean_rows_add(struct rec_clean_rows *r,
                                   struct rec_clean_batch *batch,
                                   struct rec_err *err) REC_MUST_USE;
/* After the last: all rows are written. */
enum rec_status rec_clean_rows_finish(struct rec_clean_rows *r,
                                      struct rec_err *err) REC_MUST_USE;
void rec_clean_rows_free(struct rec_clean_rows *r);

#endif
