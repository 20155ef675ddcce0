#ifndef REC_LIST_H
#define REC_LIST_H

#include "io/csv.h"

/*
 * Lines of a user and the items she has, split at single delimiters,
 *
 *   user item item ...
 *
 * as rows of rec_csv_span_next(): user and item, an item at a time.
 */

/*
 * Whether the first N bytes at TEXT are such, by their first hundred whole lines: split
 * at spaces or else at tabs, which is put into D, with nothing else that could split
 * columns and no quote; lines are not all of the same length, and some has more than
 * four fields.  `newline` is known.
 */
bool rec_list_look(const char *text, size_t n, struct rec_csv_dialect *d);

/* As rec_csv_span_next(), for a dialect of form REC_FORM_LISTS. */
enum rec_status rec_list_next(struct rec_csv_span *span, struct rec_csv_row *row,
                              struct rec_err *err) REC_MUST_USE;

#endif
