/* table */
#include <stdlib.h>
#include <string.h>

#include "io/table.h"
#include "unit/test.h"

static struct rec_err err;

static void make_table(struct rec_table *t)
{
    rec_table_init(t, "ratings", REC_KIND_TABLE);
    memcpy(t->by, "rec-test", sizeof "rec-test");
    rec_table_set_attr(t, "US", 42);
    rec_table_set_attr(t, "IT", UINT64_MAX);
    rec_table_add(t, "user", REC_U32, 1, REC_SHUFFLE, "users");
    rec_table_add(t, "item", REC_U32, 1, REC_DELTA, "items");
    rec_table_add(t, "v", REC_F32, 16, REC_PLAIN, NULL);
    rec_table_add(t, "name", REC_STR, 1, REC_PLAIN, NULL);
}

static void header_round_trips(void)
{
    struct rec_table t, u;
    struct rec_buf text = { 0 }, again = { 0 };
    uint64_t x = 0;
    uint32_t id = 0;

    make_table(&t);
    CHECK(rec_table_write_header(&t, 7, &text, &err) == REC_OK);
    CHECK(rec_table_read_header(&u, &id, (char *)text.data, text.n, &err) == REC_OK);
    CHECK(id == 7 && strcmp(u.name, "ratings") == 0 && strcmp(u.by, "rec-test") == 0);
    CHECK(u.kind == REC_KIND_TABLE && u.n_cols == 4 && u.n_rows == 0);
    for (uint32_t i = 0; i < 4; i++)
        CHECK(strcmp(u.cols[i].name, t.cols[i].name) == 0 &&
              strcmp(u.cols[i].ref, t.cols[i].ref) == 0 &&
              u.cols[i].type == t.cols[i].type && u.cols[i].width == t.cols[i].width &&
              u.cols[i].filter == t.cols[i].filter);
    CHECK(rec_table_attr(&u, "US", &x) && x == 42);
    CHECK(rec_table_attr(&u, "IT", &x) && x == UINT64_MAX);
    CHECK(!rec_table_attr(&u, "S", &x) && !rec_table_attr(&u, "XX", &x));
    CHECK(rec_table_write_header(&u, 7, &again, &err) == REC_OK);
    CHECK(again.n == text.n && memcmp(again.data, text.data, text.n) == 0);
    rec_buf_free(&text);
    rec_buf_free(&again);
}

/* What one stage writes, the next must be able to read. */
static void header_of_a_table_by_nobody_is_readable(void)
{
    struct rec_table t, u;
    struct rec_buf text = { 0 };
    uint32_t id;

    rec_table_init(&t, "x", REC_KIND_TABLE);
    rec_table_add(&t, "c", REC_U8, 1, REC_PLAIN, NULL);
    CHECK(rec_table_write_header(&t, 1, &text, &err) == REC_OK);
    CHECKF(rec_table_read_header(&u, &id, (char *)text.data, text.n, &err) == REC_OK,
           "%s", err.text);
    rec_buf_free(&text);
}

static void header_takes_what_a_later_minor_version_adds(void)
{
    static const char text[] = "@SEC\tID:1\tNM:a\tKD:log\tBY:b\tZZ:any text\n"
                               "@COL\tNM:c\tTY:f32[65536]\tFI:none\tQQ:1\n";
    struct rec_table t;
    uint32_t id;

    CHECK(rec_table_read_header(&t, &id, text, sizeof text - 1, &err) == REC_OK);
    CHECK(t.cols[0].width == 65536 && t.kind == REC_KIND_LOG);
}

#define SEC "@SEC\tID:1\tNM:a\tKD:table\tBY:b"
#define COL "@COL\tNM:c\tTY:u8\tFI:none"

