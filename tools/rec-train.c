#include "eval/score.h"
#include "nn/train.h"
#include "tools/tool.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>
#include <time.h>

enum keep { KEEP_LAST, KEEP_BEST };

static int model, keep = KEEP_LAST;
static uint64_t hidden = 16, layers = 2, epochs = 200, seed = 1;
static struct rec_adam adam = {
    .lr = 0.01, .beta1 = 0.9, .beta2 = 0.999, .epsilon = 1e-8
};
static const char *log_path;

static const struct rec_opt table[] = {
    { "model", 'm', REC_OPT_CHOICE, &model, "gcn", "kind of model", 0, 0, true },
    { "hidden", 'd', REC_OPT_COUNT, &hidden, "N", "width of a layer", 1,
      REC_GCN_MAX_WIDTH, true },
    { "layers", 'l', REC_OPT_COUNT, &layers, "N", "layers", 1, REC_GCN_MAX_LAYERS,
      true },
    { "epochs", 'e', REC_OPT_COUNT, &epochs, "N", "steps; 0 writes the initial weights",
      0, 1e9, true },
    { "lr", 0, REC_OPT_REAL, &adam.lr, "X", "learning rate of Adam", 1e-12, 1e3, true },
    { "weight-decay", 0, REC_OPT_REAL, &adam.weight_decay, "X",
      "L2 added to the gradient", 0, 1e3, true },
    { "keep", 0, REC_OPT_CHOICE, &keep, "last|best",
      "weights of the last epoch, or of the best on validation", 0, 0, true },
    { "seed", 's', REC_OPT_COUNT, &seed, "N", "seed of the initial weights", 0, 0,
      true },
    { "log", 0, REC_OPT_TEXT, &log_path, "FILE",
      "TSV, a row an epoch: epoch seconds loss [valid_rmse]", 0, 0, false },
};

/* Where the epochs go: the section model.log, the file of --log, the progress line. */
struct logger {
    struct rec_table t; /* epoch, loss [, valid_rmse] */
    FILE *file;
    struct timespec start;
    bool has_valid;
};

static double seconds_since(const struct timespec *start)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)(now.tv_sec - start->tv_sec) +
           1e-9 * (double)(now.tv_nsec - start->tv_nsec);
}

static enum rec_status logger_open(struct logger *l, bool has_valid,
                                   struct rec_err *err)
{
    *l = (struct logger){ .has_valid = has_valid };
    rec_table_init(&l->t, "model.log", REC_KIND_LOG);
    memcpy(l->t.by, "rec-train", sizeof "rec-train");
    rec_table_add(&l->t, "epoch", REC_U32, 1, REC_DELTA, NULL);
    rec_table_add(&l->t, "loss", REC_F64, 1, REC_SHUFFLE, NULL);
    if (has_valid)
        rec_table_add(&l->t, "valid_rmse", REC_F64, 1, REC_SHUFFLE, NULL);
    clock_gettime(CLOCK_MONOTONIC, &l->start);
    if (log_path == NULL)
        return REC_OK;
    l->file = fopen(log_path, "w");
    if (l->file == NULL)
        return rec_fail_errno(err, "%s: cannot open", log_path);
    setvbuf(l->file, NULL, _IOLBF, 0);
    fprintf(l->file, "epoch\tseconds\tloss%s\n", has_valid ? "\tvalid_rmse" : "");
    return REC_OK;
}

static enum rec_status on_epoch(void *ctx, const struct rec_train_epoch *e,
                                struct rec_err *err)
{
    struct logger *l = ctx;
    size_t i = l->t.n_rows;
    char text[80];
    enum rec_status st = rec_table_reserve(&l->t, i + 1, err);

    if (st != REC_OK)
        return st;
    ((uint32_t *)l->t.cols[0].data)[i] = (uint32_t)e->epoch;
    ((double *)l->t.cols[1].data)[i] = e->loss;
    if (l->has_valid)
        ((double *)l->t.cols[2].data)[i] = e->metric;
    l->t.n_rows++;
    if (l->file != NULL) {
        fprintf(l->file, "%" PRIu64 "\t%.6f\t%.9g", e->epoch, seconds_since(&l->start),
                e->loss);
        if (l->has_valid)
            fprintf(l->file, "\t%.9g", e->metric);
        if (fputc('\n', l->file) == EOF) /* line by line: now it is written */
            return rec_fail_errno(err, "%s: cannot write", log_path);
    }
    (void)snprintf(text, sizeof text, "epoch %" PRIu64 "/%" PRIu64 "  loss %.4f",
                   e->epoch, epochs, e->loss);
    rec_progress(text, (double)e->epoch, (double)epochs);
    return REC_OK;
}

