#include "base/opt.h"

#include <getopt.h>
#include <math.h>
#include <string.h>

#include "base/num.h"

enum { MAX_OPTS = 64, LONG_ONLY = 256 };

static const char *given[MAX_OPTS]; /* names, each once */
static size_t n_given;

bool rec_opt_given(const char *name)
{
    for (size_t i = 0; i < n_given; i++)
        if (strcmp(given[i], name) == 0)
            return true;
    return false;
}

/* Word number INDEX of "a|b|c" and its length; NULL after the last. */
static const char *word(const char *list, int index, size_t *n)
{
    for (; index > 0; index--) {
        list = strchr(list, '|');
        if (list == NULL)
            return NULL;
        list++;
    }
    *n = strcspn(list, "|");
    return list;
}

static bool has_argument(const struct rec_opt *o)
{
    return o->kind != REC_OPT_FLAG && o->kind != REC_OPT_COUNTED;
}

static enum rec_status bad_value(const struct rec_opt *o, const char *text,
                                 const char *wanted, struct rec_err *err)
{
    char shown[80];

    return rec_fail(err, REC_EUSAGE, "--%s: '%s' is not %s", o->name,
                    rec_printable(text, strlen(text), shown, sizeof shown), wanted);
}

static enum rec_status out_of_range(const struct rec_opt *o, const char *text,
                                    struct rec_err *err)
{
    char wanted[80], lo[REC_NUM_CHARS], hi[REC_NUM_CHARS];

    rec_format_f64(o->lo, lo);
    rec_format_f64(o->hi, hi);
    (void)snprintf(wanted, sizeof wanted, "in the range %s..%s", lo, hi);
    return bad_value(o, text, wanted, err);
}

static bool in_range(const struct rec_opt *o, double x)
{
    return (o->lo == 0.0 && o->hi == 0.0) || (x >= o->lo && x <= o->hi);
}

static enum rec_status add_text(const struct rec_opt *o, const char *text,
                                struct rec_err *err)
{
    struct rec_opt_texts *t = o->value;

    if (t->n == REC_OPT_MAX_TEXTS)
        return rec_fail(err, REC_EUSAGE, "--%s: given more than %d times", o->name,
                        REC_OPT_MAX_TEXTS);
    t->text[t->n++] = text;
    return REC_OK;
}

static enum rec_status set(const struct rec_opt *o, char *text, struct rec_err *err)
{
    uint64_t count;
    double real;
    const char *w;
    size_t n;

    switch (o->kind) {
    case REC_OPT_FLAG:
        *(bool *)o->value = true;
        return REC_OK;
    case REC_OPT_COUNTED:
        ++*(int *)o->value;
        return REC_OK;
    case REC_OPT_TEXT:
    case REC_OPT_FILE:
        for (const char *p = text; *p != '\0'; p++)
            if (o->recorded && ((unsigned char)*p < 0x20 || *p == 0x7f))
                return bad_value(o, text, "free of control characters", err);
        *(const char **)o->value = text;
        return REC_OK;
    case REC_OPT_TEXTS:
        return add_text(o, text, err);
    case REC_OPT_COUNT:
        if (!rec_parse_u64(text, strlen(text), &count))
            return bad_value(o, text, "a whole number", err);
        if (!in_range(o, (double)count))
            return out_of_range(o, text, err);
        *(uint64_t *)o->value = count;
        return REC_OK;
    case REC_OPT_REAL:
        if (!rec_parse_f64(text, strlen(text), &real))
            return bad_value(o, text, "a number", err);
        if (!in_range(o, real))
            return out_of_range(o, text, err);
        *(double *)o->value = real;
        return REC_OK;
    case REC_OPT_SIZE:
        if (!rec_parse_size(text, strlen(text), &count))
            return bad_value(o, text, "a size, such as 512M or 4G", err);
        *(uint64_t *)o->value = count;
        return REC_OK;
    case REC_OPT_CHOICE:
        for (int i = 0; (w = word(o->arg, i, &n)) != NULL; i++)
            if (strlen(text) == n && memcmp(text, w, n) == 0) {
                *(int *)o->value = i;
                return REC_OK;
            }
        {
            char wanted[120];

            (void)snprintf(wanted, sizeof wanted, "one of %s", o->arg);
            return bad_value(o, text, wanted, err);
        }
    }
    return rec_fail(err, REC_EUSAGE, "--%s: unknown kind of option", o->name);
}

