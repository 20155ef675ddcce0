#include "data/split.h"
#include "tools/tool.h"

#include <inttypes.h>
#include <string.h>

static struct rec_split_opts opts = { .test = 0.2,
                                      .valid = 0.2,
                                      .test_source = 2,
                                      .last = 1,
                                      .folds = 5,
                                      .fold = 1,
                                      .seed = 1 };

static const struct rec_opt table[] = {
    { "method", 0, REC_OPT_CHOICE, &opts.method, "random|user|time|last|fold|source",
      "how rows are chosen", 0, 0, true },
    { "test", 0, REC_OPT_REAL, &opts.test, "SHARE",
      "test rows, of all, for random, user and time", 0, 0.999, true },
    { "valid", 0, REC_OPT_REAL, &opts.valid, "SHARE", "validation rows, of the rest", 0,
      0.999, true },
    { "test-source", 0, REC_OPT_COUNT, &opts.test_source, "N",
      "the file of --method source, from 1", 1, 255, true },
    { "last", 0, REC_OPT_COUNT, &opts.last, "K",
      "test rows of each user for --method last", 1, 65535, true },
    { "folds", 0, REC_OPT_COUNT, &opts.folds, "K", "how many folds for --method fold",
      2, 65535, true },
    { "fold", 0, REC_OPT_COUNT, &opts.fold, "I", "the fold that is the test, from 1", 1,
      65535, true },
    { "seed", 's', REC_OPT_COUNT, &opts.seed, "N", "seed", 0, 0, true },
};

/* What of the ratings the method looks at; a row's number is enough for some. */
static int needs(void)
{
    switch (opts.method) {
    case REC_SPLIT_USER:
        return REC_NEED_IDS;
    case REC_SPLIT_TIME:
        return REC_NEED_TIME;
    case REC_SPLIT_LAST:
        return REC_NEED_IDS | REC_NEED_TIME;
    case REC_SPLIT_SOURCE:
        return REC_NEED_SOURCE;
    default:
        return 0;
    }
}

static enum rec_status want(struct rec_reader *r, void *ctx, struct rec_err *err)
{
    static const char *const stale[] = { "split", "graph*", "model*" };
    enum rec_status st = rec_ratings_load(r, needs(), err);

    (void)ctx;
    if (st == REC_OK && opts.method == REC_SPLIT_USER)
        st = rec_reader_load(r, "users", err);
    for (size_t i = 0; st == REC_OK && i < sizeof stale / sizeof *stale; i++)
        st = rec_reader_drop(r, stale[i], err);
    return st;
}

static enum rec_status make(struct rec_reader *r, struct rec_writer *w, void *ctx,
                            struct rec_err *err)
{
    struct rec_ratings ratings;
    struct rec_table split = { 0 };
    uint64_t n[REC_N_PARTS];
    enum rec_status st = rec_ratings_get(r, needs(), &ratings, err);

    (void)ctx;
    if (st == REC_OK)
        st = rec_split(&ratings, &opts, &split, n, err);
    if (st == REC_OK) {
        rec_note("%" PRIu64 " training, %" PRIu64 " validation, %" PRIu64
                 " test ratings",
                 n[REC_TRAIN], n[REC_VALID], n[REC_TEST]);
        memcpy(split.by, "rec-split", sizeof "rec-split");
        st = rec_writer_table(w, &split, err);
    }
    rec_table_free(&split);
    return st;
}

static enum rec_status run(struct rec_err *err)
{
    static const struct rec_stage stage = { want, make };

    if (opts.fold > opts.folds)
        return rec_fail(err, REC_EUSAGE,
                        "--fold %" PRIu64 ": there are %" PRIu64 " folds", opts.fold,
                        opts.folds);
    return rec_stage_run(&stage, NULL, err);
}

int main(int argc, char **argv)
{
    static const struct rec_tool tool = {
        .name = "rec-split",
        .operands = "[FILE]",
        .summary = "Reads the section `ratings` and puts every row into one of three "
                   "parts: training,\n"
                   "validation, test; writes the section `split`.",
        .example = "rec-split --test 0.1 --seed 7 encoded.rec -o split.rec",
        .flags = REC_TOOL_BINARY_OUT,
        .opts = table,
        .n_opts = sizeof table / sizeof *table,
        .run = run,
    };

    return rec_tool_main(&tool, argc, argv);
}
