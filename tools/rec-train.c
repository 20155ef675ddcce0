#include "eval/score.h"
#include "nn/train.h"
#include "tools/tool.h"
#include "tools/trainopts.h"

#include <inttypes.h>
#include <string.h>

static enum rec_status on_epoch(void *ctx, const struct rec_train_epoch *e,
                                struct rec_err *err)
{
    const struct rec_train_log *log = ctx;
    double done = (double)(e->epoch - log->n_before); /* by this run */
    double seconds = rec_train_log_seconds(log) - log->before_s;
    char text[120];

    (void)err;
    (void)snprintf(text, sizeof text,
                   "epoch %" PRIu64 "/%" PRIu64 "  loss %.4f  %.3g/s", e->epoch,
                   asked.train.epochs, e->loss, seconds > 0.0 ? done / seconds : 0.0);
    rec_progress(text, done, (double)(asked.train.epochs - log->n_before));
    return REC_OK;
}

/* ---- training ---- */

static int needs(void)
{
    return REC_NEED_EDGES |
           (rec_model_kinds[asked.model]->times && !asked.net.rgnn.no_time
                ? REC_NEED_TIME
                : 0);
}

static enum rec_status want(struct rec_reader *r, void *ctx, struct rec_err *err)
{
    enum rec_status st = rec_ratings_load(r, needs(), err);

    (void)ctx;
    if (st == REC_OK && rec_model_kinds[asked.model]->graph)
        st = rec_graph_load(r, err);
    if (st == REC_OK && !asked.no_features)
        st = rec_features_load(r, err);
    if (st == REC_OK)
        st = rec_reader_drop(r, "model*", err);
    return st;
}

static enum rec_status check_valid(bool has_valid, struct rec_err *err)
{
    if (!asked.train.keep_best || asked.train.by_loss || has_valid)
        return REC_OK;
    return rec_fail(err, REC_EUSAGE, "--%s: %s",
                    asked.train.patience > 0 ? "patience" : "keep best",
                    rec_model_kinds[asked.model]->rating == NULL
                        ? "this model does not rate: it goes with --metric loss"
                        : "there are no validation ratings");
}

static enum rec_status run_training(const struct rec_learner *l, bool has_valid,
                                    struct rec_ratings *ratings,
                                    struct rec_train_log *log, struct rec_err *err)
{
    const struct rec_train_hooks hooks = {
        .metric = !has_valid ? NULL
                             : (asked.metric == REC_METRIC_MAE ? rec_valid_mae
                                                               : rec_valid_rmse),
        .metric_ctx = ratings,
        .report = on_epoch,
        .report_ctx = log,
        .stop = &rec_stop
    };
    struct rec_train_result result;
    enum rec_status st;

    rec_catch_stop(asked.train.checkpoint != NULL);
    st = rec_train(l, &asked.train, &hooks, log, &result, err);
    rec_catch_stop(false);
    if (st == REC_OK)
        rec_note("%.3f s for %" PRIu64 " epochs; kept: the weights after %" PRIu64,
                 rec_train_log_seconds(log), result.epochs, result.kept);
    return st;
}

static enum rec_status train(struct rec_ratings *ratings, struct rec_graph *g,
                             struct rec_writer *w, struct rec_err *err)
{
    const char *name = asked.metric == REC_METRIC_MAE ? "valid_mae" : "valid_rmse";
    struct rec_train_log log = { .file = NULL };
    struct rec_learner l = { .self = NULL };
    bool has_valid =
        rec_model_kinds[asked.model]->rating != NULL && rec_has_valid(ratings);
    enum rec_status st = check_valid(has_valid, err);

    if (st != REC_OK)
        return st;
    asked.net.gcn.no_ratings = asked.net.rgnn.no_ratings = !has_valid;
    st = rec_train_log_open(&log, asked.log_path, has_valid ? name : NULL,
                            asked.train.epochs, err);
    if (st == REC_OK)
        st = rec_model_kinds[asked.model]->make(ratings, g, &asked.net, &l, err);
    if (st == REC_OK)
        st = run_training(&l, has_valid, ratings, &log, err);
    if (st == REC_OK)
        st = rec_model_kinds[asked.model]->write(l.self, w, "rec-train", err);
    rec_model_kinds[asked.model]->free(l.self);
    if (st == REC_OK)
        st = rec_train_log_write(&log, w, err);
    return rec_train_log_close(&log, st, err);
}

/* Those that there are. */
static enum rec_status get_features(struct rec_reader *r, struct rec_ratings *x,
                                    struct rec_features *f, struct rec_err *err)
{
    enum rec_status st = rec_features_get(r, x->n_users, x->n_items, f, err);

    if (st == REC_OK)
        st = rec_features_of_ratings(r, x, err);
    if (st == REC_OK && f->f[0].n_cols + f->f[1].n_cols + x->n_extra > 0)
        rec_note("side features: %u of users, %u of items, %u of ratings",
                 f->f[0].n_cols, f->f[1].n_cols, x->n_extra);
    x->features = f;
    return st;
}

static enum rec_status make(struct rec_reader *r, struct rec_writer *w, void *ctx,
                            struct rec_err *err)
{
    struct rec_features features = { 0 };
    struct rec_buf settings = { 0 };
    struct rec_ratings ratings;
    struct rec_graph g = { 0 };
    enum rec_status st =
        rec_model_kinds[asked.model]->graph ? rec_graph_get(r, &g, err) : REC_OK;

    (void)ctx;
    if (st == REC_OK)
        st = rec_ratings_get(r, needs(), &ratings, err);
    if (st == REC_OK && !asked.no_features)
        st = get_features(r, &ratings, &features, err);
    if (st == REC_OK)
        st = trainopts_settle(&ratings, err);
    if (st == REC_OK)
        /* a schedule ends with the epochs; without one there may be more of them */
        st = rec_record_options(asked.train.schedule == REC_SCHEDULE_NONE ? "epochs"
                                                                          : NULL,
                                &settings, err);
    if (st == REC_OK) {
        asked.train.input = rec_reader_digest(r);
        asked.train.settings = (const char *)settings.data;
        st = train(&ratings, &g, w, err);
    }
    rec_buf_free(&settings);
    rec_features_free(&features);
    rec_graph_free(&g);
    return st;
}

static enum rec_status run(struct rec_err *err)
{
    static const struct rec_stage stage = { want, make };
    enum rec_status st = trainopts_check(err);

    return st == REC_OK ? rec_stage_run(&stage, NULL, err) : st;
}

int main(int argc, char **argv)
{
    const struct rec_tool tool = {
        .name = "rec-train",
        .operands = "[FILE]",
        .summary =
            "Reads a stream with a `split` (gcn: a `graph`), trains a model, and "
            "writes `model*`.",
        .example = "rec-train --epochs 200 --seed 1 graph.rec -o model.rec",
        .flags = REC_TOOL_BINARY_OUT | REC_TOOL_BLAS,
        .opts = trainopts_table,
        .n_opts = trainopts_n,
        .run = run,
    };

    return rec_tool_main(&tool, argc, argv);
}
