#include "data/features.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

const char *const rec_features_sections[2] = { "graph.features.users",
                                               "graph.features.items" };

/* ---- sparse matrices ---- */

void rec_sparse_free(struct rec_sparse *x)
{
    rec_free(x->off);
    rec_free(x->col);
    rec_free(x->value);
    *x = (struct rec_sparse){ 0 };
}

enum rec_status rec_sparse_make(uint32_t n_rows, uint32_t n_cols, size_t n,
                                const uint32_t *row, const uint32_t *col,
                                const float *value, struct rec_sparse *out,
                                struct rec_err *err)
{
    struct rec_sparse x = { .n_rows = n_rows, .n_cols = n_cols };

    x.off = rec_alloc_zero((size_t)n_rows + 1, sizeof *x.off, "features", err);
    if (x.off != NULL)
        x.col = rec_alloc(n, sizeof *x.col, "features", err);
    if (x.col != NULL)
        x.value = rec_alloc(n, sizeof *x.value, "features", err);
    if (x.value == NULL) {
        rec_sparse_free(&x);
        return REC_ESYSTEM;
    }
    for (size_t i = 0; i < n; i++)
        x.off[row[i] + 1]++;
    for (uint32_t r = 0; r < n_rows; r++)
        x.off[r + 1] += x.off[r];
    for (size_t i = 0; i < n; i++) {
        uint64_t at = x.off[row[i]]++;

        x.col[at] = col[i];
        x.value[at] = value[i];
    }
    memmove(x.off + 1, x.off, n_rows * sizeof *x.off);
    x.off[0] = 0;
    *out = x;
    return REC_OK;
}

void rec_features_free(struct rec_features *x)
{
    for (int s = 0; s < 2; s++) {
        rec_sparse_free(&x->f[s]);
        rec_sparse_free(&x->t[s]);
    }
}

/* ---- sections ---- */

void rec_features_init(struct rec_table *t, const char *section, const char *nodes)
{
    char names[REC_NAME_BYTES];

    (void)snprintf(names, sizeof names, "%s.names", section);
    rec_table_init(t, section, REC_KIND_TABLE);
    rec_table_add(t, "node", REC_U32, 1, REC_DELTA, nodes);
    rec_table_add(t, "feature", REC_U32, 1, REC_DELTA, names);
    rec_table_add(t, "value", REC_F32, 1, REC_LEVELS, NULL);
}

void rec_features_init_names(struct rec_table *t, const char *section)
{
    char names[REC_NAME_BYTES];

    (void)snprintf(names, sizeof names, "%s.names", section);
    rec_table_init(t, names, REC_KIND_DICT);
    rec_table_add(t, "id", REC_STR, 1, REC_PLAIN, NULL);
}

enum rec_status rec_features_add_name(struct rec_table *t, const char *s, size_t n,
                                      struct rec_err *err)
{
    struct rec_column *c = &t->cols[0];
    enum rec_status st = rec_column_reserve(c, t->n_rows + 1, err);

    if (st == REC_OK)
        st = rec_buf_add(&c->text, s, n, err);
    if (st == REC_OK)
        c->at[++t->n_rows] = c->text.n;
    return st;
}

enum rec_status rec_features_load(struct rec_reader *r, struct rec_err *err)
{
    return rec_reader_load(r, "graph.features*", err);
}

/* The number of names of SECTION. */
static enum rec_status count_names(struct rec_reader *r, const char *section,
                                   uint32_t *n, struct rec_err *err)
{
    char name[REC_NAME_BYTES + 8];
    struct rec_table *t;
    enum rec_status st;

    (void)snprintf(name, sizeof name, "%s.names", section);
    st = rec_reader_need(r, name, "rec-graph", &t, err);
    if (st != REC_OK)
        return st;
    if (t->n_rows == 0 || t->n_rows >= UINT32_MAX)
        return rec_fail(err, REC_EFORMAT, "section '%s' has %zu rows", name, t->n_rows);
    *n = (uint32_t)t->n_rows;
    return REC_OK;
}

