/* mf: the gradients of P and Q against central differences of the loss. */
#include "grad/gradcheck.h"
#include "nn/mf.h"
#include "unit/toy.h"

static double mf_loss(void *ctx)
{
    return rec_mf_gradients(ctx);
}

/* Copies of the gradients, so that the losses of the check do not touch them. */
static void take(struct rec_mf *m, rec_real *copy[2], struct tensor t[2])
{
    (void)rec_mf_gradients(m);
    for (int s = 0; s < 2; s++) {
        struct rec_param *p = &m->factor[s];

        copy[s] = random_array(rec_param_size(p), 1);
        memcpy(copy[s], p->dx, rec_param_size(p) * sizeof *p->dx);
        t[s] = (struct tensor){ p->name, p->x, copy[s], rec_param_size(p) };
    }
}

static void mf_has_the_gradient_of_its_loss(void)
{
    struct toy toy = toy_make(7, 5, 60, 3);
    const struct rec_mf_opts o = {
        .width = 3, .seed = 2, .lambda = { NAN, NAN }, .penalty = 0.3, .init = 0.5
    };
    struct rec_mf m;
    struct tensor t[2];
    rec_real *copy[2];

    CHECKF(rec_mf_make(&m, &toy.x, &o, &err) == REC_OK, "%s", err.text);
    take(&m, copy, t);
    CHECK(gradients_hold(t, 2, mf_loss, &m, NULL));
    for (int s = 0; s < 2; s++) { /* the test of the test */
        size_t at = 0;

        for (size_t i = 0; i < t[s].n; i++)
            at = fabs(copy[s][i]) > fabs(copy[s][at]) ? i : at;
        copy[s][at] *= 1.01;
        CHECK(!gradients_hold(t, 2, mf_loss, &m, NULL));
        copy[s][at] /= 1.01;
    }
    m.opts.penalty = 0.31;
    CHECK(!gradients_hold(t, 2, mf_loss, &m, NULL));
    free(copy[0]);
    free(copy[1]);
    rec_mf_free(&m);
    toy_free(&toy);
}

/* A user and an item without training ratings are 0, and stay so. */
static void nodes_without_ratings_have_no_factors(void)
{
    struct toy toy = toy_make(7, 5, 60, 3);
    const struct rec_mf_opts o = { .width = 3, .lambda = { 2, 2 }, .init = 0.5 };
    struct rec_mf m;
    struct rec_learner l;

    CHECK(rec_mf_make(&m, &toy.x, &o, &err) == REC_OK);
    l = rec_mf_learner(&m);
    for (uint64_t e = 1; e < 4; e++) {
        (void)l.loss(l.self);
        l.epoch(l.self, e, 0.1);
    }
    for (uint32_t j = 0; j < 3; j++) {
        CHECK(m.factor[0].x[6 * 3 + j] == 0.0 && m.factor[1].x[4 * 3 + j] == 0.0);
        CHECK(m.factor[0].x[j] != 0.0);
    }
    CHECK(isfinite(rec_mf_rating(&m, 6, 4)));
    rec_mf_free(&m);
    toy_free(&toy);
}

int main(void)
{
    RUN(mf_has_the_gradient_of_its_loss);
    RUN(nodes_without_ratings_have_no_factors);
    return test_end();
}
