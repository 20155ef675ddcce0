/*
 * Gradients of rgnn, see gradcheck.h: of every tensor, for both bases, with and without
 * dropout and times, and the test of the test.
 */
#include "base/par.h"
#include "grad/gradcheck.h"
#include "nn/rgnn.h"
#include "unit/toyfeatures.h"

enum { N_TENSORS = 9 }; /* at most */

struct net {
    struct rec_rgnn_data x;
    struct rec_rgnn m;
    struct rec_rgnn_state s;
    uint32_t fold;
    double penalty;
    struct rec_rgnn_drop drop;
    struct tensor t[N_TENSORS];
    uint32_t n_tensors;
    struct rec_features known;
};

static double net_loss(void *ctx)
{
    struct net *x = ctx;

    rec_rgnn_forward(&x->m, &x->x, x->fold, &x->s);
    return rec_rgnn_loss(&x->m, &x->x, x->fold, x->penalty, &x->drop, false, &x->s,
                         NULL);
}

static void backward(struct net *x)
{
    for (uint32_t i = 0; i < x->n_tensors; i++)
        memset(rec_rgnn_param(&x->m, i)->dx, 0, x->t[i].n * sizeof(rec_real));
    rec_rgnn_forward(&x->m, &x->x, x->fold, &x->s);
    (void)rec_rgnn_loss(&x->m, &x->x, x->fold, x->penalty, &x->drop, true, &x->s, NULL);
    rec_rgnn_backward(&x->m, &x->x, x->fold, x->penalty, &x->drop, &x->s);
}

struct shape {
    uint32_t users, items;
    size_t ratings;
    uint32_t width, folds;
    bool by_level, times;
    double dropout;
    uint32_t known[2], extra; /* side features */
};

static void make_net(struct net *x, const struct shape *p, uint64_t seed)
{
    const double lambda[2] = { 2.0, 3.0 };
    struct toy t = toy_make(p->users, p->items, p->ratings, seed);
    int64_t *time = calloc(p->ratings, sizeof *time);

    const uint32_t n[2] = { p->users, p->items };
    float *extra = toy_extra(p->ratings, p->extra, seed);

    CHECK(time != NULL);
    for (size_t i = 0; i < p->ratings; i++)
        time[i] = (int64_t)(test_random(&seed) % 40) * 30;
    t.x.time = p->times ? time : NULL;
    *x = (struct net){ .penalty = 0.07, .drop = { p->dropout, 5, 3 } };
    x->known = toy_features(n, p->known, seed);
    t.x.features = &x->known;
    t.x.extra = p->extra > 0 ? extra : NULL;
    t.x.n_extra = p->extra;
    CHECKF(rec_rgnn_data_make(&t.x, p->by_level, p->times, p->folds, seed, lambda, NULL,
                              &x->x, &err) == REC_OK,
           "%s", err.text);
    CHECK(rec_rgnn_make(&x->x, p->width, true, &x->m, &err) == REC_OK);
    CHECK(rec_rgnn_state_make(&x->x, &x->m, true, &x->s, &err) == REC_OK);
    CHECK(x->m.alpha.cols == (p->times ? 10 : 4) + p->extra);
    for (uint32_t i = 0; rec_rgnn_param(&x->m, i) != NULL; i++) {
        struct rec_param *q = rec_rgnn_param(&x->m, i);

        for (size_t k = 0; k < rec_param_size(q); k++)
            q->x[k] = (double)(test_random(&seed) >> 11) * 0x1p-52 - 1.0;
        x->t[i] = (struct tensor){ q->name, q->x, q->dx, rec_param_size(q) };
        x->n_tensors = i + 1;
    }
    CHECK(x->n_tensors ==
          5u + (p->known[0] > 0 ? 2u : 0u) + (p->known[1] > 0 ? 2u : 0u));
    backward(x);
    toy_free(&t);
    free(extra);
    free(time);
}

