#include "data/encode.h"
#include "tools/tool.h"

static int order = REC_ORDER_SORTED;

static const struct rec_opt table[] = {
    { "order", 0, REC_OPT_CHOICE, &order, "sorted|first",
      "number ids in byte order, or by first sight", 0, 0, true },
};

/* Everything that an earlier encoding led to is left out. */
static enum rec_status want(struct rec_reader *r, void *encoder, struct rec_err *err)
{
    enum rec_status st = rec_reader_drop(r, "*", err);

    if (st == REC_OK)
        st = rec_reader_blocks(r, "raw", rec_encode_block, encoder, err);
    return st;
}

static enum rec_status make(struct rec_reader *r, struct rec_writer *w, void *encoder,
                            struct rec_err *err)
{
    struct rec_encoded got = { 0 };
    struct rec_table *raw;
    enum rec_status st = rec_reader_need(r, "raw", "rec-clean", &raw, err);

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

static enum rec_status run(struct rec_err *err)
{
    static const struct rec_stage stage = { want, make };
    struct rec_encoder e = { 0 };
    enum rec_status st = rec_stage_run(&stage, &e, err);

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
