#include "data/export.h"
#include "data/overlap.h"
#include "io/listing.h"
#include "io/prov.h"
#include "nn/kind.h"
#include "tools/tool.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { PARTS_NEED = REC_NEED_IDS | REC_NEED_TIME | REC_NEED_SPLIT };

static bool list, headers, check, prov, parts;
static struct rec_export_opts opts;
static int rows;
static const char *section;

static const struct rec_opt table[] = {
    { "list", 'l', REC_OPT_FLAG, &list, NULL,
      "list the sections; done if nothing is asked for", 0, 0, false },
    { "headers", 'H', REC_OPT_FLAG, &headers, NULL,
      "print the header lines of all sections", 0, 0, false },
    { "section", 's', REC_OPT_TEXT, &section, "NAME", "print the rows of a section", 0,
      0, false },
    { "to", 't', REC_OPT_CHOICE, &opts.form, "tsv|csv|npy|mtx|inter|w2v", "form of -s",
      0, 0, false },
    { "part", 0, REC_OPT_CHOICE, &opts.part, "all|train|valid|test",
      "only rows of this part of the split", 0, 0, false },
    { "rows", 0, REC_OPT_CHOICE, &rows, "plain|users|items|nodes",
      "what rows stand for: they get names", 0, 0, false },
    { "column", 'c', REC_OPT_TEXT, &opts.column, "NAME", "only this column of -s", 0, 0,
      false },
    { "codes", 0, REC_OPT_FLAG, &opts.codes, NULL,
      "print numbers, not the ids they stand for", 0, 0, false },
    { "check", 'C', REC_OPT_FLAG, &check, NULL,
      "read and check everything, print one line", 0, 0, false },
    { "prov", 'p', REC_OPT_FLAG, &prov, NULL, "print the commands that made the file",
      0, 0, false },
    { "parts", 0, REC_OPT_FLAG, &parts, NULL,
      "print the sizes of the parts of a split, and their overlap", 0, 0, false },
};

/* Beyond checksums: what the later stages would refuse. */
static enum rec_status check_meaning(struct rec_reader *r, struct rec_buf *text,
                                     struct rec_err *err)
{
    struct rec_ratings ratings;
    struct rec_graph g = { 0 };
    struct rec_trained model = { 0 };
    uint64_t frames = 0;
    enum rec_status st = REC_OK;

    if (rec_reader_table(r, "ratings") != NULL)
        st = rec_ratings_get(
            r,
            REC_NEED_ROWS | (rec_reader_table(r, "split") != NULL ? REC_NEED_SPLIT : 0),
            &ratings, err);
    if (st == REC_OK && rec_reader_table(r, "graph") != NULL)
        st = rec_graph_get(r, &g, err);
    rec_graph_put_back(&g, r); /* its rows may be asked for as well */
    if (st == REC_OK && rec_reader_table(r, "model") != NULL &&
        rec_reader_table(r, "ratings") != NULL && rec_reader_table(r, "split") != NULL)
        st = rec_trained_get(r, &ratings, 0, &model, err);
    rec_trained_free(&model);
    for (uint32_t i = 0; i < rec_reader_n_sections(r); i++)
        frames += rec_reader_section(r, i).n_frames;
    if (st == REC_OK)
        st = rec_buf_addf(
            text, err,
            "%s: ok: %u sections, %" PRIu64 " data frames, digest %016" PRIx64 "\n",
            rec_reader_name(r), rec_reader_n_sections(r), frames, rec_reader_digest(r));
    return st;
}

static enum rec_status print_parts(struct rec_reader *r, struct rec_buf *text,
                                   struct rec_err *err)
{
    struct rec_ratings ratings;
    enum rec_status st = rec_ratings_get(r, PARTS_NEED, &ratings, err);

    return st == REC_OK ? rec_overlap_print(&ratings, text, err) : st;
}

static enum rec_status print_rows(struct rec_reader *r, struct rec_out *out,
                                  struct rec_err *err)
{
    struct rec_table *t = rec_reader_table(r, section);

    if (t == NULL)
        return rec_fail(err, REC_EFORMAT, "%s: no section '%s'; -l lists them",
                        rec_reader_name(r), section);
    return rec_export(r, t, &opts, out, err);
}

static enum rec_status print(struct rec_reader *r, struct rec_out *out,
                             struct rec_err *err)
{
    const struct rec_buf *lines = rec_reader_prov(r);
    struct rec_buf text = { 0 }, checked = { 0 };
    enum rec_status st = REC_OK;

