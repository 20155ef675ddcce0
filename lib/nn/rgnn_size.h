#ifndef REC_RGNN_SIZE_H
#define REC_RGNN_SIZE_H

#include "nn/rgnn_learner.h"

/*
 * Bytes that rec_rgnn_learner_make() holds when it is done, of these ratings and
 * settled options; what it holds in between is never more.  BEST adds a copy of the
 * weights.  Where times are there, kernels are counted as if they were all different.
 */
uint64_t rec_rgnn_bytes(const struct rec_ratings *ratings,
                        const struct rec_rgnn_opts *opts, bool best);

/* Whether N_MEMBERS of them and the writing of the result stay under the limit of
 * memory: asked before rather than found out in the middle.  REC_ESYSTEM, naming need
 * and limit. */
enum rec_status rec_rgnn_fits(const struct rec_ratings *ratings,
                              const struct rec_rgnn_opts *opts, uint32_t n_members,
                              bool best, struct rec_err *err) REC_MUST_USE;

#endif
