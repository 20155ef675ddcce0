#ifndef REC_PARAM_H
#define REC_PARAM_H

#include "io/reader.h"
#include "nn/real.h"

/*
 * A tensor that is learned: its values, (rows, cols), their gradient and Adam's two
 * moments, (state_rows, cols): rows, but fewer where it is known that those after them
 * have no gradient.  A tensor made without LEARN has neither, which is what plain gradient
 * descent needs.  { 0 } is empty.
 */
struct rec_param {
    char name[32]; /* "W1" */
    uint32_t rows, cols, state_rows;
    rec_real *x, *dx, *m, *v;
};

size_t rec_param_size(const struct rec_param *p);
/* Of a moment. */
size_t rec_param_state_size(const struct rec_param *p);
/* Zeroed values; with LEARN also gradient and moments, else those are NULL. */
enum rec_status rec_param_make(struct rec_param *p, const char *name, uint32_t rows,
                               uint32_t cols, bool learn,
                               struct rec_err *err) REC_MUST_USE;
/* Adds gradient and moments, zeroed, to one made without; after a failure free it. */
enum rec_status rec_param_learn(struct rec_param *p, struct rec_err *err) REC_MUST_USE;
void rec_param_free(struct rec_param *p);

/* Uniform in [-limit, limit), from the stream "init NAME" of SEED. */
void rec_param_uniform(struct rec_param *p, uint64_t seed, double limit);
/* Normal with mean 0 and standard deviation SD, from the same stream. */
void rec_param_normal(struct rec_param *p, uint64_t seed, double sd);

/*
 * Adam (Kingma & Ba 2015), as in PyTorch: weight decay is L2, added to the gradient.
 * STEP counts from 1.  Elementwise, so that threads cannot change it.
 */
struct rec_adam {
    double lr, beta1, beta2, epsilon, weight_decay;
};
/* The factors of step number STEP, as numbers of the tensors' kind. */
struct rec_adam_rates {
    rec_real step, decay, beta1, beta2, new1, new2, root2, epsilon;
};
struct rec_adam_rates rec_adam_rates(const struct rec_adam *a, uint64_t step);
void rec_adam_step(const struct rec_adam *a, uint64_t step, struct rec_param *p);

/* Sum of the squares of its gradient: of fixed chunks, in double, in their order. */
double rec_param_square_sum(const struct rec_param *p);
/* dx *= factor */
void rec_param_scale(struct rec_param *p, double factor);

/* X (n_rows, cols) as section PREFIX NAME, f32[cols]: its values, or one of its
 * moments. */
enum rec_status rec_param_write_as(const struct rec_param *p, const char *prefix,
                                   const rec_real *x, uint32_t n_rows,
                                   struct rec_writer *w, const char *by,
                                   struct rec_err *err) REC_MUST_USE;
/* As section `model.NAME`; and the way back, values only, checked: they are taken out of
 * the reader, whose section is empty then. */
enum rec_status rec_param_write(const struct rec_param *p, struct rec_writer *w,
                                const char *by, struct rec_err *err) REC_MUST_USE;
enum rec_status rec_param_read(struct rec_param *p, struct rec_reader *r,
                               struct rec_err *err) REC_MUST_USE;

#endif
