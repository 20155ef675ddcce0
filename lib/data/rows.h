#ifndef REC_ROWS_H
#define REC_ROWS_H

#include "io/table.h"

/*
 * Rows of tables, moved and dropped.  Where two tables are named, they have the same
 * columns.
 */

/* Appends rows FIRST .. FIRST + N - 1 of FROM to T. */
enum rec_status rec_rows_append(struct rec_table *t, const struct rec_table *from,
                                size_t first, size_t n,
                                struct rec_err *err) REC_MUST_USE;

/* The same of one column: to row AT and on, for which TO has room but for text. */
enum rec_status rec_rows_append_column(struct rec_column *to, size_t at,
                                       const struct rec_column *from, size_t first,
                                       size_t n, struct rec_err *err) REC_MUST_USE;

/* Takes the first N rows off. */
void rec_rows_shift(struct rec_table *t, size_t n);

/* Leaves the rows i of which keep[i] is not 0; KEEP has one byte a row. */
void rec_rows_keep(struct rec_table *t, const uint8_t *keep);

#endif
