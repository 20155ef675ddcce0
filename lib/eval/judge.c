#include "eval/judge.h"

#include <stdio.h>
#include <string.h>

#include "eval/sentence.h"

/* ---- rows and predictions ---- */

static size_t count_rows(const struct rec_ratings *x)
{
    size_t n = 0;

    for (size_t i = 0; i < x->n; i++)
        n += x->part[i] != REC_TRAIN;
    return n;
}

void rec_judge_free(struct rec_judge *j)
{
    for (size_t p = 0; p < j->n_predictors; p++)
        rec_free(j->error[p]);
    rec_free(j->error);
    rec_free(j->name);
    rec_free(j->row);
    rec_free(j->unit);
    *j = (struct rec_judge){ 0 };
}

static bool judge_alloc(struct rec_judge *j, struct rec_err *err)
{
    static const char what[] = "rows to be scored";

    j->row = rec_alloc(j->n, sizeof *j->row, what, err);
    if (j->row != NULL)
        j->unit = rec_alloc(j->n, sizeof *j->unit, what, err);
    if (j->unit != NULL)
        j->error = rec_alloc_zero(j->cap, sizeof *j->error, what, err);
    if (j->error != NULL)
        j->name = rec_alloc_zero(j->cap, sizeof *j->name, what, err);
    return j->name != NULL;
}

enum rec_status rec_judge_make(const struct rec_ratings *x, size_t cap, bool by_row,
                               struct rec_judge *out, struct rec_err *err)
{
    struct rec_judge j = { .x = x, .n = count_rows(x), .cap = cap, .by_row = by_row };
    size_t k = 0;

    if (j.n == 0)
        return rec_fail(err, REC_EFORMAT,
                        "all ratings are training ratings: nothing to score");
    if (j.n >= UINT32_MAX)
        return rec_fail(err, REC_ESYSTEM, "%zu ratings are too many to score", j.n);
    j.n_units = by_row ? (uint32_t)j.n : x->n_users;
    if (!judge_alloc(&j, err)) {
        rec_judge_free(&j);
        return REC_ESYSTEM;
    }
    for (size_t i = 0; i < x->n; i++)
        if (x->part[i] != REC_TRAIN) {
            j.row[k] = i;
            j.unit[k] = by_row ? (uint32_t)k : x->user[i];
            k++;
        }
    *out = j;
    return REC_OK;
}

/* The first scored row where Y differs, as "rating 17"; NULL if there is none. */
static const char *difference(const struct rec_judge *j, const struct rec_ratings *y,
                              char text[120])
{
    const struct rec_ratings *x = j->x;
    size_t k = 0, n = count_rows(y);

    if (n != j->n) {
        (void)snprintf(text, 120, "%zu of them, not %zu", n, j->n);
        return text;
    }
    if (y->n_users != x->n_users || y->n_items != x->n_items) {
        (void)snprintf(text, 120, "other users or items");
        return text;
    }
    for (size_t i = 0; i < y->n; i++) {
        size_t at;

        if (y->part[i] == REC_TRAIN)
            continue;
        at = j->row[k++];
        if (y->part[i] != x->part[at] || y->user[i] != x->user[at] ||
            y->item[i] != x->item[at] || y->rating[i] != x->rating[at]) {
            (void)snprintf(text, 120, "number %zu is another", k);
            return text;
        }
    }
    return NULL;
}

enum rec_status rec_judge_same(const struct rec_judge *j, const struct rec_ratings *y,
                               struct rec_err *err)
{
    char text[120];

    if (y != j->x && difference(j, y, text) != NULL)
        return rec_fail(err, REC_EFORMAT,
                        "its validation and test ratings are not those of the first "
                        "file: %s",
                        text);
    return REC_OK;
}

