#ifndef REC_TEST_SECTIONS_H
#define REC_TEST_SECTIONS_H

#include <string.h>

#include "io/reader.h"
#include "io/writer.h"
#include "unit/files.h"

#define LINE "@PG\tID:test\n"

static struct rec_err err;

/* A section of rows FIRST .. FIRST + N: x = row number, s = "row <x>". */
static inline void make_section(struct rec_table *t, const char *name, uint32_t first,
                                uint32_t n)
{
    rec_table_init(t, name, REC_KIND_TABLE);
    memcpy(t->by, "test", sizeof "test");
    rec_table_add(t, "x", REC_U32, 1, REC_DELTA, NULL);
    rec_table_add(t, "s", REC_STR, 1, REC_PLAIN, NULL);
    CHECK(rec_table_reserve(t, n, &err) == REC_OK);
    for (uint32_t i = 0; i < n; i++) {
        ((uint32_t *)t->cols[0].data)[i] = first + i;
        CHECK(rec_buf_addf(&t->cols[1].text, &err, "row %u", first + i) == REC_OK);
        t->cols[1].at[i + 1] = t->cols[1].text.n;
    }
    t->n_rows = n;
}

static inline void write_section(struct rec_writer *w, const char *name, uint32_t first,
                                 uint32_t n)
{
    struct rec_table t;

    make_section(&t, name, first, n);
    CHECK(rec_writer_table(w, &t, &err) == REC_OK);
    rec_table_free(&t);
}

/* The same rows, each in a frame of its own. */
static inline void write_frames(struct rec_writer *w, const char *name, uint32_t first,
                                uint32_t n)
{
    struct rec_table t;

    make_section(&t, name, 0, 0);
    CHECK(rec_writer_begin(w, &t, &err) == REC_OK);
    rec_table_free(&t);
    for (uint32_t i = 0; i < n; i++) {
        make_section(&t, name, first + i, 1);
        CHECK(rec_writer_rows(w, &t, &err) == REC_OK);
        rec_table_free(&t);
    }
    CHECK(rec_writer_end(w, &err) == REC_OK);
}

static inline void check_section(const struct rec_table *t, uint32_t first, uint32_t n)
{
    CHECK(t != NULL);
    CHECKF(t->n_rows == n, "%zu rows in '%s'", t->n_rows, t->name);
    for (uint32_t i = 0; i < n; i++) {
        char wanted[20];
        size_t len;
        const char *s = rec_column_text(&t->cols[1], i, &len);

        (void)snprintf(wanted, sizeof wanted, "row %u", first + i);
        CHECKF(((uint32_t *)t->cols[0].data)[i] == first + i, "row %u", i);
        CHECKF(len == strlen(wanted) && memcmp(s, wanted, len) == 0, "row %u", i);
    }
}

static inline struct rec_writer *writer(const char *name, int level)
{
    struct rec_writer *w;

    CHECKF(rec_writer_open(files_path(name), level, &w, &err) == REC_OK, "%s",
           err.text);
    return w;
}

static inline struct rec_reader *reader(const char *name)
{
    struct rec_reader *r;

    CHECKF(rec_reader_open(files_path(name), &r, &err) == REC_OK, "%s", err.text);
    return r;
}

/* A file with the sections LOAD fits. */
static inline struct rec_reader *read_file(const char *name, const char *load)
{
    struct rec_reader *r = reader(name);

    CHECK(rec_reader_load(r, load, &err) == REC_OK);
    CHECKF(rec_reader_run(r, NULL, &err) == REC_OK, "%s", err.text);
    return r;
}

#endif
