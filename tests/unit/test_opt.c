/* opt */
#include <stdlib.h>
#include <string.h>

#include "base/opt.h"
#include "unit/test.h"

static struct rec_err err;

static struct values {
    bool flag;
    const char *text;
    uint64_t count, size;
    double real;
    int choice, loud;
} v;

static const struct rec_opt opts[] = {
    { "flag", 'f', REC_OPT_FLAG, &v.flag, NULL, "a flag", 0, 0, true },
    { "text", 't', REC_OPT_TEXT, &v.text, "WORD", "a text", 0, 0, true },
    { "count", 'c', REC_OPT_COUNT, &v.count, "N", "a count", 1, 100, true },
    { "any", 0, REC_OPT_COUNT, &v.count, "N", "a count without range", 0, 0, false },
    { "real", 'r', REC_OPT_REAL, &v.real, "X", "a number", 0, 1, true },
    { "size", 's', REC_OPT_SIZE, &v.size, "BYTES", "a size", 0, 0, true },
    { "method", 'm', REC_OPT_CHOICE, &v.choice, "random|source|rand", "how", 0, 0,
      true },
    { "loud", 'l', REC_OPT_COUNTED, &v.loud, NULL, "more words", 0, 0, false },
};
enum { N_OPTS = sizeof opts / sizeof *opts };

/* Parses LINE, split at blanks; "_" stands for an empty argument. */
static enum rec_status parse(const char *line, int *first, char *args, char **argv)
{
    int argc = 1;

    v = (struct values){ .count = 9, .real = 0.5, .size = 1024 };
    argv[0] = (char *)(uintptr_t) "rec-test";
    strcpy(args, line);
    for (char *word = strtok(args, " "); word != NULL; word = strtok(NULL, " ")) {
        if (strcmp(word, "_") == 0)
            *word = '\0';
        argv[argc++] = word;
    }
    argv[argc] = NULL;
    *first = -1;
    return rec_opt_parse(opts, N_OPTS, argc, argv, first, &err);
}

static void opt_takes_good_lines(void)
{
    static const struct {
        const char *line;
        struct values v;
        const char *operands; /* joined by blanks */
    } cases[] = {
        { "", { .count = 9, .real = 0.5, .size = 1024 }, "" },
        { "-f -lll a b", { true, NULL, 9, 1024, 0.5, 0, 3 }, "a b" },
        { "a --flag b --loud", { true, NULL, 9, 1024, 0.5, 0, 1 }, "a b" },
        { "--count 100 -c1", { false, NULL, 1, 1024, 0.5, 0, 0 }, "" },
        { "--count=100", { false, NULL, 100, 1024, 0.5, 0, 0 }, "" },
        { "--any 0", { false, NULL, 0, 1024, 0.5, 0, 0 }, "" },
        { "--real 1 -s 2M", { false, NULL, 9, 2 << 20, 1.0, 0, 0 }, "" },
        { "--method source", { false, NULL, 9, 1024, 0.5, 1, 0 }, "" },
        { "-m rand", { false, NULL, 9, 1024, 0.5, 2, 0 }, "" },
        { "--text _ x", { false, "", 9, 1024, 0.5, 0, 0 }, "x" },
        { "--text -f", { false, "-f", 9, 1024, 0.5, 0, 0 }, "" },
        { "-f -- -f --no", { true, NULL, 9, 1024, 0.5, 0, 0 }, "-f --no" },
        { "- -f", { true, NULL, 9, 1024, 0.5, 0, 0 }, "-" },
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct values *w = &cases[i].v;
        char args[200], joined[200] = "", *argv[30];
        int first;

        CHECKF(parse(cases[i].line, &first, args, argv) == REC_OK, "'%s': %s",
               cases[i].line, err.text);
        CHECKF(v.flag == w->flag && v.count == w->count && v.size == w->size &&
                   v.real == w->real && v.choice == w->choice && v.loud == w->loud,
               "'%s'", cases[i].line);
        CHECK((v.text == NULL) == (w->text == NULL));
        CHECKF(v.text == NULL || strcmp(v.text, w->text) == 0, "'%s'", cases[i].line);
        for (char **a = argv + first; *a != NULL; a++) {
            strcat(joined, joined[0] != '\0' ? " " : "");
            strcat(joined, *a);
        }
        CHECKF(strcmp(joined, cases[i].operands) == 0, "'%s': '%s'", cases[i].line,
               joined);
    }
}

