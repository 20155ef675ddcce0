#ifndef REC_FILTER_H
#define REC_FILTER_H

#include <stdbool.h>

#include "base/mem.h"

/*
 * The filters of a column, on arrays: FORMAT.md, "DATA: the rows", has the bytes.  N
 * values of SIZE bytes (4 or 8; shuffle: any).  Encoders append to OUT.  Decoders read
 * all BYTES bytes at DATA, write N values, and are false if the bytes are not such.
 */
void rec_shuffle(const uint8_t *in, size_t n, size_t size, uint8_t *out);
void rec_unshuffle(const uint8_t *in, size_t n, size_t size, uint8_t *out);

enum rec_status rec_delta_encode(const void *in, size_t n, size_t size,
                                 struct rec_buf *out, struct rec_err *err) REC_MUST_USE;
bool rec_delta_decode(const uint8_t *data, size_t bytes, size_t n, size_t size,
                      void *out);

/* The different values in order of first sight, and a row's number among them: a byte,
 * or if PACKED as few bits as 1, 2, 4 or 8. */
enum rec_status rec_levels_encode(const void *in, size_t n, size_t size, bool packed,
                                  struct rec_buf *out,
                                  struct rec_err *err) REC_MUST_USE;
bool rec_levels_decode(const uint8_t *data, size_t bytes, size_t n, size_t size,
                       bool packed, void *out);

/* base + k step, the k in as few bytes as the largest takes, shuffled; or as delta
 * where that takes less. */
enum rec_status rec_steps_encode(const void *in, size_t n, size_t size, bool is_signed,
                                 struct rec_buf *out, struct rec_err *err) REC_MUST_USE;
bool rec_steps_decode(const uint8_t *data, size_t bytes, size_t n, size_t size,
                      void *out);

#endif
