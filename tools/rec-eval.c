#include "eval/report.h"
#include "eval/score.h"
#include "nn/gcn.h"
#include "nn/kernels.h"
#include "tools/tool.h"

#include <stdio.h>

static int format = REC_REPORT_TSV;
static double lambda_user = 5.0, lambda_item = 5.0;
static const char *predictions;

static const struct rec_opt table[] = {
    { "format", 0, REC_OPT_CHOICE, &format, "tsv|json", "form of the report", 0, 0, false },
    { "lambda-user", 0, REC_OPT_REAL, &lambda_user, "X", "shrinks user biases", 0, 1e9, false },
    { "lambda-item", 0, REC_OPT_REAL, &lambda_item, "X", "shrinks item biases", 0, 1e9, false },
    { "predictions", 0, REC_OPT_TEXT, &predictions, "FILE",
      "also write TSV: row part rating prediction, of every row", 0, 0, false },
};

/* A trained model as a predictor. */
struct trained {
    struct rec_gcn m;
    struct rec_gcn_state s;
};

static double predict(const void *ctx, const struct rec_ratings *x, size_t i)
{
    const struct trained *t = ctx;

    return rec_gcn_rating(&t->m, &t->s, x->user[i], x->item[i]);
}

static enum rec_status run_model(struct trained *t, struct rec_reader *r,
                                 struct rec_err *err)
{
    struct rec_graph g = { 0 };
    struct rec_chunks c;
    enum rec_status st = rec_graph_get(r, &g, err);

    if (st == REC_OK)
        st = rec_gcn_read(&t->m, r, &g, err);
    if (st == REC_OK)
        st = rec_gcn_state_make(&t->s, &t->m, false, err);
    if (st == REC_OK) {
        rec_kernels_init();
        rec_chunks_cut(&g, &c);
        rec_gcn_forward(&t->m, &g, &c, &t->s);
    }
    rec_graph_free(&g);
    return st;
}

enum { MAX_ENTRIES = 3 };

struct entry {
    const char *name;
    rec_predict_fn *predict;
    const void *ctx;
};

/* The model is the last entry; the others are what it must beat. */
static void say_if_beaten(const char *part, const struct entry *entries, const double *rmse,
                          size_t n)
{
    for (size_t i = 0; i + 1 < n; i++)
        if (!(rmse[n - 1] < rmse[i]))
            rec_warn("%s: %s (RMSE %.4f) does not beat %s (%.4f)", part, entries[n - 1].name,
                     rmse[n - 1], entries[i].name, rmse[i]);
}

static enum rec_status report_part(struct rec_report *rep, const struct rec_ratings *x,
                                   enum rec_part part, const struct entry *entries, size_t n,
                                   struct rec_err *err)
{
    double all_rmse[MAX_ENTRIES];

    for (size_t i = 0; i < n; i++) {
        struct rec_errors e = rec_score(x, part, entries[i].predict, entries[i].ctx);
        struct rec_figure rmse = rec_rmse(&e), mae = rec_mae(&e);
        const char *name = entries[i].name;
        enum rec_status st;

        if (e.n == 0)
            return REC_OK;
        st = rec_report_row(rep, rec_part_names[part], name, "rmse", &rmse, e.n, err);
        if (st == REC_OK)
            st = rec_report_row(rep, rec_part_names[part], name, "mae", &mae, e.n, err);
        if (st != REC_OK)
            return st;
        all_rmse[i] = rmse.value;
    }
    say_if_beaten(rec_part_names[part], entries, all_rmse, n);
    return REC_OK;
}

static enum rec_status report(const struct rec_ratings *x, const struct entry *entries,
                              size_t n, struct rec_buf *text, struct rec_err *err)
{
    struct rec_report rep = { .format = (enum rec_report_format)format };
    enum rec_status st = rec_report_begin(&rep, err);

    for (enum rec_part part = REC_VALID; st == REC_OK && part <= REC_TEST; part++)
        st = report_part(&rep, x, part, entries, n, err);
    if (st == REC_OK)
        st = rec_report_end(&rep, err);
    *text = rep.text;
    return st;
}

static enum rec_status list_predictions(const struct rec_ratings *x, const struct trained *t,
                                        struct rec_buf *text, struct rec_err *err)
{
    enum rec_status st = rec_buf_addf(text, err, "row\tpart\trating\tprediction\n");

    for (size_t i = 0; st == REC_OK && i < x->n; i++)
        st = rec_buf_addf(text, err, "%zu\t%s\t%.9g\t%.9g\n", i, rec_part_names[x->part[i]],
                          (double)x->rating[i], predict(t, x, i));
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

static enum rec_status evaluate(struct rec_reader *r, struct rec_err *err)
{
    struct rec_ratings x;
    struct rec_biases biases = { 0 };
    struct trained t = { 0 };
    struct rec_buf text = { 0 }, list = { 0 };
    enum rec_status st = run_model(&t, r, err);

    if (st == REC_OK)
        st = rec_ratings_get(r, true, &x, err);
    if (st == REC_OK)
        st = rec_biases_fit(&x, lambda_user, lambda_item, &biases, err);
    if (st == REC_OK) {
        const struct entry entries[MAX_ENTRIES] = { { "mean", rec_predict_mean, &biases },
                                         { "biases", rec_predict_biases, &biases },
                                         { "gcn", predict, &t } };

        st = report(&x, entries, MAX_ENTRIES, &text, err);
    }
    if (st == REC_OK && predictions != NULL)
        st = list_predictions(&x, &t, &list, err);
    if (st == REC_OK && predictions != NULL)
        st = write_text(predictions, &list, err);
    if (st == REC_OK)
        st = write_text(rec_args.output, &text, err);
    rec_buf_free(&text);
    rec_buf_free(&list);
    rec_biases_free(&biases);
    rec_gcn_state_free(&t.s);
    rec_gcn_free(&t.m);
    return st;
}

static enum rec_status run(struct rec_err *err)
{
    struct rec_reader *r = NULL;
    enum rec_status st = rec_reader_open(rec_args.files[0], &r, err);

    if (st == REC_OK)
        st = rec_ratings_load(r, true, err);
    if (st == REC_OK)
        st = rec_graph_load(r, err);
    if (st == REC_OK)
        st = rec_gcn_load(r, err);
    if (st == REC_OK)
        st = rec_reader_run(r, NULL, err);
    if (st == REC_OK)
        st = evaluate(r, err);
    rec_reader_close(r);
    return st;
}

int main(int argc, char **argv)
{
    static const struct rec_tool tool = {
        .name = "rec-eval",
        .operands = "[FILE]",
        .summary = "Reads a stream with a trained model and prints its RMSE and MAE on the validation\n"
                   "and test ratings, each with a 95 % interval, beside two baselines fitted to the\n"
                   "training ratings: their mean, and mean + user bias + item bias.",
        .example = "rec-train graph.rec | rec-eval --format json",
        .opts = table,
        .n_opts = sizeof table / sizeof *table,
        .run = run,
    };

    return rec_tool_main(&tool, argc, argv);
}
