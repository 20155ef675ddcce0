#ifndef REC_SCORE_H
#define REC_SCORE_H

#include "eval/baseline.h"
#include "eval/metrics.h"
#include "nn/kind.h"

/*
 * Scores rating predictors.  A predictor gives a rating for row I of the ratings; CTX
 * is its own.
 */
typedef double rec_predict_fn(const void *ctx, const struct rec_ratings *x, size_t i);

struct rec_predictor {
    const char *name;
    rec_predict_fn *predict;
    const void *ctx;
};

/* The baselines; CTX is a struct rec_biases. */
double rec_predict_mean(const void *ctx, const struct rec_ratings *x, size_t i);
double rec_predict_biases(const void *ctx, const struct rec_ratings *x, size_t i);

/* CTX is a struct rec_trained. */
double rec_predict_trained(const void *ctx, const struct rec_ratings *x, size_t i);

/*
 * RMSE and MAE on the validation ratings, if there are any, as rec_train() asks for
 * them (each is a rec_train_metric); CTX is a struct rec_ratings.
 */
bool rec_has_valid(const struct rec_ratings *x);
double rec_valid_rmse(void *ctx, const struct rec_learner *l);
double rec_valid_mae(void *ctx, const struct rec_learner *l);

#endif