static void opt_refuses_bad_lines_and_says_why(void)
{
    static const struct {
        const char *line, *says;
    } cases[] = {
        { "--nothing", "'--nothing'" },
        { "-z", "'-z'" },
        { "-fz", "'-z'" },
        { "--count", "'--count' needs an argument" },
        { "-c", "'-c' needs an argument" },
        { "--flag=1", "takes no argument" },
        { "--count five", "--count: 'five' is not a whole number" },
        { "--count -1", "--count: '-1'" },
        { "--count 0", "in the range 1..100" },
        { "--count 101", "in the range 1..100" },
        { "--count _", "--count: ''" },
        { "--count 18446744073709551616", "whole number" },
        { "--real 1.01", "in the range 0..1" },
        { "--real nan", "not a number" },
        { "--real 0x1", "not a number" },
        { "--size 5Q", "not a size" },
        { "--method ran", "one of random|source|rand" },
        { "--method random|source", "one of" },
        { "--method _", "one of" },
        { "--text a\x01", "control" },
        { "--text \x1b[31m", "\\x1b[31m" },
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char args[200], *argv[30];
        int first;

        CHECKF(parse(cases[i].line, &first, args, argv) == REC_EUSAGE, "'%s'",
               cases[i].line);
        CHECKF(strstr(err.text, cases[i].says) != NULL, "'%s': %s", cases[i].line,
               err.text);
    }
}

static void record(const struct values *values, const char *wanted)
{
    struct rec_buf out = { 0 };

    v = *values;
    CHECK(rec_opt_record(opts, N_OPTS, &out, &err) == REC_OK);
    CHECK(rec_buf_add(&out, "", 1, &err) == REC_OK);
    CHECKF(strcmp((char *)out.data, wanted) == 0, "'%s' not '%s'", (char *)out.data,
           wanted);
    rec_buf_free(&out);
}

static void record_names_every_option_that_counts(void)
{
    record(&(struct values){ .count = 9, .real = 0.1, .size = 1024, .loud = 3 },
           "--count 9 --real 0.1 --size 1024 --method random");
    record(&(struct values){ true, "a,b:c=d/e", 1, 0, 1.0, 2, 0 },
           "--flag --text a,b:c=d/e --count 1 --real 1 --size 0 --method rand");
}

static void record_names_a_file_without_its_folders(void)
{
    static const char *const paths[] = { "u.csv",    "./u.csv", "/a/b/u.csv",
                                         "../u.csv", "-",       NULL };
    const char *path;
    const struct rec_opt one = { "file", 0, REC_OPT_FILE, &path, "FILE", "a file",
                                 0,      0, true };

    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        const char *wanted = i < 4 ? "--file u.csv" : i == 4 ? "--file -" : "";
        struct rec_buf out = { 0 };

        path = paths[i];
        CHECK(rec_opt_record(&one, 1, &out, &err) == REC_OK);
        CHECK(rec_buf_add(&out, "", 1, &err) == REC_OK);
        CHECKF(strcmp((char *)out.data, wanted) == 0, "'%s'", (char *)out.data);
        rec_buf_free(&out);
    }
}

/* What a shell makes of the recorded text must be the text that was given. */
static void record_quotes_for_a_shell(void)
{
    static const char *const texts[] = { "",      "a b",     "it's", "'", "''",
                                         "$HOME", "a;b",     "`ls`", "*", "a\\nb",
                                         "\"",    "~",       "#x",   "!", "a&b",
                                         "(c)",   "\xc3\xa9" };

    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct rec_buf out = { 0 };
        char got[100];
        size_t n;
        FILE *p;

        v = (struct values){ .text = texts[i] };
        CHECK(rec_buf_addf(&out, &err, "set --") == REC_OK);
        CHECK(rec_opt_record(opts, N_OPTS, &out, &err) == REC_OK);
        CHECK(rec_buf_addf(&out, &err, "; printf '%%s' \"$2\"") == REC_OK);
        CHECK(rec_buf_add(&out, "", 1, &err) == REC_OK);
        p = popen((char *)out.data, "r");
        CHECK(p != NULL);
        n = fread(got, 1, sizeof got - 1, p);
        got[n] = '\0';
        CHECKF(pclose(p) == 0 && strcmp(got, texts[i]) == 0, "%s: '%s' not '%s'",
               (char *)out.data, got, texts[i]);
        rec_buf_free(&out);
    }
}

