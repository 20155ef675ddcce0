#ifndef REC_RGNN_AUTO_H
#define REC_RGNN_AUTO_H

#include "nn/rgnn_learner.h"

struct rec_train_opts;

/*
 * What training of `rgnn` takes from its ratings where nobody has said it: basis,
 * learning rate, penalty, dropout, initial messages and how long to train.
 *
 * Three kinds of sets are told apart by the training ratings that a node has, users and
 * items together:
 *
 *              ratings a node   basis   lr     penalty  dropout  init   epochs
 *   dense      50 and more *    level   0.005  0.02     0.3      0.02   16
 *   middling   10 to 50         level   0.002  0.06     0.5      0.01   30, or 15, 7
 *   sparse     fewer than 10    cl      0.001  0.08     0.3      0.003  0, 4, 8, 16, 32
 *
 * (*) and more than REC_RGNN_TRIAL_EDGES in all: fewer are middling, for such rates
 * learn them by heart.  With more than REC_RGNN_FEW_LEVELS distinct ratings the basis
 * is cl.  Where several numbers of epochs stand, they are tried in this order, each
 * with the whole schedule, until one is worse than the best before; judged by the
 * validation ratings if there are 20, else by a tenth of the training ratings held
 * out, or by up to five tenths in turn until they are 4000.  With more than
 * REC_RGNN_TRIAL_EDGES training ratings, or fewer than 20 to judge by, there is no
 * trial: 16, 30 and 4 epochs.
 *
 * The scale of ratings does not matter: see `unit` in nn/rgnn_edges.h.
 */
enum { REC_RGNN_FEW_LEVELS = 10, REC_RGNN_TRIAL_EDGES = 300000 };

enum rec_rgnn_density { REC_RGNN_DENSE, REC_RGNN_MIDDLING, REC_RGNN_SPARSE };

/* What is looked at: the training ratings. */
struct rec_rgnn_look {
    uint64_t n_edges;
    uint32_t n_nodes;  /* users and items with a training rating */
    uint32_t n_levels; /* distinct ratings, at most REC_RGNN_MANY_LEVELS */
};

enum { REC_RGNN_MAX_TRIALS = 5 };

struct rec_rgnn_plan {
    enum rec_rgnn_density density;
    enum rec_rgnn_basis basis; /* never AUTO */
    double lr, penalty, dropout, init;
    uint64_t epochs; /* without a trial */
    uint32_t n_trials;
    uint64_t trial[REC_RGNN_MAX_TRIALS]; /* numbers of epochs, in the order of trying */
};

enum rec_status rec_rgnn_look(const struct rec_ratings *ratings,
                              struct rec_rgnn_look *out,
                              struct rec_err *err) REC_MUST_USE;
void rec_rgnn_plan(const struct rec_rgnn_look *look, struct rec_rgnn_plan *out);

#define REC_OPEN_COUNT UINT64_MAX

/*
 * Sets what is open in OPTS, a NaN or AUTO, and in TRAIN, a NaN or REC_OPEN_COUNT,
 * copies lr and epochs to OPTS, and appends to SAID a line about each thing that was
 * found or chosen.  REC_ESYSTEM, before any trial, if N_MEMBERS models will not fit into
 * memory.
 */
enum rec_status rec_rgnn_settle(const struct rec_ratings *ratings, uint32_t n_members,
                                struct rec_rgnn_opts *opts,
                                struct rec_train_opts *train, struct rec_buf *said,
                                struct rec_err *err) REC_MUST_USE;

#endif
