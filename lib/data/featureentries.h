#ifndef REC_FEATUREENTRIES_H
#define REC_FEATUREENTRIES_H

#include "data/dict.h"

/*
 * Entries of nodes' features, collected in any order, as the sections of features.h.
 * A feature is named by a key: REC_FEATURE_PLACE bytes that come before all others in
 * the order of features, then its name.  { 0 } is empty.
 */
enum { REC_FEATURE_PLACE = 4 };

struct rec_feature_entry {
    uint32_t node, feature; /* the number of its key in `keys` */
    float value;
};

struct rec_feature_entries {
    struct rec_dict keys;
    struct rec_feature_entry *x; /* (n) in the order of coming; may be changed */
    size_t n, cap;
};

enum rec_status rec_feature_entries_add(struct rec_feature_entries *e, uint32_t node,
                                        const struct rec_buf *key, float value,
                                        struct rec_err *err) REC_MUST_USE;

/*
 * Fills ENTRIES, by node and then feature, and NAMES, in byte order of the keys: empty
 * tables by rec_features_init() and rec_features_init_names().  Gives up the order of
 * E's entries; nothing can be added afterwards.
 */
enum rec_status rec_feature_entries_write(struct rec_feature_entries *e,
                                          struct rec_table *entries,
                                          struct rec_table *names,
                                          struct rec_err *err) REC_MUST_USE;
void rec_feature_entries_free(struct rec_feature_entries *e);

#endif
