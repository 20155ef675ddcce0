#ifndef REC_SPLIT_H
#define REC_SPLIT_H

#include "data/ratings.h"

/*
 * Cuts the ratings into train, validation and test: every row is in exactly one part.
 * x_i is the i-th number, uniform in [0, 1), of the stream "split" of the seed; round()
 * is to the nearest whole number, halves up, in double precision.
 *
 *   random   row i is test if x_i < test; of the rest a share `valid` is validation:
 *            if (x_i - test) / (1 - test) < valid
 *   source   the rows of file `test_source` are test; row i of the others is validation
 *            if x_i < valid
 *   fold     row i is in fold 1 + floor(folds y_i), y_i from the stream "split fold";
 *            the rows of fold `fold` are test, the others go as with `source`
 *   time     the round(test n) latest of all n rows are test, the round(valid r) latest
 *            of the other r validation
 *   last     of each user the `last` latest rows are test and, if valid > 0, the `last`
 *            before them validation
 *   user     of each user's m rows round(test m) are test and round(valid r) of the
 *            other r validation: those with the highest numbers, where the user's k-th
 *            row has the k-th number of a stream named by the text of the user's id
 *
 * "Latest" is by time, then by row number; `last` without times is by row number alone.
 * With `last` and `user` every user keeps a row for training: one with too few rows
 * gives fewer validation rows first, then fewer test rows.
 *
 * Rows added at the end move no other row with `random`, `source` and `fold`, and no
 * row of another user with `last` and `user`, wherever they are added and whatever they
 * do to the numbers of users.
 */
enum rec_split_method {
    REC_SPLIT_RANDOM,
    REC_SPLIT_USER,
    REC_SPLIT_TIME,
    REC_SPLIT_LAST,
    REC_SPLIT_FOLD,
    REC_SPLIT_SOURCE
};

struct rec_split_opts {
    enum rec_split_method method;
    double test, valid; /* share of all; share of the rest */
    uint64_t test_source;
    uint64_t last;
    uint64_t folds, fold; /* 1 <= fold <= folds */
    uint64_t seed;
};

/*
 * Makes the section `split` (part u8, one row a rating) and the size of each part.
 * `user` needs ratings->user_ids.  O(n) on all threads; `last` and `user`, O(n log m)
 * where no user has more than m rows, take 8 bytes a row beside the section and, in
 * each thread, 16 a row of some 16 Ki rows or of m.
 *
 * REC_EINPUT if no row is left for training; REC_EFORMAT if the ratings lack what the
 * method looks at: `source` and a row of that number, `time`, the ids of users.
 */
enum rec_status rec_split(const struct rec_ratings *ratings,
                          const struct rec_split_opts *opts, struct rec_table *out,
                          uint64_t sizes[REC_N_PARTS],
                          struct rec_err *err) REC_MUST_USE;

#endif
