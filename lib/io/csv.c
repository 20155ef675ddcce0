#include "io/csv.h"

#include <string.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "base/hash.h"
#include "io/dialect.h"

/* Readable bytes behind the text: marks() looks at 64 bytes at a time. */
enum { WINDOW = 64 };
/* Batches are whole pieces, so that nothing but their number depends on their size. */
enum { PIECE_BYTES = 1 << 20, LEFT_TO_BATCH = 32 };
/* Lists have about so many times the rows of a CSV a byte. */
enum { LIST_ROWS = 4 };

struct rec_csv {
    struct rec_in *in;
    char *buf;
    size_t batch; /* bytes read at a time, */
    size_t most;  /* and handed out */
    size_t pos, whole,
        n; /* pos..whole: rows not handed out; ..n: the start of another */
    bool eof;
    bool live; /* hand out what there is */
    uint64_t digest;
    struct rec_csv_span rest; /* what is said of the rows from pos on */
};

/* ---- one row ---- */

static enum rec_status refuse(const struct rec_csv_span *s, const char *what,
                              struct rec_err *err)
{
    return rec_fail(err, REC_EINPUT, "%s:%llu: %s", s->name,
                    (unsigned long long)s->line, what);
}

static enum rec_status too_long(const struct rec_csv_span *s, struct rec_err *err)
{
    return refuse(s, "a row of more than 1 MiB: is a quote open?", err);
}

/* Bit i: byte i of the 64 at P is A or B. */
static inline uint64_t marks(const char *p, char a, char b)
{
    uint64_t m = 0;

#ifdef __SSE2__
    const __m128i va = _mm_set1_epi8(a), vb = _mm_set1_epi8(b);

    for (int i = 0; i < WINDOW / 16; i++) {
        __m128i v = _mm_loadu_si128((const __m128i *)(const void *)(p + 16 * i));
        __m128i hit = _mm_or_si128(_mm_cmpeq_epi8(v, va), _mm_cmpeq_epi8(v, vb));

        m |= (uint64_t)(uint32_t)_mm_movemask_epi8(hit) << 16 * i;
    }
#else
    for (int i = 0; i < WINDOW; i++)
        m |= (uint64_t)(p[i] == a || p[i] == b) << i;
#endif
    return m;
}

static bool add_field(struct rec_csv_row *row, const char *from, const char *to)
{
    if (row->n == REC_CSV_MAX_FIELDS)
        return false;
    row->field[row->n] = from;
    row->len[row->n++] = (uint32_t)(to - from);
    return true;
}

/* Marks a row with too many columns; the end of its line. */
static const char *pass_wide_line(const struct rec_csv_span *s, struct rec_csv_row *row)
{
    const char *newline =
        memchr(s->text, s->dialect.newline, (size_t)(s->end - s->text));
    const char *end = newline == NULL ? s->end : newline;

    row->field[REC_CSV_MAX_FIELDS] = end;
    row->len[REC_CSV_MAX_FIELDS] = 0;
    row->n = REC_CSV_MAX_FIELDS + 1;
    return end;
}

/* Splits the line at TEXT at every delimiter; the byte after its last. */
static const char *split_line(const struct rec_csv_span *s, struct rec_csv_row *row)
{
    const struct rec_csv_dialect d = s->dialect;
    const char *field = s->text, *end = s->end;

    row->n = 0;
    for (const char *w = s->text; w < end; w += WINDOW)
        for (uint64_t m = marks(w, d.delim, d.newline); m != 0; m &= m - 1) {
            const char *p = w + __builtin_ctzll(m);

            if (p >= end)
                break;
            if (*p == d.newline)
                return add_field(row, field, p) ? p : pass_wide_line(s, row);
            if (d.doubled && (p < field || p + 1 == end || p[1] != d.delim))
                continue;
            if (!add_field(row, field, p))
                return pass_wide_line(s, row);
            field = p + 1 + d.doubled;
        }
    return add_field(row, field, end) ? end : pass_wide_line(s, row);
}

/* The end of the delimiter at P, or NULL if there is none. */
static const char *pass_delim(const struct rec_csv_span *s, const char *p)
{
    if (p == s->end || *p != s->dialect.delim)
        return NULL;
    if (!s->dialect.doubled)
        return p + 1;
    return p + 1 < s->end && p[1] == s->dialect.delim ? p + 2 : NULL;
}

static bool at_field_end(const struct rec_csv_span *s, const char *p)
{
    return p == s->end || *p == s->dialect.newline || pass_delim(s, p) != NULL;
}

/*
 * Takes the quoted field that begins at *p, quotes undone, and leaves *p behind it.
 * Without "" and without text behind the closing quote it is a part of the input, else
 * it goes to `unquoted`, which has room.
 */
