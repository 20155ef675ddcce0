#ifndef REC_PAIRTEXT_H
#define REC_PAIRTEXT_H

#include "eval/paircols.h"
#include "io/file.h"

/*
 * Rates pairs as text: each row comes out as it came in, with two fields behind it,
 *
 *   the rating, as %.6f
 *   what it is made from: model, user, item or mean (see pairs.h)
 *
 * split by what splits the row.  A header gets `prediction` and `basis`; of several
 * files the first one's stays.  Each file has its own dialect and columns.  Empty lines
 * are passed over.
 *
 * What there is of the input is answered, and handed on, before more is waited for. The
 * bytes do not depend on when they come, nor on the number of threads.
 */
struct rec_pairtext_opts {
    struct rec_pair_cols_opts cols;
    struct rec_csv_dialect dialect;
    /* Told of each file: what was found by looking, or given.  May be NULL. */
    void (*found)(const struct rec_pair_cols *cols);
};

struct rec_pairtext_counts {
    uint64_t n[REC_BASIS_MEAN + 1]; /* rows, by what they are made from */
    uint64_t no_time;               /* of them, whose column with times says none */
};

/*
 * REC_EINPUT, with file and line, for the first bad row; those before it are written.
 * COUNTS are added to.
 */
enum rec_status rec_pairtext_rate(struct rec_pairs *pairs,
                                  const struct rec_pairtext_opts *opts,
                                  const char *file, bool is_first, struct rec_out *out,
                                  struct rec_pairtext_counts *counts,
                                  struct rec_err *err) REC_MUST_USE;

#endif
