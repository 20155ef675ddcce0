#include "eval/panel.h"
#include "tools/tool.h"

#include <math.h>
#include <string.h>

#include "base/num.h"

enum by { BY_NONE, BY_USER, BY_ITEM, BY_LEVEL, BY_COLD, BY_ALL };

static int format = REC_REPORT_TSV, by = BY_NONE, boot_by_row;
static uint64_t boot = 1000, seed = 1;
static const char *lambda_user = "auto", *lambda_item = "auto", *predictions;
static const char *top, *relevant;
static struct rec_opt_texts least, most;

static const struct rec_opt table[] = {
    { "format", 0, REC_OPT_CHOICE, &format, "tsv|json", "form of the report", 0, 0,
      false },
    { "by", 0, REC_OPT_CHOICE, &by, "none|user-activity|item-popularity|level|cold|all",
      "figures of parts of the rows too", 0, 0, false },
    { "top", 'k', REC_OPT_TEXT, &top, "K,K",
      "also rank all items: figures of the first K", 0, 0, false },
    { "relevant", 0, REC_OPT_TEXT, &relevant, "R",
      "an item is to be found if it is rated R or more", 0, 0, false },
    { "boot", 0, REC_OPT_COUNT, &boot, "N", "bootstrap replicates; 0 = no intervals", 0,
      REC_BOOT_MAX, false },
    { "boot-by", 0, REC_OPT_CHOICE, &boot_by_row, "user|row", "what is resampled", 0, 0,
      false },
    { "seed", 's', REC_OPT_COUNT, &seed, "N", "seed of the resampling", 0, 0, false },
    { "min", 0, REC_OPT_TEXTS, &least, "METRIC=V",
      "exit 1 if the figure is less; may be repeated", 0, 0, false },
    { "max", 0, REC_OPT_TEXTS, &most, "METRIC=V",
      "exit 1 if it is more, as test.rmse=0.9; may be repeated", 0, 0, false },
    { "lambda-user", 0, REC_OPT_TEXT, &lambda_user, "X",
      "shrinks user biases; auto: by cross-validation", 0, 0, false },
    { "lambda-item", 0, REC_OPT_TEXT, &lambda_item, "X",
      "shrinks item biases, likewise", 0, 0, false },
    { "predictions", 0, REC_OPT_TEXT, &predictions, "FILE",
      "also write TSV: row part rating prediction, of every row", 0, 0, false },
};

/* ---- what the options say ---- */

static struct rec_gate gate[2 * REC_OPT_MAX_TEXTS];
static size_t n_gates;

static enum rec_status read_gates(const struct rec_opt_texts *t, bool is_max,
                                  struct rec_err *err)
{
    enum rec_status st = REC_OK;

    for (size_t i = 0; st == REC_OK && i < t->n; i++)
        st = rec_gate_parse(t->text[i], is_max, &gate[n_gates++], err);
    return st;
}

static enum rec_status check_ranking(struct rec_panel_opts *o, struct rec_err *err)
{
    enum rec_status st = REC_OK;

    o->relevant = -INFINITY;
    if (top != NULL)
        st = rec_cutoffs_parse("top", top, &o->top, err);
    if (st == REC_OK && relevant != NULL &&
        !rec_parse_f64(relevant, strlen(relevant), &o->relevant))
        return rec_fail(err, REC_EUSAGE, "--relevant: '%s' is not a number", relevant);
    return st;
}

static enum rec_status check_options(struct rec_panel_opts *o, struct rec_err *err)
{
    enum rec_status st = rec_check_side_file("predictions", predictions, err);

    if (st == REC_OK && predictions != NULL && rec_args.n_files > 1)
        return rec_fail(err, REC_EUSAGE, "--predictions: only of one model");
    if (st == REC_OK && boot > 0 && boot < 40)
        return rec_fail(err, REC_EUSAGE,
                        "--boot: %u replicates are too few for an interval of 95 %%: "
                        "40 or more, or 0",
                        (unsigned)boot);
    if (st == REC_OK)
        st = rec_lambda_parse("lambda-user", lambda_user, &o->lambda.user, err);
    if (st == REC_OK)
        st = rec_lambda_parse("lambda-item", lambda_item, &o->lambda.item, err);
    if (st == REC_OK)
        st = check_ranking(o, err);
    if (st == REC_OK)
        st = read_gates(&least, false, err);
    return st == REC_OK ? read_gates(&most, true, err) : st;
}

/* ---- the report ---- */

static void say(void *ctx, enum rec_verdict v, bool baseline, const char *sentence)
{
    (void)ctx;
    if (baseline && v == REC_BETTER)
        rec_note("%s", sentence);
    else
        rec_warn("%s", sentence);
}

static unsigned measured_parts(void)
{
    return predictions != NULL ? ~0u : 1u << REC_VALID | 1u << REC_TEST;
}

