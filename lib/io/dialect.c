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

void rec_dialect_delim(const char *text, size_t n, struct rec_csv_dialect *out)
{
    static const struct {
        char delim;
        bool doubled;
    } candidates[] = {
        { ':', true }, { '\t', false }, { ';', false }, { ',', false }, { ' ', false }
    };
    struct rec_csv_dialect found = { ',', false, out->newline };
    unsigned most = 0;

    for (size_t i = 0; i < sizeof candidates / sizeof *candidates; i++) {
        struct rec_csv_dialect d = { candidates[i].delim, candidates[i].doubled,
                                     out->newline };
        unsigned lines = agreeing_lines(text, n, &d);

        if (lines > most) {
            most = lines;
            found = d;
        }
    }
    *out = found;
}
