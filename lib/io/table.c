#include "io/table.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/num.h"
#include "io/bytes.h"
#include "io/frame.h"

const char *const rec_kind_names[REC_N_KINDS] = { "table",  "dict",   "csr",
                                                  "matrix", "params", "log" };

void rec_table_init(struct rec_table *t, const char *name, enum rec_kind kind)
{
    *t = (struct rec_table){ .kind = kind };
    assert(rec_name_ok(name, strlen(name)));
    memcpy(t->name, name, strlen(name) + 1);
}

uint32_t rec_table_add(struct rec_table *t, const char *name, enum rec_type type,
                       uint32_t width, enum rec_filter filter, const char *ref)
{
    struct rec_column *c = &t->cols[t->n_cols];

    assert(t->n_cols < REC_MAX_COLUMNS && rec_name_ok(name, strlen(name)));
    assert(rec_filter_fits(filter, type, width));
    *c = (struct rec_column){ .type = type, .width = width, .filter = filter };
    memcpy(c->name, name, strlen(name) + 1);
    if (ref != NULL) {
        assert(rec_name_ok(ref, strlen(ref)));
        memcpy(c->ref, ref, strlen(ref) + 1);
    }
    return t->n_cols++;
}

enum rec_status rec_table_reserve(struct rec_table *t, size_t n, struct rec_err *err)
{
    for (uint32_t i = 0; i < t->n_cols; i++) {
        enum rec_status st = rec_column_reserve(&t->cols[i], n, err);

        if (st != REC_OK)
            return st;
    }
    return REC_OK;
}

void rec_table_clear(struct rec_table *t)
{
    t->n_rows = 0;
    for (uint32_t i = 0; i < t->n_cols; i++)
        if (t->cols[i].borrowed)
            t->cols[i].text = (struct rec_buf){ 0 };
        else
            t->cols[i].text.n = 0;
}

void rec_table_free(struct rec_table *t)
{
    for (uint32_t i = 0; i < t->n_cols; i++)
        rec_column_free(&t->cols[i]);
    *t = (struct rec_table){ 0 };
}

const struct rec_column *rec_table_find(const struct rec_table *t, const char *name)
{
    for (uint32_t i = 0; i < t->n_cols; i++)
        if (strcmp(t->cols[i].name, name) == 0)
            return &t->cols[i];
    return NULL;
}

enum rec_status rec_table_column(const struct rec_table *t, const char *name,
                                 enum rec_type type, uint32_t width,
                                 const struct rec_column **out, struct rec_err *err)
{
    const struct rec_column *c = rec_table_find(t, name);

    if (c == NULL || c->type != type || c->width != width)
        return rec_fail(err, REC_EFORMAT,
                        "section '%s' has no column '%s' of type %s[%u]", t->name, name,
                        rec_type_names[type], width);
    *out = c;
    return REC_OK;
}

void rec_table_set_attr(struct rec_table *t, const char *key, uint64_t value)
{
    size_t n = strlen(t->attrs);
    int wrote = snprintf(t->attrs + n, sizeof t->attrs - n, "%s%s:%llu",
                         n > 0 ? "\t" : "", key, (unsigned long long)value);

    assert(wrote > 0 && (size_t)wrote < sizeof t->attrs - n);
    (void)wrote;
}

bool rec_table_attr(const struct rec_table *t, const char *key, uint64_t *out)
{
    size_t k = strlen(key);

    for (const char *p = t->attrs; *p != '\0'; p += strcspn(p, "\t"), p += *p == '\t')
        if (strncmp(p, key, k) == 0 && p[k] == ':')
            return rec_parse_u64(p + k + 1, strcspn(p + k + 1, "\t"), out);
    return false;
}

enum rec_status rec_table_write_header(const struct rec_table *t, uint32_t id,
                                       struct rec_buf *out, struct rec_err *err)
{
    enum rec_status st =
        rec_buf_addf(out, err, "@SEC\tID:%u\tNM:%s\tKD:%s%s%s%s%s\n", id, t->name,
                     rec_kind_names[t->kind], t->by[0] != '\0' ? "\tBY:" : "", t->by,
                     t->attrs[0] != '\0' ? "\t" : "", t->attrs);

    for (uint32_t i = 0; st == REC_OK && i < t->n_cols; i++) {
        const struct rec_column *c = &t->cols[i];
        char width[16] = "";

        if (c->width != 1)
            (void)snprintf(width, sizeof width, "[%u]", c->width);
        st = rec_buf_addf(out, err, "@COL\tNM:%s\tTY:%s%s\tFI:%s%s%s\n", c->name,
                          rec_type_names[c->type], width, rec_filter_names[c->filter],
                          c->ref[0] != '\0' ? "\tRF:" : "", c->ref);
    }
    return st;
}

