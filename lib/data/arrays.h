#ifndef REC_ARRAYS_H
#define REC_ARRAYS_H

#include "data/cells.h"

/*
 * The forms of export.h that are arrays: NumPy's, and Matrix Market's.  REC_EUSAGE if
 * what is given does not fit; text may be left in S.
 */

/* One column of ROWS rows; N is the number of columns, which must be 1. */
enum rec_status rec_export_npy(const struct rec_cells *cols, uint32_t n, size_t rows,
                               struct rec_sink *s, struct rec_err *err) REC_MUST_USE;

/* A graph, with `graph.nodes` of R, or a matrix. */
enum rec_status rec_export_mtx(struct rec_reader *r, const struct rec_table *t,
                               struct rec_sink *s, struct rec_err *err) REC_MUST_USE;

#endif
