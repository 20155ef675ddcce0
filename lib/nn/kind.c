#include "nn/kind.h"

#include <string.h>

#include "nn/nodefeatures.h"
#include "nn/settings.h"

const struct rec_model_kind *const rec_model_kinds[REC_N_MODELS] = {
    [REC_MODEL_GCN] = &rec_model_gcn,
    [REC_MODEL_RGNN] = &rec_model_rgnn,
    [REC_MODEL_MF] = &rec_model_mf,
    [REC_MODEL_SPECTRAL] = &rec_model_spectral,
    [REC_MODEL_LIGHTGCN] = &rec_model_lightgcn,
};

enum rec_status rec_trained_load(struct rec_reader *r, struct rec_err *err)
{
    enum rec_status st = rec_graph_load(r, err);

    return st == REC_OK ? rec_reader_load(r, "model*", err) : st;
}

/* RATINGS, which may be NULL, with the side features that are in the stream. */
static enum rec_status add_features(struct rec_reader *r,
                                    const struct rec_ratings *ratings,
                                    struct rec_features *features,
                                    struct rec_ratings *out, struct rec_err *err)
{
    enum rec_status st;

    if (ratings == NULL) {
        *out = (struct rec_ratings){ 0 };
        return REC_OK;
    }
    *out = *ratings;
    st = rec_features_get(r, out->n_users, out->n_items, features, err);
    out->features = features;
    return st == REC_OK ? rec_features_of_ratings(r, out, err) : st;
}

enum rec_status rec_trained_get(struct rec_reader *r, const struct rec_ratings *ratings,
                                unsigned parts, struct rec_trained *out,
                                struct rec_err *err)
{
    struct rec_ratings with;
    struct rec_table *t;
    const char *name = NULL;
    size_t n = 0;
    enum rec_status st = rec_reader_need(r, "model", "rec-train", &t, err);

    if (st == REC_OK)
        st = rec_settings_check(t, err);
    if (st != REC_OK)
        return st;
    name = rec_settings_get(t, "model", &n);
    for (int i = 0; name != NULL && i < REC_N_MODELS; i++) {
        const struct rec_model_kind *k = rec_model_kinds[i];

        if (strlen(k->name) == n && memcmp(k->name, name, n) == 0) {
            out->kind = k;
            out->rating_features = rec_features_remembers_ratings(t);
            st = add_features(r, ratings, &out->features, &with, err);
            return st == REC_OK ? k->read(r, &with, parts, &out->self, err) : st;
        }
    }
    return rec_fail(err, REC_EFORMAT,
                    "section 'model': a kind of model that is not "
                    "known here");
}

void rec_trained_free(struct rec_trained *t)
{
    if (t->self != NULL)
        t->kind->free_trained(t->self);
    rec_features_free(&t->features);
    *t = (struct rec_trained){ 0 };
}

double rec_trained_rating(const struct rec_trained *t, const struct rec_ratings *x,
                          size_t i)
{
    return t->kind->rating(t->self, x, i);
}
