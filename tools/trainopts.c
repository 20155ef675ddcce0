#include "tools/trainopts.h"

#include <math.h>
#include <string.h>

#include "tools/tool.h"

enum keep { KEEP_AUTO, KEEP_LAST, KEEP_BEST };
enum models {
    GCN = 1 << REC_MODEL_GCN,
    RGNN = 1 << REC_MODEL_RGNN,
    MF = 1 << REC_MODEL_MF,
    SPECTRAL = 1 << REC_MODEL_SPECTRAL,
    LIGHTGCN = 1 << REC_MODEL_LIGHTGCN,
    STEPS = ~SPECTRAL /* trained by steps */
};

struct trainopts asked = {
    .model = REC_MODEL_GCN,
    .metric = REC_METRIC_RMSE,
    .net = { .gcn = { .seed = 1,
                      .adam = { .beta1 = 0.9, .beta2 = 0.999, .epsilon = 1e-8 } },
             .rgnn = { .penalty = NAN, .init = NAN } }, /* open, as the help has it */
    .train = { .epochs = 200, .lr = 0.01 },
};

static int keep = KEEP_AUTO, schedule = REC_SCHEDULE_NONE, basis = REC_RGNN_AUTO,
           filter = REC_SPECTRAL_RESHAPED, loss = REC_LOSS_SOFTMAX;
static uint64_t hidden = 16, layers = 2, folds = 10, seeds = 1;
static double lambda[2] = { NAN, NAN };
static const char *taus_text;
static struct rec_rgnn_taus taus;

struct rec_opt trainopts_table[] = {
    { "model", 'm', REC_OPT_CHOICE, &asked.model, "gcn|rgnn|mf|spectral|lightgcn",
      "kind of model", 0, 0, true },
    { "filter", 0, REC_OPT_CHOICE, &filter, "gfcf|reshaped", NULL, 0, 0, true },
    { "loss", 0, REC_OPT_CHOICE, &loss, "softmax|bpr", "spectral; lightgcn", 0, 0,
      true },
    { "hidden", 'd', REC_OPT_COUNT, &hidden, "N",
      "width of a layer; rgnn, mf: 64; lightgcn: 256", 1, REC_GCN_MAX_WIDTH, true },
    { "layers", 'l', REC_OPT_COUNT, &layers, "N", "layers", 1, REC_GCN_MAX_LAYERS,
      true },
    { "epochs", 'e', REC_OPT_COUNT, &asked.train.epochs, "N",
      "passes; 0: none; rgnn, lightgcn: by the data, mf: 30", 0, 1e9, true },
    { "lr", 0, REC_OPT_REAL, &asked.train.lr, "X",
      "learning rate; rgnn: by the data, mf: 0.03", 1e-12, 1e3, true },
    { "schedule", 0, REC_OPT_CHOICE, &schedule, "none|cosine",
      "of the learning rate; rgnn, mf, lightgcn: cosine", 0, 0, true },
    { "weight-decay", 0, REC_OPT_REAL, &asked.net.gcn.adam.weight_decay, "X", NULL, 0,
      1e3, true },
    { "clip-norm", 0, REC_OPT_REAL, &asked.net.gcn.clip_norm, "X",
      "L2; most length of the gradient", 0, 1e9, true },
    { "dropout", 0, REC_OPT_REAL, &asked.net.gcn.dropout, "P",
      "share of layer outputs left out; rgnn: of products", 0, 0.99, true },
    { "batch", 'b', REC_OPT_COUNT, &asked.net.gcn.batch, "N", "ratings a step; 0 = all; lightgcn: 8192",
      0, 0, true },
    { "penalty", 0, REC_OPT_REAL, &asked.net.rgnn.penalty, "X", NULL, 0, 1e3, true },
    { "init", 0, REC_OPT_REAL, &asked.net.rgnn.init, "X",
      "rgnn: of lengths of sums; deviation at first", 0, 1e3, true },
    { "folds", 0, REC_OPT_COUNT, &folds, "N", "rgnn: parts held out in turn", 2,
      REC_RGNN_MAX_FOLDS, true },
    { "basis", 0, REC_OPT_CHOICE, &basis, "auto|level|cl", "rgnn: kinds of messages", 0,
      0, true },
    { "no-time", 0, REC_OPT_FLAG, &asked.net.rgnn.no_time, NULL, NULL, 0, 0, true },
    { "no-features", 0, REC_OPT_FLAG, &asked.no_features, NULL, NULL, 0, 0, true },
    { "taus", 0, REC_OPT_TEXT, &taus_text, "U,..:I,..",
      "without times, features; time kernels", 0, 0, true },
    { "lambda-user", 0, REC_OPT_REAL, &lambda[REC_USERS], "X", NULL, 0, 1e9, true },
    { "lambda-item", 0, REC_OPT_REAL, &lambda[REC_ITEMS], "X", "rgnn: shrink biases", 0,
      1e9, true },
    { "keep", 0, REC_OPT_CHOICE, &keep, "auto|last|best",
      "weights of the last epoch, or of the best by --metric", 0, 0, true },
    { "metric", 0, REC_OPT_CHOICE, &asked.metric, "valid_rmse|valid_mae|loss", NULL, 0,
      0, true },
    { "patience", 0, REC_OPT_COUNT, &asked.train.patience, "N", "stop after N worse", 0,
      1e9, true },
    { "seed", 's', REC_OPT_COUNT, &asked.net.gcn.seed, "N",
      "seed of all that is random", 0, 0, true },
    { "seeds", 0, REC_OPT_COUNT, &seeds, "M",
      "rgnn: average M models, of seeds from --seed on", 1, REC_RGNN_MAX_MEMBERS,
      true },
    { "log", 0, REC_OPT_TEXT, &asked.log_path, "FILE",
      "TSV, a row an epoch: epoch seconds loss [valid_rmse]", 0, 0, false },
    { "checkpoint", 0, REC_OPT_TEXT, &asked.train.checkpoint, "FILE",
      "save the training there, also on INT and TERM", 0, 0, false },
    { "every", 0, REC_OPT_COUNT, &asked.train.every, "N",
      "epochs from checkpoint to checkpoint; 0 = a minute", 0, 1e9, false },
    { "resume", 0, REC_OPT_TEXT, &asked.train.resume, "FILE",
      "go on from this checkpoint", 0, 0, false },
};

