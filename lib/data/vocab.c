#include "data/vocab.h"

#include <string.h>

#include "base/num.h"
#include "base/par.h"
#include "data/ids.h"
#include "io/reader.h"

enum { USER, ITEM }; /* columns of `raw` */

#define NONE UINT32_MAX

enum rec_status rec_vocab_begin(struct rec_vocab *v, const char *path,
                                enum rec_unknown unknown, struct rec_encoder *encoder,
                                struct rec_err *err)
{
    struct rec_reader *r = NULL;
    enum rec_status st = rec_reader_open(path, &r, err);

    *v = (struct rec_vocab){ .unknown = unknown, .encoder = encoder };
    if (st == REC_OK)
        st = rec_reader_load(r, "users", err);
    if (st == REC_OK)
        st = rec_reader_load(r, "items", err);
    if (st == REC_OK)
        st = rec_reader_run(r, NULL, err);
    if (st == REC_OK)
        st = rec_ids_read(r, "users", &encoder->users, &v->n_users, err);
    if (st == REC_OK)
        st = rec_ids_read(r, "items", &encoder->items, &v->n_items, err);
    if (st == REC_OK)
        v->digest = rec_reader_digest(r);
    rec_reader_close(r);
    return st;
}

/* ---- rows ---- */

struct search {
    const struct rec_vocab *v;
    const struct rec_table *raw;
};

static void search(void *ctx, uint32_t k)
{
    const struct search *x = ctx;
    const struct rec_encoder *e = x->v->encoder;

    rec_dict_find_column(k == USER ? &e->users : &e->items, &x->raw->cols[k],
                         x->raw->n_rows, x->v->codes[k]);
}

static enum rec_status reserve(struct rec_vocab *v, size_t n, struct rec_err *err)
{
    for (int k = USER; n > v->cap && k <= ITEM; k++) {
        uint32_t *codes = rec_realloc(v->codes[k], n, sizeof *codes, "known ids", err);

        if (codes == NULL)
            return REC_ESYSTEM;
        v->codes[k] = codes;
    }
    v->cap = n > v->cap ? n : v->cap;
    return REC_OK;
}

static enum rec_status refuse(const struct rec_vocab *v, const struct rec_table *raw,
                              size_t row, struct rec_err *err)
{
    int k = v->codes[USER][row] == NONE ? USER : ITEM;
    char shown[120];
    size_t n;
    const char *id = rec_column_text(&raw->cols[k], row, &n);

    return rec_fail(err, REC_EINPUT, "section 'raw', row %llu: unknown %s: '%s'",
                    (unsigned long long)(v->n_rows + row), k == USER ? "user" : "item",
                    rec_printable(id, n, shown, sizeof shown));
}

/* The columns of RAW, without rows. */
static void copy_columns(struct rec_table *t, const struct rec_table *raw)
{
    rec_table_init(t, raw->name, raw->kind);
    for (uint32_t i = 0; i < raw->n_cols; i++) {
        const struct rec_column *c = &raw->cols[i];

        rec_table_add(t, c->name, c->type, c->width, c->filter,
                      c->ref[0] != '\0' ? c->ref : NULL);
    }
}

/* Row ROW of FROM behind the last of TO, which has room but for text. */
static enum rec_status copy_row(struct rec_table *to, const struct rec_table *from,
                                size_t row, struct rec_err *err)
{
    size_t at = to->n_rows;

    for (uint32_t i = 0; i < from->n_cols; i++) {
        const struct rec_column *c = &from->cols[i];
        size_t n = rec_type_bytes(c->type) * c->width;

        if (c->type == REC_STR) {
            const char *s = rec_column_text(c, row, &n);
            enum rec_status st = rec_buf_add(&to->cols[i].text, s, n, err);

            if (st != REC_OK)
                return st;
            to->cols[i].at[at + 1] = to->cols[i].text.n;
        } else {
            memcpy((uint8_t *)to->cols[i].data + at * n,
                   (const uint8_t *)c->data + row * n, n);
        }
    }
    to->n_rows++;
    return REC_OK;
}

/* Into v->kept, the rows that have no unknown id. */
static enum rec_status keep_known(struct rec_vocab *v, const struct rec_table *raw,
                                  struct rec_err *err)
{
    enum rec_status st;

    if (v->kept.n_cols == 0)
        copy_columns(&v->kept, raw);
    rec_table_clear(&v->kept);
    st = rec_table_reserve(&v->kept, raw->n_rows, err);
    for (size_t i = 0; st == REC_OK && i < raw->n_rows; i++) {
        bool no_user = v->codes[USER][i] == NONE, no_item = v->codes[ITEM][i] == NONE;

        v->no_user += no_user;
        v->no_item += no_item;
        if (!no_user && !no_item)
            st = copy_row(&v->kept, raw, i, err);
    }
    return st;
}

/* The first row with an unknown id, or their number. */
static size_t first_unknown(const struct rec_vocab *v, size_t n)
{
    size_t i = 0;

    while (i < n && v->codes[USER][i] != NONE && v->codes[ITEM][i] != NONE)
        i++;
    return i;
}

/* What of RAW is handed on; the types are checked by the encoder, which sees it next.
 */
static enum rec_status choose(struct rec_vocab *v, const struct rec_table *raw,
                              const struct rec_table **out, struct rec_err *err)
{
    struct search x = { v, raw };
    enum rec_status st;
    size_t bad;

    *out = raw;
    if (v->unknown == REC_UNKNOWN_ADD || raw->n_rows == 0 || raw->n_cols <= ITEM ||
        raw->cols[USER].type != REC_STR || raw->cols[ITEM].type != REC_STR)
        return REC_OK;
    st = reserve(v, raw->n_rows, err);
    if (st != REC_OK)
        return st;
    rec_par_run(2, search, &x);
    bad = first_unknown(v, raw->n_rows);
    if (bad == raw->n_rows)
        return REC_OK;
    if (v->unknown == REC_UNKNOWN_ERROR)
        return refuse(v, raw, bad, err);
    *out = &v->kept;
    return keep_known(v, raw, err);
}

enum rec_status rec_vocab_block(void *ctx, const struct rec_table *raw,
                                struct rec_err *err)
{
    struct rec_vocab *v = ctx;
    const struct rec_table *rows;
    enum rec_status st = choose(v, raw, &rows, err);

    if (st == REC_OK)
        st = rec_encode_block(v->encoder, rows, err);
    if (st == REC_OK) {
        v->n_rows += raw->n_rows;
        v->n_kept += rows->n_rows;
    }
    return st;
}

enum rec_status rec_vocab_check(const struct rec_vocab *v, struct rec_err *err)
{
    if (v->n_rows == 0 || v->n_kept > 0)
        return REC_OK;
    return rec_fail(err, REC_EINPUT, "no row has a user and an item that are known");
}

void rec_vocab_free(struct rec_vocab *v)
{
    rec_free(v->codes[USER]);
    rec_free(v->codes[ITEM]);
    rec_table_free(&v->kept);
    *v = (struct rec_vocab){ 0 };
}
