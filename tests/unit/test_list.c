/* list: a user and its items a line, as rows. */
#include <stdlib.h>
#include <string.h>

#include "io/list.h"
#include "unit/files.h"

enum { PIECES = 16, MANY_BYTES = 3 << 20, SMALL_MEMORY = 32 << 20 };

static const struct rec_csv_dialect space = { .delim = ' ', .newline = '\n' };

static struct rec_err err;

/* ---- rows as text: "line:user|item/" ---- */

static struct rec_csv_span span_of(const char *text, size_t n,
                                   struct rec_csv_dialect dialect)
{
    return (struct rec_csv_span){ .text = text,
                                  .end = text + n,
                                  .line = 1,
                                  .name = "a",
                                  .dialect = dialect,
                                  .has_nul = memchr(text, '\0', n) != NULL };
}

static void put_row(FILE *f, uint64_t line, const char *user, size_t user_len,
                    const char *item, size_t item_len)
{
    fprintf(f, "%d:", (int)line);
    (void)fwrite(user, 1, user_len, f);
    fputc('|', f);
    (void)fwrite(item, 1, item_len, f);
    fputc('/', f);
}

static enum rec_status put_rows(FILE *f, const struct rec_csv_span *span)
{
    static struct rec_csv_row row;
    struct rec_list list = rec_list_begin(span);
    enum rec_status st;

    while ((st = rec_list_next(&list, &row, &err)) == REC_OK && row.n > 0) {
        CHECK(row.n == 2 && row.text == row.field[1] && row.bytes == row.len[1]);
        put_row(f, row.line, row.field[0], row.len[0], row.field[1], row.len[1]);
    }
    return st;
}

/* The rows of N bytes of text, cut behind the lines that end at or after CUTS. */
static char *rows_of_pieces(const char *text, size_t n, const size_t *cuts,
                            size_t n_cuts, struct rec_csv_dialect dialect)
{
    struct rec_csv_span s = span_of(text, n, dialect);
    char *out = NULL;
    size_t out_n = 0, at = 0;
    FILE *f = open_memstream(&out, &out_n);

    CHECK(f != NULL);
    for (size_t i = 0; i <= n_cuts && at < n; i++) {
        size_t from = i == n_cuts ? n : cuts[i] > at ? cuts[i] : at;
        const char *end = from < n ? memchr(text + from, '\n', n - from) : NULL;
        size_t to = end == NULL ? n : (size_t)(end + 1 - text);

        s.text = text + at;
        s.end = text + to;
        CHECK(put_rows(f, &s) == REC_OK);
        for (; at < to; at++)
            s.line += text[at] == '\n';
    }
    CHECK(fclose(f) == 0);
    return out;
}

static char *rows_of(const char *text, size_t n, struct rec_csv_dialect dialect)
{
    return rows_of_pieces(text, n, NULL, 0, dialect);
}

/* The same, plainly: a byte at a time. */
static char *plain_rows(const char *text, size_t n)
{
    char *out = NULL;
    size_t out_n = 0, user = 0, user_end = 0, item = 0;
    int line = 1, items = 0;
    bool in_user = true;
    FILE *f = open_memstream(&out, &out_n);

    CHECK(f != NULL);
    for (size_t i = 0; i <= n; i++) {
        bool newline = i == n || text[i] == '\n';
        size_t end = newline && i > user && text[i - 1] == '\r' ? i - 1 : i;

        if (!newline && text[i] != ' ')
            continue;
        if (in_user) {
            user_end = end;
        } else if (end > item) {
            put_row(f, (uint64_t)line, text + user, user_end - user, text + item,
                    end - item);
            items++;
        }
        in_user = newline;
        item = i + 1;
        if (newline) {
            if (items == 0 && end > user)
                put_row(f, (uint64_t)line, text + user, user_end - user, text, 0);
            items = 0;
            line++;
            user = i + 1;
        }
    }
    CHECK(fclose(f) == 0);
    return out;
}

static void check_same(char *got, char *wanted, const char *text)
{
    CHECKF(strcmp(got, wanted) == 0, "'%.60s' gives '%.80s', not '%.80s'", text, got,
           wanted);
    free(got);
    free(wanted);
}

/* ---- the rows ---- */

