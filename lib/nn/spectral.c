#include "nn/spectral.h"

#include <math.h>
#include <string.h>

#include "nn/settings.h"
#include "nn/subspace.h"

static const char *const filters[] = { "gfcf", "reshaped" };
static const double USER_POWER[] = { 0.5, 0.35 };

void rec_spectral_free(struct rec_spectral *m)
{
    rec_by_vector_free(&m->rank);
    rec_item_pairs_free(&m->g);
    rec_free(m->lin);
    rec_param_free(&m->v);
    rec_param_free(&m->s);
    rec_free(m->by[0]);
    rec_free(m->by[1]);
    rec_pairs01_free(&m->r);
    *m = (struct rec_spectral){ 0 };
}

/* ---- the matrix and its singular vectors ---- */

static double degree(const struct rec_spectral *m, int side, uint32_t v)
{
    uint64_t d = rec_pairs01_degree(&m->r, side, v);

    return d > 0 ? (double)d : 1.0;
}

/* R and what scales it; room for V and s. */
static enum rec_status prepare(struct rec_spectral *m,
                               const struct rec_ratings *ratings, const uint8_t *part,
                               struct rec_err *err)
{
    enum rec_status st = rec_pairs01_make(ratings, part, &m->r, err);

    for (int s = 0; st == REC_OK && s < 2; s++) {
        double power = s == 0 ? USER_POWER[m->opts.filter] : 0.5;

        m->by[s] = rec_alloc(m->r.n[s], sizeof *m->by[s], "degrees", err);
        if (m->by[s] == NULL)
            return REC_ESYSTEM;
        for (uint32_t v = 0; v < m->r.n[s]; v++)
            m->by[s][v] = (float)pow(degree(m, s, v), -power);
    }
    if (st == REC_OK)
        st = rec_param_make(&m->v, "V", m->r.n[1], m->opts.rank, false, err);
    if (st == REC_OK)
        st = rec_param_make(&m->s, "s", m->opts.rank, 1, false, err);
    return st;
}

static enum rec_status decompose(struct rec_spectral *m, struct rec_err *err)
{
    const struct rec_scaled01 x = { &m->r, { m->by[0], m->by[1] } };
    uint32_t k = m->opts.rank;
    size_t n = rec_param_size(&m->v);
    float *v = rec_alloc(n, sizeof *v, "singular vectors", err);
    double *s = v == NULL ? NULL : rec_alloc(k, sizeof *s, "singular values", err);
    enum rec_status st =
        s == NULL ? REC_ESYSTEM : rec_subspace(&x, k, m->opts.seed, v, s, err);
    double all = 0.0, held = 0.0;

    if (st == REC_OK) {
        for (size_t i = 0; i < n; i++)
            m->v.x[i] = (rec_real)v[i];
        for (uint32_t e = 0; e < k; e++) {
            m->s.x[e] = (rec_real)s[e];
            held += s[e] * s[e];
        }
        for (uint32_t u = 0; u < m->r.n[0]; u++)
            for (uint64_t e = m->r.off[0][u]; e < m->r.off[0][u + 1]; e++) {
                double w = (double)m->by[0][u] * (double)m->by[1][m->r.to[0][e]];

                all += w * w;
            }
        m->loss = held < all ? 1.0 - held / all : 0.0;
    }
    rec_free(v);
    rec_free(s);
    return st;
}

enum rec_status rec_spectral_make(struct rec_spectral *out,
                                  const struct rec_ratings *ratings,
                                  const uint8_t *part,
                                  const struct rec_spectral_opts *opts,
                                  struct rec_err *err)
{
    struct rec_spectral m = { .opts = *opts };
    enum rec_status st = prepare(&m, ratings, part, err);

    if (st == REC_OK)
        st = decompose(&m, err);
    if (st == REC_OK)
        *out = m;
    else
        rec_spectral_free(&m);
    return st;
}

void rec_spectral_cut(struct rec_spectral *m, uint32_t k)
{
    for (uint32_t i = 0; i < m->v.rows; i++)
        memmove(m->v.x + (size_t)i * k, m->v.x + (size_t)i * m->opts.rank,
                k * sizeof *m->v.x);
    m->opts.rank = m->v.cols = m->s.rows = k;
    rec_by_vector_free(&m->rank);
    rec_free(m->lin);
    m->lin = NULL;
}

/* ---- vectors ---- */

static uint32_t n_halves(const struct rec_spectral *m)
{
    return m->opts.filter == REC_SPECTRAL_RESHAPED ? 2 : 1;
}

