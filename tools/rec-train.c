#include "eval/score.h"
#include "nn/train.h"
#include "tools/tool.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

enum keep { KEEP_AUTO, KEEP_LAST, KEEP_BEST };
enum models {
    GCN = 1 << REC_MODEL_GCN,
    RGNN = 1 << REC_MODEL_RGNN,
    MF = 1 << REC_MODEL_MF,
    SPECTRAL = 1 << REC_MODEL_SPECTRAL,
    LIGHTGCN = 1 << REC_MODEL_LIGHTGCN,
    STEPS = ~SPECTRAL /* trained by steps */
};
enum metric { VALID_RMSE, VALID_MAE, LOSS };

static int model = REC_MODEL_GCN, keep = KEEP_AUTO, metric = VALID_RMSE;
static int schedule = REC_SCHEDULE_NONE, basis = REC_RGNN_AUTO,
           filter = REC_SPECTRAL_RESHAPED, loss = REC_LOSS_SOFTMAX;
static uint64_t hidden = 16, layers = 2, folds = 10, seeds = 1;
static struct rec_model_opts net = {
    .gcn = { .seed = 1, .adam = { .beta1 = 0.9, .beta2 = 0.999, .epsilon = 1e-8 } },
    .rgnn = { .penalty = NAN, .init = NAN }, /* open, as the help has it */
};
static struct rec_train_opts train_opts = { .epochs = 200, .lr = 0.01 };
static double lambda[2] = { NAN, NAN };
static const char *log_path, *taus_text;
static struct rec_rgnn_taus taus;
static bool no_features;

