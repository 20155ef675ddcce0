#include "io/dialect.h"

#include <string.h>

enum { LINES = 100, MAX_COLUMNS = 64 };

char rec_dialect_newline(const char *text, size_t n)
{
    return n > 0 && memchr(text, '\n', n) == NULL && memchr(text, '\r', n) != NULL
               ? '\r'
               : '\n';
}

/*
 * How many of the first lines have as many columns as most of them have; 0 if that is
 * one.  A line that the text ends in does not count, unless it is the only one.
 */
static unsigned agreeing_lines(const char *text, size_t n,
                               const struct rec_csv_dialect *d)
{
    unsigned lines_with[MAX_COLUMNS + 1] = { 0 }, columns = 1, lines = 0, best = 0;
    bool quoted = false;

    for (size_t i = 0; i < n && lines < LINES; i++) {
        bool is_delim = text[i] == d->delim &&
                        (!d->doubled || (i + 1 < n && text[i + 1] == d->delim));

        if (text[i] == '"') {
            quoted = !quoted;
        } else if (!quoted && is_delim) {
            columns += columns < MAX_COLUMNS;
            i += d->doubled;
        } else if (!quoted && text[i] == d->newline) {
            lines_with[columns]++;
            lines++;
            columns = 1;
        }
    }
    if (lines == 0)
        lines_with[columns]++;
    for (unsigned c = 2; c <= MAX_COLUMNS; c++)
        best = lines_with[c] > best ? lines_with[c] : best;
    return best;
}

static const struct {
    char delim;
    bool doubled;
} candidates[] = { { ':', true },  { '\t', false }, { ';', false },
                   { ',', false }, { '|', false },  { ' ', false } };

bool rec_dialect_known(uint32_t i, struct rec_csv_dialect *d)
{
    if (i >= sizeof candidates / sizeof *candidates)
        return false;
    d->delim = candidates[i].delim;
    d->doubled = candidates[i].doubled;
    return true;
}

const char *rec_dialect_name(struct rec_csv_dialect d, char *out)
{
    if (d.delim == '\t')
        return "tab";
    if (d.delim == ' ')
        return "space";
    out[0] = d.delim;
    out[1] = d.doubled ? d.delim : '\0';
    out[2] = '\0';
    return out;
}

enum rec_status rec_dialect_parse(const char *option, const char *text,
                                  struct rec_csv_dialect *d, struct rec_err *err)
{
    if (text == NULL)
        return REC_OK; /* by looking */
    if (strcmp(text, "tab") == 0)
        d->delim = '\t';
    else if (strcmp(text, "::") == 0)
        *d = (struct rec_csv_dialect){ .delim = ':', .doubled = true };
    else if (strlen(text) == 1 && *text != '"')
        d->delim = *text;
    else
        return rec_fail(err, REC_EUSAGE,
                        "--%s: '%s' is not one character, '::' or 'tab'", option, text);
    return REC_OK;
}

void rec_dialect_delim(const char *text, size_t n, struct rec_csv_dialect *out)
{
    struct rec_csv_dialect found = { ',', false, out->newline, out->unquoted };
    struct rec_csv_dialect d = *out;
    unsigned most = 0;

    for (uint32_t i = 0; rec_dialect_known(i, &d); i++) {
        unsigned lines = agreeing_lines(text, n, &d);

        if (lines > most) {
            most = lines;
            found = d;
        }
    }
    *out = found;
}
