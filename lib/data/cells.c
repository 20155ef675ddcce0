#include "data/cells.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/num.h"

enum rec_status rec_sink_flush(struct rec_sink *s, size_t at_least, struct rec_err *err)
{
    enum rec_status st;

    if (s->text.n < at_least || s->text.n == 0)
        return REC_OK;
    st = rec_out_write(s->out, s->text.data, s->text.n, err);
    s->text.n = 0;
    return st;
}

size_t rec_cell_number(const struct rec_column *c, size_t i, size_t j, char *out)
{
    size_t k = i * c->width + j;

    switch (c->type) {
    case REC_F32:
        return rec_format_f32(((const float *)c->data)[k], out);
    case REC_F64:
        return rec_format_f64(((const double *)c->data)[k], out);
    case REC_I64:
        return (size_t)snprintf(out, REC_NUM_CHARS, "%" PRId64,
                                ((const int64_t *)c->data)[k]);
    default:
        return (size_t)snprintf(out, REC_NUM_CHARS, "%" PRIu64,
                                rec_column_uint(c, i, j));
    }
}

enum rec_status rec_cell_escaped(struct rec_buf *b, const char *s, size_t n,
                                 struct rec_err *err)
{
    enum rec_status st = REC_OK;

    for (size_t i = 0; st == REC_OK && i < n; i++) {
        unsigned char c = (unsigned char)s[i];

        st = c < 0x20 || c == 0x7f || c == '\\' ? rec_buf_addf(b, err, "\\x%02x", c)
                                                : rec_buf_add(b, &s[i], 1, err);
    }
    return st;
}

enum rec_status rec_cell_quoted(struct rec_buf *b, const char *s, size_t n,
                                struct rec_err *err)
{
    bool quote = false;
    enum rec_status st;

    for (size_t i = 0; i < n && !quote; i++)
        quote = strchr(",\"\r\n", s[i]) != NULL;
    if (!quote)
        return rec_buf_add(b, s, n, err);
    st = rec_buf_add(b, "\"", 1, err);
    for (size_t i = 0; st == REC_OK && i < n; i++)
        st = rec_buf_add(b, s[i] == '"' ? "\"\"" : &s[i], s[i] == '"' ? 2 : 1, err);
    return st == REC_OK ? rec_buf_add(b, "\"", 1, err) : st;
}

enum rec_status rec_cell_add(struct rec_buf *b, const struct rec_cells *col, size_t i,
                             size_t j, enum rec_export_form form, struct rec_err *err)
{
    const struct rec_column *from = col->c;
    char number[REC_NUM_CHARS];
    const char *s;
    size_t n;

    if (col->ids != NULL && rec_column_uint(col->c, i, j) < col->n_ids) {
        i = (size_t)rec_column_uint(col->c, i, j);
        from = col->ids;
    }
    if (from->type != REC_STR)
        return rec_buf_add(b, number, rec_cell_number(from, i, j, number), err);
    s = rec_column_text(from, i, &n);
    return form == REC_EXPORT_CSV ? rec_cell_quoted(b, s, n, err)
                                  : rec_cell_escaped(b, s, n, err);
}
