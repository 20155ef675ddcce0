#include "nn/kind.h"
#include "nn/rgnn_rank.h"

static enum rec_status settle(const struct rec_ratings *ratings,
                              struct rec_model_opts *opts, struct rec_train_opts *train,
                              struct rec_buf *said, struct rec_err *err)
{
    return rec_rgnn_settle(ratings, opts->members, &opts->rgnn, train, said, err);
}

static void free_learner(void *self)
{
    if (self != NULL)
        rec_rgnn_members_free(self);
    rec_free(self);
}

static enum rec_status make(struct rec_ratings *ratings, struct rec_graph *g,
                            const struct rec_model_opts *opts, struct rec_learner *out,
                            struct rec_err *err)
{
    struct rec_rgnn_members *x = rec_alloc_zero(1, sizeof *x, "training", err);
    enum rec_status st =
        x == NULL ? REC_ESYSTEM
                  : rec_rgnn_members_make(x, opts->members, ratings, &opts->rgnn, err);

    (void)g;
    if (st == REC_OK)
        *out = rec_rgnn_members_learner(x);
    else
        free_learner(x);
    return st;
}

static enum rec_status write(void *self, struct rec_writer *w, const char *by,
                             struct rec_err *err)
{
    return rec_rgnn_members_write(self, w, by, err);
}

static void free_trained(void *trained)
{
    rec_rgnn_trained_free(trained);
    rec_free(trained);
}

static enum rec_status read(struct rec_reader *r, const struct rec_ratings *ratings,
                            unsigned parts, void **out, struct rec_err *err)
{
    struct rec_rgnn_trained *t = rec_alloc_zero(1, sizeof *t, "model", err);
    enum rec_status st =
        t == NULL ? REC_ESYSTEM : rec_rgnn_read(r, ratings, parts, t, err);

    if (st == REC_OK)
        *out = t;
    else
        rec_free(t);
    return st;
}

static double rating(const void *trained, const struct rec_ratings *x, size_t i)
{
    return rec_rgnn_predict(trained, x, i);
}

static enum rec_status pairs(void *trained, const struct rec_ratings *q, double *out,
                             struct rec_err *err)
{
    return rec_rgnn_pairs(trained, q, out, err);
}

static bool timed(const void *trained)
{
    const struct rec_rgnn_trained *t = trained;

    return t->x.taus.n[REC_USERS] + t->x.taus.n[REC_ITEMS] > 0;
}

const struct rec_model_kind rec_model_rgnn = {
    .name = "rgnn",
    .times = true,
    .settle = settle,
    .make = make,
    .free = free_learner,
    .write = write,
    .read = read,
    .free_trained = free_trained,
    .rating = rating,
    .ranking = &rec_rgnn_ranking,
    .pairs = pairs,
    .timed = timed,
};
