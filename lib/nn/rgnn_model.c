#include "nn/rgnn_mask.h"

#include <stdio.h>
#include <string.h>

static uint32_t n_features(const struct rec_rgnn_data *x)
{
    return x->taus.n[0] + x->taus.n[1] + x->g.n_extra + 4;
}

/* V and c of the sides of which features are known. */
static enum rec_status make_known(const struct rec_rgnn_data *x, uint32_t width,
                                  bool learn, struct rec_rgnn *m, struct rec_err *err)
{
    static const char *const vs[2] = { "V_u", "V_i" }, *const cs[2] = { "c_u", "c_i" };
    enum rec_status st = REC_OK;

    for (int s = 0; st == REC_OK && s < 2; s++) {
        uint32_t n = x->known.f[s].n_cols;

        if (n > 0)
            st = rec_param_make(&m->v[s], vs[s], n, width, learn, err);
        if (st == REC_OK && n > 0)
            st = rec_param_make(&m->c[s], cs[s], n, 1, learn, err);
    }
    return st;
}

enum rec_status rec_rgnn_make(const struct rec_rgnn_data *x, uint32_t width, bool learn,
                              struct rec_rgnn *out, struct rec_err *err)
{
    static const char *const tables[2] = { "Z", "Y" }, *const ws[2] = { "w_u", "w_i" };
    struct rec_rgnn m = { .width = width };
    enum rec_status st = REC_OK;

    for (int s = 0; st == REC_OK && s < 2; s++)
        st = (uint64_t)x->g.side[s].n * x->n_bases > UINT32_MAX
                 ? rec_fail(err, REC_EINPUT, "too many users or items for this model")
                 : rec_param_make(&m.table[s], tables[s], x->g.side[s].n * x->n_bases,
                                  width, learn, err);
    for (int s = 0; st == REC_OK && s < 2; s++)
        st = rec_param_make(&m.w[s], ws[s], 1, width, learn, err);
    if (st == REC_OK)
        st = rec_param_make(&m.alpha, "alpha", 1, n_features(x), learn, err);
    if (st == REC_OK)
        st = make_known(x, width, learn, &m, err);
    if (st != REC_OK) {
        rec_rgnn_free(&m);
        return st;
    }
    *out = m;
    return REC_OK;
}

void rec_rgnn_init(struct rec_rgnn *m, const struct rec_rgnn_data *x, uint64_t seed,
                   double sd)
{
    for (int s = 0; s < 2; s++) {
        rec_param_normal(&m->table[s], seed, sd);
        if (m->v[s].rows > 0)
            rec_param_normal(&m->v[s], seed, sd);
    }
    rec_rgnn_ridge(&x->g, &x->x, m->alpha.x);
}

void rec_rgnn_free(struct rec_rgnn *m)
{
    for (int s = 0; s < 2; s++) {
        rec_param_free(&m->table[s]);
        rec_param_free(&m->w[s]);
        rec_param_free(&m->v[s]);
        rec_param_free(&m->c[s]);
    }
    rec_param_free(&m->alpha);
}

struct rec_param *rec_rgnn_param(struct rec_rgnn *m, uint32_t index)
{
    struct rec_param *const all[] = { &m->table[REC_ITEMS],
                                      &m->table[REC_USERS],
                                      &m->w[REC_USERS],
                                      &m->w[REC_ITEMS],
                                      &m->alpha,
                                      &m->v[REC_USERS],
                                      &m->c[REC_USERS],
                                      &m->v[REC_ITEMS],
                                      &m->c[REC_ITEMS] };

    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (all[i]->rows > 0 && index-- == 0)
            return all[i];
    return NULL;
}

uint32_t rec_rgnn_n_params(const struct rec_rgnn *m)
{
    return 5u + (m->v[0].rows > 0 ? 2u : 0u) + (m->v[1].rows > 0 ? 2u : 0u);
}

void rec_rgnn_number(struct rec_rgnn *m, uint32_t k)
{
    struct rec_param *p;

    for (uint32_t i = 0; k > 0 && (p = rec_rgnn_param(m, i)) != NULL; i++) {
        size_t n = strlen(p->name);

        (void)snprintf(p->name + n, sizeof p->name - n, ".%u", k + 1);
    }
}

static enum rec_status room(rec_real **x, size_t n, size_t d, struct rec_err *err)
{
    *x = rec_alloc_zero(n * d, sizeof **x, "node outputs", err);
    return *x == NULL ? REC_ESYSTEM : REC_OK;
}

static enum rec_status side_room(struct rec_rgnn_state *s, int side, size_t n, size_t d,
                                 bool learn, bool known, struct rec_err *err)
{
    enum rec_status st = room(&s->h[side], n, d, err);

    if (st == REC_OK)
        st = room(&s->dot[side], n, 1, err);
    if (st == REC_OK)
        st = room(&s->square[side], n, 1, err);
    if (st == REC_OK && learn)
        st = room(&s->g[side], n, d, err);
    if (st == REC_OK && learn && known)
        st = room(&s->dh[side], n, d, err);
    if (st == REC_OK && learn && known)
        st = room(&s->sum[side], n, 1, err);
    return st;
}

enum rec_status rec_rgnn_state_make(const struct rec_rgnn_data *x,
                                    const struct rec_rgnn *m, bool learn,
                                    struct rec_rgnn_state *out, struct rec_err *err)
{
    struct rec_rgnn_state s = { .loss = NULL };
    size_t n_edges = x->g.n_edges, d = m->width;
    enum rec_status st = REC_OK;

    for (int side = 0; st == REC_OK && side < 2; side++)
        st = side_room(&s, side, x->g.side[side].n, d, learn, m->v[side].rows > 0, err);
    if (st == REC_OK && !x->by_level)
        st = room(&s.rho, n_edges, 1, err);
    if (st == REC_OK && learn)
        st = room(&s.delta, n_edges, 1, err);
    if (st == REC_OK && learn)
        st = room(&s.part, REC_RGNN_CHUNKS, d + m->alpha.cols, err);
    if (st == REC_OK && learn) {
        s.loss = rec_alloc(2 * REC_RGNN_CHUNKS, sizeof *s.loss, "losses", err);
        st = s.loss == NULL ? REC_ESYSTEM : REC_OK;
    }
    if (st == REC_OK && learn) {
        s.bits = rec_alloc_zero(n_edges * rec_rgnn_strips(m->width), sizeof *s.bits,
                                "dropout", err);
        st = s.bits == NULL ? REC_ESYSTEM : REC_OK;
    }
    if (st != REC_OK) {
        rec_rgnn_state_free(&s);
        return st;
    }
    *out = s;
    return REC_OK;
}

void rec_rgnn_state_free(struct rec_rgnn_state *s)
{
    for (int side = 0; side < 2; side++) {
        rec_free(s->h[side]);
        rec_free(s->g[side]);
        rec_free(s->dh[side]);
        rec_free(s->sum[side]);
        rec_free(s->dot[side]);
        rec_free(s->square[side]);
    }
    rec_free(s->delta);
    rec_free(s->rho);
    rec_free(s->part);
    rec_free(s->loss);
    rec_free(s->bits);
    *s = (struct rec_rgnn_state){ 0 };
}
