#include "io/csv.h"

#include <string.h>

#include "base/hash.h"

enum { BLOCK = 1 << 20 }; /* bytes read, and hashed, at a time */

struct rec_csv {
    struct rec_in *in;
    char delim;
    char *buf; /* pos..n are unread; room for one long row and one block */
    size_t pos, n;
    bool eof;
    uint64_t line; /* of the byte at pos */
    uint64_t digest;
};

static enum rec_status too_long(const struct rec_csv *csv, struct rec_err *err)
{
    return rec_fail(err, REC_EINPUT,
                    "%s:%llu: a row of more than 1 MiB: is a quote open?",
                    rec_in_name(csv->in), (unsigned long long)csv->line);
}

/* Moves the unread bytes to the front and reads one block behind them. */
static enum rec_status fill(struct rec_csv *csv, struct rec_err *err)
{
    size_t got;
    enum rec_status st;

    memmove(csv->buf, csv->buf + csv->pos, csv->n - csv->pos);
    csv->n -= csv->pos;
    csv->pos = 0;
    if (csv->n > REC_CSV_MAX_ROW_BYTES)
        return too_long(csv, err);
    st = rec_in_read(csv->in, csv->buf + csv->n, BLOCK, &got, err);
    if (st != REC_OK)
        return st;
    csv->digest = rec_hash64(csv->buf + csv->n, got, csv->digest);
    csv->n += got;
    csv->eof = got < BLOCK;
    return REC_OK;
}

/*
 * Finds the end of the line that starts at pos + FROM: the index, relative to pos, of
 * its newline, or of the end of the input.  The buffer may move.
 */
static enum rec_status find_newline(struct rec_csv *csv, size_t from, size_t *end,
                                    struct rec_err *err)
{
    for (;;) {
        size_t have = csv->n - csv->pos;
        const char *nl =
            from < have ? memchr(csv->buf + csv->pos + from, '\n', have - from) : NULL;

        if (nl != NULL) {
            *end = (size_t)(nl - (csv->buf + csv->pos));
            return REC_OK;
        }
        if (csv->eof) {
            *end = have;
            return REC_OK;
        }
        from = have;
        {
            enum rec_status st = fill(csv, err);

            if (st != REC_OK)
                return st;
        }
    }
}

static void consume_line(struct rec_csv *csv, size_t end)
{
    csv->pos += end;
    csv->pos += csv->pos < csv->n; /* its newline */
    csv->line++;
}

enum rec_status rec_csv_open(const char *path, char delim, uint64_t skip,
                             struct rec_csv **out, struct rec_err *err)
{
    struct rec_csv *csv = rec_alloc_zero(1, sizeof *csv, "CSV reader", err);
    enum rec_status st = REC_ESYSTEM;
    size_t end;

    if (csv == NULL)
        return REC_ESYSTEM;
    csv->delim = delim;
    csv->line = 1;
    csv->buf = rec_alloc(REC_CSV_MAX_ROW_BYTES + BLOCK, 1, "CSV buffer", err);
    if (csv->buf != NULL)
        st = rec_in_open(path, true, &csv->in, err);
    if (st == REC_OK)
        st = fill(csv, err);
    if (st == REC_OK && csv->n >= 4 && memcmp(csv->buf, "\x89REC", 4) == 0)
        st = rec_fail(err, REC_EINPUT, "%s: a rec file, not text: rec-view shows it",
                      rec_in_name(csv->in));
    if (st == REC_OK && csv->n >= 3 && memcmp(csv->buf, "\xef\xbb\xbf", 3) == 0)
        csv->pos = 3;
    for (; st == REC_OK && skip > 0 && csv->pos < csv->n; skip--) {
        st = find_newline(csv, 0, &end, err);
        if (st == REC_OK)
            consume_line(csv, end);
        if (st == REC_OK && csv->pos == csv->n && !csv->eof)
            st = fill(csv, err);
    }
    if (st != REC_OK) {
        rec_csv_close(csv);
        return st;
    }
    *out = csv;
    return REC_OK;
}

static enum rec_status too_many_fields(const struct rec_csv *csv, uint64_t line,
                                       struct rec_err *err)
{
    return rec_fail(err, REC_EINPUT, "%s:%llu: more than %d columns",
                    rec_in_name(csv->in), (unsigned long long)line, REC_CSV_MAX_FIELDS);
}

/* Splits a line without quotes. */
static enum rec_status split_plain(struct rec_csv *csv, char *s, size_t n,
                                   struct rec_csv_row *row, struct rec_err *err)
{
    uint32_t k = 0;

    for (;;) {
        char *d = memchr(s, csv->delim, n);
        size_t len = d == NULL ? n : (size_t)(d - s);

        if (k == REC_CSV_MAX_FIELDS)
            return too_many_fields(csv, row->line, err);
        row->field[k] = s;
        row->len[k++] = (uint32_t)len;
        if (d == NULL)
            break;
        s += len + 1;
        n -= len + 1;
    }
    row->n = k;
    return REC_OK;
}

/*
 * Takes one field off the N bytes at S, its quotes undone in place.  Returns how many
 * bytes it took, its delimiter not included; SIZE_MAX if a quote is still open.
 */
