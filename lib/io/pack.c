#include "io/pack.h"

#include <stdbool.h>
#include <zlib.h>

enum { PIECE = 1 << 16, SAMPLE = 1 << 12 };

/* Bytes that the sample takes with this strategy. */
static uLong sample_bytes(z_stream *z, const uint8_t *data, uInt n, int level,
                          int strategy)
{
    uint8_t out[2 * SAMPLE];

    (void)deflateReset(z);
    z->next_in = (Bytef *)(uintptr_t)data;
    z->avail_in = n;
    z->next_out = out;
    z->avail_out = sizeof out;
    (void)deflateParams(z, level, strategy);
    (void)deflate(z, Z_FINISH);
    return z->total_out;
}

/* The strategy for a piece, by trying both on its middle. */
static int choose(z_stream *z, const uint8_t *data, size_t n, int level)
{
    size_t m = n < SAMPLE ? n : SAMPLE;
    const uint8_t *middle = data + (n - m) / 2;
    uLong runs = sample_bytes(z, middle, (uInt)m, level, Z_RLE);

    return runs <= sample_bytes(z, middle, (uInt)m, level, Z_DEFAULT_STRATEGY)
               ? Z_RLE
               : Z_DEFAULT_STRATEGY;
}

/* All but the end of the stream; false if zlib fails. */
static bool deflate_pieces(z_stream *z, z_stream *trial, const uint8_t *data, size_t n,
                           int level)
{
    for (size_t at = 0, m; at < n; at += m) {
        m = n - at < PIECE ? n - at : PIECE;
        z->avail_in = 0;
        if (deflateParams(z, level, choose(trial, data + at, m, level)) != Z_OK)
            return false;
        z->next_in = (Bytef *)(uintptr_t)(data + at);
        z->avail_in = (uInt)m;
        if (deflate(z, Z_NO_FLUSH) != Z_OK || z->avail_in != 0)
            return false;
    }
    z->avail_in = 0;
    return deflate(z, Z_FINISH) == Z_STREAM_END;
}

enum rec_status rec_pack(const uint8_t *data, size_t n, int level, struct rec_buf *out,
                         struct rec_err *err)
{
    z_stream z = { 0 }, trial = { 0 };
    enum rec_status st;
    bool ok;

    out->n = 0;
    /* a change of strategy ends a block, which costs some bytes */
    st = rec_buf_reserve(out, compressBound((uLong)n) + n / PIECE * 16 + 64, err);
    if (st != REC_OK)
        return st;
    ok = deflateInit(&z, level) == Z_OK && deflateInit(&trial, level) == Z_OK;
    z.next_out = out->data;
    z.avail_out = (uInt)out->cap;
    ok = ok && deflate_pieces(&z, &trial, data, n, level);
    out->n = ok ? z.total_out : 0;
    (void)deflateEnd(&z);
    (void)deflateEnd(&trial);
    return ok ? REC_OK : rec_fail(err, REC_ESYSTEM, "out of memory for deflating");
}
