#include "nn/gcn.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/par.h"
#include "nn/kernels.h"
#include "nn/settings.h"

/* ---- tensors ---- */

enum rec_status rec_gcn_make(struct rec_gcn *m, const struct rec_graph *g,
                             uint32_t width, uint32_t n_layers, bool learn,
                             struct rec_err *err)
{
    struct rec_gcn x = { g->n_nodes, g->n_users, width, n_layers,
                         .out = { .rows = 0 } };
    enum rec_status st = REC_OK;

    for (uint32_t l = 0; st == REC_OK && l < n_layers; l++) {
        char name[16];

        (void)snprintf(name, sizeof name, "W%u", l + 1);
        st = rec_param_make(&x.w[l], name, l == 0 ? x.n_nodes : width, width, learn,
                            err);
        (void)snprintf(name, sizeof name, "b%u", l + 1);
        if (st == REC_OK)
            st = rec_param_make(&x.b[l], name, 1, width, learn, err);
    }
    if (st == REC_OK)
        st = rec_param_make(&x.out, "w", 2, width, learn, err);
    if (st == REC_OK)
        st = rec_param_make(&x.c, "c", 1, 1, learn, err);
    if (st != REC_OK) {
        rec_gcn_free(&x);
        return st;
    }
    *m = x;
    return REC_OK;
}

struct rec_param *rec_gcn_param(struct rec_gcn *m, uint32_t index)
{
    if (index < 2 * m->n_layers)
        return index % 2 == 0 ? &m->w[index / 2] : &m->b[index / 2];
    index -= 2 * m->n_layers;
    return index == 0                     ? &m->out
           : index == 1                   ? &m->c
           : index == 2 && m->v.rows != 0 ? &m->v
                                          : NULL;
}

enum rec_status rec_gcn_know(struct rec_gcn *m, const struct rec_features *features,
                             bool learn, struct rec_err *err)
{
    uint64_t n =
        features == NULL ? 0 : (uint64_t)features->f[0].n_cols + features->f[1].n_cols;

    if (n == 0)
        return REC_OK;
    if (n > UINT32_MAX)
        return rec_fail(err, REC_EINPUT, "too many features for this model");
    m->known = *features;
    return rec_param_make(&m->v, "V", (uint32_t)n, m->width, learn, err);
}

void rec_gcn_init(struct rec_gcn *m, uint64_t seed)
{
    double limit = 1.0 / sqrt(2.0 * m->width);

    for (uint32_t l = 0; l < m->n_layers; l++) {
        double rows = (double)m->w[l].rows + (l == 0 ? (double)m->v.rows : 0.0);

        rec_param_uniform(&m->w[l], seed, sqrt(6.0 / (rows + (double)m->w[l].cols)));
        if (l == 0 && m->v.rows != 0)
            rec_param_uniform(&m->v, seed, sqrt(6.0 / (rows + (double)m->v.cols)));
    }
    rec_param_uniform(&m->out, seed, limit);
    rec_param_uniform(&m->c, seed, limit);
}

void rec_gcn_free(struct rec_gcn *m)
{
    struct rec_param *p;

    for (uint32_t i = 0; (p = rec_gcn_param(m, i)) != NULL; i++)
        rec_param_free(p);
    *m = (struct rec_gcn){ 0 };
}

/* ---- state ---- */

enum rec_status rec_gcn_state_make(struct rec_gcn_state *s, const struct rec_gcn *m,
                                   const struct rec_chunks *learn, struct rec_err *err)
{
    struct rec_gcn_state x = { 0 };
    rec_real **list[2 * REC_GCN_MAX_LAYERS + 3];
    size_t n = (size_t)m->n_nodes, d = m->width;
    uint32_t k = 0;

    for (uint32_t l = 0; l < m->n_layers; l++) {
        list[k++] = &x.h[l];
        if (l > 0)
            list[k++] = &x.p[l];
    }
    if (m->v.rows != 0)
        list[k++] = &x.table;
    if (learn != NULL) {
        list[k++] = &x.dh;
        list[k++] = &x.dp;
    }
    for (uint32_t i = 0; i < k; i++) {
        *list[i] = rec_alloc_zero(n * d, sizeof **list[i], "layer outputs", err);
        if (*list[i] == NULL)
            goto fail;
    }
    x.s = rec_alloc_zero(n, sizeof *x.s, "layer outputs", err);
    if (x.s == NULL)
        goto fail;
    if (learn != NULL) {
        x.g = rec_alloc_zero(n, sizeof *x.g, "layer outputs", err);
        x.part = rec_alloc_zero(learn->n * d, (d + 1) * sizeof *x.part, "sums", err);
        x.loss = rec_alloc_zero(learn->n, sizeof *x.loss, "sums", err);
        if (x.g == NULL || x.part == NULL || x.loss == NULL)
            goto fail;
    }
    *s = x;
    return REC_OK;
fail:
    rec_gcn_state_free(&x);
    return REC_ESYSTEM;
}

