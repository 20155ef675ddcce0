/* Gradients of each kernel alone; see gradcheck.h. */
#include "grad/gradcheck.h"
#include "nn/kernels.h"

/* The loss of a kernel is the sum of y * r, so that its dy is r. */
struct kernel {
    const struct rec_graph *g;
    const struct rec_chunks *c;
    uint32_t d;
    rec_real *x, *w, *b, *y, *r;
};

static double weighted_sum(const struct kernel *k)
{
    double sum = 0.0;

    for (size_t i = 0; i < (size_t)k->g->n_nodes * k->d; i++)
        sum += k->y[i] * k->r[i];
    return sum;
}

static double linear_loss(void *ctx)
{
    struct kernel *k = ctx;

    rec_linear(k->c, k->x, k->w, k->b, k->d, k->y);
    return weighted_sum(k);
}

static double spmm_loss(void *ctx)
{
    struct kernel *k = ctx;

    rec_spmm(k->g, k->c, k->x, k->d, k->y);
    return weighted_sum(k);
}

static double relu_loss(void *ctx)
{
    struct kernel *k = ctx;

    memcpy(k->y, k->x, (size_t)k->g->n_nodes * k->d * sizeof *k->y);
    rec_relu(k->c, k->y, k->b, k->d);
    return weighted_sum(k);
}

/* Runs FN with a kernel of each width on both graphs. */
static void for_each_kernel(void (*fn)(struct kernel *k))
{
    static const uint32_t widths[] = { 1, 4, 5, 33 };

    for (size_t i = 0; i < 8; i++) {
        struct rec_graph g;
        struct rec_chunks c;
        struct kernel k = { &g, &c, widths[i / 2], NULL, NULL, NULL, NULL, NULL };
        size_t n, d = k.d;

        make_graph(i % 2, &g, &c);
        n = (size_t)g.n_nodes * d;
        k.x = random_array(n, 1);
        k.w = random_array(d * d, 2);
        k.b = random_array(d, 3);
        k.y = random_array(n, 4);
        k.r = random_array(n, 5);
        fn(&k);
        free(k.x), free(k.w), free(k.b), free(k.y), free(k.r);
        rec_graph_free(&g);
    }
}

static void check_linear(struct kernel *k)
{
    size_t d = k->d, n = (size_t)k->g->n_nodes * d;
    rec_real *dx = random_array(n, 6), *dw = calloc(d * d, sizeof *dw);
    rec_real *db = calloc(d, sizeof *db), *wrong = random_array(n, 7);
    rec_real *part = random_array(REC_MAX_CHUNKS * d * (d + 1), 8);
    double worst = 0.0;

    CHECK(dw != NULL && db != NULL);
    rec_linear_backward(k->c, k->x, k->w, k->r, k->d, dx, dw, db, part);
    {
        const struct tensor t[] = { { "x", k->x, dx, n },
                                    { "w", k->w, dw, d * d },
                                    { "b", k->b, db, d } };

        CHECKF(gradients_hold(t, 3, linear_loss, k, &worst), "d %zu: %g", d, worst);
    }
    memset(db, 0, d * sizeof *db); /* dx = dy w, its transpose forgotten */
    rec_linear(k->c, k->r, k->w, db, k->d, wrong);
    {
        const struct tensor t = { "x", k->x, wrong, n };

        CHECKF(gradients_hold(&t, 1, linear_loss, k, NULL) == (d == 1), "d %zu", d);
    }
    free(dx), free(dw), free(db), free(wrong), free(part);
}

static void check_spmm(struct kernel *k)
{
    size_t n = (size_t)k->g->n_nodes * k->d;
    rec_real *dx = random_array(n, 6);
    const struct tensor t = { "x", k->x, dx, n };
    double worst = 0.0;

    rec_spmm(k->g, k->c, k->r, k->d, dx);
    CHECKF(gradients_hold(&t, 1, spmm_loss, k, &worst), "d %u: %g", k->d, worst);
    free(dx);
}

static void check_relu(struct kernel *k)
{
    size_t d = k->d, n = (size_t)k->g->n_nodes * d;
    rec_real *dx = random_array(n, 6), *db = calloc(d, sizeof *db);
    rec_real *part = random_array(REC_MAX_CHUNKS * d, 7);
    double worst = 0.0;

    CHECK(db != NULL);
    for (size_t i = 0; i < n; i++) /* no kink within reach of a step */
        CHECK(fabs(k->x[i] + k->b[i % d]) > 2.0 * STEP);
    (void)relu_loss(k);
    memcpy(dx, k->r, n * sizeof *dx);
    rec_relu_backward(k->c, k->y, k->d, dx);
    rec_bias_backward(k->c, dx, k->d, db, part);
    {
        const struct tensor t[] = { { "x", k->x, dx, n }, { "b", k->b, db, d } };

        CHECKF(gradients_hold(t, 2, relu_loss, k, &worst), "d %zu: %g", d, worst);
    }
    free(dx), free(db), free(part);
}

static void linear_has_the_gradient_of_its_forward(void)
{
    for_each_kernel(check_linear);
}

static void spmm_is_its_own_backward(void)
{
    for_each_kernel(check_spmm);
}

static void relu_has_the_gradient_of_its_forward(void)
{
    for_each_kernel(check_relu);
}

int main(void)
{
    rec_kernels_init();
    RUN(linear_has_the_gradient_of_its_forward);
    RUN(spmm_is_its_own_backward);
    RUN(relu_has_the_gradient_of_its_forward);
    return test_end();
}
