#include "data/clean.h"
#include "tools/tool.h"

#include <inttypes.h>
#include <string.h>

static void say_what_was_found(const char *file, struct rec_csv_dialect d,
                               bool has_header);

static struct rec_clean_opts opts = { .found = say_what_was_found };
static const char *delim;

static const struct rec_opt table[] = {
    { "user", 'u', REC_OPT_TEXT, &opts.fields.column[REC_USER], "COLUMN",
      "user id: a name or a number from 1", 0, 0, true },
    { "item", 'i', REC_OPT_TEXT, &opts.fields.column[REC_ITEM], "COLUMN", "item id", 0,
      0, true },
    { "rating", 'r', REC_OPT_TEXT, &opts.fields.column[REC_RATING], "COLUMN",
      "rating, a number", 0, 0, true },
    { "time", 't', REC_OPT_TEXT, &opts.fields.column[REC_TIME], "COLUMN",
      "time, seconds or ISO date; 'none': no such column", 0, 0, true },
    { "columns", 'c', REC_OPT_TEXT, &opts.fields.columns, "A,B,...",
      "names of all columns, for a file without header", 0, 0, true },
    { "delim", 'd', REC_OPT_TEXT, &delim, "CHAR",
      "column delimiter: a character, '::', 'tab'; else found", 0, 0, true },
    { "header", 'H', REC_OPT_CHOICE, &opts.fields.header, "auto|yes|no",
      "is the first row a header?", 0, 0, true },
    { "skip", 0, REC_OPT_COUNT, &opts.skip, "N",
      "lines to pass over at the top of each file", 0, 0, true },
    { "head", 'n', REC_OPT_COUNT, &opts.head, "N", "rows to read of each file; 0 = all",
      0, 0, true },
    { "dups", 0, REC_OPT_CHOICE, &opts.dups, "exact|keep",
      "drop rows that repeat in full, or keep them", 0, 0, true },
};

static enum rec_status set_delim(struct rec_err *err)
{
    if (delim == NULL)
        return REC_OK; /* by looking */
    if (strcmp(delim, "tab") == 0)
        opts.dialect.delim = '\t';
    else if (strcmp(delim, "::") == 0)
        opts.dialect = (struct rec_csv_dialect){ .delim = ':', .doubled = true };
    else if (strlen(delim) == 1 && *delim != '"')
        opts.dialect.delim = *delim;
    else
        return rec_fail(err, REC_EUSAGE,
                        "--delim: '%s' is not one character, '::' or 'tab'", delim);
    return REC_OK;
}

static void say_what_was_found(const char *file, struct rec_csv_dialect d,
                               bool has_header)
{
    char split[4] = { d.delim, d.doubled ? d.delim : '\0' };

    rec_note("%s: columns end at %s, lines at %s, %s header", file,
             d.delim == '\t'  ? "tab"
             : d.delim == ' ' ? "space"
                              : split,
             d.newline == '\r' ? "CR" : "LF", has_header ? "with" : "without");
}

static void summarise(const struct rec_clean_counts *n)
{
    const uint64_t *m = n->missing;
    uint64_t missing = m[REC_USER] + m[REC_ITEM] + m[REC_RATING] + m[REC_TIME];

    if (rec_args.verbose > 0 || missing + n->duplicates > 0)
        rec_warn("%" PRIu64 " rows read = %" PRIu64 " kept + %" PRIu64
                 " with a missing value (user %" PRIu64 ", item %" PRIu64
                 ", rating %" PRIu64 ", time %" PRIu64 ") + %" PRIu64 " repeated",
                 n->read, n->kept, missing, m[REC_USER], m[REC_ITEM], m[REC_RATING],
                 m[REC_TIME], n->duplicates);
}

static enum rec_status run(struct rec_err *err)
{
    struct rec_clean_counts counts = { 0 };
    struct rec_writer *w = NULL;
    uint64_t digest;
    enum rec_status st = set_delim(err);

    if (st == REC_OK)
        st = rec_writer_open(rec_args.output, (int)rec_args.level, &w, err);
    if (st == REC_OK)
        st = rec_clean(&opts, rec_args.files, rec_args.n_files, w, &counts, &digest,
                       err);
    if (st != REC_OK) {
        if (counts.read > 0 && counts.kept == 0)
            summarise(&counts);
        rec_writer_discard(w);
        return st;
    }
    st = rec_stage_finish(NULL, w, digest, err);
    if (st == REC_OK)
        summarise(&counts);
    return st;
}

int main(int argc, char **argv)
{
    static const struct rec_tool tool = {
        .name = "rec-clean",
        .operands = "[FILE...]",
        .summary = "Reads ratings as CSV (user,item,rating,time; gzip or not), drops "
                   "rows with missing\n"
                   "values and repeated rows, counts both, and writes a rec stream.  "
                   "Several files get\n"
                   "a column `source`.  The first bad row ends it with a message.",
        .example = "rec-clean ratings.csv | rec-encode | rec-split -o split.rec",
        .flags = REC_TOOL_BINARY_OUT | REC_TOOL_MANY,
        .opts = table,
        .n_opts = sizeof table / sizeof *table,
        .run = run,
    };

    return rec_tool_main(&tool, argc, argv);
}
