#ifndef REC_LIST_H
#define REC_LIST_H

#include "io/csv.h"

/*
 * Lists, a user and its items a line, as rows of two fields:
 *
 *   ann tea milk       gives   ann tea
 *   bob milk                   ann milk
 *                              bob milk
 *
 * The user is what stands before the first delimiter, nothing if the line begins with
 * one.  A user without items gives one row whose item is empty.  Delimiters in a row,
 * and at the line's end, are one.  Quotes are bytes like any other; lines end in LF or
 * CRLF, or where the dialect says.  Empty lines are passed over.  A line has no limit
 * but REC_CSV_MAX_ROW_BYTES.
 */
struct rec_list {
    struct rec_csv_span span; /* the lines not begun yet */
    const char *user;
    uint32_t user_len;
    const char *next, *end; /* what is left of the present line */
    uint64_t line;
};

/* What SPAN, whose dialect is known, holds; nothing is owned. */
struct rec_list rec_list_begin(const struct rec_csv_span *span);

/*
 * The next user and item: row->n is 2, or 0 after the last.  row->text is the item.
 * REC_EINPUT, with file and line, for a line of more than 1 MiB or a NUL byte.
 */
enum rec_status rec_list_next(struct rec_list *list, struct rec_csv_row *row,
                              struct rec_err *err) REC_MUST_USE;

/*
 * Whether the text is lists rather than rows of user, item, rating, by its first
 * hundred lines (of the first 512 KiB).  All of this must be so:
 *
 *   - the delimiter is one space or tab, and no quote is among them;
 *   - there are two lines or more, each of another user;
 *   - they differ in how many fields they have, and some have more than four;
 *   - all fields behind the first are whole numbers, or more than half of the lines
 * could not be ratings: fewer than three fields, a third that is no number, a fourth
 * that is no time.
 *
 * 64 bytes behind the text must be readable, as a rec_csv's are.
 */
bool rec_list_found(const struct rec_csv_span *span);

#endif