/* ---- reading a header ---- */

/* Index of the N bytes at S in LIST, or -1. */
static int lookup(const char *const *list, int n_list, const char *s, size_t n)
{
    for (int i = 0; i < n_list; i++)
        if (strlen(list[i]) == n && memcmp(list[i], s, n) == 0)
            return i;
    return -1;
}

static bool copy_name(char *out, const char *s, size_t n)
{
    if (!rec_name_ok(s, n))
        return false;
    memcpy(out, s, n);
    out[n] = '\0';
    return true;
}

static bool read_section_field(struct rec_table *t, uint32_t *id, const char *key,
                               const char *value, size_t n)
{
    uint64_t x;
    int k;

    if (memcmp(key, "ID", 2) == 0) {
        if (!rec_parse_u64(value, n, &x) || x == 0 || x > UINT32_MAX)
            return false;
        *id = (uint32_t)x;
        return true;
    }
    if (memcmp(key, "NM", 2) == 0)
        return copy_name(t->name, value, n);
    if (memcmp(key, "BY", 2) == 0)
        return copy_name(t->by, value, n);
    if (memcmp(key, "KD", 2) == 0) {
        k = lookup(rec_kind_names, REC_N_KINDS, value, n);
        t->kind = k < 0 ? REC_KIND_TABLE : (enum rec_kind)k;
        return k >= 0;
    }
    k = (int)strlen(t->attrs);
    if ((size_t)(k + (k > 0)) + 3 + n > REC_ATTRS_BYTES - 2) /* what FORMAT.md says */
        return false;
    (void)snprintf(t->attrs + k, sizeof t->attrs - (size_t)k, "%s%.2s:%.*s",
                   k > 0 ? "\t" : "", key, (int)n, value);
    return true;
}

/* "f32" or "f32[16]" */
static bool read_type(struct rec_column *c, const char *s, size_t n)
{
    const char *open = memchr(s, '[', n);
    size_t base = open == NULL ? n : (size_t)(open - s);
    int type = lookup(rec_type_names, REC_N_TYPES, s, base);
    uint64_t width = 1;

    if (type < 0)
        return false;
    if (open != NULL &&
        (type == REC_STR || s[n - 1] != ']' ||
         !rec_parse_u64(open + 1, n - base - 2, &width) || width == 0 || width > 65536))
        return false;
    c->type = (enum rec_type)type;
    c->width = (uint32_t)width;
    return true;
}

static bool read_column_field(struct rec_column *c, const char *key, const char *value,
                              size_t n)
{
    int k;

    if (memcmp(key, "NM", 2) == 0)
        return copy_name(c->name, value, n);
    if (memcmp(key, "RF", 2) == 0)
        return copy_name(c->ref, value, n);
    if (memcmp(key, "TY", 2) == 0)
        return read_type(c, value, n);
    if (memcmp(key, "FI", 2) == 0) {
        k = lookup(rec_filter_names, REC_N_FILTERS, value, n);
        c->filter = k < 0 ? REC_PLAIN : (enum rec_filter)k;
        return k >= 0;
    }
    return true; /* a later minor version's */
}

/* One line, without its newline; T and ID for @SEC, the last column for @COL. */
static bool read_line(struct rec_table *t, uint32_t *id, const char *s, size_t n)
{
    bool section = n >= 5 && memcmp(s, "@SEC\t", 5) == 0;
    struct rec_column *c = NULL;

    if (!section) {
        if (n < 5 || memcmp(s, "@COL\t", 5) != 0 || t->n_cols == REC_MAX_COLUMNS)
            return false;
        c = &t->cols[t->n_cols++];
        *c = (struct rec_column){ .type = REC_N_TYPES, .width = 1 };
    }
    for (size_t i = 5, len; i <= n; i += len + 1) {
        const char *tab = i < n ? memchr(s + i, '\t', n - i) : NULL;

        len = tab == NULL ? n - i : (size_t)(tab - (s + i));
        if (len < 3 || s[i + 2] != ':')
            return false;
        if (section ? !read_section_field(t, id, s + i, s + i + 3, len - 3)
                    : !read_column_field(c, s + i, s + i + 3, len - 3))
            return false;
    }
    return section || (c->name[0] != '\0' && c->type != REC_N_TYPES &&
                       rec_filter_fits(c->filter, c->type, c->width) &&
                       (c->ref[0] == '\0' || (c->type == REC_U32 && c->width == 1)));
}