static void list_gives_a_row_for_each_item(void)
{
    static const struct {
        const char *text, *rows;
        struct rec_csv_dialect dialect;
    } cases[] = {
        { "", "", { ' ', false, '\n', true } },
        { "a x y\nb x\n", "1:a|x/1:a|y/2:b|x/", { ' ', false, '\n', true } },
        { "a x y\r\n\r\n\nb x", "1:a|x/1:a|y/4:b|x/", { ' ', false, '\n', true } },
        { "a\nb \nc  x  y  \n", "1:a|/2:b|/3:c|x/3:c|y/", { ' ', false, '\n', true } },
        { " x y\n \n", "1:|x/1:|y/2:|/", { ' ', false, '\n', true } },
        { "a \"x y\"\n", "1:a|\"x/1:a|y\"/", { ' ', false, '\n', true } },
        { "a b\tx y\n", "1:a b|x y/", { '\t', false, '\n', true } },
        { "a x\rb y\r", "1:a|x/2:b|y/", { ' ', false, '\r', true } },
        { "a::x:y::::z::\n:b\n", "1:a|x:y/1:a|z/2::b|/", { ':', true, '\n', true } },
        { "a:::x\n", "1:a|:x/", { ':', true, '\n', true } },
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *got = rows_of(cases[i].text, strlen(cases[i].text), cases[i].dialect);

        check_same(got, strdup(cases[i].rows), cases[i].text);
    }
}

/* Text of such bytes as matter, and lines now and then. */
static size_t make_text(char *text, size_t most, uint64_t *state)
{
    static const char bytes[] = "ab123   \n\n\r\"";
    size_t n = test_random(state) % most;

    for (size_t i = 0; i < n; i++)
        text[i] = bytes[test_random(state) % (sizeof bytes - 1)];
    return n;
}

static void list_gives_the_same_rows_wherever_it_is_cut(void)
{
    char text[200];
    uint64_t state = 1;

    for (int round = 0; round < 2000; round++) {
        size_t n = make_text(text, sizeof text, &state);
        size_t cuts[2];

        check_same(rows_of(text, n, space), plain_rows(text, n), text);
        cuts[0] = n == 0 ? 0 : test_random(&state) % n;
        cuts[1] = n == 0 ? 0 : test_random(&state) % n;
        check_same(rows_of_pieces(text, n, cuts, 2, space), plain_rows(text, n), text);
    }
}

static void list_refuses_with_file_and_line(void)
{
    size_t n = REC_CSV_MAX_ROW_BYTES + 10;
    char *text = malloc(n);
    struct rec_csv_span s;
    FILE *f = fopen("/dev/null", "w");

    CHECK(text != NULL && f != NULL);
    memset(text, 'x', n);
    memcpy(text, "a b\nc ", 6);
    s = span_of(text, n, space);
    CHECK(put_rows(f, &s) == REC_EINPUT);
    CHECKF(strcmp(err.text, "a:2: a line of more than 1 MiB") == 0, "%s", err.text);
    s = span_of(text, n - 6,
                space); /* 1 MiB behind the first line: just not too long */
    CHECK(put_rows(f, &s) == REC_OK);
    s = span_of("a b\nc \0\n", 8, space);
    CHECK(put_rows(f, &s) == REC_EINPUT);
    CHECKF(strcmp(err.text, "a:2: a NUL byte: this is not text") == 0, "%s", err.text);
    CHECK(fclose(f) == 0);
    free(text);
}

/* ---- from a file ---- */

static char *rows_of_file(const char *path, uint32_t pieces, unsigned *n_batches)
{
    struct rec_csv_dialect dialect = { .unquoted = true };
    struct rec_csv_span spans[PIECES] = { 0 };
    struct rec_csv *csv;
    char *out = NULL;
    size_t out_n = 0;
    uint32_t n;
    FILE *f = open_memstream(&out, &out_n);

    CHECK(f != NULL);
    CHECK(rec_csv_open(path, &dialect, 0, &csv, &err) == REC_OK);
    CHECK(rec_csv_take_lists(csv, space, &err) == REC_OK);
    for (*n_batches = 0; rec_csv_spans(csv, spans, pieces, &n, &err) == REC_OK && n > 0;
         ++*n_batches)
        for (uint32_t i = 0; i < n; i++)
            CHECK(put_rows(f, &spans[i]) == REC_OK);
    rec_csv_close(csv);
    CHECK(fclose(f) == 0);
    return out;
}

static void list_of_a_file_is_the_same_in_any_pieces_and_batches(void)
{
    static const uint32_t pieces[] = { 1, 3, PIECES };
    char *text = malloc(MANY_BYTES + 200);
    uint64_t state = 2;
    size_t n = 0;
    unsigned n_batches, n_small;
    const char *path;

    CHECK(text != NULL);
    n = (size_t)sprintf(text, "a x\n\"b x\n"); /* a quote that no other closes */
    while (n < MANY_BYTES)
        n += make_text(text + n, 200, &state);
    for (size_t i = 5; i < n; i++)
        text[i] = text[i] == '"' ? 'q' : text[i];
    path = files_write("lists", text, n);
    for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++) {
        check_same(rows_of_file(path, pieces[i], &n_batches), plain_rows(text, n),
                   path);
        rec_mem_limit(rec_mem_now() + SMALL_MEMORY);
        check_same(rows_of_file(path, pieces[i], &n_small), plain_rows(text, n), path);
        rec_mem_limit(0);
        CHECK(n_batches >= 2 && n_small >= 12);
    }
    free(text);
}

