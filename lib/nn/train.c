#include "nn/train.h"

#include <math.h>
#include <string.h>

#include "nn/fused.h"
#include "nn/kernels.h"

/* The best weights so far, one after another. */
struct best {
    rec_real *x;
    double metric;
    uint64_t steps;
};

static void clear_gradients(struct rec_gcn *m)
{
    struct rec_param *p;

    for (uint32_t i = 1; (p = rec_gcn_param(m, i)) != NULL;
         i++) /* W1's is set, not added */
        memset(p->dx, 0, rec_param_size(p) * sizeof *p->dx);
}

static void step(struct rec_gcn *m, const struct rec_adam *adam, uint64_t epoch)
{
    struct rec_param *p;

    for (uint32_t i = 0; (p = rec_gcn_param(m, i)) != NULL; i++)
        rec_adam_step(adam, epoch, p);
}

static size_t n_values(struct rec_gcn *m)
{
    struct rec_param *p;
    size_t n = 0;

    for (uint32_t i = 0; (p = rec_gcn_param(m, i)) != NULL; i++)
        n += rec_param_size(p);
    return n;
}

/* F, if not NULL, has W1. */
static void keep_if_better(struct best *best, struct rec_gcn *m,
                           const struct rec_fused *f, double metric, uint64_t steps)
{
    rec_real *x = best->x;
    struct rec_param *p;

    if (x == NULL || !(metric < best->metric))
        return;
    best->metric = metric;
    best->steps = steps;
    for (uint32_t i = 0; (p = rec_gcn_param(m, i)) != NULL; i++) {
        if (i == 0 && f != NULL)
            rec_fused_w1(f, x);
        else
            memcpy(x, p->x, rec_param_size(p) * sizeof *x);
        x += rec_param_size(p);
    }
}

static void restore(const struct best *best, struct rec_gcn *m)
{
    const rec_real *x = best->x;
    struct rec_param *p;

    for (uint32_t i = 0; (p = rec_gcn_param(m, i)) != NULL; i++) {
        memcpy(p->x, x, rec_param_size(p) * sizeof *x);
        x += rec_param_size(p);
    }
}

static double measure(const struct rec_train_hooks *hooks, const struct rec_gcn *m,
                      const struct rec_gcn_state *s)
{
    return hooks->metric == NULL ? NAN : hooks->metric(hooks->metric_ctx, m, s);
}

/* Whether Adam has stepped on M before. */
static bool has_moments(struct rec_gcn *m)
{
    struct rec_param *p;

    for (uint32_t i = 1; (p = rec_gcn_param(m, i)) != NULL; i++)
        for (size_t k = 0; k < rec_param_size(p); k++)
            if (p->v[k] != 0)
                return true;
    return false;
}

/* One of two ways to train: fused, where that can serve, or layer by layer. */
struct path {
    struct rec_gcn *m;
    const struct rec_graph *g;
    struct rec_chunks c;
    struct rec_gcn_state s; /* fused: only `s`, and that only with a metric */
    struct rec_fused *fused;
};

static enum rec_status path_open(struct path *x, const struct rec_train_opts *opts,
                                 bool shares, struct rec_err *err)
{
    enum rec_status st;

    rec_chunks_cut(x->g, &x->c);
    if (opts->plain || !rec_fused_serves(x->m, &opts->adam))
        return rec_gcn_state_make(&x->s, x->m, &x->c, err);
    if (shares) {
        x->s.s = rec_alloc(x->g->n_nodes, sizeof *x->s.s, "layer outputs", err);
        if (x->s.s == NULL)
            return REC_ESYSTEM;
    }
    st = rec_fused_make(x->m, x->g, &x->fused, err);
    if (st == REC_OK)
        rec_fused_begin(x->fused, x->m, has_moments(x->m));
    return st;
}

/* M has its W1 again. */
static void path_close(struct path *x)
{
    if (x->fused != NULL)
        rec_fused_end(x->fused);
    rec_fused_free(x->fused);
    x->fused = NULL;
    rec_gcn_state_free(&x->s);
}

static double path_forward(struct path *x)
{
    double loss;

    if (x->fused == NULL) {
        rec_gcn_forward(x->m, x->g, &x->c, &x->s);
        clear_gradients(x->m);
        return rec_gcn_loss(x->m, x->g, &x->c, &x->s);
    }
    loss = rec_fused_forward(x->fused);
    if (x->s.s != NULL)
        rec_fused_shares(x->fused, x->s.s);
    return loss;
}

static void path_step(struct path *x, const struct rec_adam *adam, uint64_t step_number)
{
    if (x->fused != NULL) {
        rec_fused_step(x->fused, adam, step_number);
        return;
    }
    rec_gcn_backward(x->m, x->g, &x->c, &x->s);
    step(x->m, adam, step_number);
}

enum rec_status rec_train(struct rec_gcn *m, const struct rec_graph *g,
                          const struct rec_train_opts *opts,
                          const struct rec_train_hooks *hooks,
                          struct rec_train_result *result, struct rec_err *err)
{
    struct path x = { .m = m, .g = g };
    struct best best = { .metric = INFINITY };
    enum rec_status st = REC_OK;

    if (opts->keep_best) {
        best.x = rec_alloc(n_values(m), sizeof *best.x, "best weights", err);
        st = best.x == NULL ? REC_ESYSTEM : REC_OK;
    }
    if (st == REC_OK)
        st = path_open(&x, opts, hooks->metric != NULL, err);
    rec_kernels_init();
    for (uint64_t e = 1; st == REC_OK && e <= opts->epochs; e++) {
        struct rec_train_epoch now = { .epoch = e, .loss = path_forward(&x) };

        if (!isfinite(now.loss)) {
            st = rec_fail(err, REC_ENUMERIC,
                          "epoch %llu: the loss is not a number: lower --lr",
                          (unsigned long long)e);
            break;
        }
        now.metric = measure(hooks, m, &x.s);
        keep_if_better(&best, m, x.fused, now.metric, e - 1);
        path_step(&x, &opts->adam, e);
        if (hooks->report != NULL)
            st = hooks->report(hooks->report_ctx, &now, err);
    }
    if (st == REC_OK) {
        if (hooks->metric != NULL)
            (void)path_forward(&x);
        *result = (struct rec_train_result){ opts->epochs, measure(hooks, m, &x.s) };
        keep_if_better(&best, m, x.fused, result->metric, opts->epochs);
    }
    path_close(&x);
    if (st == REC_OK && best.x != NULL && isfinite(best.metric)) {
        restore(&best, m);
        *result = (struct rec_train_result){ best.steps, best.metric };
    }
    rec_free(best.x);
    return st;
}
