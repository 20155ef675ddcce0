/* rank and gather, of as many strings as all threads take part in */
#include <stdlib.h>
#include <string.h>

#include "base/par.h"
#include "data/dict.h"
#include "unit/test.h"

static struct rec_err err;

enum { STRINGS = 300000, LONGEST = 40 };

struct text {
    uint8_t n;
    uint8_t s[LONGEST];
};

/* Byte by byte, a prefix first. */
static int compare_texts(const void *a, const void *b)
{
    const struct text *x = a, *y = b;

    for (size_t i = 0;; i++) {
        if (i == x->n || i == y->n)
            return (x->n > y->n) - (x->n < y->n);
        if (x->s[i] != y->s[i])
            return x->s[i] < y->s[i] ? -1 : 1;
    }
}

/*
 * The beginning is that of one of seven stems, of any length; what follows is of all
 * bytes, of two or, so that many have the same head, of none but zeros.
 */
static struct text random_text(uint64_t *state)
{
    uint64_t x = test_random(state);
    size_t stem = x % 41, n = x >> 8 & 63;
    struct text t = { .n = (uint8_t)(n <= LONGEST ? n : n - 24) };

    for (size_t i = 0; i < t.n; i++) {
        uint64_t y = test_random(state);

        t.s[i] = i < stem ? (uint8_t)('A' + (x >> 16) % 7 + (i > 9 ? x >> 24 & 1 : 0))
                 : (x >> 32) % 4 == 0 ? (uint8_t)(y % 16 == 0)
                 : (x >> 32) % 4 == 1 ? (uint8_t)(y % 2 ? 0xff : 0x7f)
                                      : (uint8_t)y;
    }
    return t;
}

/* As many different ones as there are, sorted; the caller frees them. */
static struct text *sorted_texts(uint32_t *n)
{
    struct text *list = calloc(STRINGS, sizeof *list);
    uint64_t state = 11;
    uint32_t made = 0;

    CHECK(list != NULL);
    for (int round = 0; round < 20 && made < STRINGS; round++) {
        uint32_t kept = 0;

        while (made < STRINGS)
            list[made++] = random_text(&state);
        qsort(list, made, sizeof *list, compare_texts);
        for (uint32_t i = 0; i < made; i++)
            if (kept == 0 || compare_texts(&list[kept - 1], &list[i]) != 0)
                list[kept++] = list[i];
        made = kept;
    }
    *n = made;
    return list;
}

/* Where string I of the dictionary stands among the sorted ones. */
static uint32_t *shuffled(uint32_t n)
{
    uint32_t *order = calloc(n, sizeof *order);
    uint64_t state = 12;

    CHECK(order != NULL);
    for (uint32_t i = 0; i < n; i++) {
        uint32_t k = (uint32_t)(test_random(&state) % (i + 1));

        order[i] = order[k];
        order[k] = i;
    }
    return order;
}

static void check_rank(const struct text *sorted, const uint32_t *order, uint32_t n)
{
    uint32_t *rank = calloc(n, sizeof *rank), index;
    struct rec_dict d = { 0 };
    struct rec_table t;
    bool is_new;

    CHECK(rank != NULL);
    for (uint32_t i = 0; i < n; i++) {
        const struct text *s = &sorted[order[i]];

        CHECK(rec_dict_add(&d, s->s, s->n, &index, &is_new, &err) == REC_OK && is_new);
    }
    CHECK(rec_dict_rank(&d, rank, &err) == REC_OK);
    CHECK(memcmp(rank, order, n * sizeof *rank) == 0);
    CHECK(rec_dict_table(&d, rank, "users", &t, &err) == REC_OK && t.n_rows == n);
    for (uint32_t i = 0; i < n; i++) {
        size_t len;
        const char *s = rec_column_text(&t.cols[0], i, &len);

        CHECKF(len == sorted[i].n && memcmp(s, sorted[i].s, len) == 0, "row %u", i);
    }
    rec_table_free(&t);
    rec_dict_free(&d);
    free(rank);
}

static void rank_and_gather_of_many_are_a_plain_sort_for_any_threads(void)
{
    static const unsigned threads[] = { 1, 2, 4 };
    uint64_t before = rec_mem_now();
    uint32_t n, *order;
    struct text *sorted = sorted_texts(&n);

    CHECKF(n > STRINGS / 100 * 95, "only %u strings are different", n);
    order = shuffled(n);
    for (int i = 0; i < 3; i++) {
        rec_par_set_threads(threads[i]);
        check_rank(sorted, order, n);
    }
    rec_par_set_threads(1);
    free(order);
    free(sorted);
    CHECK(rec_mem_now() == before);
}

int main(void)
{
    RUN(rank_and_gather_of_many_are_a_plain_sort_for_any_threads);
    return test_end();
}
