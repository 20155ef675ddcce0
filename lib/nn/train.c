#include "nn/train.h"

#include <math.h>
#include <string.h>

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

static void keep_if_better(struct best *best, struct rec_gcn *m, double metric,
                           uint64_t steps)
{
    rec_real *x = best->x;
    struct rec_param *p;

    if (x == NULL || !(metric < best->metric))
        return;
    best->metric = metric;
    best->steps = steps;
    for (uint32_t i = 0; (p = rec_gcn_param(m, i)) != NULL; i++) {
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

enum rec_status rec_train(struct rec_gcn *m, const struct rec_graph *g,
                          const struct rec_train_opts *opts,
                          const struct rec_train_hooks *hooks,
                          struct rec_train_result *result, struct rec_err *err)
{
    struct rec_gcn_state s = { 0 };
    struct rec_chunks c;
    struct best best = { .metric = INFINITY };
    enum rec_status st;

    rec_chunks_cut(g, &c);
    st = rec_gcn_state_make(&s, m, &c, err);
    if (st == REC_OK && opts->keep_best) {
        best.x = rec_alloc(n_values(m), sizeof *best.x, "best weights", err);
        st = best.x == NULL ? REC_ESYSTEM : REC_OK;
    }
    rec_kernels_init();
    for (uint64_t e = 1; st == REC_OK && e <= opts->epochs; e++) {
        struct rec_train_epoch now = { .epoch = e };

        rec_gcn_forward(m, g, &c, &s);
        clear_gradients(m);
        now.loss = rec_gcn_loss(m, g, &c, &s);
        if (!isfinite(now.loss)) {
            st = rec_fail(err, REC_ENUMERIC,
                          "epoch %llu: the loss is not a number: lower --lr",
                          (unsigned long long)e);
            break;
        }
        now.metric = measure(hooks, m, &s);
        keep_if_better(&best, m, now.metric, e - 1);
        rec_gcn_backward(m, g, &c, &s);
        step(m, &opts->adam, e);
        if (hooks->report != NULL)
            st = hooks->report(hooks->report_ctx, &now, err);
    }
    if (st == REC_OK) {
        rec_gcn_forward(m, g, &c, &s);
        *result = (struct rec_train_result){ opts->epochs, measure(hooks, m, &s) };
        keep_if_better(&best, m, result->metric, opts->epochs);
        if (best.x != NULL && isfinite(best.metric)) {
            restore(&best, m);
            *result = (struct rec_train_result){ best.steps, best.metric };
        }
    }
    rec_free(best.x);
    rec_gcn_state_free(&s);
    return st;
}