static void help_has_a_line_an_option_with_its_default(void)
{
    char *text = NULL;
    size_t n = 0, lines = 0;
    FILE *f = open_memstream(&text, &n);

    CHECK(f != NULL);
    v = (struct values){ .count = 9, .real = 0.25, .choice = 1 };
    rec_opt_help(opts, N_OPTS, f);
    CHECK(fclose(f) == 0);
    for (size_t i = 0; i < n; i++)
        lines += text[i] == '\n';
    CHECK(lines == N_OPTS);
    CHECK(strstr(text, "-c, --count N") != NULL && strstr(text, "a count (9)") != NULL);
    CHECK(strstr(text, "(0.25)") != NULL && strstr(text, "(source)") != NULL);
    CHECK(strstr(text, "    --any N") != NULL);
    free(text);
}

static void options_with_one_help_share_a_line(void)
{
    uint64_t a = 1, b = 2;
    const struct rec_opt two[] = {
        { "low", 'l', REC_OPT_COUNT, &a, "N", NULL, 0, 9, true },
        { "high", 0, REC_OPT_COUNT, &b, "N", "the range", 0, 9, true },
    };
    char *text = NULL;
    size_t n = 0;
    FILE *f = open_memstream(&text, &n);

    CHECK(f != NULL);
    rec_opt_help(two, 2, f);
    CHECK(fclose(f) == 0);
    CHECKF(strcmp(text, "  -l, --low N (1), --high N    the range (2)\n") == 0, "%s",
           text);
    free(text);
}

static void record_survives_every_failed_allocation(void)
{
    uint64_t before = rec_mem_now();
    char longest[3000];
    enum rec_status st = REC_ESYSTEM;

    memset(longest, 'x', sizeof longest - 1);
    longest[sizeof longest - 1] = '\0';
    for (uint64_t at = 1; st != REC_OK; at++) {
        struct rec_buf out = { 0 };

        v = (struct values){ .text = longest };
        rec_mem_fail_at(at);
        st = rec_opt_record(opts, N_OPTS, &out, &err);
        rec_mem_fail_at(0);
        CHECK(st == REC_OK || st == REC_ESYSTEM);
        CHECK(at > 3 || st != REC_OK);
        rec_buf_free(&out);
        CHECK(rec_mem_now() == before);
    }
}

static void opt_collects_texts(void)
{
    struct rec_opt_texts all = { 0 };
    const struct rec_opt one = { "add", 'a', REC_OPT_TEXTS, &all, "X", "adds",
                                 0,     0,   true };
    char *argv[2 * REC_OPT_MAX_TEXTS + 4] = { (char *)(uintptr_t) "rec-test" };
    struct rec_buf record = { 0 };
    int first;

    for (int i = 0; i <= REC_OPT_MAX_TEXTS; i++) {
        argv[1 + 2 * i] = (char *)(uintptr_t) "-a";
        argv[2 + 2 * i] = (char *)(uintptr_t)(i == 1 ? "b" : "a");
    }
    CHECK(rec_opt_parse(&one, 1, 1 + 2 * REC_OPT_MAX_TEXTS, argv, &first, &err) ==
          REC_OK);
    CHECK(all.n == REC_OPT_MAX_TEXTS && strcmp(all.text[1], "b") == 0);
    all.n = 0;
    CHECK(rec_opt_parse(&one, 1, 3 + 2 * REC_OPT_MAX_TEXTS, argv, &first, &err) ==
          REC_EUSAGE);
    CHECK(strcmp(err.text, "--add: given more than 64 times") == 0);
    CHECK(rec_opt_record(&one, 1, &record, &err) == REC_OK && record.n == 0);
    rec_buf_free(&record);
}

int main(void)
{
    RUN(opt_takes_good_lines);
    RUN(opt_refuses_bad_lines_and_says_why);
    RUN(record_names_every_option_that_counts);
    RUN(record_names_a_file_without_its_folders);
    RUN(record_quotes_for_a_shell);
    RUN(help_has_a_line_an_option_with_its_default);
    RUN(options_with_one_help_share_a_line);
    RUN(record_survives_every_failed_allocation);
    RUN(opt_collects_texts);
    return test_end();
}
