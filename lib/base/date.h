#ifndef REC_DATE_H
#define REC_DATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A point in time as whole seconds since 1970-01-01T00:00:00Z, leap seconds not
 * counted.  The whole of the N bytes at S is one of these, or the answer is false and
 * *out is unchanged:
 *
 *   [-] digits [. digits]                             seconds
 *   YYYY-MM-DD                                        midnight, UTC
 *   YYYY-MM-DD (T or a space) hh:mm:ss [. digits] [zone]
 *
 * where a zone is Z, +hh:mm, -hh:mm, +hhmm or -hhmm; without one it is UTC.  A fraction
 * goes back to the second before it.  Years are 0000 to 9999 of the Gregorian calendar,
 * also before there was one.
 */
bool rec_parse_time(const char *s, size_t n, int64_t *out);

#endif
