#include "nn/train.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const double CHECKPOINT_S = 60.0, COSINE_END = 0.05, PI = 3.14159265358979323846;

struct run {
    const struct rec_learner *l;
    const struct rec_train_opts *o;
    const struct rec_train_hooks *hooks;
    struct rec_train_log *log;
    struct rec_checkpoint now; /* epochs done, best so far */
    double best_value;
    uint64_t saved; /* epochs that the checkpoint file holds; UINT64_MAX: none */
    double saved_s;
    bool stopped; /* by patience */
};

/* ---- numbers that are none ---- */

/* "; FILE holds epoch 7", what is left after a failure. */
static void say_what_is_saved(const struct run *r, char *text, size_t n)
{
    text[0] = '\0';
    if (r->o->checkpoint != NULL && r->saved != UINT64_MAX)
        (void)snprintf(text, n, "; %s holds the state after epoch %" PRIu64,
                       r->o->checkpoint, r->saved);
}

static enum rec_status check_loss(const struct run *r, double loss, struct rec_err *err)
{
    char text[96], saved[600];
    const char *where;

    if (isfinite(loss))
        return REC_OK;
    where = rec_learner_bad_tensor(r->l, text);
    if (where == NULL)
        where = rec_learner_bad_output(r->l, text);
    say_what_is_saved(r, saved, sizeof saved);
    return rec_fail(err, REC_ENUMERIC,
                    "epoch %" PRIu64 ": the loss is not a number, first in %s: lower "
                    "--lr%s",
                    r->now.epochs + 1, where == NULL ? "the loss itself" : where,
                    saved);
}

static enum rec_status check_tensors(const struct run *r, struct rec_err *err)
{
    char text[96], saved[600];
    const char *where = rec_learner_bad_tensor(r->l, text);

    if (where == NULL)
        return REC_OK;
    say_what_is_saved(r, saved, sizeof saved);
    return rec_fail(err, REC_ENUMERIC,
                    "epoch %" PRIu64 ": a number that is none in %s: lower --lr%s",
                    r->now.epochs, where, saved);
}

/* ---- checkpoints ---- */

static bool due(const struct run *r)
{
    /* at once if there is no file yet, to find out now whether one can be written */
    if (r->now.epochs == 0)
        return access(r->o->checkpoint, F_OK) != 0;
    if (r->o->every > 0)
        return r->now.epochs % r->o->every == 0;
    return rec_train_log_seconds(r->log) - r->saved_s >= CHECKPOINT_S;
}

static enum rec_status save(struct run *r, struct rec_err *err)
{
    enum rec_status st = REC_OK;

    if (r->saved == r->now.epochs)
        return REC_OK;
    st = check_tensors(r, err);
    if (st == REC_OK)
        st = rec_checkpoint_write(r->o->checkpoint, &r->now, r->l, r->log, err);
    if (st == REC_OK)
        r->saved = r->now.epochs;
    r->saved_s = rec_train_log_seconds(r->log);
    return st;
}

/* Saves what is to be saved now, and ends the training if that is asked for. */
static enum rec_status save_if_due(struct run *r, bool now, struct rec_err *err)
{
    bool stop = r->hooks->stop != NULL && *r->hooks->stop != 0;
    bool has_file = r->o->checkpoint != NULL;
    enum rec_status st = has_file && (stop || now || due(r)) ? save(r, err) : REC_OK;

    if (st != REC_OK || !stop)
        return st;
    return rec_fail(err, REC_ESYSTEM, "stopped after epoch %" PRIu64 "%s%s",
                    r->now.epochs,
                    has_file ? "; to go on, the same command with --resume " : "",
                    has_file ? r->o->checkpoint : "");
}

static double watched(const struct run *r, double loss, double metric)
{
    return r->o->by_loss ? loss : metric;
}

static enum rec_status resume(struct run *r, struct rec_err *err)
{
    const char *path = r->o->resume;
    enum rec_status st = rec_checkpoint_read(path, &r->now, r->l, r->log, err);

    if (st != REC_OK)
        return st;
    if (r->now.epochs > r->o->epochs)
        return rec_fail(err, REC_EUSAGE,
                        "%s is at epoch %" PRIu64 ", beyond --epochs %" PRIu64, path,
                        r->now.epochs, r->o->epochs);
    if (r->now.best != REC_NO_BEST) {
        size_t row = (size_t)r->now.best; /* the epoch after judged them */

        if (row >= rec_train_log_rows(r->log))
            return rec_fail(err, REC_EFORMAT, "%s: best weights beyond its log", path);
        r->best_value = watched(r, rec_train_log_loss(r->log, row),
                                rec_train_log_metric(r->log, row));
    }
    if (r->o->checkpoint != NULL && strcmp(r->o->checkpoint, path) == 0)
        r->saved = r->now.epochs;
    r->saved_s = rec_train_log_seconds(r->log);
    return REC_OK;
}

