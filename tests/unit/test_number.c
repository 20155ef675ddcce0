#include "data/number.h"

#include <stdlib.h>
#include <string.h>

#include "io/spool.h"
#include "unit/test.h"

static struct rec_err err;

/* ---- rows ---- */

struct rows {
    struct rec_column text;
    size_t n;
};

static void add_row(struct rows *r, const void *s, size_t n)
{
    r->text.type = REC_STR;
    CHECK(rec_column_reserve(&r->text, r->n + 1, &err) == REC_OK);
    CHECK(rec_buf_reserve(&r->text.text, n + 1, &err) == REC_OK);
    CHECK(rec_buf_add(&r->text.text, s, n, &err) == REC_OK);
    r->text.at[++r->n] = r->text.text.n;
}

/* N rows of at most DISTINCT strings, some of them empty or with zero bytes. */
static struct rows random_rows(size_t n, uint64_t distinct, uint64_t seed)
{
    struct rows r = { .n = 0 };

    while (r.n < n) {
        uint64_t x = test_random(&seed) % distinct;
        char s[64];
        int len = snprintf(s, sizeof s, "%s%llu", x % 3 ? "" : "a common beginning ",
                           (unsigned long long)(x * 2654435761u));

        if (x % 7 == 0)
            memset(s + len / 2, 0, (size_t)(len - len / 2));
        add_row(&r, s, x == 5 ? 0 : (size_t)len);
    }
    return r;
}

/* ---- against rec_dict ---- */

struct plain {
    struct rec_dict dict;
    uint32_t *index; /* of each row */
    uint32_t *rank;  /* of each string */
    uint32_t *order; /* string of each rank */
    size_t n_taken;  /* rows of the beginning that are no rows, but taken */
};

static struct plain number_plainly(const struct rows *r)
{
    struct plain p = { .index = calloc(r->n + 1, sizeof *p.index) };

    CHECK(p.index != NULL);
    CHECK(rec_dict_add_column(&p.dict, &r->text, r->n, p.index, &err) == REC_OK);
    p.rank = calloc(p.dict.n + 1, sizeof *p.rank);
    p.order = calloc(p.dict.n + 1, sizeof *p.order);
    CHECK(p.rank != NULL && p.order != NULL);
    if (p.dict.n > 0)
        CHECK(rec_dict_rank(&p.dict, p.rank, &err) == REC_OK);
    for (uint32_t i = 0; i < p.dict.n; i++)
        p.order[p.rank[i]] = i;
    return p;
}

static void plain_free(struct plain *p)
{
    rec_dict_free(&p->dict);
    free(p->index);
    free(p->rank);
    free(p->order);
}

static void check_strings(struct rec_number *n, const struct plain *p, bool sorted)
{
    const struct rec_dict *d = &p->dict;
    const void *s = NULL;
    size_t len = 0;
    bool more;

    for (uint32_t k = 0; k < d->n; k++) {
        uint32_t i = sorted ? p->order[k] : k;

        CHECKF(rec_number_string(n, &s, &len, &more, &err) == REC_OK, "%s", err.text);
        CHECK(more);
        CHECKF(len == d->at[i + 1] - d->at[i] &&
                   (len == 0 || memcmp(s, d->text.data + d->at[i], len) == 0),
               "string %u", k);
    }
    CHECK(rec_number_string(n, &s, &len, &more, &err) == REC_OK && !more);
}

static void check_codes(struct rec_number *n, const struct rows *r,
                        const struct plain *p, bool sorted, bool with_codes)
{
    enum { MAX = 3000 };
    static uint32_t codes[MAX];
    static bool is_new[MAX];
    size_t row = p->n_taken, got = 1;
    uint32_t seen = 0;

    for (size_t i = 0; i < p->n_taken; i++)
        seen += p->index[i] == seen;
    while (got > 0) {
        size_t max = 1 + row % MAX;

        CHECKF(rec_number_codes(n, with_codes ? codes : NULL, is_new, max, &got,
                                &err) == REC_OK,
               "%s", err.text);
        for (size_t i = 0; i < got; i++, row++) {
            uint32_t index = p->index[row];

            CHECKF(is_new[i] == (index == seen), "row %zu: new", row);
            seen += index == seen;
            if (with_codes)
                CHECKF(codes[i] == (sorted ? p->rank[index] : index), "row %zu: %u",
                       row, codes[i]);
        }
    }
    CHECK(row == r->n && seen == p->dict.n);
}