static void header_refuses_what_it_is_not(void)
{
    static const char *const bad[] = {
        "",
        "\n",
        SEC,
        SEC "\n",
        SEC "\n" COL,
        COL "\n",
        COL "\n" SEC "\n",
        SEC "\n" SEC "\n" COL "\n",
        "@SEC\tNM:a\tKD:table\tBY:b\n" COL "\n",
        "@SEC\tID:1\tKD:table\tBY:b\n" COL "\n",
        "@SEC\tID:0\tNM:a\tKD:table\tBY:b\n" COL "\n",
        "@SEC\tID:4294967297\tNM:a\tKD:table\tBY:b\n" COL "\n",
        "@SEC\tID:1\tNM:a b\tKD:table\tBY:b\n" COL "\n",
        "@SEC\tID:1\tNM:a\tKD:chair\tBY:b\n" COL "\n",
        "@SEC\tID:1\tNM:\tKD:table\tBY:b\n" COL "\n",
        "@SEC ID:1\tNM:a\tKD:table\tBY:b\n" COL "\n",
        SEC "\tX\n" COL "\n",
        SEC "\t\n" COL "\n",
        SEC "\tXYZ\n" COL "\n",
        SEC "\n@CUL\tNM:c\tTY:u8\tFI:none\n",
        SEC "\n@COL\tTY:u8\tFI:none\n",
        SEC "\n@COL\tNM:c\tFI:none\n",
        SEC "\n@COL\tNM:c\tTY:u9\tFI:none\n",
        SEC "\n@COL\tNM:c\tTY:u8\tFI:some\n",
        SEC "\n@COL\tNM:c\tTY:u8[0]\tFI:none\n",
        SEC "\n@COL\tNM:c\tTY:u8[65537]\tFI:none\n",
        SEC "\n@COL\tNM:c\tTY:u8[\tFI:none\n",
        SEC "\n@COL\tNM:c\tTY:u8[]\tFI:none\n",
        SEC "\n@COL\tNM:c\tTY:u8[-1]\tFI:none\n",
        SEC "\n@COL\tNM:c\tTY:u8]\tFI:none\n",
        SEC "\n@COL\tNM:c\tTY:[2]\tFI:none\n",
        SEC "\n@COL\tNM:c\tTY:str[2]\tFI:none\n",
        SEC "\n@COL\tNM:c\tTY:str\tFI:shuffle\n",
        SEC "\n@COL\tNM:c\tTY:f32\tFI:delta\n",
        SEC "\n@COL\tNM:c\tTY:f32[2]\tFI:levels\n",
        SEC "\n@COL\tNM:c\tTY:u32\tFI:none\tRF:a b\n",
        SEC "\n@COL\tNM:c\tTY:u8\tFI:none\tRF:a\n",
        SEC "\n@COL\tNM:c\tTY:u32[2]\tFI:none\tRF:a\n",
        SEC "\n" COL "\n\n",
    };
    struct rec_buf text = { 0 };
    struct rec_table t = { .name = "untouched" };
    uint32_t id = 99;

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        CHECKF(rec_table_read_header(&t, &id, bad[i], strlen(bad[i]), &err) ==
                   REC_EFORMAT,
               "case %zu: %s", i, bad[i]);
        CHECK(id == 99 && strcmp(t.name, "untouched") == 0);
    }
    CHECK(rec_table_read_header(&t, &id, SEC "\n" COL "\0\n",
                                sizeof SEC "\n" COL "\0\n" - 1, &err) == REC_EFORMAT);
    CHECK(rec_buf_addf(&text, &err, SEC "\n") == REC_OK); /* 33 columns */
    for (int i = 0; i <= REC_MAX_COLUMNS; i++)
        CHECK(rec_buf_addf(&text, &err, "@COL\tNM:c%d\tTY:u8\tFI:none\n", i) == REC_OK);
    CHECK(rec_table_read_header(&t, &id, (char *)text.data, text.n, &err) ==
          REC_EFORMAT);
    text.n = 0; /* attributes that do not fit */
    CHECK(rec_buf_addf(&text, &err, SEC "\tZZ:%0600d\n" COL "\n", 1) == REC_OK);
    CHECK(rec_table_read_header(&t, &id, (char *)text.data, text.n, &err) ==
          REC_EFORMAT);
    rec_buf_free(&text);
}

/* One of them or two: 510 bytes together are taken, 511 are not. */
static void attributes_have_510_bytes_together(void)
{
    static const int lengths[][2] = { { 507, -1 }, { 253, 250 } };
    struct rec_buf text = { 0 };
    struct rec_table t = { 0 };
    uint32_t id;

    for (int i = 0; i < 4; i++) {
        bool fits = i % 2 == 0;
        int first = lengths[i / 2][0] + !fits, second = lengths[i / 2][1];

        text.n = 0;
        CHECK(rec_buf_addf(&text, &err, SEC "\tYY:%0*d", first, 1) == REC_OK);
        if (second >= 0)
            CHECK(rec_buf_addf(&text, &err, "\tZZ:%0*d", second, 1) == REC_OK);
        CHECK(rec_buf_addf(&text, &err, "\n" COL "\n") == REC_OK);
        CHECKF((rec_table_read_header(&t, &id, (char *)text.data, text.n, &err) ==
                REC_OK) == fits,
               "attributes of %d and %d bytes", first, second);
        CHECK(!fits || strlen(t.attrs) == 510);
        rec_table_free(&t);
    }
    rec_buf_free(&text);
}