static struct rec_opt table[] = {
    { "model", 'm', REC_OPT_CHOICE, &model, "gcn|rgnn|mf|spectral|lightgcn",
      "kind of model", 0, 0, true },
    { "hidden", 'd', REC_OPT_COUNT, &hidden, "N", "width of a layer; rgnn, mf: 64; lightgcn: 256", 1,
      REC_GCN_MAX_WIDTH, true },
    { "layers", 'l', REC_OPT_COUNT, &layers, "N", "layers", 1, REC_GCN_MAX_LAYERS,
      true },
    { "epochs", 'e', REC_OPT_COUNT, &train_opts.epochs, "N",
      "passes; 0: none; rgnn, lightgcn: by the data, mf: 30", 0, 1e9, true },
    { "lr", 0, REC_OPT_REAL, &train_opts.lr, "X",
      "learning rate; rgnn: by the data, mf: 0.03", 1e-12, 1e3, true },
    { "schedule", 0, REC_OPT_CHOICE, &schedule, "none|cosine",
      "of the learning rate; rgnn, mf, lightgcn: cosine", 0, 0, true },
    { "weight-decay", 0, REC_OPT_REAL, &net.gcn.adam.weight_decay, "X", NULL, 0, 1e3,
      true },
    { "clip-norm", 0, REC_OPT_REAL, &net.gcn.clip_norm, "X",
      "L2; most length of the gradient", 0, 1e9, true },
    { "filter", 0, REC_OPT_CHOICE, &filter, "gfcf|reshaped", NULL, 0, 0, true },
    { "loss", 0, REC_OPT_CHOICE, &loss, "softmax|bpr", "spectral; lightgcn", 0, 0,
      true },
    { "dropout", 0, REC_OPT_REAL, &net.gcn.dropout, "P",
      "share of layer outputs left out; rgnn: of products", 0, 0.99, true },
    { "batch", 'b', REC_OPT_COUNT, &net.gcn.batch, "N", "ratings a step; 0 = all", 0, 0,
      true },
    { "penalty", 0, REC_OPT_REAL, &net.rgnn.penalty, "X", NULL, 0, 1e3, true },
    { "init", 0, REC_OPT_REAL, &net.rgnn.init, "X",
      "rgnn: of lengths of sums; deviation at first", 0, 1e3, true },
    { "folds", 0, REC_OPT_COUNT, &folds, "N", "rgnn: parts held out in turn", 2,
      REC_RGNN_MAX_FOLDS, true },
    { "basis", 0, REC_OPT_CHOICE, &basis, "auto|level|cl", "rgnn: kinds of messages", 0,
      0, true },
    { "no-time", 0, REC_OPT_FLAG, &net.rgnn.no_time, NULL, NULL, 0, 0, true },
    { "no-features", 0, REC_OPT_FLAG, &no_features, NULL, NULL, 0, 0, true },
    { "taus", 0, REC_OPT_TEXT, &taus_text, "U,..:I,..",
      "without times, features; time kernels", 0, 0, true },
    { "lambda-user", 0, REC_OPT_REAL, &lambda[REC_USERS], "X", NULL, 0, 1e9, true },
    { "lambda-item", 0, REC_OPT_REAL, &lambda[REC_ITEMS], "X", "rgnn: shrink biases", 0,
      1e9, true },
    { "keep", 0, REC_OPT_CHOICE, &keep, "auto|last|best",
      "weights of the last epoch, or of the best by --metric", 0, 0, true },
    { "metric", 0, REC_OPT_CHOICE, &metric, "valid_rmse|valid_mae|loss", NULL, 0, 0,
      true },
    { "patience", 0, REC_OPT_COUNT, &train_opts.patience, "N", "stop after N worse", 0,
      1e9, true },
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
    { "layers", GCN | LIGHTGCN },
    { "weight-decay", GCN },
    { "clip-norm", GCN },
    { "batch", GCN | LIGHTGCN },
    { "dropout", GCN | RGNN },
    { "penalty", RGNN | MF | LIGHTGCN },
    { "init", RGNN | MF },
    { "folds", RGNN },
    { "basis", RGNN },
    { "no-time", RGNN },
    { "seeds", RGNN },
    { "taus", RGNN },
    { "lambda-user", RGNN | MF },
    { "lambda-item", RGNN | MF },
    { "filter", SPECTRAL },
    { "loss", LIGHTGCN },
    { "epochs", STEPS },
    { "lr", STEPS },
    { "schedule", STEPS },
    { "keep", STEPS },
    { "metric", STEPS },
    { "patience", STEPS },
    { "checkpoint", STEPS },
    { "every", STEPS },
    { "resume", STEPS },
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

/* The defaults of each model; NaN and REC_OPEN_COUNT are left to its settle(). */
static const struct usual {
    uint64_t hidden, epochs;
    double lr, dropout, penalty, init;
    int schedule;
} usual[REC_N_MODELS] = {
    [REC_MODEL_GCN] = { 16, 200, 0.01, 0.0, NAN, NAN, REC_SCHEDULE_NONE },
    [REC_MODEL_RGNN] = { 64, REC_OPEN_COUNT, NAN, NAN, NAN, NAN, REC_SCHEDULE_COSINE },
    [REC_MODEL_MF] = { 64, 30, 0.03, 0.0, 0.05, 0.05, REC_SCHEDULE_COSINE },
    [REC_MODEL_SPECTRAL] = { 0, 0, 0.01, 0.0, NAN, NAN, REC_SCHEDULE_NONE },
    [REC_MODEL_LIGHTGCN] = { 256, REC_OPEN_COUNT, 0.01, 0.0, 0.0, NAN,
                             REC_SCHEDULE_COSINE },
};
/* As published, but of 100 epochs for 1,000. */
static const struct usual usual_bpr = {
    64, 100, 0.001, 0.0, 1e-4, NAN, REC_SCHEDULE_NONE
};

static void settle_real(const char *option, double *x, double by_default)
{
    if (!rec_opt_given(option))
        *x = by_default;
}

static void settle_usual(const struct usual *u)
{
    if (!rec_opt_given("hidden"))
        hidden = u->hidden;
    if (!rec_opt_given("epochs"))
        train_opts.epochs = u->epochs;
    if (!rec_opt_given("schedule"))
        schedule = u->schedule;
    settle_real("lr", &train_opts.lr, u->lr);
    settle_real("dropout", &net.gcn.dropout, u->dropout);
    settle_real("penalty", &net.rgnn.penalty, u->penalty);
    settle_real("init", &net.rgnn.init, u->init);
}

static void settle(void)
{
    bool bpr = model == REC_MODEL_LIGHTGCN && loss == REC_LOSS_BPR;

    settle_usual(bpr ? &usual_bpr : &usual[model]);
    net.gcn.width = (uint32_t)hidden;
    net.gcn.n_layers = (uint32_t)layers;
    net.rgnn.width = (uint32_t)hidden;
    net.rgnn.n_folds = (uint32_t)folds;
    net.rgnn.basis = (enum rec_rgnn_basis)basis;
    net.members = (uint32_t)seeds;
    net.rgnn.seed = net.gcn.seed;
    net.rgnn.dropout = net.gcn.dropout;
    net.rgnn.lambda[REC_USERS] = lambda[REC_USERS];
    net.rgnn.lambda[REC_ITEMS] = lambda[REC_ITEMS];
    net.mf = (struct rec_mf_opts){ .width = (uint32_t)hidden,
                                   .seed = net.gcn.seed,
                                   .l2 = { net.rgnn.penalty,
                                           { lambda[REC_USERS], lambda[REC_ITEMS] } },
                                   .init = net.rgnn.init };
    net.spectral =
        (struct rec_spectral_opts){ (uint32_t)hidden, (enum rec_spectral_filter)filter,
                                    net.gcn.seed };
    if (model == REC_MODEL_LIGHTGCN && !rec_opt_given("batch"))
        net.gcn.batch = bpr ? 2048 : 8192;
    net.lightgcn = (struct rec_lightgcn_opts){ (uint32_t)hidden,
                                               (uint32_t)layers,
                                               (uint32_t)net.gcn.batch,
                                               (enum rec_lightgcn_loss)loss,
                                               net.gcn.seed,
                                               net.rgnn.penalty };
    train_opts.schedule = (enum rec_schedule)schedule;
    train_opts.by_loss = metric == LOSS;
    train_opts.keep_best = keep == KEEP_BEST || train_opts.patience > 0;
    train_opts.keep_open = keep == KEEP_AUTO && !train_opts.keep_best;
    if (train_opts.checkpoint == NULL)
        train_opts.checkpoint = train_opts.resume;
}

/* What is open after settle() and depends on the ratings; the options that it sets are
 * recorded as if they had been given. */
static enum rec_status settle_by_data(const struct rec_ratings *ratings,
                                      struct rec_err *err)
{
    struct rec_buf said = { 0 };
    enum rec_status st = REC_OK;

