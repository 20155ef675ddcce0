/*
 * Gradients of the network, see gradcheck.h, and the test of the test: wrong gradients
 * must be refused by the same check.
 */
#include "base/par.h"
#include "grad/gradcheck.h"
#include "nn/batch.h"
#include "nn/gcn.h"
#include "nn/kernels.h"
#include "unit/toyfeatures.h"

struct net {
    struct rec_graph g;
    struct rec_chunks c;
    struct rec_gcn m;
    struct rec_gcn_state s;
    struct rec_batches batches; /* empty: the loss is over all ratings */
    bool *alive;                /* which outputs of the layers are above 0 */
    bool kinked;                /* a step has changed that */
    struct tensor t[2 * REC_GCN_MAX_LAYERS + 3];
    size_t n_tensors;
    struct rec_features known;
};

/* Side features of users and items that nets have. */
static uint32_t n_known[2];

static size_t layer_size(const struct net *x)
{
    return (size_t)x->m.n_nodes * x->m.width;
}

static double loss_of(struct net *x)
{
    return x->batches.n > 0 ? rec_gcn_batch_loss(&x->m, &x->g, &x->batches, 0, &x->s)
                            : rec_gcn_loss(&x->m, &x->g, &x->c, &x->s);
}

static double net_loss(void *ctx)
{
    struct net *x = ctx;
    size_t n = layer_size(x);
    rec_real dc = x->m.c.dx[0];
    double loss;

    rec_gcn_forward(&x->m, &x->g, &x->c, &x->s);
    loss = loss_of(x);
    x->m.c.dx[0] = dc; /* the loss adds to it */
    for (uint32_t l = 0; l < x->m.n_layers; l++)
        for (size_t i = 0; i < n; i++)
            x->kinked |= x->alive[l * n + i] != (x->s.h[l][i] > 0.0);
    return loss;
}

static void backward(struct net *x)
{
    size_t n = layer_size(x);

    rec_gcn_forward(&x->m, &x->g, &x->c, &x->s);
    for (uint32_t l = 0; l < x->m.n_layers; l++)
        for (size_t i = 0; i < n; i++)
            x->alive[l * n + i] = x->s.h[l][i] > 0.0;
    (void)loss_of(x);
    rec_gcn_backward(&x->m, &x->g, &x->c, &x->s);
}

/* Over the graph in X, which it takes; all values random, with gradients computed. */
static void make_net(struct net *x, uint32_t width, uint32_t layers, uint64_t seed)
{
    const uint32_t n[2] = { x->g.n_users, x->g.n_items };
    struct rec_param *p;

    x->known = toy_features(n, n_known, seed);
    CHECK(rec_gcn_make(&x->m, &x->g, width, layers, true, &err) == REC_OK);
    CHECK(rec_gcn_know(&x->m, &x->known, true, &err) == REC_OK);
    CHECK(rec_gcn_state_make(&x->s, &x->m, &x->c, &err) == REC_OK);
    x->alive = calloc(layers * layer_size(x), sizeof *x->alive);
    CHECK(x->alive != NULL);
    for (uint32_t i = 0; (p = rec_gcn_param(&x->m, i)) != NULL; i++) {
        for (size_t k = 0; k < rec_param_size(p); k++)
            p->x[k] = (double)(test_random(&seed) >> 11) * 0x1p-52 - 1.0;
        x->t[i] = (struct tensor){ p->name, p->x, p->dx, rec_param_size(p) };
        x->n_tensors = i + 1;
    }
    backward(x);
}

static void free_net(struct net *x)
{
    free(x->alive);
    rec_batches_free(&x->batches);
    rec_gcn_state_free(&x->s);
    rec_gcn_free(&x->m);
    rec_graph_free(&x->g);
    rec_features_free(&x->known);
    *x = (struct net){ .kinked = false };
}

static double largest(const struct tensor *t, size_t *at)
{
    double most = 0.0;

    for (size_t i = 0; i < t->n; i++)
        if (fabs(t->dx[i]) > most) {
            most = fabs(t->dx[i]);
            *at = i;
        }
    return most;
}

/* A layer has died, and nothing can be learned from its gradient. */
static bool dead(const struct net *x)
{
    size_t at;

    for (size_t i = 0; i < x->n_tensors; i++)
        if (largest(&x->t[i], &at) < 1e-2)
            return true;
    return false;
}

/* A net that lives and in which no step crosses a kink of relu. */
static void make_good_net(struct net *x, bool one, uint32_t width, uint32_t layers)
{
    for (uint64_t seed = 1; seed < 300; seed++) {
        *x = (struct net){ .kinked = false };
        make_graph(one, &x->g, &x->c);
        make_net(x, width, layers, seed);
        if (!dead(x)) {
            (void)gradients_hold(x->t, x->n_tensors, net_loss, x, NULL);
            if (!x->kinked)
                return;
        }
        free_net(x);
    }
    CHECK(!"a seed that gives a good net");
}

