#include "nn/fused.h"

#include <math.h>
#include <string.h>
#include <time.h>

#include "base/par.h"
#include "nn/fused_pass.h"

struct rec_fused {
    struct rec_order order;
    struct rec_graph g; /* of the core */
    struct rec_singles singles;
    struct rec_chunks c;
    const struct rec_fused_passes *passes;
    struct rec_fused_work work;
    uint32_t width;
    double *ratings;
    double sum_squares; /* of the ratings, each once */
    double n_ratings;
    rec_real *small; /* copies of the small tensors, and a chunk's sums; aligned */
    rec_real *sums;  /* of one side's chunks, in `small` */
    double *seconds; /* one a pass, if they are watched */
};

bool rec_fused_serves(const struct rec_gcn *m, const struct rec_adam *adam)
{
    /* Weight decay moves the rows of nodes without edges, too. */
    return m->n_layers == 2 && rec_fused_find(m->width) != NULL &&
           adam->weight_decay == 0.0;
}

/* ---- making ---- */

/* To the next line: a block that is not large begins at a multiple of 16 bytes. */
static void *aligned(void *p)
{
    return (void *)(((uintptr_t)p + 63) / 64 * 64);
}

/* Sums of ratings, a node of the core, and of the squares of all. */
static void sum_ratings(struct rec_fused *f, const struct rec_graph *g)
{
    for (uint32_t n = 0; n < f->g.n_nodes; n++) {
        uint32_t old = f->order.from[n];
        double sum = 0.0;

        for (uint64_t e = g->off[old]; e < g->off[old + 1]; e++) {
            sum += (double)g->rating[e];
            if (n < f->g.n_users)
                f->sum_squares += (double)g->rating[e] * (double)g->rating[e];
        }
        f->ratings[n] = sum;
    }
    for (uint32_t i = 0; i < f->singles.n; i++)
        f->sum_squares += (double)f->singles.rating[i] * (double)f->singles.rating[i];
}

/* Values of `small`. */
static size_t small_size(size_t d)
{
    return 2 * d * d + 4 * d + REC_FUSED_PART(d) + 64 / sizeof(rec_real);
}

static enum rec_status allocate(struct rec_fused *f, struct rec_err *err)
{
    struct rec_fused_work *k = &f->work;
    size_t d = f->width, n = f->c.n + f->singles.n_chunks;

    f->ratings = rec_alloc(f->g.n_nodes, sizeof *f->ratings, "layer outputs", err);
    k->nodes = rec_alloc_zero(f->order.n_active, rec_fused_node_bytes(f->width),
                              "layer outputs", err);
    k->y = rec_alloc_zero(f->g.n_items, d * sizeof *k->y, "layer outputs", err);
    k->part = rec_alloc_zero(n, REC_FUSED_PART(d) * sizeof *k->part, "sums", err);
    k->carry =
        rec_alloc_zero(f->singles.n_chunks, 2 * d * sizeof *k->carry, "sums", err);
    k->loss = rec_alloc_zero(n, sizeof *k->loss, "sums", err);
    k->sum_g = rec_alloc_zero(n, sizeof *k->sum_g, "sums", err);
    f->small = rec_alloc_zero(small_size(d), sizeof *f->small, "sums", err);
    if (f->ratings == NULL || k->nodes == NULL || k->y == NULL || k->part == NULL ||
        k->carry == NULL || k->loss == NULL || k->sum_g == NULL || f->small == NULL)
        return REC_ESYSTEM;
    f->sums = aligned(f->small);
    k->w2 = f->sums + REC_FUSED_PART(d);
    k->w2t = k->w2 + d * d;
    k->b1 = k->w2t + d * d;
    k->b2 = k->b1 + d;
    k->out = k->b2 + d;
    k->ratings = f->ratings;
    return REC_OK;
}

enum rec_status rec_fused_make(const struct rec_graph *g, uint32_t width,
                               struct rec_fused **out, struct rec_err *err)
{
    struct rec_fused *f = rec_alloc_zero(1, sizeof *f, "training", err);
    enum rec_status st;

