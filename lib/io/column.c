#include "io/column.h"

#include <string.h>

#include "base/hash.h"
#include "io/bytes.h"

const char *const rec_type_names[REC_N_TYPES] = { "u8",  "u32", "u64", "i64",
                                                  "f32", "f64", "str" };
const char *const rec_filter_names[REC_N_FILTERS] = { "none", "delta", "shuffle",
                                                      "levels" };

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
        return width == 1 && (type == REC_U32 || type == REC_U64 || type == REC_I64);
    case REC_SHUFFLE:
        return type != REC_STR;
    case REC_LEVELS:
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

/* ---- shuffle ---- */

static void shuffle(const uint8_t *in, size_t n, size_t size, uint8_t *out)
{
    if (size == 4) {
        for (size_t i = 0; i < n; i++)
            for (size_t b = 0; b < 4; b++)
                out[b * n + i] = in[i * 4 + b];
        return;
    }
    for (size_t b = 0; b < size; b++)
        for (size_t i = 0; i < n; i++)
            out[b * n + i] = in[i * size + b];
}

static void unshuffle(const uint8_t *in, size_t n, size_t size, uint8_t *out)
{
    if (size == 4) {
        for (size_t i = 0; i < n; i++)
            for (size_t b = 0; b < 4; b++)
                out[i * 4 + b] = in[b * n + i];
        return;
    }
    for (size_t b = 0; b < size; b++)
        for (size_t i = 0; i < n; i++)
            out[i * size + b] = in[b * n + i];
}

/* ---- delta ---- */

static enum rec_status encode_delta(const struct rec_column *c, size_t first, size_t n,
                                    struct rec_buf *out, struct rec_err *err)
{
    enum rec_status st = rec_buf_reserve(out, n * REC_VARINT_MAX, err);
    uint64_t before = 0;
    uint8_t *p;

    if (st != REC_OK)
        return st;
    p = out->data + out->n;
    for (size_t i = first; i < first + n; i++) {
        uint64_t x = rec_column_uint(c, i, 0);

        p = rec_put_varint(p, rec_zigzag((int64_t)(x - before)));
        before = x;
    }
    out->n = (size_t)(p - out->data);
    return REC_OK;
}

static enum rec_status decode_delta(struct rec_column *c, size_t first, size_t n,
                                    const uint8_t *data, size_t bytes,
                                    struct rec_err *err)
{
    const uint8_t *p = data, *end = data + bytes;
    uint64_t x = 0, step;

    for (size_t i = first; i < first + n; i++) {
        if (!rec_get_varint(&p, end, &step))
            return rec_fail(err, REC_EFORMAT, "column '%s': a bad step", c->name);
        x += (uint64_t)rec_unzigzag(step);
        if (c->type == REC_U32 && x > UINT32_MAX)
            return rec_fail(err, REC_EFORMAT, "column '%s': a value beyond 32 bits",
                            c->name);
        if (c->type == REC_U32)
            ((uint32_t *)c->data)[i] = (uint32_t)x;
        else
            ((uint64_t *)c->data)[i] = x;
    }
    if (p != end)
        return rec_fail(err, REC_EFORMAT, "column '%s': bytes left over", c->name);
    return REC_OK;
}

/* ---- levels ---- */

enum { MAX_LEVELS = 256, SLOTS = 1024 };

static uint64_t load_value(const uint8_t *p, size_t size)
{
    return size == 4 ? rec_get_u32(p) : rec_get_u64(p);
}

/*
 * One byte a row at ROWS; the values found, at most MAX_LEVELS, at VALUES.  Returns
 * their number, or 0 if there are more.
 */
