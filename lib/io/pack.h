#ifndef REC_PACK_H
#define REC_PACK_H

#include "base/mem.h"

/*
 * Deflates N bytes into OUT (emptied first) as one zlib stream of LEVEL 1 to 9, piece
 * by piece: where a sample says that looking for repeated strings gains nothing, as in
 * columns of numbers, only runs and frequencies are coded, several times as fast.  The
 * same bytes for the same data, level and zlib.
 */
enum rec_status rec_pack(const uint8_t *data, size_t n, int level, struct rec_buf *out,
                         struct rec_err *err) REC_MUST_USE;

#endif
