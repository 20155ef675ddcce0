#include "nn/rgnn_rank.h"

#include <math.h>

/* ---- vectors and numbers of all nodes ---- */

/* What a node with this bias, N ratings and W.H of member M adds, of one side. */
static double own_part(const struct rec_rgnn_trained *t, uint32_t m, int side,
                       double bias, uint32_t n, rec_real dot)
{
    const rec_real *alpha = t->m[m].alpha.x + t->m[m].alpha.cols - 4; /* of b_u ... */
    rec_real x[2] = { (rec_real)bias, (rec_real)(log(1.0 + n) / 5.0) };

    return (double)(alpha[side] * x[0]) + (double)(alpha[2 + side] * x[1]) +
           (double)dot;
}

static float own_score(const struct rec_rgnn_trained *t, int side, double bias,
                       uint32_t n, const rec_real *const *dot, uint32_t v)
{
    double sum = 0.0;

    for (uint32_t m = 0; m < t->n_members; m++)
        sum += own_part(t, m, side, bias, n, dot[m][v]);
    sum = (side == REC_USERS ? t->x.bias.mean[0] : 0.0) + bias + sum / t->n_members;
    return (float)(sum * t->x.g.unit);
}

/* The H (n, D) of all members into rows of VEC (n, M * D), times BY. */
static void side_by_side(const struct rec_rgnn_trained *t, const rec_real *const *h,
                         uint32_t n, rec_real by, float *vec)
{
    uint32_t d = t->m[0].width;

    for (uint32_t v = 0; v < n; v++)
        for (uint32_t m = 0; m < t->n_members; m++)
            for (uint32_t j = 0; j < d; j++)
                *vec++ = (float)(h[m][(size_t)v * d + j] * by);
}

/* Users' vectors are divided by M: products are then means; and out of units. */
static rec_real factor(const struct rec_rgnn_trained *t, int side)
{
    return side == REC_USERS ? (rec_real)t->x.g.unit / (rec_real)t->n_members : 1;
}

static void fill_side(const struct rec_rgnn_trained *t, struct rec_by_vector *x,
                      int side)
{
    const rec_real *h[REC_RGNN_MAX_MEMBERS], *dot[REC_RGNN_MAX_MEMBERS];

    for (uint32_t m = 0; m < t->n_members; m++) {
        h[m] = t->s[m].h[side];
        dot[m] = t->s[m].dot[side];
    }
    side_by_side(t, h, x->n[side], factor(t, side), x->vec[side]);
    for (uint32_t v = 0; v < x->n[side]; v++)
        x->own[side][v] = own_score(t, side, t->x.bias.bias[side][v],
                                    t->x.bias.count[side][v], dot, v);
}

/* The rating that each slot stands for: every slot has an edge. */
static enum rec_status find_levels(const struct rec_rgnn_edges *g,
                                   struct rec_rgnn_rank *x, struct rec_err *err)
{
    const struct rec_rgnn_side *s = &g->side[REC_USERS];
    size_t n_rows = (size_t)s->n * g->n_slots;

    x->level = rec_alloc(g->n_slots, sizeof *x->level, "levels", err);
    if (x->level == NULL)
        return REC_ESYSTEM;
    for (size_t row = 0; row < n_rows; row++)
        if (s->off[row] < s->off[row + 1])
            x->level[row % g->n_slots] = s->rating[s->off[row]] * (float)g->unit;
    return REC_OK;
}

void rec_rgnn_rank_free(struct rec_rgnn_rank *x)
{
    if (x == NULL)
        return;
    rec_by_vector_free(&x->v);
    rec_free(x->level);
    rec_free(x);
}

static enum rec_status ready(void *trained, struct rec_err *err)
{
    struct rec_rgnn_trained *t = trained;
    struct rec_rgnn_rank *x;
    enum rec_status st;

