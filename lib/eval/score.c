#include "eval/score.h"

struct rec_errors rec_score(const struct rec_ratings *ratings, enum rec_part part,
                            rec_predict_fn *predict, const void *ctx)
{
    struct rec_errors e = { 0 };

    for (size_t i = 0; i < ratings->n; i++)
        if (ratings->part[i] == part)
            rec_errors_add(&e, predict(ctx, ratings, i), (double)ratings->rating[i]);
    return e;
}

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
