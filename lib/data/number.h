#ifndef REC_NUMBER_H
#define REC_NUMBER_H

#include "data/dict.h"

/*
 * Numbers byte strings in bounded memory: what rec_dict does for as many as fit.  Rows,
 * each a string, are added; then their numbers ("codes") are read back in row order,
 * and the different strings in the order of the codes.  The results are rec_dict's, and
 * rec_dict_rank()'s, whatever the budget.
 *
 *   struct rec_number *n = NULL;
 *   rec_number_open(budget, &n, err);
 *   rec_number_add(n, s, len, err);              ... any number of times
 *   rec_number_end(n, REC_NUMBER_SORTED, err);
 *   rec_number_string(n, &s, &len, &more, err);  ... until !more, or not at all
 *   rec_number_codes(n, codes, is_new, max, &got, err);   ... until got == 0
 *   rec_number_close(n);
 *
 * It begins with a rec_dict.  When that outgrows its share of the budget, the strings
 * go into a temporary file (io/spool.h), dealt to parts by their hash: all rows of one
 * string are in the same part.  Each part is then numbered by itself, in a rec_dict,
 * and dealt again if its different strings are too many for one.
 *
 * Memory: BUDGET bytes while rows are added and in rec_number_end(); afterwards a
 * quarter of it, and 4 bytes for each different string if codes or strings are read
 * (nothing if only is_new is): that much cannot be helped.  Strings that are longer
 * than a 256th of it may take more, up to 64 times the longest.
 *
 * Errors: REC_ESYSTEM if memory, or the folder TMPDIR, does not suffice, saying what to
 * do; after an error only rec_number_close() may follow.  Two of them can be worked on
 * by two threads; rec_number_end() runs on all threads itself.
 */
struct rec_number;

enum { REC_NUMBER_LEAST = 1 << 16 };     /* the smallest budget */
#define REC_NUMBER_MOST (UINT32_MAX - 1) /* different strings */

enum rec_number_order {
    REC_NUMBER_FIRST,  /* codes and strings in the order of their first row */
    REC_NUMBER_SORTED, /* in byte order */
    REC_NUMBER_ROWS    /* codes as FIRST; no strings are wanted: less is written */
};

enum rec_status rec_number_open(uint64_t budget, struct rec_number **out,
                                struct rec_err *err) REC_MUST_USE;

/*
 * Before the first row: the strings of D are numbered already, 0 .. d->n - 1, and are
 * no rows.  D is emptied, also if this fails.
 */
enum rec_status rec_number_take(struct rec_number *n, struct rec_dict *d,
                                struct rec_err *err) REC_MUST_USE;

enum rec_status rec_number_add(struct rec_number *n, const void *s, size_t len,
                               struct rec_err *err) REC_MUST_USE;
/* Rows 0 .. n_rows - 1 of a str column. */
enum rec_status rec_number_add_column(struct rec_number *n,
                                      const struct rec_column *text, size_t n_rows,
                                      struct rec_err *err) REC_MUST_USE;

/* After the last row, once. */
enum rec_status rec_number_end(struct rec_number *n, enum rec_number_order order,
                               struct rec_err *err) REC_MUST_USE;

/* Different strings; known after rec_number_end(). */
uint32_t rec_number_distinct(const struct rec_number *n);

/*
 * The next string in order, which is N's until the next call; *more is false behind the
 * last one.  Not for REC_NUMBER_ROWS.
 */
enum rec_status rec_number_string(struct rec_number *n, const void **s, size_t *len,
                                  bool *more, struct rec_err *err) REC_MUST_USE;

/*
 * The next rows, *got of them, at most MAX; 0 behind the last one.  Ends the reading of
 * strings, if some are left.
 *   codes    (max)  filled in; may be NULL, then in all calls
 *   is_new   (max)  whether the row is the first of its string; may be NULL
 */
enum rec_status rec_number_codes(struct rec_number *n, uint32_t *codes, bool *is_new,
                                 size_t max, size_t *got,
                                 struct rec_err *err) REC_MUST_USE;

/*
 * The codes of the strings that rec_number_take() took, by their numbers there, or NULL
 * if these are their codes.  Valid once all strings have been read.
 */
const uint32_t *rec_number_taken(const struct rec_number *n);

/*
 * Bytes written to the temporary file so far.  The numbers of the rows before the
 * dictionary had to go lie there too, 4 bytes a row, if they fill more than a block.
 */
uint64_t rec_number_spilled(const struct rec_number *n);

/* NULL is allowed. */
void rec_number_close(struct rec_number *n);

#endif
