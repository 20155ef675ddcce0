#ifndef REC_KIND_H
#define REC_KIND_H

#include "data/features.h"
#include "nn/gcn_learner.h"
#include "nn/learner.h"
#include "nn/lightgcn.h"
#include "nn/mf_learner.h"
#include "nn/rgnn_auto.h"
#include "nn/rgnn_members.h"
#include "nn/spectral.h"

/*
 * The kinds of models, and what all of them can do: be trained, be written, be read
 * and predict.  Who trains or measures a model need not know its kind.
 */
struct rec_model_opts {
    struct rec_gcn_opts gcn;
    struct rec_rgnn_opts rgnn;
    uint32_t members; /* of rgnn */
    struct rec_mf_opts mf;
    struct rec_spectral_opts spectral;
    struct rec_lightgcn_opts lightgcn;
    bool keep_best; /* a copy of the weights will be needed as well */
};

/*
 * What a trained model can do that ranks all items for a user.  U users, I items, D
 * its width; B users at a time, in a block.
 */
struct rec_ranking {
    /* Once, before the others; may be NULL. */
    enum rec_status (*ready)(void *trained, struct rec_err *err);
    /* Bytes of room, aligned to 16, that scores() needs for a block of B users. */
    size_t (*scratch_bytes)(const void *trained, uint32_t b);
    /* OUT (B, I): the scores of USER (B), higher is better.  Called from several
     * threads at a time, each with its own scratch; the bits of a row do not depend on
     * the block that it is in.  A score that is not finite is an error of the caller's
     * to find. */
    void (*scores)(const void *trained, const uint32_t *user, uint32_t b, void *scratch,
                   float *out);
    /* OUT (I): those of somebody who rated ITEM (N), distinct and ascending, RATING (N)
     * or NULL, and of whom nothing else is known: the same bits as scores() gives a
     * user of training with just these ratings, as all else stays as it was trained.
     * From one thread; REC_EINPUT if it cannot use the ratings, REC_EFORMAT if the
     * model knows only the users of its training; NULL: none of this kind can. */
    enum rec_status (*fold_in)(void *trained, const uint32_t *item, const float *rating,
                               uint32_t n, float *out, struct rec_err *err);
    /* Of all nodes of a side (REC_USERS, REC_ITEMS): (nodes, *D), the model's own. */
    const float *(*vectors)(const void *trained, int side, uint32_t *d);
};

extern const struct rec_ranking rec_rgnn_ranking, rec_mf_ranking;

struct rec_model_kind {
    const char *name; /* what key `model` of section `model` says */
    bool graph;       /* trained from section `graph`, too */
    bool times;       /* from the times of ratings, if there are any */

    /*
     * NULL, or sets what is open in OPTS and TRAIN, see nn/rgnn_auto.h, by the training
     * ratings.  SAID gets lines, each with its newline, of what was found and chosen.
     */
    enum rec_status (*settle)(const struct rec_ratings *ratings,
                              struct rec_model_opts *opts, struct rec_train_opts *train,
                              struct rec_buf *said, struct rec_err *err);

    /*
     * To be trained, with the side features that the ratings view: OUT with a self of
     * its own, to be freed by free().  The graph may be NULL if it is not asked for;
     * ratings and graph must outlive OUT.  What it does not need of them is freed:
     * after it no more is there for sure than the ratings of validation and the counts.
     */
    enum rec_status (*make)(struct rec_ratings *ratings, struct rec_graph *g,
                            const struct rec_model_opts *opts, struct rec_learner *out,
                            struct rec_err *err);
    void (*free)(void *self);
    /* After training: sections `model` and `model.*`. */
    enum rec_status (*write)(void *self, struct rec_writer *w, const char *by,
                             struct rec_err *err);

    /*
     * Trained, from loaded sections, with all that its predictions need computed: OUT
     * is to be freed by free_trained().  The ratings are those of training; rows to be
     * predicted are of PARTS, a sum of 1 << part.
     */
    enum rec_status (*read)(struct rec_reader *r, const struct rec_ratings *ratings,
                            unsigned parts, void **out, struct rec_err *err);
    void (*free_trained)(void *trained);
    double (*rating)(const void *trained, const struct rec_ratings *x, size_t i);

    /*
     * NULL, or the ratings of pairs that are no rows of the ratings: Q's user, item and
     * time (or NULL, or REC_NO_TIME for one) of N pairs, where UINT32_MAX is a user or
     * an item without training ratings of its own name; OUT (n).  NULL: rating() takes
     * any known user and item.
     */
    enum rec_status (*pairs)(void *trained, const struct rec_ratings *q, double *out,
                             struct rec_err *err);
    /* Whether a prediction depends on the time of its rating.  NULL: never. */
    bool (*timed)(const void *trained);
    /* NULL: cannot rank. */
    const struct rec_ranking *ranking;
};

extern const struct rec_model_kind rec_model_gcn, rec_model_rgnn, rec_model_mf,
    rec_model_spectral, rec_model_lightgcn;

/* All of them, by these numbers. */
enum {
    REC_MODEL_GCN,
    REC_MODEL_RGNN,
    REC_MODEL_MF,
    REC_MODEL_SPECTRAL,
    REC_MODEL_LIGHTGCN,
    REC_N_MODELS
};
extern const struct rec_model_kind *const rec_model_kinds[REC_N_MODELS];

/* A trained model of any kind.  { 0 } is empty. */
struct rec_trained {
    const struct rec_model_kind *kind;
    void *self;
    struct rec_features features; /* of nodes; SELF may look at them */
    bool rating_features;         /* it was trained with features of ratings */
};

/*
 * What rec_trained_get() needs; call before rec_reader_run().  The ratings come with
 * times, if there are any.
 */
enum rec_status rec_trained_load(struct rec_reader *r,
                                 struct rec_err *err) REC_MUST_USE;
enum rec_status rec_trained_get(struct rec_reader *r, const struct rec_ratings *ratings,
                                unsigned parts, struct rec_trained *out,
                                struct rec_err *err) REC_MUST_USE;
void rec_trained_free(struct rec_trained *t);
/* The rating it predicts for row I. */
double rec_trained_rating(const struct rec_trained *t, const struct rec_ratings *x,
                          size_t i);

#endif
