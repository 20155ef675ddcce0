#include "nn/lightgcn_step.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/clones.h"
#include "base/random.h"
#include "nn/dot.h"

/* ---- the items j ---- */

static bool has(const struct rec_pairs01 *r, uint32_t user, uint32_t item)
{
    uint64_t low = r->off[0][user], high = r->off[0][user + 1];

    while (low < high) {
        uint64_t mid = low + (high - low) / 2;

        if (r->to[0][mid] < item)
            low = mid + 1;
        else
            high = mid;
    }
    return low < r->off[0][user + 1] && r->to[0][low] == item;
}

void rec_lightgcn_draw(struct rec_lightgcn *m, uint64_t epoch, uint64_t number)
{
    enum { TRIES = 100 }; /* a user may have everything */
    struct rec_lightgcn_batch *b = &m->b;
    struct rec_random random;
    char stream[64];

    (void)snprintf(stream, sizeof stream, "lightgcn items %llu.%llu",
                   (unsigned long long)epoch, (unsigned long long)number);
    rec_random_init(&random, m->opts.seed, stream);
    if (m->opts.loss == REC_LOSS_SOFTMAX) {
        for (uint32_t k = 0; k < b->n_neg; k++)
            b->neg[k] = k % 2 == 0 ? (uint32_t)rec_random_below(&random, m->r.n[1])
                                   : b->pos[rec_random_below(&random, b->n)];
        return;
    }
    for (uint32_t i = 0; i < b->n; i++) {
        int tries = 0;

        do
            b->neg[i] = (uint32_t)rec_random_below(&random, m->r.n[1]);
        while (has(&m->r, b->user[i], b->neg[i]) && ++tries < TRIES);
    }
}

REC_CLONES rec_real rec_lightgcn_dot(const rec_real *a, const rec_real *b, uint32_t d)
{
    return rec_dot(a, b, d);
}

/* ---- BPR ---- */

/* forward:  loss += penalty / (2 n) |E_v|^2        so:  dE_v += penalty / n E_v */
static double penalise(struct rec_lightgcn *m, uint32_t node, bool learn)
{
    uint32_t d = m->opts.width;
    const rec_real *e = m->e.x + (size_t)node * d;
    double by = m->opts.penalty / m->b.n;

    if (learn)
        rec_lightgcn_add(m->e.dx + (size_t)node * d, (rec_real)by, e, d);
    return 0.5 * by * (double)rec_lightgcn_dot(e, e, d);
}

static double bpr(struct rec_lightgcn *m, bool learn)
{
    const struct rec_lightgcn_batch *b = &m->b;
    uint32_t d = m->opts.width, first = m->r.n[0];
    double loss = 0.0;

    if (learn)
        memset(m->h, 0, rec_param_size(&m->e) * sizeof *m->h);
    for (uint32_t i = 0; i < b->n; i++) {
        const rec_real *u = m->f + (size_t)b->user[i] * d;
        const rec_real *p = rec_lightgcn_item(m, b->pos[i]),
                       *q = rec_lightgcn_item(m, b->neg[i]);
        double x =
            (double)rec_lightgcn_dot(u, q, d) - (double)rec_lightgcn_dot(u, p, d);
        rec_real g = (rec_real)(1.0 / ((1.0 + exp(-x)) * b->n));

        /* forward:  loss += log(1 + exp(x)) / n    so:  dx = 1 / (1 + exp(-x)) / n */
        loss += (x > 0.0 ? x + log1p(exp(-x)) : log1p(exp(x))) / b->n;
        if (!learn)
            continue;
        rec_lightgcn_add(m->h + (size_t)b->user[i] * d, g, q, d);
        rec_lightgcn_add(m->h + (size_t)b->user[i] * d, -g, p, d);
        rec_lightgcn_add(m->h + ((size_t)first + b->neg[i]) * d, g, u, d);
        rec_lightgcn_add(m->h + ((size_t)first + b->pos[i]) * d, -g, u, d);
    }
    if (learn)
        rec_lightgcn_back(m);
    for (uint32_t i = 0; i < b->n; i++)
        loss += penalise(m, b->user[i], learn) + penalise(m, first + b->pos[i], learn) +
                penalise(m, first + b->neg[i], learn);
    return loss;
}

double rec_lightgcn_batch(struct rec_lightgcn *m, bool learn)
{
    double loss;

    if (m->opts.loss == REC_LOSS_BPR)
        return bpr(m, learn);
    loss = rec_lightgcn_softmax(m, learn) / m->b.n;
    if (learn)
        rec_lightgcn_back(m);
    return loss;
}