/* Those of a row of items: r d_i^-.5 V, behind r V if the filter has that. */
static void user_vector(const struct rec_spectral *m, const uint32_t *item, uint64_t n,
                        float *out)
{
    uint32_t k = m->opts.rank, halves = n_halves(m);
    float *scaled = out + (halves - 1) * k;

    memset(out, 0, halves * k * sizeof *out);
    for (uint64_t e = 0; e < n; e++) {
        const rec_real *v = m->v.x + (size_t)item[e] * k;
        float by = m->by[1][item[e]];

        for (uint32_t j = 0; j < k; j++) {
            if (halves == 2)
                out[j] += (float)v[j];
            scaled[j] += by * (float)v[j];
        }
    }
}

/* And what they are multiplied with: 0.3 d_i^.5 V; W1, W2; and the linear part. */
static void item_vectors(struct rec_spectral *m)
{
    uint32_t k = m->opts.rank;
    bool reshaped = m->opts.filter == REC_SPECTRAL_RESHAPED;
    double top = (double)m->s.x[0] * (double)m->s.x[0], ct = 1.0;
    uint32_t last = k;

    while (last > 1 && !((double)m->s.x[last - 1] > 0.0))
        last--;
    if (reshaped) /* h / lambda of the last one */
        ct = exp(-0.8 * (double)m->s.x[last - 1] * (double)m->s.x[last - 1] / top);
    for (uint32_t i = 0; i < m->r.n[1]; i++) {
        double d = degree(m, 1, i), root = sqrt(d), tenth = pow(d, 0.1);
        float *out = m->rank.vec[1] + (size_t)i * m->rank.d;

        m->lin[i] = (float)(reshaped ? ct / top * tenth / root : 1.0 / root);
        for (uint32_t j = 0; j < k; j++) {
            double v = (double)m->v.x[(size_t)i * k + j];
            double lambda = (double)m->s.x[j] * (double)m->s.x[j] / top;

            if (reshaped) {
                out[j] = (float)(tenth * v * lambda * (exp(-0.8 * lambda) - ct));
                out[k + j] = (float)(root * v * 0.4 * exp(-0.8 * lambda));
            } else {
                out[j] = (float)(0.3 * root * v);
            }
        }
    }
}

enum rec_status rec_spectral_ready(struct rec_spectral *m, struct rec_err *err)
{
    enum rec_status st;

    if (m->lin != NULL)
        return REC_OK;
    st = m->g.off == NULL ? rec_item_pairs_make(&m->r, m->by[0], &m->g, err) : REC_OK;
    if (st == REC_OK)
        st = rec_by_vector_make(m->r.n[0], m->r.n[1], n_halves(m) * m->opts.rank,
                                &m->rank, err);
    if (st != REC_OK)
        return st;
    m->lin = rec_alloc(m->r.n[1], sizeof *m->lin, "item factors", err);
    if (m->lin == NULL)
        return REC_ESYSTEM;
    for (uint32_t u = 0; u < m->r.n[0]; u++)
        user_vector(m, m->r.to[0] + m->r.off[0][u], rec_pairs01_degree(&m->r, 0, u),
                    m->rank.vec[0] + (size_t)u * m->rank.d);
    item_vectors(m);
    return rec_by_vector_pack(&m->rank, err);
}

/* ---- scores ---- */

size_t rec_spectral_scratch(const struct rec_spectral *m, uint32_t b)
{
    size_t rows = (rec_by_vector_scratch(b) + 15) / 16 * 16;

    return rows + m->r.n[1] * sizeof(float);
}

/* OUT += the linear part of a row of items, or the items' degrees if there are none;
 * SUM (I) is room. */
static void add_linear(const struct rec_spectral *m, const uint32_t *item, uint64_t n,
                       float *sum, float *out)
{
    if (n == 0)
        for (uint32_t i = 0; i < m->r.n[1]; i++)
            out[i] = (float)rec_pairs01_degree(&m->r, 1, i);
    if (n == 0)
        return;
    memset(sum, 0, m->r.n[1] * sizeof *sum);
    for (uint64_t e = 0; e < n; e++) {
        float by = m->by[1][item[e]];

        for (uint64_t f = m->g.off[item[e]]; f < m->g.off[item[e] + 1]; f++)
            sum[m->g.to[f]] += by * m->g.g[f];
    }
    for (uint32_t i = 0; i < m->r.n[1]; i++)
        out[i] += m->lin[i] * sum[i];
}