enum rec_status rec_judge_add(struct rec_judge *j, const struct rec_predictor *p,
                              const struct rec_ratings *y, struct rec_err *err)
{
    size_t k = 0;
    double *error;
    enum rec_status st = rec_judge_same(j, y, err);

    if (st != REC_OK)
        return st;
    error = rec_alloc(j->n, sizeof *error, "predictions", err);
    if (error == NULL)
        return REC_ESYSTEM;
    for (size_t i = 0; i < y->n; i++)
        if (y->part[i] != REC_TRAIN)
            error[k++] = p->predict(p->ctx, y, i) - (double)y->rating[i];
    j->error[j->n_predictors] = error;
    j->name[j->n_predictors++] = p->name;
    return REC_OK;
}

/* ---- sentences ---- */

struct judging {
    const struct rec_judge *j;
    const struct rec_judge_opts *o;
    struct rec_report *r;
    const char *part;
    uint32_t *at; /* positions in j->row of the rows at hand */
    size_t n;
    double (*value)[REC_N_METRICS]; /* (predictors) */
};

static void say(const struct judging *g, size_t m, size_t base,
                const struct rec_figure *d)
{
    const struct rec_comparison c = {
        .part = g->part,
        .name = g->j->name[m],
        .base = g->j->name[base],
        .metric = "RMSE",
        .x = g->value[m][REC_RMSE],
        .y = g->value[base][REC_RMSE],
        .d = *d,
        .as_peers = base >= REC_N_BASELINES,
        .replicates = g->o->replicates,
        .unit = g->j->by_row ? "rating" : "user",
    };
    char text[REC_SENTENCE_BYTES];

    if (g->o->say != NULL)
        g->o->say(g->o->say_ctx, rec_sentence(&c, text), base < REC_N_BASELINES, text);
}

/* ---- figures ---- */

static void measure(const struct judging *g)
{
    for (size_t p = 0; p < g->j->n_predictors; p++) {
        struct rec_errors e = { 0 };

        for (size_t i = 0; i < g->n; i++)
            rec_errors_add(&e, g->j->error[p][g->at[i]], 0.0);
        g->value[p][REC_RMSE] = rec_rmse(&e);
        g->value[p][REC_MAE] = rec_mae(&e);
    }
}

static enum rec_status draw(const struct judging *g, struct rec_boot *out,
                            struct rec_err *err)
{
    const struct rec_boot_rows rows = {
        .n = g->n,
        .n_models = g->j->n_predictors,
        .row = g->at,
        .unit = g->j->unit,
        .n_units = g->j->n_units,
        .error = (const double *const *)g->j->error,
    };

    return rec_boot_make(&rows, g->o->replicates, g->o->seed, out, err);
}

static enum rec_status add(const struct judging *g, const char *slice, size_t m,
                           const char *base, enum rec_metric metric,
                           const struct rec_figure *f, struct rec_err *err)
{
    struct rec_report_row row = { .is_model = m >= REC_N_BASELINES,
                                  .figure = *f,
                                  .n = g->n };

    (void)snprintf(row.split, sizeof row.split, "%s%s%s", g->part,
                   slice != NULL ? "/" : "", slice != NULL ? slice : "");
    (void)snprintf(row.model, sizeof row.model, "%s", g->j->name[m]);
    (void)snprintf(row.metric, sizeof row.metric, "%s%s%s", rec_metric_names[metric],
                   base != NULL ? "_vs_" : "", base != NULL ? base : "");
    return rec_report_add(g->r, &row, err);
}

static enum rec_status add_figures(const struct judging *g, const char *slice,
                                   struct rec_boot *b, struct rec_err *err)
{
    enum rec_status st = REC_OK;

    for (size_t p = 0; st == REC_OK && p < g->j->n_predictors; p++)
        for (int k = 0; st == REC_OK && k < REC_N_METRICS; k++) {
            enum rec_metric metric = (enum rec_metric)k;
            struct rec_figure f = rec_boot_figure(b, metric, p, g->value[p][metric]);

            st = add(g, slice, p, NULL, metric, &f, err);
        }
    return st;
}

