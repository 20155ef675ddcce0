#include "eval/score.h"
#include "nn/train.h"
#include "tools/tool.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

enum keep { KEEP_LAST, KEEP_BEST };
enum models {
    GCN = 1 << REC_MODEL_GCN,
    RGNN = 1 << REC_MODEL_RGNN,
    MF = 1 << REC_MODEL_MF
};
enum metric { VALID_RMSE, VALID_MAE, LOSS };

static int model = REC_MODEL_GCN, keep = KEEP_LAST, metric = VALID_RMSE;
static int schedule = REC_SCHEDULE_NONE, basis = REC_RGNN_AUTO;
static uint64_t hidden = 16, layers = 2, folds = 10, seeds = 1;
static struct rec_model_opts net = {
    .gcn = { .seed = 1, .adam = { .beta1 = 0.9, .beta2 = 0.999, .epsilon = 1e-8 } },
    .rgnn = { .penalty = 0.06, .init = 0.01 },
};
static struct rec_train_opts train_opts = { .epochs = 200, .lr = 0.01 };
static const char *log_path;

static struct rec_opt table[] = {
    { "model", 'm', REC_OPT_CHOICE, &model, "gcn|rgnn|mf", "kind of model", 0, 0,
      true },
    { "hidden", 'd', REC_OPT_COUNT, &hidden, "N", "width of a layer; rgnn, mf: 64", 1,
      REC_GCN_MAX_WIDTH, true },
    { "layers", 'l', REC_OPT_COUNT, &layers, "N", "layers", 1, REC_GCN_MAX_LAYERS,
      true },
    { "epochs", 'e', REC_OPT_COUNT, &train_opts.epochs, "N",
      "passes; 0 writes the initial weights; rgnn, mf: 30", 0, 1e9, true },
    { "lr", 0, REC_OPT_REAL, &train_opts.lr, "X",
      "learning rate; rgnn: 0.002, mf: 0.03", 1e-12, 1e3, true },
    { "schedule", 0, REC_OPT_CHOICE, &schedule, "none|cosine",
      "of the learning rate; rgnn, mf: cosine", 0, 0, true },
    { "weight-decay", 0, REC_OPT_REAL, &net.gcn.adam.weight_decay, "X",
      "L2 added to the gradient", 0, 1e3, true },
    { "clip-norm", 0, REC_OPT_REAL, &net.gcn.clip_norm, "X",
      "most length of the gradient; 0 = any", 0, 1e9, true },
    { "dropout", 0, REC_OPT_REAL, &net.gcn.dropout, "P",
      "share of layer outputs left out; rgnn: of products, 0.5", 0, 0.99, true },
    { "batch", 'b', REC_OPT_COUNT, &net.gcn.batch, "N", "ratings a step; 0 = all", 0, 0,
      true },
    { "penalty", 0, REC_OPT_REAL, &net.rgnn.penalty, "X", "of lengths; rgnn; mf: 0.05",
      0, 1e3, true },
    { "init", 0, REC_OPT_REAL, &net.rgnn.init, "X",
      "deviation of weights at first; rgnn; mf: 0.05", 0, 1e3, true },
    { "folds", 0, REC_OPT_COUNT, &folds, "N", "rgnn: parts held out in turn", 2,
      REC_RGNN_MAX_FOLDS, true },
    { "basis", 0, REC_OPT_CHOICE, &basis, "auto|level|cl", "rgnn: kinds of messages", 0,
      0, true },
    { "no-time", 0, REC_OPT_FLAG, &net.rgnn.no_time, NULL, "rgnn: leave times alone", 0,
      0, true },
    { "keep", 0, REC_OPT_CHOICE, &keep, "last|best",
      "weights of the last epoch, or of the best by --metric", 0, 0, true },
    { "metric", 0, REC_OPT_CHOICE, &metric, "valid_rmse|valid_mae|loss", NULL, 0, 0,
      true },
    { "patience", 0, REC_OPT_COUNT, &train_opts.patience, "N",
      "best by what; stop after N worse; 0 = never", 0, 1e9, true },
    { "seed", 's', REC_OPT_COUNT, &net.gcn.seed, "N", "seed of all that is random", 0,
      0, true },
    { "seeds", 0, REC_OPT_COUNT, &seeds, "M",
      "rgnn: average M models, of seeds from --seed on", 1, REC_RGNN_MAX_MEMBERS,
      true },
    { "log", 0, REC_OPT_TEXT, &log_path, "FILE",
      "TSV, a row an epoch: epoch seconds loss [valid_rmse]", 0, 0, false },
    { "checkpoint", 0, REC_OPT_TEXT, &train_opts.checkpoint, "FILE",
      "save the training there, also on INT and TERM", 0, 0, false },
    { "every", 0, REC_OPT_COUNT, &train_opts.every, "N",
      "epochs from checkpoint to checkpoint; 0 = a minute", 0, 1e9, false },
    { "resume", 0, REC_OPT_TEXT, &train_opts.resume, "FILE",
      "go on from this checkpoint", 0, 0, false },
};

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
                   train_opts.epochs, e->loss, seconds > 0.0 ? done / seconds : 0.0);
    rec_progress(text, done, (double)(train_opts.epochs - log->n_before));
    return REC_OK;
}

