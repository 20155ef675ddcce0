#ifndef REC_REJECT_H
#define REC_REJECT_H

#include "data/piece.h"

/*
 * The file of the rows that were dropped, in the order of the input, behind a header
 * line:
 *
 *   reason TAB file:line TAB the row as it came, without its line end
 *
 * Of a list, a row is the user and the item with the delimiter between them.
 * A row with a line break in quotes takes several lines here too.
 */
struct rec_rejects;

enum rec_status rec_rejects_open(const char *path, struct rec_rejects **out,
                                 struct rec_err *err) REC_MUST_USE;
/* The rows of a piece, parsed with the rule `origins`, that are not kept. */
enum rec_status rec_rejects_add(struct rec_rejects *r, const struct rec_piece *p,
                                const struct rec_fields *f,
                                struct rec_err *err) REC_MUST_USE;
/* Gives the file its name; frees R whatever the result. */
enum rec_status rec_rejects_commit(struct rec_rejects *r,
                                   struct rec_err *err) REC_MUST_USE;
/* Removes it.  NULL is allowed. */
void rec_rejects_discard(struct rec_rejects *r);

#endif
