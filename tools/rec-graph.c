#include "data/featurefile.h"
#include "data/graph.h"
#include "data/ratingfeatures.h"
#include "io/dialect.h"
#include "tools/tool.h"

#include <inttypes.h>
#include <string.h>

static struct rec_feature_text_opts text[2] = { { .option = "--user-columns" },
                                                { .option = "--item-columns" } };
static const char *edges, *id, *delim;
static int header;
static struct rec_rating_columns edge_columns;

static const char *const sides[2] = { "users", "items" };

static struct rec_opt table[] = {
    { "user-features", 'u', REC_OPT_FILE, &text[0].path, "FILE",
      "CSV with what is known of users, by id", 0, 0, true },
    { "item-features", 'i', REC_OPT_FILE, &text[1].path, "FILE", "the same for items",
      0, 0, true },
    { "user-columns", 0, REC_OPT_TEXT, &text[0].columns, "COL[:HOW]",
      "features in it: COL:HOW,COL:HOW,...; else guessed", 0, 0, true },
    { "item-columns", 0, REC_OPT_TEXT, &text[1].columns, "COL[:HOW]",
      "HOW: number category bin=W first=N last=N flags list=C", 0, 0, true },
    { "edge-features", 'e', REC_OPT_TEXT, &edges, "COL,...",
      "columns of ratings, kept by rec-clean, as numbers", 0, 0, true },
    { "feature-id", 0, REC_OPT_TEXT, &id, "COL", "the id in FILE; else column 1", 0, 0,
      true },
    { "feature-delim", 0, REC_OPT_TEXT, &delim, "CHAR",
      "column delimiter in FILE: a character, '::', 'tab'; else found", 0, 0, true },
    { "feature-header", 0, REC_OPT_CHOICE, &header, "auto|yes|no",
      "is the first row of FILE a header?", 0, 0, true },
};

static enum rec_status want(struct rec_reader *r, void *ctx, struct rec_err *err)
{
    enum rec_status st = rec_ratings_load(r, REC_NEED_EDGES, err);

    (void)ctx;
    for (int s = 0; st == REC_OK && s < 2; s++)
        if (text[s].path != NULL)
            st = rec_reader_load(r, sides[s], err);
    if (st == REC_OK)
        st = rec_rating_columns_load(r, &edge_columns, err);
    if (st == REC_OK)
        st = rec_reader_drop(r, "graph*", err);
    if (st == REC_OK)
        st = rec_reader_drop(r, "model*", err);
    return st;
}

/* Writes two sections, which are freed, and whose making ended with ST. */
static enum rec_status write_both(struct rec_writer *w, struct rec_table *a,
                                  struct rec_table *b, enum rec_status st,
                                  struct rec_err *err)
{
    if (st == REC_OK) {
        memcpy(a->by, "rec-graph", sizeof "rec-graph");
        memcpy(b->by, "rec-graph", sizeof "rec-graph");
        st = rec_writer_table(w, a, err);
    }
    if (st == REC_OK)
        st = rec_writer_table(w, b, err);
    rec_table_free(a);
    rec_table_free(b);
    return st;
}

/* ---- features ---- */

static const char *plural(uint64_t n)
{
    return n == 1 ? "" : "s";
}

static void say(const struct rec_feature_file *f, int side)
{
    char split[REC_DIALECT_CHARS];

    rec_note("%s: columns end at %s, %s header", f->name,
             rec_dialect_name(f->dialect, split), f->has_header ? "with" : "without");
    rec_note("%s: %zu feature%s of %zu %s; %" PRIu64 " row%s of unknown ids, %" PRIu64
             " missing value%s",
             f->name, f->n_features, plural(f->n_features), f->n_rows, sides[side],
             f->n_unknown, plural(f->n_unknown), f->n_missing, plural(f->n_missing));
    if (f->n_rows < f->n_nodes)
        rec_warn("%s: %zu of %u %s are not there, and have no features", f->name,
                 f->n_nodes - f->n_rows, f->n_nodes, sides[side]);
    if (f->n_left_out > 0)
        rec_warn("%s: %u column%s left out, the first %s: nearly every value is "
                 "another; %s asks for %s",
                 f->name, f->n_left_out, plural(f->n_left_out), f->left_out,
                 text[side].option, f->n_left_out == 1 ? "it" : "them");
}

static enum rec_status write_features(struct rec_reader *r, struct rec_writer *w,
                                      int side, struct rec_err *err)
{
    struct rec_table entries = { .n_cols = 0 }, names = { .n_cols = 0 };
    struct rec_feature_file found;
    enum rec_status st =
        rec_feature_file_read(r, &text[side], side, &entries, &names, &found, err);

    if (st == REC_OK)
        say(&found, side);
    return write_both(w, &entries, &names, st, err);
}

