#ifndef REC_TRAIN_H
#define REC_TRAIN_H

#include <signal.h>

#include "nn/checkpoint.h"
#include "nn/learner.h"
#include "nn/trainlog.h"

/*
 * Training of any learner: epoch after epoch, with a log, the best weights kept, early
 * stopping and checkpoints.  Nothing is allocated in an epoch but by the log when it
 * outgrows 65536 rows, and by the writing of a checkpoint, which gives it back.
 *
 * Epoch e (from 1) reports the loss and the metric of the weights it starts from, that
 * is after e - 1 epochs.  The same holds for all that is judged by them: the best
 * weights may be those before the first epoch, and those after the last are judged too.
 */
enum rec_schedule {
    REC_SCHEDULE_NONE,  /* lr */
    REC_SCHEDULE_COSINE /* lr (0.05 + 0.95 / 2 (1 + cos(pi (e - 1) / epochs))) */
};

struct rec_train_opts {
    uint64_t epochs;
    uint64_t patience; /* stop when so many epochs brought nothing better; 0: never */
    bool keep_best;    /* the result is the best weights, not the last; needed for
                          patience */
    bool by_loss;      /* best is by the loss, not by the metric; lower is better */
    double lr;
    enum rec_schedule schedule;
    /* checkpoints */
    const char *checkpoint; /* file, or NULL */
    uint64_t every;         /* epochs between two; 0: a minute */
    const char *resume;     /* file to go on from, or NULL */
    uint64_t input;         /* as in struct rec_checkpoint */
    const char *settings;   /* as there; needed with either file */
};

struct rec_train_epoch {
    uint64_t epoch;
    double loss, metric; /* metric: NaN if there is none */
};

/* Where it ended up. */
struct rec_train_result {
    uint64_t epochs; /* done, fewer than asked for if it stopped early */
    uint64_t kept;   /* epochs that the resulting weights have seen */
    double metric;   /* of these weights; NaN if there is none */
};

/* Of the present weights, after the learner's loss(). */
typedef double rec_train_metric(void *ctx, const struct rec_learner *l);
typedef enum rec_status rec_train_report(void *ctx, const struct rec_train_epoch *e,
                                         struct rec_err *err);

struct rec_train_hooks {
    rec_train_metric *metric; /* NULL: none */
    void *metric_ctx;
    rec_train_report *report; /* NULL, or called once an epoch; what it returns other
                                 than REC_OK ends the training */
    void *report_ctx;
    const volatile sig_atomic_t
        *stop; /* not 0: write the checkpoint and end; or NULL */
};

/* The learning rate of epoch E (from 1). */
double rec_train_lr(const struct rec_train_opts *opts, uint64_t epoch);

/*
 * LOG is open, as rec_train_log_open() leaves it.  A checkpoint is written when it is
 * due, when *stop is set, and at the end; one that is there is replaced as a whole.
 *
 * REC_ENUMERIC if the loss, or a tensor that is about to be saved or to be the result,
 * is not finite, naming the epoch and where it came up first; REC_ESYSTEM also when
 * *stop was set; REC_EUSAGE and REC_EFORMAT for what is to be resumed, see
 * rec_checkpoint_read().
 */
enum rec_status rec_train(const struct rec_learner *l,
                          const struct rec_train_opts *opts,
                          const struct rec_train_hooks *hooks,
                          struct rec_train_log *log, struct rec_train_result *result,
                          struct rec_err *err) REC_MUST_USE;

#endif
