#include "nn/nodefeatures.h"

#include "base/clones.h"
#include "base/par.h"
#include "nn/rgnn_edges.h"
#include "nn/settings.h"

/* ---- backward ---- */

struct work {
    const struct rec_sparse *t;
    const rec_real *dy;
    uint32_t d;
    rec_real *dw;
    struct rec_rgnn_cut cut;
};

static uint64_t row_cost(const void *ctx, uint32_t row)
{
    const struct rec_sparse *t = ctx;

    return 4 + t->off[row + 1] - t->off[row];
}

/* forward:  y[node] += value w[feature]    so:  dw[feature] += value dy[node] */
REC_CLONES static void backward_chunk(void *ctx, uint32_t chunk)
{
    const struct work *k = ctx;

    for (uint32_t r = k->cut.at[chunk]; r < k->cut.at[chunk + 1]; r++)
        rec_sparse_add(k->t, r, k->dy, k->d, k->dw + (size_t)r * k->d);
}

void rec_sparse_backward(const struct rec_sparse *t, const rec_real *dy, uint32_t d,
                         rec_real *dw)
{
    struct work k = { .t = t, .dy = dy, .d = d, .dw = dw };

    rec_rgnn_cut(t->n_rows, row_cost, t, &k.cut);
    rec_par_run(k.cut.n, backward_chunk, &k);
}

/* ---- what a model remembers ---- */

enum { N_KEYS = 3 };

static const struct {
    const char *key, *section;
} kinds[N_KEYS] = {
    { "features_users", "graph.features.users" },
    { "features_items", "graph.features.items" },
    { "features_ratings", REC_FEATURES_RATINGS },
};

static uint32_t count(const struct rec_features *f, uint32_t n_extra, int k)
{
    return k == 2 ? n_extra : f == NULL ? 0 : f->f[k].n_cols;
}

enum rec_status rec_features_remember(struct rec_table *t, const struct rec_features *f,
                                      uint32_t n_extra, struct rec_err *err)
{
    enum rec_status st = REC_OK;

    for (int k = 0; st == REC_OK && k < N_KEYS; k++)
        if (count(f, n_extra, k) > 0)
            st = rec_settings_add_number(t, kinds[k].key, count(f, n_extra, k), err);
    return st;
}

bool rec_features_remembers_ratings(const struct rec_table *t)
{
    size_t bytes;

    return rec_settings_get(t, kinds[2].key, &bytes) != NULL;
}

enum rec_status rec_features_recall(const struct rec_table *t,
                                    const struct rec_ratings *ratings,
                                    struct rec_features *view, struct rec_ratings *out,
                                    struct rec_err *err)
{
    uint64_t n[N_KEYS] = { 0 };
    size_t bytes;

    for (int k = 0; k < N_KEYS; k++) {
        uint32_t there = count(ratings->features, ratings->n_extra, k);
        enum rec_status st = REC_OK;

        if (rec_settings_get(t, kinds[k].key, &bytes) != NULL)
            st = rec_settings_get_number(t, kinds[k].key, 1, UINT32_MAX, &n[k], err);
        if (st != REC_OK)
            return st;
        if (n[k] != 0 && n[k] != there)
            return rec_fail(err, REC_EFORMAT,
                            "the model was trained with %llu features of section '%s', "
                            "and there are %u: it needs the stream that it came in",
                            (unsigned long long)n[k], kinds[k].section, there);
    }
    *out = *ratings;
    *view = (struct rec_features){ 0 };
    for (int s = 0; s < 2; s++)
        if (n[s] != 0) {
            view->f[s] = ratings->features->f[s];
            view->t[s] = ratings->features->t[s];
        }
    out->features = n[0] + n[1] > 0 ? view : NULL;
    if (n[2] == 0) {
        out->extra = NULL;
        out->n_extra = 0;
    }
    return REC_OK;
}
