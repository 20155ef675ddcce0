#ifndef REC_FEATURETEXT_H
#define REC_FEATURETEXT_H

#include "data/dict.h"
#include "data/featurespec.h"

/*
 * Rows of a text joined with the nodes of a dictionary by id: C columns of which some
 * are wanted, R rows of known ids, each of another node, in the order of the text.
 */
struct rec_feature_text_opts {
    const char *path;
    const char *id;      /* its column; NULL: the first */
    const char *columns; /* see featurespec.h; NULL: all but the id are guessed */
    const char *option;  /* that names columns, for messages: "--user-columns" */
    struct rec_csv_dialect dialect;
    /* auto: a first row without a number, whose id is not known */
    enum rec_header header;
};

struct rec_feature_text {
    char file[256]; /* for messages */
    struct rec_csv_dialect dialect;
    bool has_header;
    uint32_t n_columns;
    struct rec_buf name_text;
    struct rec_text *name; /* (C) of the header, or c1, c2, ... */
    struct rec_feature_item *items;
    uint32_t n_items;
    uint32_t n_wanted;
    uint32_t *slot; /* (C) which cell of a row has the column; UINT32_MAX: none */
    size_t n_rows;  /* R */
    uint32_t *node; /* (R) */
    uint64_t *line; /* (R) */
    uint64_t *at;   /* (R * n_wanted + 1) cell i is text[at[i] .. at[i + 1]) */
    size_t cap;     /* rows there is room for */
    struct rec_buf text;
    uint64_t n_unknown; /* rows of ids that are not in the dictionary */
    uint64_t digest;    /* of the text */
};

/*
 * IDS (n_ids) is the dictionary, WHAT it holds ("users").  REC_EINPUT with file and
 * line: too few columns, an id twice; also if no id is known.
 */
enum rec_status rec_feature_text_read(const struct rec_feature_text_opts *opts,
                                      const struct rec_column *ids, uint32_t n_ids,
                                      const char *what, struct rec_feature_text *out,
                                      struct rec_err *err) REC_MUST_USE;
void rec_feature_text_free(struct rec_feature_text *t);

/* The text of row R in column C, which is wanted. */
static inline struct rec_text rec_feature_cell(const struct rec_feature_text *t,
                                               size_t r, uint32_t c)
{
    size_t i = r * t->n_wanted + t->slot[c];

    return (struct rec_text){ (const char *)t->text.data + t->at[i],
                              (uint32_t)(t->at[i + 1] - t->at[i]) };
}

#endif
