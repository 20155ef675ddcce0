#ifndef REC_RGNN_LEARNER_H
#define REC_RGNN_LEARNER_H

#include "nn/learner.h"
#include "nn/rgnn.h"
#include "nn/rgnn_past.h"

/*
 * The model of nn/rgnn.h as something to train: an epoch is a step of Adam for each
 * fold, in an order drawn from (seed, epoch).  The loss of the present weights is that
 * of all training ratings, each held out, without penalty and dropout.
 */
enum rec_rgnn_basis { REC_RGNN_AUTO, REC_RGNN_LEVEL, REC_RGNN_CL };

struct rec_rgnn_opts {
    uint32_t width, n_folds;
    enum rec_rgnn_basis basis; /* AUTO: by level up to 10 distinct training ratings */
    bool no_time;              /* without time kernels */
    uint64_t seed;
    double lambda[2]; /* of user and item biases; NaN: by cross-validation */
    double penalty, dropout, init;
    double lr;                        /* lr and epochs are to be recorded only, */
    uint64_t epochs;                  /* training is told them otherwise */
    const struct rec_rgnn_taus *taus; /* NULL: rec_rgnn_taus_choose() */
    bool no_ratings; /* rating() will not be called: loss() has less to do */
};

struct rec_rgnn_learner {
    struct rec_rgnn_opts opts;
    struct rec_rgnn_data x;
    struct rec_rgnn m;
    struct rec_rgnn_state s;
    struct rec_rgnn_features asked; /* of validation rows */
};

/* Needs ratings with parts, and times unless NO_TIME or there are none. */
enum rec_status rec_rgnn_learner_make(struct rec_rgnn_learner *x,
                                      const struct rec_ratings *ratings,
                                      const struct rec_rgnn_opts *opts,
                                      struct rec_err *err) REC_MUST_USE;
void rec_rgnn_learner_free(struct rec_rgnn_learner *x);
/* For rec_train(); X must stay where it is. */
struct rec_learner rec_rgnn_learner(struct rec_rgnn_learner *x);

/* A trained model that predicts rows of the ratings: the mean of its members.  { 0 } is
 * empty. */
struct rec_rgnn_trained {
    struct rec_rgnn_data x;
    struct rec_rgnn_features asked;
    struct rec_rgnn_past past; /* made when pairs with times are first asked for */
    uint32_t n_members;
    struct rec_rgnn *m;       /* (n_members) */
    struct rec_rgnn_state *s; /* (n_members) */
    struct rec_rgnn_rank *rank; /* NULL until it ranks: nn/rgnn_rank.h */
};

/*
 * After rec_reader_run() with sections model* loaded; the ratings must be those of
 * training, with times if it had them.  PARTS as in rec_rgnn_features_ask().
 */
enum rec_status rec_rgnn_read(struct rec_reader *r, const struct rec_ratings *ratings,
                              unsigned parts, struct rec_rgnn_trained *out,
                              struct rec_err *err) REC_MUST_USE;
void rec_rgnn_trained_free(struct rec_rgnn_trained *t);
/* Of a user and an item, with its base and its row of features: each member within the
 * scale of the training ratings, then their mean. */
double rec_rgnn_mean(const struct rec_rgnn_trained *t, uint32_t user, uint32_t item,
                     double base, const rec_real *x);
/* Of row I, which is of one of the parts. */
double rec_rgnn_predict(const struct rec_rgnn_trained *t, const struct rec_ratings *x,
                        size_t i);
/*
 * Of N pairs: Q's user, item and time; NULL or REC_NO_TIME for no kernels; UINT32_MAX is a
 * node without edges.  OUT (n), each by its own pair alone.
 */
enum rec_status rec_rgnn_pairs(struct rec_rgnn_trained *t, const struct rec_ratings *q,
                               double *out, struct rec_err *err) REC_MUST_USE;

#endif
