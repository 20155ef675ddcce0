#ifndef REC_GCN_LEARNER_H
#define REC_GCN_LEARNER_H

#include "nn/batch.h"
#include "nn/fused.h"
#include "nn/learner.h"

/*
 * The graph convolutional network as something to train: each epoch one forward, loss,
 * backward and step of Adam, or as many as there are batches.  All of it fused
 * (nn/fused.h) where that can serve: two layers of a known width, full batch, no
 * dropout, clipping, decay or features; else layer by layer.  { 0 } is empty.
 */
struct rec_gcn_opts {
    uint32_t width, n_layers;
    uint64_t seed;
    struct rec_adam adam; /* lr is given by the epoch */
    double clip_norm;     /* most length of the gradient, before weight decay; 0: any */
    double dropout;       /* of the outputs of layers; 0: none */
    uint64_t batch;       /* ratings a step; 0, or E and more: all */
    const struct rec_features *features; /* of nodes, or NULL; then not fused */
    bool plain;                          /* layer by layer in any case */
    bool no_ratings;  /* rating() will not be called: fused has less to do */
    bool frees_edges; /* fused: the graph's, once they are not needed any more */
};

struct rec_gcn_learner {
    struct rec_gcn_opts opts;
    const struct rec_graph *g;
    struct rec_chunks chunks;
    struct rec_gcn m;        /* fused: until rec_gcn_learner_end() W1 is not in order */
    struct rec_gcn_state s;  /* fused: only `s`, and that only if ratings are wanted */
    struct rec_fused *fused; /* or NULL */
    struct rec_batches batches; /* empty: full batch */
    bool one_pass;              /* what loss() has computed is what the step needs */
};

/* With initial weights drawn from the seed; the graph must outlive it, and is changed
 * by rec_graph_free_edges() alone, if that is asked for. */
enum rec_status rec_gcn_learner_make(struct rec_gcn_learner *x, struct rec_graph *g,
                                     const struct rec_gcn_opts *opts,
                                     struct rec_err *err) REC_MUST_USE;
void rec_gcn_learner_free(struct rec_gcn_learner *x);
/* Bytes that rec_gcn_learner_make() takes, less what it frees; BEST adds a copy of the
 * weights. */
uint64_t rec_gcn_learner_bytes(const struct rec_graph *g,
                               const struct rec_gcn_opts *opts, bool best);
/* Whether that and the writing of the result stay under the limit of memory: asked
 * before rather than found out in the middle.  REC_ESYSTEM, naming need and limit. */
enum rec_status rec_gcn_learner_fits(const struct rec_graph *g,
                                     const struct rec_gcn_opts *opts, bool best,
                                     struct rec_err *err) REC_MUST_USE;

/* After training: the model, which stays X's, in order. */
enum rec_status rec_gcn_learner_end(struct rec_gcn_learner *x, struct rec_gcn **out,
                                    struct rec_err *err) REC_MUST_USE;

/* For rec_train(); X must stay where it is. */
struct rec_learner rec_gcn_learner(struct rec_gcn_learner *x);

#endif
