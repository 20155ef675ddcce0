#ifndef REC_FIELDS_H
#define REC_FIELDS_H

#include "io/csv.h"

/*
 * Which column of a rating file is which, and what a row of it says.
 *
 * A column is chosen by its number, from 1, or by its name, which stands in the header
 * or in COLUMNS, "a,b,c", for a file without one.  By default user, item, rating and
 * time are columns 1 to 4, or those of these names in COLUMNS.  A time of "none" means
 * that there is no such column.
 */
enum rec_field { REC_USER, REC_ITEM, REC_RATING, REC_TIME, REC_N_FIELDS };

enum rec_header { REC_HEADER_AUTO, REC_HEADER_YES, REC_HEADER_NO };

struct rec_fields_opts {
    const char *column[REC_N_FIELDS]; /* NULL: by position */
    const char *columns;
    enum rec_header header; /* auto: a first row whose rating and time are words */
};

struct rec_fields {
    const char *file; /* for messages */
    bool has_time;
    uint32_t at[REC_N_FIELDS]; /* column of each field, from 0 */
    uint32_t n_columns;        /* at least so many must be there */
    bool default_columns;      /* nothing was chosen: a hint is in place */
};

/* One rating; the ids point into the text. */
struct rec_raw_row {
    const char *user, *item;
    uint32_t user_len, item_len;
    float rating;
    bool kept;
    int64_t time;
    uint64_t hash; /* of all the above */
};

enum { REC_MAX_ID_BYTES = 1 << 16 };

/*
 * Settles the columns of FILE by its first row, and whether that is a header.
 * REC_EUSAGE or REC_EINPUT if a column is not there.
 */
enum rec_status rec_fields_choose(const struct rec_fields_opts *o, const char *file,
                                  const struct rec_csv_row *first,
                                  struct rec_fields *out, bool *is_header,
                                  struct rec_err *err) REC_MUST_USE;

/*
 * Reads a row.  *missing is the first field that is empty (or, for a number, a word
 * such as NA), and OUT is then not set; REC_N_FIELDS if none is.  REC_EINPUT, with file
 * and line, if there are too few columns or a rating or time is not a number.
 */
enum rec_status rec_fields_read(const struct rec_fields *f,
                                const struct rec_csv_row *row, struct rec_raw_row *out,
                                enum rec_field *missing,
                                struct rec_err *err) REC_MUST_USE;

#endif
