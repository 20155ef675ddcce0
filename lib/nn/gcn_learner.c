#include "nn/gcn_learner.h"

#include <stdio.h>
#include <string.h>

#include "nn/blasroom.h"
#include "nn/kernels.h"

static bool has_batches(const struct rec_graph *g, const struct rec_gcn_opts *o)
{
    return o->batch > 0 && o->batch < g->n_edges / 2;
}

static uint64_t n_features(const struct rec_gcn_opts *o)
{
    return o->features == NULL
               ? 0
               : (uint64_t)o->features->f[0].n_cols + o->features->f[1].n_cols;
}

static bool is_fused(const struct rec_graph *g, const struct rec_gcn_opts *o)
{
    struct rec_gcn m = { .width = o->width, .n_layers = o->n_layers };

    return !o->plain && n_features(o) == 0 && !has_batches(g, o) &&
           !(o->dropout > 0.0) && !(o->clip_norm > 0.0) &&
           rec_fused_serves(&m, &o->adam);
}

/* All tensors but W1, whose gradient and moments are the fused path's own. */
static enum rec_status learn_small(struct rec_gcn *m, struct rec_err *err)
{
    enum rec_status st = REC_OK;
    struct rec_param *p;

    for (uint32_t i = 1; st == REC_OK && (p = rec_gcn_param(m, i)) != NULL; i++)
        st = rec_param_learn(p, err);
    return st;
}

static enum rec_status make_fused(struct rec_gcn_learner *x, struct rec_graph *g,
                                  struct rec_err *err)
{
    const struct rec_gcn_opts *o = &x->opts;
    enum rec_status st = rec_fused_make(g, o->width, &x->fused, err);

    if (st == REC_OK && o->frees_edges)
        rec_graph_free_edges(g);
    if (st == REC_OK && !o->no_ratings) {
        x->s.s = rec_alloc(g->n_nodes, sizeof *x->s.s, "layer outputs", err);
        st = x->s.s == NULL ? REC_ESYSTEM : REC_OK;
    }
    if (st == REC_OK)
        st = rec_gcn_make(&x->m, g, o->width, o->n_layers, false, err);
    if (st == REC_OK)
        st = learn_small(&x->m, err);
    if (st != REC_OK)
        return st;
    rec_gcn_init(&x->m, o->seed);
    return rec_fused_begin(x->fused, &x->m, err);
}

static enum rec_status make_plain(struct rec_gcn_learner *x, struct rec_err *err)
{
    const struct rec_gcn_opts *o = &x->opts;
    enum rec_status st;

    rec_chunks_cut(x->g, &x->chunks);
    st = rec_gcn_make(&x->m, x->g, o->width, o->n_layers, true, err);
    if (st == REC_OK)
        st = rec_gcn_know(&x->m, o->features, true, err);
    if (st == REC_OK)
        st = rec_gcn_state_make(&x->s, &x->m, &x->chunks, err);
    if (st == REC_OK && has_batches(x->g, o))
        st = rec_batches_make(&x->batches, x->g, o->batch, o->seed, err);
    if (st == REC_OK)
        st = rec_blas_room(err);
    if (st == REC_OK)
        rec_gcn_init(&x->m, o->seed);
    x->one_pass = x->batches.n == 0 && !(o->dropout > 0.0);
    return st;
}

enum rec_status rec_gcn_learner_make(struct rec_gcn_learner *out, struct rec_graph *g,
                                     const struct rec_gcn_opts *opts,
                                     struct rec_err *err)
{
    struct rec_gcn_learner x = { .opts = *opts, .g = g };
    enum rec_status st;

    rec_kernels_init();
    st = is_fused(g, opts) ? make_fused(&x, g, err) : make_plain(&x, err);
    if (st != REC_OK) {
        rec_gcn_learner_free(&x);
        return st;
    }
    *out = x;
    return REC_OK;
}

void rec_gcn_learner_free(struct rec_gcn_learner *x)
{
    rec_batches_free(&x->batches);
    rec_fused_free(x->fused);
    rec_gcn_state_free(&x->s);
    rec_gcn_free(&x->m);
    *x = (struct rec_gcn_learner){ 0 };
}

enum rec_status rec_gcn_learner_end(struct rec_gcn_learner *x, struct rec_gcn **out,
                                    struct rec_err *err)
{
    enum rec_status st = REC_OK;

    if (x->fused != NULL)
        st = rec_fused_end(x->fused, &x->m, err);
    x->m.path = x->fused != NULL ? "fused" : "plain";
    if (x->fused != NULL)
        x->m.kernels = rec_kernel_set();
    else if (x->m.n_layers > 1) /* one layer multiplies nothing */
        x->m.kernels = rec_kernels_blas();
    rec_fused_free(x->fused);
    x->fused = NULL;
    *out = &x->m;
    return st;
}

/* Of the fused path, beside the graph. */
static uint64_t fused_bytes(const struct rec_graph *g, const struct rec_gcn_opts *o)
{
    uint64_t n = g->n_nodes, d = o->width, tables;
    uint64_t own = rec_fused_memory(g, o->width, &tables), all, freed;

    all = own + tables + (o->no_ratings ? 0 : n * sizeof(rec_real)) +
          n * d * sizeof(rec_real) +
          4 * (rec_gcn_n_values(n, d, o->n_layers) - n * d) * sizeof(rec_real);
    freed = o->frees_edges ? rec_graph_edge_bytes(g) : 0;
    /* what is freed is there until all of its own is */
    return all > own + freed ? all - freed : own;
}

