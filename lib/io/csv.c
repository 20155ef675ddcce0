/* The buffer of whole rows, and how they are handed out. */
#include <string.h>

#include "base/hash.h"
#include "io/csv_state.h"

/* Lists have about so many times the rows of a CSV a byte. */
enum { LIST_ROWS = 4 };

static uint64_t count_lines(const char *p, const char *end, char newline)
{
    uint64_t n = 0;

    while (p < end) {
        const char *stop = end - p > 240 ? p + 240 : end;
        uint8_t some = 0; /* bytes are compared and added many at a time */

        for (; p < stop; p++)
            some = (uint8_t)(some + (*p == newline));
        n += some;
    }
    return n;
}

enum rec_status rec_csv_fill(struct rec_csv *csv, struct rec_err *err)
{
    size_t got;
    enum rec_status st;

    memmove(csv->buf, csv->buf + csv->pos, csv->n - csv->pos);
    csv->n -= csv->pos;
    csv->pos = 0;
    st = csv->live ? rec_in_read_some(csv->in, csv->buf + csv->n, csv->batch, &got, err)
                   : rec_in_read(csv->in, csv->buf + csv->n, csv->batch, &got, err);
    if (st != REC_OK)
        return st;
    for (size_t at = 0, n; at < got; at += n) {
        n = got - at < REC_CSV_PIECE_BYTES ? got - at : REC_CSV_PIECE_BYTES;
        csv->digest = rec_hash64(csv->buf + csv->n + at, n, csv->digest);
    }
    csv->n += got;
    csv->eof = csv->live ? got == 0 : got < csv->batch;
    memset(csv->buf + csv->n, 0, REC_CSV_WINDOW);
    return REC_OK;
}

enum rec_status rec_csv_settle(struct rec_csv *csv, struct rec_err *err)
{
    struct rec_csv_span *s = &csv->rest;
    const char *whole;

    s->text = csv->buf + csv->pos;
    s->end = csv->buf + csv->n;
    s->has_quotes =
        !s->dialect.unquoted && memchr(s->text, '"', csv->n - csv->pos) != NULL;
    s->has_nul = memchr(s->text, '\0', csv->n - csv->pos) != NULL;
    whole = csv->eof ? s->end : rec_csv_row_end(s, s->text, SIZE_MAX);
    csv->whole = whole == NULL ? csv->pos : (size_t)(whole - csv->buf);
    if (csv->n - csv->whole > REC_CSV_MAX_ROW_BYTES) {
        s->line += count_lines(s->text, csv->buf + csv->whole, s->dialect.newline);
        return rec_csv_too_long(s, err);
    }
    s->end = csv->buf + csv->whole;
    return REC_OK;
}

/* Makes sure that there are rows to hand out, if there are any. */
static enum rec_status refill(struct rec_csv *csv, struct rec_err *err)
{
    enum rec_status st = REC_OK;

    while (st == REC_OK && csv->pos == csv->whole && !csv->eof) {
        st = rec_csv_fill(csv, err);
        if (st == REC_OK)
            st = rec_csv_settle(csv, err);
    }
    return st;
}

enum rec_status rec_csv_peek(struct rec_csv *csv, struct rec_csv_row *row,
                             struct rec_err *err)
{
    enum rec_status st;

    for (;;) {
        struct rec_csv_span s;

        st = refill(csv, err);
        if (st != REC_OK)
            return st;
        s = csv->rest;
        s.unquoted.n = 0;
        st = rec_csv_span_next(&s, row, err);
        csv->rest.unquoted = s.unquoted;
        if (st != REC_OK || row->n > 0 || csv->eof)
            return st;
        csv->rest = s; /* nothing but empty lines */
        csv->pos = csv->whole;
    }
}

enum rec_status rec_csv_next(struct rec_csv *csv, struct rec_csv_row *row,
                             struct rec_err *err)
{
    enum rec_status st;

    do {
        st = refill(csv, err);
        if (st != REC_OK)
            return st;
        csv->rest.unquoted.n = 0;
        st = rec_csv_span_next(&csv->rest, row, err);
        csv->pos = (size_t)(csv->rest.text - csv->buf);
    } while (st == REC_OK && row->n == 0 && !(csv->eof && csv->pos == csv->whole));
    return st;
}

enum rec_status rec_csv_spans(struct rec_csv *csv, struct rec_csv_span *spans,
                              uint32_t max, uint32_t *n, struct rec_err *err)
{
    struct rec_csv_span *rest = &csv->rest;
    const char *stop = NULL;
    size_t least;
    enum rec_status st = refill(csv, err);

    *n = 0;
    if (st != REC_OK)
        return st;
    if (csv->whole - csv->pos > csv->most)
        stop = rec_csv_row_end(rest, rest->text, csv->most);
    if (stop != NULL)
        rest->end = stop;
    least = (size_t)(rest->end - rest->text) / max + 1;
    while (rest->text < rest->end) {
        struct rec_buf room = spans[*n].unquoted;
        const char *end =
            *n + 1 == max ? NULL : rec_csv_row_end(rest, rest->text, least);

        spans[*n] = *rest;
        spans[*n].unquoted = room;
        spans[*n].unquoted.n = 0;
        if (end != NULL)
            spans[*n].end = end;
        rest->line += count_lines(rest->text, spans[*n].end, rest->dialect.newline);
        rest->text = spans[(*n)++].end;
    }
    csv->pos = (size_t)(rest->text - csv->buf);
    rest->end = csv->buf + csv->whole;
    return REC_OK;
}

struct rec_csv_span rec_csv_ahead(const struct rec_csv *csv)
{
    return csv->rest;
}

enum rec_status rec_csv_take_lists(struct rec_csv *csv, struct rec_csv_dialect d,
                                   struct rec_err *err)
{
    csv->rest.dialect.delim = d.delim;
    csv->rest.dialect.doubled = d.doubled;
    csv->rest.dialect.unquoted = true;
    csv->most = csv->batch / LIST_ROWS;
    return rec_csv_settle(csv, err);
}

const char *rec_csv_name(const struct rec_csv *csv)
{
    return rec_in_name(csv->in);
}

struct rec_csv_dialect rec_csv_dialect(const struct rec_csv *csv)
{
    return csv->rest.dialect;
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
    rec_buf_free(&csv->rest.unquoted);
    rec_free(csv->buf);
    rec_free(csv);
}