/* The first N_TAKEN rows come in a dictionary, of the rest some one by one. */
static void feed(struct rec_number *n, const struct rows *r, size_t n_taken)
{
    struct rec_column rest = { .type = REC_STR, .width = 1 };
    struct rec_dict d = { 0 };
    size_t at = n_taken, by_one = (r->n - n_taken) / 5, len;
    uint32_t index;
    bool is_new;

    for (size_t i = 0; i < n_taken; i++) {
        const char *s = rec_column_text(&r->text, i, &len);

        CHECK(rec_dict_add(&d, s, len, &index, &is_new, &err) == REC_OK);
    }
    if (n_taken > 0)
        CHECKF(rec_number_take(n, &d, &err) == REC_OK, "%s", err.text);
    for (; at < n_taken + by_one; at++) {
        const char *s = rec_column_text(&r->text, at, &len);

        CHECKF(rec_number_add(n, s, len, &err) == REC_OK, "%s", err.text);
    }
    rest.at = r->text.at + at;
    rest.text = r->text.text;
    CHECKF(rec_number_add_column(n, &rest, r->n - at, &err) == REC_OK, "%s", err.text);
}

/* Never more than BUDGET in use; afterwards 4 bytes a string, and a quarter of it. */
static void check_one(const struct rows *r, const struct plain *p, uint64_t budget,
                      enum rec_number_order order, bool strings, bool codes)
{
    uint64_t before = rec_mem_now();
    bool sorted = order == REC_NUMBER_SORTED;
    struct rec_number *n = NULL;

    if (p->n_taken == 0)
        rec_mem_limit(before + budget);
    CHECK(rec_number_open(budget, &n, &err) == REC_OK);
    feed(n, r, p->n_taken);
    CHECKF(rec_number_end(n, order, &err) == REC_OK, "%s", err.text);
    CHECK(rec_number_distinct(n) == p->dict.n);
    rec_mem_limit(before + budget + 4 * (uint64_t)p->dict.n);
    if (strings)
        check_strings(n, p, sorted);
    check_codes(n, r, p, sorted, codes);
    rec_number_close(n);
    rec_mem_limit(0);
    CHECK(rec_mem_now() == before);
}

/* Takes the rows, of which N_TAKEN are numbered before. */
static void check(struct rows r, uint64_t budget, size_t n_taken)
{
    struct plain p = number_plainly(&r);

    p.n_taken = n_taken;
    check_one(&r, &p, budget, REC_NUMBER_FIRST, true, true);
    check_one(&r, &p, budget, REC_NUMBER_SORTED, true, true);
    check_one(&r, &p, budget, REC_NUMBER_SORTED, false, true);
    check_one(&r, &p, budget, REC_NUMBER_ROWS, false, true);
    check_one(&r, &p, budget, REC_NUMBER_ROWS, false, false);
    plain_free(&p);
    rec_column_free(&r.text);
}

static void numbers_are_those_of_a_dictionary(void)
{
    static const struct {
        size_t n;
        uint64_t distinct;
    } cases[] = { { 0, 1 },      { 1, 1 },         { 10, 6 },
                  { 5000, 100 }, { 20000, 20000 }, { 60000, 3000 } };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        for (uint64_t budget = REC_NUMBER_LEAST; budget <= 8 << 20; budget *= 11)
            check(random_rows(cases[i].n, cases[i].distinct, i), budget, 0);
}

/* 16 parts, 16 of each, and of most of these 16 again. */
static void parts_are_dealt_again_until_they_fit(void)
{
    check(random_rows(160000, 1u << 31, 9), REC_NUMBER_LEAST, 0);
    check(random_rows(60000, 30000, 10), REC_NUMBER_LEAST, 0);
}

static void strings_that_were_numbered_before_keep_their_numbers(void)
{
    check(random_rows(30000, 20000, 3), REC_NUMBER_LEAST, 9000);
    check(random_rows(30000, 20000, 3), 16 << 20, 9000);
    check(random_rows(5000, 300, 4), 1 << 20, 5000);
}

static void one_string_repeated_takes_no_room(void)
{
    struct rows r = { .n = 0 };
    char s[9000];

    memset(s, 'x', sizeof s);
    for (int i = 0; i < 4000; i++)
        add_row(&r, s, i < 2000 ? sizeof s : 0);
    check(r, REC_NUMBER_LEAST, 0);
}