    if (f == NULL)
        return REC_ESYSTEM;
    f->width = width;
    f->passes = rec_fused_find(width);
    f->n_ratings = (double)g->n_edges / 2.0;
    st = rec_order_make(g, &f->order, err);
    if (st == REC_OK)
        st = rec_order_graph(&f->order, g, &f->g, err);
    if (st == REC_OK)
        st = rec_singles_make(&f->order, g, &f->singles, err);
    if (st == REC_OK) {
        rec_free(f->order.at); /* done with */
        f->order.at = NULL;
        rec_chunks_cut(&f->g, &f->c);
        st = allocate(f, err);
    }
    if (st != REC_OK) {
        rec_fused_free(f);
        return st;
    }
    f->work.g = &f->g;
    f->work.c = &f->c;
    f->work.singles = &f->singles;
    f->work.single_norm = rec_graph_norm(1);
    f->work.scale = 2.0 / f->n_ratings;
    sum_ratings(f, g);
    *out = f;
    return REC_OK;
}

uint64_t rec_fused_memory(const struct rec_graph *g, uint32_t width, uint64_t *tables)
{
    uint64_t d = width, row = d * sizeof(rec_real), core = g->n_items, singles = 0;
    uint64_t chunks = REC_MAX_CHUNKS + REC_SINGLE_CHUNKS;

    for (uint32_t u = 0; u < g->n_users; u++) {
        core += g->off[u + 1] - g->off[u] > 1;
        singles += g->off[u + 1] - g->off[u] == 1;
    }
    *tables = (2 * (core + singles) + core) * row;
    if (*tables < g->n_nodes * row) /* at the end: W1 once more, and none of them */
        *tables = g->n_nodes * row;
    return ((uint64_t)g->n_nodes + g->n_items + 1) * sizeof(uint32_t) + /* order */
           (core + 1) * sizeof(uint64_t) + core * sizeof(float) +       /* graph */
           (g->n_edges - 2 * singles + REC_ORDER_PAD) * sizeof(uint32_t) +
           core * sizeof(double) + singles * sizeof(float) + /* ratings */
           (core + singles) * rec_fused_node_bytes(width) + g->n_items * row +
           chunks * (REC_FUSED_PART(d) * sizeof(rec_real) + 2 * sizeof(double)) +
           REC_SINGLE_CHUNKS * 2 * row + small_size(d) * sizeof(rec_real) +
           sizeof(struct rec_fused);
}

void rec_fused_free(struct rec_fused *f)
{
    if (f == NULL)
        return;
    rec_free(f->ratings);
    rec_free(f->work.nodes);
    rec_free(f->work.y);
    rec_free(f->work.part);
    rec_free(f->work.carry);
    rec_free(f->work.loss);
    rec_free(f->work.sum_g);
    rec_free(f->small);
    rec_singles_free(&f->singles);
    rec_graph_free(&f->g);
    rec_order_free(&f->order);
    rec_free(f);
}

/* ---- in and out of the order ---- */

enum { MOVE_CHUNK = 8192 };

/* What moves the rows of W1: with BACK out of the order, W~ / d; else into it. */
struct move {
    const struct rec_fused *f;
    const rec_real *from;
    rec_real *to;
    bool back;
};

/* D^-1/2 of a node. */
static rec_real norm_of(const struct rec_fused *f, uint32_t n)
{
    return (rec_real)(n < f->order.n_core     ? f->g.norm[n]
                      : n < f->order.n_active ? f->work.single_norm
                                              : 1.0f);
}

/* Rows in the new order are met in turn, those in the old one where they are. */
static void move_chunk(void *ctx, uint32_t chunk)
{
    const struct move *k = ctx;
    const struct rec_order *o = &k->f->order;
    uint32_t first = chunk * MOVE_CHUNK, d = k->f->width;
    uint32_t end = o->n_nodes - first < MOVE_CHUNK ? o->n_nodes : first + MOVE_CHUNK;

    for (uint32_t n = first; n < end; n++) {
        size_t old = (size_t)o->from[n] * d, now = (size_t)n * d;
        const rec_real *from = k->from + (k->back ? now : old);
        rec_real *to = k->to + (k->back ? old : now);
        rec_real norm = norm_of(k->f, n);

        if (n + 16 < o->n_nodes)
            __builtin_prefetch((k->back ? k->to : k->from) +
                               (size_t)o->from[n + 16] * d);
        for (uint32_t j = 0; j < d; j++)
            to[j] = k->back ? from[j] / norm : from[j] * norm;
    }
}

