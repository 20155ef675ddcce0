#include "nn/rgnn_features.h"

#include <math.h>
#include <string.h>

#include "base/num.h"
#include "base/par.h"
#include "nn/rgnn_asked.h"

enum { N_STATIC = 4, RIDGE_CHUNKS = 48 };

static const double MINUTE = 60.0, DAY = 86400.0, YEAR = 365.25 * 86400.0, RIDGE = 10.0;

/* Seconds with commas between, up to a colon or the end; returns what is behind, or
 * NULL if it is none. */
static const char *parse_seconds(const char *s, double *tau, uint32_t *n)
{
    for (*n = 0; *s != '\0' && *s != ':';) {
        size_t length = strcspn(s, ",:");

        if (*n == REC_RGNN_MAX_TAUS || !rec_parse_f64(s, length, &tau[*n]) ||
            !(tau[*n] >= 1e-3 && tau[*n] <= 1e12))
            return NULL;
        s += length;
        ++*n;
        if (*s == ',' && *++s == '\0')
            return NULL;
    }
    return s;
}

enum rec_status rec_rgnn_taus_parse(const char *text, struct rec_rgnn_taus *out,
                                    struct rec_err *err)
{
    struct rec_rgnn_taus t = { .prior = 3.0 };
    const char *s = text;
    char shown[80];

    if (strcmp(text, "none") == 0) {
        *out = t;
        return REC_OK;
    }
    s = parse_seconds(s, t.tau[REC_USERS], &t.n[REC_USERS]);
    if (s != NULL && *s == ':')
        s = parse_seconds(s + 1, t.tau[REC_ITEMS], &t.n[REC_ITEMS]);
    if (s != NULL && *s == ':' && rec_parse_f64(s + 1, strlen(s + 1), &t.prior) &&
        t.prior >= 1e-6 && t.prior <= 1e9)
        s += strlen(s);
    if (s == NULL || *s != '\0' || t.n[REC_USERS] + t.n[REC_ITEMS] == 0) {
        rec_printable(text, strlen(text), shown, sizeof shown);
        return rec_fail(err, REC_EUSAGE,
                        "--taus: '%s' is not 'none' or SECONDS,..:SECONDS,..[:PRIOR], "
                        "at most %d of either side",
                        shown, REC_RGNN_MAX_TAUS);
    }
    *out = t;
    return REC_OK;
}

void rec_rgnn_taus_choose(const struct rec_rgnn_edges *g, struct rec_rgnn_taus *out)
{
    int64_t low = INT64_MAX, high = INT64_MIN;
    double span;

    *out = (struct rec_rgnn_taus){ .prior = 3.0 };
    if (g->time == NULL)
        return;
    for (uint32_t e = 0; e < g->n_edges; e++) {
        low = g->time[e] < low ? g->time[e] : low;
        high = g->time[e] > high ? g->time[e] : high;
    }
    span = (double)high - (double)low;
    if (!(span > 0.0))
        return;
    if (span <= 4.0 * YEAR)
        *out = (struct rec_rgnn_taus){ .n = { 6, 0 },
                                       .tau = { { 10, MINUTE, 5 * MINUTE, 30 * MINUTE,
                                                  DAY, 10 * DAY } },
                                       .prior = 3.0 };
    else
        *out = (struct rec_rgnn_taus){ .n = { 3, 3 },
                                       .tau = { { MINUTE, DAY, 30 * DAY },
                                                { 10 * DAY, 60 * DAY, 360 * DAY } },
                                       .prior = 5.0 };
}

/* ---- time kernels of training edges ---- */

struct work {
    const struct rec_rgnn_edges *g;
    const struct rec_rgnn_bias *b;
    struct rec_rgnn_features *f;
    int side;
    double tau, prior;
    uint32_t column;
    double *sum, *weight; /* (E) by place: S and W so far */
};

/* One pass over the edges of node V, forward or backward in time, all views at once. */
static inline void pass(const struct work *k, uint32_t v, bool forward)
{
    const struct rec_rgnn_side *s = &k->g->side[k->side];
    uint64_t from = rec_rgnn_first(k->g, k->side, v);
    uint64_t to = rec_rgnn_last(k->g, k->side, v);
    uint32_t n_views = k->b->n_folds + 1;
    const double *bias = k->b->bias[k->side] + (size_t)v * n_views;
    double sum[REC_RGNN_STRIDE] = { 0 }, weight[REC_RGNN_STRIDE] = { 0 };
    double before = 0.0;

    for (uint64_t i = from; i < to; i++) {
        uint32_t place = s->order[forward ? i : to - 1 - (i - from)];
        uint32_t e = s->edge[place], own = k->b->fold[e];
        const double *other = k->b->bias[1 - k->side] + (size_t)s->to[place] * n_views;
        double now = (double)k->g->time[e], r = (double)s->rating[place];
        double decay = i == from ? 0.0 : exp(-fabs(now - before) / k->tau);

        before = now;
        for (uint32_t w = 0; w < n_views; w++) {
            sum[w] *= decay;
            weight[w] *= decay;
        }
        k->sum[place] += sum[own];
        k->weight[place] += weight[own];
        for (uint32_t w = 0; w < n_views; w++) {
            double in = w == own ? 0.0 : 1.0; /* its own fold's view is without it */

            sum[w] += in * (r - k->b->mean[w] - bias[w] - other[w]);
            weight[w] += in;
        }
    }
}

