#ifndef REC_CELLS_H
#define REC_CELLS_H

#include "data/export.h"

/*
 * Cells of a section as text, for export.c and arrays.c.
 */

/* Text on its way out. */
struct rec_sink {
    struct rec_out *out;
    struct rec_buf text;
};

enum { REC_SINK_BYTES = 1 << 16 }; /* worth a write */

/* Writes the text if there are AT_LEAST bytes of it. */
enum rec_status rec_sink_flush(struct rec_sink *s, size_t at_least,
                               struct rec_err *err) REC_MUST_USE;

/* A column, and the ids that its numbers stand for: all borrowed. */
struct rec_cells {
    const struct rec_column *c, *ids; /* ids NULL: print the numbers */
    size_t n_ids;
};

/* Row I, element J, of a number column as text of less than REC_NUM_CHARS bytes at OUT;
 * returns its length. */
size_t rec_cell_number(const struct rec_column *c, size_t i, size_t j, char *out);

/* N bytes at S: control bytes, DEL and backslashes as \xNN; in quotes for CSV if it
 * needs them (RFC 4180). */
enum rec_status rec_cell_escaped(struct rec_buf *b, const char *s, size_t n,
                                 struct rec_err *err) REC_MUST_USE;
enum rec_status rec_cell_quoted(struct rec_buf *b, const char *s, size_t n,
                                struct rec_err *err) REC_MUST_USE;

/* Row I, element J, of COL as FORM has it; a number without an id stays a number. */
enum rec_status rec_cell_add(struct rec_buf *b, const struct rec_cells *col, size_t i,
                             size_t j, enum rec_export_form form,
                             struct rec_err *err) REC_MUST_USE;

#endif