/* ---- the kinds of models ---- */

/* Options of some models alone: refused with others, and then not recorded. */
static const struct {
    const char *option;
    int models;
} only[] = {
    { "layers", GCN },         { "weight-decay", GCN },  { "clip-norm", GCN },
    { "batch", GCN },          { "penalty", RGNN | MF }, { "init", RGNN | MF },
    { "dropout", GCN | RGNN }, { "folds", RGNN },        { "basis", RGNN },
    { "no-time", RGNN },       { "seeds", RGNN },
};

static enum rec_status check_only(struct rec_err *err)
{
    for (size_t i = 0; i < sizeof only / sizeof *only; i++) {
        if ((only[i].models & 1 << model) != 0)
            continue;
        if (rec_opt_given(only[i].option))
            return rec_fail(err, REC_EUSAGE, "--%s: not an option of --model %s",
                            only[i].option, rec_model_kinds[model]->name);
        for (size_t k = 0; k < sizeof table / sizeof *table; k++)
            if (strcmp(table[k].name, only[i].option) == 0)
                table[k].recorded = false;
    }
    if (model != REC_MODEL_GCN && hidden > REC_RGNN_MAX_WIDTH)
        return rec_fail(err, REC_EUSAGE, "--hidden: at most %d with --model %s",
                        REC_RGNN_MAX_WIDTH, rec_model_kinds[model]->name);
    return REC_OK;
}

/* What rgnn has other defaults of. */
static void settle_rgnn(void)
{
    if (!rec_opt_given("hidden"))
        hidden = 64;
    if (!rec_opt_given("epochs"))
        train_opts.epochs = 30;
    if (!rec_opt_given("lr"))
        train_opts.lr = 0.002;
    if (!rec_opt_given("schedule"))
        schedule = REC_SCHEDULE_COSINE;
    if (!rec_opt_given("dropout"))
        net.gcn.dropout = 0.5;
}

/* And mf. */
static void settle_mf(void)
{
    if (!rec_opt_given("hidden"))
        hidden = 64;
    if (!rec_opt_given("epochs"))
        train_opts.epochs = 30;
    if (!rec_opt_given("lr"))
        train_opts.lr = 0.03;
    if (!rec_opt_given("schedule"))
        schedule = REC_SCHEDULE_COSINE;
    if (!rec_opt_given("penalty"))
        net.rgnn.penalty = 0.05;
    if (!rec_opt_given("init"))
        net.rgnn.init = 0.05;
    net.mf.width = (uint32_t)hidden;
    net.mf.seed = net.gcn.seed;
    net.mf.penalty = net.rgnn.penalty;
    net.mf.init = net.rgnn.init;
}

static void settle(void)
{
    if (model == REC_MODEL_RGNN)
        settle_rgnn();
    else if (model == REC_MODEL_MF)
        settle_mf();
    net.gcn.width = (uint32_t)hidden;
    net.gcn.n_layers = (uint32_t)layers;
    net.rgnn.width = (uint32_t)hidden;
    net.rgnn.n_folds = (uint32_t)folds;
    net.rgnn.basis = (enum rec_rgnn_basis)basis;
    net.members = (uint32_t)seeds;
    net.rgnn.seed = net.gcn.seed;
    net.rgnn.dropout = net.gcn.dropout;
    net.rgnn.lambda[REC_USERS] = net.rgnn.lambda[REC_ITEMS] = NAN;
    train_opts.schedule = (enum rec_schedule)schedule;
    train_opts.by_loss = metric == LOSS;
    train_opts.keep_best = keep == KEEP_BEST || train_opts.patience > 0;
    net.keep_best = train_opts.keep_best;
    if (train_opts.checkpoint == NULL)
        train_opts.checkpoint = train_opts.resume;
}

/* ---- training ---- */

static int needs(void)
{
    return REC_NEED_EDGES |
           (rec_model_kinds[model]->times && !net.rgnn.no_time ? REC_NEED_TIME : 0);
}

static enum rec_status want(struct rec_reader *r, void *ctx, struct rec_err *err)
{
    enum rec_status st = rec_ratings_load(r, needs(), err);

    (void)ctx;
    if (st == REC_OK && rec_model_kinds[model]->graph)
        st = rec_graph_load(r, err);
    if (st == REC_OK)
        st = rec_reader_drop(r, "model*", err);
    return st;
}

