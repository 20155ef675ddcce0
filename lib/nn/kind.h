#ifndef REC_KIND_H
#define REC_KIND_H

#include "nn/gcn_learner.h"
#include "nn/learner.h"
#include "nn/rgnn_learner.h"

/*
 * The kinds of models, and what all of them can do: be trained, be written, be read
 * and predict.  Who trains or measures a model need not know its kind.
 */
struct rec_model_opts {
    struct rec_gcn_opts gcn;
    struct rec_rgnn_opts rgnn;
    bool keep_best; /* a copy of the weights will be needed as well */
};

struct rec_model_kind {
    const char *name; /* what key `model` of section `model` says */
    bool graph;       /* trained from section `graph`, too */
    bool times;       /* from the times of ratings, if there are any */

    /*
     * To be trained: OUT with a self of its own, to be freed by free().  The graph may
     * be NULL if it is not asked for; ratings and graph must outlive OUT.  What it does
     * not need of them is freed: after it no more is there for sure than the ratings of
     * validation and the counts.
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
};

extern const struct rec_model_kind rec_model_gcn, rec_model_rgnn;

/* All of them, by these numbers. */
enum { REC_MODEL_GCN, REC_MODEL_RGNN, REC_N_MODELS };
extern const struct rec_model_kind *const rec_model_kinds[REC_N_MODELS];

/* A trained model of any kind.  { 0 } is empty. */
struct rec_trained {
    const struct rec_model_kind *kind;
    void *self;
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
