#ifndef REC_MF_LEARNER_H
#define REC_MF_LEARNER_H

#include "nn/learner.h"
#include "nn/mf.h"

/*
 * Matrix factorisation as something to train: an epoch visits every training rating
 * once.  The loss is the mean squared error on them, without the penalty.
 */
struct rec_mf_opts {
    uint32_t width;
    uint64_t seed;
    struct rec_mf_l2 l2; /* a lambda of NaN: 2 */
    double init;
};

struct rec_mf_learner {
    struct rec_mf_opts opts;
    struct rec_mf_data x;
    struct rec_mf m;
    double *cell; /* sums of the loss */
};

/* With initial weights drawn from the seed.  The ratings are not needed afterwards. */
enum rec_status rec_mf_learner_make(struct rec_mf_learner *x,
                                    const struct rec_ratings *ratings,
                                    const struct rec_mf_opts *opts,
                                    struct rec_err *err) REC_MUST_USE;
void rec_mf_learner_free(struct rec_mf_learner *x);
/* For rec_train(); X must stay where it is. */
struct rec_learner rec_mf_learner(struct rec_mf_learner *x);

/* Sections `model`, with all that was settled, and `model.b_u` ... */
enum rec_status rec_mf_write(const struct rec_mf_learner *x, struct rec_writer *w,
                             const char *by, struct rec_err *err) REC_MUST_USE;
/* After rec_reader_run() with sections model* loaded; of so many users and items. */
enum rec_status rec_mf_read(struct rec_reader *r, const uint32_t n_nodes[2],
                            struct rec_mf *out, struct rec_err *err) REC_MUST_USE;

#endif
