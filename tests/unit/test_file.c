/* file, prov */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/version.h"
#include "io/file.h"
#include "io/prov.h"
#include "unit/files.h"

static struct rec_err err;

/* ---- file ---- */

static void out_gives_the_name_only_on_commit(void)
{
    const char *path = files_path("out");
    unsigned before = files_count();
    struct rec_out *out;
    char *text;
    size_t n;

    CHECK(rec_out_open(path, &out, &err) == REC_OK);
    CHECK(rec_out_is_file(out) && strcmp(rec_out_name(out), path) == 0);
    CHECK(rec_out_write(out, "first", 5, &err) == REC_OK);
    CHECK(access(path, F_OK) != 0 && files_count() == before + 1);
    CHECK(rec_out_commit(out, &err) == REC_OK);
    CHECK(access(path, F_OK) == 0 && files_count() == before + 1);
    CHECK(rec_out_open(path, &out, &err) == REC_OK);
    CHECK(rec_out_write(out, "second", 6, &err) == REC_OK);
    text = files_read(path, &n); /* the old one stays whole to the end */
    CHECK(strcmp(text, "first") == 0);
    free(text);
    CHECK(rec_out_commit(out, &err) == REC_OK);
    text = files_read(path, &n);
    CHECK(strcmp(text, "second") == 0);
    free(text);
    CHECK(unlink(path) == 0 && files_count() == before);
}

static void out_discard_leaves_nothing_behind(void)
{
    const char *path = files_write("kept", "old", 3);
    unsigned before = files_count();
    struct rec_out *out;
    char *text;
    size_t n;

    CHECK(rec_out_open(path, &out, &err) == REC_OK);
    CHECK(rec_out_write(out, "new", 3, &err) == REC_OK);
    rec_out_discard(out);
    rec_out_discard(NULL);
    CHECK(files_count() == before);
    text = files_read(path, &n);
    CHECK(strcmp(text, "old") == 0);
    free(text);
}

static void out_temporaries_are_removed_for_a_signal(void)
{
    unsigned before = files_count();
    struct rec_out *a, *b;

    CHECK(rec_out_open(files_path("a"), &a, &err) == REC_OK);
    CHECK(rec_out_open(files_path("b"), &b, &err) == REC_OK);
    CHECK(files_count() == before + 2);
    rec_out_remove_temporaries();
    CHECK(files_count() == before);
    rec_out_discard(a);
    CHECK(rec_out_commit(b, &err) == REC_ESYSTEM);
    CHECK(rec_out_open(files_path("a"), &a, &err) == REC_OK);
    CHECK(rec_out_commit(a, &err) == REC_OK);
    rec_out_remove_temporaries(); /* a committed file is none */
    CHECK(unlink(files_path("a")) == 0 && files_count() == before);
}

static void out_writes_any_sizes_in_order(void)
{
    enum { N = 1500000 };
    uint8_t *data = malloc(N);
    const char *path = files_path("sizes");
    uint64_t state = 2;
    struct rec_out *out;
    char *text;
    size_t n;

    CHECK(data != NULL);
    for (size_t i = 0; i < N; i++)
        data[i] = (uint8_t)test_random(&state);
    CHECK(rec_out_open(path, &out, &err) == REC_OK);
    for (size_t at = 0; at < N;) {
        size_t len = test_random(&state) % (test_random(&state) % 5 ? 3000 : 600000);

        len = len < N - at ? len : N - at;
        CHECK(rec_out_write(out, data + at, len, &err) == REC_OK);
        at += len;
    }
    CHECK(rec_out_commit(out, &err) == REC_OK);
    text = files_read(path, &n);
    CHECK(n == N && memcmp(text, data, N) == 0);
    free(text);
    free(data);
}

static void out_says_what_cannot_be_written(void)
{
    struct rec_out *out;

    CHECK(rec_out_open(files_path("no/such/place"), &out, &err) == REC_ESYSTEM);
    CHECK(strstr(err.text, "no/such/place: cannot create: No such file") != NULL);
    CHECK(rec_out_open("/dev/full", &out, &err) == REC_OK && !rec_out_is_file(out));
    CHECK(rec_out_write(out, "x", 1, &err) == REC_OK);
    CHECK(rec_out_commit(out, &err) == REC_ESYSTEM);
    CHECKF(strstr(err.text, "/dev/full: cannot write: No space") != NULL, "%s",
           err.text);
    CHECK(rec_out_open("/dev/null", &out, &err) == REC_OK && !rec_out_is_file(out));
    CHECK(rec_out_commit(out, &err) == REC_OK && access("/dev/null", F_OK) == 0);
}

static void in_reads_all_bytes_and_counts_them(void)
{
    enum { N = 1000000 };
    uint8_t *data = malloc(N + 9), *got = malloc(N + 9);
    uint64_t state = 3;
    struct rec_in *in;
    size_t at = 0, n = 1;

    CHECK(data != NULL && got != NULL);
    for (size_t i = 0; i < N; i++)
        data[i] = (uint8_t)test_random(&state);
    CHECK(rec_in_open(files_write("in", data, N), false, &in, &err) == REC_OK);
    while (at < N) {
        size_t want = test_random(&state) % (test_random(&state) % 5 ? 3000 : 400000);

        want = want < N + 9 - at ? want : N + 9 - at;
        CHECK(rec_in_read(in, got + at, want, &n, &err) == REC_OK);
        CHECK(n == (want < N - at ? want : N - at));
        at += n;
        CHECK(rec_in_offset(in) == at);
    }
    CHECK(rec_in_read(in, got, 9, &n, &err) == REC_OK && n == 0);
    rec_in_close(in);
    rec_in_close(NULL);
    CHECK(memcmp(got + 9, data + 9, N - 9) == 0);
    free(data);
    free(got);
}

