/* csv */
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "io/csv.h"
#include "unit/files.h"

static const struct rec_csv_dialect comma = { .delim = ',', .newline = '\n' };

static struct rec_err err;

/*
 * All rows of a file as one text: fields joined by '|', rows ended by '/', each with
 * its line number in front.  The caller frees it; on an error *st says which.
 */
static char *rows_of(const char *path, uint64_t skip, enum rec_status *st)
{
    static struct rec_csv_row row;
    struct rec_csv *csv;
    char *text = NULL;
    size_t n = 0;
    FILE *f = open_memstream(&text, &n);

    CHECK(f != NULL);
    *st = rec_csv_open(path, &comma, skip, &csv, &err);
    if (*st == REC_OK) {
        while ((*st = rec_csv_next(csv, &row, &err)) == REC_OK && row.n > 0) {
            fprintf(f, "%d:", (int)row.line);
            for (uint32_t i = 0; i < row.n; i++) {
                fputs(i > 0 ? "|" : "", f);
                (void)fwrite(row.field[i], 1, row.len[i], f);
            }
            fputc('/', f);
        }
        rec_csv_close(csv);
    }
    CHECK(fclose(f) == 0);
    return text;
}

static void check_rows(const char *text, size_t n, uint64_t skip, const char *wanted)
{
    enum rec_status st;
    char *got = rows_of(files_write("a.csv", text, n), skip, &st);

    CHECKF(st == REC_OK, "'%.60s': %s", text, err.text);
    CHECKF(strcmp(got, wanted) == 0, "'%.60s' gives '%.80s'", text, got);
    free(got);
}