static size_t find_levels(const uint8_t *in, size_t n, size_t size, uint64_t *values,
                          uint8_t *rows)
{
    uint16_t slot[SLOTS] = { 0 }; /* 1 + index into values */
    size_t k = 0;

    for (size_t i = 0; i < n; i++) {
        uint64_t x = load_value(in + i * size, size);
        size_t s =
            (size_t)(rec_hash_fold(x ^ 0x9e3779b97f4a7c15u, 0xd1b54a32d192ed03u) %
                     SLOTS);

        while (slot[s] != 0 && values[slot[s] - 1] != x)
            s = (s + 1) % SLOTS;
        if (slot[s] == 0) {
            if (k == MAX_LEVELS)
                return 0;
            values[k++] = x;
            slot[s] = (uint16_t)k;
        }
        rows[i] = (uint8_t)(slot[s] - 1);
    }
    return k;
}

static enum rec_status encode_levels(const uint8_t *in, size_t n, size_t size,
                                     struct rec_buf *out, struct rec_err *err)
{
    size_t head = 2 + MAX_LEVELS * size;
    enum rec_status st = rec_buf_reserve(out, head + n * size, err);
    uint64_t values[MAX_LEVELS];
    uint8_t *p;
    size_t k;

    if (st != REC_OK)
        return st;
    p = out->data + out->n;
    k = find_levels(in, n, size, values, p + head);
    p[0] = (uint8_t)k;
    p[1] = (uint8_t)(k >> 8);
    if (k == 0) {
        shuffle(in, n, size, p + 2);
        out->n += 2 + n * size;
        return REC_OK;
    }
    for (size_t i = 0; i < k; i++) {
        if (size == 4)
            rec_put_u32(p + 2 + i * 4, (uint32_t)values[i]);
        else
            rec_put_u64(p + 2 + i * 8, values[i]);
    }
    memmove(p + 2 + k * size, p + head, n);
    out->n += 2 + k * size + n;
    return REC_OK;
}

static enum rec_status decode_levels(struct rec_column *c, uint8_t *out, size_t n,
                                     size_t size, const uint8_t *data, size_t bytes,
                                     struct rec_err *err)
{
    size_t k = bytes < 2 ? 0 : (size_t)data[0] | (size_t)data[1] << 8;
    const uint8_t *rows = data + 2 + k * size;

    if (bytes < 2 || k > MAX_LEVELS || bytes - 2 != (k == 0 ? n * size : k * size + n))
        return rec_fail(err, REC_EFORMAT, "column '%s': a bad table of levels",
                        c->name);
    if (k == 0) {
        unshuffle(data + 2, n, size, out);
        return REC_OK;
    }
    for (size_t i = 0; i < n; i++) {
        if (rows[i] >= k)
            return rec_fail(err, REC_EFORMAT, "column '%s': no level %u", c->name,
                            rows[i]);
        memcpy(out + i * size, data + 2 + rows[i] * size, size);
    }
    return REC_OK;
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
        return encode_delta(c, first, n, out, err);
    case REC_LEVELS:
        return encode_levels(in, n, size, out, err);
    case REC_SHUFFLE:
        st = rec_buf_reserve(out, values * size, err);
        if (st != REC_OK)
            return st;
        shuffle(in, values, size, out->data + out->n);
        out->n += values * size;
        return REC_OK;
    default:
        return rec_buf_add(out, in, values * size, err);
    }
}

enum rec_status rec_column_decode(struct rec_column *c, size_t first, size_t n,
                                  const uint8_t *data, size_t bytes,
                                  struct rec_err *err)
{
    size_t size = rec_type_bytes(c->type), values = n * c->width;
    uint8_t *out = (uint8_t *)c->data + first * c->width * size;

    if (c->type == REC_STR)
        return decode_str(c, first, n, data, bytes, err);
    if (n == 0 && bytes == 0)
        return REC_OK;
    if (c->filter == REC_DELTA)
        return decode_delta(c, first, n, data, bytes, err);
    if (c->filter == REC_LEVELS)
        return decode_levels(c, out, n, size, data, bytes, err);
    if (bytes != values * size)
        return rec_fail(err, REC_EFORMAT, "column '%s': %zu bytes for %zu rows",
                        c->name, bytes, n);
    if (c->filter == REC_SHUFFLE)
        unshuffle(data, values, size, out);
    else
        memcpy(out, data, bytes);
    return REC_OK;
}