    if (t->rank != NULL)
        return REC_OK;
    x = rec_alloc_zero(1, sizeof *x, "vectors", err);
    if (x == NULL)
        return REC_ESYSTEM;
    st = rec_by_vector_make(t->x.g.side[REC_USERS].n, t->x.g.side[REC_ITEMS].n,
                            t->m[0].width * t->n_members, &x->v, err);
    if (st == REC_OK) {
        fill_side(t, &x->v, REC_USERS);
        fill_side(t, &x->v, REC_ITEMS);
        st = rec_by_vector_pack(&x->v, err);
    }
    if (st == REC_OK && t->x.by_level)
        st = find_levels(&t->x.g, x, err);
    if (st == REC_OK)
        t->rank = x;
    else
        rec_rgnn_rank_free(x);
    return st;
}

static size_t scratch_bytes(const void *trained, uint32_t b)
{
    (void)trained;
    return rec_by_vector_scratch(b);
}

static void scores(const void *trained, const uint32_t *user, uint32_t b, void *scratch,
                   float *out)
{
    const struct rec_rgnn_trained *t = trained;

    rec_by_vector_scores(&t->rank->v, user, b, scratch, out);
}

static const float *vectors(const void *trained, int side, uint32_t *d)
{
    const struct rec_rgnn_trained *t = trained;

    *d = t->rank->v.d;
    return t->rank->v.vec[side];
}

/* ---- somebody new ---- */

/* A graph of one user, whose messages come by the code of training. */
struct guest {
    struct rec_rgnn_data x;
    struct rec_rgnn_state s;
    double bias;
    uint32_t count;
};

static void guest_free(struct guest *q)
{
    rec_rgnn_state_free(&q->s);
    rec_free(q->x.g.side[REC_USERS].off);
    rec_free(q->x.g.side[REC_USERS].to);
    rec_free(q->x.g.side[REC_USERS].edge);
    rec_free(q->x.g.side[REC_USERS].rating);
    rec_free(q->x.row[REC_USERS]);
    rec_free(q->x.fold);
}

static bool guest_alloc(struct guest *q, uint32_t n, uint32_t n_slots,
                        struct rec_err *err)
{
    static const char what[] = "somebody new";
    struct rec_rgnn_side *s = &q->x.g.side[REC_USERS];

    s->off = rec_alloc_zero((size_t)n_slots + 1, sizeof *s->off, what, err);
    s->to = s->off ? rec_alloc(n, sizeof *s->to, what, err) : NULL;
    s->edge = s->to ? rec_alloc(n, sizeof *s->edge, what, err) : NULL;
    s->rating = s->edge ? rec_alloc(n, sizeof *s->rating, what, err) : NULL;
    q->x.fold = s->rating ? rec_alloc(n, 1, what, err) : NULL;
    if (q->x.fold != NULL)
        q->x.row[REC_USERS] = rec_alloc(n, sizeof(uint32_t), what, err);
    return q->x.row[REC_USERS] != NULL;
}

/* The slot of rating R; n_slots if there is none. */
static uint32_t slot_of(const struct rec_rgnn_rank *x, uint32_t n_slots, float r)
{
    uint32_t k = 0;

    while (x->level != NULL && k < n_slots && x->level[k] != r)
        k++;
    return k;
}

static enum rec_status check_ratings(const struct rec_rgnn_trained *t,
                                     const float *rating, uint32_t n,
                                     struct rec_err *err)
{
    const struct rec_rgnn_edges *g = &t->x.g;
    double low = (double)g->low * g->unit, high = (double)g->high * g->unit;

    if (rating == NULL)
        return rec_fail(err, REC_EINPUT, "this model needs ratings, in column 3");
    for (uint32_t k = 0; k < n; k++)
        if (slot_of(t->rank, g->n_slots, rating[k]) == g->n_slots)
            return rec_fail(err, REC_EINPUT,
                            "%g is none of the %u ratings that the model was trained "
                            "on, from %g to %g",
                            (double)rating[k], g->n_levels, low, high);
        else if (!((double)rating[k] >= low && (double)rating[k] <= high))
            return rec_fail(err, REC_EINPUT,
                            "%g is beyond the ratings of training, from %g to %g",
                            (double)rating[k], low, high);
    return REC_OK;
}

