/* num */
#include <inttypes.h>
#include <locale.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/num.h"
#include "unit/test.h"

static bool same_bits(double a, double b)
{
    return memcmp(&a, &b, sizeof a) == 0;
}

static void u64_takes_digits_and_nothing_else(void)
{
    static const struct {
        const char *s;
        bool ok;
        uint64_t x;
    } cases[] = {
        { "0", true, 0 },
        { "007", true, 7 },
        { "18446744073709551615", true, UINT64_MAX },
        { "18446744073709551616", false, 0 },
        { "99999999999999999999", false, 0 },
        { "100000000000000000000000", false, 0 },
        { "", false, 0 },
        { "-1", false, 0 },
        { "+1", false, 0 },
        { " 1", false, 0 },
        { "1 ", false, 0 },
        { "0x10", false, 0 },
        { "1.0", false, 0 },
        { "1e3", false, 0 },
        { "\xd9\xa3", false, 0 },
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint64_t x = 77;
        bool ok = rec_parse_u64(cases[i].s, strlen(cases[i].s), &x);

        CHECKF(ok == cases[i].ok, "'%s'", cases[i].s);
        CHECKF(x == (ok ? cases[i].x : 77), "'%s' gives %" PRIu64, cases[i].s, x);
    }
}

static void i64_takes_the_whole_range(void)
{
    static const struct {
        const char *s;
        bool ok;
        int64_t x;
    } cases[] = {
        { "0", true, 0 },
        { "-0", true, 0 },
        { "-42", true, -42 },
        { "9223372036854775807", true, INT64_MAX },
        { "9223372036854775808", false, 0 },
        { "-9223372036854775808", true, INT64_MIN },
        { "-9223372036854775809", false, 0 },
        { "-", false, 0 },
        { "--1", false, 0 },
        { "+1", false, 0 },
        { "1.", false, 0 },
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int64_t x = 77;
        bool ok = rec_parse_i64(cases[i].s, strlen(cases[i].s), &x);

        CHECKF(ok == cases[i].ok, "'%s'", cases[i].s);
        CHECKF(x == (ok ? cases[i].x : 77), "'%s' gives %" PRId64, cases[i].s, x);
    }
}

static void f64_takes_decimal_numbers_and_nothing_else(void)
{
    static const char *const good[] = {
        "0",
        "-0",
        "5",
        "5.0",
        "-2.5",
        ".5",
        "5.",
        "-.5",
        "1e3",
        "1E3",
        "1e+3",
        "1e-3",
        "0.1",
        "0.30000000000000004",
        "123456789012345",
        "1234567890123456",
        "0.000000000000001",
        "0.0000000000000001",
        "000000000000000000001.50",
        "-123456789012345",
        "-1234567.12345678",
        "9007199254740993",
        "4.9e-324",
        "1e-400",
        "1.7976931348623157e308",
        "2.2250738585072011e-308",
        "179769313486231570000000000000000000000e270",
    };
    static const char *const bad[] = {
        "",    "-",    "+1",    " 1",       "1 ",      ".",     "-.",   "e5",
        ".e5", "1e",   "1e+",   "1e-",      "1e5.",    "0x1p3", "0x10", "nan",
        "NaN", "inf",  "-inf",  "infinity", "1,5",     "1.2.3", "1..2", "--1",
        "1-",  "five", "1e999", "-1e999",   "1.8e308", "1f",    "1d",   "1_000",
    };

    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        double x = 77.0;

        CHECKF(rec_parse_f64(good[i], strlen(good[i]), &x), "'%s'", good[i]);
        CHECKF(same_bits(x, strtod(good[i], NULL)), "'%s' gives %.17g", good[i], x);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        double x = 77.0;

        CHECKF(!rec_parse_f64(bad[i], strlen(bad[i]), &x), "'%s'", bad[i]);
        CHECKF(x == 77.0, "'%s' gives %.17g", bad[i], x);
    }
}