uint64_t rec_gcn_learner_bytes(const struct rec_graph *g, const struct rec_gcn_opts *o,
                               bool best)
{
    struct rec_chunks c;
    uint64_t n = g->n_nodes, d = o->width, l = o->n_layers, values = 0;

    if (best)
        values += rec_gcn_n_values(n, d, l) * sizeof(rec_real);
    if (is_fused(g, o))
        return values + fused_bytes(g, o);
    rec_chunks_cut(g, &c);
    if (n_features(o) > 0) /* V, and W1 + F V */
        values += ((best ? 5 : 4) * n_features(o) + n) * d * sizeof(rec_real);
    return values + rec_gcn_bytes(g, o->width, o->n_layers, &c) +
           (has_batches(g, o) ? rec_batches_bytes(g) : 0);
}

enum rec_status rec_gcn_learner_fits(const struct rec_graph *g,
                                     const struct rec_gcn_opts *o, bool best,
                                     struct rec_err *err)
{
    uint64_t written = (uint64_t)g->n_nodes * o->width * sizeof(float);

    return rec_mem_expect(rec_gcn_learner_bytes(g, o, best) + rec_writer_bytes(written),
                          "training", "a smaller --hidden needs less", err);
}

/* ---- its functions for training ---- */

static struct rec_param *param(void *self, uint32_t index)
{
    return rec_gcn_param(&((struct rec_gcn_learner *)self)->m, index);
}

static void clear_gradients(struct rec_gcn_learner *x)
{
    struct rec_param *p;

    for (uint32_t i = 1; (p = rec_gcn_param(&x->m, i)) != NULL; i++) /* W1's is set */
        memset(p->dx, 0, rec_param_size(p) * sizeof *p->dx);
}

static double loss(void *self)
{
    struct rec_gcn_learner *x = self;
    double loss;

    if (x->fused != NULL) {
        loss = rec_fused_forward(x->fused, &x->m);
        if (x->s.s != NULL)
            rec_fused_shares(x->fused, x->s.s);
        return loss;
    }
    x->s.drop.p = 0.0;
    rec_gcn_forward(&x->m, x->g, &x->chunks, &x->s);
    clear_gradients(x);
    return rec_gcn_loss(&x->m, x->g, &x->chunks, &x->s);
}

/* Step number T (from 1), on batch K, from the loss's gradient on. */
static void step(struct rec_gcn_learner *x, uint64_t t, double lr)
{
    struct rec_learner l = rec_gcn_learner(x);
    struct rec_adam adam = x->opts.adam;
    struct rec_param *p;

    adam.lr = lr;
    rec_gcn_backward(&x->m, x->g, &x->chunks, &x->s);
    if (x->opts.clip_norm > 0.0)
        (void)rec_learner_clip(&l, x->opts.clip_norm);
    for (uint32_t i = 0; (p = rec_gcn_param(&x->m, i)) != NULL; i++)
        rec_adam_step(&adam, t, p);
}

static void epoch(void *self, uint64_t epoch, double lr)
{
    struct rec_gcn_learner *x = self;
    uint32_t n = x->batches.n > 0 ? x->batches.n : 1;

    if (x->fused != NULL) {
        struct rec_adam adam = x->opts.adam;

        adam.lr = lr;
        rec_fused_step(x->fused, &x->m, &adam, epoch);
        return;
    }
    if (x->batches.n > 0)
        rec_batches_draw(&x->batches, epoch);
    for (uint32_t k = 0; k < n; k++) {
        uint64_t t = (epoch - 1) * n + k + 1;

        if (!x->one_pass) {
            x->s.drop = (struct rec_dropout){ x->opts.dropout, x->opts.seed, t };
            rec_gcn_forward(&x->m, x->g, &x->chunks, &x->s);
            clear_gradients(x);
            if (x->batches.n > 0)
                (void)rec_gcn_batch_loss(&x->m, x->g, &x->batches, k, &x->s);
            else
                (void)rec_gcn_loss(&x->m, x->g, &x->chunks, &x->s);
        }
        step(x, t, lr);
    }
}

static double rating(void *self, const struct rec_ratings *r, size_t i)
{
    const struct rec_gcn_learner *x = self;

    return rec_gcn_rating(&x->m, &x->s, r->user[i], r->item[i]);
}

static bool output(void *self, uint32_t index, char name[48], const rec_real **h,
                   size_t *n)
{
    const struct rec_gcn_learner *x = self;

    if (index >= x->m.n_layers || x->fused != NULL)
        return false;
    (void)snprintf(name, 48, "the output of layer %u", index + 1);
    *h = x->s.h[index];
    *n = (size_t)x->m.n_nodes * x->m.width;
    return true;
}

struct rec_learner rec_gcn_learner(struct rec_gcn_learner *x)
{
    return (struct rec_learner){ x, param, loss, epoch, rating, output };
}
