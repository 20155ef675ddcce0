#include "nn/rgnn_learner.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/random.h"
#include "nn/rgnn_rank.h"

enum { AUTO_LEVELS = 10 };

static bool by_level(const struct rec_ratings *r, enum rec_rgnn_basis basis)
{
    float levels[REC_RGNN_MANY_LEVELS];

    return basis == REC_RGNN_LEVEL ||
           (basis == REC_RGNN_AUTO && rec_rgnn_levels(r, levels) <= AUTO_LEVELS);
}

enum rec_status rec_rgnn_learner_make(struct rec_rgnn_learner *out,
                                      const struct rec_ratings *ratings,
                                      const struct rec_rgnn_opts *opts,
                                      struct rec_err *err)
{
    struct rec_rgnn_learner x = { .opts = *opts };
    const struct rec_rgnn_taus *taus = opts->no_time ? NULL : opts->taus;
    enum rec_status st = REC_OK;

    if (taus != NULL && taus->n[REC_USERS] + taus->n[REC_ITEMS] > 0 &&
        ratings->time == NULL)
        return rec_fail(err, REC_EFORMAT,
                        "--taus: the ratings have no times; tell rec-clean their "
                        "column with --time");
    st = rec_rgnn_data_make(ratings, by_level(ratings, opts->basis), !opts->no_time,
                            opts->n_folds, opts->seed, opts->lambda, taus, &x.x, err);

    if (st == REC_OK)
        st = rec_rgnn_make(&x.x, opts->width, true, &x.m, err);
    if (st == REC_OK)
        st = rec_rgnn_state_make(&x.x, &x.m, true, &x.s, err);
    if (st == REC_OK && !opts->no_ratings)
        st = rec_rgnn_features_ask(&x.x.g, &x.x.bias, &x.x.taus, ratings,
                                   1u << REC_VALID, &x.asked, err);
    if (st != REC_OK) {
        rec_rgnn_learner_free(&x);
        return st;
    }
    rec_rgnn_init(&x.m, &x.x, opts->seed, opts->init);
    *out = x;
    return REC_OK;
}

void rec_rgnn_learner_free(struct rec_rgnn_learner *x)
{
    rec_rgnn_features_free(&x->asked);
    rec_rgnn_state_free(&x->s);
    rec_rgnn_free(&x->m);
    rec_rgnn_data_free(&x->x);
    *x = (struct rec_rgnn_learner){ 0 };
}

/* ---- its functions for training ---- */

static struct rec_param *param(void *self, uint32_t index)
{
    return rec_rgnn_param(&((struct rec_rgnn_learner *)self)->m, index);
}

static double loss(void *self)
{
    struct rec_rgnn_learner *x = self;
    double sum = 0.0, mse;

    for (uint32_t f = 0; f < x->x.n_folds; f++) {
        rec_rgnn_forward(&x->m, &x->x, f, &x->s);
        (void)rec_rgnn_loss(&x->m, &x->x, f, 0.0, NULL, false, &x->s, &mse);
        sum += mse * (double)rec_rgnn_fold_edges(&x->x, f);
    }
    if (!x->opts.no_ratings)
        rec_rgnn_forward(&x->m, &x->x, x->x.n_folds, &x->s);
    return sum / (double)x->x.g.n_edges * x->x.g.unit * x->x.g.unit;
}

/* Step number T (from 1), on the ratings of a fold. */
static void step(struct rec_rgnn_learner *x, uint32_t fold, uint64_t t, double lr)
{
    const struct rec_adam adam = { lr, 0.9, 0.999, 1e-8, 0.0 };
    const struct rec_rgnn_drop drop = { x->opts.dropout, x->opts.seed, t };
    struct rec_param *p;

    for (uint32_t i = 2; (p = rec_rgnn_param(&x->m, i)) != NULL; i++)
        memset(p->dx, 0, rec_param_size(p) * sizeof *p->dx); /* tables' are set */
    rec_rgnn_forward(&x->m, &x->x, fold, &x->s);
    (void)rec_rgnn_loss(&x->m, &x->x, fold, x->opts.penalty, &drop, true, &x->s, NULL);
    rec_rgnn_backward(&x->m, &x->x, fold, x->opts.penalty, &drop, &x->s);
    for (uint32_t i = 0; (p = rec_rgnn_param(&x->m, i)) != NULL; i++)
        rec_adam_step(&adam, t, p);
}

static void epoch(void *self, uint64_t epoch, double lr)
{
    struct rec_rgnn_learner *x = self;
    uint32_t order[REC_RGNN_MAX_FOLDS], n = x->x.n_folds;
    struct rec_random random;
    char stream[48];

    (void)snprintf(stream, sizeof stream, "rgnn order %" PRIu64, epoch);
    rec_random_init(&random, x->opts.seed, stream);
    for (uint32_t i = 0; i < n; i++) { /* a shuffle from the inside out */
        uint32_t k = (uint32_t)rec_random_below(&random, (uint64_t)i + 1);

        order[i] = i;
        order[i] = order[k];
        order[k] = i;
    }
    for (uint32_t i = 0; i < n; i++)
        step(x, order[i], (epoch - 1) * n + i + 1, lr);
}

/* As a rating, within the scale. */
static double clipped(const struct rec_rgnn_data *d, double s)
{
    double low = (double)d->g.low, high = (double)d->g.high;

    return (s < low ? low : s > high ? high : s) * d->g.unit;
}

static double rating(void *self, const struct rec_ratings *r, size_t i)
{
    const struct rec_rgnn_learner *x = self;
    size_t at = x->asked.at[i];

    return clipped(&x->x, rec_rgnn_rating(&x->m, &x->s, r->user[i], r->item[i],
                                          (double)x->asked.base[at],
                                          x->asked.x + at * x->asked.n));
}

static bool output(void *self, uint32_t index, char name[48], const rec_real **h,
                   size_t *n)
{
    const struct rec_rgnn_learner *x = self;

    if (index >= 2)
        return false;
    (void)snprintf(name, 48, "the sums of %s", index == REC_USERS ? "users" : "items");
    *h = x->s.h[index];
    *n = (size_t)x->x.g.side[index].n * x->m.width;
    return true;
}

struct rec_learner rec_rgnn_learner(struct rec_rgnn_learner *x)
{
    return (struct rec_learner){ x, param, loss, epoch, rating, output };
}

/* ---- trained ---- */

void rec_rgnn_trained_free(struct rec_rgnn_trained *t)
{
    rec_rgnn_past_free(&t->past);
    rec_rgnn_features_free(&t->asked);
    for (uint32_t k = 0; k < t->n_members; k++) {
        rec_rgnn_state_free(&t->s[k]);
        rec_rgnn_free(&t->m[k]);
    }
    rec_free(t->s);
    rec_free(t->m);
    rec_rgnn_rank_free(t->rank);
    rec_rgnn_data_free(&t->x);
    *t = (struct rec_rgnn_trained){ 0 };
}

double rec_rgnn_mean(const struct rec_rgnn_trained *t, uint32_t user, uint32_t item,
                     double base, const rec_real *x)
{
    double sum = 0.0;

    for (uint32_t k = 0; k < t->n_members; k++)
        sum += clipped(&t->x, rec_rgnn_rating(&t->m[k], &t->s[k], user, item, base, x));
    return sum / t->n_members;
}

double rec_rgnn_predict(const struct rec_rgnn_trained *t, const struct rec_ratings *r,
                        size_t i)
{
    size_t at = t->asked.at[i];

    return rec_rgnn_mean(t, r->user[i], r->item[i], (double)t->asked.base[at],
                         t->asked.x + at * t->asked.n);
}
