#include "eval/score.h"
#include "tools/tool.h"

static int format = REC_REPORT_TSV;
static double lambda_user = 5.0, lambda_item = 5.0;
static const char *predictions;

static const struct rec_opt table[] = {
    { "format", 0, REC_OPT_CHOICE, &format, "tsv|json", "form of the report", 0, 0,
      false },
    { "lambda-user", 0, REC_OPT_REAL, &lambda_user, "X", "shrinks user biases", 0, 1e9,
      false },
    { "lambda-item", 0, REC_OPT_REAL, &lambda_item, "X", "shrinks item biases", 0, 1e9,
      false },
    { "predictions", 0, REC_OPT_TEXT, &predictions, "FILE",
      "also write TSV: row part rating prediction, of every row", 0, 0, false },
};

enum { NEED = REC_NEED_EDGES | REC_NEED_TIME };
enum { N_PREDICTORS = 3 }; /* the model is the last; the others are what it must beat */

static void say_if_beaten(const char *part, const struct rec_predictor *p,
                          const double *rmse)
{
    enum { MODEL = N_PREDICTORS - 1 };

    for (size_t i = 0; i < MODEL; i++)
        if (!(rmse[MODEL] < rmse[i]))
            rec_warn("%s: %s (RMSE %.4f) does not beat %s (%.4f)", part, p[MODEL].name,
                     rmse[MODEL], p[i].name, rmse[i]);
}

static enum rec_status report(const struct rec_ratings *x,
                              const struct rec_predictor *p, struct rec_buf *text,
                              struct rec_err *err)
{
    struct rec_report rep = { .format = (enum rec_report_format)format };
    size_t n, n_all = 0;
    enum rec_status st = rec_report_begin(&rep, err);

    for (enum rec_part part = REC_VALID; st == REC_OK && part <= REC_TEST; part++) {
        double rmse[N_PREDICTORS];

        st = rec_score_part(x, part, p, N_PREDICTORS, &rep, rmse, &n, err);
        if (st == REC_OK && n > 0)
            say_if_beaten(rec_part_names[part], p, rmse);
        n_all += n;
    }
    if (st == REC_OK && n_all == 0)
        st = rec_fail(err, REC_EFORMAT,
                      "all ratings are training ratings: nothing to score");
    if (st == REC_OK)
        st = rec_report_end(&rep, err);
    *text = rep.text;
    return st;
}

static enum rec_status list_predictions(const struct rec_ratings *x,
                                        const struct rec_trained *t,
                                        struct rec_buf *text, struct rec_err *err)
{
    enum rec_status st = rec_buf_addf(text, err, "row\tpart\trating\tprediction\n");

    for (size_t i = 0; st == REC_OK && i < x->n; i++)
        st = rec_buf_addf(text, err, "%zu\t%s\t%.9g\t%.9g\n", i,
                          rec_part_names[x->part[i]], (double)x->rating[i],
                          rec_predict_trained(t, x, i));
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
    struct rec_trained t = { 0 };
    struct rec_buf text = { 0 }, list = { 0 };
    const unsigned parts = predictions != NULL ? ~0u : 1u << REC_VALID | 1u << REC_TEST;
    enum rec_status st = rec_ratings_get(r, NEED, &x, err);

    if (st == REC_OK)
        st = rec_trained_get(r, &x, parts, &t, err);
    if (st == REC_OK)
        st = rec_biases_fit(&x, lambda_user, lambda_item, &biases, err);
    if (st == REC_OK) {
        const struct rec_predictor p[N_PREDICTORS] = {
            { "mean", rec_predict_mean, &biases },
            { "biases", rec_predict_biases, &biases },
            { t.name, rec_predict_trained, &t },
        };

        st = report(&x, p, &text, err);
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
    rec_trained_free(&t);
    return st;
}

static enum rec_status run(struct rec_err *err)
{
    struct rec_reader *r = NULL;
    enum rec_status st = rec_check_side_file("predictions", predictions, err);

    if (st == REC_OK)
        st = rec_reader_open(rec_args.files[0], &r, err);
    if (st == REC_OK)
        st = rec_ratings_load(r, NEED, err);
    if (st == REC_OK)
        st = rec_trained_load(r, err);
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
        .summary = "Reads a stream with a trained model and prints its RMSE and MAE on "
                   "the validation\n"
                   "and test ratings, each with a 95 % interval, beside two baselines "
                   "fitted to the\n"
                   "training ratings: their mean, and mean + user bias + item bias.",
        .example = "rec-train graph.rec | rec-eval --format json",
        .flags = REC_TOOL_BLAS,
        .opts = table,
        .n_opts = sizeof table / sizeof *table,
        .run = run,
    };

    return rec_tool_main(&tool, argc, argv);
}
