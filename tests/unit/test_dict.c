/* dict, encode */
#include <stdlib.h>
#include <string.h>

#include "data/dict.h"
#include "data/encode.h"
#include "data/spill.h"
#include "unit/test.h"

static struct rec_err err;

/* A string that has no NUL at its end, so that a sanitizer sees one byte too many. */
struct text {
    uint8_t *s;
    size_t n;
};

static struct text make_text(const void *s, size_t n)
{
    struct text t = { malloc(n > 0 ? n : 1), n };

    CHECK(t.s != NULL);
    memcpy(t.s, s, n);
    return t;
}

/* Of few different bytes and lengths, often with the same first eight. */
static struct text random_text(uint64_t *state)
{
    static const uint8_t bytes[] = { 0, 0x61, 0x62, 0x7f, 0x80, 0xff };
    uint8_t s[24] = "commonXX";
    size_t n = test_random(state) % 12, at = test_random(state) % 2 ? 8 : 0;

    for (size_t i = 0; i < n; i++)
        s[at + i] = bytes[test_random(state) % (n > 3 ? 2 : 6)];
    return make_text(s, at + n);
}

/* Byte order, a prefix first: written for one pair, byte by byte. */
static int slow_compare(const struct text *a, const struct text *b)
{
    for (size_t i = 0;; i++) {
        if (i == a->n || i == b->n)
            return (a->n > b->n) - (a->n < b->n);
        if (a->s[i] != b->s[i])
            return a->s[i] < b->s[i] ? -1 : 1;
    }
}

static uint32_t slow_find(const struct text *list, uint32_t n, const struct text *t)
{
    for (uint32_t i = 0; i < n; i++)
        if (list[i].n == t->n && memcmp(list[i].s, t->s, t->n) == 0)
            return i;
    return n;
}

static void dict_numbers_by_first_sight(void)
{
    enum { ADDS = 20000 };
    struct text *list = calloc(ADDS, sizeof *list);
    uint64_t before = rec_mem_now(), state = 21;
    struct rec_dict d = { 0 };
    uint32_t n = 0;

    CHECK(list != NULL);
    for (int i = 0; i < ADDS; i++) {
        struct text t = random_text(&state);
        uint32_t wanted = slow_find(list, n, &t), index = 0;
        bool is_new;

        CHECK(rec_dict_add(&d, t.s, t.n, &index, &is_new, &err) == REC_OK);
        CHECKF(index == wanted && is_new == (wanted == n), "add %d: %u not %u", i,
               index, wanted);
        if (is_new)
            list[n++] = t;
        else
            free(t.s);
        CHECK(d.n == n);
    }
    CHECKF(n > 1100, "only %u strings: no table has grown", n);
    for (uint32_t i = 0; i < n; i++) {
        CHECK(d.at[i + 1] - d.at[i] == list[i].n);
        CHECK(list[i].n == 0 ||
              memcmp(d.text.data + d.at[i], list[i].s, list[i].n) == 0);
        free(list[i].s);
    }
    free(list);
    rec_dict_free(&d);
    rec_dict_free(&d);
    CHECK(rec_mem_now() == before);
}

static void dict_holds_many_and_finds_them_again(void)
{
    enum { N = 100000 };
    struct rec_dict d = { 0 };
    uint32_t index;
    bool is_new;

    for (int round = 0; round < 2; round++)
        for (uint32_t i = 0; i < N; i++) {
            char s[16];
            int n = snprintf(s, sizeof s, "%u", i * 2654435761u);

            CHECK(rec_dict_add(&d, s, (size_t)n, &index, &is_new, &err) == REC_OK);
            CHECK(index == i && is_new == (round == 0));
        }
    rec_dict_free(&d);
}

