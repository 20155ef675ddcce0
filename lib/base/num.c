#include "base/num.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool rec_parse_u64(const char *s, size_t n, uint64_t *out)
{
    uint64_t x = 0;

    if (n == 0)
        return false;
    for (size_t i = 0; i < n; i++) {
        unsigned d = (unsigned)((unsigned char)s[i] - '0');

        if (d > 9 || __builtin_mul_overflow(x, 10, &x) ||
            __builtin_add_overflow(x, d, &x))
            return false;
    }
    *out = x;
    return true;
}

bool rec_parse_i64(const char *s, size_t n, int64_t *out)
{
    bool minus = n > 0 && s[0] == '-';
    uint64_t top = (uint64_t)INT64_MAX + (minus ? 1 : 0);
    uint64_t x;

    if (!rec_parse_u64(s + minus, n - minus, &x) || x > top)
        return false;
    *out = minus ? (int64_t)(0 - x) : (int64_t)x;
    return true;
}

/* [-] digits [. digits] [e [+-] digits], at least one digit before any 'e'. */
static bool well_formed(const char *s, size_t n)
{
    size_t i = n > 0 && s[0] == '-';
    size_t digits = 0;

    for (; i < n && s[i] >= '0' && s[i] <= '9'; i++)
        digits++;
    if (i < n && s[i] == '.')
        for (i++; i < n && s[i] >= '0' && s[i] <= '9'; i++)
            digits++;
    if (digits == 0)
        return false;
    if (i < n && (s[i] == 'e' || s[i] == 'E')) {
        size_t from;

        i++;
        if (i < n && (s[i] == '+' || s[i] == '-'))
            i++;
        from = i;
        while (i < n && s[i] >= '0' && s[i] <= '9')
            i++;
        if (i == from)
            return false;
    }
    return i == n;
}

/*
 * Up to 15 digits and no exponent: the digits as an integer and the power of ten
 * are both exact doubles, so that one division is correctly rounded.
 */
static bool parse_short(const char *s, size_t n, double *out)
{
    static const double ten[] = { 1e0, 1e1, 1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                  1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15 };
    bool minus = n > 0 && s[0] == '-';
    size_t i = minus, digits = 0, after = 0;
    uint64_t x = 0;
    bool point = false;

    if (n - minus > 16)
        return false;
    for (; i < n; i++) {
        unsigned d = (unsigned)((unsigned char)s[i] - '0');

        if (d <= 9) {
            x = x * 10 + d;
            digits++;
            after += point;
        } else if (s[i] == '.' && !point) {
            point = true;
        } else {
            return false;
        }
    }
    if (digits == 0 || digits > 15)
        return false;
    *out = (double)x / ten[after];
    if (minus)
        *out = -*out;
    return true;
}

bool rec_parse_f64(const char *s, size_t n, double *out)
{
    char text[512];
    double x;

    if (parse_short(s, n, out))
        return true;
    if (n >= sizeof text || !well_formed(s, n))
        return false;
    memcpy(text, s, n);
    text[n] = '\0';
    x = strtod(text, NULL);
    if (!isfinite(x))
        return false;
    *out = x;
    return true;
}

bool rec_parse_size(const char *s, size_t n, uint64_t *out)
{
    static const char units[] = "KMGT";
    const char *unit = n > 0 ? memchr(units, s[n - 1] & ~0x20, 4) : NULL;
    unsigned shift = unit == NULL ? 0 : 10 * (unsigned)(unit - units + 1);
    uint64_t x;

    if (!rec_parse_u64(s, n - (unit != NULL), &x) || x > UINT64_MAX >> shift)
        return false;
    *out = x << shift;
    return true;
}

size_t rec_format_f64(double x, char *out)
{
    int n = 0;

    for (int digits = 15; digits <= 17; digits++) {
        n = snprintf(out, REC_NUM_CHARS, "%.*g", digits, x);
        if (strtod(out, NULL) == x)
            break;
    }
    return (size_t)n;
}

size_t rec_format_f32(float x, char *out)
{
    int n = 0;

    for (int digits = 6; digits <= 9; digits++) {
        n = snprintf(out, REC_NUM_CHARS, "%.*g", digits, (double)x);
        if (strtof(out, NULL) == x)
            break;
    }
    return (size_t)n;
}

/* Half-way cases, near which the product may be rounded to the wrong side, are left to
 * printf. */
size_t rec_format_fixed(double x, char *out)
{
    double y = fabs(x) * 1e6, rest = y - floor(y);
    uint64_t whole, part;
    size_t n = 0, digits = 1;

    if (!(y < 1e12) || fabs(rest - 0.5) < 1e-3)
        return (size_t)snprintf(out, REC_FIXED_CHARS, fabs(x) < 1e15 ? "%.6f" : "%.9g",
                                x);
    whole = (uint64_t)(y + 0.5);
    part = whole % 1000000;
    whole /= 1000000;
    if (signbit(x))
        out[n++] = '-';
    for (uint64_t w = whole; w >= 10; w /= 10)
        digits++;
    for (size_t i = digits; i-- > 0; whole /= 10)
        out[n + i] = (char)('0' + whole % 10);
    n += digits;
    out[n++] = '.';
    for (size_t i = 6; i-- > 0; part /= 10)
        out[n + i] = (char)('0' + part % 10);
    out[n + 6] = '\0';
    return n + 6;
}
