/* frame */
#include <stdlib.h>
#include <string.h>

#include "io/bytes.h"
#include "io/frame.h"
#include "unit/files.h"

#include <zlib.h>

static struct rec_err err;

static struct rec_frame make_frame(uint8_t type, const void *data, size_t n)
{
    struct rec_frame f = { .type = type,
                           .flags = REC_FRAME_CRITICAL,
                           .section = 3,
                           .seq = 4,
                           .first = 500,
                           .rows = 10 };
    struct rec_buf payload = { 0 };

    CHECK(rec_buf_add(&payload, data, n, &err) == REC_OK);
    rec_frame_take(&f, &payload);
    CHECK(payload.data == NULL);
    return f;
}

static void frame_packs_and_unpacks(void)
{
    char text[5000];
    struct rec_buf scratch = { 0 };
    const uint8_t *data;
    uint64_t state = 1, digest;

    for (size_t i = 0; i < sizeof text; i++)
        text[i] = "abcd"[test_random(&state) % 4];
    for (int level = 0; level <= 9; level++) {
        struct rec_frame f = make_frame(REC_FRAME_DATA, text, sizeof text);

        digest = rec_frame_digest(REC_DIGEST_START, &f);
        CHECK(rec_frame_pack(&f, level, &err) == REC_OK);
        CHECK(f.codec == (level > 0) && (f.stored.n < sizeof text / 2) == (level > 0));
        CHECK(f.raw_bytes == sizeof text && rec_frame_check(&f, &err) == REC_OK);
        CHECK(rec_frame_digest(REC_DIGEST_START, &f) == digest);
        CHECK(rec_frame_unpack(&f, &scratch, &data, &err) == REC_OK);
        CHECK(memcmp(data, text, sizeof text) == 0);
        if (level > 0) { /* a second time changes nothing */
            size_t n = f.stored.n;

            CHECK(rec_frame_pack(&f, 9, &err) == REC_OK && f.stored.n == n);
        }
        rec_frame_free(&f);
    }
    rec_buf_free(&scratch);
}

static void frame_is_left_unpacked_where_that_is_due(void)
{
    char text[400] = { 0 };
    struct rec_frame section = make_frame(REC_FRAME_SECTION, text, sizeof text);
    struct rec_frame dense = make_frame(REC_FRAME_DATA, text, sizeof text);
    struct rec_frame none = make_frame(REC_FRAME_DATA, text, 1);

    dense.flags |= REC_FRAME_DENSE;
    CHECK(rec_frame_pack(&section, 9, &err) == REC_OK &&
          section.codec == REC_CODEC_NONE);
    CHECK(rec_frame_pack(&dense, 9, &err) == REC_OK && dense.codec == REC_CODEC_NONE);
    CHECK(rec_frame_pack(&none, 9, &err) == REC_OK && none.codec == REC_CODEC_NONE);
    rec_frame_free(&section);
    rec_frame_free(&dense);
    rec_frame_free(&none);
}

static void frame_unpack_refuses_damage(void)
{
    char text[5000] = "some text, then zeros";
    struct rec_frame f = make_frame(REC_FRAME_DATA, text, sizeof text);
    struct rec_buf scratch = { 0 };
    const uint8_t *data;
    size_t refused = 0;

    CHECK(rec_frame_pack(&f, 6, &err) == REC_OK && f.codec == REC_CODEC_ZLIB);
    for (size_t i = 0; i < f.stored.n; i++) {
        f.stored.data[i] ^= 1;
        CHECKF(rec_frame_check(&f, &err) == REC_EFORMAT, "byte %zu", i);
        if (rec_frame_unpack(&f, &scratch, &data, &err) == REC_OK) /* other codes for */
            CHECKF(memcmp(data, text, sizeof text) == 0, "byte %zu", i); /* the same */
        else
            refused++;
        f.stored.data[i] ^= 1;
    }
    CHECK(refused > f.stored.n / 2);
    f.raw_bytes--;
    CHECK(rec_frame_unpack(&f, &scratch, &data, &err) == REC_EFORMAT);
    f.raw_bytes += 2;
    CHECK(rec_frame_unpack(&f, &scratch, &data, &err) == REC_EFORMAT);
    f.raw_bytes--;
    CHECK(rec_frame_unpack(&f, &scratch, &data, &err) == REC_OK);
    CHECK(rec_buf_add(&f.stored, "", 1, &err) == REC_OK); /* more than zlib wants */
    CHECK(rec_frame_unpack(&f, &scratch, &data, &err) == REC_EFORMAT);
    rec_buf_free(&scratch);
    rec_frame_free(&f);
}

/* Reads one frame from the N bytes at B. */
static enum rec_status read_bytes(const uint8_t *b, size_t n, struct rec_frame *f)
{
    struct rec_in *in;
    enum rec_status st;

