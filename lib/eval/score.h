#ifndef REC_SCORE_H
#define REC_SCORE_H

#include "eval/baseline.h"
#include "eval/metrics.h"
#include "nn/gcn.h"
#include "nn/learner.h"
#include "nn/rgnn_learner.h"

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

/* A trained model of either kind with its layers computed; CTX is a struct rec_trained.
 * { 0 } is empty. */
struct rec_trained {
    const char *name; /* "gcn", "rgnn" */
    struct rec_gcn m;
    struct rec_gcn_state s;
    struct rec_rgnn_trained rgnn;
};
/* What it is called in a report: "gcn". */
const char *rec_trained_name(const struct rec_trained *t);
double rec_predict_trained(const void *ctx, const struct rec_ratings *x, size_t i);

/*
 * What rec_trained_get() needs; call before rec_reader_run().  The ratings come with
 * times, if there are any; rows to be predicted are of PARTS, a sum of 1 << part.
 */
enum rec_status rec_trained_load(struct rec_reader *r,
                                 struct rec_err *err) REC_MUST_USE;
enum rec_status rec_trained_get(struct rec_reader *r, const struct rec_ratings *ratings,
                                unsigned parts, struct rec_trained *out,
                                struct rec_err *err) REC_MUST_USE;
void rec_trained_free(struct rec_trained *t);

/*
 * RMSE and MAE on the validation ratings, if there are any, as rec_train() asks for
 * them (each is a rec_train_metric); CTX is a struct rec_ratings.
 */
bool rec_has_valid(const struct rec_ratings *x);
double rec_valid_rmse(void *ctx, const struct rec_learner *l);
double rec_valid_mae(void *ctx, const struct rec_learner *l);

#endif