/* The empty string alone, twice: nothing to point to, and still a string. */
static void dict_takes_the_empty_string(void)
{
    struct rec_dict d = { 0 };
    struct rec_table t;
    uint32_t index, rank = 9;
    bool is_new;
    size_t n = 9;

    CHECK(rec_dict_add(&d, "", 0, &index, &is_new, &err) == REC_OK && is_new &&
          index == 0);
    CHECK(rec_dict_add(&d, "", 0, &index, &is_new, &err) == REC_OK && !is_new);
    CHECK(rec_dict_rank(&d, &rank, &err) == REC_OK && rank == 0);
    CHECK(rec_dict_table(&d, &rank, "users", &t, &err) == REC_OK && t.n_rows == 1);
    (void)rec_column_text(&t.cols[0], 0, &n);
    CHECK(n == 0);
    rec_table_free(&t);
    rec_dict_free(&d);
}

static int compare_texts(const void *a, const void *b)
{
    return slow_compare(a, b);
}

/* Adds N texts, all different, and compares ranks and the section with a plain sort. */
static void check_ranks(struct text *list, uint32_t n)
{
    struct rec_dict d = { 0 };
    uint32_t *rank = calloc(n, sizeof *rank), index;
    struct text *sorted = calloc(n, sizeof *sorted);
    struct rec_table t, plain;
    bool is_new;

    CHECK(rank != NULL && sorted != NULL);
    memcpy(sorted, list, n * sizeof *list);
    qsort(sorted, n, sizeof *sorted, compare_texts);
    for (uint32_t i = 0; i < n; i++)
        CHECK(rec_dict_add(&d, list[i].s, list[i].n, &index, &is_new, &err) == REC_OK &&
              is_new);
    CHECK(rec_dict_rank(&d, rank, &err) == REC_OK);
    CHECK(rec_dict_table(&d, rank, "users", &t, &err) == REC_OK && d.n == 0);
    for (uint32_t i = 0; i < n; i++)
        CHECK(rec_dict_add(&d, list[i].s, list[i].n, &index, &is_new, &err) == REC_OK);
    CHECK(rec_dict_table(&d, NULL, "users", &plain, &err) == REC_OK && d.n == 0);
    CHECK(t.n_rows == n && t.kind == REC_KIND_DICT && plain.n_rows == n);
    for (uint32_t i = 0; i < n; i++) {
        size_t len;
        const char *s = rec_column_text(&t.cols[0], i, &len);

        CHECKF(len == sorted[i].n && memcmp(s, sorted[i].s, len) == 0, "row %u", i);
        CHECK(rank[i] < n && sorted[rank[i]].s == list[i].s);
        s = rec_column_text(&plain.cols[0], i, &len);
        CHECK(len == list[i].n && memcmp(s, list[i].s, len) == 0);
    }
    for (uint32_t i = 0; i < n; i++)
        free(list[i].s);
    free(sorted);
    free(rank);
    rec_table_free(&t);
    rec_table_free(&plain);
    rec_dict_free(&d);
}

static void rank_is_byte_order_with_prefixes_first(void)
{
    static const struct {
        const char *s;
        size_t n;
    } hard[] = {
        { "b", 1 },        { "a", 1 },         { "ab", 2 },
        { "a\0", 2 },      { "a\0\0", 3 },     { "a\0b", 3 },
        { "", 0 },         { "\0", 1 },        { "\xff", 1 },
        { "\x7f", 1 },     { "\x80", 1 },      { "B", 1 },
        { "12345678", 8 }, { "123456789", 9 }, { "12345678\0", 9 },
        { "1234567", 7 },  { "12345678z", 9 }, { "12345678a1", 10 },
        { "10", 2 },       { "9", 1 },         { "1234567\0", 8 },
        { "\xc3\xa9", 2 }, { "z", 1 },         { "12345678\xff", 9 },
    };
    enum { N = sizeof hard / sizeof *hard };
    struct text list[N];

    for (size_t i = 0; i < N; i++)
        list[i] = make_text(hard[i].s, hard[i].n);
    check_ranks(list, N);
}

static void rank_of_random_strings_is_a_plain_sort(void)
{
    enum { N = 1500 };
    struct text *list = calloc(N, sizeof *list);
    uint64_t state = 5;
    uint32_t n = 0;

    CHECK(list != NULL);
    while (n < N) {
        struct text t = random_text(&state);

        if (slow_find(list, n, &t) == n)
            list[n++] = t;
        else
            free(t.s);
    }
    check_ranks(list, N);
    free(list);
}

