#include "nn/mf.h"

#include <string.h>

#include "base/par.h"
#include "nn/settings.h"

enum { FOLDS = 10 };

static const struct rec_rgnn_taus no_times = { .prior = 3.0 };
static const char *const names[2] = { "P", "Q" };

void rec_mf_free(struct rec_mf *m)
{
    for (int s = 0; s < 2; s++)
        rec_param_free(&m->factor[s]);
    rec_free(m->delta);
    rec_free(m->part);
    rec_rgnn_data_free(&m->x);
    *m = (struct rec_mf){ 0 };
}

static enum rec_status make_factors(struct rec_mf *m, bool learn, struct rec_err *err)
{
    enum rec_status st = REC_OK;

    for (int s = 0; st == REC_OK && s < 2; s++)
        st = rec_param_make(&m->factor[s], names[s], m->x.g.side[s].n, m->opts.width,
                            learn, err);
    return st;
}

static void start(struct rec_mf *m)
{
    for (int s = 0; s < 2; s++) {
        struct rec_param *p = &m->factor[s];

        rec_param_normal(p, m->opts.seed, m->opts.init);
        for (uint32_t v = 0; v < p->rows; v++)
            if (rec_rgnn_first(&m->x.g, s, v) == rec_rgnn_last(&m->x.g, s, v))
                memset(p->x + (size_t)v * p->cols, 0, p->cols * sizeof *p->x);
    }
}

enum rec_status rec_mf_make(struct rec_mf *out, const struct rec_ratings *ratings,
                            const struct rec_mf_opts *opts, struct rec_err *err)
{
    struct rec_mf m = { .opts = *opts };
    enum rec_status st = rec_rgnn_data_make(ratings, false, false, FOLDS, opts->seed,
                                            opts->lambda, &no_times, &m.x, err);

    if (st == REC_OK)
        st = make_factors(&m, true, err);
    if (st == REC_OK) {
        m.delta = rec_alloc(m.x.g.n_edges, sizeof *m.delta, "gradients", err);
        m.part = rec_alloc(REC_RGNN_CHUNKS, sizeof *m.part, "losses", err);
        st = m.delta == NULL || m.part == NULL ? REC_ESYSTEM : REC_OK;
    }
    if (st != REC_OK) {
        rec_mf_free(&m);
        return st;
    }
    start(&m);
    *out = m;
    return REC_OK;
}

/* ---- forward ---- */

static const rec_real *row(const struct rec_mf *m, int side, uint32_t v)
{
    return m->factor[side].x + (size_t)v * m->factor[side].cols;
}

/* s, in units. */
static double score(const struct rec_mf *m, uint32_t user, uint32_t item)
{
    const struct rec_rgnn_bias *b = &m->x.bias;
    size_t n = (size_t)b->n_folds + 1; /* the last view is that of all ratings */
    const rec_real *p = row(m, REC_USERS, user), *q = row(m, REC_ITEMS, item);
    double sum = b->mean[n - 1] + b->bias[REC_USERS][user * n + n - 1] +
                 b->bias[REC_ITEMS][item * n + n - 1];

    for (uint32_t j = 0; j < m->opts.width; j++)
        sum += (double)p[j] * (double)q[j];
    return sum;
}

static void loss_chunk(void *ctx, uint32_t chunk)
{
    struct rec_mf *m = ctx;
    const struct rec_rgnn_side *s = &m->x.g.side[REC_USERS];
    double sum = 0.0;

    for (uint32_t u = s->cut.at[chunk]; u < s->cut.at[chunk + 1]; u++)
        for (uint64_t e = rec_rgnn_first(&m->x.g, REC_USERS, u);
             e < rec_rgnn_last(&m->x.g, REC_USERS, u); e++) {
            double error = score(m, u, s->to[e]) - (double)s->rating[e];

            sum += error * error;
            m->delta[e] = (rec_real)(2.0 * error / m->x.g.n_edges);
        }
    m->part[chunk] = sum;
}

/* The mean squared error, in units. */
static double mean_square(struct rec_mf *m)
{
    uint32_t n = m->x.g.side[REC_USERS].cut.n;
    double sum = 0.0;

    rec_par_run(n, loss_chunk, m);
    for (uint32_t c = 0; c < n; c++)
        sum += m->part[c];
    return sum / m->x.g.n_edges;
}

double rec_mf_rating(const struct rec_mf *m, uint32_t user, uint32_t item)
{
    double s = score(m, user, item), low = (double)m->x.g.low,
           high = (double)m->x.g.high;

    return (s < low ? low : s > high ? high : s) * m->x.g.unit;
}

/* ---- backward ---- */

struct work {
    struct rec_mf *m;
    int side;
};

/*
 * forward:  s += p_u.q_i, of each rating            so:  dp_u += delta q_i
 * forward:  loss += penalty/E |p_u|^2, of each      so:  dp_u += 2 penalty/E p_u
 */
