#include "eval/entry.h"

#include <math.h>
#include <stdio.h>

#include "nn/checkpoint.h"

void rec_entry_close(struct rec_entry *e)
{
    rec_trained_free(&e->t);
    rec_reader_close(e->r);
    *e = (struct rec_entry){ 0 };
}

enum { NEED = REC_NEED_EDGES | REC_NEED_TIME };

static enum rec_status load_ids(struct rec_reader *r, struct rec_err *err)
{
    enum rec_status st = rec_reader_load(r, "users", err);

    return st == REC_OK ? rec_reader_load(r, "items", err) : st;
}

static enum rec_status open_entry(const char *path, unsigned parts, bool ids,
                                  struct rec_entry *out, struct rec_err *err)
{
    enum rec_status st;

    *out = (struct rec_entry){ 0 };
    st = rec_reader_open(path, &out->r, err);
    if (st == REC_OK)
        st = rec_ratings_load(out->r, NEED, err);
    if (st == REC_OK)
        st = rec_trained_load(out->r, err);
    if (st == REC_OK && ids)
        st = load_ids(out->r, err);
    if (st == REC_OK)
        st = rec_reader_run(out->r, NULL, err);
    if (st == REC_OK)
        st = rec_checkpoint_refuse(out->r, err);
    if (st == REC_OK)
        st = rec_ratings_get(out->r, NEED, &out->x, err);
    return st == REC_OK ? rec_trained_get(out->r, &out->x, parts, &out->t, err) : st;
}

enum rec_status rec_entry_open(const char *path, unsigned parts, struct rec_entry *out,
                               struct rec_err *err)
{
    return open_entry(path, parts, false, out, err);
}

enum rec_status rec_entry_open_ids(const char *path, unsigned parts,
                                   struct rec_entry *out, struct rec_err *err)
{
    return open_entry(path, parts, true, out, err);
}

enum rec_status rec_entry_judge(const struct rec_entry *e, struct rec_judge *j,
                                const char *name, struct rec_err *err)
{
    const struct rec_predictor p = {
        name != NULL ? name : e->t.kind->name,
        rec_predict_trained,
        &e->t,
    };
    enum rec_status st = rec_judge_add(j, &p, &e->x, err);

    return st == REC_OK ? st : rec_fail_in(err, st, rec_reader_name(e->r));
}

enum rec_status rec_entry_list(const struct rec_entry *e, struct rec_buf *out,
                               struct rec_err *err)
{
    const struct rec_ratings *x = &e->x;
    enum rec_status st;

    if (e->t.kind->rating == NULL)
        return rec_fail(err, REC_EFORMAT, "%s: model '%s' predicts no ratings",
                        rec_reader_name(e->r), e->t.kind->name);
    st = rec_buf_addf(out, err, "row\tpart\trating\tprediction\n");
    for (size_t i = 0; st == REC_OK && i < x->n; i++)
        st = rec_buf_addf(out, err, "%zu\t%s\t%.9g\t%.9g\n", i,
                          rec_part_names[x->part[i]], (double)x->rating[i],
                          rec_predict_trained(&e->t, x, i));
    return st;
}

static enum rec_status add_lambda(struct rec_report *r, const char *metric,
                                  double value, size_t n, struct rec_err *err)
{
    struct rec_report_row row = {
        .split = "train", .model = "biases", .figure = { value, NAN, NAN }, .n = n
    };

    (void)snprintf(row.metric, sizeof row.metric, "%s", metric);
    return rec_report_add(r, &row, err);
}

enum rec_status rec_baselines_judge(struct rec_judge *j, struct rec_shrinkage *s,
                                    struct rec_report *r, struct rec_err *err)
{
    struct rec_biases biases = { 0 };
    const struct rec_predictor mean = { "mean", rec_predict_mean, &biases },
                               both = { "biases", rec_predict_biases, &biases };
    enum rec_status st = rec_shrink(j->x, s, err);

    if (st == REC_OK)
        st = rec_biases_fit(j->x, s->user, s->item, &biases, err);
    if (st == REC_OK)
        st = rec_judge_add(j, &mean, j->x, err);
    if (st == REC_OK)
        st = rec_judge_add(j, &both, j->x, err);
    if (st == REC_OK)
        st = add_lambda(r, "lambda_user", s->user, s->n_rows, err);
    if (st == REC_OK)
        st = add_lambda(r, "lambda_item", s->item, s->n_rows, err);
    if (st == REC_OK && s->n_rows > 0)
        st = add_lambda(r, "cv_rmse", s->rmse, s->n_rows, err);
    rec_biases_free(&biases);
    return st;
}