static void move_rows(const struct move *k)
{
    rec_par_run((k->f->order.n_nodes + MOVE_CHUNK - 1) / MOVE_CHUNK, move_chunk,
                (void *)(uintptr_t)k);
}

/* P's gradient and moments, or what is there in their place. */
static void free_state(struct rec_param *p)
{
    rec_free(p->dx);
    rec_free(p->m);
    rec_free(p->v);
    p->dx = p->m = p->v = NULL;
    p->state_rows = 0;
}

enum rec_status rec_fused_begin(struct rec_fused *f, struct rec_gcn *m,
                                struct rec_err *err)
{
    struct rec_param *w = &m->w[0];
    struct rec_fused_work *k = &f->work;
    size_t d = f->width;
    rec_real *x;

    free_state(w);
    x = rec_alloc(w->rows, d * sizeof *x, "model", err);
    if (x == NULL)
        return REC_ESYSTEM;
    move_rows(&(struct move){ f, w->x, x, false });
    rec_free(w->x); /* before there are more: they would be the most that is held */
    w->x = x;
    w->dx = rec_alloc_zero(f->order.n_core, d * sizeof *x, "layer outputs", err);
    w->m = rec_alloc_zero(f->order.n_active, d * sizeof *x, "Adam's state", err);
    w->v = rec_alloc_zero(f->order.n_active, d * sizeof *x, "Adam's state", err);
    w->state_rows = f->order.n_active;
    if (w->dx == NULL || w->m == NULL || w->v == NULL)
        return REC_ESYSTEM;
    k->w = w->x;
    k->h = w->dx;
    k->h_items = k->h + f->g.n_users * d;
    k->m = w->m;
    k->v = w->v;
    return REC_OK;
}

void rec_fused_w1(const struct rec_fused *f, rec_real *w1)
{
    move_rows(&(struct move){ f, f->work.w, w1, true });
}

enum rec_status rec_fused_end(struct rec_fused *f, struct rec_gcn *m,
                              struct rec_err *err)
{
    struct rec_param *w = &m->w[0];
    rec_real *x;

    free_state(w);
    x = rec_alloc(rec_param_size(w), sizeof *x, "model", err);
    if (x == NULL)
        return REC_ESYSTEM;
    rec_fused_w1(f, x);
    rec_free(w->x);
    w->x = x;
    return REC_OK;
}

/* ---- passes ---- */

enum pass { HIDDEN, SHARE_ITEMS, SHARE_USERS, BACK_ITEMS, UPDATE_USERS, UPDATE_ITEMS };

/* One side of a pass: of items alone, or of users and singles. */
struct running {
    const struct rec_fused_work *k;
    rec_fused_pass *users, *singles, *items;
};

static void users_chunk(void *ctx, uint32_t chunk)
{
    const struct running *p = ctx;
    uint32_t users = p->k->c->n_user_chunks;

    if (chunk < users)
        p->users(p->k, chunk);
    else
        p->singles(p->k, chunk - users);
}

static void items_chunk(void *ctx, uint32_t chunk)
{
    const struct running *p = ctx;

    p->items(p->k, p->k->c->n_user_chunks + chunk);
}

static double now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void run(struct rec_fused *f, enum pass pass, struct running p)
{
    double start = f->seconds == NULL ? 0.0 : now();

    p.k = &f->work;
    if (p.items == NULL)
        rec_par_run(f->c.n_user_chunks + f->singles.n_chunks, users_chunk, &p);
    else
        rec_par_run(f->c.n - f->c.n_user_chunks, items_chunk, &p);
    if (f->seconds != NULL)
        f->seconds[pass] += now() - start;
}

/* Adds what chunks of singles have kept aside into the rows of items, in their order.
 */
static void carry(struct rec_fused *f, size_t which, rec_real *table)
{
    size_t d = f->width;

    for (size_t chunk = 0; chunk < f->singles.n_chunks; chunk++) {
        const rec_real *from = f->work.carry + (2 * chunk + which) * d;
        rec_real *to = table + f->singles.item[chunk] * d;

        for (size_t j = 0; rec_singles_go_on(&f->singles, (uint32_t)chunk) && j < d;
             j++)
            to[j] += from[j];
    }
}