/* Many that share one, two, ... eight heads and more, some of which end there. */
static void rank_of_strings_with_long_common_beginnings(void)
{
    enum { N = 6000 };
    struct text *list = calloc(N, sizeof *list);
    uint32_t n = 0;

    CHECK(list != NULL);
    for (uint32_t i = 0; i < N; i++) {
        uint8_t s[200];
        size_t len = 8 * (i % 11) + i % 3;

        memset(s, 'x', len);
        len += (size_t)snprintf((char *)s + len, 16, "%u", i * 2654435761u % 7919);
        if (i % 5 == 0)
            memset(s + len - 1, 0, 1);
        list[n] = make_text(s, len);
        if (slow_find(list, n, &list[n]) == n)
            n++;
        else
            free(list[n].s);
    }
    CHECKF(n > 3000, "%u strings", n);
    check_ranks(list, n);
    free(list);
}

/* The same strings, one by one from anywhere.  FOUND (n) is room. */
static void check_find_many(const struct rec_dict *d, const struct rec_dict *none,
                            const struct rec_column *c, const uint32_t *index,
                            uint32_t n, uint32_t *found)
{
    const char **s = calloc(n, sizeof *s);
    uint32_t *len = calloc(n, sizeof *len);

    CHECK(s != NULL && len != NULL);
    for (uint32_t i = 0; i < n; i++) {
        size_t bytes;

        s[i] = rec_column_text(c, n - 1 - i, &bytes);
        len[i] = (uint32_t)bytes;
    }
    rec_dict_find_many(d, s, len, n, found);
    for (uint32_t i = 0; i < n; i++)
        CHECKF(found[i] == index[n - 1 - i], "string %u", i);
    rec_dict_find_many(none, s, len, n, found);
    for (uint32_t i = 0; i < n; i++)
        CHECK(found[i] == UINT32_MAX);
    free(s);
    free(len);
}

/* Rows of C are found as INDEX says, and nothing else is, nor in an empty set. */
static void check_found(const struct rec_dict *d, const struct rec_column *c,
                        uint32_t n, const uint32_t *index)
{
    uint32_t *found = calloc(n, sizeof *found), before = d->n;
    struct rec_dict none = { 0 };

    CHECK(found != NULL);
    rec_dict_find_column(d, c, n, found);
    CHECK(memcmp(found, index, n * sizeof *found) == 0 && d->n == before);
    rec_dict_find_column(&none, c, n, found);
    for (uint32_t i = 0; i < n; i++)
        CHECK(found[i] == UINT32_MAX);
    check_find_many(d, &none, c, index, n, found);
    free(found);
}

/* In batches, and one by one: the same numbers, also when the table grows between. */
static void dict_adds_a_column_as_one_by_one(void)
{
    enum { N = 50000 };
    struct rec_dict a = { 0 }, b = { 0 };
    struct rec_column c = { .type = REC_STR, .width = 1 };
    uint32_t *index = calloc(N, sizeof *index), wanted;
    uint64_t before = rec_mem_now(), state = 77;
    bool is_new;

    CHECK(index != NULL && rec_column_reserve(&c, N, &err) == REC_OK);
    for (uint32_t i = 0; i < N; i++) {
        struct text t = random_text(&state);

        CHECK(rec_buf_add(&c.text, t.s, t.n, &err) == REC_OK);
        if (i % 3 > 0)
            CHECK(rec_buf_addf(&c.text, &err, "%u", i / 2) == REC_OK);
        c.at[i + 1] = c.text.n;
        free(t.s);
    }
    CHECK(rec_dict_add_column(&a, &c, N, index, &err) == REC_OK);
    for (uint32_t i = 0; i < N; i++) {
        size_t n;
        const char *s = rec_column_text(&c, i, &n);

        CHECK(rec_dict_add(&b, s, n, &wanted, &is_new, &err) == REC_OK);
        CHECKF(index[i] == wanted, "row %u: %u not %u", i, index[i], wanted);
    }
    check_found(&a, &c, N, index);
    CHECK(a.n == b.n && a.n > N / 2 && a.text.n == b.text.n);
    CHECK(memcmp(a.at, b.at, (a.n + 1) * sizeof *a.at) == 0);
    CHECK(memcmp(a.text.data, b.text.data, a.text.n) == 0);
    rec_dict_free(&a);
    rec_dict_free(&b);
    rec_column_free(&c);
    free(index);
    CHECK(rec_mem_now() == before);
}

