/* writer, reader */
#include <stdlib.h>

#include "base/par.h"
#include "unit/sections.h"

/* a: 70000 rows (two frames), b: 5 rows, empty: none, c: 40 rows. */
static void write_four(const char *name, int level)
{
    struct rec_writer *w = writer(name, level);

    write_section(w, "a", 100, 70000);
    write_section(w, "b", 7, 5);
    write_section(w, "empty", 0, 0);
    write_frames(w, "c", 1000, 40);
    CHECK(rec_writer_finish(w, "@PG\tID:x\n", &err) == REC_OK);
}

static void what_is_written_is_read_back(void)
{
    for (int level = 0; level <= 6; level += 6) {
        struct rec_reader *r;
        struct rec_table *t;

        write_four("four", level);
        r = read_file("four", "*");
        CHECK(rec_reader_n_sections(r) == 4);
        check_section(rec_reader_table(r, "a"), 100, 70000);
        check_section(rec_reader_table(r, "b"), 7, 5);
        check_section(rec_reader_table(r, "empty"), 0, 0);
        check_section(rec_reader_table(r, "c"), 1000, 40);
        CHECK(rec_reader_section(r, 0).n_frames == 2 &&
              rec_reader_section(r, 0).id == 1);
        CHECK(rec_reader_section(r, 3).n_frames == 40);
        CHECK((rec_reader_section(r, 0).stored_bytes <
               rec_reader_section(r, 0).raw_bytes) == (level > 0));
        CHECK(rec_reader_prov(r)->n == 9);
        CHECK(rec_reader_table(r, "d") == NULL);
        CHECK(rec_reader_need(r, "d", "rec-maker", &t, &err) == REC_EFORMAT);
        CHECK(strstr(err.text, "no section 'd'") != NULL &&
              strstr(err.text, "rec-maker"));
        CHECK(rec_reader_run(r, NULL, &err) == REC_OK);
        rec_reader_close(r);
    }
}

static void sections_not_asked_for_have_only_their_size(void)
{
    struct rec_reader *r;

    write_four("four", 6);
    r = read_file("four", "b");
    check_section(rec_reader_table(r, "b"), 7, 5);
    CHECK(rec_reader_table(r, "a")->n_rows == 70000);
    CHECK(rec_reader_table(r, "a")->cols[0].data == NULL);
    rec_reader_close(r);
}

/* Copies IN to OUT, without the sections DROP fits, and adds one named ADD. */
static void copy(const char *in, const char *out, const char *drop, const char *add,
                 int level)
{
    struct rec_reader *r = reader(in);
    struct rec_writer *w = writer(out, level);

    if (drop != NULL)
        CHECK(rec_reader_drop(r, drop, &err) == REC_OK);
    CHECKF(rec_reader_run(r, w, &err) == REC_OK, "%s", err.text);
    if (add != NULL)
        write_section(w, add, 3, 2);
    CHECK(rec_writer_finish(w, "@PG\tID:y\n", &err) == REC_OK);
    rec_reader_close(r);
}

static void relay_passes_all_but_what_is_dropped(void)
{
    struct rec_reader *r;

    write_four("four", 0);
    copy("four", "relayed", NULL, "new", 6);
    r = read_file("relayed", "*");
    check_section(rec_reader_table(r, "a"), 100, 70000);
    check_section(rec_reader_table(r, "c"), 1000, 40);
    check_section(rec_reader_table(r, "new"), 3, 2);
    CHECK(rec_reader_n_sections(r) == 5 && rec_reader_section(r, 4).id == 5);
    CHECK(memcmp(rec_reader_prov(r)->data, "@PG\tID:x\n@PG\tID:y\n", 18) == 0);
    rec_reader_close(r);
    copy("relayed", "relayed2", "a*", "newer", 0);
    r = read_file("relayed2", "*");
    CHECK(rec_reader_table(r, "a") == NULL && rec_reader_n_sections(r) == 5);
    check_section(rec_reader_table(r, "b"), 7, 5);
    rec_reader_close(r);
}

/* Stored or packed on the way, whole or by 4 threads: the last file is the same. */
static void file_is_the_same_by_any_way_and_threads(void)
{
    char *wanted = NULL;
    size_t n = 0;

    for (unsigned threads = 1; threads <= 4; threads++) {
        char *bytes;
        size_t len;

        rec_par_set_threads(threads);
        write_four("made", 0);
        copy("made", "way", NULL, "new", threads % 2 ? 0 : 6);
        copy("way", "end", "b", NULL, 6);
        bytes = files_read(files_path("end"), &len);
        if (wanted == NULL) {
            wanted = bytes;
            n = len;
            continue;
        }
        CHECKF(len == n && memcmp(bytes, wanted, n) == 0, "%u threads", threads);
        free(bytes);
    }
    free(wanted);
    rec_par_set_threads(1);
}

/* Also where the first one's last frames are still on their way through. */
static void a_second_section_of_the_same_name_is_refused(void)
{
    for (uint32_t n = 0; n < 100; n += 9) {
        struct rec_writer *w = writer("twice", 0);
        struct rec_reader *r;

        write_frames(w, "a", 0, n);
        write_frames(w, "a", 500, n);
        CHECK(rec_writer_finish(w, LINE, &err) == REC_OK);
        r = reader("twice");
        CHECK(rec_reader_load(r, "a", &err) == REC_OK);
        CHECKF(rec_reader_run(r, NULL, &err) == REC_EFORMAT, "%u frames", n);
        CHECKF(strstr(err.text, "twice: section 2, frame 0: a second") != NULL, "%s",
               err.text);
        rec_reader_close(r);
    }
}

struct blocks {
    uint32_t calls, next, empty;
};

