#ifndef REC_TEST_GRADCHECK_H
#define REC_TEST_GRADCHECK_H

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "nn/chunks.h"
#include "nn/real.h"
#include "unit/test.h"

/*
 * Gradients against central differences, in double: step 1e-5, the worst element of
 * every tensor, tolerance 1e-6 relative to max(1, |g|), and a NaN fails.
 */
_Static_assert(sizeof(rec_real) == sizeof(double), "build this with -DREC_DOUBLE");

static const double STEP = 1e-5, TOLERANCE = 1e-6;
static struct rec_err err;

/* N values X that a loss depends on, and the gradient DX under test. */
struct tensor {
    const char *name;
    rec_real *x;
    const rec_real *dx;
    size_t n;
};

typedef double loss_fn(void *ctx);

/* Whether all gradients hold; *worst, if given, is the largest error seen. */
static inline bool gradients_hold(const struct tensor *t, size_t n_tensors,
                                  loss_fn *loss, void *ctx, double *worst)
{
    bool ok = true;

    for (size_t k = 0; k < n_tensors; k++)
        for (size_t i = 0; i < t[k].n; i++) {
            rec_real *x = &t[k].x[i], before = *x;
            double up, down, g, error;

            *x = before + STEP;
            up = loss(ctx);
            *x = before - STEP;
            down = loss(ctx);
            *x = before;
            g = (up - down) / (2.0 * STEP);
            error = fabs(g - t[k].dx[i]) / fmax(1.0, fabs(g));
            if (!(error <= TOLERANCE))
                ok = false;
            if (worst != NULL && !(error <= *worst))
                *worst = error;
        }
    return ok;
}

static inline rec_real *random_array(size_t n, uint64_t seed)
{
    rec_real *x = malloc((n + 1) * sizeof *x);

    CHECK(x != NULL);
    for (size_t i = 0; i < n; i++)
        x[i] = (double)(test_random(&seed) >> 11) * 0x1p-52 - 1.0;
    return x;
}

/* 3 users, 5 items: a pair rated twice, a user and an item without training ratings. */
static const uint32_t users[] = { 0, 0, 1, 1, 0, 2, 1 };
static const uint32_t items[] = { 1, 1, 0, 3, 4, 2, 1 };
static const float ratings[] = { 5.0f, 2.0f, 1.5f, 4.0f, 3.0f, 5.0f, 4.5f };
static const uint8_t parts[] = { REC_TRAIN, REC_TRAIN, REC_TRAIN, REC_TRAIN,
                                 REC_TRAIN, REC_TEST,  REC_TRAIN };
static const uint8_t one_part[] = { REC_VALID, REC_TEST, REC_TEST, REC_TRAIN,
                                    REC_TEST,  REC_TEST, REC_VALID };

static inline void make_graph(bool one, struct rec_graph *g, struct rec_chunks *c)
{
    struct rec_ratings x = { .n_users = 3,
                             .n_items = 5,
                             .n = 7,
                             .user = users,
                             .item = items,
                             .rating = ratings,
                             .part = one ? one_part : parts };

    CHECK(rec_graph_build(&x, g, &err) == REC_OK);
    CHECK(g->n_edges == (one ? 2 : 12));
    rec_chunks_cut(g, c);
}

#endif
