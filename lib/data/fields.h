#ifndef REC_FIELDS_H
#define REC_FIELDS_H

#include "io/column.h"
#include "io/csv.h"

/*
 * Which column of a rating file is which, and what a row of it says.
 *
 * A column is chosen by its number, from 1, or by its name, which stands in the header
 * or in COLUMNS, "a,b,c", for a file without one.  By default user, item, rating and
 * time are columns 1 to 4, or those of these names in COLUMNS.  A time of "none" means
 * that there is no such column; if nothing at all was chosen, so does a first row of
 * three columns.  A rating of "none" means that every rating is 1; so does, if nothing
 * but the lack of a time was chosen, a first row of two columns, and then there is no
 * time.
 *
 * KEEP, "a,b,c", names further columns, whose text is carried along as it is.
 */
enum rec_field { REC_USER, REC_ITEM, REC_RATING, REC_TIME, REC_N_FIELDS };

extern const char *const rec_field_names[REC_N_FIELDS];

enum rec_header { REC_HEADER_AUTO, REC_HEADER_YES, REC_HEADER_NO };

/* The user of a list is shorter, as each of its rows has a copy of it. */
enum { REC_MAX_LIST_USER_BYTES = 256 };
enum { REC_MAX_ID_BYTES = 1 << 16, REC_MAX_KEEP = 16, REC_MAX_KEEP_BYTES = 1 << 16 };

struct rec_fields_opts {
    const char *column[REC_N_FIELDS]; /* NULL: by position */
    const char *columns;
    const char *keep;
    enum rec_header header; /* auto: a first row whose rating and time are words */
};

struct rec_fields {
    const char *file; /* for messages */
    struct rec_csv_dialect dialect;
    bool has_time, has_rating;       /* without: every rating is 1 */
    bool is_list;                    /* rows come from rec_list_next() */
    uint32_t at[REC_N_FIELDS];       /* column of each field, from 0 */
    uint32_t n_columns, max_columns; /* at least and at most so many must be there */
    bool default_columns;            /* nothing was chosen: a hint is in place */
    uint64_t first_line; /* of the first data row, or 0: a hint is in place there too */
    uint32_t n_keep, keep_at[REC_MAX_KEEP];
    char keep_name[REC_MAX_KEEP][REC_NAME_BYTES]; /* as columns of `raw` */
};

struct rec_text {
    const char *text;
    uint32_t len;
};

/* One rating; the ids and the kept columns point into the text. */
struct rec_raw_row {
    const char *user, *item;
    uint32_t user_len, item_len;
    float rating;
    bool kept;
    int64_t time;
    uint64_t hash;               /* of all of the row */
    const struct rec_text *keep; /* n_keep of them */
};

/*
 * Settles the columns of FILE by its first row, and whether that is a header.
 * REC_EUSAGE or REC_EINPUT if a column is not there.
 */
enum rec_status rec_fields_choose(const struct rec_fields_opts *o, const char *file,
                                  struct rec_csv_dialect dialect,
                                  const struct rec_csv_row *first,
                                  struct rec_fields *out, bool *is_header,
                                  struct rec_err *err) REC_MUST_USE;

/*
 * The fields of lists, which have but user and item.  REC_EUSAGE if O chooses columns
 * or says that there is a header.
 */
enum rec_status rec_fields_of_list(const struct rec_fields_opts *o, const char *file,
                                   struct rec_csv_dialect dialect,
                                   struct rec_fields *out,
                                   struct rec_err *err) REC_MUST_USE;
/* Whether O chooses any column, or says that there is a header. */
bool rec_fields_chosen(const struct rec_fields_opts *o);

/* The column of a file that S, the argument of --OPTION, is the number of, from 1, or
 * the name in its FIRST row; AT counts from 0.  Errors as rec_fields_choose(). */
enum rec_status rec_column_find(const char *file, const struct rec_csv_row *first,
                                const char *option, const char *s, uint32_t *at,
                                struct rec_err *err) REC_MUST_USE;
/* Whether S can only be the name of a column. */
bool rec_column_is_name(const char *s);

/* An empty field, or a word such as NA where a number was due. */
bool rec_is_missing(const char *s, uint32_t n, bool number);

/*
 * Reads a row but for its kept columns.  *missing is the first field that is empty (or,
 * for a number, a word such as NA), and OUT is then not set; REC_N_FIELDS if none is.
 * REC_EINPUT, without saying where, if there are too few columns or too many or if a
 * rating or time is none.
 */
enum rec_status rec_fields_read(const struct rec_fields *f,
                                const struct rec_csv_row *row, struct rec_raw_row *out,
                                enum rec_field *missing,
                                struct rec_err *err) REC_MUST_USE;

/* Gives a row that was read, before its kept columns are, another rating. */
void rec_fields_rate(struct rec_raw_row *row, float rating);

/* Then the kept columns, n_keep of them, into KEEP; OUT's hash takes them in. */
enum rec_status rec_fields_keep(const struct rec_fields *f,
                                const struct rec_csv_row *row, struct rec_text *keep,
                                struct rec_raw_row *out,
                                struct rec_err *err) REC_MUST_USE;

#endif
