#include "io/frame.h"

#include <string.h>
#include <zlib.h>

#include "io/bytes.h"
#include "io/crc.h"

static const uint8_t magic[8] = { 0x89, 'R', 'E', 'C', '\r', '\n', 0x1a, '\n' };
static const uint8_t sync_bytes[4] = { 0xd7, 'R', 'F', '\n' };

static uint32_t crc_of(const uint8_t *data, size_t n)
{
    return rec_crc32(0, data, n);
}

void rec_frame_free(struct rec_frame *f)
{
    rec_buf_free(&f->stored);
    *f = (struct rec_frame){ 0 };
}

void rec_frame_seal(struct rec_frame *f)
{
    f->codec = REC_CODEC_NONE;
    f->raw_bytes = (uint32_t)f->stored.n;
    f->raw_crc = crc_of(f->stored.data, f->stored.n);
    f->crc = f->raw_crc;
}

void rec_frame_take(struct rec_frame *f, struct rec_buf *payload)
{
    rec_buf_free(&f->stored);
    f->stored = *payload;
    *payload = (struct rec_buf){ 0 };
    rec_frame_seal(f);
}

enum rec_status rec_frame_pack(struct rec_frame *f, int level, struct rec_err *err)
{
    struct rec_buf packed = { 0 };
    uLongf n = (uLongf)compressBound(f->raw_bytes);
    enum rec_status st;

    if (level == 0 || f->type != REC_FRAME_DATA || f->codec != REC_CODEC_NONE ||
        (f->flags & REC_FRAME_DENSE))
        return REC_OK;
    st = rec_buf_reserve(&packed, n, err);
    if (st != REC_OK)
        return st;
    if (compress2(packed.data, &n, f->stored.data, f->raw_bytes, level) != Z_OK) {
        rec_buf_free(&packed);
        return rec_fail(err, REC_ESYSTEM, "out of memory for deflating");
    }
    if (n < f->raw_bytes) {
        packed.n = n;
        rec_buf_free(&f->stored);
        f->stored = packed;
        packed = (struct rec_buf){ 0 };
        f->codec = REC_CODEC_ZLIB;
        f->crc = crc_of(f->stored.data, f->stored.n);
    }
    rec_buf_free(&packed);
    return REC_OK;
}

enum rec_status rec_frame_check(const struct rec_frame *f, struct rec_err *err)
{
    if (crc_of(f->stored.data, f->stored.n) != f->crc)
        return rec_fail(err, REC_EFORMAT,
                        "section %u, frame %u: checksum mismatch: the data is damaged",
                        f->section, f->seq);
    return REC_OK;
}

enum rec_status rec_frame_unpack(const struct rec_frame *f, struct rec_buf *scratch,
                                 const uint8_t **data, struct rec_err *err)
{
    uLongf n = f->raw_bytes;
    uLong used = f->stored.n;
    enum rec_status st;

    if (f->codec == REC_CODEC_NONE) {
        *data = f->stored.data;
        return REC_OK;
    }
    scratch->n = 0;
    st = rec_buf_reserve(scratch, f->raw_bytes, err);
    if (st != REC_OK)
        return st;
    if (uncompress2(scratch->data, &n, f->stored.data, &used) != Z_OK ||
        used != f->stored.n || n != f->raw_bytes ||
        crc_of(scratch->data, n) != f->raw_crc)
        return rec_fail(
            err, REC_EFORMAT,
            "section %u, frame %u: does not inflate to what its header says: "
            "the data is damaged",
            f->section, f->seq);
    scratch->n = n;
    *data = scratch->data;
    return REC_OK;
}

uint64_t rec_frame_digest(uint64_t digest, const struct rec_frame *f)
{
    uint8_t b[29];

    b[0] = f->type;
    rec_put_u32(b + 1, f->section);
    rec_put_u32(b + 5, f->seq);
    rec_put_u64(b + 9, f->first);
    rec_put_u32(b + 17, f->rows);
    rec_put_u32(b + 21, f->raw_bytes);
    rec_put_u32(b + 25, f->raw_crc);
    for (size_t i = 0; i < sizeof b; i++)
        digest = (digest ^ b[i]) * 0x100000001b3u;
    return digest;
}

enum rec_status rec_preamble_write(struct rec_out *out, struct rec_err *err)
{
    uint8_t b[REC_PREAMBLE_BYTES] = { 0 };

    memcpy(b, magic, sizeof magic);
    b[8] = REC_FORMAT_MAJOR;
    b[9] = REC_FORMAT_MINOR;
    return rec_out_write(out, b, sizeof b, err);
}

enum rec_status rec_preamble_read(struct rec_in *in, struct rec_err *err)
{
    uint8_t b[REC_PREAMBLE_BYTES];
    size_t got;
    enum rec_status st = rec_in_read(in, b, sizeof b, &got, err);

