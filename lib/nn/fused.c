#include "nn/fused.h"

#include <math.h>
#include <string.h>
#include <time.h>

#include "base/par.h"
#include "nn/fused_pass.h"

struct rec_fused {
    struct rec_order order;
    struct rec_graph g;
    struct rec_chunks c;
    const struct rec_fused_passes *passes;
    struct rec_fused_work work;
    uint32_t width;
    double *ratings;
    double sum_squares; /* of the ratings, each once */
    rec_real *small;    /* copies of the small tensors, aligned */
    double *seconds;    /* one a pass, if they are watched */
};

/* ---- sets of instructions ---- */

struct set {
    const char *name;
    const struct rec_fused_passes *passes;
};

static bool has(const char *name)
{
#ifdef REC_FUSED_X86
    if (strcmp(name, "avx512") == 0)
        return __builtin_cpu_supports("avx512f") &&
               __builtin_cpu_supports("avx512bw") &&
               __builtin_cpu_supports("avx512dq") &&
               __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("fma") &&
               __builtin_cpu_supports("bmi2");
    if (strcmp(name, "avx2") == 0)
        return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
               __builtin_cpu_supports("bmi2");
#endif
    return strcmp(name, "base") == 0;
}

static const struct set sets[] = {
#ifdef REC_FUSED_X86
    { "avx512", rec_fused_avx512 },
    { "avx2", rec_fused_avx2 },
#endif
    { "base", rec_fused_base },
};
enum { N_SETS = sizeof sets / sizeof *sets };

static const struct set *chosen;

static const struct set *current(void)
{
    for (int i = 0; chosen == NULL && i < N_SETS; i++)
        if (has(sets[i].name))
            chosen = &sets[i];
    return chosen;
}

const char *rec_kernel_set(void)
{
    return current()->name;
}

bool rec_kernel_set_use(const char *name)
{
    for (int i = 0; i < N_SETS; i++)
        if (strcmp(sets[i].name, name) == 0 && has(name)) {
            chosen = &sets[i];
            return true;
        }
    return false;
}

static const struct rec_fused_passes *find(uint32_t width)
{
    const struct rec_fused_passes *p = current()->passes;

    while (p->width != 0 && p->width != width)
        p++;
    return p->width == 0 ? NULL : p;
}

bool rec_fused_serves(const struct rec_gcn *m, const struct rec_adam *adam)
{
    /* Weight decay moves the rows of nodes without edges, too. */
    return m->n_layers == 2 && find(m->width) != NULL && adam->weight_decay == 0.0;
}

/* ---- making ---- */

/* To the next line: a block that is not large begins at a multiple of 16 bytes. */
static void *aligned(void *p)
{
    return (void *)(((uintptr_t)p + 63) / 64 * 64);
}

/* Sums of ratings, a node, and of their squares. */
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
}

static enum rec_status allocate(struct rec_fused *f, struct rec_err *err)
{
    struct rec_fused_work *k = &f->work;
    size_t d = f->width, line = 64 / sizeof(rec_real), n = f->g.n_nodes;

    f->ratings = rec_alloc(n, sizeof *f->ratings, "layer outputs", err);
    k->nodes = rec_alloc_zero(n, rec_fused_node_bytes(f->width), "layer outputs", err);
    k->y = rec_alloc_zero(f->g.n_items, d * sizeof *k->y, "layer outputs", err);
    k->part = rec_alloc_zero(f->c.n, REC_FUSED_PART(d) * sizeof *k->part, "sums", err);
    k->loss = rec_alloc_zero(f->c.n, sizeof *k->loss, "sums", err);
    k->sum_g = rec_alloc_zero(f->c.n, sizeof *k->sum_g, "sums", err);
    f->small = rec_alloc_zero(2 * d * d + 4 * d + line, sizeof *f->small, "sums", err);
    if (f->ratings == NULL || k->nodes == NULL || k->y == NULL || k->part == NULL ||
        k->loss == NULL || k->sum_g == NULL || f->small == NULL)
        return REC_ESYSTEM;
    k->w2 = aligned(f->small);
    k->w2t = k->w2 + d * d;
    k->b1 = k->w2t + d * d;
    k->b2 = k->b1 + d;
    k->out = k->b2 + d;
    k->ratings = f->ratings;
    return REC_OK;
}

enum rec_status rec_fused_make(const struct rec_gcn *m, const struct rec_graph *g,
                               struct rec_fused **out, struct rec_err *err)
{
    struct rec_fused *f = rec_alloc_zero(1, sizeof *f, "training", err);
    enum rec_status st;

