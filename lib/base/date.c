#include "base/date.h"

#include <string.h>

#include "base/num.h"

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool all_digits(const char *s, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!is_digit(s[i]))
            return false;
    return n > 0;
}

/* N digits at S that make a number of at most MAX. */
static bool take(const char *s, size_t n, int max, int *out)
{
    int x = 0;

    if (!all_digits(s, n))
        return false;
    for (size_t i = 0; i < n; i++)
        x = 10 * x + (s[i] - '0');
    *out = x;
    return x <= max;
}

static int days_in_month(int year, int month)
{
    static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

    return days[month - 1] + (month == 2 && leap);
}

/*
 * Days since 1970-01-01.  Years are counted from 1 March, so that the day added by a
 * leap year is the last one of it; the year 0 that begins then is -719468 days away.
 */
static int64_t days_from_civil(int year, int month, int day)
{
    int y = month <= 2 ? year - 1 : year, m = month <= 2 ? month + 9 : month - 3;
    int leap_days = y < 0 ? -1 : y / 4 - y / 100 + y / 400;

    return (int64_t)365 * y + leap_days + (153 * m + 2) / 5 + day - 1 - 719468;
}

static bool take_date(const char *s, int64_t *days)
{
    int year, month, day;

    if (!take(s, 4, 9999, &year) || s[4] != '-' || !take(s + 5, 2, 12, &month) ||
        s[7] != '-' || !take(s + 8, 2, 31, &day))
        return false;
    if (month < 1 || day < 1 || day > days_in_month(year, month))
        return false;
    *days = days_from_civil(year, month, day);
    return true;
}

static bool take_clock(const char *s, int *seconds)
{
    int h, m, sec;

    if (!take(s, 2, 23, &h) || s[2] != ':' || !take(s + 3, 2, 59, &m) || s[5] != ':' ||
        !take(s + 6, 2, 59, &sec))
        return false;
    *seconds = 3600 * h + 60 * m + sec;
    return true;
}

/* The seconds by which the zone is ahead of UTC. */
static bool take_zone(const char *s, size_t n, int *ahead)
{
    size_t colon = n == 6 && s[3] == ':';
    int h, m;

    *ahead = 0;
    if (n == 0 || (n == 1 && *s == 'Z'))
        return true;
    if (n != 5 + colon || (*s != '+' && *s != '-') || !take(s + 1, 2, 23, &h) ||
        !take(s + 3 + colon, 2, 59, &m))
        return false;
    *ahead = (*s == '-' ? -1 : 1) * (3600 * h + 60 * m);
    return true;
}

enum { DATE = 10, DATE_AND_CLOCK = 19 }; /* lengths */

static bool parse_iso(const char *s, size_t n, int64_t *out)
{
    int64_t days;
    int seconds = 0, ahead = 0;
    size_t i = DATE_AND_CLOCK;

    if (n < DATE || !take_date(s, &days))
        return false;
    if (n > DATE) {
        if (n < DATE_AND_CLOCK || (s[DATE] != 'T' && s[DATE] != ' ') ||
            !take_clock(s + DATE + 1, &seconds))
            return false;
        if (i < n && s[i] == '.') {
            if (i + 1 == n || !is_digit(s[i + 1]))
                return false;
            for (i++; i < n && is_digit(s[i]); i++)
                continue;
        }
        if (!take_zone(s + i, n - i, &ahead))
            return false;
    }
    *out = 86400 * days + seconds - ahead;
    return true;
}

static bool all_zeros(const char *s, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (s[i] != '0')
            return false;
    return true;
}

static bool parse_decimal(const char *s, size_t n, int64_t *out)
{
    const char *point = memchr(s, '.', n);
    size_t whole, after;
    int64_t x;

    if (point == NULL)
        return false;
    whole = (size_t)(point - s);
    after = n - whole - 1;
    if (!all_digits(point + 1, after) || !rec_parse_i64(s, whole, &x))
        return false;
    if (*s == '-' && !all_zeros(point + 1, after)) {
        if (x == INT64_MIN)
            return false;
        x--;
    }
    *out = x;
    return true;
}

bool rec_parse_time(const char *s, size_t n, int64_t *out)
{
    return rec_parse_i64(s, n, out) || parse_iso(s, n, out) || parse_decimal(s, n, out);
}
