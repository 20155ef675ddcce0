#ifndef REC_CLEAN_H
#define REC_CLEAN_H

#include "data/form.h"
#include "data/piece.h"
#include "data/sieve.h"
#include "io/writer.h"

/*
 * From rating files to the section `raw`:
 *
 *   user str, item str, rating f32 [, time i64] [, kept columns str ...] [, source u8]
 *
 * in the order of the input.  `time` is left out if there is none; `source`, the number
 * of the file a row is from (1, 2, ...), is there if there are several files.  All
 * files must agree on whether there is a time.
 */
struct rec_clean_opts {
    struct rec_fields_opts fields;
    struct rec_csv_dialect dialect;
    enum rec_form form;
    enum rec_dups dups;
    struct rec_sieve_limits limits; /* on the rows that are left */
    /* Told of each file: what was found by looking, or given.  May be NULL. */
    void (*found)(const struct rec_fields *fields, bool has_header);
    uint64_t skip;       /* lines to pass over at the top of each file */
    uint64_t head;       /* data rows to read of each file, before cleaning; 0: all */
    float lo, hi;        /* ratings outside are dropped */
    bool positive;       /* those that are left become 1 */
    uint64_t max_errors; /* bad rows to drop before giving up */
    const char *reject;  /* file for the rows that are dropped, see reject.h, or NULL */
};

/* read = kept + missing values by field + duplicates + few + out of range + rejected.
 */
struct rec_clean_counts {
    uint64_t read, kept;
    uint64_t missing[REC_N_FIELDS]; /* the first empty field of a row counts */
    uint64_t duplicates;
    uint64_t few; /* of a user or item with fewer ratings than the limit */
    uint64_t out_of_range;
    uint64_t rejected;
    struct rec_err first_rejected; /* its message, if there is one */
    uint64_t spilled;              /* bytes written to temporary files */
};

/*
 * Reads the files, writes the section, and gives a digest of what was read.  Parsing,
 * looking for duplicates and building the columns run on all threads.
 *
 * Rows stream through, and those seen are remembered.  Where the bound on memory ends
 * that, or dups or limits need the whole input, rows wait in temporary files (sieve.h);
 * the result is the same.
 *
 * REC_EINPUT, with file and line, for the first bad row beyond max_errors: too few
 * columns, a rating or time that is none; also if no row is left.  Only then, and if
 * all is well, are there counts, and the file of dropped rows: when all was read.
 */
enum rec_status rec_clean(const struct rec_clean_opts *opts, const char *const *files,
                          uint32_t n_files, struct rec_writer *w,
                          struct rec_clean_counts *counts, uint64_t *digest,
                          struct rec_err *err) REC_MUST_USE;

#endif
