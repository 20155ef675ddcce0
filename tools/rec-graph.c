#include "data/featurize.h"
#include "data/graph.h"
#include "data/ratingfeatures.h"
#include "io/dialect.h"
#include "tools/tool.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const char *file[2], *columns[2], *edges, *id, *delim;
static int header;
static struct rec_rating_columns edge_columns;
static struct rec_csv_dialect dialect;

static const char *const sides[2] = { "users", "items" };

static struct rec_opt table[] = {
    { "user-features", 'u', REC_OPT_TEXT, &file[0], "FILE",
      "CSV with what is known of users, by id", 0, 0, true },
    { "item-features", 'i', REC_OPT_TEXT, &file[1], "FILE", "the same for items", 0, 0,
      true },
    { "user-columns", 0, REC_OPT_TEXT, &columns[0], "COL[:HOW]",
      "features in it: COL:HOW,COL:HOW,...; else guessed", 0, 0, true },
    { "item-columns", 0, REC_OPT_TEXT, &columns[1], "COL[:HOW]",
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
        if (file[s] != NULL)
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

static void say(const struct rec_feature_text *t, int side, uint32_t n_nodes,
                size_t n_features, const struct rec_featurize_counts *n)
{
    const struct rec_text *name = &t->name[n->left_out];
    char split[REC_DIALECT_CHARS], shown[80];

    rec_note("%s: columns end at %s, %s header", t->file,
             rec_dialect_name(t->dialect, split), t->has_header ? "with" : "without");
    rec_note("%s: %zu features of %zu %s; %" PRIu64 " rows of unknown ids, %" PRIu64
             " missing values",
             t->file, n_features, t->n_rows, sides[side], t->n_unknown, n->n_missing);
    if (t->n_rows < n_nodes)
        rec_warn("%s: %zu of %u %s are not there, and have no features", t->file,
                 n_nodes - t->n_rows, n_nodes, sides[side]);
    if (n->n_left_out > 0)
        rec_warn("%s: %u columns left out, the first %s: nearly every value is "
                 "another; --%.4s-columns asks for them",
                 t->file, n->n_left_out,
                 rec_printable(name->text, name->len, shown, sizeof shown),
                 sides[side]);
}

static enum rec_status write_features(struct rec_reader *r, struct rec_writer *w,
                                      int side, struct rec_err *err)
{
    const struct rec_feature_text_opts o = {
        .path = file[side],
        .id = id,
        .columns = columns[side],
        .option = side == 0 ? "--user-columns" : "--item-columns",
        .dialect = dialect,
        .header = (enum rec_header)header,
    };
    struct rec_table *nodes, entries = { .n_cols = 0 }, names = { .n_cols = 0 };
    struct rec_featurize_counts counts;
    struct rec_feature_text t = { .n_rows = 0 };
    const struct rec_column *ids;
    enum rec_status st = rec_reader_need(r, sides[side], "rec-encode", &nodes, err);

    if (st == REC_OK)
        st = rec_table_column(nodes, "id", REC_STR, 1, &ids, err);
    if (st == REC_OK)
        st = rec_feature_text_read(&o, ids, (uint32_t)nodes->n_rows, sides[side], &t,
                                   err);
    if (st == REC_OK)
        st = rec_featurize(&t, rec_features_sections[side], sides[side], &entries,
                           &names, &counts, err);
    if (st == REC_OK) {
        say(&t, side, (uint32_t)nodes->n_rows, names.n_rows, &counts);
        (void)snprintf(entries.attrs, sizeof entries.attrs, "TX:%016" PRIx64, t.digest);
    }
    rec_feature_text_free(&t);
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
        rec_warn("%" PRIu64 " values of --edge-features are missing: the mean stands "
                 "for them",
                 n_missing);
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
        if (file[s] != NULL)
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
        if (columns[s] != NULL && file[s] == NULL)
            return rec_fail(err, REC_EUSAGE, "--%.4s-columns: no --%.4s-features",
                            sides[s], sides[s]);
    for (size_t i = 0; i < sizeof of_files / sizeof *of_files; i++)
        if (rec_opt_given(of_files[i]) && file[0] == NULL && file[1] == NULL)
            return rec_fail(err, REC_EUSAGE,
                            "--%s: neither --user-features nor --item-features",
                            of_files[i]);
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if (file[0] == NULL && file[1] == NULL && table[i].value == &header)
            table[i].recorded = false;
    if (rec_dialect_parse("feature-delim", delim, &dialect, err) != REC_OK)
        return REC_EUSAGE;
    return rec_rating_columns_read(edges, &edge_columns, err);
}

static enum rec_status run(struct rec_err *err)
{
    static const struct rec_stage stage = { want, make };
    enum rec_status st = check_options(err);

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
