#include "data/arrays.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/num.h"

/* ---- npy ---- */

enum rec_status rec_export_npy(const struct rec_cells *cols, uint32_t n, size_t rows,
                               struct rec_sink *s, struct rec_err *err)
{
    static const char *const codes[REC_N_TYPES] = { "|u1", "<u4", "<u8", "<i8",
                                                    "<f4", "<f8", NULL };
    const struct rec_column *c = cols[0].c;
    char text[128], shape[64];
    uint8_t head[10] = { 0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0 };
    size_t len, pad;
    enum rec_status st;

    if (n != 1 || codes[c->type] == NULL)
        return rec_fail(err, REC_EUSAGE,
                        "npy holds one column of numbers; --column chooses it");
    if (c->width == 1)
        (void)snprintf(shape, sizeof shape, "(%zu,)", rows);
    else
        (void)snprintf(shape, sizeof shape, "(%zu, %u)", rows, c->width);
    len = (size_t)snprintf(text, sizeof text,
                           "{'descr': '%s', 'fortran_order': False, 'shape': %s, }",
                           codes[c->type], shape);
    pad = 64 - (sizeof head + len + 1) % 64; /* the data begin at a multiple of 64 */
    head[8] = (uint8_t)(len + pad + 1);
    head[9] = (uint8_t)((len + pad + 1) >> 8);
    st = rec_buf_add(&s->text, head, sizeof head, err);
    if (st == REC_OK)
        st = rec_buf_addf(&s->text, err, "%s%*s\n", text, (int)pad, "");
    if (st == REC_OK)
        st = rec_sink_flush(s, 0, err);
    if (st == REC_OK && rows > 0)
        st = rec_out_write(s->out, c->data, rows * c->width * rec_type_bytes(c->type),
                           err);
    return st;
}

/* ---- mtx ---- */

static enum rec_status export_graph(struct rec_reader *r, const struct rec_table *t,
                                    struct rec_sink *s, struct rec_err *err)
{
    struct rec_table *nodes;
    const struct rec_column *degree, *to, *rating;
    uint64_t e = 0;
    enum rec_status st = rec_reader_need(r, "graph.nodes", "rec-graph", &nodes, err);

    if (st == REC_OK)
        st = rec_table_column(nodes, "degree", REC_U32, 1, &degree, err);
    if (st == REC_OK)
        st = rec_table_column(t, "to", REC_U32, 1, &to, err);
    if (st == REC_OK)
        st = rec_table_column(t, "rating", REC_F32, 1, &rating, err);
    if (st == REC_OK)
        st = rec_buf_addf(
            &s->text, err,
            "%%%%MatrixMarket matrix coordinate real general\n%zu %zu %zu\n",
            nodes->n_rows, nodes->n_rows, t->n_rows);
    for (size_t n = 0; st == REC_OK && n < nodes->n_rows; n++)
        for (uint64_t k = rec_column_uint(degree, n, 0); st == REC_OK && k > 0;
             k--, e++) {
            char number[REC_NUM_CHARS];

            if (e == t->n_rows)
                return rec_fail(err, REC_EFORMAT,
                                "section 'graph': its nodes have more edges");
            rec_cell_number(rating, e, 0, number);
            st = rec_buf_addf(&s->text, err, "%zu %" PRIu64 " %s\n", n + 1,
                              rec_column_uint(to, e, 0) + 1, number);
            if (st == REC_OK)
                st = rec_sink_flush(s, REC_SINK_BYTES, err);
        }
    return st;
}

/* Column by column, as the array form wants it. */
static enum rec_status export_dense(const struct rec_column *c, size_t rows,
                                    struct rec_sink *s, struct rec_err *err)
{
    enum rec_status st = rec_buf_addf(
        &s->text, err, "%%%%MatrixMarket matrix array real general\n%zu %u\n", rows,
        c->width);

    for (uint32_t j = 0; st == REC_OK && j < c->width; j++)
        for (size_t i = 0; st == REC_OK && i < rows; i++) {
            char number[REC_NUM_CHARS];

            rec_cell_number(c, i, j, number);
            st = rec_buf_addf(&s->text, err, "%s\n", number);
            if (st == REC_OK)
                st = rec_sink_flush(s, REC_SINK_BYTES, err);
        }
    return st;
}

enum rec_status rec_export_mtx(struct rec_reader *r, const struct rec_table *t,
                               struct rec_sink *s, struct rec_err *err)
{
    if (t->kind == REC_KIND_CSR)
        return export_graph(r, t, s, err);
    if (t->kind == REC_KIND_MATRIX && t->n_cols == 1 && t->cols[0].type == REC_F32)
        return export_dense(&t->cols[0], t->n_rows, s, err);
    return rec_fail(err, REC_EUSAGE, "mtx holds a graph or a matrix, not '%s'",
                    t->name);
}
