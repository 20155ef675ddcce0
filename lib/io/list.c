#include "io/list.h"

#include <string.h>

enum { LINES = 100, MOST_COLUMNS = 4 };

/* ---- is it one? ---- */

static bool looks_split_at(char delim, const char *text, size_t n, char newline)
{
    unsigned lines = 0, fields = 1, first = 0, most = 0;
    bool differ = false;

    for (size_t i = 0; i < n && lines < LINES; i++) {
        if (memchr("\t,;|\"", text[i], 5) != NULL && text[i] != delim)
            return false;
        if (text[i] == ':' && i + 1 < n && text[i + 1] == ':')
            return false;
        fields += text[i] == delim;
        if (text[i] != newline)
            continue;
        first = lines == 0 ? fields : first;
        differ = differ || fields != first;
        most = fields > most ? fields : most;
        lines++;
        fields = 1;
    }
    return differ && most > MOST_COLUMNS;
}

bool rec_list_look(const char *text, size_t n, struct rec_csv_dialect *d)
{
    static const char delims[] = " \t";

    for (size_t i = 0; i < 2; i++)
        if ((d->delim == 0 || (d->delim == delims[i] && !d->doubled)) &&
            looks_split_at(delims[i], text, n, d->newline)) {
            d->delim = delims[i];
            d->doubled = false;
            return true;
        }
    return false;
}

/* ---- its rows ---- */

/* The field at P and where it ends. */
static const char *field_end(const struct rec_csv_span *s, const char *p)
{
    const char *end = memchr(p, s->dialect.delim, (size_t)(s->line_end - p));

    return end == NULL ? s->line_end : end;
}

static const char *pass_delims(const struct rec_csv_span *s, const char *p)
{
    while (p < s->line_end && *p == s->dialect.delim)
        p++;
    return p;
}

static enum rec_status refuse(const struct rec_csv_span *s, const char *what,
                              struct rec_err *err)
{
    return rec_fail(err, REC_EINPUT, "%s:%llu: %s", s->name,
                    (unsigned long long)s->line, what);
}

/* The next line that is not empty begins at s->first; false after the last. */
static bool next_line(struct rec_csv_span *s)
{
    while (s->text < s->end) {
        const char *end =
            memchr(s->text, s->dialect.newline, (size_t)(s->end - s->text));

        s->first = s->text;
        s->line_end = end == NULL ? s->end : end;
        s->text = s->line_end + (s->line_end < s->end);
        if (s->dialect.newline == '\n' && s->line_end > s->first &&
            s->line_end[-1] == '\r')
            s->line_end--;
        if (s->line_end > s->first)
            return true;
        s->line++;
    }
    return false;
}

enum rec_status rec_list_next(struct rec_csv_span *s, struct rec_csv_row *row,
                              struct rec_err *err)
{
    const char *end;

    row->n = 0;
    if (s->list == NULL) {
        if (!next_line(s))
            return REC_OK;
        if (s->line_end - s->first > REC_CSV_MAX_ROW_BYTES)
            return refuse(s, "a line of more than 1 MiB", err);
        if (s->has_nul &&
            memchr(s->first, '\0', (size_t)(s->line_end - s->first)) != NULL)
            return refuse(s, "a NUL byte: this is not text", err);
        s->list = pass_delims(s, field_end(s, s->first));
    }
    end = field_end(s, s->list);
    *row = (struct rec_csv_row){ .line = s->line,
                                 .text = s->first,
                                 .bytes = (uint32_t)(s->line_end - s->first),
                                 .n = 2,
                                 .field = { s->first, s->list },
                                 .len = { (uint32_t)(field_end(s, s->first) - s->first),
                                          (uint32_t)(end - s->list) } };
    s->list = pass_delims(s, end);
    if (s->list == s->line_end) {
        s->list = NULL;
        s->line++;
    }
    return REC_OK;
}
