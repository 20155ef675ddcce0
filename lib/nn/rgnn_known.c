#include "nn/rgnn_known.h"

double rec_rgnn_known_penalty(const struct rec_rgnn *m)
{
    double sum = 0.0;

    for (int s = 0; s < 2; s++)
        for (uint32_t i = 0; i < m->c[s].rows; i++)
            sum += (double)m->c[s].x[i] * (double)m->c[s].x[i];
    return REC_RGNN_C_PENALTY * sum;
}

/*
 * forward:  h += F V                     so:  dV += F' dh
 * forward:  s += F c, of each edge       so:  dc += F' (sum of its edges' delta)
 */
void rec_rgnn_known_backward(struct rec_rgnn *m, const struct rec_rgnn_data *x,
                             const struct rec_rgnn_state *s)
{
    for (int side = 0; side < 2; side++) {
        const struct rec_sparse *t = &x->known.t[side];
        struct rec_param *c = &m->c[side];

        if (c->rows == 0)
            continue;
        rec_sparse_backward(t, s->dh[side], m->width, m->v[side].dx);
        rec_sparse_backward(t, s->sum[side], 1, c->dx);
        /* forward:  loss += penalty |c|^2        so:  dc += 2 penalty c */
        for (uint32_t i = 0; i < c->rows; i++)
            c->dx[i] += (rec_real)(2.0 * REC_RGNN_C_PENALTY) * c->x[i];
    }
}