static bool take_quoted(struct rec_csv_span *s, const char **p, struct rec_csv_row *row,
                        uint64_t *newlines)
{
    const char *from = *p + 1, *q = from;
    char *copy = (char *)s->unquoted.data + s->unquoted.n, *out = copy;
    bool plain = true;

    for (;; q++) {
        if (q == s->end)
            return false;
        *newlines += *q == s->dialect.newline;
        if (*q != '"') {
            *out++ = *q;
        } else if (q + 1 < s->end && q[1] == '"') {
            *out++ = *q++;
            plain = false;
        } else {
            break;
        }
    }
    row->field[row->n] = plain ? from : copy;
    row->len[row->n] = (uint32_t)(out - copy);
    for (q++; !at_field_end(s, q); q++) {
        *out++ = *q;
        row->field[row->n] = copy;
        row->len[row->n] = (uint32_t)(out - copy);
    }
    if (row->field[row->n] == copy)
        s->unquoted.n += (size_t)(out - copy);
    *p = q;
    return true;
}

/* The same as split_line(), for a row with quotes; *newlines counts those in fields. */
static enum rec_status split_quoted(struct rec_csv_span *s, struct rec_csv_row *row,
                                    const char **after, uint64_t *newlines,
                                    struct rec_err *err)
{
    const char *p = s->text, *next;
    bool is_wide = false;
    enum rec_status st = rec_buf_reserve(&s->unquoted, (size_t)(s->end - s->text), err);

    if (st != REC_OK)
        return st;
    for (row->n = 0;; p = next) {
        if (p < s->end && *p == '"') {
            if (!take_quoted(s, &p, row, newlines))
                return refuse(s, "a quote is opened and never closed", err);
        } else {
            row->field[row->n] = p;
            while (!at_field_end(s, p))
                p++;
            row->len[row->n] = (uint32_t)(p - row->field[row->n]);
        }
        if (row->n < REC_CSV_MAX_FIELDS)
            row->n++;
        else
            is_wide = true;
        next = pass_delim(s, p);
        if (next == NULL)
            break;
    }
    row->n += is_wide;
    *after = p;
    return REC_OK;
}

static bool line_has_quotes(const struct rec_csv_span *s)
{
    size_t n = (size_t)(s->end - s->text);
    const char *newline = memchr(s->text, s->dialect.newline, n);

    return memchr(s->text, '"', newline == NULL ? n : (size_t)(newline - s->text)) !=
           NULL;
}

/* CRLF is a newline too; true if there is nothing else. */
static bool drop_cr(const struct rec_csv_span *s, struct rec_csv_row *row)
{
    uint32_t last = row->n - 1;

    if (s->dialect.newline != '\n' || row->len[last] == 0 ||
        row->field[last][row->len[last] - 1] != '\r')
        return false;
    row->len[last]--;
    return last == 0 && row->len[0] == 0;
}

enum rec_status rec_csv_span_next(struct rec_csv_span *s, struct rec_csv_row *row,
                                  struct rec_err *err)
{
    row->n = 0;
    while (s->text < s->end) {
        const char *after = NULL;
        uint64_t newlines = 0;
        bool is_empty;

        row->line = s->line;
        if (s->has_quotes && line_has_quotes(s)) {
            enum rec_status st = split_quoted(s, row, &after, &newlines, err);

            if (st != REC_OK)
                return st;
        } else {
            after = split_line(s, row);
        }
        if (after - s->text > REC_CSV_MAX_ROW_BYTES)
            return too_long(s, err);
        if (s->has_nul && memchr(s->text, '\0', (size_t)(after - s->text)) != NULL)
            return refuse(s, "a NUL byte: this is not text", err);
        is_empty = after == s->text;
        row->text = s->text;
        row->bytes = (uint32_t)(after - s->text);
        s->line += newlines + 1;
        s->text = after + (after < s->end);
        if (!is_empty && !drop_cr(s, row))
            return REC_OK;
    }
    row->n = 0;
    return REC_OK;
}

/* ---- batches ---- */

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

/*
 * Walks rows that may hold quotes from P on; the first row end at or after P + LEAST,
 * or the last one there is, or NULL.  A quote opens a quoted field only at a field's
 * start.
 */
static const char *walk_rows(const struct rec_csv_span *s, const char *p, size_t least)
{
    const char *from = p, *found = NULL;
    bool quoted = false, start = true;

    while (p < s->end) {
        const char *next = quoted ? NULL : pass_delim(s, p);

        if (quoted && *p == '"' && p + 1 < s->end && p[1] == '"') {
            p++;
        } else if (*p == '"' && (quoted || start)) {
            quoted = !quoted;
        } else if (!quoted && *p == s->dialect.newline) {
            found = p + 1;
            if ((size_t)(found - from) >= least)
                return found;
        }
        start = !quoted && (next != NULL || *p == s->dialect.newline);
        p = next != NULL ? next : p + 1;
    }
    return found;
}

