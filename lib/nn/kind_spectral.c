#include "nn/kind.h"

static enum rec_status settle(const struct rec_ratings *ratings,
                              struct rec_model_opts *opts, struct rec_train_opts *train,
                              struct rec_buf *said, struct rec_err *err)
{
    (void)train;
    return opts->spectral.rank > 0
               ? REC_OK
               : rec_spectral_rank(ratings, &opts->spectral, said, err);
}

static void free_self(void *self)
{
    if (self != NULL)
        rec_spectral_free(self);
    rec_free(self);
}

static enum rec_status make(struct rec_ratings *ratings, struct rec_graph *g,
                            const struct rec_model_opts *opts, struct rec_learner *out,
                            struct rec_err *err)
{
    struct rec_spectral *m = rec_alloc_zero(1, sizeof *m, "training", err);
    enum rec_status st =
        m == NULL ? REC_ESYSTEM
                  : rec_spectral_make(m, ratings, ratings->part, &opts->spectral, err);

    (void)g;
    if (st == REC_OK)
        *out = rec_spectral_learner(m);
    else
        rec_free(m);
    return st;
}

static enum rec_status write(void *self, struct rec_writer *w, const char *by,
                             struct rec_err *err)
{
    return rec_spectral_write(self, w, by, err);
}

static enum rec_status read(struct rec_reader *r, const struct rec_ratings *ratings,
                            unsigned parts, void **out, struct rec_err *err)
{
    struct rec_spectral *m = rec_alloc_zero(1, sizeof *m, "model", err);
    enum rec_status st =
        m == NULL ? REC_ESYSTEM : rec_spectral_read(m, r, ratings, err);

    (void)parts;
    if (st == REC_OK)
        *out = m;
    else
        rec_free(m);
    return st;
}

/* ---- ranking ---- */

static enum rec_status ready(void *trained, struct rec_err *err)
{
    return rec_spectral_ready(trained, err);
}

static size_t scratch_bytes(const void *trained, uint32_t b)
{
    return rec_spectral_scratch(trained, b);
}

static void scores(const void *trained, const uint32_t *user, uint32_t b, void *scratch,
                   float *out)
{
    rec_spectral_scores(trained, user, b, scratch, out);
}

static enum rec_status fold_in(void *trained, const uint32_t *item, const float *rating,
                               uint32_t n, float *out, struct rec_err *err)
{
    (void)rating;
    return rec_spectral_fold_in(trained, item, n, out, err);
}

static const float *vectors(const void *trained, int side, uint32_t *d)
{
    const struct rec_spectral *m = trained;

    *d = m->rank.d;
    return m->rank.vec[side];
}

static const struct rec_ranking ranking = { ready, scratch_bytes, scores, fold_in,
                                            vectors };

const struct rec_model_kind rec_model_spectral = {
    .name = "spectral",
    .settle = settle,
    .make = make,
    .free = free_self,
    .write = write,
    .read = read,
    .free_trained = free_self,
    .ranking = &ranking,
};