static void free_net(struct net *x)
{
    rec_rgnn_state_free(&x->s);
    rec_rgnn_free(&x->m);
    rec_rgnn_data_free(&x->x);
    rec_features_free(&x->known);
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

static void rgnn_has_the_gradient_of_its_loss(void)
{
    static const struct shape shapes[] = {
        { 5, 4, 40, 1, 3, true, false, 0.0, { 0, 0 }, 0 },
        { 5, 4, 40, 5, 3, true, true, 0.0, { 0, 0 }, 0 },
        { 4, 7, 60, 5, 4, true, true, 0.4, { 0, 0 }, 0 },
        { 5, 4, 40, 5, 3, false, true, 0.0, { 0, 0 }, 0 },
        { 4, 7, 60, 6, 2, false, true, 0.4, { 0, 0 }, 0 },
        { 3, 3, 30, 64, 3, true, true, 0.5, { 0, 0 }, 0 },
        { 3, 3, 30, 70, 3, true, false, 0.5, { 0, 0 }, 0 },
        { 3, 3, 30, 80, 3, false, false, 0.3, { 0, 0 }, 0 },
        { 2, 2, 2, 3, 2, true, true, 0.0, { 0, 0 }, 0 },
        { 5, 4, 40, 5, 3, true, true, 0.0, { 4, 6 }, 2 },
        { 4, 7, 60, 5, 4, true, false, 0.4, { 6, 0 }, 0 },
        { 5, 4, 40, 6, 3, false, true, 0.3, { 0, 5 }, 3 },
        { 6, 6, 70, 64, 2, true, true, 0.5, { 2, 7 }, 1 },
    };

    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        struct net x;

        make_net(&x, &shapes[i], i + 1);
        for (x.fold = 0; x.fold < x.x.n_folds; x.fold++) {
            double worst = 0.0;
            size_t at;

            backward(&x);
            CHECKF(gradients_hold(x.t, x.n_tensors, net_loss, &x, &worst),
                   "shape %zu, fold %u: %g", i, x.fold, worst);
            for (size_t k = 0; k < x.n_tensors && shapes[i].ratings > 2; k++)
                CHECKF(largest(&x.t[k], &at) > 1e-3, "shape %zu, fold %u: %s", i,
                       x.fold, x.t[k].name);
        }
        free_net(&x);
    }
}

static void rgnn_has_the_gradient_of_its_loss_over_many_chunks(void)
{
    static const struct shape shape = { 900,  700,  9000, 1,        3,
                                        true, true, 0.3,  { 9, 2 }, 1 };
    struct net x;
    double worst = 0.0;

    rec_par_set_threads(2);
    make_net(&x, &shape, 3);
    rec_par_set_threads(1);
    CHECK(x.x.g.side[0].cut.n > 1 && x.x.g.side[1].cut.n > 1);
    for (size_t k = 0; k < 2; k++)
        x.t[k].n = x.t[k].n < 300 ? x.t[k].n : 300;
    CHECKF(gradients_hold(x.t, x.n_tensors, net_loss, &x, &worst), "%g", worst);
    free_net(&x);
}

/* ---- the test of the test ---- */

enum wrong { RIGHT, FLIPPED, ONE_PERCENT, NOT_A_NUMBER, ZERO, N_WRONGS };

static void spoil(const struct tensor *t, enum wrong how, rec_real *copy)
{
    size_t at = 0;

    (void)largest(t, &at);
    for (size_t i = 0; i < t->n; i++)
        copy[i] = how == FLIPPED ? -t->dx[i] : how == ZERO ? 0.0 : t->dx[i];
    if (how == ONE_PERCENT)
        copy[at] *= 1.01;
    if (how == NOT_A_NUMBER)
        copy[t->n - 1] = NAN;
}

static void check_refuses_wrong_gradients(void)
{
    static const struct shape shape = { 5, 4, 40, 5, 3, true, true, 0.3, { 3, 4 }, 2 };
    struct net x;

    make_net(&x, &shape, 1);
    for (enum wrong how = RIGHT; how < N_WRONGS; how++)
        for (size_t i = 0; i < x.n_tensors; i++) {
            struct tensor t = x.t[i];
            rec_real *copy = random_array(t.n, 1);

            spoil(&x.t[i], how, copy);
            t.dx = copy;
            CHECKF(gradients_hold(&t, 1, net_loss, &x, NULL) == (how == RIGHT),
                   "%s, wrong way %d", t.name, (int)how);
            free(copy);
        }
    free_net(&x);
}

/* A backward of another mask, of another penalty, of another fold's graph. */
static void check_refuses_the_gradient_of_another_loss(void)
{
    static const struct shape shape = { 5, 4, 40, 5, 3, true, true, 0.3, { 3, 4 }, 2 };

    for (int how = 0; how < 3; how++) {
        struct net x;

        make_net(&x, &shape, 1);
        x.drop.step += how == 0;
        x.penalty += how == 1 ? 1e-3 : 0.0;
        x.fold += how == 2;
        CHECK(!gradients_hold(x.t, x.n_tensors, net_loss, &x, NULL));
        backward(&x);
        CHECK(gradients_hold(x.t, x.n_tensors, net_loss, &x, NULL));
        free_net(&x);
    }
}

int main(void)
{
    RUN(rgnn_has_the_gradient_of_its_loss);
    RUN(rgnn_has_the_gradient_of_its_loss_over_many_chunks);
    RUN(check_refuses_wrong_gradients);
    RUN(check_refuses_the_gradient_of_another_loss);
    return test_end();
}