/* One line, longer than a batch of lists is under a small limit. */
static void list_of_one_long_line_is_one_batch(void)
{
    enum { BYTES = 900000 };
    char *text = malloc(BYTES);
    unsigned n_batches;
    const char *path;

    CHECK(text != NULL);
    memset(text, 'x', BYTES);
    for (size_t i = 1; i < BYTES; i += 1000)
        text[i] = ' ';
    path = files_write("long", text, BYTES);
    rec_mem_limit(rec_mem_now() + SMALL_MEMORY);
    check_same(rows_of_file(path, PIECES, &n_batches), plain_rows(text, BYTES), path);
    rec_mem_limit(0);
    CHECK(n_batches == 1);
    free(text);
}

/* ---- are these lists? ---- */

static bool found(const char *text, size_t n, char delim)
{
    enum { READABLE = 64 };
    struct rec_csv_dialect d = { .delim = delim, .newline = '\n' };
    char *copy = calloc(n + READABLE, 1);
    struct rec_csv_span s = span_of(copy, n, d);
    bool yes;

    CHECK(copy != NULL);
    memcpy(copy, text, n);
    yes = rec_list_found(&s);
    free(copy);
    return yes;
}

static void lists_are_found_only_where_ratings_cannot_be(void)
{
    static const struct {
        const char *text;
        char delim;
        bool lists;
    } cases[] = {
        { "0 1 2 3 4\n1 5\n", ' ', true },
        { "0 1 2 3 4 \n1\n", ' ', true },
        { "a x y z w\nb x y\n", ' ', true },
        { "a x 1 2 w\nb x 1 y\nc x\n", ' ', true },
        { "u0 1 2 3 4\nu1 5 6 7\n", ' ', true },
        { "0\t1\t2\t3\t4\n1\t5\n", '\t', true },
        { "", ' ', false },
        { "0 1 2 3 4\n", ' ', false },             /* one line */
        { "0 1 2 3 4\n0 5\n", ' ', false },        /* a user again */
        { "0 1 2 3 4\n1 5 6 7 8\n", ' ', false },  /* all alike */
        { "0 1 2 3 4 \n1 5 6 7 8\n", ' ', false }, /* but for the end */
        { "0 1 2 3\n1 5\n", ' ', false },          /* no more than four fields */
        { "0 1 2.5 3 4\n1 5 2 7\n", ' ', false },  /* ratings, with more behind */
        { "0 1 2 3 a\nb x 3 9 c d\n", ' ', false },
        { "0 1 2 3 \"4\n1 5\n", ' ', false }, /* a quote */
        { "0 1 2 3 4\n1 5\n", ',', false },
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        CHECKF(found(cases[i].text, strlen(cases[i].text), cases[i].delim) ==
                   cases[i].lists,
               "case %d", (int)i);
}

/* What is behind a hundred lines, or half of a MiB, does not count. */
static void lists_are_found_by_the_beginning(void)
{
    enum { BYTES = 1 << 20 };
    char *text = calloc(BYTES, 1);
    size_t n = 0;

    CHECK(text != NULL);
    for (int i = 0; i < 100; i++)
        n += (size_t)snprintf(text + n, BYTES - n, "%d 7 8 9 1%s\n", i,
                              i % 2 ? " 2" : "");
    CHECK(found(text, n, ' '));
    memcpy(text + n, "0 1\n", 4);
    CHECK(found(text, n + 4, ' ')); /* user 0 again, on line 101 */
    memcpy(text + n - 12, "\n0 1 2 3 4 5\n", 12);
    CHECK(!found(text, n, ' '));
    n = (size_t)sprintf(text, "0 1 2 3 4\n1 5\n2 ");
    memset(text + n, '3', BYTES - n);
    CHECK(found(text, BYTES, ' '));
    memset(text, '3', BYTES);
    CHECK(!found(text, BYTES, ' '));
    free(text);
}

int main(void)
{
    files_begin();
    RUN(list_gives_a_row_for_each_item);
    RUN(list_gives_the_same_rows_wherever_it_is_cut);
    RUN(list_refuses_with_file_and_line);
    RUN(list_of_a_file_is_the_same_in_any_pieces_and_batches);
    RUN(list_of_one_long_line_is_one_batch);
    RUN(lists_are_found_only_where_ratings_cannot_be);
    RUN(lists_are_found_by_the_beginning);
    files_end();
    return test_end();
}