REC_CLONES static void kernel_chunk(void *ctx, uint32_t chunk)
{
    const struct work *k = ctx;
    const struct rec_rgnn_side *s = &k->g->side[k->side];

    for (uint32_t v = s->cut.at[chunk]; v < s->cut.at[chunk + 1]; v++) {
        uint64_t from = rec_rgnn_first(k->g, k->side, v);
        uint64_t to = rec_rgnn_last(k->g, k->side, v);

        memset(k->sum + from, 0, (to - from) * sizeof *k->sum);
        memset(k->weight + from, 0, (to - from) * sizeof *k->weight);
        pass(k, v, true);
        pass(k, v, false);
        for (uint64_t p = from; p < to; p++)
            k->f->x[(size_t)s->edge[p] * k->f->n + k->column] =
                (rec_real)(k->sum[p] / (k->weight[p] + k->prior));
    }
}

static enum rec_status kernels(struct work *k, const struct rec_rgnn_taus *taus,
                               struct rec_err *err)
{
    enum rec_status st = REC_ESYSTEM;

    k->prior = taus->prior;
    k->sum = rec_alloc(k->g->n_edges, sizeof *k->sum, "time kernels", err);
    if (k->sum != NULL)
        k->weight = rec_alloc(k->g->n_edges, sizeof *k->weight, "time kernels", err);
    if (k->weight != NULL) {
        st = REC_OK;
        for (k->side = 0; k->side < 2; k->side++)
            for (uint32_t i = 0; i < taus->n[k->side]; i++, k->column++) {
                k->tau = taus->tau[k->side][i];
                rec_par_run(k->g->side[k->side].cut.n, kernel_chunk, k);
            }
    }
    rec_free(k->sum);
    rec_free(k->weight);
    return st;
}

/* ---- the others ---- */

/* Base, biases and counts of an edge in a view; X is its row behind the kernels. */
static void put_static(const struct rec_rgnn_bias *b, uint32_t view, uint32_t user,
                       uint32_t item, rec_real *x, rec_real *base)
{
    size_t u = (size_t)user * (b->n_folds + 1) + view;
    size_t i = (size_t)item * (b->n_folds + 1) + view;

    x[0] = (rec_real)b->bias[REC_USERS][u];
    x[1] = (rec_real)b->bias[REC_ITEMS][i];
    x[2] = (rec_real)(log(1.0 + b->count[REC_USERS][u]) / 5.0);
    x[3] = (rec_real)(log(1.0 + b->count[REC_ITEMS][i]) / 5.0);
    *base = (rec_real)(b->mean[view] + b->bias[REC_USERS][u] + b->bias[REC_ITEMS][i]);
}

/* Features of a rating, before the static ones of row ROW of F->x. */
static void put_extra(const float *extra, uint32_t n, struct rec_rgnn_features *f,
                      size_t row)
{
    rec_real *x = f->x + (row + 1) * f->n - N_STATIC - n;

    for (uint32_t i = 0; i < n; i++)
        x[i] = (rec_real)extra[i];
}

static void static_chunk(void *ctx, uint32_t chunk)
{
    const struct work *k = ctx;
    const struct rec_rgnn_side *s = &k->g->side[REC_USERS];
    struct rec_rgnn_features *f = k->f;

    for (uint32_t u = s->cut.at[chunk]; u < s->cut.at[chunk + 1]; u++)
        for (uint64_t e = rec_rgnn_first(k->g, REC_USERS, u);
             e < rec_rgnn_last(k->g, REC_USERS, u); e++) {
            put_static(k->b, k->b->fold[e], u, s->to[e],
                       f->x + (e + 1) * f->n - N_STATIC, &f->base[e]);
            if (k->g->extra != NULL)
                put_extra(k->g->extra + e * k->g->n_extra, k->g->n_extra, f, e);
        }
}

static enum rec_status allocate(const struct rec_rgnn_taus *taus, uint32_t n_extra,
                                size_t n, struct rec_rgnn_features *f,
                                struct rec_err *err)
{
    f->n = taus->n[0] + taus->n[1] + n_extra + N_STATIC;
    f->x = rec_alloc_zero(n * f->n, sizeof *f->x, "features", err);
    if (f->x != NULL)
        f->base = rec_alloc(n, sizeof *f->base, "features", err);
    return f->base == NULL ? REC_ESYSTEM : REC_OK;
}

void rec_rgnn_features_free(struct rec_rgnn_features *f)
{
    rec_free(f->at);
    rec_free(f->x);
    rec_free(f->base);
    *f = (struct rec_rgnn_features){ 0 };
}

