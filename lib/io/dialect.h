#ifndef REC_DIALECT_H
#define REC_DIALECT_H

#include "io/csv.h"

/* How a text splits rows and columns, found by looking at its first N bytes. */

/* '\r' if the text has such and no '\n', else '\n'. */
char rec_dialect_newline(const char *text, size_t n);

/*
 * Sets delim and doubled; `newline` is known.  Of "::", tab, semicolon, comma, bar and
 * space (in this order), the first that splits the most lines of the first hundred into
 * the same number of columns, at least two.  Quoted text does not count.  Comma if none
 * does.
 */
void rec_dialect_delim(const char *text, size_t n, struct rec_csv_dialect *out);

/* Puts delim and doubled of the I-th of these into D; false after the last. */
bool rec_dialect_known(uint32_t i, struct rec_csv_dialect *d);

/* What the argument of --OPTION says: a character, "::" or "tab".  NULL leaves D alone.
 * REC_EUSAGE. */
enum rec_status rec_dialect_parse(const char *option, const char *text,
                                  struct rec_csv_dialect *d,
                                  struct rec_err *err) REC_MUST_USE;

/* What splits the columns, for messages; OUT has room for REC_DIALECT_CHARS. */
enum { REC_DIALECT_CHARS = 4 };
const char *rec_dialect_name(struct rec_csv_dialect d, char *out);

#endif
