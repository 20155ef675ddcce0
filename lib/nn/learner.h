#ifndef REC_LEARNER_H
#define REC_LEARNER_H

#include <stdbool.h>

#include "data/ratings.h"
#include "nn/param.h"

/*
 * What the training loop and the checkpoint know of a model: its tensors and four
 * functions.  SELF is the model's own.  No function allocates, none depends on the
 * number of threads, and all that is random is drawn from (seed, epoch): an epoch done
 * again from the same tensors gives the same bits, so that training can be resumed.
 */
struct rec_learner {
    void *self;
    /* Its tensors one after another, index 0, 1, ... until NULL. */
    struct rec_param *(*param)(void *self, uint32_t index);
    /* The mean loss of the present weights over all training ratings, as they predict:
     * without dropout.  epoch() and rating() may use what it leaves. */
    double (*loss)(void *self);
    /* After loss(): the steps of epoch EPOCH (from 1) at learning rate LR. */
    void (*epoch)(void *self, uint64_t epoch, double lr);
    /* After loss(): the rating predicted for row I of the ratings, one of validation.
     */
    double (*rating)(void *self, const struct rec_ratings *ratings, size_t i);
    /*
     * What lies between tensors and loss, in the order of computing: index 0, 1, ...
     * until false.  NAME is e.g. "the output of layer 1".  Only to find where a number
     * was lost; may be NULL.
     */
    bool (*output)(void *self, uint32_t index, char name[48], const rec_real **x,
                   size_t *n);
};

/* Values of all tensors together. */
size_t rec_learner_n_values(const struct rec_learner *l);
/* Values of all tensors, one tensor after another, to and from X. */
void rec_learner_get(const struct rec_learner *l, rec_real *x);
void rec_learner_set(const struct rec_learner *l, const rec_real *x);

/*
 * Scales the gradient of all tensors together to length LIMIT if it is longer (Pascanu,
 * Mikolov & Bengio 2013, "On the difficulty of training recurrent neural networks");
 * returns its length before.
 */
double rec_learner_clip(const struct rec_learner *l, double limit);

/*
 * The name of a tensor with a number that is not finite, where it came up first: a
 * gradient (told from Adam's moments, which keep it), a weight.  NULL: all are finite.
 * TEXT has room for it.
 */
const char *rec_learner_bad_tensor(const struct rec_learner *l, char text[96]);
/* The same for what lies between tensors and loss. */
const char *rec_learner_bad_output(const struct rec_learner *l, char text[96]);

#endif