static void gradient_chunk(void *ctx, uint32_t chunk)
{
    const struct work *k = ctx;
    struct rec_mf *m = k->m;
    const struct rec_rgnn_side *s = &m->x.g.side[k->side];
    uint32_t d = m->opts.width;

    for (uint32_t v = s->cut.at[chunk]; v < s->cut.at[chunk + 1]; v++) {
        uint64_t from = rec_rgnn_first(&m->x.g, k->side, v);
        uint64_t to = rec_rgnn_last(&m->x.g, k->side, v);
        const rec_real *x = row(m, k->side, v);
        rec_real *dx = m->factor[k->side].dx + (size_t)v * d;
        rec_real decay =
            (rec_real)(2.0 * m->opts.penalty * (double)(to - from) / m->x.g.n_edges);

        for (uint32_t j = 0; j < d; j++)
            dx[j] = decay * x[j];
        for (uint64_t e = from; e < to; e++) {
            const rec_real *y = row(m, 1 - k->side, s->to[e]);
            rec_real delta = m->delta[s->edge[e]];

            for (uint32_t j = 0; j < d; j++)
                dx[j] += delta * y[j];
        }
    }
}

static void gradients(struct rec_mf *m)
{
    for (int side = 0; side < 2; side++) {
        struct work k = { m, side };

        rec_par_run(m->x.g.side[side].cut.n, gradient_chunk, &k);
    }
}

double rec_mf_gradients(struct rec_mf *m)
{
    double loss = mean_square(m), squares = 0.0;

    gradients(m);
    for (int s = 0; s < 2; s++)
        for (uint32_t v = 0; v < m->factor[s].rows; v++) {
            double n =
                (double)(rec_rgnn_last(&m->x.g, s, v) - rec_rgnn_first(&m->x.g, s, v));
            const rec_real *x = row(m, s, v);

            for (uint32_t j = 0; j < m->opts.width; j++)
                squares += n * (double)x[j] * (double)x[j];
        }
    return loss + m->opts.penalty * squares / m->x.g.n_edges;
}

/* ---- its functions for training ---- */

static struct rec_param *param(void *self, uint32_t index)
{
    struct rec_mf *m = self;

    return index < 2 ? &m->factor[index] : NULL;
}

static double loss(void *self)
{
    struct rec_mf *m = self;

    return mean_square(m) * m->x.g.unit * m->x.g.unit;
}

static void epoch(void *self, uint64_t epoch, double lr)
{
    const struct rec_adam adam = { lr, 0.9, 0.999, 1e-8, 0.0 };
    struct rec_mf *m = self;

    gradients(m); /* of the deltas that loss() left */
    for (int s = 0; s < 2; s++)
        rec_adam_step(&adam, epoch, &m->factor[s]);
}

static double rating(void *self, const struct rec_ratings *r, size_t i)
{
    return rec_mf_rating(self, r->user[i], r->item[i]);
}

struct rec_learner rec_mf_learner(struct rec_mf *m)
{
    return (struct rec_learner){ m, param, loss, epoch, rating, NULL };
}

/* ---- as sections ---- */

enum rec_status rec_mf_write(const struct rec_mf *m, struct rec_writer *w,
                             const char *by, struct rec_err *err)
{
    struct rec_table t;
    enum rec_status st;

    rec_settings_init(&t, "model", by);
    st = rec_settings_add(&t, "model", "mf", err);
    if (st == REC_OK)
        st = rec_settings_add_number(&t, "width", m->opts.width, err);
    if (st == REC_OK)
        st = rec_settings_add_real(&t, "lambda_user", m->x.bias.lambda[REC_USERS], err);
    if (st == REC_OK)
        st = rec_settings_add_real(&t, "lambda_item", m->x.bias.lambda[REC_ITEMS], err);
    if (st == REC_OK)
        st = rec_settings_add_real(&t, "penalty", m->opts.penalty, err);
    if (st == REC_OK)
        st = rec_settings_add_real(&t, "init", m->opts.init, err);
    if (st == REC_OK)
        st = rec_writer_table(w, &t, err);
    for (int s = 0; st == REC_OK && s < 2; s++)
        st = rec_param_write(&m->factor[s], w, by, err);
    rec_table_free(&t);
    return st;
}

enum rec_status rec_mf_read(struct rec_mf *out, struct rec_reader *r,
                            const struct rec_ratings *ratings, struct rec_err *err)
{
    struct rec_mf m = { .delta = NULL };
    struct rec_table *t;
    uint64_t width = 0;
    double lambda[2] = { 0.0, 0.0 };
    enum rec_status st = rec_reader_need(r, "model", "rec-train", &t, err);

    if (st == REC_OK)
        st = rec_settings_check(t, err);
    if (st == REC_OK)
        st = rec_settings_get_number(t, "width", 1, REC_RGNN_MAX_WIDTH, &width, err);
    if (st == REC_OK)
        st =
            rec_settings_get_real(t, "lambda_user", 0.0, 1e12, &lambda[REC_USERS], err);
    if (st == REC_OK)
        st =
            rec_settings_get_real(t, "lambda_item", 0.0, 1e12, &lambda[REC_ITEMS], err);
    m.opts.width = (uint32_t)width;
    if (st == REC_OK)
        st = rec_rgnn_data_make(ratings, false, false, 0, 0, lambda, &no_times, &m.x,
                                err);
    if (st == REC_OK)
        st = make_factors(&m, false, err);
    for (int s = 0; st == REC_OK && s < 2; s++)
        st = rec_param_read(&m.factor[s], r, err);
    if (st == REC_OK)
        *out = m;
    else
        rec_mf_free(&m);
    return st;
}
