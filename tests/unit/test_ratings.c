/* ratings: columns from a file, checked */
#include <math.h>
#include <string.h>

#include "base/par.h"
#include "data/ratings.h"
#include "unit/files.h"
#include "unit/toy.h"

static struct rec_err err;

enum { USERS = 30, ITEMS = 20, ROWS = 200000 /* several chunks of the check */ };

static void write_dict(struct rec_writer *w, const char *name, size_t n)
{
    struct rec_table t;

    rec_table_init(&t, name, REC_KIND_DICT);
    memcpy(t.by, "test", 5);
    rec_table_add(&t, "id", REC_STR, 1, REC_PLAIN, NULL);
    CHECK(rec_table_reserve(&t, n, &err) == REC_OK);
    for (size_t i = 0; i < n; i++) {
        CHECK(rec_buf_addf(&t.cols[0].text, &err, "%zu", i) == REC_OK);
        t.cols[0].at[i + 1] = t.cols[0].text.n;
    }
    t.n_rows = n;
    CHECK(rec_writer_table(w, &t, &err) == REC_OK);
    rec_table_free(&t);
}

static void write_split(struct rec_writer *w, const uint8_t *part, size_t n)
{
    struct rec_table t;

    rec_table_init(&t, "split", REC_KIND_TABLE);
    memcpy(t.by, "test", 5);
    rec_table_add(&t, "part", REC_U8, 1, REC_PLAIN, NULL);
    CHECK(rec_table_reserve(&t, n, &err) == REC_OK);
    memcpy(t.cols[0].data, part, n);
    t.n_rows = n;
    CHECK(rec_writer_table(w, &t, &err) == REC_OK);
    rec_table_free(&t);
}

/* The file "toy". */
static void write_toy(const struct rec_ratings *x)
{
    struct rec_writer *w;
    struct rec_table t;

    rec_table_init(&t, "ratings", REC_KIND_TABLE);
    memcpy(t.by, "test", 5);
    rec_table_add(&t, "user", REC_U32, 1, REC_SHUFFLE, "users");
    rec_table_add(&t, "item", REC_U32, 1, REC_DELTA, "items");
    rec_table_add(&t, "rating", REC_F32, 1, REC_LEVELS, NULL);
    CHECK(rec_table_reserve(&t, x->n, &err) == REC_OK);
    memcpy(t.cols[0].data, x->user, x->n * sizeof *x->user);
    memcpy(t.cols[1].data, x->item, x->n * sizeof *x->item);
    memcpy(t.cols[2].data, x->rating, x->n * sizeof *x->rating);
    t.n_rows = x->n;
    CHECK(rec_writer_open(files_path("toy"), 0, &w, &err) == REC_OK);
    write_dict(w, "users", USERS);
    write_dict(w, "items", ITEMS);
    CHECK(rec_writer_table(w, &t, &err) == REC_OK);
    write_split(w, x->part, x->n);
    CHECK(rec_writer_finish(w, "@PG\tID:x\n", &err) == REC_OK);
    rec_table_free(&t);
}

static struct rec_reader *read_toy(int needs)
{
    struct rec_reader *r;

    CHECK(rec_reader_open(files_path("toy"), &r, &err) == REC_OK);
    CHECK(rec_ratings_load(r, needs, &err) == REC_OK);
    CHECKF(rec_reader_run(r, NULL, &err) == REC_OK, "%s", err.text);
    return r;
}

