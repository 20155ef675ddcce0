#include "base/status.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum rec_status rec_fail(struct rec_err *err, enum rec_status st, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    (void)vsnprintf(err->text, sizeof err->text, fmt, ap);
    va_end(ap);
    return st;
}

enum rec_status rec_fail_errno(struct rec_err *err, const char *fmt, ...)
{
    int saved = errno;
    size_t n;
    va_list ap;

    va_start(ap, fmt);
    (void)vsnprintf(err->text, sizeof err->text, fmt, ap);
    va_end(ap);
    n = strlen(err->text);
    (void)snprintf(err->text + n, sizeof err->text - n, ": %s", strerror(saved));
    return REC_ESYSTEM;
}

enum rec_status rec_fail_in(struct rec_err *err, enum rec_status st, const char *prefix)
{
    size_t room = sizeof err->text - 1, p = strlen(prefix) + 2, n = strlen(err->text);

    if (p >= room)
        return st;
    if (p + n > room)
        n = room - p;
    memmove(err->text + p, err->text, n);
    memcpy(err->text, prefix, p - 2);
    memcpy(err->text + p - 2, ": ", 2);
    err->text[p + n] = '\0';
    return st;
}

const char *rec_printable(const char *s, unsigned long n, char *out,
                          unsigned long out_bytes)
{
    static const char hex[] = "0123456789abcdef";
    unsigned long used = 0;

    if (out_bytes < 8) /* no room for one escape and the dots */
        n = 0;
    for (unsigned long i = 0; i < n; i++) {
        unsigned char c = (unsigned char)s[i];

        if (used + 8 > out_bytes) {
            memcpy(out + used, "...", 3);
            used += 3;
            break;
        }
        if (c >= 0x20 && c != 0x7f) {
            out[used++] = (char)c;
        } else {
            out[used++] = '\\';
            out[used++] = 'x';
            out[used++] = hex[c >> 4];
            out[used++] = hex[c & 15];
        }
    }
    out[used] = '\0';
    return out;
}
