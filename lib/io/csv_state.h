#ifndef REC_CSV_STATE_H
#define REC_CSV_STATE_H

#include "io/csv.h"

/*
 * Inside csv_row.c, which splits rows, csv.c, which fills the buffer and hands its rows
 * out, and csv_open.c, which begins.
 *
 *   buf   | handed out | whole rows | the start of another | REC_CSV_WINDOW zeros |
 *         0           pos         whole                    n
 */
struct rec_csv {
    struct rec_in *in;
    char *buf;
    size_t batch; /* bytes read at a time, */
    size_t most;  /* and handed out */
    size_t pos, whole, n;
    bool eof;
    bool live; /* hand out what there is */
    uint64_t digest;
    struct rec_csv_span rest; /* what is said of the rows from pos on */
};

enum {
    REC_CSV_WINDOW = 64, /* readable bytes behind the text: it is looked at in such */
    /* Batches are whole pieces: nothing but their number depends on their size. */
    REC_CSV_PIECE_BYTES = 1 << 20
};

/* Fails: the row at S's line is longer than rows may be. */
enum rec_status rec_csv_too_long(const struct rec_csv_span *s,
                                 struct rec_err *err) REC_MUST_USE;
/* The first row end of S at or after FROM + LEAST, or the last one; NULL if there is
 * none. */
const char *rec_csv_row_end(const struct rec_csv_span *s, const char *from,
                            size_t least);

/* Reads one batch behind the bytes that are left. */
enum rec_status rec_csv_fill(struct rec_csv *csv, struct rec_err *err) REC_MUST_USE;
/* Finds how far the rows of the buffer are whole. */
enum rec_status rec_csv_settle(struct rec_csv *csv, struct rec_err *err) REC_MUST_USE;

#endif