static enum rec_status check_valid(bool has_valid, struct rec_err *err)
{
    if (!train_opts.keep_best || train_opts.by_loss || has_valid)
        return REC_OK;
    return rec_fail(err, REC_EUSAGE, "--%s: there are no validation ratings",
                    train_opts.patience > 0 ? "patience" : "keep best");
}

static enum rec_status run_training(const struct rec_learner *l, bool has_valid,
                                    struct rec_ratings *ratings,
                                    struct rec_train_log *log, struct rec_err *err)
{
    const struct rec_train_hooks hooks = {
        .metric =
            !has_valid ? NULL : (metric == VALID_MAE ? rec_valid_mae : rec_valid_rmse),
        .metric_ctx = ratings,
        .report = on_epoch,
        .report_ctx = log,
        .stop = &rec_stop
    };
    struct rec_train_result result;
    enum rec_status st;

    rec_catch_stop(train_opts.checkpoint != NULL);
    st = rec_train(l, &train_opts, &hooks, log, &result, err);
    rec_catch_stop(false);
    if (st == REC_OK)
        rec_note("%.3f s for %" PRIu64 " epochs; kept: the weights after %" PRIu64,
                 rec_train_log_seconds(log), result.epochs, result.kept);
    return st;
}

static enum rec_status train(struct rec_ratings *ratings, struct rec_graph *g,
                             struct rec_writer *w, struct rec_err *err)
{
    const char *name = metric == VALID_MAE ? "valid_mae" : "valid_rmse";
    struct rec_train_log log = { .file = NULL };
    struct rec_learner l = { .self = NULL };
    bool has_valid = rec_has_valid(ratings);
    enum rec_status st = check_valid(has_valid, err);

    if (st != REC_OK)
        return st;
    net.gcn.no_ratings = net.rgnn.no_ratings = !has_valid;
    st = rec_train_log_open(&log, log_path, has_valid ? name : NULL, train_opts.epochs,
                            err);
    if (st == REC_OK)
        st = rec_model_kinds[model]->make(ratings, g, &net, &l, err);
    if (st == REC_OK)
        st = run_training(&l, has_valid, ratings, &log, err);
    if (st == REC_OK)
        st = rec_model_kinds[model]->write(l.self, w, "rec-train", err);
    rec_model_kinds[model]->free(l.self);
    if (st == REC_OK)
        st = rec_train_log_write(&log, w, err);
    return rec_train_log_close(&log, st, err);
}

static enum rec_status make(struct rec_reader *r, struct rec_writer *w, void *ctx,
                            struct rec_err *err)
{
    struct rec_buf settings = { 0 };
    struct rec_ratings ratings;
    struct rec_graph g = { 0 };
    enum rec_status st =
        rec_model_kinds[model]->graph ? rec_graph_get(r, &g, err) : REC_OK;

    (void)ctx;
    if (st == REC_OK)
        st = rec_ratings_get(r, needs(), &ratings, err);
    if (st == REC_OK)
        /* a schedule ends with the epochs; without one there may be more of them */
        st = rec_record_options(schedule == REC_SCHEDULE_NONE ? "epochs" : NULL,
                                &settings, err);
    if (st == REC_OK) {
        train_opts.input = rec_reader_digest(r);
        train_opts.settings = (const char *)settings.data;
        st = train(&ratings, &g, w, err);
    }
    rec_buf_free(&settings);
    rec_graph_free(&g);
    return st;
}

static enum rec_status run(struct rec_err *err)
{
    static const struct rec_stage stage = { want, make };
    enum rec_status st = check_only(err);

    settle();
    if (st == REC_OK)
        st = rec_check_side_file("log", log_path, err);
    if (st == REC_OK)
        st = rec_check_side_file("checkpoint", train_opts.checkpoint, err);
    if (st == REC_OK)
        st = rec_check_side_file("resume", train_opts.resume, err);
    if (st == REC_OK && log_path != NULL && train_opts.checkpoint != NULL &&
        strcmp(log_path, train_opts.checkpoint) == 0)
        st = rec_fail(err, REC_EUSAGE, "--log: %s is the checkpoint", log_path);
    return st == REC_OK ? rec_stage_run(&stage, NULL, err) : st;
}

int main(int argc, char **argv)
{
    static const struct rec_tool tool = {
        .name = "rec-train",
        .operands = "[FILE]",
        .summary =
            "Reads a stream with a `graph` (rgnn: a `split`), trains a model, and "
            "writes `model*`.",
        .example = "rec-train --epochs 200 --seed 1 graph.rec -o model.rec",
        .flags = REC_TOOL_BINARY_OUT | REC_TOOL_BLAS,
        .opts = table,
        .n_opts = sizeof table / sizeof *table,
        .run = run,
    };

    return rec_tool_main(&tool, argc, argv);
}