/* ---- epochs ---- */

static double measure(const struct run *r)
{
    return r->hooks->metric == NULL ? NAN
                                    : r->hooks->metric(r->hooks->metric_ctx, r->l);
}

static void keep_if_better(struct run *r, double value)
{
    if (r->now.best_x == NULL || !(value < r->best_value))
        return;
    r->best_value = value;
    r->now.best = r->now.epochs;
    rec_learner_get(r->l, r->now.best_x);
}

static bool out_of_patience(const struct run *r)
{
    uint64_t best = r->now.best == REC_NO_BEST ? 0 : r->now.best;

    return r->o->patience > 0 && r->now.epochs - best >= r->o->patience;
}

double rec_train_lr(const struct rec_train_opts *o, uint64_t epoch)
{
    double part = (double)(epoch - 1) / (double)o->epochs;

    if (o->schedule == REC_SCHEDULE_NONE)
        return o->lr;
    return o->lr * (COSINE_END + (1.0 - COSINE_END) / 2.0 * (1.0 + cos(PI * part)));
}

static enum rec_status one_epoch(struct run *r, struct rec_err *err)
{
    struct rec_train_epoch e = { r->now.epochs + 1, r->l->loss(r->l->self), NAN };
    enum rec_status st = check_loss(r, e.loss, err);

    if (st == REC_OK)
        st = save_if_due(r, false, err);
    if (st != REC_OK)
        return st;
    e.metric = measure(r);
    keep_if_better(r, watched(r, e.loss, e.metric));
    r->stopped = out_of_patience(r);
    if (!r->stopped) {
        r->l->epoch(r->l->self, e.epoch, rec_train_lr(r->o, r->now.epochs + 1));
        r->now.epochs++;
    }
    st = rec_train_log_add(r->log, e.loss, e.metric, err);
    if (st == REC_OK && r->hooks->report != NULL)
        st = r->hooks->report(r->hooks->report_ctx, &e, err);
    return st;
}

/* The weights after the last epoch are judged too; then those to be kept are set. */
static enum rec_status finish(struct run *r, struct rec_train_result *result,
                              struct rec_err *err)
{
    struct rec_train_result out = { r->now.epochs, r->now.epochs, NAN };
    double loss = r->l->loss(r->l->self);
    enum rec_status st = check_loss(r, loss, err);

    if (st == REC_OK)
        st = save_if_due(r, true, err);
    if (st != REC_OK)
        return st;
    out.metric = measure(r);
    keep_if_better(r, watched(r, loss, out.metric));
    if (r->now.best != REC_NO_BEST) {
        rec_learner_set(r->l, r->now.best_x);
        out.kept = r->now.best;
        if (out.kept < rec_train_log_rows(r->log))
            out.metric = rec_train_log_metric(r->log, (size_t)out.kept);
    }
    st = check_tensors(r, err);
    if (st == REC_OK)
        *result = out;
    return st;
}

enum rec_status rec_train(const struct rec_learner *l,
                          const struct rec_train_opts *opts,
                          const struct rec_train_hooks *hooks,
                          struct rec_train_log *log, struct rec_train_result *result,
                          struct rec_err *err)
{
    struct run r = { .l = l, .o = opts, .hooks = hooks, .log = log };
    enum rec_status st = REC_OK;

    r.now = (struct rec_checkpoint){ .best = REC_NO_BEST,
                                     .input = opts->input,
                                     .settings = opts->settings };
    r.best_value = INFINITY;
    r.saved = UINT64_MAX;
    if (opts->keep_best) {
        r.now.best_x = rec_alloc(rec_learner_n_values(l), sizeof *r.now.best_x,
                                 "best weights", err);
        st = r.now.best_x == NULL ? REC_ESYSTEM : REC_OK;
    }
    if (st == REC_OK && opts->resume != NULL)
        st = resume(&r, err);
    if (st == REC_OK)
        st = rec_train_log_begin(log, err);
    while (st == REC_OK && r.now.epochs < opts->epochs && !r.stopped)
        st = one_epoch(&r, err);
    if (st == REC_OK)
        st = finish(&r, result, err);
    rec_free(r.now.best_x);
    return st;
}