void rec_spectral_scores(const struct rec_spectral *m, const uint32_t *user, uint32_t b,
                         void *scratch, float *out)
{
    float *sum = (float *)((char *)scratch + (rec_by_vector_scratch(b) + 15) / 16 * 16);

    rec_by_vector_scores(&m->rank, user, b, scratch, out);
    for (uint32_t i = 0; i < b; i++)
        add_linear(m, m->r.to[0] + m->r.off[0][user[i]],
                   rec_pairs01_degree(&m->r, 0, user[i]), sum,
                   out + (size_t)i * m->r.n[1]);
}

enum rec_status rec_spectral_fold_in(const struct rec_spectral *m, const uint32_t *item,
                                     uint32_t n, float *out, struct rec_err *err)
{
    size_t d = m->rank.d;
    float *room = rec_alloc(d + m->r.n[1], sizeof *room, "a user", err);

    if (room == NULL)
        return REC_ESYSTEM;
    user_vector(m, item, n, room);
    rec_by_vector_one(&m->rank, room, 0.0f, out);
    add_linear(m, item, n, room + d, out);
    rec_free(room);
    return REC_OK;
}

/* ---- as a learner, which has learned ---- */

static struct rec_param *param(void *self, uint32_t index)
{
    struct rec_spectral *m = self;

    return index == 0 ? &m->v : index == 1 ? &m->s : NULL;
}

static double loss(void *self)
{
    return ((const struct rec_spectral *)self)->loss;
}

static void epoch(void *self, uint64_t epoch, double lr)
{
    (void)self;
    (void)epoch;
    (void)lr;
}

struct rec_learner rec_spectral_learner(struct rec_spectral *m)
{
    return (struct rec_learner){ m, param, loss, epoch, NULL, NULL };
}

/* ---- as sections ---- */

enum rec_status rec_spectral_write(const struct rec_spectral *m, struct rec_writer *w,
                                   const char *by, struct rec_err *err)
{
    struct rec_table t;
    enum rec_status st;

    rec_settings_init(&t, "model", by);
    st = rec_settings_add(&t, "model", "spectral", err);
    if (st == REC_OK)
        st = rec_settings_add(&t, "filter", filters[m->opts.filter], err);
    if (st == REC_OK)
        st = rec_settings_add_number(&t, "width", m->opts.rank, err);
    if (st == REC_OK)
        st = rec_writer_table(w, &t, err);
    if (st == REC_OK)
        st = rec_param_write(&m->v, w, by, err);
    if (st == REC_OK)
        st = rec_param_write(&m->s, w, by, err);
    rec_table_free(&t);
    return st;
}

static enum rec_status read_filter(const struct rec_table *t,
                                   enum rec_spectral_filter *out, struct rec_err *err)
{
    size_t n = 0;
    const char *name = rec_settings_get(t, "filter", &n);

    for (int i = 0; name != NULL && i < 2; i++)
        if (strlen(filters[i]) == n && memcmp(filters[i], name, n) == 0) {
            *out = (enum rec_spectral_filter)i;
            return REC_OK;
        }
    return rec_fail(err, REC_EFORMAT, "section 'model': no 'filter' that is known");
}

enum rec_status rec_spectral_read(struct rec_spectral *out, struct rec_reader *r,
                                  const struct rec_ratings *ratings,
                                  struct rec_err *err)
{
    struct rec_spectral m = { .loss = 0.0 };
    struct rec_table *t;
    uint64_t rank = 0;
    enum rec_status st = rec_reader_need(r, "model", "rec-train", &t, err);

    if (st == REC_OK)
        st = rec_settings_check(t, err);
    if (st == REC_OK)
        st = read_filter(t, &m.opts.filter, err);
    if (st == REC_OK)
        st = rec_settings_get_number(t, "width", 1, REC_SPECTRAL_MAX_RANK, &rank, err);
    m.opts.rank = (uint32_t)rank;
    if (st == REC_OK)
        st = prepare(&m, ratings, ratings->part, err);
    if (st == REC_OK)
        st = rec_param_read(&m.v, r, err);
    if (st == REC_OK)
        st = rec_param_read(&m.s, r, err);
    if (st == REC_OK && !((double)m.s.x[0] > 0.0))
        st = rec_fail(err, REC_EFORMAT, "section 'model.s': the first is not above 0");
    if (st == REC_OK)
        *out = m;
    else
        rec_spectral_free(&m);
    return st;
}