static void numbers_end_where_their_length_says(void)
{
    uint64_t u = 0;
    int64_t i = 0;
    double x = 0.0;

    CHECK(rec_parse_u64("12345", 2, &u) && u == 12);
    CHECK(rec_parse_i64("-12345", 3, &i) && i == -12);
    CHECK(rec_parse_f64("4.5,6", 3, &x) && x == 4.5);
    CHECK(rec_parse_f64("1.23456789012345678,6", 19, &x) && x == 1.23456789012345678);
    CHECK(!rec_parse_u64("1\0002", 3, &u) && !rec_parse_f64("1\0002", 3, &x));
    CHECK(!rec_parse_f64("1.2345678901234567890\000", 22, &x));
}

/* Random decimals of 1 to 25 digits, a point anywhere, often an exponent. */
static void f64_is_rounded_as_strtod_rounds(void)
{
    uint64_t state = 7;

    for (int i = 0; i < 150000; i++) {
        char s[64];
        size_t n = 0, digits = 1 + test_random(&state) % 25;
        size_t point = test_random(&state) % (2 * digits);
        double x = NAN;

        if (test_random(&state) % 4 == 0)
            s[n++] = '-';
        for (size_t k = 0; k < digits; k++) {
            if (k == point)
                s[n++] = '.';
            s[n++] = (char)('0' + test_random(&state) % 10);
        }
        s[n] = '\0';
        if (test_random(&state) % 3 == 0)
            n += (size_t)snprintf(s + n, sizeof s - n, "e%d",
                                  (int)(test_random(&state) % 560) - 280);
        CHECKF(rec_parse_f64(s, n, &x), "'%s'", s);
        CHECKF(same_bits(x, strtod(s, NULL)), "'%s' gives %.17g", s, x);
    }
}

static void f64_point_is_a_point_in_any_locale(void)
{
    static const char *const names[] = { "de_DE.UTF-8", "fr_FR.UTF-8", "de_DE" };
    const char *set = NULL;
    bool ok[2];
    double x = 0.0, y = 0.0;

    for (size_t i = 0; i < 3 && set == NULL; i++)
        set = setlocale(LC_NUMERIC, names[i]);
    ok[0] = rec_parse_f64("1.5", 3, &x);
    ok[1] = rec_parse_f64("1.12345678901234567", 19, &y);
    (void)setlocale(LC_NUMERIC, "C");
    CHECK(ok[0] && x == 1.5);
    CHECKF(ok[1] && y == 1.12345678901234567, "%s: %.17g", set == NULL ? "C" : set, y);
}

static void size_takes_units(void)
{
    static const struct {
        const char *s;
        bool ok;
        uint64_t x;
    } cases[] = {
        { "0", true, 0 },
        { "512", true, 512 },
        { "1K", true, 1024 },
        { "512M", true, UINT64_C(512) << 20 },
        { "4G", true, UINT64_C(4) << 30 },
        { "2T", true, UINT64_C(2) << 40 },
        { "16777215T", true, UINT64_C(16777215) << 40 },
        { "16777216T", false, 0 },
        { "18446744073709551615", true, UINT64_MAX },
        { "18446744073709551615K", false, 0 },
        { "K", false, 0 },
        { "", false, 0 },
        { "1KB", false, 0 },
        { "1 K", false, 0 },
        { "1.5G", false, 0 },
        { "-1K", false, 0 },
        { "1P", false, 0 },
        { "1\xcb", false, 0 },
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint64_t x = 77;
        bool ok = rec_parse_size(cases[i].s, strlen(cases[i].s), &x);

        CHECKF(ok == cases[i].ok, "'%s'", cases[i].s);
        CHECKF(x == (ok ? cases[i].x : 77), "'%s' gives %" PRIu64, cases[i].s, x);
    }
}

