#ifndef REC_FEATURIZE_H
#define REC_FEATURIZE_H

#include "data/features.h"
#include "data/featuretext.h"

/* What was met on the way, beside the features. */
struct rec_featurize_counts {
    uint64_t n_missing;  /* empty values, or words for none where a number was due */
    uint32_t n_left_out; /* guessed columns that are text of their own in most rows */
    uint32_t left_out;   /* the first of them */
};

/*
 * Makes features of T as featurespec.h says: ENTRIES and NAMES, both sections as in
 * features.h.  Features stand in the order in which their columns were asked for, those
 * of one column in byte order: the order of rows in the text changes nothing but, in
 * their last bits, mean and deviation.  REC_EINPUT, with file, line and column: a value
 * that is no number, or none that is finite, where one was due; also if there is no
 * feature.
 */
enum rec_status rec_featurize(const struct rec_feature_text *t, const char *section,
                              const char *nodes, struct rec_table *entries,
                              struct rec_table *names,
                              struct rec_featurize_counts *counts,
                              struct rec_err *err) REC_MUST_USE;

#endif
