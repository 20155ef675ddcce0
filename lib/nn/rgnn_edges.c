#include "nn/rgnn_edges.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- units and levels ---- */

double rec_rgnn_deviation(const struct rec_ratings *x)
{
    double mean = 0.0, square = 0.0, n = 0.0;

    for (size_t i = 0; i < x->n; i++)
        if (x->part[i] == REC_TRAIN) { /* Welford's recurrence: no cancellation */
            double d = (double)x->rating[i] - mean;

            n += 1.0;
            mean += d / n;
            square += d * ((double)x->rating[i] - mean);
        }
    return n > 0.0 ? sqrt(square / n) : 0.0;
}

double rec_rgnn_unit(double sd)
{
    static const double stars_sd = 1.1, most = 100.0;
    double power = sd > 0.0 ? nearbyint(log2(sd / stars_sd)) : 0.0;

    return exp2(power > most ? most : power < -most ? -most : power);
}

uint32_t rec_rgnn_levels(const struct rec_ratings *x,
                         float levels[REC_RGNN_MANY_LEVELS])
{
    uint32_t n = 0;

    for (size_t i = 0; i < x->n && n < REC_RGNN_MANY_LEVELS; i++) {
        float r = x->rating[i] + 0.0f; /* -0 is 0 */
        uint32_t k = 0;

        if (x->part[i] != REC_TRAIN)
            continue;
        while (k < n && levels[k] < r)
            k++;
        if (k < n && !(levels[k] > r))
            continue;
        memmove(levels + k + 1, levels + k, (n - k) * sizeof *levels);
        levels[k] = r;
        n++;
    }
    return n;
}

static uint32_t level_of(const float *levels, uint32_t n, float r)
{
    uint32_t k = 0;

    while (k + 1 < n && levels[k] < r)
        k++;
    return k;
}

/* ---- chunks ---- */

void rec_rgnn_cut(uint32_t n, rec_rgnn_cost *cost, const void *ctx,
                  struct rec_rgnn_cut *out)
{
    enum { LEAST = 4096 };
    uint64_t total = 0, sum = 0, target;

    *out = (struct rec_rgnn_cut){ 0 };
    for (uint32_t k = 0; k < n; k++)
        total += cost(ctx, k);
    target = total / REC_RGNN_CHUNKS + 1;
    if (target < LEAST)
        target = LEAST;
    for (uint32_t k = 0; k < n; k++) {
        sum += cost(ctx, k);
        if (k + 1 == n || (sum >= target && out->n + 1 < REC_RGNN_CHUNKS)) {
            out->at[++out->n] = k + 1;
            sum = 0;
        }
    }
}

struct node_cost {
    const struct rec_rgnn_edges *g;
    int side;
};

static uint64_t node_cost(const void *ctx, uint32_t v)
{
    const struct node_cost *c = ctx;

    return 4 + rec_rgnn_last(c->g, c->side, v) - rec_rgnn_first(c->g, c->side, v);
}

/* ---- the lists ---- */

/* What the building needs beside the result, by input order and by item order. */
struct input {
    uint32_t n;
    uint32_t *user, *item, *slot;
    float *rating;
    int64_t *time;
    size_t *row; /* of the ratings, or NULL if they have no features */
};

static void input_free(struct input *x)
{
    rec_free(x->user);
    rec_free(x->item);
    rec_free(x->slot);
    rec_free(x->rating);
    rec_free(x->time);
    rec_free(x->row);
    *x = (struct input){ 0 };
}

static enum rec_status input_make(struct input *x, uint32_t n, bool with_time,
                                  bool with_extra, struct rec_err *err)
{
    x->n = n;
    x->user = rec_alloc(n, sizeof *x->user, "edges", err);
    x->item = x->user ? rec_alloc(n, sizeof *x->item, "edges", err) : NULL;
    x->slot = x->item ? rec_alloc(n, sizeof *x->slot, "edges", err) : NULL;
    x->rating = x->slot ? rec_alloc(n, sizeof *x->rating, "edges", err) : NULL;
    if (with_time && x->rating != NULL)
        x->time = rec_alloc(n, sizeof *x->time, "edges", err);
    if (with_extra && x->rating != NULL)
        x->row = rec_alloc(n, sizeof *x->row, "edges", err);
    return x->rating != NULL && (!with_time || x->time != NULL) &&
                   (!with_extra || x->row != NULL)
               ? REC_OK
               : REC_ESYSTEM;
}