/* ---- encode ---- */

static const char *const users[] = { "u2", "u10", "u2", "u1", "u10" };
static const char *const items[] = { "x", "y", "x", "x", "" };

/* N rows of `raw` from row FIRST of the arrays above. */
static void make_raw(struct rec_table *t, uint32_t first, uint32_t n)
{
    rec_table_init(t, "raw", REC_KIND_TABLE);
    rec_table_add(t, "user", REC_STR, 1, REC_PLAIN, NULL);
    rec_table_add(t, "item", REC_STR, 1, REC_PLAIN, NULL);
    rec_table_add(t, "rating", REC_F32, 1, REC_LEVELS, NULL);
    rec_table_add(t, "time", REC_I64, 1, REC_SHUFFLE, NULL);
    CHECK(rec_table_reserve(t, n, &err) == REC_OK);
    for (uint32_t i = 0; i < n; i++) {
        CHECK(rec_buf_addf(&t->cols[0].text, &err, "%s", users[first + i]) == REC_OK);
        CHECK(rec_buf_addf(&t->cols[1].text, &err, "%s", items[first + i]) == REC_OK);
        t->cols[0].at[i + 1] = t->cols[0].text.n;
        t->cols[1].at[i + 1] = t->cols[1].text.n;
        ((float *)t->cols[2].data)[i] = (float)(first + i) / 2.0f;
        ((int64_t *)t->cols[3].data)[i] = -(int64_t)(first + i);
    }
    t->n_rows = n;
}

static void check_encoded(enum rec_order order, const uint32_t *user,
                          const uint32_t *item)
{
    struct rec_encoder e = { .ratings = { .n_rows = 0 } };
    struct rec_table raw, u, v;
    const struct rec_table *t = &e.ratings;
    uint64_t before = rec_mem_now();

    for (uint32_t first = 0; first < 5; first += 3) { /* two blocks: 3 rows and 2 */
        make_raw(&raw, first, first == 0 ? 3 : 2);
        CHECK(rec_encode_block(&e, &raw, &err) == REC_OK);
        rec_table_free(&raw);
    }
    CHECK(rec_encode_finish(&e, order, &u, &v, &err) == REC_OK);
    CHECK(t->n_rows == 5 && t->n_cols == 4 && u.n_rows == 3 && v.n_rows == 3);
    CHECK(strcmp(t->cols[0].ref, "users") == 0 && strcmp(t->cols[1].ref, "items") == 0);
    for (uint32_t i = 0; i < 5; i++) {
        size_t n;
        const char *s = rec_column_text(&u.cols[0], user[i], &n);

        CHECKF(((uint32_t *)t->cols[0].data)[i] == user[i], "user of row %u", i);
        CHECKF(((uint32_t *)t->cols[1].data)[i] == item[i], "item of row %u", i);
        CHECK(n == strlen(users[i]) && memcmp(s, users[i], n) == 0);
        CHECK(((float *)t->cols[2].data)[i] == (float)i / 2.0f);
        CHECK(((int64_t *)t->cols[3].data)[i] == -(int64_t)i);
    }
    rec_table_free(&u);
    rec_table_free(&v);
    rec_encoder_free(&e);
    CHECK(rec_mem_now() == before);
}

static void encode_numbers_users_and_items(void)
{
    check_encoded(REC_ORDER_FIRST, (uint32_t[]){ 0, 1, 0, 2, 1 },
                  (uint32_t[]){ 0, 1, 0, 0, 2 });
    check_encoded(REC_ORDER_SORTED, (uint32_t[]){ 2, 1, 2, 0, 1 },
                  (uint32_t[]){ 1, 2, 1, 1, 0 });
}

