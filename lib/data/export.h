#ifndef REC_EXPORT_H
#define REC_EXPORT_H

#include "io/file.h"
#include "io/reader.h"

/*
 * A section as text or for other programs.
 *
 *   tsv, csv  a header of column names, one line a row; numbers that point into a
 *             dictionary are printed as its ids unless `codes`; floats are the shortest
 *             text that reads back the same; vectors are one column an element (x.0,
 *             x.1, ...); control bytes and backslashes of ids become \xNN in TSV, ids
 *             are quoted in CSV where they need it (RFC 4180)
 *   npy       NumPy's format 1.0, little-endian: one column, of shape (rows) or
 *             (rows, width)
 *   mtx       Matrix Market: `graph` as N x N coordinates with its ratings, a matrix
 *             section as a dense array; indices from 1
 *   inter     RecBole's atomic file of section `ratings`: TSV with a header of names
 *             and types, user_id:token item_id:token rating:float timestamp:float
 *   w2v       word2vec's text of a matrix: a line `rows width`, then a line a row, its
 *             name and its numbers, split by spaces; a space in a name becomes \x20
 */
enum rec_export_form {
    REC_EXPORT_TSV,
    REC_EXPORT_CSV,
    REC_EXPORT_NPY,
    REC_EXPORT_MTX,
    REC_EXPORT_INTER,
    REC_EXPORT_W2V
};

/* What the rows of a section stand for: they get names, in a first column `id`.  With B
 * rows for each, as in model.Y, row k of those is called ID#k, k from 1. */
enum rec_export_rows { REC_ROWS_PLAIN, REC_ROWS_USERS, REC_ROWS_ITEMS, REC_ROWS_NODES };

struct rec_export_opts {
    enum rec_export_form form;
    const char *column; /* only this one; NULL: all (npy: the only one) */
    bool codes;
    enum rec_export_rows rows;
    int part; /* of sections with a row a rating, as text: only rows of this part of
                 `split` + 1; 0: all */
};

/*
 * Exports section T, loaded by R together with the dictionaries it points into (and
 * `graph.nodes` for a graph, `split` for a part, `users` and `items` for names).
 * REC_EUSAGE if the form does not fit the section.
 */
enum rec_status rec_export(struct rec_reader *r, const struct rec_table *t,
                           const struct rec_export_opts *opts, struct rec_out *out,
                           struct rec_err *err) REC_MUST_USE;

#endif