enum rec_status rec_opt_parse(const struct rec_opt *opts, size_t n, int argc,
                              char **argv, int *first_operand, struct rec_err *err)
{
    struct option longs[MAX_OPTS + 1] = { 0 };
    char shorts[2 * MAX_OPTS + 2] = ":";
    size_t used = 1;
    int c;

    if (n > MAX_OPTS)
        return rec_fail(err, REC_EUSAGE, "too many options in the table");
    for (size_t i = 0; i < n; i++) {
        int arg = has_argument(&opts[i]) ? required_argument : no_argument;

        longs[i] = (struct option){ opts[i].name, arg, NULL, LONG_ONLY + (int)i };
        if (opts[i].letter != 0) {
            shorts[used++] = opts[i].letter;
            if (arg == required_argument)
                shorts[used++] = ':';
        }
    }
    shorts[used] = '\0';
    n_given = 0;
    opterr = 0;
    optind = 0;
    while ((c = getopt_long(argc, argv, shorts, longs, NULL)) != -1) {
        const struct rec_opt *o = NULL;
        enum rec_status st;

        if (c == '?' || c == ':') {
            char shown[80], letter[3] = { '-', (char)optopt, '\0' };
            bool is_letter = optopt > 0 && optopt < LONG_ONLY;
            const char *text = is_letter ? letter : argv[optind - 1];

            rec_printable(text, strlen(text), shown, sizeof shown);
            if (c == ':')
                return rec_fail(err, REC_EUSAGE, "option '%s' needs an argument",
                                shown);
            if (optopt >= LONG_ONLY)
                return rec_fail(err, REC_EUSAGE, "option '%s' takes no argument",
                                shown);
            return rec_fail(err, REC_EUSAGE,
                            "unknown or ambiguous option '%s'; -h lists them", shown);
        }
        for (size_t i = 0; i < n && o == NULL; i++)
            if (c == LONG_ONLY + (int)i || (c < LONG_ONLY && opts[i].letter == c))
                o = &opts[i];
        if (o == NULL)
            return rec_fail(err, REC_EUSAGE, "unknown option");
        st = set(o, optarg, err);
        if (st != REC_OK)
            return st;
        if (!rec_opt_given(o->name))
            given[n_given++] = o->name;
    }
    *first_operand = optind;
    return REC_OK;
}

/* The value as text, "" for a flag; NULL when there is none to show. */
static const char *show_value(const struct rec_opt *o, char *text, size_t text_bytes)
{
    const char *w;
    size_t n = 0;

    switch (o->kind) {
    case REC_OPT_FLAG:
        return *(const bool *)o->value ? "" : NULL;
    case REC_OPT_TEXT:
    case REC_OPT_FILE:
        return *(const char *const *)o->value;
    case REC_OPT_COUNT:
    case REC_OPT_SIZE:
        (void)snprintf(text, text_bytes, "%llu",
                       (unsigned long long)*(const uint64_t *)o->value);
        return text;
    case REC_OPT_REAL:
        if (isnan(*(const double *)o->value))
            return NULL; /* left open */
        rec_format_f64(*(const double *)o->value, text);
        return text;
    case REC_OPT_CHOICE:
        w = word(o->arg, *(const int *)o->value, &n);
        (void)snprintf(text, text_bytes, "%.*s", (int)n, w);
        return text;
    case REC_OPT_TEXTS:
    case REC_OPT_COUNTED:
        break;
    }
    return NULL;
}

void rec_opt_help(const struct rec_opt *opts, size_t n, FILE *out)
{
    bool goes_on = false;
    int width = 0;

    for (size_t i = 0; i < n; i++) {
        const struct rec_opt *o = &opts[i];
        char text[64];
        const char *value = show_value(o, text, sizeof text);

        width = goes_on ? width + fprintf(out, ", ") : fprintf(out, "  ");
        if (o->letter != 0)
            width += fprintf(out, "-%c, ", o->letter);
        else if (!goes_on)
            width += fprintf(out, "    ");
        width += fprintf(out, "--%s%s%s", o->name, has_argument(o) ? " " : "",
                         has_argument(o) ? o->arg : "");
        goes_on = o->help == NULL;
        if (!goes_on)
            fprintf(out, "%*s %s", width < 30 ? 30 - width : 0, "", o->help);
        if (value != NULL && value[0] != '\0')
            width += fprintf(out, " (%s)", value);
        if (!goes_on)
            fputc('\n', out);
    }
}

/* The same bytes wherever the file lies. */
static const char *without_folders(const char *path)
{
    const char *slash = path == NULL ? NULL : strrchr(path, '/');

    return slash == NULL ? path : slash + 1;
}

enum rec_status rec_opt_record(const struct rec_opt *opts, size_t n,
                               struct rec_buf *out, struct rec_err *err)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                "0123456789._,:=/+-@%";

    for (size_t i = 0; i < n; i++) {
        char text[64];
        const char *value;
        enum rec_status st;
        bool quote;

        if (!opts[i].recorded)
            continue;
        value = show_value(&opts[i], text, sizeof text);
        if (opts[i].kind == REC_OPT_FILE)
            value = without_folders(value);
        if (value == NULL)
            continue;
        st = rec_buf_addf(out, err, "%s--%s", out->n > 0 ? " " : "", opts[i].name);
        if (st != REC_OK)
            return st;
        if (!has_argument(&opts[i]))
            continue;
        quote = value[0] == '\0' || value[strspn(value, plain)] != '\0';
        st = rec_buf_add(out, quote ? " '" : " ", quote ? 2 : 1, err);
        for (; st == REC_OK && *value != '\0'; value++)
            st = *value == '\'' ? rec_buf_add(out, "'\\''", 4, err)
                                : rec_buf_add(out, value, 1, err);
        if (st == REC_OK && quote)
            st = rec_buf_add(out, "'", 1, err);
        if (st != REC_OK)
            return st;
    }
    return REC_OK;
}