static void format_reads_back_the_same(void)
{
    uint64_t state = 3;

    for (int i = 0; i < 8000; i++) {
        uint64_t bits = test_random(&state);
        uint32_t half = (uint32_t)bits;
        char text[REC_NUM_CHARS];
        double x;
        float y;

        memcpy(&x, &bits, sizeof x);
        memcpy(&y, &half, sizeof y);
        if (isfinite(x)) {
            CHECK(rec_format_f64(x, text) == strlen(text) &&
                  strlen(text) < sizeof text);
            CHECKF(same_bits(strtod(text, NULL), x), "%.17g as '%s'", x, text);
        }
        if (isfinite(y)) {
            CHECK(rec_format_f32(y, text) == strlen(text));
            CHECKF(strtof(text, NULL) == y, "%.9g as '%s'", (double)y, text);
        }
    }
}

static void format_is_short(void)
{
    static const struct {
        double x;
        const char *f64, *f32;
    } cases[] = {
        { 0.0, "0", "0" },
        { -0.0, "-0", "-0" },
        { 5.0, "5", "5" },
        { 10.0, "10", "10" },
        { 100.0, "100", "100" },
        { 120000.0, "120000", "120000" },
        { 1e6, "1000000", "1e+06" },
        { 1e15, "1e+15", "1e+15" },
        { 123456789.0, "123456789", "1.2345679e+08" },
        { 4.5, "4.5", "4.5" },
        { 0.1, "0.1", "0.1" },
        { -1e300, "-1e+300", "-inf" },
        { 1.0 / 3.0, "0.3333333333333333", "0.33333334" },
        { 16777216.0, "16777216", "16777216" },
        { INFINITY, "inf", "inf" },
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[REC_NUM_CHARS];

        CHECK(rec_format_f64(cases[i].x, text) == strlen(text));
        CHECKF(strcmp(text, cases[i].f64) == 0, "%s not %s", text, cases[i].f64);
        if (fabs(cases[i].x) < 1e38 || isinf(cases[i].x)) {
            CHECK(rec_format_f32((float)cases[i].x, text) == strlen(text));
            CHECKF(strcmp(text, cases[i].f32) == 0, "%s not %s", text, cases[i].f32);
        }
    }
}

static void check_fixed(double x)
{
    char got[REC_FIXED_CHARS], wanted[64];

    (void)snprintf(wanted, sizeof wanted, fabs(x) < 1e15 ? "%.6f" : "%.9g", x);
    CHECKF(rec_format_fixed(x, got) == strlen(got) && strcmp(got, wanted) == 0,
           "%.17g: %s, not %s", x, got, wanted);
}

static void fixed_is_as_printf_has_it(void)
{
    static const double cases[] = {
        0.0, -0.0, 1.0,  -1e-9, 5e-7,  4.9999995, 0.5,      1e5,       999999.5,
        1e6, 1e14, 1e15, 1e300, -1e15, 2.5e-6,    INFINITY, -INFINITY, 999999.9999995
    };
    uint64_t state = 9;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        check_fixed(cases[i]);
    for (int i = 0; i < 30000; i++) {
        double x = (double)(test_random(&state) >> 11) * 0x1p-53 * 6.0 - 0.5;

        check_fixed(x);
        check_fixed((double)(float)x);
        check_fixed(x * 1e5);
        check_fixed(floor(x * 1e6) / 1e6 + 5e-7);   /* near the middle */
        check_fixed(floor(x * 128) / 128 + 0x1p-7); /* right in the middle */
    }
}

int main(void)
{
    RUN(u64_takes_digits_and_nothing_else);
    RUN(i64_takes_the_whole_range);
    RUN(f64_takes_decimal_numbers_and_nothing_else);
    RUN(numbers_end_where_their_length_says);
    RUN(f64_is_rounded_as_strtod_rounds);
    RUN(f64_point_is_a_point_in_any_locale);
    RUN(size_takes_units);
    RUN(format_reads_back_the_same);
    RUN(format_is_short);
    RUN(fixed_is_as_printf_has_it);
    return test_end();
}
