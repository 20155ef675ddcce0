#ifndef REC_FORM_H
#define REC_FORM_H

#include "data/fields.h"

/* A row a rating, or a line a user and its items (io/list.h). */
enum rec_form { REC_FORM_AUTO, REC_FORM_ROWS, REC_FORM_LIST };

/*
 * Settles what a file is, and its columns, by its FIRST row, peeked at.  AUTO takes it
 * for lists if rec_list_found() does and O chooses no column and no header.  GIVEN is
 * the dialect that was asked for: lists are split at spaces, or at tabs if those were
 * found, unless it names the delimiter.  Errors as rec_fields_choose().
 */
enum rec_status rec_form_choose(enum rec_form form, const struct rec_fields_opts *o,
                                const struct rec_csv_dialect *given,
                                struct rec_csv *csv, const struct rec_csv_row *first,
                                struct rec_fields *out, bool *is_header,
                                struct rec_err *err) REC_MUST_USE;

#endif