static void gcn_has_the_gradient_of_its_loss(void)
{
    static const uint32_t widths[] = { 1, 4, 5 };

    for (uint32_t layers = 1; layers <= 3; layers++)
        for (size_t w = 0; w < 3; w++)
            for (int one = 0; one < 2; one++) {
                struct net x;
                double worst = 0.0;

                make_good_net(&x, one, widths[w], layers);
                CHECKF(gradients_hold(x.t, x.n_tensors, net_loss, &x, &worst),
                       "%u layers, width %u, one %d: %g", layers, widths[w], one,
                       worst);
                CHECK(!x.kinked);
                free_net(&x);
            }
}

/* The same net with some outputs left out, or a loss over some ratings: spoils the
 * gradients of before, and computes them again. */
static bool still_holds(struct net *x, double *worst)
{
    for (size_t i = 0; i < x->n_tensors; i++)
        memset(rec_gcn_param(&x->m, (uint32_t)i)->dx, 0, x->t[i].n * sizeof(rec_real));
    backward(x);
    x->kinked = false;
    *worst = 0.0;
    return gradients_hold(x->t, x->n_tensors, net_loss, x, worst);
}

static void gcn_has_the_gradient_of_its_loss_under_a_fixed_dropout(void)
{
    size_t good = 0;

    for (uint64_t seed = 1; seed <= 12; seed++)
        for (uint32_t layers = 1; layers <= 3; layers++) {
            struct net x;
            double worst;
            bool holds;

            make_good_net(&x, false, 5, layers);
            x.s.drop = (struct rec_dropout){ 0.4, seed, seed };
            holds = still_holds(&x, &worst);
            CHECKF(holds || x.kinked, "%u layers, seed %d: %g", layers, (int)seed,
                   worst);
            good += holds && !dead(&x);
            free_net(&x);
        }
    CHECKF(good >= 10, "%zu", good);
}

static void check_refuses_a_dropout_that_is_not_scaled_back(void)
{
    struct net x;
    double worst;

    make_good_net(&x, false, 5, 2);
    x.s.drop = (struct rec_dropout){ 0.4, 1, 1 };
    CHECK(still_holds(&x, &worst) && !dead(&x));
    for (size_t i = 0; i < x.t[1].n; i++) /* b1, which lies behind the first dropout */
        x.m.b[0].dx[i] *= 0.6;
    CHECK(!gradients_hold(x.t, x.n_tensors, net_loss, &x, NULL));
    free_net(&x);
}

static void gcn_has_the_gradient_of_a_batch(void)
{
    for (uint64_t size = 1; size <= 6; size++)
        for (uint32_t layers = 1; layers <= 3; layers++) {
            struct net x;
            double worst;

            make_good_net(&x, false, 4, layers);
            CHECK(rec_batches_make(&x.batches, &x.g, size, size, &err) == REC_OK);
            rec_batches_draw(&x.batches, 1);
            CHECKF(still_holds(&x, &worst), "%u layers, %d ratings: %g", layers,
                   (int)size, worst);
            CHECK(!x.kinked);
            free_net(&x);
        }
}

/* Sums over many chunks, on two threads; biases keep relu away from its kinks. */
static void gcn_has_the_gradient_of_its_loss_over_many_chunks(void)
{
    struct toy t = toy_make(900, 700, 3000, 3);
    struct net x = { .kinked = false };
    double worst = 0.0;

    CHECK(rec_graph_build(&t.x, &x.g, &err) == REC_OK);
    rec_chunks_cut(&x.g, &x.c);
    CHECK(x.c.n > 3);
    make_net(&x, 1, 2, 1);
    x.m.b[0].x[0] = 3.0;
    x.m.b[1].x[0] = 9.0;
    for (size_t i = 0; i < x.n_tensors; i++)
        memset(rec_gcn_param(&x.m, (uint32_t)i)->dx, 0, x.t[i].n * sizeof(rec_real));
    rec_par_set_threads(2);
    backward(&x);
    rec_par_set_threads(1);
    CHECKF(gradients_hold(x.t, x.n_tensors, net_loss, &x, &worst), "%g", worst);
    CHECK(!x.kinked);
    free_net(&x);
    toy_free(&t);
}

static void backward_adds_into_all_gradients_but_that_of_w1(void)
{
    struct net x;
    rec_real *once[2 * REC_GCN_MAX_LAYERS + 3];

    make_good_net(&x, false, 4, 3);
    for (size_t i = 0; i < x.n_tensors; i++) {
        once[i] = random_array(x.t[i].n, 1);
        memcpy(once[i], x.t[i].dx, x.t[i].n * sizeof *once[i]);
    }
    backward(&x);
    for (size_t i = 0; i < x.n_tensors; i++) {
        for (size_t k = 0; k < x.t[i].n; k++)
            CHECKF(fabs(x.t[i].dx[k] - (i == 0 ? 1.0 : 2.0) * once[i][k]) < 1e-12, "%s",
                   x.t[i].name);
        free(once[i]);
    }
    free_net(&x);
}