const size_t trainopts_n = sizeof trainopts_table / sizeof *trainopts_table;

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
        if ((only[i].models & 1 << asked.model) != 0)
            continue;
        if (rec_opt_given(only[i].option))
            return rec_fail(err, REC_EUSAGE, "--%s: not an option of --model %s",
                            only[i].option, rec_model_kinds[asked.model]->name);
        for (size_t k = 0; k < trainopts_n; k++)
            if (strcmp(trainopts_table[k].name, only[i].option) == 0)
                trainopts_table[k].recorded = false;
    }
    if (asked.model != REC_MODEL_GCN && hidden > REC_RGNN_MAX_WIDTH)
        return rec_fail(err, REC_EUSAGE, "--hidden: at most %d with --model %s",
                        REC_RGNN_MAX_WIDTH, rec_model_kinds[asked.model]->name);
    if (asked.model == REC_MODEL_LIGHTGCN && loss == REC_LOSS_SOFTMAX &&
        rec_opt_given("penalty"))
        return rec_fail(err, REC_EUSAGE, "--penalty: not an option of --loss softmax");
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
        asked.train.epochs = u->epochs;
    if (!rec_opt_given("schedule"))
        schedule = u->schedule;
    settle_real("lr", &asked.train.lr, u->lr);
    settle_real("dropout", &asked.net.gcn.dropout, u->dropout);
    settle_real("penalty", &asked.net.rgnn.penalty, u->penalty);
    settle_real("init", &asked.net.rgnn.init, u->init);
}