    if (list)
        st = rec_listing_sections(r, &text, err);
    if (st == REC_OK && headers)
        st = rec_listing_headers(r, &text, err);
    if (st == REC_OK && prov)
        st = rec_prov_script((const char *)lines->data, lines->n, &text, err);
    if (st == REC_OK && parts)
        st = print_parts(r, &text, err);
    if (st == REC_OK && check) /* after the rest: it takes the model's tensors */
        st = check_meaning(r, &checked, err);
    if (st == REC_OK && checked.n > 0)
        st = rec_out_write(out, checked.data, checked.n, err);
    if (st == REC_OK && text.n > 0)
        st = rec_out_write(out, text.data, text.n, err);
    if (st == REC_OK && section != NULL)
        st = print_rows(r, out, err);
    rec_buf_free(&checked);
    rec_buf_free(&text);
    return st;
}

static enum rec_status want(struct rec_reader *r, struct rec_err *err)
{
    static char names[REC_NAME_BYTES + 8]; /* outlives the reader */
    enum rec_status st = REC_OK;

    if (check)
        return rec_reader_load(r, "*", err);
    if (parts)
        st = rec_ratings_load(r, PARTS_NEED, err);
    if (st != REC_OK || section == NULL)
        return st;
    if (opts.part > 0)
        st = rec_reader_load(r, "split", err);
    if (st != REC_OK)
        return st;
    st = opts.column == NULL || opts.form == REC_EXPORT_MTX
             ? rec_reader_load(r, section, err)
             : rec_reader_load_columns(r, section, opts.column, err);
    if (st == REC_OK && !opts.codes)
        st = rec_reader_load(r, "users", err);
    if (st == REC_OK && !opts.codes)
        st = rec_reader_load(r, "items", err);
    if (st == REC_OK && !opts.codes) { /* of features */
        (void)snprintf(names, sizeof names, "%s.names", section);
        st = rec_reader_load(r, names, err);
    }
    if (st == REC_OK && opts.form == REC_EXPORT_MTX)
        st = rec_graph_load(r, err);
    return st;
}

static enum rec_status run(struct rec_err *err)
{
    struct rec_reader *r = NULL;
    struct rec_out *out = NULL;
    bool text = list || headers || check || prov || parts;
    enum rec_status st;

    if (section == NULL && (opts.column != NULL || opts.form != REC_EXPORT_TSV ||
                            opts.codes || opts.part > 0 || rows > 0))
        return rec_fail(err, REC_EUSAGE,
                        "--to, --column, --codes, --part and --rows go with --section");
    if (opts.codes && rows > 0)
        return rec_fail(err, REC_EUSAGE, "--codes and --rows: one or the other");
    if (section != NULL && check)
        return rec_fail(err, REC_EUSAGE, "--section and --check: one or the other");
    opts.rows = (enum rec_export_rows)rows;
    if (section != NULL && opts.form != REC_EXPORT_TSV && text)
        return rec_fail(err, REC_EUSAGE, "--to goes with --section alone");
    list = list || !(text || section != NULL);
    if (opts.form == REC_EXPORT_NPY && section != NULL && rec_args.output == NULL) {
        st = rec_refuse_terminal(err);
        if (st != REC_OK)
            return st;
    }
    st = rec_reader_open(rec_args.files[0], &r, err);
    if (st == REC_OK)
        st = want(r, err);
    if (st == REC_OK)
        st = rec_reader_run(r, NULL, err);
    if (st == REC_OK)
        st = rec_out_open(rec_args.output, &out, err);
    if (st == REC_OK)
        st = print(r, out, err);
    if (st == REC_OK) {
        st = rec_out_commit(out, err);
        out = NULL;
    }
    rec_out_discard(out);
    rec_reader_close(r);
    return st;
}

int main(int argc, char **argv)
{
    static const struct rec_tool tool = {
        .name = "rec-view",
        .operands = "[FILE]",
        .summary = "Shows what is in a rec stream: its sections, their header lines, "
                   "their rows, how it\n"
                   "was made; checks it; exports sections to other programs.",
        .example = "rec-view -s model.W1 --to npy model.rec -o W1.npy",
        .flags = REC_TOOL_BLAS,
        .opts = table,
        .n_opts = sizeof table / sizeof *table,
        .run = run,
    };

    return rec_tool_main(&tool, argc, argv);
}
