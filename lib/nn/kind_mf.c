#include "nn/kind.h"

static enum rec_status make(struct rec_ratings *ratings, struct rec_graph *g,
                            const struct rec_model_opts *opts, struct rec_learner *out,
                            struct rec_err *err)
{
    struct rec_mf *m = rec_alloc_zero(1, sizeof *m, "training", err);
    enum rec_status st =
        m == NULL ? REC_ESYSTEM : rec_mf_make(m, ratings, &opts->mf, err);

    (void)g;
    if (st == REC_OK)
        *out = rec_mf_learner(m);
    else
        rec_free(m);
    return st;
}

/* Of a learner and of a trained model: they are the same. */
static void free_self(void *self)
{
    if (self != NULL)
        rec_mf_free(self);
    rec_free(self);
}

static enum rec_status write(void *self, struct rec_writer *w, const char *by,
                             struct rec_err *err)
{
    return rec_mf_write(self, w, by, err);
}

static enum rec_status read(struct rec_reader *r, const struct rec_ratings *ratings,
                            unsigned parts, void **out, struct rec_err *err)
{
    struct rec_mf *m = rec_alloc_zero(1, sizeof *m, "model", err);
    enum rec_status st = m == NULL ? REC_ESYSTEM : rec_mf_read(m, r, ratings, err);

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

const struct rec_model_kind rec_model_mf = {
    .name = "mf",
    .make = make,
    .free = free_self,
    .write = write,
    .read = read,
    .free_trained = free_self,
    .rating = rating,
};
