#ifndef REC_SPLIT_H
#define REC_SPLIT_H

#include "data/ratings.h"

/*
 * Cuts the ratings into train, validation and test: every row is in exactly one part.
 *
 *   random   row number i goes by the i-th number of the stream "split" of the seed:
 *            to test with probability `test`, else to validation with probability
 *            `valid`.  Rows added at the end move no other row.
 *   source   rows of file `test_source` are test; of the rest, validation as above.
 */
enum rec_split_method { REC_SPLIT_RANDOM, REC_SPLIT_SOURCE };

struct rec_split_opts {
    enum rec_split_method method;
    double test, valid; /* share of all; share of the rest */
    uint64_t test_source;
    uint64_t seed;
};

/*
 * Makes the section `split` (part u8, one row a rating) and the size of each part.
 * REC_EINPUT if no row is left for training; REC_EFORMAT if `source` is asked for and
 * the ratings have no such column, or no row of that number.
 */
enum rec_status rec_split(const struct rec_ratings *ratings,
                          const struct rec_split_opts *opts, struct rec_table *out,
                          uint64_t sizes[REC_N_PARTS],
                          struct rec_err *err) REC_MUST_USE;

#endif
