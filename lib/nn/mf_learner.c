#include "nn/mf_learner.h"

#include <float.h>
#include <math.h>

#include "nn/settings.h"

static const double LAMBDA = 2.0;

enum rec_status rec_mf_learner_make(struct rec_mf_learner *out,
                                    const struct rec_ratings *ratings,
                                    const struct rec_mf_opts *opts, struct rec_err *err)
{
    struct rec_mf_learner x = { .opts = *opts };
    enum rec_status st;

    for (int s = 0; s < 2; s++)
        if (isnan(x.opts.l2.lambda[s]))
            x.opts.l2.lambda[s] = LAMBDA;
    st = rec_mf_data_make(ratings, opts->seed, &x.x, err);

    if (st == REC_OK)
        st = rec_mf_make(x.x.n_nodes, opts->width, &x.m, err);
    if (st == REC_OK) {
        x.cell =
            rec_alloc((size_t)x.x.n_cuts * x.x.n_cuts, sizeof *x.cell, "training", err);
        st = x.cell == NULL ? REC_ESYSTEM : REC_OK;
    }
    if (st != REC_OK) {
        rec_mf_learner_free(&x);
        return st;
    }
    rec_mf_init(&x.m, &x.x, opts->seed, opts->init);
    *out = x;
    return REC_OK;
}

void rec_mf_learner_free(struct rec_mf_learner *x)
{
    rec_mf_data_free(&x->x);
    rec_mf_free(&x->m);
    rec_free(x->cell);
    *x = (struct rec_mf_learner){ 0 };
}

/* ---- its functions for training ---- */

static struct rec_param *param(void *self, uint32_t index)
{
    return rec_mf_param(&((struct rec_mf_learner *)self)->m, index);
}

static double loss(void *self)
{
    struct rec_mf_learner *x = self;

    return rec_mf_loss(&x->m, &x->x, x->cell);
}

static void epoch(void *self, uint64_t epoch, double lr)
{
    struct rec_mf_learner *x = self;

    rec_mf_epoch(&x->m, &x->x, &x->opts.l2, lr, x->opts.seed, epoch);
}

static double rating(void *self, const struct rec_ratings *r, size_t i)
{
    const struct rec_mf_learner *x = self;

    return rec_mf_rating(&x->m, r->user[i], r->item[i]);
}

struct rec_learner rec_mf_learner(struct rec_mf_learner *x)
{
    return (struct rec_learner){ x, param, loss, epoch, rating, NULL };
}

/* ---- in a file ---- */

static enum rec_status add_settings(const struct rec_mf_learner *x, struct rec_table *t,
                                    struct rec_err *err)
{
    const struct {
        const char *key;
        double value;
    } reals[] = {
        { "mean", x->m.mean },
        { "low", (double)x->m.low },
        { "high", (double)x->m.high },
        { "penalty", x->opts.l2.penalty },
        { "lambda_user", x->opts.l2.lambda[REC_USERS] },
        { "lambda_item", x->opts.l2.lambda[REC_ITEMS] },
        { "init", x->opts.init },
    };
    enum rec_status st = rec_settings_add(t, "model", "mf", err);

    if (st == REC_OK)
        st = rec_settings_add_number(t, "width", x->m.width, err);
    if (st == REC_OK)
        st = rec_settings_add_number(t, "seed", x->opts.seed, err);
    for (size_t i = 0; st == REC_OK && i < sizeof reals / sizeof *reals; i++)
        st = rec_settings_add_real(t, reals[i].key, reals[i].value, err);
    return st;
}

enum rec_status rec_mf_write(const struct rec_mf_learner *x, struct rec_writer *w,
                             const char *by, struct rec_err *err)
{
    struct rec_mf m = x->m; /* its tensors are only lent, and only read */
    struct rec_table t;
    struct rec_param *p;
    enum rec_status st;

    rec_settings_init(&t, "model", by);
    st = add_settings(x, &t, err);
    if (st == REC_OK)
        st = rec_writer_table(w, &t, err);
    for (uint32_t i = 0; st == REC_OK && (p = rec_mf_param(&m, i)) != NULL; i++)
        st = rec_param_write(p, w, by, err);
    rec_table_free(&t);
    return st;
}

enum rec_status rec_mf_read(struct rec_reader *r, const uint32_t n_nodes[2],
                            struct rec_mf *out, struct rec_err *err)
{
    static const char *const keys[] = { "mean", "low", "high" };
    double value[3] = { 0.0, 0.0, 0.0 };
    struct rec_mf m = { .width = 0 };
    struct rec_table *t;
    struct rec_param *p;
    uint64_t width = 0;
    enum rec_status st = rec_reader_need(r, "model", "rec-train", &t, err);

    if (st == REC_OK)
        st = rec_settings_check(t, err);
    if (st == REC_OK)
        st = rec_settings_get_number(t, "width", 1, REC_MF_MAX_WIDTH, &width, err);
    for (int i = 0; st == REC_OK && i < 3; i++)
        st = rec_settings_get_real(t, keys[i], -FLT_MAX, FLT_MAX, &value[i], err);
    if (st == REC_OK)
        st = rec_mf_make(n_nodes, (uint32_t)width, &m, err);
    for (uint32_t i = 0; st == REC_OK && (p = rec_mf_param(&m, i)) != NULL; i++)
        st = rec_param_read(p, r, err);
    if (st != REC_OK) {
        rec_mf_free(&m);
        return st;
    }
    m.mean = value[0];
    m.low = (float)value[1];
    m.high = (float)value[2];
    *out = m;
    return REC_OK;
}
