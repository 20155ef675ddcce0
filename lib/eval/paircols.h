#ifndef REC_PAIRCOLS_H
#define REC_PAIRCOLS_H

#include "data/fields.h"
#include "eval/pairs.h"

/*
 * Which column of a text of pairs is which, by its first row:
 *
 *   user, item  as chosen, by a number from 1 or a name in the header; else 1 and 2
 *   time        as chosen, "none" is none; else the column that a header calls time or
 *               timestamp; without a header the third of exactly three; else none.
 *               None for a model whose ratings do not depend on it.
 *
 * With header `auto` the first row is one if a column is chosen by a name, or if
 * columns are called what users and items are (user_id, ProductId, ...) and its ids are
 * none that the model knows.  A header that names them elsewhere than where they would
 * be read is refused.  Of a first row that is none by these rules, but of two ids that
 * the model does not know and without any digit, may_be_header tells.
 */
enum { REC_NO_COLUMN = REC_CSV_MAX_FIELDS };

struct rec_pair_cols_opts {
    const char *user, *item, *time; /* NULL: by default */
    enum rec_header header;
};

struct rec_pair_cols {
    const char *file; /* for messages */
    struct rec_csv_dialect dialect;
    bool has_header;
    bool may_be_header;  /* the first row is none, and looks as if it might be one */
    uint64_t first_line; /* of the first row, if whether it is one was for us to find;
                          * else 0 */
    uint32_t user, item, time; /* from 0; time may be REC_NO_COLUMN */
    uint32_t n;                /* so many there must be */
};

/* Errors as rec_fields_choose(). */
enum rec_status rec_pair_cols_choose(const struct rec_pair_cols_opts *o,
                                     const struct rec_pairs *pairs, const char *file,
                                     struct rec_csv_dialect dialect,
                                     const struct rec_csv_row *first,
                                     struct rec_pair_cols *out,
                                     struct rec_err *err) REC_MUST_USE;

/* What a row says; the ids are in it. */
struct rec_pair {
    const char *id[2]; /* of the user, of the item */
    uint32_t len[2];
    int64_t time; /* REC_NO_TIME if the field is empty or a word for none, such as NA; 0
                   * without a column */
};

/* REC_EINPUT with file and line: too few columns or too many, an empty id, a time that
 * is none. */
enum rec_status rec_pair_read(const struct rec_pair_cols *c,
                              const struct rec_csv_row *row, struct rec_pair *out,
                              struct rec_err *err) REC_MUST_USE;

#endif
