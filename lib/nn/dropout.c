#include "nn/dropout.h"

#include <stdio.h>

#include "base/par.h"
#include "base/random.h"

struct work {
    const struct rec_chunks *c;
    rec_real *x;
    uint32_t d, below; /* words below this one fall */
    rec_real scale;
    struct rec_random random;
};

static struct work begin(const struct rec_chunks *c, const struct rec_dropout *drop,
                         rec_real *x, uint32_t d)
{
    return (struct work){ .c = c,
                          .x = x,
                          .d = d,
                          .below = (uint32_t)(drop->p * 0x1p32),
                          .scale = (rec_real)(1.0 / (1.0 - drop->p)) };
}

static void block(const struct rec_random *r, uint64_t at, uint32_t words[4])
{
    uint32_t counter[4] = { (uint32_t)at, (uint32_t)(at >> 32), (uint32_t)r->stream,
                            (uint32_t)(r->stream >> 32) };

    rec_philox(counter, r->key, words);
}

static void drop_chunk(void *ctx, uint32_t chunk)
{
    const struct work *k = ctx;
    uint64_t from = (uint64_t)k->c->at[chunk] * k->d;
    uint64_t to = (uint64_t)k->c->at[chunk + 1] * k->d;
    uint32_t words[4];

    for (uint64_t i = from; i < to; i++) {
        if (i == from || i % 4 == 0)
            block(&k->random, i / 4, words);
        k->x[i] = words[i % 4] < k->below ? 0 : k->x[i] * k->scale;
    }
}

void rec_dropout(const struct rec_chunks *c, const struct rec_dropout *drop,
                 uint32_t layer, rec_real *x, uint32_t d)
{
    struct work k = begin(c, drop, x, d);
    char stream[64];

    if (!(drop->p > 0.0))
        return;
    (void)snprintf(stream, sizeof stream, "dropout %u %llu", layer,
                   (unsigned long long)drop->step);
    rec_random_init(&k.random, drop->seed, stream);
    rec_par_run(c->n, drop_chunk, &k);
}

static void scale_chunk(void *ctx, uint32_t chunk)
{
    const struct work *k = ctx;
    size_t to = (size_t)k->c->at[chunk + 1] * k->d;

    /* forward:  y = x / (1 - p) where it has not fallen   so:  dx = dy / (1 - p) */
    for (size_t i = (size_t)k->c->at[chunk] * k->d; i < to; i++)
        k->x[i] *= k->scale;
}

void rec_dropout_backward(const struct rec_chunks *c, const struct rec_dropout *drop,
                          rec_real *dx, uint32_t d)
{
    struct work k = begin(c, drop, dx, d);

    if (drop->p > 0.0)
        rec_par_run(c->n, scale_chunk, &k);
}
