#include "eval/score.h"

double rec_predict_mean(const void *ctx, const struct rec_ratings *x, size_t i)
{
    (void)x;
    (void)i;
    return ((const struct rec_biases *)ctx)->mean;
}

double rec_predict_biases(const void *ctx, const struct rec_ratings *x, size_t i)
{
    const struct rec_biases *b = ctx;

    return b->mean + b->user[x->user[i]] + b->item[x->item[i]];
}

double rec_predict_trained(const void *ctx, const struct rec_ratings *x, size_t i)
{
    return rec_trained_rating(ctx, x, i);
}

bool rec_has_valid(const struct rec_ratings *x)
{
    for (size_t i = 0; i < x->n; i++)
        if (x->part[i] == REC_VALID)
            return true;
    return false;
}

static struct rec_errors valid_errors(const struct rec_ratings *x,
                                      const struct rec_learner *l)
{
    struct rec_errors e = { 0 };

    for (size_t i = 0; i < x->n; i++)
        if (x->part[i] == REC_VALID)
            rec_errors_add(&e, l->rating(l->self, x, i), (double)x->rating[i]);
    return e;
}

double rec_valid_rmse(void *ctx, const struct rec_learner *l)
{
    struct rec_errors e = valid_errors(ctx, l);

    return rec_rmse(&e);
}

double rec_valid_mae(void *ctx, const struct rec_learner *l)
{
    struct rec_errors e = valid_errors(ctx, l);

    return rec_mae(&e);
}
