#ifndef REC_TEST_TRAINING_H
#define REC_TEST_TRAINING_H

#include "nn/gcn_learner.h"
#include "nn/train.h"
#include "unit/toy.h"

static struct rec_err err;

static inline struct rec_gcn_opts net_opts(uint32_t width)
{
    return (struct rec_gcn_opts){ .width = width,
                                  .n_layers = 2,
                                  .seed = 1,
                                  .adam = { 0, 0.9, 0.999, 1e-8, 0.0 },
                                  .plain = true };
}

static inline struct rec_train_opts train_opts(uint64_t epochs)
{
    return (struct rec_train_opts){ .epochs = epochs, .lr = 0.02 };
}

static inline struct rec_gcn_learner make_net(struct rec_graph *g,
                                              const struct rec_gcn_opts *o)
{
    struct rec_gcn_learner x;

    CHECKF(rec_gcn_learner_make(&x, g, o, &err) == REC_OK, "%s", err.text);
    return x;
}

/* The values of a net, which is freed; the caller frees them. */
static inline rec_real *take_values(struct rec_gcn_learner *x, size_t *n)
{
    struct rec_learner l = rec_gcn_learner(x);
    rec_real *v;

    *n = rec_learner_n_values(&l);
    v = malloc(*n * sizeof *v);
    CHECK(v != NULL);
    rec_learner_get(&l, v);
    rec_gcn_learner_free(x);
    return v;
}

/* Every kind of step. */
enum { N_VARIANTS = 6 };

static inline struct rec_gcn_opts variant(int k)
{
    struct rec_gcn_opts o = net_opts(16);

    o.dropout = k == 1 || k == 5 ? 0.3 : 0.0;
    o.batch = k == 2 || k == 5 ? 9000 : 0;
    o.clip_norm = k == 3 || k == 5 ? 0.5 : 0.0;
    o.adam.weight_decay = k == 4 ? 1e-4 : 0.0;
    return o;
}

#endif
