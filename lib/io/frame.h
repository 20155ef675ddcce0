#ifndef REC_FRAME_H
#define REC_FRAME_H

#include "base/mem.h"
#include "io/file.h"

/*
 * The container's lowest layer: a preamble, frames, and an END frame (FORMAT.md has
 * the bytes).  A frame is a header of 48 bytes and a payload, each with its own CRC.
 * Nothing here knows what a payload means.
 */
enum rec_frame_type {
    REC_FRAME_PROV = 1,
    REC_FRAME_SECTION = 2,
    REC_FRAME_DATA = 3,
    REC_FRAME_SECTION_END = 4,
    REC_FRAME_END = 7
};

enum {
    REC_FRAME_CRITICAL = 1, /* a reader that does not know the type must stop */
    REC_FRAME_DENSE = 2     /* do not deflate: floats hardly get smaller */
};

enum { REC_CODEC_NONE = 0, REC_CODEC_ZLIB = 1 };

enum {
    REC_PREAMBLE_BYTES = 16,
    REC_FRAME_HEADER_BYTES = 48,
    REC_FRAME_MAX_BYTES = 64 << 20, /* of a payload, before packing */
    REC_FORMAT_MAJOR = 1,
    REC_FORMAT_MINOR = 0
};

struct rec_frame {
    uint8_t type, flags, codec;
    uint32_t section; /* id */
    uint32_t seq;     /* number of this frame in its section, from 0 */
    uint64_t first;   /* row number of its first row; END: the stream's digest */
    uint32_t rows;
    uint32_t raw_bytes, raw_crc; /* payload before packing */
    uint32_t crc;                /* payload as stored */
    struct rec_buf stored;
};

void rec_frame_free(struct rec_frame *f);

/* Sets sizes and CRCs of an unpacked frame from its payload in `stored`. */
void rec_frame_seal(struct rec_frame *f);
/* The same with PAYLOAD, which is taken and emptied. */
void rec_frame_take(struct rec_frame *f, struct rec_buf *payload);

/*
 * Deflates the payload of a DATA frame in place at zlib LEVEL, unless that makes it no
 * smaller, or the frame is packed already or dense.  The same bytes on every run.
 */
enum rec_status rec_frame_pack(struct rec_frame *f, int level,
                               struct rec_err *err) REC_MUST_USE;

/*
 * The payload as it was before packing, checked against raw_crc: either the frame's
 * own bytes or inflated into SCRATCH; valid as long as both are.
 */
enum rec_status rec_frame_unpack(const struct rec_frame *f, struct rec_buf *scratch,
                                 const uint8_t **data,
                                 struct rec_err *err) REC_MUST_USE;

/* The CRC of the payload as stored is not checked by reading: it can be done later, on
 * another thread. */
enum rec_status rec_frame_check(const struct rec_frame *f,
                                struct rec_err *err) REC_MUST_USE;

/*
 * A running digest of the frames of a stream.  It covers what the frames say, not how
 * they are packed: FNV-1a (64 bits) over type, section, seq, first, rows, raw_bytes
 * and raw_crc of each, in order.
 */
#define REC_DIGEST_START 0xcbf29ce484222325u
uint64_t rec_frame_digest(uint64_t digest, const struct rec_frame *f);

enum rec_status rec_preamble_write(struct rec_out *out,
                                   struct rec_err *err) REC_MUST_USE;
enum rec_status rec_preamble_read(struct rec_in *in, struct rec_err *err) REC_MUST_USE;

enum rec_status rec_frame_write(const struct rec_frame *f, struct rec_out *out,
                                struct rec_err *err) REC_MUST_USE;

/*
 * Reads the next frame, header checked.  After END it demands the end of the input.
 * REC_EFORMAT, with the byte where it went wrong, if the input is cut off or damaged;
 * the caller adds the input's name.
 */
enum rec_status rec_frame_read(struct rec_in *in, struct rec_frame *f,
                               struct rec_err *err) REC_MUST_USE;

#endif
