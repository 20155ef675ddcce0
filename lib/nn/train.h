#ifndef REC_TRAIN_H
#define REC_TRAIN_H

#include "nn/gcn.h"

/*
 * Full-batch training: forward, loss, backward, one Adam step an epoch.  Nothing is
 * allocated after the first epoch has begun.
 *
 * Epoch e (from 1) reports the loss and the metric of the weights it starts from, that
 * is after e - 1 steps.  With keep_best the weights that had the lowest metric are the
 * result, those after the last step included; else those after the last step.
 */
struct rec_train_opts {
    uint64_t epochs;
    struct rec_adam adam;
    bool keep_best; /* needs a metric */
    bool plain;     /* layer by layer even where rec_fused could serve */
};

struct rec_train_epoch {
    uint64_t epoch;
    double loss, metric; /* metric: NaN if there is none */
};

/* Where it ended up. */
struct rec_train_result {
    uint64_t steps; /* that the kept weights have seen */
    double metric;  /* of the kept weights; NaN if there is none */
};

/* Lower is better. */
typedef double rec_train_metric(void *ctx, const struct rec_gcn *m,
                                const struct rec_gcn_state *s);
typedef enum rec_status rec_train_report(void *ctx, const struct rec_train_epoch *e,
                                         struct rec_err *err);

struct rec_train_hooks {
    rec_train_metric *metric; /* NULL: none */
    void *metric_ctx;
    rec_train_report *report; /* called once an epoch; what it returns other than
                                 REC_OK ends the training */
    void *report_ctx;
};

/* REC_ENUMERIC, naming the epoch, if the loss is not a finite number. */
enum rec_status rec_train(struct rec_gcn *m, const struct rec_graph *g,
                          const struct rec_train_opts *opts,
                          const struct rec_train_hooks *hooks,
                          struct rec_train_result *result,
                          struct rec_err *err) REC_MUST_USE;

#endif