enum rec_status rec_rgnn_features_make(const struct rec_rgnn_edges *g,
                                       const struct rec_rgnn_bias *b,
                                       const struct rec_rgnn_taus *taus,
                                       struct rec_rgnn_features *out,
                                       struct rec_err *err)
{
    struct rec_rgnn_features f = { 0 };
    struct work k = { .g = g, .b = b, .f = &f };
    enum rec_status st = allocate(taus, g->n_extra, g->n_edges, &f, err);

    if (st == REC_OK)
        st = kernels(&k, taus, err);
    if (st != REC_OK) {
        rec_rgnn_features_free(&f);
        return st;
    }
    rec_par_run(g->side[REC_USERS].cut.n, static_chunk, &k);
    *out = f;
    return REC_OK;
}

enum rec_status rec_rgnn_features_ask(const struct rec_rgnn_edges *g,
                                      const struct rec_rgnn_bias *b,
                                      const struct rec_rgnn_taus *taus,
                                      const struct rec_ratings *r, unsigned parts,
                                      struct rec_rgnn_features *out,
                                      struct rec_err *err)
{
    struct rec_rgnn_features f = { 0 };
    uint32_t n = 0;
    enum rec_status st = REC_ESYSTEM;

    f.at = rec_alloc(r->n, sizeof *f.at, "features", err);
    for (size_t i = 0; f.at != NULL && i < r->n; i++)
        f.at[i] = (parts >> r->part[i] & 1) != 0 ? n++ : UINT32_MAX;
    if (f.at != NULL)
        st = allocate(taus, g->n_extra, n, &f, err);
    for (int side = 0; st == REC_OK && side < 2; side++)
        st = rec_rgnn_asked_kernels(g, b, taus, r, side, n, &f, err);
    if (st != REC_OK) {
        rec_rgnn_features_free(&f);
        return st;
    }
    for (size_t i = 0; i < r->n; i++)
        if (f.at[i] != UINT32_MAX) {
            put_static(b, b->n_folds, r->user[i], r->item[i],
                       f.x + ((size_t)f.at[i] + 1) * f.n - N_STATIC, &f.base[f.at[i]]);
            if (r->extra != NULL && r->n_extra == g->n_extra)
                put_extra(r->extra + i * r->n_extra, r->n_extra, &f, f.at[i]);
        }
    *out = f;
    return REC_OK;
}

/* ---- ridge ---- */

enum { F = REC_RGNN_MAX_FEATURES };
struct normal_equations {
    const struct rec_rgnn_edges *g;
    const struct rec_rgnn_features *f;
    double a[RIDGE_CHUNKS][F][F]; /* X'X, lower half */
    double b[RIDGE_CHUNKS][F];    /* X'(r - base) */
};

static void normal_chunk(void *ctx, uint32_t chunk)
{
    struct normal_equations *k = ctx;
    uint32_t n = k->f->n;
    uint64_t from = (uint64_t)k->g->n_edges * chunk / RIDGE_CHUNKS;
    uint64_t to = (uint64_t)k->g->n_edges * (chunk + 1) / RIDGE_CHUNKS;

    for (uint64_t e = from; e < to; e++) {
        const rec_real *x = k->f->x + e * n;
        double y = (double)k->g->side[REC_USERS].rating[e] - (double)k->f->base[e];

        for (uint32_t i = 0; i < n; i++) {
            for (uint32_t j = 0; j <= i; j++)
                k->a[chunk][i][j] += (double)x[i] * (double)x[j];
            k->b[chunk][i] += (double)x[i] * y;
        }
    }
}

/* b becomes A^-1 b, by Cholesky; A is positive definite, and its lower half spoilt. */
static void solve(double a[F][F], double *b, uint32_t n)
{
    for (uint32_t j = 0; j < n; j++) {
        for (uint32_t i = j; i < n; i++) {
            for (uint32_t k = 0; k < j; k++)
                a[i][j] -= a[i][k] * a[j][k];
            a[i][j] = i == j ? sqrt(a[i][j]) : a[i][j] / a[j][j];
        }
        for (uint32_t k = 0; k < j; k++)
            b[j] -= a[j][k] * b[k];
        b[j] /= a[j][j];
    }
    for (uint32_t j = n; j-- > 0;) {
        for (uint32_t k = j + 1; k < n; k++)
            b[j] -= a[k][j] * b[k];
        b[j] /= a[j][j];
    }
}

void rec_rgnn_ridge(const struct rec_rgnn_edges *g, const struct rec_rgnn_features *f,
                    rec_real *alpha)
{
    struct normal_equations k = { .g = g, .f = f };

    rec_par_run(RIDGE_CHUNKS, normal_chunk, &k);
    for (uint32_t c = 1; c < RIDGE_CHUNKS; c++)
        for (uint32_t i = 0; i < f->n; i++) {
            for (uint32_t j = 0; j <= i; j++)
                k.a[0][i][j] += k.a[c][i][j];
            k.b[0][i] += k.b[c][i];
        }
    for (uint32_t i = 0; i < f->n; i++)
        k.a[0][i][i] += RIDGE;
    solve(k.a[0], k.b[0], f->n);
    for (uint32_t i = 0; i < f->n; i++)
        alpha[i] = (rec_real)(float)k.b[0][i]; /* a model file holds floats */
}
