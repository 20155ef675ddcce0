#ifndef REC_TEST_TOY_H
#define REC_TEST_TOY_H

#include <stdlib.h>

#include "data/graph.h"
#include "unit/test.h"

/* Ratings of one's own; `x` views the arrays, which toy_free() frees. */
struct toy {
    struct rec_ratings x;
    uint32_t *user, *item;
    float *rating;
    uint8_t *part, *source;
};

/*
 * N random ratings, three in four for training.  The last user and the last item have
 * none, and row 1 repeats the pair of row 0, both for training.
 */
static inline struct toy toy_make(uint32_t n_users, uint32_t n_items, size_t n,
                                  uint64_t seed)
{
    struct toy t = { .x = { .n_users = n_users, .n_items = n_items, .n = n } };

    t.user = calloc(n, sizeof *t.user);
    t.item = calloc(n, sizeof *t.item);
    t.rating = calloc(n, sizeof *t.rating);
    t.part = calloc(n, 1);
    t.source = calloc(n, 1);
    CHECK(t.user && t.item && t.rating && t.part && t.source);
    for (size_t i = 0; i < n; i++) {
        t.user[i] = (uint32_t)(test_random(&seed) % (n_users > 1 ? n_users - 1 : 1));
        t.item[i] = (uint32_t)(test_random(&seed) % (n_items > 1 ? n_items - 1 : 1));
        t.rating[i] = (float)(1 + test_random(&seed) % 9) / 2.0f;
        t.part[i] = (uint8_t)(test_random(&seed) % 4 > 0 ? REC_TRAIN
                                                         : 1 + test_random(&seed) % 2);
        t.source[i] = (uint8_t)(1 + test_random(&seed) % 3);
    }
    for (size_t i = 0; i < 2 && i < n; i++) {
        t.user[i] = t.user[0];
        t.item[i] = t.item[0];
        t.part[i] = REC_TRAIN;
    }
    t.x.user = t.user;
    t.x.item = t.item;
    t.x.rating = t.rating;
    t.x.part = t.part;
    return t;
}

static inline void toy_free(struct toy *t)
{
    free(t->user);
    free(t->item);
    free(t->rating);
    free(t->part);
    free(t->source);
    *t = (struct toy){ .user = NULL };
}

/* The graph of such ratings. */
static inline struct rec_graph toy_graph(uint32_t n_users, uint32_t n_items, size_t n,
                                         uint64_t seed)
{
    struct toy t = toy_make(n_users, n_items, n, seed);
    struct rec_err why;
    struct rec_graph g;

    CHECKF(rec_graph_build(&t.x, &g, &why) == REC_OK, "%s", why.text);
    toy_free(&t);
    return g;
}

#endif
