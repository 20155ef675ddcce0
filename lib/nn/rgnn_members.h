#ifndef REC_RGNN_MEMBERS_H
#define REC_RGNN_MEMBERS_H

#include "nn/rgnn_learner.h"

/*
 * Several rgnn models of the same ratings, trained side by side, whose predictions are
 * averaged: each is kept within the scale, then the mean is taken.  Member k (from 0)
 * has the folds, initial weights, dropout and order of steps of seed SEED + k; the
 * shrinkage of biases is that of the first, so that all predict from the same view.
 * One member is nn/rgnn_learner.h and nothing else.
 */
struct rec_rgnn_members {
    uint32_t n;
    struct rec_rgnn_learner *member; /* (n) */
};

/* N in 1 .. REC_RGNN_MAX_MEMBERS; the rest as rec_rgnn_learner_make(). */
enum rec_status rec_rgnn_members_make(struct rec_rgnn_members *x, uint32_t n,
                                      const struct rec_ratings *ratings,
                                      const struct rec_rgnn_opts *opts,
                                      struct rec_err *err) REC_MUST_USE;
void rec_rgnn_members_free(struct rec_rgnn_members *x);

/*
 * All of them as one to train; X must stay where it is.  Tensors are those of the first
 * member, then those of the second, called "Y.2" and so on; an epoch is one of each;
 * the loss is the mean of theirs.
 */
struct rec_learner rec_rgnn_members_learner(struct rec_rgnn_members *x);

/* Sections `model`, with all that was settled, and `model.Y` ... `model.Y.2` ... */
enum rec_status rec_rgnn_members_write(struct rec_rgnn_members *x, struct rec_writer *w,
                                       const char *by,
                                       struct rec_err *err) REC_MUST_USE;

#endif