static void encode_refuses_what_is_no_raw(void)
{
    struct rec_encoder e = { .ratings = { .n_rows = 0 } };
    struct rec_table raw, u, v;

    CHECK(rec_encode_finish(&e, REC_ORDER_FIRST, &u, &v, &err) == REC_EFORMAT);
    rec_table_init(&raw, "raw", REC_KIND_TABLE);
    rec_table_add(&raw, "user", REC_STR, 1, REC_PLAIN, NULL);
    rec_table_add(&raw, "item", REC_U32, 1, REC_PLAIN, NULL);
    rec_table_add(&raw, "rating", REC_F32, 1, REC_PLAIN, NULL);
    CHECK(rec_encode_block(&e, &raw, &err) == REC_EFORMAT);
    rec_encoder_free(&e);
}

static void encode_survives_every_failed_allocation(void)
{
    enum rec_status st = REC_ESYSTEM;
    uint64_t at = 0, before;
    struct rec_table raw;

    make_raw(&raw, 0, 5);
    before = rec_mem_now();
    while (st != REC_OK) {
        struct rec_encoder e = { .ratings = { .n_rows = 0 } };
        struct rec_table u = { .n_rows = 0 }, v = { .n_rows = 0 };

        rec_mem_fail_at(++at);
        st = rec_encode_block(&e, &raw, &err);
        if (st == REC_OK)
            st = rec_encode_finish(&e, REC_ORDER_SORTED, &u, &v, &err);
        rec_mem_fail_at(0);
        CHECKF(st == REC_OK || (st == REC_ESYSTEM && u.n_rows == 0 && v.n_rows == 0),
               "allocation %d", (int)at);
        rec_table_free(&u);
        rec_table_free(&v);
        rec_encoder_free(&e);
        CHECKF(rec_mem_now() == before, "allocation %d: a leak", (int)at);
    }
    CHECKF(at > 12, "only %d allocations", (int)at);
    rec_table_free(&raw);
}

/* As much as is spilled is written; /dev/null takes it. */
static enum rec_status encode_spilling(const struct rec_table *raw,
                                       struct rec_encoded *out)
{
    struct rec_encoder e = { .ratings = { .n_rows = 0 } };
    struct rec_writer *w = NULL;
    enum rec_status st = rec_writer_open("/dev/null", 1, &w, &err);

    if (st == REC_OK)
        st = rec_encode_block(&e, raw, &err);
    if (st == REC_OK)
        st = rec_spill_begin(&e, 1 << 20, &e.spill, &err);
    if (st == REC_OK)
        st = rec_encode_block(&e, raw, &err);
    if (st == REC_OK)
        st = rec_encode_write(&e, REC_ORDER_SORTED, "test", w, out, &err);
    rec_writer_discard(w);
    rec_encoder_free(&e);
    return st;
}

static void spilling_survives_every_failed_allocation(void)
{
    struct rec_encoded got = { 0 };
    enum rec_status st = REC_ESYSTEM;
    uint64_t at = 0, before;
    struct rec_table raw;

    make_raw(&raw, 0, 5);
    before = rec_mem_now();
    while (st != REC_OK) {
        rec_mem_fail_at(++at);
        st = encode_spilling(&raw, &got);
        rec_mem_fail_at(0);
        CHECKF(st == REC_OK || st == REC_ESYSTEM, "allocation %d", (int)at);
        CHECKF(rec_mem_now() == before, "allocation %d: a leak", (int)at);
    }
    CHECKF(at > 30, "only %d allocations", (int)at);
    CHECK(got.ratings == 10 && got.users == 3 && got.items == 3);
    rec_table_free(&raw);
}

int main(void)
{
    RUN(dict_numbers_by_first_sight);
    RUN(dict_holds_many_and_finds_them_again);
    RUN(dict_takes_the_empty_string);
    RUN(rank_is_byte_order_with_prefixes_first);
    RUN(rank_of_random_strings_is_a_plain_sort);
    RUN(rank_of_strings_with_long_common_beginnings);
    RUN(dict_adds_a_column_as_one_by_one);
    RUN(encode_numbers_users_and_items);
    RUN(encode_refuses_what_is_no_raw);
    RUN(encode_survives_every_failed_allocation);
    RUN(spilling_survives_every_failed_allocation);
    return test_end();
}
