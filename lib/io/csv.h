#ifndef REC_CSV_H
#define REC_CSV_H

#include <stdbool.h>

#include "base/mem.h"
#include "io/file.h"

/*
 * Rows of delimiter-separated text (RFC 4180): fields may be quoted, "" in quotes is
 * one quote, and a quoted field may hold delimiters and line breaks.  A quote elsewhere
 * is a byte like any other.  A UTF-8 byte order mark is skipped, and so are empty
 * lines. Apart from that the bytes of a field come out as they went in, whatever their
 * encoding.
 */
enum {
    REC_CSV_MAX_FIELDS = 256,
    REC_CSV_MAX_ROW_BYTES = 1 << 20,
    REC_CSV_BATCH_BYTES = 8 << 20 /* read, and handed out, at a time; less where -M
                                     leaves little */
};

/* What splits columns, and rows. */
struct rec_csv_dialect {
    char delim;    /* 0: find out by looking */
    bool doubled;  /* the delimiter is two of them, as in "::" */
    char newline;  /* '\n', also for CRLF, or '\r'; 0: find out by looking */
    bool unquoted; /* quotes are bytes like any other, and lines are rows */
};

/* With more fields than fit, n is REC_CSV_MAX_FIELDS + 1 and the last is not one. */
struct rec_csv_row {
    uint64_t line;    /* the line it starts on, from 1 */
    const char *text; /* the row as it came, without its newline (LF or CR) */
    uint32_t bytes;
    uint32_t n;
    const char *field[REC_CSV_MAX_FIELDS + 1];
    uint32_t len[REC_CSV_MAX_FIELDS + 1];
};

/*
 * A piece of the text that holds whole rows.  Spans of one batch may be taken apart by
 * different threads; what a row points to is valid until the next batch.
 */
struct rec_csv_span {
    const char *text, *end;
    uint64_t line;
    const char *name; /* the input's */
    struct rec_csv_dialect dialect;
    bool has_quotes, has_nul;
    struct rec_buf unquoted; /* fields whose text is not in the input as it is */
};

/*
 * The next row; row->n is 0 after the last.  REC_EINPUT, with file and line, for a
 * quote that is never closed, a row of more than 1 MiB, or a NUL byte: where the next
 * row begins is then unknown.
 */
enum rec_status rec_csv_span_next(struct rec_csv_span *span, struct rec_csv_row *row,
                                  struct rec_err *err) REC_MUST_USE;

struct rec_csv;

/* Opens PATH ("-" is stdin; gzip is inflated), skips the first SKIP lines and settles
 * what DIALECT leaves open. */
enum rec_status rec_csv_open(const char *path, const struct rec_csv_dialect *dialect,
                             uint64_t skip, struct rec_csv **out,
                             struct rec_err *err) REC_MUST_USE;

/*
 * The same for text that is answered while it comes: rows are handed out when they are
 * there, and the input is waited for only when all of them have been.  What the dialect
 * leaves open is settled by the first line that is not empty, so that it does not
 * depend on how much is there at once.
 */
enum rec_status rec_csv_open_live(const char *path,
                                  const struct rec_csv_dialect *dialect,
                                  struct rec_csv **out,
                                  struct rec_err *err) REC_MUST_USE;

/* The next row, to look at: it is still there.  And the next row, for good. */
enum rec_status rec_csv_peek(struct rec_csv *csv, struct rec_csv_row *row,
                             struct rec_err *err) REC_MUST_USE;
enum rec_status rec_csv_next(struct rec_csv *csv, struct rec_csv_row *row,
                             struct rec_err *err) REC_MUST_USE;

/*
 * The next batch of rows, cut into at most MAX spans of about equal size; *n is 0 after
 * the last.  Which rows make a batch depends on the text and -M.  The spans keep their
 * `unquoted` room from call to call; the caller frees it in the end.
 */
enum rec_status rec_csv_spans(struct rec_csv *csv, struct rec_csv_span *spans,
                              uint32_t max, uint32_t *n,
                              struct rec_err *err) REC_MUST_USE;

/*
 * What has been read and not handed out, whole rows, to look at: valid until the next
 * call.  And from now on, before the first row was handed out: lines are LISTS
 * (list.h), split by D's delimiter, and batches are smaller, as they hold more rows a
 * byte.
 */
struct rec_csv_span rec_csv_ahead(const struct rec_csv *csv);
enum rec_status rec_csv_take_lists(struct rec_csv *csv, struct rec_csv_dialect d,
                                   struct rec_err *err) REC_MUST_USE;

/* The input's name as messages call it, and the dialect that was given or found. */
const char *rec_csv_name(const struct rec_csv *csv);
struct rec_csv_dialect rec_csv_dialect(const struct rec_csv *csv);
/* Digest of the text read, after inflating; complete once the last row was read. */
uint64_t rec_csv_digest(const struct rec_csv *csv);
void rec_csv_close(struct rec_csv *csv);

#endif