static void in_and_out_survive_every_failed_allocation(void)
{
    const char *path = files_write("in", "x", 1), *other = files_path("out");
    unsigned files = files_count();
    uint64_t before = rec_mem_now();
    struct rec_in *in = NULL;
    struct rec_out *out = NULL;
    enum rec_status st = REC_ESYSTEM;

    for (uint64_t at = 1; st != REC_OK; at++) {
        rec_mem_fail_at(at);
        st = rec_in_open(path, true, &in, &err);
        if (st == REC_OK)
            rec_in_close(in);
        if (st == REC_OK)
            st = rec_out_open(other, &out, &err);
        rec_mem_fail_at(0);
        CHECK(st == REC_OK || (rec_mem_now() == before && files_count() == files));
        CHECK(at > 7 || st != REC_OK);
    }
    rec_out_discard(out);
    CHECK(rec_mem_now() == before && files_count() == files);
}

/* ---- prov ---- */

static void check_text(const struct rec_buf *b, const char *wanted)
{
    CHECKF(b->n == strlen(wanted) && memcmp(b->data, wanted, b->n) == 0, "%.*s not %s",
           (int)b->n, (char *)b->data, wanted);
}

static void prov_chains_each_line_to_the_one_before(void)
{
    struct rec_buf b = { 0 };

    CHECK(rec_prov_add(&b, "rec-clean", "--time none", 0xabc, &err) == REC_OK);
    CHECK(rec_prov_add(&b, "rec-split", "--seed 1", 1, &err) == REC_OK);
    CHECK(rec_prov_add(&b, "rec-split", "", UINT64_MAX, &err) == REC_OK);
    CHECK(rec_prov_add(&b, "rec-split", "", 0, &err) == REC_OK);
    check_text(&b, "@PG\tID:rec-clean\tPN:rec-clean\tVN:" REC_VERSION
                   "\tPA:--time none\tIN:0000000000000abc\n"
                   "@PG\tID:rec-split\tPP:rec-clean\tPN:rec-split\tVN:" REC_VERSION
                   "\tPA:--seed 1\tIN:0000000000000001\n"
                   "@PG\tID:rec-split.1\tPP:rec-split\tPN:rec-split\tVN:" REC_VERSION
                   "\tPA:\tIN:ffffffffffffffff\n"
                   "@PG\tID:rec-split.2\tPP:rec-split.1\tPN:rec-split\tVN:" REC_VERSION
                   "\tPA:\tIN:0000000000000000\n");
    rec_buf_free(&b);
}

static void prov_script_is_the_pipeline(void)
{
    struct rec_buf b = { 0 }, out = { 0 };

    CHECK(rec_prov_add(&b, "rec-clean", "--time none", 1, &err) == REC_OK);
    CHECK(rec_prov_add(&b, "rec-encode", "", 2, &err) == REC_OK);
    CHECK(rec_prov_add(&b, "rec-split", "--seed 1 --name 'a b'", 3, &err) == REC_OK);
    CHECK(rec_prov_script((char *)b.data, b.n, &out, &err) == REC_OK);
    check_text(&out, "#!/bin/sh\n# made by rec " REC_VERSION "\n"
                     "rec-clean --time none -- \"$@\" |\nrec-encode |\n"
                     "rec-split --seed 1 --name 'a b'\n");
    rec_buf_free(&out);
    CHECK(rec_prov_script("@PG\tID:a\tPN:a\tVN:1\n", 20, &out, &err) == REC_EFORMAT);
    CHECK(rec_prov_script("nonsense", 8, &out, &err) == REC_EFORMAT);
    rec_buf_free(&out);
    rec_buf_free(&b);
}

static void prov_of_random_bytes_never_crashes(void)
{
    struct rec_buf good = { 0 };
    uint64_t state = 11;

    CHECK(rec_prov_add(&good, "rec-clean", "--time none", 1, &err) == REC_OK);
    CHECK(rec_prov_add(&good, "rec-split", "--seed 1", 2, &err) == REC_OK);
    for (int i = 0; i < 3000; i++) {
        size_t n = 1 + test_random(&state) % good.n;
        struct rec_buf b = { 0 }, out = { 0 };
        char *text = malloc(n);

        CHECK(text != NULL);
        memcpy(text, good.data, n);
        for (uint64_t k = test_random(&state) % 4; k > 0; k--)
            text[test_random(&state) % n] = "\t\n:@PI\0"[test_random(&state) % 7];
        CHECK(rec_buf_add(&b, text, n, &err) == REC_OK);
        (void)!rec_prov_script(text, n, &out, &err);
        CHECK(rec_prov_add(&b, "rec-split", "", 3, &err) == REC_OK);
        free(text);
        rec_buf_free(&b);
        rec_buf_free(&out);
    }
    rec_buf_free(&good);
}

int main(void)
{
    files_begin();
    RUN(out_gives_the_name_only_on_commit);
    RUN(out_discard_leaves_nothing_behind);
    RUN(out_temporaries_are_removed_for_a_signal);
    RUN(out_writes_any_sizes_in_order);
    RUN(out_says_what_cannot_be_written);
    RUN(in_reads_all_bytes_and_counts_them);
    RUN(in_and_out_survive_every_failed_allocation);
    RUN(prov_chains_each_line_to_the_one_before);
    RUN(prov_script_is_the_pipeline);
    RUN(prov_of_random_bytes_never_crashes);
    files_end();
    return test_end();
}
