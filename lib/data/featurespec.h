#ifndef REC_FEATURESPEC_H
#define REC_FEATURESPEC_H

#include "data/fields.h"

/*
 * Which columns of a text are features, and how: COL[:HOW][,COL[:HOW]...].  COL is a
 * name, a number from 1 or a range of numbers, 6-24.  N bytes of text V become
 *
 *   number     (V - mean)/deviation, of the nodes that have one
 *   category   1 for the feature of this text
 *   bin=W      category of W floor(V/W), V a number
 *   first=N    category of the first N characters
 *   last=N     category of the last N characters
 *   flags      V is 0 or 1: the column's feature; of k ones in the range 1/sqrt(k) each
 *   list[=C]   category of each of k texts between Cs, 1/sqrt(k) each; C is '|' if not
 *              given, a character, or comma, space, tab
 *   guess      number if all are numbers, else category; left out is text with more
 *              than 20 different values that are more than half of all
 *
 * A missing value gives no entry.
 */
enum rec_feature_how {
    REC_FEATURE_GUESS,
    REC_FEATURE_NUMBER,
    REC_FEATURE_CATEGORY,
    REC_FEATURE_BIN,
    REC_FEATURE_FIRST,
    REC_FEATURE_LAST,
    REC_FEATURE_FLAGS,
    REC_FEATURE_LIST
};

struct rec_feature_item {
    uint32_t from, to; /* columns, from 0, the last included */
    enum rec_feature_how how;
    double bin;
    uint32_t chars; /* first, last */
    char separator; /* list */
};

enum { REC_MAX_FEATURE_ITEMS = REC_CSV_MAX_FIELDS, REC_FEATURE_FEW = 20 };

/* The columns of a text: names (n_names of them, 0 without a header), and how many. */
struct rec_feature_columns {
    uint32_t n, n_names;
    const struct rec_text *name;
};

/* The column COL (of N bytes) is; UINT32_MAX if there is none. */
uint32_t rec_feature_column(const struct rec_feature_columns *c, const char *col,
                            size_t n);

/*
 * ITEMS (REC_MAX_FEATURE_ITEMS) receives *N_ITEMS of them.  SPEC NULL: a guess of each
 * column but ID.  OPTION stands in front of messages.  REC_EUSAGE.
 */
enum rec_status rec_feature_spec(const char *spec, const char *option,
                                 const struct rec_feature_columns *c, uint32_t id,
                                 struct rec_feature_item *items, uint32_t *n_items,
                                 struct rec_err *err) REC_MUST_USE;

#endif