static void ratings_have_the_columns_that_were_asked_for(void)
{
    static const int needs[] = { REC_NEED_EDGES, REC_NEED_ROWS,
                                 REC_NEED_IDS,   REC_NEED_RATING | REC_NEED_SPLIT,
                                 REC_NEED_SPLIT, 0 };
    struct toy t = toy_make(USERS, ITEMS, ROWS, 3);
    uint64_t before = rec_mem_now();

    write_toy(&t.x);
    for (size_t i = 0; i < sizeof needs / sizeof *needs; i++) {
        struct rec_reader *r = read_toy(needs[i]);
        struct rec_ratings x;

        CHECKF(rec_ratings_get(r, needs[i], &x, &err) == REC_OK, "%s", err.text);
        CHECK(x.n == ROWS && x.n_users == USERS && x.n_items == ITEMS);
        CHECKF((x.user != NULL) == ((needs[i] & REC_NEED_IDS) != 0), "case %zu", i);
        CHECKF((x.item != NULL) == ((needs[i] & REC_NEED_IDS) != 0), "case %zu", i);
        CHECKF((x.rating != NULL) == ((needs[i] & REC_NEED_RATING) != 0), "case %zu",
               i);
        CHECKF((x.part != NULL) == ((needs[i] & REC_NEED_SPLIT) != 0), "case %zu", i);
        CHECK(x.user == NULL || memcmp(x.user, t.user, ROWS * sizeof *t.user) == 0);
        CHECK(x.item == NULL || memcmp(x.item, t.item, ROWS * sizeof *t.item) == 0);
        CHECK(x.part == NULL || memcmp(x.part, t.part, ROWS) == 0);
        rec_ratings_release(&x);
        CHECK(x.user == NULL && x.rating == NULL && x.part == NULL && x.n == ROWS);
        rec_reader_close(r);
        CHECK(rec_mem_now() == before);
    }
    toy_free(&t);
}

static void one_part_is_kept_in_order_and_the_room_of_the_rest_given_back(void)
{
    struct toy t = toy_make(USERS, ITEMS, ROWS, 3);
    uint64_t before = rec_mem_now(), whole;

    write_toy(&t.x);
    for (int part = 0; part <= REC_N_PARTS; part++) { /* the last has no row */
        struct rec_reader *r = read_toy(REC_NEED_EDGES);
        struct rec_ratings x;
        size_t k = 0;

        CHECK(rec_ratings_get(r, REC_NEED_EDGES, &x, &err) == REC_OK);
        whole = rec_mem_now();
        rec_ratings_keep(&x, (enum rec_part)part);
        for (size_t i = 0; i < ROWS; i++) {
            if (t.part[i] != part)
                continue;
            CHECK(k < x.n && x.user[k] == t.user[i] && x.item[k] == t.item[i] &&
                  x.rating[k] == t.rating[i] && x.part[k] == part);
            k++;
        }
        CHECK(k == x.n && x.time == NULL && x.ratings->n_rows == k);
        CHECK(whole - rec_mem_now() >= (ROWS - k) * 13);
        rec_reader_close(r);
        CHECK(rec_mem_now() == before);
    }
    rec_ratings_keep(&t.x, REC_VALID);
    CHECK(t.x.n == ROWS); /* not a reader's */
    toy_free(&t);
}

static void ratings_name_the_first_row_that_is_wrong(void)
{
    static const struct {
        int column;
        size_t row;
        const char *text;
    } cases[] = { { 0, 0, "section 'ratings', row 0: no such id" },
                  { 1, ROWS - 1, "section 'ratings', row 199999: no such id" },
                  { 2, 70000, "section 'ratings', row 70000: not a number" },
                  { 3, 65536, "section 'ratings', row 65536: not a number" },
                  { 4, 65535, "section 'split', row 65535: no such part" },
                  { 5, 131072, "section 'ratings', row 131072: not a number" } };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        for (unsigned threads = 1; threads <= 4; threads += 3) {
            struct toy t = toy_make(USERS, ITEMS, ROWS, 4);
            size_t row = cases[i].row;
            struct rec_ratings x;
            struct rec_reader *r;

            rec_par_set_threads(threads);
            if (cases[i].column == 0)
                t.user[row] = USERS;
            if (cases[i].column == 1)
                t.item[row] = UINT32_MAX;
            if (cases[i].column == 2)
                t.rating[row] = NAN;
            if (cases[i].column == 3)
                t.rating[row] = -INFINITY;
            if (cases[i].column == 4)
                t.part[row] = REC_N_PARTS;
            if (cases[i].column == 5) { /* the first of several */
                t.rating[row] = NAN;
                t.user[row + 1] = USERS;
                t.part[ROWS - 1] = 255;
            }
            write_toy(&t.x);
            r = read_toy(REC_NEED_EDGES);
            CHECK(rec_ratings_get(r, REC_NEED_EDGES, &x, &err) == REC_EFORMAT);
            CHECKF(strcmp(err.text, cases[i].text) == 0, "%s", err.text);
            rec_reader_close(r);
            toy_free(&t);
        }
    rec_par_set_threads(1);
}

/* ---- times and ids ---- */