uint64_t rec_gcn_n_values(uint64_t n, uint64_t d, uint64_t l)
{
    return n * d + (l - 1) * d * d + l * d + 2 * d + 1;
}

uint64_t rec_gcn_bytes(const struct rec_graph *g, uint32_t width, uint32_t n_layers,
                       const struct rec_chunks *learn)
{
    uint64_t n = g->n_nodes, d = width, l = n_layers, c = learn->n;
    uint64_t state = n * d * (l + l - 1 + 2) + 2 * n + c * d * (d + 1);

    return (4 * rec_gcn_n_values(n, d, l) + state) * sizeof(rec_real) +
           c * sizeof(double);
}

void rec_gcn_state_free(struct rec_gcn_state *s)
{
    for (uint32_t l = 0; l < REC_GCN_MAX_LAYERS; l++) {
        rec_free(s->h[l]);
        rec_free(s->p[l]);
    }
    rec_free(s->table);
    rec_free(s->s);
    rec_free(s->g);
    rec_free(s->dh);
    rec_free(s->dp);
    rec_free(s->part);
    rec_free(s->loss);
    *s = (struct rec_gcn_state){ 0 };
}

struct work {
    struct rec_gcn *m;
    const struct rec_graph *g;
    const struct rec_chunks *c;
    struct rec_gcn_state *s;
};

/* ---- the decoder: forward ---- */

/* s = H w, with the user's or the item's half of w */
static void share_chunk(void *ctx, uint32_t chunk)
{
    const struct work *k = ctx;
    uint32_t d = k->m->width;
    const rec_real *w = k->m->out.x + (chunk < k->c->n_user_chunks ? 0 : d);
    const rec_real *h = k->s->h[k->m->n_layers - 1] + (size_t)k->c->at[chunk] * d;

    for (uint32_t n = k->c->at[chunk]; n < k->c->at[chunk + 1]; n++, h += d) {
        rec_real sum = 0;

        for (uint32_t j = 0; j < d; j++)
            sum += h[j] * w[j];
        k->s->s[n] = sum;
    }
}

/* W1 + F V */
REC_CLONES static void table_chunk(void *ctx, uint32_t chunk)
{
    const struct work *k = ctx;
    bool items = chunk >= k->c->n_user_chunks;
    const struct rec_sparse *f = k->m->known.f;
    uint32_t first = items ? k->m->n_users : 0;
    size_t d = k->m->width;
    const rec_real *v = k->m->v.x + (items ? f[0].n_cols * d : 0);

    f += items;
    for (uint32_t n = k->c->at[chunk]; n < k->c->at[chunk + 1]; n++) {
        rec_real *row = k->s->table + n * d;

        memcpy(row, k->m->w[0].x + n * d, d * sizeof *row);
        if (f->n_cols > 0)
            rec_sparse_add(f, n - first, v, k->m->width, row);
    }
}

/* forward:  table = W1 + F V    so:  dV += F' dtable, and dtable is what dW1 is */
static void table_backward(struct rec_gcn *m)
{
    const struct rec_sparse *t = m->known.t;
    size_t d = m->width;

    if (t[0].n_rows > 0)
        rec_sparse_backward(&t[0], m->w[0].dx, m->width, m->v.dx);
    if (t[1].n_rows > 0)
        rec_sparse_backward(&t[1], m->w[0].dx + m->n_users * d, m->width,
                            m->v.dx + t[0].n_rows * d);
}