static void csv_reads_rows(void)
{
    static const struct {
        const char *text, *rows;
    } cases[] = {
        { "", "" },
        { "\n\n\r\n", "" },
        { "a,b\nc,d\n", "1:a|b/2:c|d/" },
        { "a,b\nc,d", "1:a|b/2:c|d/" },
        { "a,b\r\nc,d\r\n", "1:a|b/2:c|d/" },
        { "a,b\r\nc,d\r", "1:a|b/2:c|d/" },
        { "\xef\xbb\xbf"
          "a,b\n",
          "1:a|b/" },
        { "\xef\xbb\xbf", "" },
        { "\xef\xbb\xbf\"a\",b\n", "1:a|b/" },
        { "a\n\n\nb\n", "1:a/4:b/" },
        { "a,,\n,b\n,\n", "1:a||/2:|b/3:|/" },
        { "\"a\",\"b\"\n", "1:a|b/" },
        { "\"a,b\",c\n", "1:a,b|c/" },
        { "\"a\"\"b\",c\n", "1:a\"b|c/" },
        { "\"\",\"\"\"\"\n", "1:|\"/" },
        { "\"\"\n", "1:/" },
        { "\"a\nb\",c\nd\n", "1:a\nb|c/3:d/" },
        { "\"a\r\nb\",c\r\nd\r\n", "1:a\r\nb|c/3:d/" },
        { "\"a\n\n\nb\"\nc", "1:a\n\n\nb/5:c/" },
        { "x,\"a\nb\",\"c\nd\"\ny\n", "1:x|a\nb|c\nd/4:y/" },
        { "\"a\"", "1:a/" },
        { " \"a\" ,b\n", "1: \"a\" |b/" },
        { "\"a\"b,c\n", "1:ab|c/" },
        { "a b,\xc3\xa9,\xff\n", "1:a b|\xc3\xa9|\xff/" },
        { "a\rb,c\n", "1:a\rb|c/" },
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        check_rows(cases[i].text, strlen(cases[i].text), 0, cases[i].rows);
}

/* Quotes count only where a field begins with one. */
static void csv_takes_a_quote_inside_a_field_as_text(void)
{
    static const char text[] = "3,u1,5\" disk\n4,u2,6\" disk\n";

    check_rows(text, sizeof text - 1, 0, "1:3|u1|5\" disk/2:4|u2|6\" disk/");
}

static void csv_skips_lines_and_counts_them(void)
{
    static const char text[] = "# one\n# \"two\na,b\n\nc,d";

    check_rows(text, sizeof text - 1, 2, "3:a|b/5:c|d/");
    check_rows(text, sizeof text - 1, 4, "5:c|d/");
    check_rows(text, sizeof text - 1, 5, "");
    check_rows(text, sizeof text - 1, 500, "");
}

static void csv_refuses_with_file_and_line(void)
{
    static const struct {
        const char *text, *says;
        size_t n;
    } cases[] = {
        { "a,b\nc,\"d\ne,f\n", "a.csv:2: a quote", 0 },
        { "\"", "a.csv:1: a quote", 0 },
        { "\"a\"\"\n", "a.csv:1: a quote", 0 },
        { "x\ny\n\"a\nb\nc", "a.csv:3: a quote", 0 },
        { "a,b\nc\0,d\n", "a.csv:2: a NUL byte", 9 },
        { "a\n\"b\n\0\"\n", "a.csv:2: a NUL byte", 8 },
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        size_t n = cases[i].n > 0 ? cases[i].n : strlen(cases[i].text);
        enum rec_status st;

        free(rows_of(files_write("a.csv", cases[i].text, n), 0, &st));
        CHECKF(st == REC_EINPUT, "case %zu", i);
        CHECKF(strstr(err.text, cases[i].says) != NULL, "case %zu: %s", i, err.text);
    }
}

/* What is beyond them is marked, and the next row is found all the same. */
static void csv_takes_256_columns_and_marks_more(void)
{
    static const char *const cell[] = { "x", "\"x\"", "\"a\n,b\"" };
    static struct rec_csv_row row;

    for (int k = 0; k < 3; k++)
        for (uint32_t n = REC_CSV_MAX_FIELDS; n <= REC_CSV_MAX_FIELDS + 3; n++) {
            char text[4000] = "a\n";
            size_t at = 2;
            struct rec_csv *csv;

            for (uint32_t i = 0; i < n; i++)
                at += (size_t)snprintf(text + at, sizeof text - at, "%s%s",
                                       i > 0 ? "," : "", cell[k]);
            at += (size_t)snprintf(text + at, sizeof text - at, "\r\nlast,row");
            CHECK(rec_csv_open(files_write("a.csv", text, at), &comma, 0, &csv, &err) ==
                  REC_OK);
            CHECK(rec_csv_next(csv, &row, &err) == REC_OK && row.n == 1);
            CHECK(rec_csv_next(csv, &row, &err) == REC_OK);
            CHECKF(row.n == (n <= REC_CSV_MAX_FIELDS ? n : REC_CSV_MAX_FIELDS + 1),
                   "%u columns give %u", n, row.n);
            CHECK(row.bytes == at - 11 && memcmp(row.text, text + 2, row.bytes) == 0);
            CHECK(rec_csv_next(csv, &row, &err) == REC_OK && row.n == 2);
            CHECK(row.line == (k < 2 ? 3 : 3 + n));
            rec_csv_close(csv);
        }
}

/* A row of N bytes after FRONT bytes of short rows. */
static enum rec_status read_long_row(size_t front, size_t n, bool quoted)
{
    char *text = malloc(front + n + 1);
    enum rec_status st;

    CHECK(text != NULL && front % 2 == 0 && n >= 2);
    for (size_t i = 0; i < front; i += 2)
        memcpy(text + i, "a\n", 2);
    memset(text + front, 'x', n);
    if (quoted) {
        text[front] = text[front + n - 1] = '"';
        text[front + n / 2] = '\n';
    }
    text[front + n] = '\n';
    files_write("a.csv", text, front + n + 1);
    free(text);
    free(rows_of(files_path("a.csv"), 0, &st));
    return st;
}

static void csv_takes_a_row_of_1_mib(void)
{
    CHECK(read_long_row(0, REC_CSV_MAX_ROW_BYTES, false) == REC_OK);
    CHECK(read_long_row(0, REC_CSV_MAX_ROW_BYTES, true) == REC_OK);
    CHECK(read_long_row(1000000, REC_CSV_MAX_ROW_BYTES, false) == REC_OK);
}

static void csv_refuses_a_row_of_3_mib(void)
{
    CHECK(read_long_row(0, 3 << 20, false) == REC_EINPUT);
    CHECK(read_long_row(1000, 3 << 20, true) == REC_EINPUT);
    CHECKF(strstr(err.text, "a.csv:501: a row of more than 1 MiB") != NULL, "%s",
           err.text);
}

/* The limit is one of the row, not of where it happens to lie in the file. */
static void csv_refuses_a_row_of_1_mib_and_a_byte_wherever_it_is(void)
{
    static const size_t fronts[] = { 0, 2, 1000, 524288, 1048574, 1048576, 1048578 };

    for (size_t i = 0; i < sizeof fronts / sizeof *fronts; i++)
        CHECKF(read_long_row(fronts[i], REC_CSV_MAX_ROW_BYTES + 1, false) == REC_EINPUT,
               "behind %zu bytes", fronts[i]);
}

/* Rows of many lengths over three blocks of 1 MiB, some quoted, some with CRLF. */
static char *long_text(size_t *n, uint64_t *n_rows)
{
    char *text = malloc(4 << 20), *p = text;
    uint64_t state = 4;

    CHECK(text != NULL);
    for (*n_rows = 0; p - text < (3 << 20) + 70000; ++*n_rows) {
        int pad = (int)(test_random(&state) % 3000);

        p += sprintf(p, *n_rows % 3 == 0 ? "%d,%0*d,\"a\nb\"\r\n" : "%d,%0*d,a-b\n",
                     (int)*n_rows, pad, 7);
    }
    *n = (size_t)(p - text);
    return text;
}

static uint64_t check_long_text(const char *path, uint64_t n_rows)
{
    static struct rec_csv_row row;
    struct rec_csv *csv;
    uint64_t digest, line = 1;

    CHECK(rec_csv_open(path, &comma, 0, &csv, &err) == REC_OK);
    for (uint64_t i = 0; i < n_rows; i++) {
        char number[24];

        CHECKF(rec_csv_next(csv, &row, &err) == REC_OK, "%s", err.text);
        (void)snprintf(number, sizeof number, "%d", (int)i);
        CHECKF(row.n == 3 && row.line == line, "row %d: %u fields", (int)i, row.n);
        CHECK(row.len[0] == strlen(number) &&
              memcmp(row.field[0], number, row.len[0]) == 0);
        CHECK(row.len[1] >= 1 && row.field[1][row.len[1] - 1] == '7');
        CHECK(row.len[2] == 3 && memcmp(row.field[2], i % 3 ? "a-b" : "a\nb", 3) == 0);
        line += i % 3 == 0 ? 2 : 1;
    }
    CHECK(rec_csv_next(csv, &row, &err) == REC_OK && row.n == 0);
    digest = rec_csv_digest(csv);
    rec_csv_close(csv);
    return digest;
}

/* The text gzipped as members of PART bytes each. */
static const char *write_gzip(const char *name, const char *text, size_t n, size_t part)
{
    const char *path = files_path(name);

    (void)unlink(path);
    for (size_t at = 0; at < n; at += part) {
        gzFile f = gzopen(path, "ab1");
        size_t len = n - at < part ? n - at : part;

        CHECK(f != NULL && gzwrite(f, text + at, (unsigned)len) == (int)len);
        CHECK(gzclose(f) == Z_OK);
    }
    return path;
}

static void csv_reads_over_block_borders_plain_and_gzip(void)
{
    size_t n, gz_n;
    uint64_t n_rows, digest;
    char *text = long_text(&n, &n_rows), *gz;
    enum rec_status st;

    digest = check_long_text(files_write("long.csv", text, n), n_rows);
    CHECK(check_long_text(write_gzip("one.csv.gz", text, n, n), n_rows) == digest);
    CHECK(check_long_text(write_gzip("two.csv.gz", text, n, n / 2 + 1), n_rows) ==
          digest);
    CHECK(check_long_text(write_gzip("many.csv.gz", text, n, 262144), n_rows) ==
          digest);
    gz = files_read(files_path("two.csv.gz"), &gz_n);
    for (size_t i = 0; i < 12; i++) {
        static const size_t back[] = { 1, 4, 7, 8, 9, 100, 5000 };
        size_t cut = i < 7 ? gz_n - back[i] : 2 + 7 * (i - 7);

        free(rows_of(files_write("cut.csv.gz", gz, cut), 0, &st));
        CHECKF(st == REC_EINPUT, "cut at %zu of %zu", cut, gz_n);
        CHECKF(strstr(err.text, "cut off") != NULL, "%s", err.text);
    }
    gz[gz_n - 6] ^= 1; /* the CRC of the second member */
    free(rows_of(files_write("cut.csv.gz", gz, gz_n), 0, &st));
    CHECK(st == REC_EINPUT && strstr(err.text, "damaged") != NULL);
    free(gz);
    text[n] = '\n'; /* the same rows, another text */
    CHECK(check_long_text(files_write("long.csv", text, n + 1), n_rows) != digest);
    free(text);
}

static void csv_open_says_what_is_not_there(void)
{
    struct rec_csv *csv;

    CHECK(rec_csv_open(files_path("none"), &comma, 0, &csv, &err) == REC_ESYSTEM);
    CHECK(strstr(err.text, "none: cannot open: No such file") != NULL);
    CHECK(rec_csv_open(files_dir, &comma, 0, &csv, &err) == REC_ESYSTEM);
    CHECK(strstr(err.text, "is a directory") != NULL);
}

static void csv_survives_every_failed_allocation(void)
{
    const char *path = files_write("a.csv", "a,b\n", 4);
    uint64_t before = rec_mem_now();
    struct rec_csv *csv;
    enum rec_status st = REC_ESYSTEM;

    for (uint64_t at = 1; st != REC_OK; at++) {
        rec_mem_fail_at(at);
        st = rec_csv_open(path, &comma, 0, &csv, &err);
        rec_mem_fail_at(0);
        CHECK(st == REC_OK || (st == REC_ESYSTEM && rec_mem_now() == before));
        CHECK(at > 3 || st != REC_OK);
    }
    rec_csv_close(csv);
    rec_csv_close(NULL);
    CHECK(rec_mem_now() == before);
}

/* ---- while it comes ---- */

/* A pipe that is read as rows. */
struct live {
    int in;
    char path[32];
    struct rec_csv *csv;
};

static void live_open(struct live *l, const char *text, bool gzip)
{
    static const struct rec_csv_dialect by_looking = { 0 };
    int fd[2];

    (void)alarm(30); /* who waits for what does not come, dies */
    CHECK(pipe(fd) == 0);
    l->in = fd[1];
    (void)snprintf(l->path, sizeof l->path, "/dev/fd/%d", fd[0]);
    if (!gzip)
        CHECK(write(l->in, text, strlen(text)) == (ssize_t)strlen(text));
    else {
        gzFile z = gzdopen(dup(l->in), "wb");

        CHECK(gzputs(z, text) > 0 && gzflush(z, Z_SYNC_FLUSH) == Z_OK);
        CHECK(gzclose(z) == Z_OK);
    }
    CHECKF(rec_csv_open_live(l->path, &by_looking, &l->csv, &err) == REC_OK, "%s",
           err.text);
    (void)close(fd[0]);
}

static void live_write(struct live *l, const char *text)
{
    CHECK(write(l->in, text, strlen(text)) == (ssize_t)strlen(text));
}

static void live_next(struct live *l, const char *wanted)
{
    static struct rec_csv_row row;

    CHECKF(rec_csv_next(l->csv, &row, &err) == REC_OK, "%s", err.text);
    CHECKF(row.n == 2 && row.bytes == strlen(wanted) &&
               memcmp(row.text, wanted, row.bytes) == 0,
           "%u columns in '%.*s', not '%s'", row.n, (int)row.bytes, row.text, wanted);
}

static void live_end(struct live *l)
{
    static struct rec_csv_row row;

    if (l->in >= 0)
        (void)close(l->in);
    CHECK(rec_csv_next(l->csv, &row, &err) == REC_OK && row.n == 0);
    rec_csv_close(l->csv);
    (void)alarm(0);
}

static void live_rows_come_as_soon_as_they_are_there(void)
{
    struct live l;

    live_open(&l, "\na;b,,\nc;d\ne", false);
    live_next(&l, "a;b,,");
    live_next(&l, "c;d");
    live_write(&l, ";\"f\n");
    live_write(&l, "g\"\n");
    live_next(&l, "e;\"f\ng\"");
    live_write(&l, "h;i");
    (void)close(l.in);
    l.in = -1;
    live_next(&l, "h;i");
    live_end(&l);
    live_open(&l, "a,b\nc,d\n", true);
    live_next(&l, "a,b");
    live_next(&l, "c,d");
    live_end(&l);
}

/* The same whatever else is there: later lines are split by commas. */
static void live_dialect_is_that_of_the_first_line(void)
{
    struct live l;

    live_open(&l, "a;b\nc,d;1,2\ne,f;3,4\n", false);
    CHECK(rec_csv_dialect(l.csv).delim == ';');
    live_next(&l, "a;b");
    live_next(&l, "c,d;1,2");
    live_next(&l, "e,f;3,4");
    live_end(&l);
    live_open(&l, "a b\r\nc d\r\n", false);
    CHECK(rec_csv_dialect(l.csv).newline == '\n');
    live_next(&l, "a b\r");
    live_next(&l, "c d\r");
    live_end(&l);
    live_open(&l, "a\tb\rc\td\r", false);
    CHECK(rec_csv_dialect(l.csv).newline == '\r');
    live_next(&l, "a\tb");
    live_next(&l, "c\td");
    live_end(&l);
}

int main(void)
{
    files_begin();
    RUN(csv_reads_rows);
    RUN(csv_takes_a_quote_inside_a_field_as_text);
    RUN(csv_skips_lines_and_counts_them);
    RUN(csv_refuses_with_file_and_line);
    RUN(csv_takes_256_columns_and_marks_more);
    RUN(csv_takes_a_row_of_1_mib);
    RUN(csv_refuses_a_row_of_3_mib);
    RUN(csv_refuses_a_row_of_1_mib_and_a_byte_wherever_it_is);
    RUN(csv_reads_over_block_borders_plain_and_gzip);
    RUN(csv_open_says_what_is_not_there);
    RUN(csv_survives_every_failed_allocation);
    RUN(live_rows_come_as_soon_as_they_are_there);
    RUN(live_dialect_is_that_of_the_first_line);
    files_end();
    return test_end();
}
