#ifndef REC_CHECKPOINT_H
#define REC_CHECKPOINT_H

#include "nn/learner.h"
#include "nn/trainlog.h"

/*
 * A training between two epochs, in a file.  A container (lib/io/FORMAT.md) with the
 * sections
 *
 *   train              key, value: format 1; epochs done; best, the epochs that the
 *                      best weights have seen, if there are any; input, a digest of
 *                      what the training read; settings, its options
 *   train.log          as struct rec_train_log has it, a row for each epoch done
 *   model.NAME         f32[cols], the values of tensor NAME; so, from here on, for each
 *   adam.m.NAME        Adam's first moment, if it has one
 *   adam.v.NAME        Adam's second moment, likewise
 *   best.NAME          the best values so far, if there are any
 *
 * All that comes after is a function of these, of the input and of the options; nothing
 * else has to be saved.
 */
struct rec_checkpoint {
    uint64_t epochs;  /* done, as many as the log has rows */
    uint64_t best;    /* epochs that the best weights have seen, or REC_NO_BEST */
    rec_real *best_x; /* all values, as rec_learner_get(); NULL if none are kept */
    uint64_t input;
    const char *settings; /* "--hidden 16 --layers 2 ...", the options that matter */
};

#define REC_NO_BEST UINT64_MAX

/*
 * Replaces the file at PATH, or leaves it as it is: it is written beside it, flushed to
 * the disk and renamed.  The first C->epochs rows of the log belong to it.
 */
enum rec_status rec_checkpoint_write(const char *path, const struct rec_checkpoint *c,
                                     const struct rec_learner *l,
                                     const struct rec_train_log *log,
                                     struct rec_err *err) REC_MUST_USE;

/*
 * Sets the learner's tensors, the log, C->epochs and C->best, and fills C->best_x.
 * REC_EFORMAT if the file is damaged, cut off, no checkpoint, or of another input than
 * C->input; REC_EUSAGE if it was made with other settings than C->settings.  On failure
 * the learner holds anything.
 */
enum rec_status rec_checkpoint_read(const char *path, struct rec_checkpoint *c,
                                    const struct rec_learner *l,
                                    struct rec_train_log *log,
                                    struct rec_err *err) REC_MUST_USE;

/* REC_EFORMAT, with what to do, if what was read is a checkpoint: for who wants a
 * model.
 */
enum rec_status rec_checkpoint_refuse(const struct rec_reader *r,
                                      struct rec_err *err) REC_MUST_USE;

#endif
