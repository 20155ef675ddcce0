/* lightgcn: the gradient of E against central differences, for both losses. */
#include "grad/gradcheck.h"
#include "nn/lightgcn_step.h"
#include "unit/toy.h"

static double batch_loss(void *ctx)
{
    struct rec_lightgcn *m = ctx;

    rec_lightgcn_spread(m);
    return rec_lightgcn_batch(m, false);
}

static void make_model(struct rec_lightgcn *m, struct toy *t,
                       enum rec_lightgcn_loss loss, uint32_t layers)
{
    struct rec_lightgcn_opts o = { 3, layers, 20, loss, 2, 0.7 };

    *t = toy_make(7, 6, 60, 3);
    CHECKF(rec_lightgcn_make(m, &t->x, &o, &err) == REC_OK, "%s", err.text);
    for (uint32_t i = 0; i < m->opts.batch; i++) { /* a batch with repeats */
        uint32_t e = i * 5 % 17;

        m->b.user[i] = m->who[e];
        m->b.pos[i] = m->r.to[0][e];
    }
    m->b.n = m->opts.batch;
    rec_lightgcn_draw(m, 1, 0);
    for (size_t i = 0; i < rec_param_size(&m->e); i++)
        m->e.x[i] *= 4.0; /* far from flat */
    rec_lightgcn_spread(m);
    (void)rec_lightgcn_batch(m, true);
}

static void lightgcn_has_the_gradient_of_its_loss(void)
{
    for (int loss = 0; loss < 2; loss++)
        for (uint32_t layers = 1; layers < 4; layers++) {
            struct rec_lightgcn m;
            struct toy t;
            size_t n, at = 0;
            rec_real *copy;
            struct tensor x;

            make_model(&m, &t, (enum rec_lightgcn_loss)loss, layers);
            n = rec_param_size(&m.e);
            copy = random_array(n, 1);
            memcpy(copy, m.e.dx, n * sizeof *copy);
            x = (struct tensor){ "E", m.e.x, copy, n };
            CHECKF(gradients_hold(&x, 1, batch_loss, &m, NULL), "loss %d, %u layers",
                   loss, layers);
            for (size_t i = 0; i < n; i++) /* the test of the test */
                at = fabs(copy[i]) > fabs(copy[at]) ? i : at;
            copy[at] *= 1.01;
            CHECK(!gradients_hold(&x, 1, batch_loss, &m, NULL));
            copy[at] /= 1.01;
            rec_lightgcn_draw(&m, 2, 0); /* other items j */
            CHECK(!gradients_hold(&x, 1, batch_loss, &m, NULL));
            free(copy);
            rec_lightgcn_free(&m);
            toy_free(&t);
        }
}

int main(void)
{
    RUN(lightgcn_has_the_gradient_of_its_loss);
    return test_end();
}
