#include "data/encode.h"
#include "tools/tool.h"

#include <string.h>

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

static enum rec_status write_tables(struct rec_writer *w,
                                    struct rec_table *const tables[], size_t n,
                                    struct rec_err *err)
{
    enum rec_status st = REC_OK;

    for (size_t i = 0; st == REC_OK && i < n; i++) {
        memcpy(tables[i]->by, "rec-encode", sizeof "rec-encode");
        st = rec_writer_table(w, tables[i], err);
    }
    return st;
}

static enum rec_status make(struct rec_reader *r, struct rec_writer *w, void *encoder,
                            struct rec_err *err)
{
    struct rec_encoder *e = encoder;
    struct rec_table users = { 0 }, items = { 0 }, *raw;
    enum rec_status st = rec_reader_need(r, "raw", "rec-clean", &raw, err);

    if (st == REC_OK)
        st = rec_encode_finish(e, (enum rec_order)order, &users, &items, err);
    if (st == REC_OK) {
        rec_note("%zu ratings, %zu users, %zu items", e->ratings.n_rows, users.n_rows,
                 items.n_rows);
        st = write_tables(w, (struct rec_table *[]){ &users, &items, &e->ratings }, 3,
                          err);
    }
    rec_table_free(&users);
    rec_table_free(&items);
    return st;
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
