/* vocab */
#include <stdlib.h>
#include <string.h>

#include "data/vocab.h"
#include "io/writer.h"
#include "unit/files.h"
#include "unit/test.h"

static struct rec_err err;

static void add_text(struct rec_column *c, size_t i, const char *s)
{
    CHECK(rec_buf_add(&c->text, s, strlen(s), &err) == REC_OK);
    c->at[i + 1] = c->text.n;
}

static void write_dict(struct rec_writer *w, const char *name, const char *const *ids,
                       size_t n, enum rec_type type)
{
    struct rec_table t;

    rec_table_init(&t, name, REC_KIND_DICT);
    memcpy(t.by, "test", 5);
    rec_table_add(&t, "id", type, 1, REC_PLAIN, NULL);
    CHECK(rec_table_reserve(&t, n, &err) == REC_OK);
    for (size_t i = 0; i < n && type == REC_STR; i++)
        add_text(&t.cols[0], i, ids[i]);
    if (type == REC_U8)
        memset(t.cols[0].data, 7, n);
    t.n_rows = n;
    CHECK(rec_writer_table(w, &t, &err) == REC_OK);
    rec_table_free(&t);
}

static const char *const users[] = { "b", "a", "", "long enough not to be short", "a" };
static const char *const items[] = { "y", "x", "y" };

/* The file "vocab" with the first of these. */
static void write_vocab(size_t n_users, size_t n_items, enum rec_type type)
{
    struct rec_writer *w;

    CHECK(rec_writer_open(files_path("vocab"), 0, &w, &err) == REC_OK);
    write_dict(w, "users", users, n_users, type);
    write_dict(w, "items", items, n_items, REC_STR);
    CHECK(rec_writer_finish(w, "@PG\tID:x\n", &err) == REC_OK);
}

static enum rec_status begin(struct rec_vocab *v, struct rec_encoder *e,
                             enum rec_unknown unknown)
{
    return rec_vocab_begin(v, files_path("vocab"), unknown, e, &err);
}

static void vocab_refuses_ids_that_come_twice_or_are_none(void)
{
    static const struct {
        size_t n_users, n_items;
        enum rec_type type;
        const char *text; /* the end of the message; NULL if all is well */
    } cases[] = {
        { 4, 2, REC_STR, NULL },
        { 5, 2, REC_STR, "section 'users', row 4: the same id as in row 1" },
        { 4, 3, REC_STR, "section 'items', row 2: the same id as in row 0" },
        { 0, 2, REC_STR, "section 'users' has 0 rows" },
        { 4, 0, REC_STR, "section 'items' has 0 rows" },
        { 4, 2, REC_U8, "section 'users' has no column 'id' of type str[1]" },
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint64_t before = rec_mem_now();
        struct rec_encoder e = { .ratings = { .n_rows = 0 } };
        struct rec_vocab v;
        enum rec_status st;

        write_vocab(cases[i].n_users, cases[i].n_items, cases[i].type);
        st = begin(&v, &e, REC_UNKNOWN_DROP);
        CHECKF(st == (cases[i].text == NULL ? REC_OK : REC_EFORMAT), "case %zu", i);
        CHECKF(st == REC_OK || (strstr(err.text, cases[i].text) != NULL &&
                                strstr(err.text, "vocab: ") != NULL),
               "%s", err.text);
        CHECK(st != REC_OK || (v.n_users == 4 && v.n_items == 2));
        rec_vocab_free(&v);
        rec_encoder_free(&e);
        CHECK(rec_mem_now() == before);
    }
}

/* Rows "b y", "zz x", "a x", "a zz": the first and the third are known. */
static void make_raw(struct rec_table *t)
{
    static const char *const user[] = { "b", "zz", "a", "a" };
    static const char *const item[] = { "y", "x", "x", "zz" };

    rec_table_init(t, "raw", REC_KIND_TABLE);
    rec_table_add(t, "user", REC_STR, 1, REC_PLAIN, NULL);
    rec_table_add(t, "item", REC_STR, 1, REC_PLAIN, NULL);
    rec_table_add(t, "rating", REC_F32, 1, REC_LEVELS, NULL);
    CHECK(rec_table_reserve(t, 4, &err) == REC_OK);
    for (size_t i = 0; i < 4; i++) {
        add_text(&t->cols[0], i, user[i]);
        add_text(&t->cols[1], i, item[i]);
        ((float *)t->cols[2].data)[i] = (float)i;
    }
    t->n_rows = 4;
}

/* Two blocks, the second with one row. */
static enum rec_status encode(struct rec_vocab *v, struct rec_table *raw)
{
    enum rec_status st = rec_vocab_block(v, raw, &err);

    raw->n_rows = 1;
    if (st == REC_OK)
        st = rec_vocab_block(v, raw, &err);
    raw->n_rows = 4;
    return st == REC_OK ? rec_vocab_check(v, &err) : st;
}

static void vocab_survives_every_failed_allocation(void)
{
    enum rec_status st = REC_ESYSTEM;
    uint64_t at = 0, before;
    struct rec_table raw;

    write_vocab(4, 2, REC_STR);
    make_raw(&raw);
    before = rec_mem_now();
    while (st != REC_OK) {
        struct rec_encoder e = { .ratings = { .n_rows = 0 } };
        struct rec_vocab v;

        rec_mem_fail_at(++at);
        st = begin(&v, &e, REC_UNKNOWN_DROP);
        if (st == REC_OK)
            st = encode(&v, &raw);
        rec_mem_fail_at(0);
        CHECKF(st == REC_OK || st == REC_ESYSTEM, "allocation %d", (int)at);
        if (st == REC_OK) {
            const uint32_t *user = e.ratings.cols[0].data,
                           *item = e.ratings.cols[1].data;
            const float *rating = e.ratings.cols[2].data;

            CHECK(e.ratings.n_rows == 3 && v.n_rows == 5 && v.n_kept == 3);
            CHECK(v.no_user == 1 && v.no_item == 1 && e.users.n == 4 && e.items.n == 2);
            CHECK(user[0] == 0 && user[1] == 1 && user[2] == 0);
            CHECK(item[0] == 0 && item[1] == 1 && item[2] == 0);
            CHECK(rating[0] == 0.0f && rating[1] == 2.0f && rating[2] == 0.0f);
        }
        rec_vocab_free(&v);
        rec_encoder_free(&e);
        CHECKF(rec_mem_now() == before, "allocation %d: a leak", (int)at);
    }
    CHECKF(at > 12, "only %d allocations", (int)at);
    rec_table_free(&raw);
}

int main(void)
{
    files_begin();
    RUN(vocab_refuses_ids_that_come_twice_or_are_none);
    RUN(vocab_survives_every_failed_allocation);
    files_end();
    return test_end();
}
