/* The fused path against the plain one, in double: steps of both are the same. */
#include <math.h>
#include <string.h>

#include "base/par.h"
#include "nn/kernels.h"
#include "unit/fusedcases.h"

_Static_assert(sizeof(rec_real) == sizeof(double), "build this with -DREC_DOUBLE");

static struct rec_err err;

/* Not so small an epsilon that the sign of a rounding error becomes a step. */
static const struct rec_adam adam = {
    .lr = 0.05, .beta1 = 0.9, .beta2 = 0.999, .epsilon = 1e-4
};

/* Largest difference, as a share of the largest number. */
static double distance(const rec_real *a, const rec_real *b, size_t n)
{
    double most = 1e-300, worst = 0.0;

    for (size_t i = 0; i < n; i++) {
        most = fmax(most, fabs(a[i]));
        if (!(fabs(a[i] - b[i]) <= worst))
            worst = fabs(a[i] - b[i]);
    }
    return worst / most;
}

static void check_same(struct rec_gcn *a, struct rec_gcn *b, const char *what)
{
    struct rec_param *p;

    for (uint32_t i = 0; (p = rec_gcn_param(a, i)) != NULL; i++) {
        const struct rec_param *q = rec_gcn_param(b, i);
        size_t n = rec_param_size(p);

        CHECKF(distance(p->x, q->x, n) < 1e-9, "%s: %s", what, p->name);
        CHECKF(distance(p->m, q->m, n) < 1e-9, "%s: m of %s", what, p->name);
        CHECKF(distance(p->v, q->v, n) < 1e-9, "%s: v of %s", what, p->name);
        if (i > 0)
            CHECKF(distance(p->dx, q->dx, n) < 1e-9, "%s: d%s", what, p->name);
    }
}

/* Three steps, W1 taken out and put in again after each. */
static void check_case(const struct fused_case *c, uint32_t width, const char *set)
{
    struct rec_graph g = fused_graph(c);
    struct rec_gcn plain = fused_model(&g, width), fused = fused_model(&g, width);
    struct rec_gcn_state s;
    struct rec_fused *f;
    struct rec_chunks chunks;
    rec_real *shares = malloc(g.n_nodes * sizeof *shares);
    char what[160];

    CHECK(shares != NULL);
    (void)snprintf(what, sizeof what, "%s, width %u, %s", c->what, width, set);
    rec_chunks_cut(&g, &chunks);
    CHECK(rec_gcn_state_make(&s, &plain, &chunks, &err) == REC_OK);
    CHECK(rec_fused_make(&fused, &g, &f, &err) == REC_OK);
    for (uint64_t step = 1; step <= 3; step++) {
        double wanted = plain_epoch(&plain, &g, &chunks, &s, &adam, step), loss;

        rec_fused_begin(f, &fused, step > 1);
        loss = rec_fused_forward(f, &fused);
        CHECKF(fabs(loss - wanted) <= 1e-10 * wanted, "%s: loss %.15g not %.15g", what,
               loss, wanted);
        rec_fused_shares(f, shares);
        CHECKF(distance(s.s, shares, g.n_nodes) < 1e-9, "%s: shares", what);
        rec_fused_step(f, &fused, &adam, step);
        rec_fused_end(f, &fused);
        check_same(&plain, &fused, what);
    }
    free(shares);
    rec_fused_free(f);
    rec_gcn_state_free(&s);
    rec_gcn_free(&plain);
    rec_gcn_free(&fused);
    rec_graph_free(&g);
}

static void fused_steps_are_those_of_the_plain_path(void)
{
    for (size_t set = 0; set < N_FUSED_SETS; set++) {
        if (!rec_kernel_set_use(fused_sets[set]))
            continue;
        for (size_t w = 0; w < N_FUSED_WIDTHS; w++)
            for (size_t i = 0; i < N_FUSED_CASES; i++)
                check_case(&fused_cases[i], fused_widths[w], fused_sets[set]);
    }
}

int main(void)
{
    rec_kernels_init();
    rec_par_set_threads(2);
    RUN(fused_steps_are_those_of_the_plain_path);
    return test_end();
}
