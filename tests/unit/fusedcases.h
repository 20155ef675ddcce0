#ifndef REC_TEST_FUSEDCASES_H
#define REC_TEST_FUSEDCASES_H

#include "nn/fused.h"
#include "nn/fused_pass.h"
#include "unit/toy.h"

/* What the fused path is held against the plain one on. */
static const uint32_t fused_widths[] = {
#ifdef REC_FUSED_FEW
    8, 16, 24
#else
    8, 16, 24, 32, 48, 64, 96, 128, 256
#endif
};
static const char *const fused_sets[] = { "base", "avx2", "avx512" };
enum { N_FUSED_WIDTHS = sizeof fused_widths / sizeof *fused_widths, N_FUSED_SETS = 3 };

static const struct fused_case {
    const char *what;
    uint32_t users, items;
    size_t n;
    bool singles; /* every user has one rating, or none */
} fused_cases[] = {
    { "one rating", 1, 1, 1, false },
    { "one user", 1, 6, 9, false },
    { "one item", 9, 1, 12, false },
    { "mostly users of one rating, some of none", 900, 40, 1100, false },
    { "no user of one rating, repeated pairs", 30, 20, 3000, false },
    { "mostly items of one rating, some of none", 40, 900, 1100, false },
    { "many chunks", 3000, 700, 9000, false },
    { "singles of two items in many chunks", 5000, 3, 4000, false },
    { "only singles, some items without", 1300, 60, 1000, true },
    { "only singles, of one item", 900, 1, 800, true },
};
enum { N_FUSED_CASES = sizeof fused_cases / sizeof *fused_cases };

static inline struct rec_graph fused_graph(const struct fused_case *c)
{
    struct toy t = toy_make(c->users, c->items, c->n, 5);
    struct rec_graph g;
    struct rec_err err;

    for (uint32_t i = 0; c->singles && i < c->n; i++)
        t.user[i] = i;
    CHECKF(rec_graph_build(&t.x, &g, &err) == REC_OK, "%s", err.text);
    toy_free(&t);
    return g;
}

/* From its start, but for biases that are not 0. */
static inline struct rec_gcn fused_model(const struct rec_graph *g, uint32_t width)
{
    struct rec_gcn m;
    struct rec_err err;

    CHECK(rec_gcn_make(&m, g, width, 2, true, &err) == REC_OK);
    rec_gcn_init(&m, 7);
    rec_param_uniform(&m.b[0], 8, 0.3);
    rec_param_uniform(&m.b[1], 9, 0.3);
    return m;
}

/* One epoch the plain way: the loss before the step. */
static inline double plain_epoch(struct rec_gcn *m, const struct rec_graph *g,
                                 const struct rec_chunks *c, struct rec_gcn_state *s,
                                 const struct rec_adam *adam, uint64_t step)
{
    struct rec_param *p;
    double loss;

    for (uint32_t i = 1; (p = rec_gcn_param(m, i)) != NULL; i++)
        memset(p->dx, 0, rec_param_size(p) * sizeof *p->dx);
    rec_gcn_forward(m, g, c, s);
    loss = rec_gcn_loss(m, g, c, s);
    rec_gcn_backward(m, g, c, s);
    for (uint32_t i = 0; (p = rec_gcn_param(m, i)) != NULL; i++)
        rec_adam_step(adam, step, p);
    return loss;
}

#endif
