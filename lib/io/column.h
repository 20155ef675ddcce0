#ifndef REC_COLUMN_H
#define REC_COLUMN_H

#include <stdbool.h>

#include "base/mem.h"

/*
 * One column of a table: in memory an array, in a frame a run of bytes that zlib can
 * make small.
 *
 *   type   in memory                       in a frame
 *   u8 u32 u64 i64 f32 f64                 little-endian values, passed through the
 *          n * width values of that type   column's filter
 *   str    bytes, and n + 1 offsets        n varint lengths, then the bytes
 *
 * Vectors: `width` values make one row, e.g. f32[16].  A str has width 1.
 */
enum rec_type {
    REC_U8,
    REC_U32,
    REC_U64,
    REC_I64,
    REC_F32,
    REC_F64,
    REC_STR,
    REC_N_TYPES
};

/*
 *   none     values as they are
 *   delta    zig-zag varint of each value less the one before; integers only
 *   shuffle  all first bytes, then all second bytes, ...
 *   levels   u16 k, the k distinct values in order of first sight, one byte a row;
 *            k = 0 if there are more than 256, then as shuffle
 *   packed   levels with 1, 2, 4 or 8 bits a row
 *   steps    base, step, and of each value (value - base) / step in as few bytes as the
 *            largest takes, shuffled; or as delta where that is less; integers only
 */
enum rec_filter {
    REC_PLAIN,
    REC_DELTA,
    REC_SHUFFLE,
    REC_LEVELS,
    REC_PACKED,
    REC_STEPS,
    REC_N_FILTERS
};

enum { REC_NAME_BYTES = 65 }; /* [A-Za-z0-9._-]{1,64} and NUL */

struct rec_column {
    char name[REC_NAME_BYTES];
    char ref[REC_NAME_BYTES]; /* u32: the dictionary its numbers point into, or "" */
    enum rec_type type;
    enum rec_filter filter;
    uint32_t width;
    bool skipped;  /* not wanted: takes no room, and decoding passes over it */
    bool borrowed; /* text stays where it was decoded from, which must outlive it */
    size_t cap;    /* rows there is room for */
    void *data;    /* values of a fixed type */
    uint64_t *at;  /* str: row i is text[at[i] .. at[i + 1]) */
    struct rec_buf text;
};

extern const char *const rec_type_names[REC_N_TYPES];
extern const char *const rec_filter_names[REC_N_FILTERS];

/* Bytes of one value; 0 for str. */
size_t rec_type_bytes(enum rec_type type);
/* Whether a column of this type and width may have this filter. */
bool rec_filter_fits(enum rec_filter filter, enum rec_type type, uint32_t width);
/* [A-Za-z0-9._-], 1 to 64 of them. */
bool rec_name_ok(const char *name, size_t n);

void rec_column_free(struct rec_column *c);
/* Frees the rows; what the column is stays. */
void rec_column_drop(struct rec_column *c);
/* Room for N rows in all; what is there stays. */
enum rec_status rec_column_reserve(struct rec_column *c, size_t n,
                                   struct rec_err *err) REC_MUST_USE;

/* Appends rows FIRST .. FIRST + N - 1 of C to OUT. */
enum rec_status rec_column_encode(const struct rec_column *c, size_t first, size_t n,
                                  struct rec_buf *out,
                                  struct rec_err *err) REC_MUST_USE;

/*
 * Decodes N rows from the BYTES bytes at DATA into rows FIRST.. of C, which has room.
 * Calls for different rows of a fixed-type column may run at the same time; a str
 * column must be filled in order.  REC_EFORMAT if the bytes are not such a column;
 * the rows are then undefined.
 */
enum rec_status rec_column_decode(struct rec_column *c, size_t first, size_t n,
                                  const uint8_t *data, size_t bytes,
                                  struct rec_err *err) REC_MUST_USE;

/* Text of row I of a str column. */
static inline const char *rec_column_text(const struct rec_column *c, size_t i,
                                          size_t *n)
{
    *n = (size_t)(c->at[i + 1] - c->at[i]);
    return (const char *)c->text.data + c->at[i];
}

/* Value of row I, element J, of an integer column, and of any number column. */
uint64_t rec_column_uint(const struct rec_column *c, size_t i, size_t j);
double rec_column_real(const struct rec_column *c, size_t i, size_t j);

#endif