static enum rec_status check_entries(const struct rec_table *t, const uint32_t *node,
                                     uint32_t n_nodes, const uint32_t *feature,
                                     uint32_t n_features, const float *value,
                                     struct rec_err *err)
{
    for (size_t i = 0; i < t->n_rows; i++) {
        bool ascends = i == 0 || node[i - 1] < node[i] ||
                       (node[i - 1] == node[i] && feature[i - 1] < feature[i]);

        if (node[i] >= n_nodes || feature[i] >= n_features || !ascends)
            return rec_fail(err, REC_EFORMAT, "section '%s', row %zu: no such feature",
                            t->name, i);
        if (!isfinite(value[i]))
            return rec_fail(err, REC_EFORMAT, "section '%s', row %zu: not a number",
                            t->name, i);
    }
    return REC_OK;
}

static enum rec_status get_side(struct rec_reader *r, int side, uint32_t n_nodes,
                                struct rec_features *x, struct rec_err *err)
{
    const struct rec_table *t = rec_reader_table(r, rec_features_sections[side]);
    const struct rec_column *node, *feature, *value;
    uint32_t n = 0;
    enum rec_status st;

    if (t == NULL)
        return REC_OK;
    st = count_names(r, t->name, &n, err);
    if (st == REC_OK)
        st = rec_table_column(t, "node", REC_U32, 1, &node, err);
    if (st == REC_OK)
        st = rec_table_column(t, "feature", REC_U32, 1, &feature, err);
    if (st == REC_OK)
        st = rec_table_column(t, "value", REC_F32, 1, &value, err);
    if (st == REC_OK)
        st = check_entries(t, node->data, n_nodes, feature->data, n, value->data, err);
    if (st == REC_OK)
        st = rec_sparse_make(n_nodes, n, t->n_rows, node->data, feature->data,
                             value->data, &x->f[side], err);
    if (st == REC_OK)
        st = rec_sparse_make(n, n_nodes, t->n_rows, feature->data, node->data,
                             value->data, &x->t[side], err);
    return st;
}

enum rec_status rec_features_get(struct rec_reader *r, uint32_t n_users,
                                 uint32_t n_items, struct rec_features *out,
                                 struct rec_err *err)
{
    struct rec_features x = { 0 };
    enum rec_status st = get_side(r, REC_FEATURES_USERS, n_users, &x, err);

    if (st == REC_OK)
        st = get_side(r, REC_FEATURES_ITEMS, n_items, &x, err);
    if (st != REC_OK) {
        rec_features_free(&x);
        return st;
    }
    *out = x;
    return REC_OK;
}

enum rec_status rec_features_of_ratings(struct rec_reader *r, struct rec_ratings *x,
                                        struct rec_err *err)
{
    const struct rec_table *t = rec_reader_table(r, REC_FEATURES_RATINGS);
    const struct rec_column *value;
    const float *data;
    uint32_t k = 0;
    enum rec_status st;

    if (t == NULL)
        return REC_OK;
    st = count_names(r, t->name, &k, err);
    if (st == REC_OK && k > REC_MAX_RATING_FEATURES)
        st = rec_fail(err, REC_EFORMAT, "section '%s': more than %d features", t->name,
                      REC_MAX_RATING_FEATURES);
    if (st == REC_OK)
        st = rec_table_column(t, "value", REC_F32, k, &value, err);
    if (st == REC_OK && t->n_rows != x->n)
        st = rec_fail(err, REC_EFORMAT, "section '%s' has %zu rows for %zu ratings",
                      t->name, t->n_rows, x->n);
    if (st != REC_OK)
        return st;
    data = value->data;
    for (size_t i = 0; i < x->n * k; i++)
        if (!isfinite(data[i]))
            return rec_fail(err, REC_EFORMAT, "section '%s', row %zu: not a number",
                            t->name, i / k);
    x->extra = data;
    x->n_extra = k;
    return REC_OK;
}