    CHECK(rec_in_open(files_write("frame", b, n), false, &in, &err) == REC_OK);
    st = rec_frame_read(in, f, &err);
    rec_in_close(in);
    return st;
}

/* A data frame of 9 bytes as it stands in a file. */
static uint8_t *written(size_t *n)
{
    struct rec_frame f = make_frame(REC_FRAME_DATA, "payload!", 9);
    struct rec_out *out;

    CHECK(rec_out_open(files_path("frame"), &out, &err) == REC_OK);
    CHECK(rec_frame_write(&f, out, &err) == REC_OK);
    CHECK(rec_out_commit(out, &err) == REC_OK);
    rec_frame_free(&f);
    return (uint8_t *)files_read(files_path("frame"), n);
}

static void frame_write_and_read_agree(void)
{
    size_t n;
    uint8_t *b = written(&n);
    struct rec_frame f = { 0 };

    CHECK(n == REC_FRAME_HEADER_BYTES + 9);
    CHECK(read_bytes(b, n, &f) == REC_OK);
    CHECK(f.type == REC_FRAME_DATA && f.flags == REC_FRAME_CRITICAL && f.section == 3);
    CHECK(f.seq == 4 && f.first == 500 && f.rows == 10 && f.raw_bytes == 9);
    CHECK(f.stored.n == 9 && memcmp(f.stored.data, "payload!", 9) == 0);
    CHECK(rec_frame_check(&f, &err) == REC_OK);
    rec_frame_free(&f);
    free(b);
}

static void frame_header_refuses_every_changed_bit_and_cut(void)
{
    size_t n;
    uint8_t *b = written(&n);
    struct rec_frame f = { 0 };

    for (size_t bit = 0; bit < 8 * REC_FRAME_HEADER_BYTES; bit++) {
        b[bit / 8] ^= (uint8_t)(1 << bit % 8);
        CHECKF(read_bytes(b, n, &f) == REC_EFORMAT, "bit %zu", bit);
        b[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    for (size_t cut = 0; cut < n; cut++) {
        CHECKF(read_bytes(b, cut, &f) == REC_EFORMAT, "cut at %zu", cut);
        CHECKF(strstr(err.text, "cut off") != NULL, "%s", err.text);
    }
    rec_frame_free(&f);
    free(b);
}

/* A valid CRC on sizes that cannot be: refused with no payload allocated. */
static void frame_refuses_implausible_sizes_before_allocating(void)
{
    static const struct {
        uint8_t type, codec;
        uint32_t raw, stored, crc, section;
        const char *says;
    } cases[] = {
        { REC_FRAME_DATA, 0, REC_FRAME_MAX_BYTES + 1, REC_FRAME_MAX_BYTES + 1, 0, 1,
          "64 MiB" },
        { REC_FRAME_DATA, 1, 100, UINT32_MAX, 0, 1, "64 MiB" },
        { REC_FRAME_DATA, 1, UINT32_MAX, 100, 0, 1, "64 MiB" },
        { REC_FRAME_DATA, 0, 10, 11, 0, 1, "unpacked" },
        { REC_FRAME_DATA, 0, 10, 10, 1, 1, "unpacked" },
        { REC_FRAME_DATA, 1, 60000000, 10, 0, 1, "deflate" },
        { REC_FRAME_DATA, 2, 10, 10, 0, 1, "codec" },
        { REC_FRAME_END, 0, 10, 10, 0, 1, "END" },
        { REC_FRAME_DATA, 0, 9, 9, 0, UINT32_C(1) << 31, "31 bits" },
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        size_t n;
        uint8_t *b = written(&n);
        struct rec_frame f = { 0 };

        b[4] = cases[i].type;
        b[6] = cases[i].codec;
        rec_put_u32(b + 8, cases[i].section);
        rec_put_u32(b + 28, cases[i].raw);
        rec_put_u32(b + 32, cases[i].stored);
        rec_put_u32(b + 36, cases[i].crc);
        rec_put_u32(b + 40, 0);
        rec_put_u32(b + 44, (uint32_t)crc32(0, b, 44));
        CHECKF(read_bytes(b, n, &f) == REC_EFORMAT, "case %zu", i);
        CHECKF(strstr(err.text, cases[i].says) != NULL, "case %zu: %s", i, err.text);
        CHECKF(f.stored.data == NULL, "case %zu", i);
        free(b);
    }
}

int main(void)
{
    files_begin();
    RUN(frame_packs_and_unpacks);
    RUN(frame_is_left_unpacked_where_that_is_due);
    RUN(frame_unpack_refuses_damage);
    RUN(frame_write_and_read_agree);
    RUN(frame_header_refuses_every_changed_bit_and_cut);
    RUN(frame_refuses_implausible_sizes_before_allocating);
    files_end();
    return test_end();
}
