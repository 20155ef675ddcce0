#include "nn/kind.h"

/* ---- to be trained ---- */

static void free_learner(void *self)
{
    if (self != NULL)
        rec_mf_learner_free(self);
    rec_free(self);
}

static enum rec_status make(struct rec_ratings *ratings, struct rec_graph *g,
                            const struct rec_model_opts *opts, struct rec_learner *out,
                            struct rec_err *err)
{
    struct rec_mf_learner *x = rec_alloc_zero(1, sizeof *x, "training", err);
    enum rec_status st =
        x == NULL ? REC_ESYSTEM : rec_mf_learner_make(x, ratings, &opts->mf, err);

    (void)g;
    if (st != REC_OK) {
        free_learner(x);
        return st;
    }
    rec_ratings_keep(ratings, REC_VALID); /* the others are in its cells */
    *out = rec_mf_learner(x);
    return REC_OK;
}

static enum rec_status write(void *self, struct rec_writer *w, const char *by,
                             struct rec_err *err)
{
    return rec_mf_write(self, w, by, err);
}

/* ---- trained ---- */

static void free_trained(void *trained)
{
    rec_mf_free(trained);
    rec_free(trained);
}

static enum rec_status read(struct rec_reader *r, const struct rec_ratings *ratings,
                            unsigned parts, void **out, struct rec_err *err)
{
    const uint32_t n_nodes[2] = { ratings->n_users, ratings->n_items };
    struct rec_mf *m = rec_alloc_zero(1, sizeof *m, "model", err);
    enum rec_status st = m == NULL ? REC_ESYSTEM : rec_mf_read(r, n_nodes, m, err);

    (void)parts;
    if (st == REC_OK)
        *out = m;
    else
        rec_free(m);
    return st;
}

static double rating(const void *trained, const struct rec_ratings *x, size_t i)
{
    return rec_mf_rating(trained, x->user[i], x->item[i]);
}

static enum rec_status pairs(void *trained, const struct rec_ratings *q, double *out,
                             struct rec_err *err)
{
    (void)err;
    for (size_t i = 0; i < q->n; i++)
        out[i] = rec_mf_rating(trained, q->user[i], q->item[i]);
    return REC_OK;
}

const struct rec_model_kind rec_model_mf = {
    .name = "mf",
    .make = make,
    .free = free_learner,
    .write = write,
    .read = read,
    .free_trained = free_trained,
    .rating = rating,
    .pairs = pairs,
    .ranking = &rec_mf_ranking,
};