static void settle(void)
{
    struct rec_model_opts *net = &asked.net;
    struct rec_train_opts *t = &asked.train;
    bool bpr = asked.model == REC_MODEL_LIGHTGCN && loss == REC_LOSS_BPR;

    settle_usual(bpr ? &usual_bpr : &usual[asked.model]);
    net->gcn.width = (uint32_t)hidden;
    net->gcn.n_layers = (uint32_t)layers;
    net->rgnn.width = (uint32_t)hidden;
    net->rgnn.n_folds = (uint32_t)folds;
    net->rgnn.basis = (enum rec_rgnn_basis)basis;
    net->members = (uint32_t)seeds;
    net->rgnn.seed = net->gcn.seed;
    net->rgnn.dropout = net->gcn.dropout;
    net->rgnn.lambda[REC_USERS] = lambda[REC_USERS];
    net->rgnn.lambda[REC_ITEMS] = lambda[REC_ITEMS];
    net->mf = (struct rec_mf_opts){ .width = (uint32_t)hidden,
                                    .seed = net->gcn.seed,
                                    .l2 = { net->rgnn.penalty,
                                            { lambda[REC_USERS], lambda[REC_ITEMS] } },
                                    .init = net->rgnn.init };
    net->spectral =
        (struct rec_spectral_opts){ (uint32_t)hidden, (enum rec_spectral_filter)filter,
                                    net->gcn.seed };
    if (asked.model == REC_MODEL_LIGHTGCN && !rec_opt_given("batch"))
        net->gcn.batch = bpr ? 2048 : 8192;
    net->lightgcn = (struct rec_lightgcn_opts){ (uint32_t)hidden,
                                                (uint32_t)layers,
                                                (uint32_t)net->gcn.batch,
                                                (enum rec_lightgcn_loss)loss,
                                                net->gcn.seed,
                                                net->rgnn.penalty };
    t->schedule = (enum rec_schedule)schedule;
    t->by_loss = asked.metric == REC_METRIC_LOSS;
    t->keep_best = keep == KEEP_BEST || t->patience > 0;
    t->keep_open = keep == KEEP_AUTO && !t->keep_best;
    if (t->checkpoint == NULL)
        t->checkpoint = t->resume;
}

/* What is open after settle() and depends on the ratings; the options that it sets are
 * recorded as if they had been given. */
enum rec_status trainopts_settle(const struct rec_ratings *ratings, struct rec_err *err)
{
    struct rec_buf said = { 0 };
    enum rec_status st = REC_OK;

    if (rec_model_kinds[asked.model]->settle != NULL)
        st = rec_model_kinds[asked.model]->settle(ratings, &asked.net, &asked.train,
                                                  &said, err);
    if (keep == KEEP_AUTO)
        keep = asked.train.keep_open && asked.train.keep_best ? KEEP_BEST : KEEP_LAST;
    asked.net.keep_best = asked.train.keep_best;
    if (asked.model == REC_MODEL_RGNN) {
        asked.net.gcn.dropout = asked.net.rgnn.dropout;
        basis = (int)asked.net.rgnn.basis;
    }
    if (asked.model == REC_MODEL_SPECTRAL)
        hidden = asked.net.spectral.rank;
    for (size_t i = 0, n; st == REC_OK && i < said.n; i += n + 1) {
        const char *line = (const char *)said.data + i;

        n = (size_t)((const char *)memchr(line, '\n', said.n - i) - line);
        rec_note("%.*s", (int)n, line);
    }
    rec_buf_free(&said);
    return st;
}

enum rec_status trainopts_check(struct rec_err *err)
{
    enum rec_status st = check_only(err);

    settle();
    if (st == REC_OK && taus_text != NULL) {
        st = rec_rgnn_taus_parse(taus_text, &taus, err);
        asked.net.rgnn.taus = &taus;
    }
    if (st == REC_OK)
        st = rec_check_side_file("log", asked.log_path, err);
    if (st == REC_OK)
        st = rec_check_side_file("checkpoint", asked.train.checkpoint, err);
    if (st == REC_OK)
        st = rec_check_side_file("resume", asked.train.resume, err);
    if (st == REC_OK && asked.log_path != NULL && asked.train.checkpoint != NULL &&
        strcmp(asked.log_path, asked.train.checkpoint) == 0)
        st = rec_fail(err, REC_EUSAGE, "--log: %s is the checkpoint", asked.log_path);
    return st;
}