static enum rec_status side_make(struct rec_rgnn_side *s, uint32_t n, uint32_t n_slots,
                                 uint32_t n_edges, bool with_time, struct rec_err *err)
{
    s->n = n;
    s->off = rec_alloc_zero((size_t)n * n_slots + 1, sizeof *s->off, "edges", err);
    s->to = s->off ? rec_alloc(n_edges, sizeof *s->to, "edges", err) : NULL;
    s->edge = s->to ? rec_alloc(n_edges, sizeof *s->edge, "edges", err) : NULL;
    s->rating = s->edge ? rec_alloc(n_edges, sizeof *s->rating, "edges", err) : NULL;
    if (with_time && s->rating != NULL)
        s->order = rec_alloc(n_edges, sizeof *s->order, "edges", err);
    return s->rating != NULL && (!with_time || s->order != NULL) ? REC_OK : REC_ESYSTEM;
}

void rec_rgnn_edges_free(struct rec_rgnn_edges *g)
{
    for (int s = 0; s < 2; s++) {
        rec_free(g->side[s].off);
        rec_free(g->side[s].to);
        rec_free(g->side[s].edge);
        rec_free(g->side[s].rating);
        rec_free(g->side[s].order);
    }
    rec_free(g->time);
    rec_free(g->extra);
    *g = (struct rec_rgnn_edges){ 0 };
}

/* Row lengths in off[row + 1] become offsets. */
static void add_up(uint64_t *off, size_t n_rows)
{
    for (size_t i = 0; i < n_rows; i++)
        off[i + 1] += off[i];
}

/* The training rows, by item: a counting sort. */
static enum rec_status by_item(const struct rec_ratings *r, const float *levels,
                               uint32_t n_levels, float unit, struct input *x,
                               struct rec_err *err)
{
    uint64_t *next = rec_alloc_zero((size_t)r->n_items + 1, sizeof *next, "edges", err);

    if (next == NULL)
        return REC_ESYSTEM;
    for (size_t i = 0; i < r->n; i++)
        if (r->part[i] == REC_TRAIN)
            next[r->item[i] + 1]++;
    add_up(next, r->n_items);
    for (size_t i = 0; i < r->n; i++)
        if (r->part[i] == REC_TRAIN) {
            uint64_t e = next[r->item[i]]++;

            x->user[e] = r->user[i];
            x->item[e] = r->item[i];
            x->rating[e] = r->rating[i] / unit;
            x->slot[e] = n_levels > 0 ? level_of(levels, n_levels, r->rating[i]) : 0;
            if (x->time != NULL)
                x->time[e] = r->time[i];
            if (x->row != NULL)
                x->row[e] = i;
        }
    rec_free(next);
    return REC_OK;
}

/* Both sides from X: users by (user, slot), hence by item; items by (item, slot),
 * hence by user.  off[row] is moved to the row's end on the way, and back. */
static void fill_sides(struct rec_rgnn_edges *g, const struct rec_ratings *r,
                       const struct input *x)
{
    struct rec_rgnn_side *u = &g->side[REC_USERS], *v = &g->side[REC_ITEMS];
    uint32_t slots = g->n_slots;
    size_t n_u = (size_t)u->n * slots, n_v = (size_t)v->n * slots;

    for (uint32_t e = 0; e < x->n; e++) {
        u->off[(size_t)x->user[e] * slots + x->slot[e] + 1]++;
        v->off[(size_t)x->item[e] * slots + x->slot[e] + 1]++;
    }
    add_up(u->off, n_u);
    add_up(v->off, n_v);
    for (uint32_t e = 0; e < x->n; e++) {
        uint64_t at = u->off[(size_t)x->user[e] * slots + x->slot[e]]++;

        u->to[at] = x->item[e];
        u->edge[at] = (uint32_t)at;
        u->rating[at] = x->rating[e];
        if (g->time != NULL)
            g->time[at] = x->time[e];
        if (g->extra != NULL)
            memcpy(g->extra + at * g->n_extra, r->extra + x->row[e] * g->n_extra,
                   g->n_extra * sizeof *g->extra);
    }
    memmove(u->off + 1, u->off, n_u * sizeof *u->off);
    u->off[0] = 0;
    for (size_t row = 0; row < n_u; row++)
        for (uint64_t e = u->off[row]; e < u->off[row + 1]; e++) {
            uint64_t at = v->off[(size_t)u->to[e] * slots + row % slots]++;

            v->to[at] = (uint32_t)(row / slots);
            v->edge[at] = (uint32_t)e;
            v->rating[at] = u->rating[e];
        }
    memmove(v->off + 1, v->off, n_v * sizeof *v->off);
    v->off[0] = 0;
}

/* ---- by time ---- */

struct moment {
    int64_t time;
    uint32_t place;
};

