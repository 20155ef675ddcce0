#include "data/vocab.h"
#include "tools/tool.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static int order = REC_ORDER_SORTED;
static const char *vocab_path;
static int unknown = REC_UNKNOWN_DROP;

/* What stands between the input and the encoder, if --vocab is given. */
static struct rec_vocab vocab;

enum { OPT_ORDER, OPT_VOCAB, OPT_UNKNOWN };

static struct rec_opt table[] = {
    { "order", 0, REC_OPT_CHOICE, &order, "sorted|first",
      "number ids in byte order, or by first sight", 0, 0, true },
    { "vocab", 0, REC_OPT_FILE, &vocab_path, "FILE",
      "number ids as the users and items of FILE, e.g. a model", 0, 0, true },
    { "unknown", 0, REC_OPT_CHOICE, &unknown, "drop|error|add",
      "rows with an id that FILE of --vocab has not", 0, 0, false },
};

/* Everything that an earlier encoding led to is left out. */
static enum rec_status want(struct rec_reader *r, void *encoder, struct rec_err *err)
{
    enum rec_status st = rec_reader_drop(r, "*", err);

    if (st == REC_OK)
        st = vocab_path != NULL
                 ? rec_reader_blocks(r, "raw", rec_vocab_block, &vocab, err)
                 : rec_reader_blocks(r, "raw", rec_encode_block, encoder, err);
    return st;
}

/* Before what was encoded with --vocab is written. */
static enum rec_status end_vocab(struct rec_encoder *e, struct rec_err *err)
{
    enum rec_status st = rec_vocab_check(&vocab, err);

    if (st != REC_OK)
        return rec_fail_in(err, st, vocab_path);
    if (vocab.n_kept < vocab.n_rows)
        rec_warn("%" PRIu64 " of %" PRIu64 " rows dropped: %" PRIu64
                 " with an unknown user, %" PRIu64 " with an unknown item",
                 vocab.n_rows - vocab.n_kept, vocab.n_rows, vocab.no_user,
                 vocab.no_item);
    (void)snprintf(e->ratings.attrs, sizeof e->ratings.attrs, "VO:%016" PRIx64,
                   vocab.digest);
    order = REC_ORDER_FIRST; /* as the known ids were added */
    return REC_OK;
}

static enum rec_status make(struct rec_reader *r, struct rec_writer *w, void *encoder,
                            struct rec_err *err)
{
    struct rec_encoded got = { 0 };
    struct rec_table *raw;
    enum rec_status st = rec_reader_need(r, "raw", "rec-clean", &raw, err);

    if (st == REC_OK && vocab_path != NULL)
        st = end_vocab(encoder, err);
    if (st == REC_OK)
        st = rec_encode_write(encoder, (enum rec_order)order, "rec-encode", w, &got,
                              err);
    if (st != REC_OK)
        return st;
    rec_note("%llu ratings, %llu users, %llu items", (unsigned long long)got.ratings,
             (unsigned long long)got.users, (unsigned long long)got.items);
    if (got.spilled > 0)
        rec_note("%.1f MiB went through temporary files",
                 (double)got.spilled / 1048576.0);
    return REC_OK;
}

static enum rec_status begin_vocab(struct rec_encoder *e, struct rec_err *err)
{
    enum rec_status st;

    if (vocab_path == NULL)
        return unknown == REC_UNKNOWN_DROP
                   ? REC_OK
                   : rec_fail(err, REC_EUSAGE, "--unknown goes with --vocab");
    if (strcmp(vocab_path, "-") == 0)
        return rec_fail(err, REC_EUSAGE,
                        "--vocab: standard input is for the data; name a file");
    st = rec_check_side_file("vocab", vocab_path, err);
    table[OPT_UNKNOWN].recorded = true;
    return st == REC_OK
               ? rec_vocab_begin(&vocab, vocab_path, (enum rec_unknown)unknown, e, err)
               : st;
}

static enum rec_status run(struct rec_err *err)
{
    static const struct rec_stage stage = { want, make };
    struct rec_encoder e = { 0 };
    enum rec_status st = begin_vocab(&e, err);

    if (st == REC_OK)
        st = rec_stage_run(&stage, &e, err);
    rec_vocab_free(&vocab);
    rec_encoder_free(&e);
    return st;
}

int main(int argc, char **argv)
{
    static const struct rec_tool tool = {
        .name = "rec-encode",
        .operands = "[FILE]",
        .summary =
            "Reads the section `raw`, numbers users and items 0..n-1, and writes the\n"
            "dictionaries `users` and `items` and the table `ratings` in its place.",
        .example = "rec-clean ratings.csv | rec-encode -o encoded.rec",
        .flags = REC_TOOL_BINARY_OUT,
        .opts = table,
        .n_opts = sizeof table / sizeof *table,
        .run = run,
    };

    return rec_tool_main(&tool, argc, argv);
}
