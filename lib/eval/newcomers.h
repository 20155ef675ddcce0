#ifndef REC_NEWCOMERS_H
#define REC_NEWCOMERS_H

#include "eval/catalog.h"

/*
 * Ratings of people whom a model was not trained on, from text: columns 1 and 2 are
 * user and item, 3 the rating, if there is one; further columns are not looked at.  A
 * first row is a header if its column 3 is no number, or, of two columns, if the second
 * is called what items are (data/headernames.h) and the model has no such item.  Of an
 * item that comes again the last rating counts.
 *
 * Names of users are theirs alone: one that the model knows is new all the same.
 */
struct rec_newcomers {
    struct rec_dict names; /* (n) in the order of their first rows */
    uint32_t n;
    uint64_t *off;      /* (n + 1) */
    uint32_t *item;     /* (off[n]) of one of them distinct, ascending */
    float *rating;      /* (off[n]), or NULL if the text has none */
    uint64_t *line;     /* (off[n]) where it stands in FILE */
    char file[256];     /* for messages */
    uint64_t n_unknown; /* rows with items that the model does not know */
};

/* SKIP: rows of unknown items are left out; else REC_EINPUT.  So it is, with file and
 * line, for a rating that is none, a missing column or a text without rows.
 * REC_EFORMAT if the model can fold in nobody. */
enum rec_status rec_newcomers_read(struct rec_catalog *c, const char *path, bool skip,
                                   struct rec_newcomers *out,
                                   struct rec_err *err) REC_MUST_USE;
void rec_newcomers_free(struct rec_newcomers *x);

#endif
