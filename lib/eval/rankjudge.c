#include "eval/rankjudge.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "eval/sentence.h"

enum { BATCH = 8192 }; /* users whose lists are held at a time */
static const char *const whole_names[2] = { "coverage", "novelty" };

/* ---- what there is to measure ---- */

static size_t n_columns(const struct rec_rank_judge *j)
{
    return (size_t)j->at.n * REC_N_RANK_METRICS;
}

static void part_free(struct rec_rank_part *p)
{
    rec_seen_free(&p->truth);
    rec_seen_free(&p->before);
    rec_free(p->user);
    rec_free(p->value);
    rec_free(p->whole);
}

void rec_rank_judge_free(struct rec_rank_judge *j)
{
    for (int part = 0; j->part != NULL && part < REC_N_PARTS; part++)
        part_free(&j->part[part]);
    rec_free(j->part);
    rec_free(j->count);
    rec_free(j->name);
    *j = (struct rec_rank_judge){ 0 };
}

static enum rec_status part_make(const struct rec_rank_judge *j, enum rec_part part,
                                 double least, struct rec_err *err)
{
    struct rec_rank_part *p = &j->part[part];
    unsigned before = (1u << part) - 1; /* the parts before it */
    enum rec_status st = rec_seen_make(j->x, 1u << part, least, &p->truth, err);

    if (st == REC_OK)
        st = rec_seen_make(j->x, before, -INFINITY, &p->before, err);
    if (st != REC_OK)
        return st;
    p->user = rec_alloc(j->x->n_users, sizeof *p->user, "users", err);
    if (p->user == NULL)
        return REC_ESYSTEM;
    for (uint32_t u = 0; u < j->x->n_users; u++)
        if (p->truth.off[u] < p->truth.off[u + 1])
            p->user[p->n_users++] = u;
    p->value = rec_alloc_zero(j->cap * n_columns(j), p->n_users * sizeof *p->value,
                              "figures of users", err);
    if (p->value != NULL)
        p->whole =
            rec_alloc_zero(j->cap * j->at.n, 2 * sizeof *p->whole, "figures", err);
    return p->whole == NULL ? REC_ESYSTEM : REC_OK;
}

/* Popularity is the first ranker. */
static enum rec_status add_popularity(struct rec_rank_judge *j, struct rec_err *err)
{
    uint32_t n = j->x->n_items;
    float *score = rec_alloc(n, sizeof *score, "popularity", err);
    const struct rec_ranker r = { .n_items = n, .same = score };
    enum rec_status st = REC_ESYSTEM;

    if (score != NULL) {
        for (uint32_t i = 0; i < n; i++)
            score[i] = (float)j->count[i];
        st = rec_rank_judge_add(j, &r, "popularity", err);
    }
    rec_free(score);
    return st;
}

enum rec_status rec_rank_judge_make(const struct rec_ratings *x,
                                    const struct rec_cutoffs *at, double least,
                                    size_t cap, struct rec_rank_judge *out,
                                    struct rec_err *err)
{
    struct rec_rank_judge j = { .x = x, .at = *at, .cap = cap + 1, .least = least };
    enum rec_status st = REC_ESYSTEM;

    j.part = rec_alloc_zero(REC_N_PARTS, sizeof *j.part, "parts", err);
    if (j.part != NULL)
        j.name = rec_alloc_zero(j.cap, sizeof *j.name, "names", err);
    if (j.name != NULL)
        j.count = rec_alloc(x->n_items, sizeof *j.count, "popularity", err);
    if (j.count != NULL) {
        rec_count_items(x, j.count);
        st = part_make(&j, REC_VALID, least, err);
    }
    if (st == REC_OK)
        st = part_make(&j, REC_TEST, least, err);
    if (st == REC_OK)
        st = add_popularity(&j, err);
    if (st == REC_OK) {
        *out = j;
        j = (struct rec_rank_judge){ 0 };
    }
    rec_rank_judge_free(&j);
    return st;
}

/* ---- measuring one ranker on one part ---- */

struct measuring {
    const struct rec_rank_judge *j;
    const struct rec_rank_part *p;
    double *value, *whole; /* of this ranker */
    uint8_t *listed;       /* (I) in how many of the cutoffs an item was listed */
    double *surprise;      /* (cutoffs) sums, and of how many */
    uint64_t *n_listed;
};

/* Number NUMBER of the users that count, with her list. */
static void measure_user(const struct measuring *m, uint32_t number,
                         const struct rec_hit *hit, uint32_t n)
{
    const struct rec_seen *t = &m->p->truth;
    uint64_t from = t->off[m->p->user[number]], to = t->off[m->p->user[number] + 1];

    for (uint32_t c = 0; c < m->j->at.n; c++) {
        double out[REC_N_RANK_METRICS];
        uint32_t k = m->j->at.k[c], depth = n < k ? n : k;

        rec_rank_measure(hit, n, t->item + from, to - from, k, out);
        for (int metric = 0; metric < REC_N_RANK_METRICS; metric++)
            m->value[((size_t)c * REC_N_RANK_METRICS + (size_t)metric) * m->p->n_users +
                     number] = out[metric];
        for (uint32_t at = 0; at < depth; at++) {
            uint32_t item = hit[at].item, count = m->j->count[item];

            m->listed[item] = (uint8_t)(m->listed[item] | 1u << c);
            m->surprise[c] +=
                log2((double)m->j->x->n_users / (double)(count > 0 ? count : 1));
        }
        m->n_listed[c] += depth;
    }
}

