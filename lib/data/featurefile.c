#include "data/featurefile.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static void fill(const struct rec_feature_text *t, size_t n_nodes, size_t n_features,
                 const struct rec_featurize_counts *n, struct rec_feature_file *out)
{
    const struct rec_text *name = &t->name[n->left_out];

    *out = (struct rec_feature_file){
        .dialect = t->dialect,
        .has_header = t->has_header,
        .n_nodes = (uint32_t)n_nodes,
        .n_rows = t->n_rows,
        .n_features = n_features,
        .n_unknown = t->n_unknown,
        .n_missing = n->n_missing,
        .n_left_out = n->n_left_out,
    };
    memcpy(out->name, t->file, sizeof out->name);
    rec_printable(name->text, name->len, out->left_out, sizeof out->left_out);
}

enum rec_status rec_feature_file_read(struct rec_reader *r,
                                      const struct rec_feature_text_opts *opts,
                                      int side, struct rec_table *entries,
                                      struct rec_table *names,
                                      struct rec_feature_file *found,
                                      struct rec_err *err)
{
    const char *what = side == REC_FEATURES_USERS ? "users" : "items";
    struct rec_feature_text t = { .n_rows = 0 };
    struct rec_featurize_counts counts;
    const struct rec_column *ids;
    struct rec_table *nodes;
    enum rec_status st = rec_reader_need(r, what, "rec-encode", &nodes, err);

    if (st == REC_OK)
        st = rec_table_column(nodes, "id", REC_STR, 1, &ids, err);
    if (st == REC_OK)
        st = rec_feature_text_read(opts, ids, (uint32_t)nodes->n_rows, what, &t, err);
    if (st == REC_OK)
        st = rec_featurize(&t, rec_features_sections[side], what, entries, names,
                           &counts, err);
    if (st == REC_OK) {
        fill(&t, nodes->n_rows, names->n_rows, &counts, found);
        (void)snprintf(entries->attrs, sizeof entries->attrs, "TX:%016" PRIx64,
                       t.digest);
    }
    rec_feature_text_free(&t);
    return st;
}
