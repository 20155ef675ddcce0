#include "io/list.h"

#include <string.h>

#include "base/date.h"
#include "base/num.h"

enum { LOOK_LINES = 100, LOOK_BYTES = 1 << 19, RATING_FIELDS = 4 };

struct rec_list rec_list_begin(const struct rec_csv_span *span)
{
    return (struct rec_list){ .span = *span };
}

static enum rec_status refuse(const struct rec_csv_span *s, const char *what,
                              struct rec_err *err)
{
    return rec_fail(err, REC_EINPUT, "%s:%llu: %s", s->name,
                    (unsigned long long)s->line, what);
}

/* The next delimiter in FROM .. END, or END; *after is what is behind it. */
static const char *find_delim(const struct rec_csv_dialect *d, const char *from,
                              const char *end, const char **after)
{
    for (const char *p = from; p < end; p++) {
        p = memchr(p, d->delim, (size_t)(end - p));
        if (p == NULL)
            break;
        if (d->doubled && (p + 1 == end || p[1] != d->delim))
            continue;
        *after = p + 1 + d->doubled;
        return p;
    }
    *after = end;
    return end;
}

/* The next item of the line: FROM .. TO; false after the last. */
static bool next_item(struct rec_list *list, const char **from, const char **to)
{
    while (list->next < list->end) {
        *from = list->next;
        *to = find_delim(&list->span.dialect, *from, list->end, &list->next);
        if (*to > *from)
            return true;
    }
    return false;
}

/* Takes the user off the next line; false if that is empty. */
static bool begin_line(struct rec_list *list, const char *end)
{
    struct rec_csv_span *s = &list->span;
    const char *text = s->text, *user_end;

    list->line = s->line++;
    s->text = end + (end < s->end);
    if (s->dialect.newline == '\n' && end > text && end[-1] == '\r')
        end--;
    list->user = text;
    list->end = end;
    user_end = find_delim(&s->dialect, text, end, &list->next);
    list->user_len = (uint32_t)(user_end - text);
    return end > text;
}

/* Goes to the next line that is not empty, if there is one; gives its first item. */
static enum rec_status next_line(struct rec_list *list, const char **from,
                                 const char **to, bool *found, struct rec_err *err)
{
    struct rec_csv_span *s = &list->span;

    *found = false;
    while (!*found && s->text < s->end) {
        size_t n = (size_t)(s->end - s->text);
        const char *end = memchr(s->text, s->dialect.newline, n);

        if (end == NULL)
            end = s->end;
        if (end - s->text > REC_CSV_MAX_ROW_BYTES)
            return refuse(s, "a line of more than 1 MiB", err);
        if (s->has_nul && memchr(s->text, '\0', (size_t)(end - s->text)) != NULL)
            return refuse(s, "a NUL byte: this is not text", err);
        if (!begin_line(list, end))
            continue;
        *found = true;
        if (!next_item(list, from, to))
            *from = *to = list->end;
    }
    return REC_OK;
}

enum rec_status rec_list_next(struct rec_list *list, struct rec_csv_row *row,
                              struct rec_err *err)
{
    const char *from = NULL, *to = NULL;
    bool found = next_item(list, &from, &to);
    enum rec_status st = found ? REC_OK : next_line(list, &from, &to, &found, err);

    row->n = 0;
    if (st != REC_OK || !found)
        return st;
    row->n = 2;
    row->line = list->line;
    row->field[0] = list->user;
    row->len[0] = list->user_len;
    row->text = row->field[1] = from;
    row->bytes = row->len[1] = (uint32_t)(to - from);
    return REC_OK;
}

/* ---- are these lists? ---- */

struct look {
    const char *user[LOOK_LINES];
    uint32_t user_len[LOOK_LINES];
    uint32_t n, least, most; /* lines; the fewest and most fields */
    uint32_t not_ratings;
    bool all_numbers, repeated;
};

static bool is_number(const char *s, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        if (s[i] < '0' || s[i] > '9')
            return false;
    return true;
}

static bool could_be_rating(const struct rec_csv_row *row, uint32_t n)
{
    double x;
    int64_t time;

    if (n < RATING_FIELDS - 1 || !rec_parse_f64(row->field[2], row->len[2], &x))
        return false;
    return n < RATING_FIELDS || rec_parse_i64(row->field[3], row->len[3], &time) ||
           rec_parse_time(row->field[3], row->len[3], &time);
}

static void look_at(struct look *l, const struct rec_csv_row *row)
{
    uint32_t n = row->n > REC_CSV_MAX_FIELDS ? REC_CSV_MAX_FIELDS : row->n;

    while (n > 1 && row->len[n - 1] == 0) /* delimiters at the line's end */
        n--;
    for (uint32_t i = 1; i < n; i++)
        l->all_numbers = l->all_numbers && is_number(row->field[i], row->len[i]);
    for (uint32_t i = 0; i < l->n; i++)
        l->repeated =
            l->repeated || (l->user_len[i] == row->len[0] &&
                            memcmp(l->user[i], row->field[0], row->len[0]) == 0);
    l->user[l->n] = row->field[0];
    l->user_len[l->n++] = row->len[0];
    l->least = n < l->least ? n : l->least;
    l->most = n > l->most ? n : l->most;
    l->not_ratings += !could_be_rating(row, n);
}

bool rec_list_found(const struct rec_csv_span *span)
{
    struct rec_csv_span s = *span;
    struct look l = { .least = UINT32_MAX, .all_numbers = true };
    struct rec_csv_row row;
    struct rec_err err;

    if ((s.dialect.delim != ' ' && s.dialect.delim != '\t') || s.dialect.doubled)
        return false;
    if (s.end - s.text > LOOK_BYTES) {
        const char *end = memrchr(s.text, s.dialect.newline, LOOK_BYTES);

        s.end = end == NULL ? s.text : end;
    }
    s.has_quotes = false;
    while (l.n < LOOK_LINES) {
        if (rec_csv_span_next(&s, &row, &err) != REC_OK ||
            (row.n > 0 && memchr(row.text, '"', row.bytes) != NULL))
            return false;
        if (row.n == 0)
            break;
        look_at(&l, &row);
    }
    return l.n > 1 && !l.repeated && l.least < l.most && l.most > RATING_FIELDS &&
           (l.all_numbers || 2 * l.not_ratings > l.n);
}