static void end_whole(const struct measuring *m)
{
    for (uint32_t c = 0; c < m->j->at.n; c++) {
        double n = 0.0;

        for (uint32_t i = 0; i < m->j->x->n_items; i++)
            n += m->listed[i] >> c & 1;
        m->whole[2 * c] = n / m->j->x->n_items;
        m->whole[2 * c + 1] = m->surprise[c] / (double)m->n_listed[c];
    }
}

static enum rec_status measure(struct measuring *m, const struct rec_ranker *r,
                               struct rec_err *err)
{
    const struct rec_list_rules rules = { .seen = &m->p->before };
    uint32_t n = m->p->n_users, most = n < BATCH ? n : BATCH;
    uint32_t k = m->j->at.k[m->j->at.n - 1];
    struct rec_lists l = { 0 };
    enum rec_status st = rec_lists_make(most, k < r->n_items ? k : r->n_items, &l, err);

    for (uint32_t at = 0; st == REC_OK && at < n; at += most) {
        uint32_t b = n - at < most ? n - at : most;

        st = rec_lists_fill(r, m->p->user + at, b, &rules, &l, err);
        for (uint32_t u = 0; st == REC_OK && u < b; u++)
            measure_user(m, at + u, l.hit + (size_t)u * l.k, l.n_hits[u]);
    }
    if (st == REC_OK)
        end_whole(m);
    rec_lists_free(&l);
    return st;
}

static enum rec_status add_to_part(const struct rec_rank_judge *j, enum rec_part part,
                                   const struct rec_ranker *r, struct rec_err *err)
{
    const struct rec_rank_part *p = &j->part[part];
    struct measuring m = {
        .j = j,
        .p = p,
        .value = p->value + j->n * n_columns(j) * p->n_users,
        .whole = p->whole + j->n * j->at.n * 2,
    };
    enum rec_status st = REC_ESYSTEM;

    if (p->n_users == 0)
        return REC_OK;
    m.listed = rec_alloc_zero(j->x->n_items, 1, "listed items", err);
    if (m.listed != NULL)
        m.surprise = rec_alloc_zero(j->at.n, sizeof *m.surprise, "figures", err);
    if (m.surprise != NULL)
        m.n_listed = rec_alloc_zero(j->at.n, sizeof *m.n_listed, "figures", err);
    if (m.n_listed != NULL)
        st = measure(&m, r, err);
    rec_free(m.listed);
    rec_free(m.surprise);
    rec_free(m.n_listed);
    return st;
}

enum rec_status rec_rank_judge_add(struct rec_rank_judge *j, const struct rec_ranker *r,
                                   const char *name, struct rec_err *err)
{
    enum rec_status st = add_to_part(j, REC_VALID, r, err);

    if (st == REC_OK)
        st = add_to_part(j, REC_TEST, r, err);
    if (st == REC_OK)
        j->name[j->n++] = name;
    return st;
}

/* ---- figures ---- */

struct judging {
    const struct rec_rank_judge *j;
    const struct rec_rank_part *p;
    const struct rec_judge_opts *o;
    struct rec_report *r;
    const char *part;
    uint32_t *row;        /* (n_users) 0, 1, ... */
    const double **error; /* (n * columns) */
    struct rec_boot boot;
};

/* The column of a ranker's metric at a cutoff. */
static size_t column(const struct judging *g, size_t m, uint32_t cutoff, int metric)
{
    return m * n_columns(g->j) + (size_t)cutoff * REC_N_RANK_METRICS + (size_t)metric;
}

static double mean(const struct judging *g, size_t c)
{
    double sum = 0.0;

    for (uint32_t u = 0; u < g->p->n_users; u++)
        sum += g->error[c][u];
    return sum / g->p->n_users;
}

/* METRIC@K of ranker M; BASE, if not NULL, what it is compared with. */
static enum rec_status add(const struct judging *g, size_t m, const char *metric,
                           uint32_t k, const char *base, const struct rec_figure *f,
                           struct rec_err *err)
{
    struct rec_report_row row = { .is_model = m > 0, .figure = *f, .n = g->p->n_users };

    (void)snprintf(row.split, sizeof row.split, "%s", g->part);
    (void)snprintf(row.model, sizeof row.model, "%s", g->j->name[m]);
    (void)snprintf(row.metric, sizeof row.metric, "%s@%u%s%s", metric, k,
                   base != NULL ? "_vs_" : "", base != NULL ? base : "");
    return rec_report_add(g->r, &row, err);
}

static enum rec_status add_figures(struct judging *g, size_t m, struct rec_err *err)
{
    enum rec_status st = REC_OK;

