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

static void check_array(const rec_real *a, const rec_real *b, size_t n,
                        const char *what, const char *name)
{
    CHECKF(distance(a, b, n) < 1e-9, "%s: %s", what, name);
}

/* A moment of W1, which is not F's for users without edges: they have none. */
static void check_moment(const rec_real *wanted, const rec_real *got,
                         const struct rec_order *o, size_t d, const char *what,
                         const char *name)
{
    rec_real *x = calloc(o->n_nodes, d * sizeof *x);

    CHECK(x != NULL);
    for (size_t n = 0; n < o->n_active; n++)
        memcpy(x + o->from[n] * d, got + n * d, d * sizeof *x);
    check_array(wanted, x, o->n_nodes * d, what, name);
    free(x);
}

static void check_same(struct rec_gcn *plain, struct rec_gcn *fused,
                       const struct rec_fused *f, const struct rec_order *o,
                       const char *what)
{
    size_t n = rec_param_size(&plain->w[0]), d = plain->width;
    rec_real *w1 = malloc(n * sizeof *w1);
    struct rec_param *p;

    CHECK(w1 != NULL);
    rec_fused_w1(f, w1);
    check_array(plain->w[0].x, w1, n, what, "W1");
    check_moment(plain->w[0].m, fused->w[0].m, o, d, what, "m of W1");
    check_moment(plain->w[0].v, fused->w[0].v, o, d, what, "v of W1");
    for (uint32_t i = 1; (p = rec_gcn_param(plain, i)) != NULL; i++) {
        const struct rec_param *q = rec_gcn_param(fused, i);

        n = rec_param_size(p);
        check_array(p->x, q->x, n, what, p->name);
        check_array(p->m, q->m, n, what, p->name);
        check_array(p->v, q->v, n, what, p->name);
        check_array(p->dx, q->dx, n, what, p->name);
    }
    free(w1);
}

static void check_steps(struct rec_gcn *plain, struct rec_gcn *fused,
                        struct rec_fused *f, const struct rec_graph *g,
                        const char *what)
{
    struct rec_order o;
    struct rec_gcn_state s;
    struct rec_chunks chunks;
    rec_real *shares = malloc(g->n_nodes * sizeof *shares);

    CHECK(shares != NULL);
    CHECK(rec_order_make(g, &o, &err) == REC_OK);
    rec_chunks_cut(g, &chunks);
    CHECK(rec_gcn_state_make(&s, plain, &chunks, &err) == REC_OK);
    for (uint64_t step = 1; step <= 3; step++) {
        double wanted = plain_epoch(plain, g, &chunks, &s, &adam, step);
        double loss = rec_fused_forward(f, fused);

        CHECKF(fabs(loss - wanted) <= 1e-10 * wanted, "%s: loss %.15g not %.15g", what,
               loss, wanted);
        rec_fused_shares(f, shares);
        check_array(s.s, shares, g->n_nodes, what, "shares");
        rec_fused_step(f, fused, &adam, step);
        check_same(plain, fused, f, &o, what);
    }
    rec_gcn_state_free(&s);
    rec_order_free(&o);
    free(shares);
}

/* Three steps, then W1 is taken out. */
static void check_case(const struct fused_case *c, uint32_t width, const char *set)
{
    struct rec_graph g = fused_graph(c);
    struct rec_gcn plain = fused_model(&g, width), fused = fused_model(&g, width);
    struct rec_fused *f;
    char what[160];

    (void)snprintf(what, sizeof what, "%s, width %u, %s", c->what, width, set);
    CHECK(rec_fused_make(&g, width, &f, &err) == REC_OK);
    CHECK(rec_fused_begin(f, &fused, &err) == REC_OK);
    check_steps(&plain, &fused, f, &g, what);
    CHECK(rec_fused_end(f, &fused, &err) == REC_OK);
    check_array(plain.w[0].x, fused.w[0].x, rec_param_size(&plain.w[0]), what, "W1");
    CHECK(fused.w[0].m == NULL && fused.w[0].v == NULL && fused.w[0].dx == NULL);
    rec_fused_free(f);
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
