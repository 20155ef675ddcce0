#ifndef REC_CLEAN_H
#define REC_CLEAN_H

#include "io/csv.h"
#include "io/writer.h"

/*
 * From rating files to the section `raw`:
 *
 *   user str, item str, rating f32, time i64 [, source u8]
 *
 * in the order of the input.  `time` is left out with time = "none"; `source`, the
 * number of the file a row is from (1, 2, ...), is there if there are several files.
 *
 * A column is chosen by its number, from 1, or by its name in the header.  By default
 * user, item, rating and time are columns 1 to 4.
 */
enum rec_header { REC_HEADER_AUTO, REC_HEADER_YES, REC_HEADER_NO };
enum rec_dups { REC_DUPS_EXACT, REC_DUPS_KEEP };

struct rec_clean_opts {
    const char *user, *item, *rating, *time; /* NULL: by position */
    const char *columns; /* names of all columns, "a,b,c", instead of a header's */
    char delim;
    enum rec_header header; /* auto: a first row whose rating and time are words */
    enum rec_dups dups; /* exact: a row equal to an earlier one in all of `raw` goes */
    uint64_t skip;      /* lines to pass over at the top of each file */
    uint64_t head;      /* data rows to read of each file, before cleaning; 0: all */
};

/* read = kept + the rest. */
struct rec_clean_counts {
    uint64_t read, kept;
    uint64_t no_user, no_item, no_rating, no_time; /* an empty field, or NA or NaN */
    uint64_t duplicates;
};

/*
 * Reads the files, writes the section, and gives a digest of what was read.
 * REC_EINPUT, with file and line, for the first row that cannot be a rating: too few
 * columns, a rating or time that is not a number; also if no row is left.
 */
enum rec_status rec_clean(const struct rec_clean_opts *opts, const char *const *files,
                          uint32_t n_files, struct rec_writer *w,
                          struct rec_clean_counts *counts, uint64_t *digest,
                          struct rec_err *err) REC_MUST_USE;

#endif
