#ifndef REC_TEST_TIMEDTOY_H
#define REC_TEST_TIMEDTOY_H

#include "data/ratings.h"
#include "unit/toy.h"

/* A toy with times, of which few are distinct, and ids of users. */
struct timed {
    struct toy t;
    int64_t *time;
    struct rec_table users;
};

/* IDS[u] stands for user u; NULL: "user <u>". */
static inline void add_ids(struct timed *a, const uint32_t *ids)
{
    struct rec_column *c;
    struct rec_err why;

    rec_table_init(&a->users, "users", REC_KIND_DICT);
    rec_table_add(&a->users, "id", REC_STR, 1, REC_PLAIN, NULL);
    CHECK(rec_table_reserve(&a->users, a->t.x.n_users, &why) == REC_OK);
    c = &a->users.cols[0];
    for (uint32_t u = 0; u < a->t.x.n_users; u++) {
        CHECK(rec_buf_addf(&c->text, &why, "user %u", ids != NULL ? ids[u] : u) ==
              REC_OK);
        c->at[u + 1] = c->text.n;
    }
    a->users.n_rows = a->t.x.n_users;
    a->t.x.user_ids = c;
}

static inline void timed_make(struct timed *a, uint32_t n_users, size_t n,
                              uint64_t seed)
{
    static const int64_t ends[] = { INT64_MIN, INT64_MAX, 0, -1 };

    *a = (struct timed){ .t = toy_make(n_users, 7, n, seed) };
    a->time = calloc(n, sizeof *a->time);
    CHECK(a->time != NULL);
    for (size_t i = 0; i < n; i++) {
        uint64_t x = test_random(&seed);

        a->time[i] = x % 8 < 4   ? ends[x % 4]
                     : x % 8 < 6 ? 1300000000 + (int64_t)(x / 8 % 5)
                                 : (int64_t)test_random(&seed);
    }
    a->t.x.time = a->time;
    a->t.x.source = a->t.source;
    add_ids(a, NULL);
}

static inline void timed_free(struct timed *a)
{
    toy_free(&a->t);
    free(a->time);
    rec_table_free(&a->users);
}

#endif