static void take_small_tensors(struct rec_fused *f, const struct rec_gcn *m)
{
    size_t d = f->width;
    struct rec_fused_work *k = &f->work;

    memcpy(k->w2, m->w[1].x, d * d * sizeof *k->w2);
    for (size_t i = 0; i < d; i++)
        for (size_t j = 0; j < d; j++)
            k->w2t[j * d + i] = k->w2[i * d + j];
    memcpy(k->b1, m->b[0].x, d * sizeof *k->b1);
    memcpy(k->b2, m->b[1].x, d * sizeof *k->b2);
    memcpy(k->out, m->out.x, 2 * d * sizeof *k->out);
    k->c0 = (double)m->c.x[0];
}

double rec_fused_forward(struct rec_fused *f, struct rec_gcn *m)
{
    const struct rec_fused_passes *p = f->passes;
    uint32_t n = f->c.n + f->singles.n_chunks;
    double loss, sum = 0.0, sum_g = 0.0;

    take_small_tensors(f, m);
    run(f, HIDDEN, (struct running){ NULL, p->hidden_users, p->hidden_singles, NULL });
    carry(f, REC_CARRY_H, f->work.h_items);
    carry(f, REC_CARRY_Y, f->work.y);
    run(f, HIDDEN, (struct running){ .items = p->hidden_items });
    run(f, SHARE_ITEMS, (struct running){ .items = p->share_items });
    run(f, SHARE_USERS,
        (struct running){ NULL, p->share_users, p->share_singles, NULL });
    for (uint32_t chunk = 0; chunk < n; chunk++) {
        sum += f->work.loss[chunk];
        sum_g += f->work.sum_g[chunk]; /* each rating once: items have none */
    }
    m->c.dx[0] = (rec_real)sum_g;
    loss = (sum + f->sum_squares) / f->n_ratings;
    return loss < 0.0 ? 0.0 : loss; /* a NaN stays one */
}

/* Adds the sums of chunks FIRST .. END, in their order. */
static void add_up(struct rec_fused *f, uint32_t first, uint32_t end)
{
    size_t n = REC_FUSED_PART(f->width);

    for (uint32_t chunk = first; chunk < end; chunk++)
        for (size_t i = 0; i < n; i++)
            f->sums[i] += f->work.part[chunk * n + i];
}

enum side { USERS, ITEMS };

/*
 * PART holds, for the nodes n of a side, M = sum of g_n y_n (z_n > 0)', q = sum of g_n
 * (z_n > 0), and the sum of dz1_n.
 *
 *   forward:  z = y W2 + b2, s = relu(z) w
 *   so:       dW2[i,j] = M[i,j] w[j]              db2[j] = q[j] w[j]
 *             dw[j] = sum of g_n relu(z_n[j]) = sum over i of W2[i,j] M[i,j] + b2[j]
 * q[j] forward:  z1 = A^ W1 + b1       so:  db1 = sum of dz1
 */
static void add_small_gradients(struct rec_fused *f, struct rec_gcn *m, enum side side)
{
    size_t d = f->width;
    const rec_real *sums = f->sums, *q = sums + d * d, *dz1 = q + d;
    const rec_real *w = f->work.out + (side == USERS ? 0 : d);
    rec_real *dw = m->out.dx + (side == USERS ? 0 : d);

    memset(f->sums, 0, REC_FUSED_PART(d) * sizeof *f->sums);
    if (side == USERS) {
        add_up(f, 0, f->c.n_user_chunks);
        add_up(f, f->c.n, f->c.n + f->singles.n_chunks);
    } else {
        add_up(f, f->c.n_user_chunks, f->c.n);
    }
    for (size_t i = 0; i < d; i++)
        for (size_t j = 0; j < d; j++) {
            m->w[1].dx[i * d + j] += sums[i * d + j] * w[j];
            dw[j] += f->work.w2[i * d + j] * sums[i * d + j];
        }
    for (size_t j = 0; j < d; j++) {
        dw[j] += f->work.b2[j] * q[j];
        m->b[1].dx[j] += q[j] * w[j];
        m->b[0].dx[j] += dz1[j];
    }
}

