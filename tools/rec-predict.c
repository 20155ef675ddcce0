#include "eval/pairtext.h"
#include "io/dialect.h"
#include "tools/tool.h"

#include <ctype.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

static void say_what_was_found(const struct rec_pair_cols *cols);

static struct rec_pairtext_opts opts = { .found = say_what_was_found };
static const char *delim;
static bool clip, knows_times;

static const struct rec_opt table[] = {
    { "user", 'u', REC_OPT_TEXT, &opts.cols.user, "COLUMN",
      "user id: a name or a number from 1; else 1", 0, 0, true },
    { "item", 'i', REC_OPT_TEXT, &opts.cols.item, "COLUMN", "item id; else 2", 0, 0,
      true },
    { "time", 't', REC_OPT_TEXT, &opts.cols.time, "COLUMN",
      "time, seconds or ISO date; 'none'; else by looking", 0, 0, true },
    { "delim", 'd', REC_OPT_TEXT, &delim, "CHAR",
      "column delimiter: a character, '::', 'tab'; else found", 0, 0, true },
    { "header", 'H', REC_OPT_CHOICE, &opts.cols.header, "auto|yes|no",
      "is the first row a header?", 0, 0, true },
    { "clip", 'c', REC_OPT_FLAG, &clip, NULL,
      "no rating outside those of training; rgnn does so anyway", 0, 0, true },
};

static void say_what_was_found(const struct rec_pair_cols *c)
{
    char split[REC_DIALECT_CHARS];

    rec_note("%s: columns end at %s, lines at %s, %s header", c->file,
             rec_dialect_name(c->dialect, split),
             c->dialect.newline == '\r' ? "CR" : "LF",
             c->has_header ? "with" : "without");
    if (c->may_be_header)
        rec_warn("%s: the first row is rated, and its ids are not known: if it is a "
                 "header, say --header yes",
                 c->file);
    if (knows_times && c->time == REC_NO_COLUMN)
        rec_note("%s: no column with times: what the model knows of them is left out",
                 c->file);
}

/* What is appended is not quoted: no delimiter may be in it. */
static enum rec_status set_delim(struct rec_err *err)
{
    enum rec_status st = rec_dialect_parse("delim", delim, &opts.dialect, err);

    if (st == REC_OK && delim != NULL && delim[1] == '\0' &&
        (isalnum((unsigned char)*delim) || *delim == '.' || *delim == '-'))
        return rec_fail(err, REC_EUSAGE,
                        "--delim: '%s' would split the numbers and words that are "
                        "appended",
                        delim);
    return st;
}

/* The operands: a model, then texts. */
static enum rec_status check_operands(const char *const **files, uint32_t *n,
                                      struct rec_err *err)
{
    static const char *const from_stdin[] = { "-" };

    *files = rec_args.n_files > 1 ? rec_args.files + 1 : from_stdin;
    *n = rec_args.n_files > 1 ? rec_args.n_files - 1 : 1;
    if (rec_args.n_files > 1)
        return REC_OK;
    if (strcmp(rec_args.files[0], "-") == 0)
        return rec_fail(err, REC_EUSAGE,
                        "name the model, and pairs unless they come from standard "
                        "input: rec-predict MODEL.rec [PAIRS...]");
    if (isatty(STDIN_FILENO))
        return rec_fail(err, REC_EUSAGE, "standard input is a terminal; -h for help");
    return REC_OK;
}

static void say_what_is_left_out(const struct rec_pairs *p)
{
    if (p->t.rating_features)
        rec_note("the model uses features of ratings (rec-graph --edge-features); "
                 "pairs have none, and the mean, 0, stands for them");
}

static void summarise(const struct rec_pairtext_counts *c)
{
    const uint64_t *n = c->n;

    rec_note("%" PRIu64 " pairs = %" PRIu64 " by the model + %" PRIu64
             " by the user + %" PRIu64 " by the item + %" PRIu64 " by the mean",
             n[0] + n[1] + n[2] + n[3], n[REC_BASIS_MODEL], n[REC_BASIS_USER],
             n[REC_BASIS_ITEM], n[REC_BASIS_MEAN]);
    if (c->no_time > 0)
        rec_note("%" PRIu64 " of them without a time: what the model knows of times is "
                 "left out",
                 c->no_time);
}

static enum rec_status run(struct rec_err *err)
{
    struct rec_pairtext_counts counts = { .no_time = 0 };
    struct rec_pairs pairs = { 0 };
    struct rec_out *out = NULL;
    const char *const *files;
    uint32_t n;
    enum rec_status st = check_operands(&files, &n, err);

    if (st == REC_OK)
        st = set_delim(err);
    if (st == REC_OK)
        st = rec_pairs_open(rec_args.files[0], &pairs, err);
    if (st == REC_OK)
        st = rec_out_open(rec_args.output, &out, err);
    if (st == REC_OK) {
        pairs.clip = clip;
        knows_times = rec_pairs_timed(&pairs);
        say_what_is_left_out(&pairs);
    }
    for (uint32_t i = 0; st == REC_OK && i < n; i++)
        st = rec_pairtext_rate(&pairs, &opts, files[i], i == 0, out, &counts, err);
    if (st == REC_OK) {
        st = rec_out_commit(out, err);
        out = NULL;
    }
    if (st == REC_OK)
        summarise(&counts);
    rec_out_discard(out);
    rec_pairs_close(&pairs);
    return st;
}

int main(int argc, char **argv)
{
    static const struct rec_tool tool = {
        .name = "rec-predict",
        .operands = "MODEL.rec [PAIRS...]",
        .summary =
            "Reads a stream with a trained model, then pairs as text (user,item or "
            "user,item,time\nin the ids of the ratings, gzip or not), and writes each "
            "row with two fields behind\nit: the rating that is predicted, and what it "
            "is made from: model, user, item or\nmean.  Answers what there is before "
            "it waits for more: of use as a coprocess.",
        .example = "rec-predict model.rec pairs.csv >rated.csv",
        .flags = REC_TOOL_BLAS | REC_TOOL_MANY,
        .opts = table,
        .n_opts = sizeof table / sizeof *table,
        .run = run,
    };

    return rec_tool_main(&tool, argc, argv);
}
