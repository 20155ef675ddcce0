#include "data/graph.h"
#include "tools/tool.h"

#include <inttypes.h>
#include <string.h>

static enum rec_status want(struct rec_reader *r, void *ctx, struct rec_err *err)
{
    enum rec_status st = rec_ratings_load(r, REC_NEED_EDGES, err);

    (void)ctx;
    if (st == REC_OK)
        st = rec_reader_drop(r, "graph*", err);
    if (st == REC_OK)
        st = rec_reader_drop(r, "model*", err);
    return st;
}

static enum rec_status write_graph(struct rec_writer *w, struct rec_graph *g,
                                   struct rec_err *err)
{
    struct rec_table edges = { 0 }, nodes = { 0 };
    enum rec_status st = rec_graph_tables(g, &edges, &nodes, err);

    if (st == REC_OK) {
        memcpy(edges.by, "rec-graph", sizeof "rec-graph");
        memcpy(nodes.by, "rec-graph", sizeof "rec-graph");
        st = rec_writer_table(w, &edges, err);
    }
    if (st == REC_OK)
        st = rec_writer_table(w, &nodes, err);
    rec_table_free(&edges);
    rec_table_free(&nodes);
    return st;
}

static enum rec_status make(struct rec_reader *r, struct rec_writer *w, void *ctx,
                            struct rec_err *err)
{
    struct rec_ratings ratings;
    struct rec_graph g = { 0 };
    enum rec_status st = rec_ratings_get(r, REC_NEED_EDGES, &ratings, err);

    (void)ctx;
    if (st == REC_OK)
        st = rec_graph_build(&ratings, &g, err);
    if (st == REC_OK) {
        rec_note("%u nodes (%u users, %u items), %" PRIu64 " edges", g.n_nodes,
                 g.n_users, g.n_items, g.n_edges);
        st = write_graph(w, &g, err);
    }
    rec_graph_free(&g);
    return st;
}

static enum rec_status run(struct rec_err *err)
{
    static const struct rec_stage stage = { want, make };

    return rec_stage_run(&stage, NULL, err);
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
                   "directions.  No validation or test rating enters.",
        .example = "rec-graph split.rec -o graph.rec",
        .flags = REC_TOOL_BINARY_OUT,
        .opts = NULL,
        .n_opts = 0,
        .run = run,
    };

    return rec_tool_main(&tool, argc, argv);
}