    if (rec_model_kinds[model]->settle != NULL)
        st = rec_model_kinds[model]->settle(ratings, &net, &train_opts, &said, err);
    if (keep == KEEP_AUTO)
        keep = train_opts.keep_open && train_opts.keep_best ? KEEP_BEST : KEEP_LAST;
    net.keep_best = train_opts.keep_best;
    if (model == REC_MODEL_RGNN) {
        net.gcn.dropout = net.rgnn.dropout;
        basis = (int)net.rgnn.basis;
    }
    if (model == REC_MODEL_SPECTRAL)
        hidden = net.spectral.rank;
    for (size_t i = 0, n; st == REC_OK && i < said.n; i += n + 1) {
        const char *line = (const char *)said.data + i;

        n = (size_t)((const char *)memchr(line, '\n', said.n - i) - line);
        rec_note("%.*s", (int)n, line);
    }
    rec_buf_free(&said);
    return st;
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
    if (st == REC_OK && !no_features)
        st = rec_features_load(r, err);
    if (st == REC_OK)
        st = rec_reader_drop(r, "model*", err);
    return st;
}

static enum rec_status check_valid(bool has_valid, struct rec_err *err)
{
    if (!train_opts.keep_best || train_opts.by_loss || has_valid)
        return REC_OK;
    return rec_fail(err, REC_EUSAGE, "--%s: %s",
                    train_opts.patience > 0 ? "patience" : "keep best",
                    rec_model_kinds[model]->rating == NULL
                        ? "this model does not rate: it goes with --metric loss"
                        : "there are no validation ratings");
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
    bool has_valid = rec_model_kinds[model]->rating != NULL && rec_has_valid(ratings);
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
        rec_model_kinds[model]->graph ? rec_graph_get(r, &g, err) : REC_OK;

    (void)ctx;
    if (st == REC_OK)
        st = rec_ratings_get(r, needs(), &ratings, err);
    if (st == REC_OK && !no_features)
        st = get_features(r, &ratings, &features, err);
    if (st == REC_OK)
        st = settle_by_data(&ratings, err);
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
    rec_features_free(&features);
    rec_graph_free(&g);
    return st;
}

static enum rec_status run(struct rec_err *err)
{
    static const struct rec_stage stage = { want, make };
    enum rec_status st = check_only(err);

    settle();
    if (st == REC_OK && taus_text != NULL) {
        st = rec_rgnn_taus_parse(taus_text, &taus, err);
        net.rgnn.taus = &taus;
    }
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