static void header_of_random_bytes_never_crashes(void)
{
    uint64_t state = 9;
    struct rec_buf good = { 0 };
    struct rec_table t;
    uint32_t id;

    make_table(&t);
    CHECK(rec_table_write_header(&t, 7, &good, &err) == REC_OK);
    for (int i = 0; i < 20000; i++) {
        size_t n = 1 + test_random(&state) % good.n;
        char *text = malloc(n);

        CHECK(text != NULL);
        memcpy(text, good.data, n);
        for (uint64_t k = 1 + test_random(&state) % 4; k > 0; k--)
            text[test_random(&state) % n] = "\t\n:@[]0\0xSC"[test_random(&state) % 11];
        (void)!rec_table_read_header(&t, &id, text, n, &err);
        free(text);
    }
    rec_buf_free(&good);
}

static void table_payload_round_trips_and_refuses_cuts(void)
{
    enum { N = 50 };
    struct rec_table t, u;
    struct rec_buf out = { 0 };
    size_t about;

    make_table(&t);
    make_table(&u);
    CHECK(rec_table_reserve(&t, N, &err) == REC_OK);
    for (uint32_t i = 0; i < N; i++) {
        ((uint32_t *)t.cols[0].data)[i] = i * i;
        ((uint32_t *)t.cols[1].data)[i] = N - i;
        for (uint32_t k = 0; k < 16; k++)
            ((float *)t.cols[2].data)[i * 16 + k] = (float)i / (float)(k + 1);
        CHECK(rec_buf_addf(&t.cols[3].text, &err, "%u", i) == REC_OK);
        t.cols[3].at[i + 1] = t.cols[3].text.n;
    }
    t.n_rows = N;
    CHECK(rec_table_frame_rows(&t, 0, &about) == N && about >= N * (72 + 10));
    CHECK(rec_table_frame_rows(&t, 20, &about) == N - 20);
    CHECK(rec_table_encode(&t, 0, N, &out, &err) == REC_OK);
    CHECK(rec_table_reserve(&u, N + 1, &err) == REC_OK);
    for (size_t n = 0; n <= out.n; n++) {
        uint8_t *bytes = malloc(n + 1);

        CHECK(bytes != NULL);
        memcpy(bytes, out.data, n);
        bytes = realloc(bytes, n > 0 ? n : 1);
        CHECKF(rec_table_decode(&u, 0, N, bytes, n, REC_PART_ALL, &err) ==
                   (n == out.n ? REC_OK : REC_EFORMAT),
               "%zu of %zu bytes", n, out.n);
        free(bytes);
    }
    CHECK(memcmp(u.cols[0].data, t.cols[0].data, N * 4) == 0);
    CHECK(memcmp(u.cols[1].data, t.cols[1].data, N * 4) == 0);
    CHECK(memcmp(u.cols[2].data, t.cols[2].data, N * 64) == 0);
    CHECK(u.cols[3].text.n == t.cols[3].text.n);
    CHECK(rec_table_decode(&u, 0, N - 1, out.data, out.n, REC_PART_ALL, &err) ==
          REC_EFORMAT);
    CHECK(rec_table_decode(&u, 0, N + 1, out.data, out.n, REC_PART_ALL, &err) ==
          REC_EFORMAT);
    CHECK(rec_buf_add(&out, "", 1, &err) == REC_OK);
    CHECK(rec_table_decode(&u, 0, N, out.data, out.n, REC_PART_ALL, &err) ==
          REC_EFORMAT);
    rec_buf_free(&out);
    rec_table_free(&t);
    rec_table_free(&u);
}

int main(void)
{
    RUN(header_round_trips);
    RUN(header_of_a_table_by_nobody_is_readable);
    RUN(header_takes_what_a_later_minor_version_adds);
    RUN(header_refuses_what_it_is_not);
    RUN(attributes_have_510_bytes_together);
    RUN(header_of_random_bytes_never_crashes);
    RUN(table_payload_round_trips_and_refuses_cuts);
    return test_end();
}
