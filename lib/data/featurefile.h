#ifndef REC_FEATUREFILE_H
#define REC_FEATUREFILE_H

#include "data/featurize.h"

/* What was met in a file of features. */
struct rec_feature_file {
    char name[256];
    struct rec_csv_dialect dialect;
    bool has_header;
    uint32_t n_nodes; /* of the dictionary */
    size_t n_rows;    /* of them, that have a row */
    size_t n_features;
    uint64_t n_unknown; /* rows of other ids */
    uint64_t n_missing; /* values */
    uint32_t n_left_out;
    char left_out[80]; /* the name of the first column that is no guess, to print */
};

/*
 * Reads the file of side SIDE and makes its two sections, see features.h; the
 * dictionary is loaded.  The attribute TX of ENTRIES is the digest of the text.  Errors
 * as those of rec_feature_text_read() and rec_featurize().
 */
enum rec_status rec_feature_file_read(struct rec_reader *r,
                                      const struct rec_feature_text_opts *opts,
                                      int side, struct rec_table *entries,
                                      struct rec_table *names,
                                      struct rec_feature_file *found,
                                      struct rec_err *err) REC_MUST_USE;

#endif
