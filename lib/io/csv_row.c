/* From bytes to fields: the rows of a span, and where they end. */
#include <string.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "io/csv_state.h"

static enum rec_status refuse(const struct rec_csv_span *s, const char *what,
                              struct rec_err *err)
{
    return rec_fail(err, REC_EINPUT, "%s:%llu: %s", s->name,
                    (unsigned long long)s->line, what);
}

enum rec_status rec_csv_too_long(const struct rec_csv_span *s, struct rec_err *err)
{
    return refuse(s, "a row of more than 1 MiB: is a quote open?", err);
}

/* Bit i: byte i of the 64 at P is A or B. */
static inline uint64_t marks(const char *p, char a, char b)
{
    uint64_t m = 0;

#ifdef __SSE2__
    const __m128i va = _mm_set1_epi8(a), vb = _mm_set1_epi8(b);

    for (int i = 0; i < REC_CSV_WINDOW / 16; i++) {
        __m128i v = _mm_loadu_si128((const __m128i *)(const void *)(p + 16 * i));
        __m128i hit = _mm_or_si128(_mm_cmpeq_epi8(v, va), _mm_cmpeq_epi8(v, vb));

        m |= (uint64_t)(uint32_t)_mm_movemask_epi8(hit) << 16 * i;
    }
#else
    for (int i = 0; i < REC_CSV_WINDOW; i++)
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
    for (const char *w = s->text; w < end; w += REC_CSV_WINDOW)
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
            return rec_csv_too_long(s, err);
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

/* ---- where rows end ---- */

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

const char *rec_csv_row_end(const struct rec_csv_span *s, const char *from,
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
