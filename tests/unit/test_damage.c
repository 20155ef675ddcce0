/* reader: damaged and cut streams, and no memory */
#include <fcntl.h>
#include <stdlib.h>

#include "unit/sections.h"

static enum rec_status read_all(const char *path)
{
    struct rec_reader *r;
    enum rec_status st = rec_reader_open(path, &r, &err);

    if (st != REC_OK)
        return st;
    st = rec_reader_load(r, "*", &err);
    if (st == REC_OK)
        st = rec_reader_run(r, NULL, &err);
    rec_reader_close(r);
    return st;
}

static void any_cut_or_changed_byte_is_refused(void)
{
    struct rec_writer *w = writer("small", 6);
    uint64_t before;
    char *b;
    size_t n;
    int fd;

    write_section(w, "a", 0, 30);
    write_frames(w, "b", 0, 1);
    CHECK(rec_writer_finish(w, LINE, &err) == REC_OK);
    before = rec_mem_now();
    b = files_read(files_path("small"), &n);
    fd = open(files_write("bad", b, n), O_WRONLY);
    for (size_t i = 0; i < n; i++) {
        char changed = (char)(b[i] ^ 0x10);

        if (i == 9)
            continue; /* the minor version */
        CHECK(pwrite(fd, &changed, 1, (off_t)i) == 1);
        CHECKF(read_all(files_path("bad")) == REC_EFORMAT, "byte %zu changed", i);
        CHECK(pwrite(fd, b + i, 1, (off_t)i) == 1);
    }
    CHECK(read_all(files_path("bad")) == REC_OK);
    CHECK(pwrite(fd, "", 1, (off_t)n) == 1);
    CHECK(read_all(files_path("bad")) == REC_EFORMAT);
    CHECK(strstr(err.text, "bad: ") != NULL &&
          strstr(err.text, "after the END") != NULL);
    for (size_t i = n; i-- > 0;) {
        CHECK(ftruncate(fd, (off_t)i) == 0);
        CHECKF(read_all(files_path("bad")) == REC_EFORMAT, "cut at %zu", i);
    }
    CHECK(close(fd) == 0 && rec_mem_now() == before);
    free(b);
}

/* A whole frame left out: every checksum holds, the digest does not. */
static void a_missing_frame_is_noticed(void)
{
    struct rec_writer *w = writer("gap", 0);
    char *b;
    size_t n, at = REC_PREAMBLE_BYTES, end;

    CHECK(rec_writer_finish(w, LINE, &err) == REC_OK);
    b = files_read(files_path("gap"), &n);
    end = at + REC_FRAME_HEADER_BYTES + sizeof LINE - 1;
    CHECK(n == end + REC_FRAME_HEADER_BYTES);
    memmove(b + at, b + end, n - end);
    CHECK(read_all(files_write("bad", b, n - (end - at))) == REC_EFORMAT);
    CHECKF(strstr(err.text, "frames are missing") != NULL, "%s", err.text);
    free(b);
    w = writer("discarded", 0);
    write_section(w, "a", 0, 3);
    rec_writer_discard(w);
    CHECK(access(files_path("discarded"), F_OK) != 0);
}

/* Reads "small", relays it and adds a section; what an allocation made fail is freed.
 */
static enum rec_status relay_and_add(const struct rec_table *t)
{
    struct rec_reader *r = NULL;
    struct rec_writer *w = NULL;
    enum rec_status st = rec_reader_open(files_path("small"), &r, &err);

    if (st == REC_OK)
        st = rec_reader_load(r, "*", &err);
    if (st == REC_OK)
        st = rec_writer_open(files_path("again"), 6, &w, &err);
    if (st == REC_OK)
        st = rec_reader_run(r, w, &err);
    if (st == REC_OK)
        st = rec_writer_table(w, t, &err);
    if (st == REC_OK) {
        st = rec_writer_finish(w, LINE, &err);
        w = NULL;
    }
    rec_writer_discard(w);
    rec_reader_close(r);
    return st;
}

static void reader_and_writer_survive_every_failed_allocation(void)
{
    uint64_t before = rec_mem_now(), at = 0;
    enum rec_status st = REC_ESYSTEM;
    struct rec_table t;
    unsigned files = files_count();

    make_section(&t, "new", 0, 300);
    while (st != REC_OK) {
        uint64_t held = rec_mem_now();

        rec_mem_fail_at(++at);
        st = relay_and_add(&t);
        rec_mem_fail_at(0);
        CHECKF(rec_mem_now() == held, "allocation %d: a leak", (int)at);
        CHECKF(st == REC_OK || (st == REC_ESYSTEM && files_count() == files),
               "allocation %d: status %d: %s", (int)at, (int)st, err.text);
        CHECKF(st == REC_OK || strstr(err.text, "out of memory") != NULL, "%s",
               err.text);
    }
    CHECKF(at > 30, "only %d allocations", (int)at);
    CHECK(read_all(files_path("again")) == REC_OK);
    rec_table_free(&t);
    CHECK(rec_mem_now() == before);
}

int main(void)
{
    files_begin();
    RUN(any_cut_or_changed_byte_is_refused);
    RUN(a_missing_frame_is_noticed);
    RUN(reader_and_writer_survive_every_failed_allocation);
    files_end();
    return test_end();
}