    if (f == NULL)
        return REC_ESYSTEM;
    f->width = m->width;
    f->passes = find(m->width);
    st = rec_order_make(g, &f->order, err);
    if (st == REC_OK)
        st = rec_order_graph(&f->order, g, &f->g, err);
    if (st == REC_OK) {
        rec_chunks_cut(&f->g, &f->c);
        st = allocate(f, err);
    }
    if (st != REC_OK) {
        rec_fused_free(f);
        return st;
    }
    f->work.g = &f->g;
    f->work.c = &f->c;
    f->work.scale = 2.0 / ((double)f->g.n_edges / 2.0);
    sum_ratings(f, g);
    *out = f;
    return REC_OK;
}

uint64_t rec_fused_memory(const struct rec_graph *g, uint32_t width)
{
    struct rec_graph active = { .n_items = g->n_items, .n_edges = g->n_edges };
    uint64_t d = width, n, chunks = REC_MAX_CHUNKS, line = 64 / sizeof(rec_real);

    for (uint32_t u = 0; u < g->n_users; u++)
        active.n_users += g->off[u + 1] > g->off[u];
    n = (uint64_t)active.n_users + active.n_items;
    return 2 * (uint64_t)g->n_nodes * sizeof(uint32_t) +    /* order */
           (n + 1) * sizeof(uint64_t) + n * sizeof(float) + /* graph */
           (g->n_edges + REC_ORDER_PAD) * sizeof(uint32_t) +
           n * (sizeof(double) + rec_fused_node_bytes(width)) +
           active.n_items * d * sizeof(rec_real) +
           chunks * (REC_FUSED_PART(d) * sizeof(rec_real) + 2 * sizeof(double)) +
           (2 * d * d + 4 * d + line) * sizeof(rec_real) + sizeof(struct rec_fused);
}

void rec_fused_free(struct rec_fused *f)
{
    if (f == NULL)
        return;
    rec_free(f->ratings);
    rec_free(f->work.nodes);
    rec_free(f->work.y);
    rec_free(f->work.part);
    rec_free(f->work.loss);
    rec_free(f->work.sum_g);
    rec_free(f->small);
    rec_graph_free(&f->g);
    rec_order_free(&f->order);
    rec_free(f);
}

/* ---- in and out of the order ---- */

enum { MOVE_CHUNK = 8192 };

/* What moves the rows of one table. */
struct move {
    const struct rec_fused *f;
    const rec_real *from;
    rec_real *to;
    int scale; /* 1: by D^-1/2; -1: by its inverse; 0: not at all */
    bool back;
};

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
        rec_real norm = n < o->n_active ? (rec_real)k->f->g.norm[n] : 1;

        if (n + 16 < o->n_nodes)
            __builtin_prefetch((k->back ? k->to : k->from) +
                               (size_t)o->from[n + 16] * d);
        for (uint32_t j = 0; j < d; j++)
            to[j] = k->scale > 0   ? from[j] * norm
                    : k->scale < 0 ? from[j] / norm
                                   : from[j];
    }
}

static void move_rows(const struct move *k)
{
    rec_par_run((k->f->order.n_nodes + MOVE_CHUNK - 1) / MOVE_CHUNK, move_chunk,
                (void *)(uintptr_t)k);
}

static void swap(rec_real **a, rec_real **b)
{
    rec_real *was = *a;

    *a = *b;
    *b = was;
}

void rec_fused_begin(struct rec_fused *f, struct rec_gcn *m, bool moments)
{
    struct rec_param *w = &m->w[0];

    if (moments) { /* dx is free: each table goes there, and leaves its own place */
        move_rows(&(struct move){ f, w->m, w->dx, 0, false });
        swap(&w->m, &w->dx);
        move_rows(&(struct move){ f, w->v, w->dx, 0, false });
        swap(&w->v, &w->dx);
    }
    move_rows(&(struct move){ f, w->x, w->dx, 1, false });
    swap(&w->x, &w->dx);
    f->work.w = w->x;
    f->work.h = w->dx;
    f->work.m = w->m;
    f->work.v = w->v;
}

void rec_fused_w1(const struct rec_fused *f, rec_real *w1)
{
    move_rows(&(struct move){ f, f->work.w, w1, -1, true });
}

void rec_fused_end(struct rec_fused *f, struct rec_gcn *m)
{
    struct rec_param *w = &m->w[0];

    rec_fused_w1(f, w->dx);
    swap(&w->x, &w->dx);
    move_rows(&(struct move){ f, w->m, w->dx, 0, true });
    swap(&w->m, &w->dx);
    move_rows(&(struct move){ f, w->v, w->dx, 0, true });
    swap(&w->v, &w->dx);
}

/* ---- passes ---- */

enum pass { HIDDEN, SHARE_ITEMS, SHARE_USERS, BACK_ITEMS, UPDATE_USERS, UPDATE_ITEMS };
enum side { USERS, ITEMS, BOTH };