    for (uint32_t c = 0; st == REC_OK && c < g->j->at.n; c++) {
        for (int metric = 0; st == REC_OK && metric < REC_N_RANK_METRICS; metric++) {
            size_t at = column(g, m, c, metric);
            struct rec_figure f = rec_boot_figure(&g->boot, REC_MAE, at, mean(g, at));

            st = add(g, m, rec_rank_metric_names[metric], g->j->at.k[c], NULL, &f, err);
        }
        for (int w = 0; st == REC_OK && w < 2; w++) {
            double x = g->p->whole[(m * g->j->at.n + c) * 2 + (size_t)w];
            struct rec_figure f = { x, NAN, NAN };

            st = add(g, m, whole_names[w], g->j->at.k[c], NULL, &f, err);
        }
    }
    return st;
}

static void say(const struct judging *g, size_t m, size_t base, uint32_t k, double x,
                double y, const struct rec_figure *d)
{
    char metric[24], text[REC_SENTENCE_BYTES];
    const struct rec_comparison c = {
        .part = g->part,
        .name = g->j->name[m],
        .base = g->j->name[base],
        .metric = metric,
        .x = x,
        .y = y,
        .d = *d,
        .more_is_better = true,
        .replicates = g->o->replicates,
        .unit = "user",
    };

    (void)snprintf(metric, sizeof metric, "NDCG@%u", k);
    if (g->o->say != NULL)
        g->o->say(g->o->say_ctx, rec_sentence(&c, text), base == 0, text);
}

static enum rec_status add_differences(struct judging *g, size_t m, size_t base,
                                       struct rec_err *err)
{
    static const int compared[] = { REC_RECALL, REC_NDCG };
    enum rec_status st = REC_OK;

    for (uint32_t c = 0; st == REC_OK && c < g->j->at.n; c++)
        for (int k = 0; st == REC_OK && k < 2; k++) {
            int metric = compared[k];
            size_t a = column(g, m, c, metric), b = column(g, base, c, metric);
            double x = mean(g, a), y = mean(g, b);
            struct rec_figure f = rec_boot_difference(&g->boot, REC_MAE, a, b, x - y);

            st = add(g, m, rec_rank_metric_names[metric], g->j->at.k[c],
                     g->j->name[base], &f, err);
            if (metric == REC_NDCG && c + 1 == g->j->at.n)
                say(g, m, base, g->j->at.k[c], x, y, &f);
        }
    return st;
}

/* There are ratings, and nobody has given enough of them. */
static void say_nothing(const struct judging *g, enum rec_part part)
{
    char text[REC_SENTENCE_BYTES];
    size_t i = 0;

    while (i < g->j->x->n && g->j->x->part[i] != part)
        i++;
    if (i == g->j->x->n || g->o->say == NULL)
        return;
    (void)snprintf(text, sizeof text,
                   "%s: no rating is %g or more: nothing is to be found, and there are "
                   "no figures of ranking",
                   g->part, g->j->least);
    g->o->say(g->o->say_ctx, REC_UNTOLD, false, text);
}

/* A user is a row of the bootstrap, her figures are errors of as many models: what it
 * calls their mae is then the mean. */
static enum rec_status draw(struct judging *g, struct rec_err *err)
{
    size_t n = g->j->n * n_columns(g->j);
    struct rec_boot_rows rows = {
        .n = g->p->n_users,
        .n_models = n,
        .unit = g->p->user,
        .n_units = g->j->x->n_users,
    };

    g->row = rec_alloc(g->p->n_users, sizeof *g->row, "bootstrap", err);
    if (g->row != NULL)
        g->error = rec_alloc(n, sizeof *g->error, "bootstrap", err);
    if (g->error == NULL)
        return REC_ESYSTEM;
    for (uint32_t u = 0; u < g->p->n_users; u++)
        g->row[u] = u;
    for (size_t c = 0; c < n; c++)
        g->error[c] = g->p->value + c * g->p->n_users;
    rows.row = g->row;
    rows.error = g->error;
    return rec_boot_make(&rows, g->o->replicates, g->o->seed, &g->boot, err);
}

enum rec_status rec_rank_judge_part(const struct rec_rank_judge *j, enum rec_part part,
                                    const struct rec_judge_opts *o,
                                    struct rec_report *r, struct rec_err *err)
{
    struct judging g = {
        .j = j, .p = &j->part[part], .o = o, .r = r, .part = rec_part_names[part]
    };
    enum rec_status st;

    if (g.p->n_users == 0) {
        say_nothing(&g, part);
        return REC_OK;
    }
    st = draw(&g, err);
    for (size_t m = 0; st == REC_OK && m < j->n; m++)
        st = add_figures(&g, m, err);
    for (size_t m = 1; st == REC_OK && m < j->n; m++)
        for (size_t base = 0; st == REC_OK && base <= 1 && base < m; base++)
            st = add_differences(&g, m, base, err);
    rec_boot_free(&g.boot);
    rec_free(g.row);
    rec_free(g.error);
    return st;
}
