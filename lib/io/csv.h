#ifndef REC_CSV_H
#define REC_CSV_H

#include "base/mem.h"
#include "io/file.h"

/*
 * Rows of delimiter-separated text (RFC 4180): fields may be quoted, "" in quotes is
 * one quote, and a quoted field may hold delimiters and line breaks.  Lines end in LF
 * or CRLF.  A UTF-8 byte order mark is skipped, and so are empty lines.  Apart from
 * that the bytes of a field come out as they went in, whatever their encoding.
 */
enum { REC_CSV_MAX_FIELDS = 256, REC_CSV_MAX_ROW_BYTES = 1 << 20 };

struct rec_csv;

struct rec_csv_row {
    uint64_t line; /* the line it starts on, from 1 */
    uint32_t n;
    const char *field[REC_CSV_MAX_FIELDS]; /* valid until the next call */
    uint32_t len[REC_CSV_MAX_FIELDS];
};

/* Opens PATH ("-" is stdin; gzip is inflated) and skips the first SKIP lines. */
enum rec_status rec_csv_open(const char *path, char delim, uint64_t skip,
                             struct rec_csv **out, struct rec_err *err) REC_MUST_USE;
/*
 * The next row; row->n is 0 after the last.  REC_EINPUT, with file and line, for a
 * quote that is never closed, a row of more than 1 MiB or 256 fields, or a NUL byte.
 */
enum rec_status rec_csv_next(struct rec_csv *csv, struct rec_csv_row *row,
                             struct rec_err *err) REC_MUST_USE;
/* The input's name as messages call it. */
const char *rec_csv_name(const struct rec_csv *csv);
/* Digest of the text read, after inflating; complete once the last row was read. */
uint64_t rec_csv_digest(const struct rec_csv *csv);
void rec_csv_close(struct rec_csv *csv);

#endif