/* The first row end at or after FROM + LEAST, or the last one; NULL if there is none.
 */
static const char *find_row_end(const struct rec_csv_span *s, const char *from,
                                size_t least)
{
    size_t n = (size_t)(s->end - from);
    const char *p;

    if (s->has_quotes)
        return walk_rows(s, from, least);
    if (least > 0 && least < n) {
        p = memchr(from + least - 1, s->dialect.newline, n - least + 1);
        if (p != NULL)
            return p + 1;
    }
    p = memrchr(from, s->dialect.newline, n);
    return p == NULL ? NULL : p + 1;
}

/* Reads one batch behind the bytes that are left. */
static enum rec_status fill(struct rec_csv *csv, struct rec_err *err)
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
        n = got - at < PIECE_BYTES ? got - at : PIECE_BYTES;
        csv->digest = rec_hash64(csv->buf + csv->n + at, n, csv->digest);
    }
    csv->n += got;
    csv->eof = csv->live ? got == 0 : got < csv->batch;
    memset(csv->buf + csv->n, 0, WINDOW);
    return REC_OK;
}

/* Finds how far the rows of the buffer are whole. */
static enum rec_status settle(struct rec_csv *csv, struct rec_err *err)
{
    struct rec_csv_span *s = &csv->rest;
    const char *whole;

    s->text = csv->buf + csv->pos;
    s->end = csv->buf + csv->n;
    s->has_quotes =
        !s->dialect.unquoted && memchr(s->text, '"', csv->n - csv->pos) != NULL;
    s->has_nul = memchr(s->text, '\0', csv->n - csv->pos) != NULL;
    whole = csv->eof ? s->end : find_row_end(s, s->text, SIZE_MAX);
    csv->whole = whole == NULL ? csv->pos : (size_t)(whole - csv->buf);
    if (csv->n - csv->whole > REC_CSV_MAX_ROW_BYTES) {
        s->line += count_lines(s->text, csv->buf + csv->whole, s->dialect.newline);
        return too_long(s, err);
    }
    s->end = csv->buf + csv->whole;
    return REC_OK;
}

/* Makes sure that there are rows to hand out, if there are any. */
static enum rec_status refill(struct rec_csv *csv, struct rec_err *err)
{
    enum rec_status st = REC_OK;

    while (st == REC_OK && csv->pos == csv->whole && !csv->eof) {
        st = fill(csv, err);
        if (st == REC_OK)
            st = settle(csv, err);
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
        stop = find_row_end(rest, rest->text, csv->most);
    if (stop != NULL)
        rest->end = stop;
    least = (size_t)(rest->end - rest->text) / max + 1;
    while (rest->text < rest->end) {
        struct rec_buf room = spans[*n].unquoted;
        const char *end = *n + 1 == max ? NULL : find_row_end(rest, rest->text, least);

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

/* ---- opening ---- */

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
            st = fill(csv, err);
            continue;
        }
        if (p == NULL && !csv->eof)
            return too_long(&csv->rest, err);
        csv->pos = p == NULL ? csv->n : (size_t)(p + 1 - csv->buf);
        csv->rest.line++;
        skip--;
    }
    return st;
}

static size_t batch_bytes(void)
{
    uint64_t n = rec_mem_left() / LEFT_TO_BATCH / PIECE_BYTES * PIECE_BYTES;

    return n < PIECE_BYTES           ? PIECE_BYTES
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
    csv->buf =
        rec_alloc(REC_CSV_MAX_ROW_BYTES + csv->batch + WINDOW, 1, "CSV buffer", err);
    if (csv->buf != NULL)
        st = rec_in_open(path, true, &csv->in, err);
    if (st == REC_OK) {
        csv->rest.name = rec_in_name(csv->in);
        st = fill(csv, err);
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
        end = from + at_most(csv->n - from, PIECE_BYTES);
    }
    if (st == REC_OK && d->delim == 0)
        rec_dialect_delim(csv->buf + from, end - from, d);
    return st == REC_OK ? settle(csv, err) : st;
}

enum rec_status rec_csv_open(const char *path, const struct rec_csv_dialect *dialect,
                             uint64_t skip, struct rec_csv **out, struct rec_err *err)
{
    struct rec_csv *csv = NULL;
    enum rec_status st = start(path, dialect, false, &csv, err);

    if (st == REC_OK)
        st = look(csv, 0, at_most(csv->n, PIECE_BYTES), skip, err);
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
        st = fill(csv, err);
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
    return settle(csv, err);
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