/* A few dozen of them are all that a part may hold. */
static void long_strings_are_split_from_each_other(void)
{
    struct rows r = { .n = 0 };
    static char s[8000];
    uint64_t seed = 1;

    memset(s, 'y', sizeof s);
    for (int i = 0; i < 6000; i++) {
        uint64_t x = test_random(&seed) % 3000;

        (void)snprintf(s + sizeof s - 8, 8, "%d", (int)x);
        add_row(&r, s, sizeof s - (x % 2 ? 0 : 1000));
    }
    check(r, 2 << 20, 0);
}

static void a_string_larger_than_the_budget_is_refused(void)
{
    struct rec_number *n = NULL;
    char *s = calloc(1, 1 << 20);
    enum rec_status st;

    CHECK(s != NULL);
    CHECK(rec_number_open(REC_NUMBER_LEAST - 1, &n, &err) == REC_ESYSTEM);
    CHECK(strstr(err.text, "raise -M") != NULL);
    CHECK(rec_number_open(REC_NUMBER_LEAST, &n, &err) == REC_OK);
    st = rec_number_add(n, s, 1 << 20, &err);
    if (st == REC_OK)
        st = rec_number_end(n, REC_NUMBER_SORTED, &err);
    CHECK(st == REC_ESYSTEM);
    CHECKF(strstr(err.text, "1048576 bytes") != NULL, "%s", err.text);
    CHECKF(strstr(err.text, "raise -M") != NULL, "%s", err.text);
    rec_number_close(n);
    free(s);
}

static enum rec_status run_all(const struct rows *r, enum rec_number_order order)
{
    struct rec_number *n = NULL;
    uint32_t codes[500];
    size_t got = 1;
    enum rec_status st = rec_number_open(REC_NUMBER_LEAST, &n, &err);

    if (st == REC_OK)
        st = rec_number_add_column(n, &r->text, r->n, &err);
    if (st == REC_OK)
        st = rec_number_end(n, order, &err);
    while (st == REC_OK && got > 0)
        st = rec_number_codes(n, codes, NULL, 500, &got, &err);
    rec_number_close(n);
    return st;
}

static void number_survives_every_failed_allocation(void)
{
    struct rows r = random_rows(8000, 1u << 31, 77);
    uint64_t before = rec_mem_now(), at;

    for (int order = REC_NUMBER_FIRST; order <= REC_NUMBER_SORTED; order++) {
        enum rec_status st = REC_ESYSTEM;

        /* all of the first, then ever fewer of them: there are some thousands */
        for (at = 1; st != REC_OK; at += 1 + at / 12) {
            rec_mem_fail_at(at);
            st = run_all(&r, (enum rec_number_order)order);
            rec_mem_fail_at(0);
            CHECKF(st == REC_OK || st == REC_ESYSTEM, "allocation %d", (int)at);
            CHECKF(rec_mem_now() == before, "allocation %d: a leak", (int)at);
        }
        CHECKF(at > 100, "only %d allocations", (int)at);
    }
    rec_column_free(&r.text);
}

static void no_folder_for_temporary_files_is_told(void)
{
    struct rows r = random_rows(20000, 1u << 31, 78), few = random_rows(50, 50, 1);
    uint64_t before = rec_mem_now();

    CHECK(setenv("TMPDIR", "/nonexistent/folder", 1) == 0);
    CHECK(run_all(&r, REC_NUMBER_SORTED) == REC_ESYSTEM);
    CHECKF(strstr(err.text, "/nonexistent/folder") != NULL &&
               strstr(err.text, "TMPDIR") != NULL,
           "%s", err.text);
    CHECK(rec_mem_now() == before);
    CHECK(run_all(&few, REC_NUMBER_SORTED) == REC_OK); /* needs none */
    CHECK(unsetenv("TMPDIR") == 0);
    rec_column_free(&r.text);
    rec_column_free(&few.text);
}

/* ---- spool ---- */

