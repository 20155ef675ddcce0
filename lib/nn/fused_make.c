/* What the fused path works on: made from a graph, and W1 into its order and back. */
#include "base/par.h"
#include "nn/fused_state.h"

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
    uint32_t first = chunk * REC_FUSED_MOVE, d = k->f->width;
    uint32_t end =
        o->n_nodes - first < REC_FUSED_MOVE ? o->n_nodes : first + REC_FUSED_MOVE;

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
    rec_par_run((k->f->order.n_nodes + REC_FUSED_MOVE - 1) / REC_FUSED_MOVE, move_chunk,
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
