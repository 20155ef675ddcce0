#include "base/num.h"
#include "data/clean.h"
#include "io/dialect.h"
#include "tools/tool.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

static void say_what_was_found(const struct rec_fields *fields, bool has_header);

static struct rec_clean_opts opts = { .found = say_what_was_found,
                                      .lo = -INFINITY,
                                      .hi = INFINITY };
static const char *delim, *range, *max_errors, *threshold;

static const struct rec_opt table[] = {
    { "form", 'F', REC_OPT_CHOICE, &opts.form, "auto|rows|list",
      "a rating a row, or lines of `user item item ...`", 0, 0, true },
    { "user", 'u', REC_OPT_TEXT, &opts.fields.column[REC_USER], "COLUMN",
      "user id: a name or a number from 1", 0, 0, true },
    { "item", 'i', REC_OPT_TEXT, &opts.fields.column[REC_ITEM], "COLUMN", "item id", 0,
      0, true },
    { "rating", 'r', REC_OPT_TEXT, &opts.fields.column[REC_RATING], "COLUMN",
      "rating, a number; 'none': every rating is 1", 0, 0, true },
    { "time", 't', REC_OPT_TEXT, &opts.fields.column[REC_TIME], "COLUMN",
      "time, seconds or ISO date; 'none': no such column", 0, 0, true },
    { "columns", 'c', REC_OPT_TEXT, &opts.fields.columns, "A,B,...",
      "names of all columns, for a file without header", 0, 0, true },
    { "keep", 'k', REC_OPT_TEXT, &opts.fields.keep, "COL,...",
      "further columns to carry along, as text", 0, 0, true },
    { "delim", 'd', REC_OPT_TEXT, &delim, "CHAR",
      "column delimiter: a character, '::', 'tab'; else found", 0, 0, true },
    { "header", 'H', REC_OPT_CHOICE, &opts.fields.header, "auto|yes|no",
      "is the first row a header?", 0, 0, true },
    { "skip", 0, REC_OPT_COUNT, &opts.skip, "N",
      "lines to pass over at the top of each file", 0, 0, true },
    { "head", 'n', REC_OPT_COUNT, &opts.head, "N", "rows to read of each file; 0 = all",
      0, 0, true },
    { "dups", 0, REC_OPT_CHOICE, &opts.dups, "exact|first|last|mean|error|keep",
      "which of equal rows, or of a pair's, stays", 0, 0, true },
    { "min-user", 0, REC_OPT_COUNT, &opts.limits.min_user, "N",
      "drop users with fewer ratings, until all have N", 0, 0, true },
    { "min-item", 0, REC_OPT_COUNT, &opts.limits.min_item, "N", "the same for items", 0,
      0, true },
    { "range", 0, REC_OPT_TEXT, &range, "LO:HI",
      "drop ratings outside; either may be left out", 0, 0, true },
    { "threshold", 0, REC_OPT_TEXT, &threshold, "R",
      "drop ratings below R and make all others 1", 0, 0, true },
    { "max-errors", 0, REC_OPT_TEXT, &max_errors, "N",
      "bad rows to drop before giving up; else 0, or any with --reject", 0, 0, true },
    { "reject", 0, REC_OPT_TEXT, &opts.reject, "FILE",
      "write the rows that are dropped, with the reason, as TSV", 0, 0, false },
};

/* One end of the range; empty is none. */
static bool set_bound(const char *s, size_t n, float *out)
{
    double x;

    if (n == 0)
        return true;
    if (!rec_parse_f64(s, n, &x))
        return false;
    *out = (float)x; /* as ratings are: 0.1 is in 0.1:5 */
    return true;
}

static enum rec_status set_range(struct rec_err *err)
{
    const char *colon = range == NULL ? NULL : strchr(range, ':');

    if (range == NULL)
        return REC_OK;
    if (colon == NULL || !set_bound(range, (size_t)(colon - range), &opts.lo) ||
        !set_bound(colon + 1, strlen(colon + 1), &opts.hi))
        return rec_fail(err, REC_EUSAGE, "--range: '%s' is not LO:HI, such as 1:5",
                        range);
    return opts.lo <= opts.hi
               ? REC_OK
               : rec_fail(err, REC_EUSAGE, "--range: '%s' is empty", range);
}

/* What is liked: R and more. */
static enum rec_status set_threshold(struct rec_err *err)
{
    float least = -INFINITY;

    if (threshold == NULL)
        return REC_OK;
    if (threshold[0] == '\0' || !set_bound(threshold, strlen(threshold), &least))
        return rec_fail(err, REC_EUSAGE, "--threshold: '%s' is not a number",
                        threshold);
    opts.lo = least > opts.lo ? least : opts.lo;
    opts.positive = true;
    return REC_OK;
}