void rec_fused_step(struct rec_fused *f, struct rec_gcn *m, const struct rec_adam *adam,
                    uint64_t step)
{
    const struct rec_fused_passes *p = f->passes;
    size_t d = f->width;
    struct rec_param *t;

    f->work.rates = rec_adam_rates(adam, step);
    run(f, BACK_ITEMS, (struct running){ .items = p->back_items });
    run(f, UPDATE_USERS,
        (struct running){ NULL, p->update_users, p->update_singles, NULL });
    carry(f, REC_CARRY_Y, f->work.y);
    run(f, UPDATE_ITEMS, (struct running){ .items = p->update_items });
    memset(m->w[1].dx, 0, d * d * sizeof(rec_real));
    memset(m->b[0].dx, 0, d * sizeof(rec_real));
    memset(m->b[1].dx, 0, d * sizeof(rec_real));
    memset(m->out.dx, 0, 2 * d * sizeof(rec_real));
    add_small_gradients(f, m, USERS);
    add_small_gradients(f, m, ITEMS);
    for (uint32_t i = 1; (t = rec_gcn_param(m, i)) != NULL; i++)
        rec_adam_step(adam, step, t);
}

/* ---- what others want to know ---- */

struct shares {
    const struct rec_fused *f;
    rec_real *s;
};

static void shares_chunk(void *ctx, uint32_t chunk)
{
    const struct shares *k = ctx;
    const struct rec_order *o = &k->f->order;
    uint32_t from = chunk * MOVE_CHUNK;
    uint32_t to = o->n_nodes - from < MOVE_CHUNK ? o->n_nodes : from + MOVE_CHUNK;
    uint32_t cut = to < o->n_active ? to : o->n_active > from ? o->n_active : from;

    k->f->passes->shares(&k->f->work, from, cut, o->from, k->s);
    k->f->passes->lonely_shares(&k->f->work, cut, to, o->from, k->s);
}

void rec_fused_shares(const struct rec_fused *f, rec_real *s)
{
    struct shares k = { f, s };

    rec_par_run((f->order.n_nodes + MOVE_CHUNK - 1) / MOVE_CHUNK, shares_chunk, &k);
}

const char *const rec_fused_names[REC_FUSED_PASSES] = {
    "hidden", "share_items", "share_users", "back_items", "update_users", "update_items"
};

void rec_fused_watch(struct rec_fused *f, double seconds[REC_FUSED_PASSES])
{
    f->seconds = seconds;
}

void rec_fused_bytes(const struct rec_fused *f, double bytes[REC_FUSED_PASSES],
                     double gathered[REC_FUSED_PASSES])
{
    double row = (double)(f->width * sizeof(rec_real)), e = (double)f->g.n_edges / 2.0;
    double r = (double)rec_fused_node_bytes(f->width), i = f->g.n_items;
    double u = f->g.n_users, s = f->singles.n, q = 0.0, n = u + i;

    for (uint32_t j = 0; j < f->g.n_items; j++)
        q += f->singles.at[j + 1] > f->singles.at[j];
    gathered[HIDDEN] = 2.0 * e * row;
    gathered[SHARE_ITEMS] = gathered[UPDATE_ITEMS] = e * row;
    gathered[SHARE_USERS] = gathered[UPDATE_USERS] = e * (row + r);
    gathered[BACK_ITEMS] = e * r;
    bytes[HIDDEN] = 8.0 * e + n * (2.0 * row + 12.0) + s * row + q * 4.0 * row;
    bytes[SHARE_ITEMS] = 4.0 * e + i * (2.0 * row + r) + q * row;
    bytes[SHARE_USERS] =
        4.0 * e + u * (row + r) + s * (row + r + 4.0) + q * (2.0 * row + r);
    bytes[BACK_ITEMS] = 4.0 * e + i * (2.0 * row + r) + s * r;
    bytes[UPDATE_USERS] =
        4.0 * e + u * (8.0 * row + r) + s * (6.0 * row + r) + q * (2.0 * row + r);
    bytes[UPDATE_ITEMS] = 4.0 * e + i * 7.0 * row + q * row;
    for (int p = 0; p < REC_FUSED_PASSES; p++)
        bytes[p] += gathered[p];
}