/* Her edges in the order of training: by slot, then as they come, by item. */
static void guest_edges(const struct rec_rgnn_trained *t, const uint32_t *item,
                        const float *rating, uint32_t n, struct guest *q)
{
    struct rec_rgnn_side *s = &q->x.g.side[REC_USERS];
    uint32_t n_slots = q->x.g.n_slots, at = 0;

    for (uint32_t slot = 0; slot < n_slots; slot++) {
        for (uint32_t k = 0; k < n; k++)
            if (n_slots == 1 || slot_of(t->rank, n_slots, rating[k]) == slot) {
                s->to[at] = item[k];
                s->rating[at] = rating[k] / (float)t->x.g.unit;
                s->edge[at] = at;
                q->x.row[REC_USERS][at] = item[k] * q->x.n_bases + slot;
                q->x.fold[at++] = 1; /* of no fold: all count */
            }
        s->off[slot + 1] = at;
    }
}

/* As half a sweep of nn/rgnn_bias.h computes it. */
static void guest_bias(const struct rec_rgnn_trained *t, struct guest *q)
{
    const struct rec_rgnn_side *s = &q->x.g.side[REC_USERS];
    const struct rec_rgnn_bias *b = &t->x.bias;
    double sum = 0.0;

    for (uint32_t e = 0; e < q->count; e++)
        sum += (double)s->rating[e] - b->mean[0] - b->bias[REC_ITEMS][s->to[e]];
    q->bias = sum / (q->count + b->lambda[REC_USERS]);
    q->x.bias = *b;
    q->x.bias.bias[REC_USERS] = &q->bias;
    q->x.bias.count[REC_USERS] = &q->count;
}

static enum rec_status guest_make(const struct rec_rgnn_trained *t,
                                  const uint32_t *item, const float *rating, uint32_t n,
                                  struct guest *q, struct rec_err *err)
{
    const struct rec_rgnn_edges *g = &t->x.g;

    *q = (struct guest){ .count = n };
    q->x.by_level = t->x.by_level;
    q->x.n_bases = t->x.n_bases;
    q->x.g.n_edges = n;
    q->x.g.n_slots = g->n_slots;
    q->x.g.side[REC_USERS].n = 1;
    q->x.g.side[REC_USERS].cut = (struct rec_rgnn_cut){ .n = 1, .at = { 0, 1 } };
    if (!guest_alloc(q, n, g->n_slots, err))
        return REC_ESYSTEM;
    q->x.skip[REC_USERS] = q->x.fold;
    guest_edges(t, item, rating, n, q);
    guest_bias(t, q);
    return rec_rgnn_state_make(&q->x, &t->m[0], false, &q->s, err);
}

/* Her vector and own number: ROW (d), *OWN. */
static void guest_vector(const struct rec_rgnn_trained *t, struct guest *q, float *row,
                         float *own)
{
    rec_real dots[REC_RGNN_MAX_MEMBERS];
    const rec_real *dot[REC_RGNN_MAX_MEMBERS];
    uint32_t d = t->m[0].width;

    for (uint32_t m = 0; m < t->n_members; m++) {
        rec_rgnn_forward(&t->m[m], &q->x, 0, &q->s);
        dots[m] = q->s.dot[REC_USERS][0];
        dot[m] = &dots[m];
        for (uint32_t j = 0; j < d; j++)
            row[m * d + j] = (float)(q->s.h[REC_USERS][j] * factor(t, REC_USERS));
    }
    *own = own_score(t, REC_USERS, q->bias, q->count, dot, 0);
}

static enum rec_status fold_in(void *trained, const uint32_t *item, const float *rating,
                               uint32_t n, float *out, struct rec_err *err)
{
    const struct rec_rgnn_trained *t = trained;
    struct guest q = { .count = 0 };
    float *row = NULL, own;
    enum rec_status st = check_ratings(t, rating, n, err);

    if (st == REC_OK) {
        row = rec_alloc(t->rank->v.d, sizeof *row, "somebody new", err);
        st = row == NULL ? REC_ESYSTEM : guest_make(t, item, rating, n, &q, err);
    }
    if (st == REC_OK) {
        guest_vector(t, &q, row, &own);
        rec_by_vector_one(&t->rank->v, row, own, out);
    }
    guest_free(&q);
    rec_free(row);
    return st;
}

const struct rec_ranking rec_rgnn_ranking = {
    .ready = ready,
    .scratch_bytes = scratch_bytes,
    .scores = scores,
    .fold_in = fold_in,
    .vectors = vectors,
};