static enum rec_status take_block(void *ctx, const struct rec_table *t,
                                  struct rec_err *e)
{
    struct blocks *b = ctx;

    (void)e;
    b->calls++;
    b->empty += t->n_rows == 0;
    check_section(t, b->next, (uint32_t)t->n_rows);
    b->next += (uint32_t)t->n_rows;
    return REC_OK;
}

static enum rec_status refuse_block(void *ctx, const struct rec_table *t,
                                    struct rec_err *e)
{
    (void)ctx;
    return rec_fail(e, REC_EINPUT, "not '%s'", t->name);
}

static void blocks_come_in_order_and_an_empty_section_once(void)
{
    struct blocks a = { .next = 100 }, c = { .next = 1000 }, none = { 0 };
    struct rec_reader *r;

    write_four("four", 6);
    r = reader("four");
    CHECK(rec_reader_blocks(r, "a", take_block, &a, &err) == REC_OK);
    CHECK(rec_reader_blocks(r, "c", take_block, &c, &err) == REC_OK);
    CHECK(rec_reader_blocks(r, "empty", take_block, &none, &err) == REC_OK);
    CHECK(rec_reader_run(r, NULL, &err) == REC_OK);
    CHECK(a.calls == 2 && a.next == 70100 && c.calls == 40 && c.next == 1040);
    CHECK(none.calls == 1 && none.empty == 1);
    rec_reader_close(r);
    r = reader("four");
    CHECK(rec_reader_blocks(r, "b", refuse_block, NULL, &err) == REC_OK);
    CHECK(rec_reader_run(r, NULL, &err) == REC_EINPUT);
    CHECK(strcmp(err.text, "not 'b'") == 0);
    rec_reader_close(r);
}

/* Rows are the next ones, also where another pattern would have the section loaded. */
static void a_section_handed_over_in_blocks_is_not_loaded(void)
{
    struct blocks c = { .next = 1000 };
    struct rec_reader *r;

    write_four("four", 0);
    r = reader("four");
    CHECK(rec_reader_load(r, "*", &err) == REC_OK);
    CHECK(rec_reader_blocks(r, "c", take_block, &c, &err) == REC_OK);
    CHECK(rec_reader_run(r, NULL, &err) == REC_OK);
    CHECK(c.calls == 40 && c.next == 1040);
    CHECK(rec_reader_table(r, "c")->n_rows == 40);
    rec_reader_close(r);
}

static void only_the_columns_that_are_named_are_decoded(void)
{
    static const char *const lists[] = { "x", "s", "y x", "", "sx", "x s" };
    static const bool has_x[] = { 1, 0, 1, 0, 0, 1 }, has_s[] = { 0, 1, 0, 0, 0, 1 };
    struct rec_writer *w = writer("columns", 1);

    write_frames(w, "a", 0, 40);
    write_section(w, "b", 0, 200);
    CHECK(rec_writer_finish(w, LINE, &err) == REC_OK);
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        struct rec_reader *r = reader("columns");
        const struct rec_table *a;

        CHECK(rec_reader_load_columns(r, "a", lists[i], &err) == REC_OK);
        CHECK(rec_reader_load_columns(r, "b", "x", &err) == REC_OK);
        CHECK(rec_reader_load_columns(r, "*", i % 2 ? "s" : "none", &err) == REC_OK);
        CHECKF(rec_reader_run(r, NULL, &err) == REC_OK, "%s", err.text);
        a = rec_reader_table(r, "a");
        CHECK(a->n_rows == 40 && rec_reader_table(r, "b")->n_rows == 200);
        CHECKF((a->cols[0].data != NULL) == has_x[i], "list %zu", i);
        CHECK((a->cols[1].at != NULL) == (has_s[i] || i % 2 == 1));
        if (has_x[i] && has_s[i])
            check_section(a, 0, 40);
        if (i % 2)
            check_section(rec_reader_table(r, "b"), 0, 200);
        rec_reader_close(r);
    }
}

/* More rows than one batch or frame holds: the same on one thread and on three. */
static void frames_are_the_same_on_any_number_of_threads(void)
{
    static const char *const names[] = { "one", "three" };
    char *bytes[2];
    size_t n[2];

    for (int i = 0; i < 2; i++) {
        struct rec_writer *w = writer(names[i], 1);

        rec_par_set_threads(i ? 3 : 1);
        write_section(w, "a", 5, 400000);
        write_frames(w, "b", 0, 100);
        CHECK(rec_writer_finish(w, LINE, &err) == REC_OK);
        bytes[i] = files_read(files_path(names[i]), &n[i]);
    }
    CHECK(n[0] == n[1] && memcmp(bytes[0], bytes[1], n[0]) == 0);
    for (int i = 0; i < 2; i++) {
        struct rec_reader *r;

        rec_par_set_threads(i ? 3 : 1);
        r = read_file("one", "*");
        check_section(rec_reader_table(r, "a"), 5, 400000);
        check_section(rec_reader_table(r, "b"), 0, 100);
        rec_reader_close(r);
        free(bytes[i]);
    }
    rec_par_set_threads(1);
}

int main(void)
{
    files_begin();
    RUN(what_is_written_is_read_back);
    RUN(sections_not_asked_for_have_only_their_size);
    RUN(relay_passes_all_but_what_is_dropped);
    RUN(file_is_the_same_by_any_way_and_threads);
    RUN(a_second_section_of_the_same_name_is_refused);
    RUN(blocks_come_in_order_and_an_empty_section_once);
    RUN(a_section_handed_over_in_blocks_is_not_loaded);
    RUN(only_the_columns_that_are_named_are_decoded);
    RUN(frames_are_the_same_on_any_number_of_threads);
    files_end();
    return test_end();
}
