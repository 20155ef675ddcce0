#ifndef REC_SCORE_H
#define REC_SCORE_H

#include "eval/baseline.h"
#include "eval/metrics.h"

/*
 * Scores rating predictors on one part of the ratings.  A predictor gives a rating for
 * row I of the ratings; CTX is its own.
 */
typedef double rec_predict_fn(const void *ctx, const struct rec_ratings *x, size_t i);

struct rec_errors rec_score(const struct rec_ratings *ratings, enum rec_part part,
                            rec_predict_fn *predict, const void *ctx);

/* The baselines as predictors; CTX is a struct rec_biases. */
double rec_predict_mean(const void *ctx, const struct rec_ratings *x, size_t i);
double rec_predict_biases(const void *ctx, const struct rec_ratings *x, size_t i);

#endif