/* One model is called by its kind, several by their files. */
static enum rec_status judge_models(struct rec_panel *p, struct rec_entry *first,
                                    char (*name)[128], struct rec_err *err)
{
    struct rec_entry other = { 0 };
    enum rec_status st = REC_OK;

    for (uint32_t i = 0; st == REC_OK && i < rec_args.n_files; i++) {
        struct rec_entry *e = i == 0 ? first : &other;
        const char *path;

        if (i > 0)
            st = rec_entry_open(rec_args.files[i], measured_parts(), e, err);
        if (st == REC_OK) {
            path = rec_reader_name(e->r);
            rec_printable(path, strlen(path), name[i], sizeof name[i]);
            st = rec_panel_add(p, e, rec_args.n_files > 1 ? name[i] : NULL, err);
        }
        rec_entry_close(&other);
    }
    return st;
}

static enum rec_status judge(struct rec_entry *first, struct rec_panel_opts *opts,
                             struct rec_report *r, struct rec_err *err)
{
    const struct rec_judge_opts o = {
        .replicates = (uint32_t)boot,
        .seed = seed,
        .by = { [REC_BY_USER] = by == BY_USER || by == BY_ALL,
                [REC_BY_ITEM] = by == BY_ITEM || by == BY_ALL,
                [REC_BY_LEVEL] = by == BY_LEVEL || by == BY_ALL,
                [REC_BY_COLD] = by == BY_COLD || by == BY_ALL },
        .say = say,
    };
    char(*name)[128] = rec_alloc(rec_args.n_files, sizeof *name, "names", err);
    struct rec_panel p = { .rates = false };
    const struct rec_shrinkage *s = &p.opts.lambda;
    enum rec_status st = name == NULL ? REC_ESYSTEM : REC_OK;

    opts->n_models = rec_args.n_files;
    opts->boot_by_row = boot_by_row;
    if (st == REC_OK)
        st = rec_panel_make(&first->x, opts, r, &p, err);
    if (st == REC_OK)
        st = judge_models(&p, first, name, err);
    if (st == REC_OK && p.rates)
        rec_note("biases: lambda %g for users, %g for items, by %zu ratings", s->user,
                 s->item, s->n_rows);
    for (enum rec_part part = REC_VALID; st == REC_OK && part <= REC_TEST; part++)
        st = rec_panel_part(&p, part, &o, err);
    if (st == REC_OK && relevant != NULL && !p.ranks)
        rec_warn("--relevant: nothing is ranked; --top asks for it");
    rec_panel_free(&p);
    rec_free(name);
    return st;
}

static enum rec_status write_text(const char *path, const struct rec_buf *text,
                                  struct rec_err *err)
{
    struct rec_out *out;
    enum rec_status st = rec_out_open(path, &out, err);

    if (st != REC_OK)
        return st;
    st = rec_out_write(out, text->data, text->n, err);
    if (st == REC_OK)
        return rec_out_commit(out, err);
    rec_out_discard(out);
    return st;
}

static enum rec_status run(struct rec_err *err)
{
    struct rec_panel_opts opts = { .n_models = 0 };
    struct rec_entry first = { 0 };
    struct rec_report report = { 0 };
    struct rec_buf text = { 0 }, list = { 0 };
    enum rec_status st = check_options(&opts, err), gates = REC_OK;

    if (st == REC_OK)
        st = rec_entry_open(rec_args.files[0], measured_parts(), &first, err);
    if (st == REC_OK)
        st = judge(&first, &opts, &report, err);
    if (st == REC_OK)
        st = rec_report_text(&report, (enum rec_report_format)format, &text, err);
    if (st == REC_OK && predictions != NULL)
        st = rec_entry_list(&first, &list, err);
    if (st == REC_OK)
        gates = rec_gates_check(gate, n_gates, &report, err);
    if (gates != REC_OK && gates != REC_NO)
        st = gates;
    if (st == REC_OK && predictions != NULL)
        st = write_text(predictions, &list, err);
    if (st == REC_OK)
        st = write_text(rec_args.output, &text, err);
    rec_buf_free(&text);
    rec_buf_free(&list);
    rec_report_free(&report);
    rec_entry_close(&first);
    return st == REC_OK ? gates : st; /* "no", but with the report */
}

int main(int argc, char **argv)
{
    static const struct rec_tool tool = {
        .name = "rec-eval",
        .operands = "[FILE...]",
        .summary =
            "Reads streams with a trained model each and prints RMSE and MAE on the "
            "validation\nand test ratings, with 95 % intervals, beside two baselines: "
            "the mean training\nrating, and mean + user bias + item bias; with -k how "
            "well they rank, beside\npopularity.  Several models are compared in "
            "pairs.",
        .example = "rec-eval --max test.rmse=0.95 model.rec",
        .flags = REC_TOOL_BLAS | REC_TOOL_MANY,
        .opts = table,
        .n_opts = sizeof table / sizeof *table,
        .run = run,
    };

    return rec_tool_main(&tool, argc, argv);
}