void rec_gcn_forward(const struct rec_gcn *m, const struct rec_graph *g,
                     const struct rec_chunks *c, struct rec_gcn_state *s)
{
    struct work k = { (struct rec_gcn *)(uintptr_t)m, g, c, s }; /* m is only read */
    uint32_t d = m->width;

    if (s->table != NULL)
        rec_par_run(c->n, table_chunk, &k);
    rec_spmm(g, c, s->table != NULL ? s->table : m->w[0].x, d, s->h[0]);
    rec_relu(c, s->h[0], m->b[0].x, d);
    rec_dropout(c, &s->drop, 1, s->h[0], d);
    for (uint32_t l = 1; l < m->n_layers; l++) {
        rec_spmm(g, c, s->h[l - 1], d, s->p[l]);
        rec_linear(c, s->p[l], m->w[l].x, m->b[l].x, d, s->h[l]);
        rec_relu(c, s->h[l], NULL, d);
        rec_dropout(c, &s->drop, l + 1, s->h[l], d);
    }
    rec_par_run(c->n, share_chunk, &k);
}

/* ---- the loss, and the decoder's backward ---- */

static void loss_chunk(void *ctx, uint32_t chunk)
{
    const struct work *k = ctx;
    const struct rec_graph *g = k->g;
    const rec_real *s = k->s->s;
    rec_real c = k->m->c.x[0], scale = (rec_real)(2.0 / ((double)g->n_edges / 2.0));
    double loss = 0.0, sum = 0.0;

    for (uint32_t n = k->c->at[chunk]; n < k->c->at[chunk + 1]; n++) {
        rec_real own = s[n] + c, delta = 0;

        for (uint64_t e = g->off[n]; e < g->off[n + 1]; e++) {
            rec_real error = own + s[g->to[e]] - (rec_real)g->rating[e];

            delta += error;
            loss += (double)error * (double)error;
        }
        /* forward:  rating = s_u + s_i + c, loss = mean error^2
         * so:       ds_n = sum over the node's edges of 2 error / E */
        k->s->g[n] = scale * delta;
        sum += (double)k->s->g[n];
    }
    k->s->loss[chunk] = loss;
    k->s->part[chunk] = (rec_real)sum;
}

double rec_gcn_loss(struct rec_gcn *m, const struct rec_graph *g,
                    const struct rec_chunks *c, struct rec_gcn_state *s)
{
    struct work k = { m, g, c, s };
    double loss = 0.0;

    rec_par_run(c->n, loss_chunk, &k);
    /* Users' rows hold each rating once; items' rows repeat them. */
    for (uint32_t chunk = 0; chunk < c->n_user_chunks; chunk++) {
        loss += s->loss[chunk];
        /*   dc = sum of all 2 error / E */
        m->c.dx[0] += s->part[chunk];
    }
    return loss / ((double)g->n_edges / 2.0);
}

REC_CLONES static void share_backward_chunk(void *ctx, uint32_t chunk)
{
    const struct work *k = ctx;
    uint32_t d = k->m->width;
    size_t at = (size_t)k->c->at[chunk] * d;
    const rec_real *w = k->m->out.x + (chunk < k->c->n_user_chunks ? 0 : d);
    const rec_real *h = k->s->h[k->m->n_layers - 1] + at;
    rec_real *dh = k->s->dh + at, *dw = k->s->part + (size_t)chunk * d;

    memset(dw, 0, d * sizeof *dw);
    for (uint32_t n = k->c->at[chunk]; n < k->c->at[chunk + 1]; n++, h += d, dh += d)
        for (uint32_t j = 0; j < d; j++) {
            /* forward:  s += h[j] * w[j]       so:  dw[j] += g * h[j] */
            dw[j] += k->s->g[n] * h[j];
            /*                                       dh[j]  = g * w[j] */
            dh[j] = k->s->g[n] * w[j];
        }
}

static void share_backward(const struct work *k)
{
    uint32_t d = k->m->width;

    rec_par_run(k->c->n, share_backward_chunk, (void *)(uintptr_t)k);
    for (uint32_t chunk = 0; chunk < k->c->n; chunk++) {
        rec_real *dw = k->m->out.dx + (chunk < k->c->n_user_chunks ? 0 : d);

        for (uint32_t j = 0; j < d; j++)
            dw[j] += k->s->part[(size_t)chunk * d + j];
    }
}