/* Rows that are written to a file are not lost; that the run did not end at them is
 * recorded. */
static enum rec_status set_max_errors(struct rec_err *err)
{
    if (max_errors == NULL && opts.reject != NULL)
        max_errors = "18446744073709551615";
    if (max_errors != NULL &&
        !rec_parse_u64(max_errors, strlen(max_errors), &opts.max_errors))
        return rec_fail(err, REC_EUSAGE, "--max-errors: '%s' is not a whole number",
                        max_errors);
    return REC_OK;
}

static void say_what_was_found(const struct rec_fields *f, bool has_header)
{
    char split[REC_DIALECT_CHARS];

    if (f->is_list) {
        rec_note("%s: lists of a user's items, split at %s", f->file,
                 rec_dialect_name(f->dialect, split));
        return;
    }
    rec_note("%s: columns end at %s, lines at %s, %s header%s%s", f->file,
             rec_dialect_name(f->dialect, split),
             f->dialect.newline == '\r' ? "CR" : "LF", has_header ? "with" : "without",
             f->has_rating ? "" : ", no rating column: every rating is 1",
             f->has_time ? "" : ", no time column");
}

static void add_term(char *text, size_t bytes, uint64_t n, const char *what)
{
    size_t at = strlen(text);

    if (n > 0 || rec_args.verbose > 0)
        (void)snprintf(text + at, bytes - at, " + %" PRIu64 " %s", n, what);
}

static void summarise(const struct rec_clean_counts *n)
{
    const uint64_t *m = n->missing;
    uint64_t missing = m[REC_USER] + m[REC_ITEM] + m[REC_RATING] + m[REC_TIME];
    char what[200], text[600] = "";

    (void)snprintf(what, sizeof what,
                   "with a missing value (user %" PRIu64 ", item %" PRIu64
                   ", rating %" PRIu64 ", time %" PRIu64 ")",
                   m[REC_USER], m[REC_ITEM], m[REC_RATING], m[REC_TIME]);
    add_term(text, sizeof text, missing, what);
    add_term(text, sizeof text, n->duplicates, "repeated");
    if (opts.limits.min_user > 1 || opts.limits.min_item > 1)
        add_term(text, sizeof text, n->few, "of too few of a user or item");
    add_term(text, sizeof text, n->out_of_range, "out of range");
    add_term(text, sizeof text, n->rejected, "rejected");
    if (n->rejected > 0)
        rec_warn("%s", n->first_rejected.text);
    if (text[0] != '\0')
        rec_warn("%" PRIu64 " rows read = %" PRIu64 " kept%s", n->read, n->kept, text);
}

static enum rec_status run(struct rec_err *err)
{
    struct rec_clean_counts counts = { 0 };
    struct rec_writer *w = NULL;
    uint64_t digest;
    enum rec_status st = rec_check_side_file("reject", opts.reject, err);

    if (st == REC_OK)
        st = rec_dialect_parse("delim", delim, &opts.dialect, err);
    if (st == REC_OK)
        st = set_range(err);
    if (st == REC_OK)
        st = set_threshold(err);
    if (st == REC_OK)
        st = set_max_errors(err);
    if (st == REC_OK)
        st = rec_writer_open(rec_args.output, (int)rec_args.level, &w, err);
    if (st == REC_OK)
        st = rec_clean(&opts, rec_args.files, rec_args.n_files, w, &counts, &digest,
                       err);
    if (st != REC_OK) {
        if (counts.read > 0)
            summarise(&counts);
        rec_writer_discard(w);
        return st;
    }
    st = rec_stage_finish(NULL, w, digest, err);
    if (st == REC_OK)
        summarise(&counts);
    if (st == REC_OK && counts.spilled > 0)
        rec_note("%.1f MiB went through temporary files",
                 (double)counts.spilled / 1048576.0);
    return st;
}

int main(int argc, char **argv)
{
    static const struct rec_tool tool = {
        .name = "rec-clean",
        .operands = "[FILE...]",
        .summary =
            "Reads ratings as CSV (user,item,rating,time; gzip or not), drops "
            "rows with missing\n"
            "values and repeated rows, counts both, and writes a rec stream.  "
            "Several files get\n"
            "a column `source`.  The first bad row ends it with a message, or see "
            "--reject.",
        .example = "rec-clean ratings.csv | rec-encode | rec-split -o split.rec",
        .flags = REC_TOOL_BINARY_OUT | REC_TOOL_MANY,
        .opts = table,
        .n_opts = sizeof table / sizeof *table,
        .run = run,
    };

    return rec_tool_main(&tool, argc, argv);
}