/* Three tapes written by turns in pieces of all sizes, against arrays. */
static void tapes_give_back_what_was_written(void)
{
    enum { TAPES = 3, BYTES = 20000 };
    static uint8_t wanted[TAPES][BYTES], got[BYTES];
    struct rec_spool *s = NULL;
    struct rec_tape t[TAPES];
    size_t n[TAPES] = { 0 };
    uint64_t seed = 4, x;

    CHECK(rec_spool_open(REC_SPOOL_LEAST_BLOCK, &s, &err) == REC_OK);
    for (int i = 0; i < TAPES; i++)
        t[i] = (struct rec_tape){ .spool = s };
    for (int k = 0; k < 300; k++) {
        size_t i = test_random(&seed) % TAPES, len = test_random(&seed) % 190;

        len = len < BYTES - n[i] ? len : BYTES - n[i];
        for (size_t b = 0; b < len; b++)
            wanted[i][n[i] + b] = (uint8_t)test_random(&seed);
        CHECK(rec_tape_write(&t[i], wanted[i] + n[i], len, &err) == REC_OK);
        n[i] += len;
    }
    for (int round = 0; round < 3; round++)
        for (int i = 0; i < TAPES; i++) {
            CHECK(rec_tape_rewind(&t[i], &err) == REC_OK);
            CHECK(rec_tape_unread(&t[i]) == n[i] && n[i] > 1000);
            CHECK(rec_tape_read(&t[i], got, 700, &err) == REC_OK);
            CHECK(rec_tape_read(&t[i], got + 700, n[i] - 700, &err) == REC_OK);
            CHECK(memcmp(got, wanted[i], n[i]) == 0 && rec_tape_unread(&t[i]) == 0);
            CHECK(rec_tape_read(&t[i], got, 1, &err) == REC_ESYSTEM);
            if (round == 1)
                CHECK(rec_tape_park(&t[i], &err) == REC_OK && t[i].block == NULL);
        }
    CHECK(rec_spool_bytes(s) > n[0] + n[1] + n[2]);
    for (int i = 0; i < TAPES; i++)
        rec_tape_free(&t[i]);
    t[0].spool = s;
    for (x = 1; x != 0; x <<= 1)
        CHECK(rec_tape_write_varint(&t[0], x, &err) == REC_OK);
    for (int round = 0; round < 2; round++) { /* of whole blocks, and the end of it */
        CHECK(rec_tape_rewind(&t[0], &err) == REC_OK);
        for (uint64_t w = 1; w != 0; w <<= 1)
            CHECK(rec_tape_read_varint(&t[0], &x, &err) == REC_OK && x == w);
    }
    rec_tape_free(&t[0]);
    rec_spool_close(s);
}

/* Of less than a block: in memory, until it is parked. */
static void short_tapes_need_no_file(void)
{
    struct rec_spool *s = NULL;
    char got[5];

    CHECK(setenv("TMPDIR", "/nonexistent/folder", 1) == 0);
    CHECK(rec_spool_open(REC_SPOOL_LEAST_BLOCK, &s, &err) == REC_OK);
    CHECK(unsetenv("TMPDIR") == 0);
    for (int parked = 0; parked < 2; parked++) {
        struct rec_tape t = { .spool = s }, empty = { .spool = s };

        CHECK(rec_tape_rewind(&empty, &err) == REC_OK && rec_tape_unread(&empty) == 0);
        CHECK(rec_tape_park(&empty, &err) == REC_OK);
        CHECK(rec_tape_write(&t, "short", 5, &err) == REC_OK);
        CHECK(rec_tape_rewind(&t, &err) == REC_OK);
        CHECK(rec_tape_read(&t, got, 5, &err) == REC_OK &&
              memcmp(got, "short", 5) == 0);
        CHECK(rec_spool_bytes(s) == 0);
        if (parked)
            CHECK(rec_tape_park(&t, &err) == REC_ESYSTEM);
        rec_tape_free(&t);
    }
    rec_spool_close(s);
}

int main(void)
{
    RUN(tapes_give_back_what_was_written);
    RUN(short_tapes_need_no_file);
    RUN(numbers_are_those_of_a_dictionary);
    RUN(parts_are_dealt_again_until_they_fit);
    RUN(strings_that_were_numbered_before_keep_their_numbers);
    RUN(one_string_repeated_takes_no_room);
    RUN(long_strings_are_split_from_each_other);
    RUN(a_string_larger_than_the_budget_is_refused);
    RUN(number_survives_every_failed_allocation);
    RUN(no_folder_for_temporary_files_is_told);
    return test_end();
}
