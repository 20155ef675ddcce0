#include "nn/batch.h"

#include <stdio.h>
#include <string.h>

#include "base/random.h"

enum rec_status rec_batches_make(struct rec_batches *b, const struct rec_graph *g,
                                 uint64_t size, uint64_t seed, struct rec_err *err)
{
    struct rec_batches x = { .seed = seed };

    if (g->n_edges / 2 > UINT32_MAX - 1)
        return rec_fail(err, REC_EUSAGE, "mini-batches: more than 4294967294 ratings");
    x.n_ratings = (uint32_t)(g->n_edges / 2);
    x.size = size < x.n_ratings ? (uint32_t)size : x.n_ratings;
    x.n = (x.n_ratings - 1) / x.size + 1;
    x.user = rec_alloc(x.n_ratings, sizeof *x.user, "batches", err);
    x.order = rec_alloc(x.n_ratings, sizeof *x.order, "batches", err);
    if (x.user == NULL || x.order == NULL) {
        rec_batches_free(&x);
        return REC_ESYSTEM;
    }
    for (uint32_t u = 0; u < g->n_users; u++)
        for (uint64_t e = g->off[u]; e < g->off[u + 1]; e++)
            x.user[e] = u;
    *b = x;
    return REC_OK;
}

void rec_batches_free(struct rec_batches *b)
{
    rec_free(b->user);
    rec_free(b->order);
    *b = (struct rec_batches){ 0 };
}

uint64_t rec_batches_bytes(const struct rec_graph *g)
{
    return g->n_edges / 2 * 2 * sizeof(uint32_t);
}

void rec_batches_draw(struct rec_batches *b, uint64_t epoch)
{
    struct rec_random random;
    char stream[48];

    (void)snprintf(stream, sizeof stream, "batches %llu", (unsigned long long)epoch);
    rec_random_init(&random, b->seed, stream);
    for (uint32_t i = 0; i < b->n_ratings; i++) {
        uint32_t j = (uint32_t)rec_random_below(&random, (uint64_t)i + 1);

        b->order[i] = b->order[j];
        b->order[j] = i;
    }
}

double rec_gcn_batch_loss(struct rec_gcn *m, const struct rec_graph *g,
                          const struct rec_batches *b, uint32_t k,
                          struct rec_gcn_state *s)
{
    size_t from = (size_t)k * b->size, to = from + b->size;
    double loss = 0.0, sum = 0.0, n;
    rec_real c = m->c.x[0], scale;

    to = to < b->n_ratings ? to : b->n_ratings;
    n = (double)(to - from);
    scale = (rec_real)(2.0 / n);
    memset(s->g, 0, g->n_nodes * sizeof *s->g);
    for (size_t i = from; i < to; i++) {
        uint32_t e = b->order[i], user = b->user[e], item = g->to[e];
        /* forward:  rating = s_u + s_i + c, loss = mean error^2 */
        rec_real error = s->s[user] + c + s->s[item] - (rec_real)g->rating[e];
        /* so:       ds_u += 2 error / n, ds_i += 2 error / n, dc += 2 error / n */
        rec_real delta = scale * error;

        loss += (double)error * (double)error;
        s->g[user] += delta;
        s->g[item] += delta;
        sum += (double)delta;
    }
    m->c.dx[0] += (rec_real)sum;
    return loss / n;
}