    if (st != REC_OK)
        return st;
    if (got == 0)
        return rec_fail(err, REC_EFORMAT,
                        "%s: empty: the stage before wrote nothing, or failed",
                        rec_in_name(in));
    if (got < sizeof magic || memcmp(b, magic, sizeof magic) != 0)
        return rec_fail(err, REC_EFORMAT,
                        "%s: not a rec file (rating files go to rec-clean first)",
                        rec_in_name(in));
    if (got < sizeof b)
        return rec_fail(err, REC_EFORMAT, "%s: cut off in its first %d bytes",
                        rec_in_name(in), REC_PREAMBLE_BYTES);
    for (size_t i = 10; i < sizeof b; i++)
        if (b[i] != 0)
            return rec_fail(err, REC_EFORMAT,
                            "%s: byte %zu is not 0: the data is damaged",
                            rec_in_name(in), i);
    if (b[8] != REC_FORMAT_MAJOR)
        return rec_fail(err, REC_EFORMAT,
                        "%s: format version %u.%u; this program reads version %d",
                        rec_in_name(in), b[8], b[9], REC_FORMAT_MAJOR);
    return REC_OK;
}

enum rec_status rec_frame_write(const struct rec_frame *f, struct rec_out *out,
                                struct rec_err *err)
{
    uint8_t b[REC_FRAME_HEADER_BYTES] = { 0 };
    enum rec_status st;

    memcpy(b, sync_bytes, sizeof sync_bytes);
    b[4] = f->type;
    b[5] = f->flags;
    b[6] = f->codec;
    rec_put_u32(b + 8, f->section);
    rec_put_u32(b + 12, f->seq);
    rec_put_u64(b + 16, f->first);
    rec_put_u32(b + 24, f->rows);
    rec_put_u32(b + 28, f->raw_bytes);
    rec_put_u32(b + 32, (uint32_t)f->stored.n);
    rec_put_u32(b + 36, f->crc);
    rec_put_u32(b + 40, f->raw_crc);
    rec_put_u32(b + 44, crc_of(b, 44));
    st = rec_out_write(out, b, sizeof b, err);
    if (st == REC_OK && f->stored.n > 0)
        st = rec_out_write(out, f->stored.data, f->stored.n, err);
    return st;
}

static enum rec_status cut_off(const struct rec_in *in, struct rec_err *err)
{
    return rec_fail(err, REC_EFORMAT,
                    "cut off at byte %llu, before its END frame: the file was "
                    "truncated, or the stage that wrote it failed",
                    (unsigned long long)rec_in_offset(in));
}

/* What the fields of a header may be, before anything is allocated for its payload. */
static const char *implausible(const struct rec_frame *f, uint32_t stored_bytes)
{
    if (f->raw_bytes > REC_FRAME_MAX_BYTES || stored_bytes > REC_FRAME_MAX_BYTES)
        return "a payload larger than 64 MiB";
    if (f->section > INT32_MAX)
        return "a section number beyond 31 bits";
    if (f->codec == REC_CODEC_NONE &&
        (f->raw_bytes != stored_bytes || f->crc != f->raw_crc))
        return "two sizes or checksums for an unpacked payload";
    if (f->codec == REC_CODEC_ZLIB && f->raw_bytes > 1032 * (uint64_t)stored_bytes + 64)
        return "a size that deflate cannot reach";
    if (f->codec > REC_CODEC_ZLIB)
        return "an unknown codec";
    if (f->type == REC_FRAME_END && stored_bytes != 0)
        return "an END frame with a payload";
    return NULL;
}

enum rec_status rec_frame_read(struct rec_in *in, struct rec_frame *f,
                               struct rec_err *err)
{
    uint8_t b[REC_FRAME_HEADER_BYTES];
    unsigned long long at = rec_in_offset(in);
    uint32_t stored_bytes;
    const char *why;
    size_t got;
    enum rec_status st = rec_in_read(in, b, sizeof b, &got, err);

    if (st != REC_OK)
        return st;
    if (got < sizeof b)
        return cut_off(in, err);
    if (memcmp(b, sync_bytes, sizeof sync_bytes) != 0 ||
        crc_of(b, 44) != rec_get_u32(b + 44))
        return rec_fail(err, REC_EFORMAT,
                        "byte %llu: no valid frame header: the data is damaged", at);
    f->type = b[4];
    f->flags = b[5];
    f->codec = b[6];
    f->section = rec_get_u32(b + 8);
    f->seq = rec_get_u32(b + 12);
    f->first = rec_get_u64(b + 16);
    f->rows = rec_get_u32(b + 24);
    f->raw_bytes = rec_get_u32(b + 28);
    stored_bytes = rec_get_u32(b + 32);
    f->crc = rec_get_u32(b + 36);
    f->raw_crc = rec_get_u32(b + 40);
    why = implausible(f, stored_bytes);
    if (why != NULL)
        return rec_fail(err, REC_EFORMAT, "byte %llu: a frame header gives %s", at,
                        why);
    f->stored.n = 0;
    st = rec_buf_reserve(&f->stored, stored_bytes, err);
    if (st == REC_OK && stored_bytes > 0)
        st = rec_in_read(in, f->stored.data, stored_bytes, &got, err);
    if (st != REC_OK)
        return st;
    if (stored_bytes > 0 && got < stored_bytes)
        return cut_off(in, err);
    f->stored.n = stored_bytes;
    if (f->type == REC_FRAME_END) {
        st = rec_in_read(in, b, 1, &got, err);
        if (st != REC_OK)
            return st;
        if (got != 0)
            return rec_fail(err, REC_EFORMAT, "byte %llu: data after the END frame",
                            (unsigned long long)rec_in_offset(in) - 1);
    }
    return REC_OK;
}
