#ifndef REC_RATINGFEATURES_H
#define REC_RATINGFEATURES_H

#include "data/features.h"

/*
 * Features of ratings: columns of `ratings` that rec-clean --keep carried along, as
 * numbers less the mean, by the deviation, both of the training ratings.  COLUMNS are
 * names, split by commas, at most REC_MAX_RATING_FEATURES.
 *
 * Load before rec_reader_run(); it copies nothing, and COLUMNS must outlive the reader.
 */
struct rec_rating_columns {
    uint32_t n;
    char name[REC_MAX_RATING_FEATURES][REC_NAME_BYTES];
};

/* REC_EUSAGE if a name cannot be one, is there twice, or is one of the ratings' own. */
enum rec_status rec_rating_columns_read(const char *columns,
                                        struct rec_rating_columns *out,
                                        struct rec_err *err) REC_MUST_USE;
enum rec_status rec_rating_columns_load(struct rec_reader *r,
                                        const struct rec_rating_columns *c,
                                        struct rec_err *err) REC_MUST_USE;

/*
 * The sections VALUES and NAMES, see features.h.  X has its parts.  An empty value, or
 * a word such as NA, is 0, the mean, and counted.  REC_EINPUT if a column is not there,
 * or, with row and column, a value is no finite number.
 */
enum rec_status rec_rating_features(struct rec_reader *r,
                                    const struct rec_rating_columns *c,
                                    const struct rec_ratings *x,
                                    struct rec_table *values, struct rec_table *names,
                                    uint64_t *n_missing,
                                    struct rec_err *err) REC_MUST_USE;

#endif