static size_t take_field(char *s, size_t n, char delim, uint32_t *len)
{
    size_t i = 0, out = 0;

    if (n == 0 || s[0] != '"') {
        char *d = n > 0 ? memchr(s, delim, n) : NULL;

        i = d == NULL ? n : (size_t)(d - s);
        *len = (uint32_t)i;
        return i;
    }
    for (i = 1; i < n; i++) {
        if (s[i] != '"') {
            s[out++] = s[i];
        } else if (i + 1 < n && s[i + 1] == '"') {
            s[out++] = '"';
            i++;
        } else {
            break;
        }
    }
    if (i == n)
        return SIZE_MAX;
    for (i++; i < n && s[i] != delim; i++) /* text behind the closing quote */
        s[out++] = s[i];
    *len = (uint32_t)out;
    return i;
}

/* Where in a row a byte stands.  A quote opens a quoted field only at a field's start.
 */
enum place { FIELD_START, IN_FIELD, IN_QUOTES, AFTER_QUOTE };

/* The place after N more bytes. */
static enum place pass_over(const char *s, size_t n, char delim, enum place at)
{
    for (size_t i = 0; i < n; i++) {
        if (at == IN_QUOTES)
            at = s[i] == '"' ? AFTER_QUOTE : IN_QUOTES;
        else if (s[i] == delim)
            at = FIELD_START;
        else if (s[i] == '"' && (at == FIELD_START || at == AFTER_QUOTE))
            at = IN_QUOTES; /* behind a closing quote: "" is one quote */
        else
            at = IN_FIELD;
    }
    return at;
}

/* Extends the row over line breaks in quotes; *end and *lines grow. */
static enum rec_status close_quotes(struct rec_csv *csv, size_t *end, uint64_t *lines,
                                    struct rec_err *err)
{
    enum place at = pass_over(csv->buf + csv->pos, *end, csv->delim, FIELD_START);

    while (at == IN_QUOTES) {
        size_t from = *end;
        enum rec_status st;

        if (csv->pos + *end == csv->n && csv->eof)
            return rec_fail(err, REC_EINPUT,
                            "%s:%llu: a quote is opened and never closed",
                            rec_in_name(csv->in), (unsigned long long)csv->line);
        st = find_newline(csv, *end + 1, end, err);
        if (st == REC_OK && *end > REC_CSV_MAX_ROW_BYTES)
            st = too_long(csv, err);
        if (st != REC_OK)
            return st;
        at = pass_over(csv->buf + csv->pos + from, *end - from, csv->delim, at);
        ++*lines;
    }
    return REC_OK;
}

static enum rec_status split_quoted(struct rec_csv *csv, char *s, size_t n,
                                    struct rec_csv_row *row, struct rec_err *err)
{
    row->n = 0;
    for (size_t took; row->n < REC_CSV_MAX_FIELDS; s += took + 1, n -= took + 1) {
        row->field[row->n] = s;
        took = take_field(s, n, csv->delim, &row->len[row->n]);
        if (took == SIZE_MAX)
            return rec_fail(
                err, REC_EINPUT, "%s:%llu: column %u: a quote is not closed",
                rec_in_name(csv->in), (unsigned long long)row->line, row->n + 1);
        row->n++;
        if (took == n)
            return REC_OK;
    }
    return too_many_fields(csv, row->line, err);
}

enum rec_status rec_csv_next(struct rec_csv *csv, struct rec_csv_row *row,
                             struct rec_err *err)
{
    for (;;) {
        uint64_t lines = 0;
        size_t end, n;
        char *s;
        enum rec_status st = find_newline(csv, 0, &end, err);

        row->n = 0;
        if (st != REC_OK || csv->pos == csv->n)
            return st;
        if (end > REC_CSV_MAX_ROW_BYTES)
            return too_long(csv, err);
        s = csv->buf + csv->pos;
        if (memchr(s, '"', end) != NULL) {
            st = close_quotes(csv, &end, &lines, err);
            if (st != REC_OK)
                return st;
            s = csv->buf + csv->pos;
            row->line = csv->line;
            csv->line += lines;
            lines = 1;
        } else {
            row->line = csv->line;
        }
        n = end > 0 && s[end - 1] == '\r' ? end - 1 : end;
        consume_line(csv, end);
        if (n == 0)
            continue;
        if (memchr(s, '\0', n) != NULL)
            return rec_fail(err, REC_EINPUT, "%s:%llu: a NUL byte: this is not text",
                            rec_in_name(csv->in), (unsigned long long)row->line);
        return lines == 0 ? split_plain(csv, s, n, row, err)
                          : split_quoted(csv, s, n, row, err);
    }
}

const char *rec_csv_name(const struct rec_csv *csv)
{
    return rec_in_name(csv->in);
}

uint64_t rec_csv_digest(const struct rec_csv *csv)
{
    return csv->digest;
}

void rec_csv_close(struct rec_csv *csv)
{
    if (csv == NULL)
        return;
    rec_in_close(csv->in);
    rec_free(csv->buf);
    rec_free(csv);
}