enum rec_status rec_table_read_header(struct rec_table *t, uint32_t *id,
                                      const char *text, size_t n, struct rec_err *err)
{
    struct rec_table out = { 0 };
    uint32_t out_id = 0;
    bool first = true;

    for (size_t i = 0; i < n;) {
        const char *end = memchr(text + i, '\n', n - i);
        size_t len = end == NULL ? n - i : (size_t)(end - (text + i));
        char shown[120];

        if (end == NULL || memchr(text + i, '\0', len) != NULL ||
            first != (text[i] == '@' && len > 1 && text[i + 1] == 'S') ||
            !read_line(&out, &out_id, text + i, len))
            return rec_fail(err, REC_EFORMAT, "a section header has a bad line: %s",
                            rec_printable(text + i, len, shown, sizeof shown));
        first = false;
        i += len + 1;
    }
    if (out.name[0] == '\0' || out_id == 0 || out.n_cols == 0)
        return rec_fail(err, REC_EFORMAT,
                        "a section header without name, id or columns");
    *t = out;
    *id = out_id;
    return REC_OK;
}

/* ---- rows ---- */

size_t rec_table_least_bits(const struct rec_table *t)
{
    size_t bits = 0;

    for (uint32_t i = 0; i < t->n_cols; i++) {
        const struct rec_column *c = &t->cols[i];
        bool fixed =
            c->type != REC_STR && (c->filter == REC_PLAIN || c->filter == REC_SHUFFLE);

        if (fixed)
            bits += 8 * rec_type_bytes(c->type) * c->width;
        else
            bits += c->filter == REC_PACKED ? 1 : 8;
    }
    return bits;
}

/* The estimate for rows FIRST .. FIRST + N - 1, of FIXED bytes and their texts. */
static size_t rows_bytes(const struct rec_table *t, size_t first, size_t n,
                         size_t fixed)
{
    size_t bytes = n * fixed;

    for (uint32_t i = 0; i < t->n_cols && n > 0; i++)
        if (t->cols[i].type == REC_STR)
            bytes += (size_t)(t->cols[i].at[first + n] - t->cols[i].at[first]);
    return bytes;
}

size_t rec_table_frame_rows(const struct rec_table *t, size_t first, size_t *bytes)
{
    size_t n = t->n_rows - first, fixed = 0;

    n = n < REC_FRAME_ROWS ? n : REC_FRAME_ROWS;
    for (uint32_t c = 0; c < t->n_cols; c++)
        fixed += t->cols[c].type == REC_STR
                     ? REC_VARINT_MAX
                     : rec_type_bytes(t->cols[c].type) * t->cols[c].width;
    if (rows_bytes(t, first, n, fixed) > REC_FRAME_TARGET_BYTES) {
        size_t low = 1, high = n - 1; /* LOW rows fit, or must */

        while (low < high) {
            size_t middle = high - (high - low) / 2;

            if (rows_bytes(t, first, middle, fixed) <= REC_FRAME_TARGET_BYTES)
                low = middle;
            else
                high = middle - 1;
        }
        n = low;
    }
    if (bytes != NULL)
        *bytes = rows_bytes(t, first, n, fixed);
    return n;
}

enum rec_status rec_table_encode(const struct rec_table *t, size_t first, size_t n,
                                 struct rec_buf *out, struct rec_err *err)
{
    for (uint32_t i = 0; i < t->n_cols; i++) {
        size_t at = out->n;
        uint8_t bytes[4] = { 0 };
        enum rec_status st = rec_buf_add(out, bytes, sizeof bytes, err);

        assert(!t->cols[i].skipped);
        if (st == REC_OK)
            st = rec_column_encode(&t->cols[i], first, n, out, err);
        if (st != REC_OK)
            return st;
        if (out->n > REC_FRAME_MAX_BYTES)
            return rec_fail(err, REC_EINPUT,
                            "section '%s': row %zu is too large for a frame of 64 MiB",
                            t->name, first);
        rec_put_u32(out->data + at, (uint32_t)(out->n - at - 4));
    }
    return REC_OK;
}

enum rec_status rec_table_decode(struct rec_table *t, size_t first, size_t n,
                                 const uint8_t *data, size_t bytes, int parts,
                                 struct rec_err *err)
{
    size_t at = 0;

    for (uint32_t i = 0; i < t->n_cols; i++) {
        struct rec_column *c = &t->cols[i];
        int part = c->type == REC_STR ? REC_PART_TEXT : REC_PART_FIXED;
        size_t len;
        enum rec_status st = REC_OK;

        if (bytes - at < 4 || rec_get_u32(data + at) > bytes - at - 4)
            return rec_fail(err, REC_EFORMAT,
                            "section '%s': a frame ends in column '%s'", t->name,
                            c->name);
        len = rec_get_u32(data + at);
        if (!c->skipped && (part & parts) != 0)
            st = rec_column_decode(c, first, n, data + at + 4, len, err);
        if (st != REC_OK)
            return st;
        at += 4 + len;
    }
    if (at != bytes)
        return rec_fail(err, REC_EFORMAT, "section '%s': a frame with bytes left over",
                        t->name);
    return REC_OK;
}