/* ---- the test of the test ---- */

enum wrong { RIGHT, TRANSPOSED, FLIPPED, ONE_PERCENT, NOT_A_NUMBER, ZERO, N_WRONGS };

/* Spoils one tensor's gradient in a copy; false if there is no such way to. */
static bool spoil(const struct rec_param *p, const struct tensor *t, enum wrong how,
                  rec_real *copy)
{
    size_t at = 0;

    (void)largest(t, &at);
    memcpy(copy, t->dx, t->n * sizeof *copy);
    switch (how) {
    case TRANSPOSED:
        for (size_t i = 0; i < t->n && p->rows == p->cols; i++)
            copy[i] = t->dx[i % p->cols * p->cols + i / p->cols];
        return p->rows == p->cols && p->rows > 1;
    case FLIPPED:
        for (size_t i = 0; i < t->n; i++)
            copy[i] = -copy[i];
        return true;
    case ONE_PERCENT:
        copy[at] *= 1.01;
        return true;
    case NOT_A_NUMBER:
        copy[t->n - 1] = NAN;
        return true;
    case ZERO:
        memset(copy, 0, t->n * sizeof *copy);
        return true;
    default:
        return true;
    }
}

static void check_refuses_wrong_gradients(void)
{
    size_t refused = 0, transposed = 0;
    struct net x;

    make_good_net(&x, false, 5, 3);
    for (enum wrong how = RIGHT; how < N_WRONGS; how++)
        for (size_t i = 0; i < x.n_tensors; i++) {
            struct tensor t = x.t[i];
            rec_real *copy = random_array(t.n, 1);

            if (spoil(rec_gcn_param(&x.m, (uint32_t)i), &x.t[i], how, copy)) {
                t.dx = copy;
                CHECKF(gradients_hold(&t, 1, net_loss, &x, NULL) == (how == RIGHT),
                       "%s, wrong way %d", t.name, (int)how);
                refused += how != RIGHT;
                transposed += how == TRANSPOSED;
            }
            free(copy);
        }
    CHECKF(refused == x.n_tensors * 4 + 2 && transposed == 2, "%zu, %zu", refused,
           transposed);
    free_net(&x);
}

/* The backward of a network whose matrix has lost its edges in one direction. */
static void check_refuses_a_matrix_that_is_not_its_own_transpose(void)
{
    struct net x;

    make_good_net(&x, false, 4, 2);
    x.g.to[0] = x.g.to[0] == 4 ? 5 : 4; /* user 0's first edge, and not its way back */
    for (size_t i = 0; i < x.n_tensors; i++)
        memset(rec_gcn_param(&x.m, (uint32_t)i)->dx, 0, x.t[i].n * sizeof(rec_real));
    backward(&x);
    CHECK(!gradients_hold(x.t, x.n_tensors, net_loss, &x, NULL));
    free_net(&x);
}

/* All of that again with side features: of both, of users, of items. */
static void gcn_has_the_gradient_of_its_loss_with_side_features(void)
{
    static const uint32_t some[3][2] = { { 3, 4 }, { 5, 0 }, { 0, 3 } };

    for (size_t k = 0; k < 3; k++) {
        memcpy(n_known, some[k], sizeof n_known);
        gcn_has_the_gradient_of_its_loss();
        gcn_has_the_gradient_of_its_loss_over_many_chunks();
        backward_adds_into_all_gradients_but_that_of_w1();
        if (k == 0)
            gcn_has_the_gradient_of_its_loss_under_a_fixed_dropout();
        if (k == 0)
            gcn_has_the_gradient_of_a_batch();
        if (k == 0)
            check_refuses_wrong_gradients();
    }
    memset(n_known, 0, sizeof n_known);
}

int main(void)
{
    rec_kernels_init();
    RUN(gcn_has_the_gradient_of_its_loss);
    RUN(gcn_has_the_gradient_of_its_loss_under_a_fixed_dropout);
    RUN(gcn_has_the_gradient_of_a_batch);
    RUN(gcn_has_the_gradient_of_its_loss_over_many_chunks);
    RUN(backward_adds_into_all_gradients_but_that_of_w1);
    RUN(gcn_has_the_gradient_of_its_loss_with_side_features);
    RUN(check_refuses_wrong_gradients);
    RUN(check_refuses_a_dropout_that_is_not_scaled_back);
    RUN(check_refuses_a_matrix_that_is_not_its_own_transpose);
    return test_end();
}