static int earlier(const void *a, const void *b)
{
    const struct moment *x = a, *y = b;

    if (x->time != y->time)
        return x->time < y->time ? -1 : 1;
    return x->place < y->place ? -1 : x->place > y->place;
}

static enum rec_status order_by_time(struct rec_rgnn_edges *g, int side,
                                     struct rec_err *err)
{
    struct rec_rgnn_side *s = &g->side[side];
    struct moment *m = rec_alloc(g->n_edges, sizeof *m, "edges", err);

    if (m == NULL)
        return REC_ESYSTEM;
    for (uint32_t v = 0; v < s->n; v++) {
        uint64_t from = rec_rgnn_first(g, side, v), to = rec_rgnn_last(g, side, v);

        for (uint64_t e = from; e < to; e++)
            m[e] = (struct moment){ g->time[s->edge[e]], (uint32_t)e };
        qsort(m + from, to - from, sizeof *m, earlier);
        for (uint64_t e = from; e < to; e++)
            s->order[e] = m[e].place;
    }
    rec_free(m);
    return REC_OK;
}

/* ---- all together ---- */

static enum rec_status build(const struct rec_ratings *r, const float *levels,
                             uint32_t n_levels, bool with_time,
                             struct rec_rgnn_edges *g, struct rec_err *err)
{
    struct input x = { 0 };
    enum rec_status st = input_make(&x, g->n_edges, with_time, r->n_extra > 0, err);

    if (st == REC_OK)
        st = by_item(r, levels, n_levels, (float)g->unit, &x, err);
    if (st == REC_OK)
        st = side_make(&g->side[REC_USERS], r->n_users, g->n_slots, g->n_edges,
                       with_time, err);
    if (st == REC_OK)
        st = side_make(&g->side[REC_ITEMS], r->n_items, g->n_slots, g->n_edges,
                       with_time, err);
    if (st == REC_OK && with_time) {
        g->time = rec_alloc(g->n_edges, sizeof *g->time, "edges", err);
        st = g->time == NULL ? REC_ESYSTEM : REC_OK;
    }
    if (st == REC_OK && r->n_extra > 0) {
        g->n_extra = r->n_extra;
        g->extra =
            rec_alloc((size_t)g->n_edges * g->n_extra, sizeof *g->extra, "edges", err);
        st = g->extra == NULL ? REC_ESYSTEM : REC_OK;
    }
    if (st == REC_OK)
        fill_sides(g, r, &x);
    input_free(&x);
    for (int s = 0; s < 2 && st == REC_OK && with_time; s++)
        st = order_by_time(g, s, err);
    return st;
}

enum rec_status rec_rgnn_edges_make(const struct rec_ratings *ratings, bool by_level,
                                    bool with_time, struct rec_rgnn_edges *out,
                                    struct rec_err *err)
{
    const struct rec_ratings *r = ratings;
    struct rec_rgnn_edges g = { 0 };
    float levels[REC_RGNN_MANY_LEVELS];
    uint64_t n = 0;
    enum rec_status st;

    for (size_t i = 0; i < r->n; i++)
        if (r->part[i] == REC_TRAIN) {
            g.low = n == 0 || r->rating[i] < g.low ? r->rating[i] : g.low;
            g.high = n == 0 || r->rating[i] > g.high ? r->rating[i] : g.high;
            n++;
        }
    if (n == 0)
        return rec_fail(err, REC_EINPUT, "there are no training ratings");
    if (n >= UINT32_MAX)
        return rec_fail(err, REC_EINPUT, "more than 2^32 - 2 training ratings");
    g.n_edges = (uint32_t)n;
    g.unit = rec_rgnn_unit(rec_rgnn_deviation(r));
    g.low /= (float)g.unit;
    g.high /= (float)g.unit;
    g.n_levels = rec_rgnn_levels(r, levels);
    if (by_level && g.n_levels >= REC_RGNN_MANY_LEVELS)
        return rec_fail(err, REC_EUSAGE, "more than %d distinct ratings: use basis cl",
                        REC_RGNN_MANY_LEVELS - 1);
    g.n_slots = by_level ? g.n_levels : 1;
    st = build(r, levels, by_level ? g.n_levels : 0, with_time, &g, err);
    if (st != REC_OK) {
        rec_rgnn_edges_free(&g);
        return st;
    }
    for (int s = 0; s < 2; s++) {
        struct node_cost c = { &g, s };

        rec_rgnn_cut(g.side[s].n, node_cost, &c, &g.side[s].cut);
        for (uint32_t v = 0; v < g.side[s].n; v++)
            g.side[s].n_used += rec_rgnn_first(&g, s, v) < rec_rgnn_last(&g, s, v);
    }
    *out = g;
    return REC_OK;
}