static void write_one_id(struct rec_writer *w, const char *name, bool as_text)
{
    struct rec_table t;

    rec_table_init(&t, name, REC_KIND_TABLE);
    memcpy(t.by, "test", 5);
    rec_table_add(&t, "id", as_text ? REC_STR : REC_U8, 1, REC_PLAIN, NULL);
    CHECK(rec_table_reserve(&t, 1, &err) == REC_OK);
    if (as_text) {
        CHECK(rec_buf_add(&t.cols[0].text, "ann", 3, &err) == REC_OK);
        t.cols[0].at[1] = 3;
    } else {
        *(uint8_t *)t.cols[0].data = 0;
    }
    t.n_rows = 1;
    CHECK(rec_writer_table(w, &t, &err) == REC_OK);
    rec_table_free(&t);
}

/* One rating, at time 7 if TIME is REC_I64 and without if it is REC_N_TYPES; read back
 * with or without the ids of users. */
static enum rec_status one_rating(enum rec_type time, bool as_text, bool with_ids,
                                  bool *has_time, bool *has_ids)
{
    static const enum rec_type types[] = { REC_U32, REC_U32, REC_F32 };
    static const char *const names[] = { "user", "item", "rating" };
    struct rec_ratings x = { .n = 0 };
    struct rec_writer *w;
    struct rec_reader *r;
    struct rec_table t;
    enum rec_status st;

    rec_table_init(&t, "ratings", REC_KIND_TABLE);
    memcpy(t.by, "test", 5);
    for (int i = 0; i < 3; i++)
        rec_table_add(&t, names[i], types[i], 1, REC_PLAIN, NULL);
    if (time != REC_N_TYPES)
        rec_table_add(&t, "time", time, 1, REC_PLAIN, NULL);
    CHECK(rec_table_reserve(&t, 1, &err) == REC_OK);
    for (uint32_t i = 0; i < t.n_cols; i++)
        memset(t.cols[i].data, 0, rec_type_bytes(t.cols[i].type));
    if (time == REC_I64)
        *(int64_t *)t.cols[3].data = 7;
    t.n_rows = 1;
    CHECK(rec_writer_open(files_path("one"), 0, &w, &err) == REC_OK);
    write_one_id(w, "users", as_text);
    write_one_id(w, "items", true);
    CHECK(rec_writer_table(w, &t, &err) == REC_OK);
    CHECK(rec_writer_finish(w, "@PG\tID:x\n", &err) == REC_OK);
    rec_table_free(&t);
    CHECK(rec_reader_open(files_path("one"), &r, &err) == REC_OK);
    CHECK(rec_ratings_load(r, REC_NEED_ROWS, &err) == REC_OK);
    CHECK(!with_ids || rec_reader_load(r, "users", &err) == REC_OK);
    CHECKF(rec_reader_run(r, NULL, &err) == REC_OK, "%s", err.text);
    st = rec_ratings_get(r, REC_NEED_ROWS, &x, &err);
    *has_time = x.time != NULL && x.time[0] == 7;
    *has_ids = x.user_ids != NULL && x.user_ids->text.n == 3;
    rec_reader_close(r);
    return st;
}

static void ratings_have_times_and_ids_where_the_file_has_them(void)
{
    static const struct {
        enum rec_type time;
        bool as_text, with_ids;
        enum rec_status st;
        bool has_time, has_ids;
    } cases[] = { { REC_I64, true, true, REC_OK, true, true },
                  { REC_I64, true, false, REC_OK, true, false },
                  { REC_I64, false, true, REC_OK, true, false },
                  { REC_N_TYPES, true, true, REC_OK, false, true },
                  { REC_U64, true, true, REC_EFORMAT, false, false },
                  { REC_U32, true, true, REC_EFORMAT, false, false } };

    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        bool has_time, has_ids;

        CHECKF(one_rating(cases[c].time, cases[c].as_text, cases[c].with_ids, &has_time,
                          &has_ids) == cases[c].st,
               "case %zu", c);
        CHECKF(has_time == cases[c].has_time && has_ids == cases[c].has_ids, "case %zu",
               c);
    }
}

int main(void)
{
    files_begin();
    RUN(ratings_have_the_columns_that_were_asked_for);
    RUN(one_part_is_kept_in_order_and_the_room_of_the_rest_given_back);
    RUN(ratings_name_the_first_row_that_is_wrong);
    RUN(ratings_have_times_and_ids_where_the_file_has_them);
    files_end();
    return test_end();
}