static enum rec_status write_edge_features(struct rec_reader *r, struct rec_writer *w,
                                           const struct rec_ratings *x,
                                           struct rec_err *err)
{
    struct rec_table values = { .n_cols = 0 }, names = { .n_cols = 0 };
    uint64_t n_missing = 0;
    enum rec_status st =
        rec_rating_features(r, &edge_columns, x, &values, &names, &n_missing, err);

    if (st == REC_OK && n_missing > 0)
        rec_warn("%" PRIu64 " value%s of --edge-features missing: the mean stands in",
                 n_missing, plural(n_missing));
    return write_both(w, &values, &names, st, err);
}

/* ---- the graph ---- */

static enum rec_status make(struct rec_reader *r, struct rec_writer *w, void *ctx,
                            struct rec_err *err)
{
    struct rec_table to = { .n_cols = 0 }, nodes = { .n_cols = 0 };
    struct rec_ratings ratings;
    struct rec_graph g = { 0 };
    enum rec_status st = rec_ratings_get(r, REC_NEED_EDGES, &ratings, err);

    (void)ctx;
    for (int s = 0; st == REC_OK && s < 2; s++)
        if (text[s].path != NULL)
            st = write_features(r, w, s, err);
    if (st == REC_OK && edges != NULL)
        st = write_edge_features(r, w, &ratings, err);
    if (st == REC_OK)
        st = rec_graph_build(&ratings, &g, err);
    if (st == REC_OK) {
        rec_note("%u nodes (%u users, %u items), %" PRIu64 " edges", g.n_nodes,
                 g.n_users, g.n_items, g.n_edges);
        st = rec_graph_tables(&g, &to, &nodes, err);
        st = write_both(w, &to, &nodes, st, err);
    }
    rec_graph_free(&g);
    return st;
}

static enum rec_status check_options(struct rec_err *err)
{
    static const char *const of_files[] = { "feature-id", "feature-delim",
                                            "feature-header" };

    for (int s = 0; s < 2; s++)
        if (text[s].columns != NULL && text[s].path == NULL)
            return rec_fail(err, REC_EUSAGE, "--%.4s-columns: no --%.4s-features",
                            sides[s], sides[s]);
    for (size_t i = 0; i < sizeof of_files / sizeof *of_files; i++)
        if (rec_opt_given(of_files[i]) && text[0].path == NULL && text[1].path == NULL)
            return rec_fail(err, REC_EUSAGE,
                            "--%s: neither --user-features nor --item-features",
                            of_files[i]);
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if (text[0].path == NULL && text[1].path == NULL && table[i].value == &header)
            table[i].recorded = false;
    if (rec_dialect_parse("feature-delim", delim, &text[0].dialect, err) != REC_OK)
        return REC_EUSAGE;
    text[1].dialect = text[0].dialect;
    for (int s = 0; s < 2; s++) {
        text[s].id = id;
        text[s].header = (enum rec_header)header;
    }
    return rec_rating_columns_read(edges, &edge_columns, err);
}

/* It is no output, and standard input is read once. */
static enum rec_status check_file(int side, struct rec_err *err)
{
    const char *option = side == 0 ? "user-features" : "item-features";

    if (text[side].path == NULL || strcmp(text[side].path, "-") != 0)
        return rec_check_side_file(option, text[side].path, err);
    if (strcmp(rec_args.files[0], "-") == 0 ||
        (side == 1 && text[0].path != NULL && strcmp(text[0].path, "-") == 0))
        return rec_fail(err, REC_EUSAGE, "--%s: standard input is taken; name a file",
                        option);
    return REC_OK;
}

static enum rec_status run(struct rec_err *err)
{
    static const struct rec_stage stage = { want, make };
    enum rec_status st = check_options(err);

    for (int s = 0; st == REC_OK && s < 2; s++)
        st = check_file(s, err);
    return st == REC_OK ? rec_stage_run(&stage, NULL, err) : st;
}

int main(int argc, char **argv)
{
    static const struct rec_tool tool = {
        .name = "rec-graph",
        .operands = "[FILE]",
        .summary = "Reads `ratings` and `split` and writes the bipartite graph of the "
                   "training ratings:\n"
                   "user u is node u, item i is node users + i; each rating is an edge "
                   "in both\n"
                   "directions.  No validation or test rating enters.  With side "
                   "features, if asked.",
        .example = "rec-graph split.rec -o graph.rec",
        .flags = REC_TOOL_BINARY_OUT,
        .opts = table,
        .n_opts = sizeof table / sizeof *table,
        .run = run,
    };

    return rec_tool_main(&tool, argc, argv);
}
