#include "io/column.h"

#include <string.h>

#include "io/bytes.h"
#include "io/filter.h"

const char *const rec_type_names[REC_N_TYPES] = { "u8",  "u32", "u64", "i64",
                                                  "f32", "f64", "str" };
const char *const rec_filter_names[REC_N_FILTERS] = { "none",   "delta",  "shuffle",
                                                      "levels", "packed", "steps" };

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "columns are copied as they are in memory, which must be little-endian"
#endif

size_t rec_type_bytes(enum rec_type type)
{
    static const uint8_t bytes[REC_N_TYPES] = { 1, 4, 8, 8, 4, 8, 0 };

    return bytes[type];
}

bool rec_filter_fits(enum rec_filter filter, enum rec_type type, uint32_t width)
{
    switch (filter) {
    case REC_PLAIN:
        return true;
    case REC_DELTA:
    case REC_STEPS:
        return width == 1 && (type == REC_U32 || type == REC_U64 || type == REC_I64);
    case REC_SHUFFLE:
        return type != REC_STR;
    case REC_LEVELS:
    case REC_PACKED:
        return width == 1 && rec_type_bytes(type) >= 4;
    case REC_N_FILTERS:
        break;
    }
    return false;
}

bool rec_name_ok(const char *name, size_t n)
{
    static const char good[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                               "0123456789._-";

    if (n == 0 || n >= REC_NAME_BYTES)
        return false;
    for (size_t i = 0; i < n; i++)
        if (name[i] == '\0' || strchr(good, name[i]) == NULL)
            return false;
    return true;
}

void rec_column_drop(struct rec_column *c)
{
    rec_free(c->data);
    rec_free(c->at);
    if (!c->borrowed)
        rec_buf_free(&c->text);
    c->data = NULL;
    c->at = NULL;
    c->text = (struct rec_buf){ 0 };
    c->cap = 0;
}

void rec_column_free(struct rec_column *c)
{
    rec_column_drop(c);
    *c = (struct rec_column){ 0 };
}

enum rec_status rec_column_reserve(struct rec_column *c, size_t n, struct rec_err *err)
{
    size_t cap = c->cap + c->cap / 2;
    void *p;

    if (c->skipped)
        return REC_OK;
    if (n <= c->cap && (c->data != NULL || c->at != NULL))
        return REC_OK;
    cap = cap > n ? cap : n;
    if (c->type == REC_STR)
        p = rec_realloc(c->at, cap + 1, sizeof *c->at, c->name, err);
    else
        p = rec_realloc(c->data, cap, c->width * rec_type_bytes(c->type), c->name, err);
    if (p == NULL)
        return REC_ESYSTEM;
    if (c->type == REC_STR) {
        bool is_new = c->at == NULL;

        c->at = p;
        if (is_new)
            c->at[0] = 0;
    } else {
        c->data = p;
    }
    c->cap = cap;
    return REC_OK;
}

uint64_t rec_column_uint(const struct rec_column *c, size_t i, size_t j)
{
    size_t k = i * c->width + j;

    switch (c->type) {
    case REC_U8:
        return ((const uint8_t *)c->data)[k];
    case REC_U32:
        return ((const uint32_t *)c->data)[k];
    default:
        return ((const uint64_t *)c->data)[k];
    }
}

double rec_column_real(const struct rec_column *c, size_t i, size_t j)
{
    size_t k = i * c->width + j;

    switch (c->type) {
    case REC_F32:
        return (double)((const float *)c->data)[k];
    case REC_F64:
        return ((const double *)c->data)[k];
    case REC_I64:
        return (double)((const int64_t *)c->data)[k];
    default:
        return (double)rec_column_uint(c, i, j);
    }
}

/* ---- str ---- */

static enum rec_status encode_str(const struct rec_column *c, size_t first, size_t n,
                                  struct rec_buf *out, struct rec_err *err)
{
    enum rec_status st = rec_buf_reserve(out, n * REC_VARINT_MAX, err);
    uint8_t *p;

    if (st != REC_OK)
        return st;
    p = out->data + out->n;
    for (size_t i = first; i < first + n; i++)
        p = rec_put_varint(p, c->at[i + 1] - c->at[i]);
    out->n = (size_t)(p - out->data);
    if (n == 0)
        return REC_OK;
    return rec_buf_add(out, c->text.data + c->at[first],
                       c->at[first + n] - c->at[first], err);
}

static enum rec_status decode_str(struct rec_column *c, size_t first, size_t n,
                                  const uint8_t *data, size_t bytes,
                                  struct rec_err *err)
{
    const uint8_t *p = data, *end = data + bytes;
    uint64_t *at = c->at + first;
    uint64_t total = 0;

    if (c->borrowed)
        at[0] = 0;
    for (size_t i = 0; i < n; i++) {
        uint64_t len;

        if (p < end && *p < 0x80)
            len = *p++;
        else if (!rec_get_varint(&p, end, &len) || len > bytes)
            return rec_fail(err, REC_EFORMAT, "column '%s': a bad length", c->name);
        total += len;
        at[i + 1] = at[0] + total;
    }
    if (total != (uint64_t)(end - p))
        return rec_fail(err, REC_EFORMAT, "column '%s': lengths and bytes disagree",
                        c->name);
    if (c->borrowed) {
        c->text =
            (struct rec_buf){ .data = (uint8_t *)(uintptr_t)p, .n = (size_t)total };
        return REC_OK;
    }
    c->text.n = (size_t)at[0];
    return rec_buf_add(&c->text, p, (size_t)total, err);
}

/* ---- all ---- */

enum rec_status rec_column_encode(const struct rec_column *c, size_t first, size_t n,
                                  struct rec_buf *out, struct rec_err *err)
{
    size_t size = rec_type_bytes(c->type), values = n * c->width;
    const uint8_t *in = (const uint8_t *)c->data + first * c->width * size;
    enum rec_status st;

    if (c->type == REC_STR)
        return encode_str(c, first, n, out, err);
    if (n == 0)
        return REC_OK;
    switch (c->filter) {
    case REC_DELTA:
        return rec_delta_encode(in, n, size, out, err);
    case REC_LEVELS:
    case REC_PACKED:
        return rec_levels_encode(in, n, size, c->filter == REC_PACKED, out, err);
    case REC_STEPS:
        return rec_steps_encode(in, n, size, c->type == REC_I64, out, err);
    case REC_SHUFFLE:
        st = rec_buf_reserve(out, values * size, err);
        if (st != REC_OK)
            return st;
        rec_shuffle(in, values, size, out->data + out->n);
        out->n += values * size;
        return REC_OK;
    default:
        return rec_buf_add(out, in, values * size, err);
    }
}

static bool decode_fixed(const struct rec_column *c, uint8_t *out, size_t n,
                         const uint8_t *data, size_t bytes)
{
    size_t size = rec_type_bytes(c->type), values = n * c->width;

    switch (c->filter) {
    case REC_DELTA:
        return rec_delta_decode(data, bytes, n, size, out);
    case REC_LEVELS:
    case REC_PACKED:
        return rec_levels_decode(data, bytes, n, size, c->filter == REC_PACKED, out);
    case REC_STEPS:
        return rec_steps_decode(data, bytes, n, size, out);
    default:
        if (bytes != values * size)
            return false;
        if (c->filter == REC_SHUFFLE)
            rec_unshuffle(data, values, size, out);
        else
            memcpy(out, data, bytes);
        return true;
    }
}

enum rec_status rec_column_decode(struct rec_column *c, size_t first, size_t n,
                                  const uint8_t *data, size_t bytes,
                                  struct rec_err *err)
{
    size_t row = c->width * rec_type_bytes(c->type);

    if (c->type == REC_STR)
        return decode_str(c, first, n, data, bytes, err);
    if ((n == 0 && bytes == 0) ||
        decode_fixed(c, (uint8_t *)c->data + first * row, n, data, bytes))
        return REC_OK;
    return rec_fail(err, REC_EFORMAT,
                    "column '%s': %zu bytes that are not %zu rows of %s", c->name,
                    bytes, n, rec_filter_names[c->filter]);
}