static enum rec_status add_difference(const struct judging *g, struct rec_boot *b,
                                      size_t m, size_t base, struct rec_err *err)
{
    enum rec_status st = REC_OK;

    for (int k = 0; st == REC_OK && k < REC_N_METRICS; k++) {
        enum rec_metric metric = (enum rec_metric)k;
        double d = g->value[m][metric] - g->value[base][metric];
        struct rec_figure f = rec_boot_difference(b, metric, m, base, d);

        st = add(g, NULL, m, g->j->name[base], metric, &f, err);
        if (metric == REC_RMSE)
            say(g, m, base, &f);
    }
    return st;
}

/* Each model with the baselines, and with the first model. */
static enum rec_status add_differences(const struct judging *g, struct rec_boot *b,
                                       struct rec_err *err)
{
    enum rec_status st = REC_OK;

    for (size_t m = REC_N_BASELINES; m < g->j->n_predictors; m++)
        for (size_t base = 0; st == REC_OK && base <= REC_N_BASELINES && base < m;
             base++)
            st = add_difference(g, b, m, base, err);
    return st;
}

/* ---- slices ---- */

static enum rec_status judge_slice(struct judging *g, enum rec_part part,
                                   const struct rec_slices *s, uint32_t slice,
                                   struct rec_err *err)
{
    struct rec_boot b = { 0 };
    enum rec_status st;

    g->n = 0;
    for (uint32_t k = 0; k < g->j->n; k++)
        if (g->j->x->part[g->j->row[k]] == part && s->of[k] == slice)
            g->at[g->n++] = k;
    if (g->n == 0)
        return REC_OK;
    measure(g);
    st = draw(g, &b, err);
    if (st == REC_OK)
        st = add_figures(g, s->name[slice], &b, err);
    rec_boot_free(&b);
    return st;
}

static enum rec_status judge_slices(struct judging *g, enum rec_part part,
                                    struct rec_err *err)
{
    const struct rec_judge *j = g->j;
    struct rec_activity activity;
    enum rec_status st = rec_activity_count(j->x, &activity, err);

    if (st != REC_OK)
        return st;
    for (int axis = 0; st == REC_OK && axis < REC_N_AXES; axis++) {
        struct rec_slices s = { 0 };

        if (!g->o->by[axis])
            continue;
        st = rec_slices_make(j->x, &activity, j->row, j->n, (enum rec_axis)axis, &s,
                             err);
        for (uint32_t k = 0; st == REC_OK && k < s.n; k++)
            st = judge_slice(g, part, &s, k, err);
        rec_slices_free(&s);
    }
    rec_activity_free(&activity);
    return st;
}

static bool has_slices(const struct rec_judge_opts *o)
{
    for (int axis = 0; axis < REC_N_AXES; axis++)
        if (o->by[axis])
            return true;
    return false;
}

enum rec_status rec_judge_part(const struct rec_judge *j, enum rec_part part,
                               const struct rec_judge_opts *o, struct rec_report *r,
                               struct rec_err *err)
{
    struct judging g = { .j = j, .o = o, .r = r, .part = rec_part_names[part] };
    struct rec_boot b = { 0 };
    enum rec_status st = REC_ESYSTEM;

    g.at = rec_alloc(j->n, sizeof *g.at, "rows to be scored", err);
    if (g.at != NULL)
        g.value = rec_alloc(j->n_predictors, sizeof *g.value, "figures", err);
    if (g.value != NULL) {
        st = REC_OK;
        for (uint32_t k = 0; k < j->n; k++)
            if (j->x->part[j->row[k]] == part)
                g.at[g.n++] = k;
    }
    if (g.n > 0) {
        measure(&g);
        st = draw(&g, &b, err);
        if (st == REC_OK)
            st = add_figures(&g, NULL, &b, err);
        if (st == REC_OK)
            st = add_differences(&g, &b, err);
        if (st == REC_OK && has_slices(o))
            st = judge_slices(&g, part, err);
    }
    rec_boot_free(&b);
    rec_free(g.at);
    rec_free(g.value);
    return st;
}