static enum rec_status logger_close(struct logger *l, enum rec_status st,
                                    struct rec_err *err)
{
    rec_table_free(&l->t);
    if (l->file != NULL && fclose(l->file) != 0 && st == REC_OK)
        return rec_fail_errno(err, "%s: cannot write", log_path);
    return st;
}

static enum rec_status train(const struct rec_ratings *ratings,
                             const struct rec_graph *g, struct rec_writer *w,
                             struct rec_err *err)
{
    struct rec_train_opts opts = { epochs, adam, keep == KEEP_BEST, false };
    struct rec_train_result result;
    struct rec_gcn m = { 0 };
    struct logger log;
    bool has_valid = false;
    enum rec_status st;

    for (size_t i = 0; i < ratings->n && !has_valid; i++)
        has_valid = ratings->part[i] == REC_VALID;
    if (keep == KEEP_BEST && !has_valid)
        return rec_fail(err, REC_EUSAGE,
                        "--keep best: there are no validation ratings");
    st = logger_open(&log, has_valid, err);
    if (st == REC_OK)
        st = rec_gcn_make(&m, g, (uint32_t)hidden, (uint32_t)layers, true, err);
    if (st == REC_OK) {
        struct rec_train_hooks hooks = { .report = on_epoch, .report_ctx = &log };

        hooks.metric = has_valid ? rec_valid_rmse : NULL;
        hooks.metric_ctx = (void *)(uintptr_t)ratings;
        rec_gcn_init(&m, seed);
        st = rec_train(&m, g, &opts, &hooks, &result, err);
    }
    if (st == REC_OK) {
        rec_note("%.3f s for %" PRIu64 " epochs; kept: the weights after %" PRIu64,
                 seconds_since(&log.start), epochs, result.steps);
        st = rec_gcn_write(&m, w, "rec-train", err);
    }
    if (st == REC_OK)
        st = rec_writer_table(w, &log.t, err);
    rec_gcn_free(&m);
    return logger_close(&log, st, err);
}

static enum rec_status want(struct rec_reader *r, void *ctx, struct rec_err *err)
{
    enum rec_status st = rec_ratings_load(r, true, err);

    (void)ctx;
    if (st == REC_OK)
        st = rec_graph_load(r, err);
    if (st == REC_OK)
        st = rec_reader_drop(r, "model*", err);
    return st;
}

static enum rec_status make(struct rec_reader *r, struct rec_writer *w, void *ctx,
                            struct rec_err *err)
{
    struct rec_ratings ratings;
    struct rec_graph g = { 0 };
    enum rec_status st = rec_graph_get(r, &g, err);

    (void)ctx;
    if (st == REC_OK)
        st = rec_ratings_get(r, true, &ratings, err);
    if (st == REC_OK)
        st = train(&ratings, &g, w, err);
    rec_graph_free(&g);
    return st;
}

static enum rec_status run(struct rec_err *err)
{
    static const struct rec_stage stage = { want, make };
    enum rec_status st = rec_check_side_file("log", log_path, err);

    return st == REC_OK ? rec_stage_run(&stage, NULL, err) : st;
}

int main(int argc, char **argv)
{
    static const struct rec_tool tool = {
        .name = "rec-train",
        .operands = "[FILE]",
        .summary =
            "Reads a stream with a `graph` and trains a model on it: full batch, Adam, "
            "mean\n"
            "squared error on the training ratings; writes the sections `model*`.",
        .example = "rec-train --epochs 200 --seed 1 graph.rec -o model.rec",
        .flags = REC_TOOL_BINARY_OUT | REC_TOOL_BLAS,
        .opts = table,
        .n_opts = sizeof table / sizeof *table,
        .run = run,
    };

    return rec_tool_main(&tool, argc, argv);
}
