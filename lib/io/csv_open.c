/* Opening: what is at the top, and what the dialect leaves open. */
#include <string.h>

#include "io/csv_state.h"
#include "io/dialect.h"

/* This part of the memory that is left makes a batch. */
enum { LEFT_TO_BATCH = 32 };

/* Passes over the byte order mark and SKIP lines at the top. */
static enum rec_status skip_lines(struct rec_csv *csv, uint64_t skip,
                                  struct rec_err *err)
{
    enum rec_status st = REC_OK;

    if (csv->n >= 4 && memcmp(csv->buf, "\x89REC", 4) == 0)
        return rec_fail(err, REC_EINPUT, "%s: a rec file, not text: rec-view shows it",
                        rec_in_name(csv->in));
    if (csv->n >= 3 && memcmp(csv->buf, "\xef\xbb\xbf", 3) == 0)
        csv->pos = 3;
    while (st == REC_OK && skip > 0 && !(csv->pos == csv->n && csv->eof)) {
        char *from = csv->buf + csv->pos;
        char *p = memchr(from, csv->rest.dialect.newline, csv->n - csv->pos);

        if (p == NULL && !csv->eof && csv->n - csv->pos <= REC_CSV_MAX_ROW_BYTES) {
            st = rec_csv_fill(csv, err);
            continue;
        }
        if (p == NULL && !csv->eof)
            return rec_csv_too_long(&csv->rest, err);
        csv->pos = p == NULL ? csv->n : (size_t)(p + 1 - csv->buf);
        csv->rest.line++;
        skip--;
    }
    return st;
}

static size_t batch_bytes(void)
{
    uint64_t n =
        rec_mem_left() / LEFT_TO_BATCH / REC_CSV_PIECE_BYTES * REC_CSV_PIECE_BYTES;

    return n < REC_CSV_PIECE_BYTES   ? REC_CSV_PIECE_BYTES
           : n > REC_CSV_BATCH_BYTES ? REC_CSV_BATCH_BYTES
                                     : (size_t)n;
}

static size_t at_most(size_t n, size_t most)
{
    return n < most ? n : most;
}

/* Opens the input and reads its beginning. */
static enum rec_status start(const char *path, const struct rec_csv_dialect *dialect,
                             bool live, struct rec_csv **out, struct rec_err *err)
{
    struct rec_csv *csv = rec_alloc_zero(1, sizeof *csv, "CSV reader", err);
    enum rec_status st = REC_ESYSTEM;

    if (csv == NULL)
        return REC_ESYSTEM;
    csv->rest.line = 1;
    csv->rest.dialect = *dialect;
    csv->live = live;
    csv->batch = batch_bytes();
    csv->most = SIZE_MAX;
    csv->buf = rec_alloc(REC_CSV_MAX_ROW_BYTES + csv->batch + REC_CSV_WINDOW, 1,
                         "CSV buffer", err);
    if (csv->buf != NULL)
        st = rec_in_open(path, true, &csv->in, err);
    if (st == REC_OK) {
        csv->rest.name = rec_in_name(csv->in);
        st = rec_csv_fill(csv, err);
    }
    if (st == REC_OK)
        *out = csv;
    else
        rec_csv_close(csv);
    return st;
}

/* Settles by N bytes at FROM what the dialect leaves open, and makes rows ready. */
static enum rec_status look(struct rec_csv *csv, size_t from, size_t n, uint64_t skip,
                            struct rec_err *err)
{
    struct rec_csv_dialect *d = &csv->rest.dialect;
    size_t end = from + n;
    enum rec_status st;

    if (d->newline == 0)
        d->newline = rec_dialect_newline(csv->buf + from, n);
    st = skip_lines(csv, skip, err);
    if (!csv->live) {
        from = csv->pos;
        end = from + at_most(csv->n - from, REC_CSV_PIECE_BYTES);
    }
    if (st == REC_OK && d->delim == 0)
        rec_dialect_delim(csv->buf + from, end - from, d);
    return st == REC_OK ? rec_csv_settle(csv, err) : st;
}

enum rec_status rec_csv_open(const char *path, const struct rec_csv_dialect *dialect,
                             uint64_t skip, struct rec_csv **out, struct rec_err *err)
{
    struct rec_csv *csv = NULL;
    enum rec_status st = start(path, dialect, false, &csv, err);

    if (st == REC_OK)
        st = look(csv, 0, at_most(csv->n, REC_CSV_PIECE_BYTES), skip, err);
    if (st == REC_OK)
        *out = csv;
    else
        rec_csv_close(csv);
    return st;
}

/* Bytes of the line at TEXT with its end; 0 if that is not among the N, or if it may be
 * half of a CRLF. */
static size_t line_bytes(const char *text, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (text[i] == '\n')
            return i + 1;
        if (text[i] == '\r')
            return i + 1 == n ? 0 : i + 1 + (text[i + 1] == '\n');
    }
    return 0;
}

/* Waits for the first line that is not empty: *n bytes from *from on. */
static enum rec_status first_line(struct rec_csv *csv, size_t *from, size_t *n,
                                  struct rec_err *err)
{
    enum rec_status st = REC_OK;

    for (*from = 0; st == REC_OK;) {
        while (*from < csv->n && (csv->buf[*from] == '\n' || csv->buf[*from] == '\r'))
            ++*from;
        *n = line_bytes(csv->buf + *from, csv->n - *from);
        if (*n > 0)
            break;
        *n = csv->n - *from;
        if (csv->eof || csv->n > REC_CSV_MAX_ROW_BYTES)
            break;
        st = rec_csv_fill(csv, err);
    }
    return st;
}

enum rec_status rec_csv_open_live(const char *path,
                                  const struct rec_csv_dialect *dialect,
                                  struct rec_csv **out, struct rec_err *err)
{
    struct rec_csv *csv = NULL;
    size_t from = 0, n = 0;
    enum rec_status st = start(path, dialect, true, &csv, err);

    if (st == REC_OK)
        st = first_line(csv, &from, &n, err);
    if (st == REC_OK)
        st = look(csv, from, n, 0, err);
    if (st == REC_OK)
        *out = csv;
    else
        rec_csv_close(csv);
    return st;
}
