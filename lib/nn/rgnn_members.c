#include "nn/rgnn_members.h"

#include <stdio.h>

enum rec_status rec_rgnn_members_make(struct rec_rgnn_members *out, uint32_t n,
                                      const struct rec_ratings *ratings,
                                      const struct rec_rgnn_opts *opts,
                                      struct rec_err *err)
{
    struct rec_rgnn_members x = { .n = n };
    struct rec_rgnn_opts o = *opts;
    enum rec_status st = REC_OK;

    x.member = rec_alloc_zero(n, sizeof *x.member, "members", err);
    if (x.member == NULL)
        return REC_ESYSTEM;
    for (uint32_t k = 0; st == REC_OK && k < n; k++) {
        o.seed = opts->seed + k;
        st = rec_rgnn_learner_make(&x.member[k], ratings, &o, err);
        if (st == REC_OK)
            rec_rgnn_number(&x.member[k].m, k);
        for (int s = 0; s < 2; s++)
            o.lambda[s] = x.member[0].x.bias.lambda[s];
    }
    if (st != REC_OK) {
        rec_rgnn_members_free(&x);
        return st;
    }
    *out = x;
    return REC_OK;
}

void rec_rgnn_members_free(struct rec_rgnn_members *x)
{
    for (uint32_t k = 0; x->member != NULL && k < x->n; k++)
        rec_rgnn_learner_free(&x->member[k]);
    rec_free(x->member);
    *x = (struct rec_rgnn_members){ 0 };
}

/* ---- its functions for training ---- */

static struct rec_learner of(const struct rec_rgnn_members *x, uint32_t k)
{
    return rec_rgnn_learner(&x->member[k]);
}

static struct rec_param *param(void *self, uint32_t index)
{
    struct rec_rgnn_members *x = self;
    uint32_t n = rec_rgnn_n_params(&x->member[0].m), k = index / n;

    return k < x->n ? rec_rgnn_param(&x->member[k].m, index % n) : NULL;
}

static double loss(void *self)
{
    const struct rec_rgnn_members *x = self;
    double sum = 0.0;

    for (uint32_t k = 0; k < x->n; k++)
        sum += of(x, k).loss(&x->member[k]);
    return sum / x->n;
}

static void epoch(void *self, uint64_t epoch, double lr)
{
    const struct rec_rgnn_members *x = self;

    for (uint32_t k = 0; k < x->n; k++)
        of(x, k).epoch(&x->member[k], epoch, lr);
}

static double rating(void *self, const struct rec_ratings *r, size_t i)
{
    const struct rec_rgnn_members *x = self;
    double sum = 0.0;

    for (uint32_t k = 0; k < x->n; k++)
        sum += of(x, k).rating(&x->member[k], r, i);
    return sum / x->n;
}

static bool output(void *self, uint32_t index, char name[48], const rec_real **h,
                   size_t *n)
{
    const struct rec_rgnn_members *x = self;

    return index / 2 < x->n &&
           of(x, index / 2).output(&x->member[index / 2], index % 2, name, h, n);
}

struct rec_learner rec_rgnn_members_learner(struct rec_rgnn_members *x)
{
    return (struct rec_learner){ x, param, loss, epoch, rating, output };
}