typedef void pass_fn(const struct rec_fused_work *k, uint32_t chunk);

struct running {
    const struct rec_fused_work *k;
    pass_fn *fn;
    uint32_t first;
};

static void pass_chunk(void *ctx, uint32_t chunk)
{
    const struct running *p = ctx;

    p->fn(p->k, p->first + chunk);
}

static double now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void run(struct rec_fused *f, enum pass pass)
{
    const struct rec_fused_passes *p = f->passes;
    const struct {
        pass_fn *fn;
        enum side side;
    } what[] = {
        [HIDDEN] = { p->hidden, BOTH },
        [SHARE_ITEMS] = { p->share_items, ITEMS },
        [SHARE_USERS] = { p->share_users, USERS },
        [BACK_ITEMS] = { p->back_items, ITEMS },
        [UPDATE_USERS] = { p->update_users, USERS },
        [UPDATE_ITEMS] = { p->update_items, ITEMS },
    };
    uint32_t users = f->c.n_user_chunks, end;
    struct running x = { &f->work, what[pass].fn, 0 };
    double start = f->seconds == NULL ? 0.0 : now();

    x.first = what[pass].side == ITEMS ? users : 0;
    end = what[pass].side == USERS ? users : f->c.n;
    rec_par_run(end - x.first, pass_chunk, &x);
    if (f->seconds != NULL)
        f->seconds[pass] += now() - start;
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
    double loss, sum = 0.0, sum_g = 0.0;

    take_small_tensors(f, m);
    run(f, HIDDEN);
    run(f, SHARE_ITEMS);
    run(f, SHARE_USERS);
    for (uint32_t chunk = 0; chunk < f->c.n; chunk++)
        sum += f->work.loss[chunk];
    for (uint32_t chunk = 0; chunk < f->c.n_user_chunks; chunk++)
        sum_g += f->work.sum_g[chunk];
    m->c.dx[0] = (rec_real)sum_g;
    loss = (sum + f->sum_squares) / ((double)f->g.n_edges / 2.0);
    return loss < 0.0 ? 0.0 : loss; /* a NaN stays one */
}

/* The sums of the chunks of one side, in their order, into that of the first. */
static rec_real *add_up(struct rec_fused *f, enum side side)
{
    size_t n = REC_FUSED_PART(f->width);
    uint32_t first = side == USERS ? 0 : f->c.n_user_chunks;
    uint32_t end = side == USERS ? f->c.n_user_chunks : f->c.n;
    rec_real *sum = f->work.part + first * n;

    for (uint32_t chunk = first + 1; chunk < end; chunk++)
        for (size_t i = 0; i < n; i++)
            sum[i] += f->work.part[chunk * n + i];
    return sum;
}

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
    const rec_real *sums = add_up(f, side), *q = sums + d * d, *dz1 = q + d;
    const rec_real *w = f->work.out + (side == USERS ? 0 : d);
    rec_real *dw = m->out.dx + (side == USERS ? 0 : d);

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
    size_t d = f->width;
    struct rec_param *p;

    f->work.rates = rec_adam_rates(adam, step);
    run(f, BACK_ITEMS);
    run(f, UPDATE_USERS);
    run(f, UPDATE_ITEMS);
    memset(m->w[1].dx, 0, d * d * sizeof(rec_real));
    memset(m->b[0].dx, 0, d * sizeof(rec_real));
    memset(m->b[1].dx, 0, d * sizeof(rec_real));
    memset(m->out.dx, 0, 2 * d * sizeof(rec_real));
    add_small_gradients(f, m, USERS);
    add_small_gradients(f, m, ITEMS);
    for (uint32_t i = 1; (p = rec_gcn_param(m, i)) != NULL; i++)
        rec_adam_step(adam, step, p);
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

void rec_fused_bytes(const struct rec_fused *f, double bytes[REC_FUSED_PASSES])
{
    double row = (double)(f->width * sizeof(rec_real)), e = (double)f->g.n_edges / 2.0;
    double r = (double)rec_fused_node_bytes(f->width), i = f->g.n_items;
    double u = f->g.n_users;

    bytes[HIDDEN] = 2.0 * e * (4.0 + row) + (u + i) * (2.0 * row + 12.0);
    bytes[SHARE_ITEMS] = e * (4.0 + row) + i * (2.0 * row + r);
    bytes[SHARE_USERS] = e * (4.0 + row + r) + u * (row + r);
    bytes[BACK_ITEMS] = e * (4.0 + r) + i * (2.0 * row + r);
    bytes[UPDATE_USERS] = e * (4.0 + r + row) + u * (8.0 * row + r);
    bytes[UPDATE_ITEMS] = e * (4.0 + row) + i * 7.0 * row;
}