void rec_gcn_backward(struct rec_gcn *m, const struct rec_graph *g,
                      const struct rec_chunks *c, struct rec_gcn_state *s)
{
    struct work k = { m, g, c, s };
    uint32_t d = m->width;

    share_backward(&k);
    for (uint32_t l = m->n_layers; l-- > 1;) {
        /* forward:  h = dropout(relu(p w + b)) */
        rec_relu_backward(c, s->h[l], d, s->dh);
        rec_dropout_backward(c, &s->drop, s->dh, d);
        rec_linear_backward(c, s->p[l], m->w[l].x, s->dh, d, s->dp, m->w[l].dx,
                            m->b[l].dx, s->part);
        /* forward:  p = A^ h(l-1)     so:  dh(l-1) = A^ dp, as A^ is symmetric */
        rec_spmm(g, c, s->dp, d, s->dh);
    }
    rec_relu_backward(c, s->h[0], d, s->dh);
    rec_dropout_backward(c, &s->drop, s->dh, d);
    rec_bias_backward(c, s->dh, d, m->b[0].dx, s->part);
    /* forward:  z = A^ W1         so:  dW1 = A^ dz; nothing else adds to dW1 */
    rec_spmm(g, c, s->dh, d, m->w[0].dx);
    table_backward(m);
}

/* ---- sections ---- */

enum rec_status rec_gcn_write(struct rec_gcn *m, struct rec_writer *w, const char *by,
                              struct rec_err *err)
{
    struct rec_table t;
    struct rec_param *p;
    enum rec_status st;

    rec_settings_init(&t, "model", by);
    st = rec_settings_add(&t, "model", "gcn", err);
    if (st == REC_OK)
        st = rec_settings_add_number(&t, "width", m->width, err);
    if (st == REC_OK)
        st = rec_settings_add_number(&t, "layers", m->n_layers, err);
    if (st == REC_OK && m->path != NULL)
        st = rec_settings_add(&t, "path", m->path, err);
    if (st == REC_OK && m->kernels != NULL)
        st = rec_settings_add(&t, "kernels", m->kernels, err);
    if (st == REC_OK)
        st = rec_features_remember(&t, &m->known, 0, err);
    if (st == REC_OK)
        st = rec_writer_table(w, &t, err);
    for (uint32_t i = 0; st == REC_OK && (p = rec_gcn_param(m, i)) != NULL; i++)
        st = rec_param_write(p, w, by, err);
    rec_table_free(&t);
    return st;
}

enum rec_status rec_gcn_read(struct rec_gcn *m, struct rec_reader *r,
                             const struct rec_graph *g,
                             const struct rec_ratings *ratings, struct rec_err *err)
{
    static const struct rec_ratings none = { 0 };
    struct rec_features known = { 0 };
    struct rec_ratings with;
    struct rec_gcn x = { 0 };
    struct rec_table *t;
    struct rec_param *p;
    uint64_t width, n_layers;
    enum rec_status st = rec_reader_need(r, "model", "rec-train", &t, err);

    if (st == REC_OK)
        st = rec_settings_check(t, err);
    if (st == REC_OK)
        st = rec_settings_get_number(t, "width", 1, REC_GCN_MAX_WIDTH, &width, err);
    if (st == REC_OK)
        st =
            rec_settings_get_number(t, "layers", 1, REC_GCN_MAX_LAYERS, &n_layers, err);
    if (st == REC_OK)
        st = rec_features_recall(t, ratings == NULL ? &none : ratings, &known, &with,
                                 err);
    if (st == REC_OK)
        st = rec_gcn_make(&x, g, (uint32_t)width, (uint32_t)n_layers, false, err);
    if (st == REC_OK)
        st = rec_gcn_know(&x, &known, false, err);
    for (uint32_t i = 0; st == REC_OK && (p = rec_gcn_param(&x, i)) != NULL; i++)
        st = rec_param_read(p, r, err);
    if (st != REC_OK) {
        rec_gcn_free(&x);
        return st;
    }
    *m = x;
    return REC_OK;
}
