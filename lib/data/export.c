#include "data/export.h"

#include <string.h>

#include "data/arrays.h"
#include "data/cells.h"
#include "data/features.h"

/* ---- names of rows ---- */

/* Users, items, or users and then items; B rows each. */
struct row_names {
    const struct rec_column *ids[2];
    size_t n[2], each;
};

static enum rec_status find_row_names(struct rec_reader *r, const struct rec_table *t,
                                      enum rec_export_rows rows, struct row_names *out,
                                      struct rec_err *err)
{
    static const char *const dicts[2] = { "users", "items" };
    size_t n = 0;

    *out = (struct row_names){ .each = 0 };
    for (int k = 0; rows != REC_ROWS_PLAIN && k < 2; k++) {
        struct rec_table *d;
        const struct rec_column *ids;
        enum rec_status st;

        if (rows == (k == 0 ? REC_ROWS_ITEMS : REC_ROWS_USERS))
            continue;
        st = rec_reader_need(r, dicts[k], "rec-encode", &d, err);
        if (st == REC_OK)
            st = rec_table_column(d, "id", REC_STR, 1, &ids, err);
        if (st != REC_OK)
            return st;
        out->ids[k] = ids;
        out->n[k] = d->n_rows;
        n += d->n_rows;
    }
    if (rows == REC_ROWS_PLAIN)
        return REC_OK;
    if (n == 0 || t->n_rows == 0 || t->n_rows % n != 0)
        return rec_fail(err, REC_EUSAGE,
                        "--rows: '%s' has %zu rows, which is no multiple of %zu",
                        t->name, t->n_rows, n);
    out->each = t->n_rows / n;
    return REC_OK;
}

static enum rec_status add_row_name(struct rec_buf *b, const struct row_names *x,
                                    size_t i, enum rec_export_form form,
                                    struct rec_err *err)
{
    size_t v = i / x->each, n;
    int side = v < x->n[0] ? 0 : 1;
    const char *s = rec_column_text(x->ids[side], side == 0 ? v : v - x->n[0], &n);
    enum rec_status st = REC_OK;

    if (form == REC_EXPORT_CSV)
        st = rec_cell_quoted(b, s, n, err);
    for (size_t at = 0; form != REC_EXPORT_CSV && st == REC_OK && at < n; at++)
        st = form == REC_EXPORT_W2V && s[at] == ' '
                 ? rec_buf_add(b, "\\x20", 4, err)
                 : rec_cell_escaped(b, s + at, 1, err);
    return st == REC_OK && x->each > 1 ? rec_buf_addf(b, err, "#%zu", i % x->each + 1)
                                       : st;
}

/* ---- text ---- */

/* What is to be printed of a section. */
struct sheet {
    const struct rec_cells *cols;
    uint32_t n;
    size_t n_rows;
    enum rec_export_form form;
    struct row_names names; /* each = 0: none */
    const uint8_t *part;    /* NULL: all rows */
    uint8_t wanted;
};

/* As RecBole has it: an id is a token, as a number too. */
static enum rec_status add_inter_name(struct rec_buf *b, const struct rec_cells *c,
                                      struct rec_err *err)
{
    static const char *const names[][2] = { { "user", "user_id" },
                                            { "item", "item_id" },
                                            { "time", "timestamp" } };
    const char *name = c->c->name;
    bool token = c->c->ref[0] != '\0' || c->c->type == REC_STR;

    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(name, names[i][0]) == 0)
            name = names[i][1];
    return rec_buf_addf(b, err, "%s:%s", name, token ? "token" : "float");
}

static enum rec_status add_names(struct rec_buf *b, const struct sheet *x, char split,
                                 struct rec_err *err)
{
    const struct rec_cells *cols = x->cols;
    enum rec_status st = REC_OK;

    if (x->names.each > 0)
        st = rec_buf_addf(b, err, "id%c", split);
    for (uint32_t k = 0; st == REC_OK && k < x->n; k++)
        for (uint32_t j = 0; st == REC_OK && j < cols[k].c->width; j++) {
            if (k > 0 || j > 0)
                st = rec_buf_add(b, &split, 1, err);
            if (st == REC_OK && x->form == REC_EXPORT_INTER)
                st = add_inter_name(b, &cols[k], err);
            else if (st == REC_OK && cols[k].c->width == 1)
                st = rec_buf_addf(b, err, "%s", cols[k].c->name);
            else if (st == REC_OK)
                st = rec_buf_addf(b, err, "%s.%u", cols[k].c->name, j);
        }
    return st == REC_OK ? rec_buf_add(b, "\n", 1, err) : st;
}

static enum rec_status add_row(struct rec_buf *b, const struct sheet *x, size_t i,
                               char split, struct rec_err *err)
{
    enum rec_status st = REC_OK;

    if (x->names.each > 0) {
        st = add_row_name(b, &x->names, i, x->form, err);
        if (st == REC_OK)
            st = rec_buf_add(b, &split, 1, err);
    }
    for (uint32_t k = 0; st == REC_OK && k < x->n; k++)
        for (uint32_t j = 0; st == REC_OK && j < x->cols[k].c->width; j++) {
            if (k > 0 || j > 0)
                st = rec_buf_add(b, &split, 1, err);
            if (st == REC_OK)
                st = rec_cell_add(b, &x->cols[k], i, j, x->form, err);
        }
    return st == REC_OK ? rec_buf_add(b, "\n", 1, err) : st;
}

static enum rec_status export_text(const struct sheet *x, struct rec_sink *s,
                                   struct rec_err *err)
{
    char split = x->form == REC_EXPORT_CSV   ? ','
                 : x->form == REC_EXPORT_W2V ? ' '
                                             : '\t';
    enum rec_status st =
        x->form == REC_EXPORT_W2V
            ? rec_buf_addf(&s->text, err, "%zu %u\n", x->n_rows, x->cols[0].c->width)
            : add_names(&s->text, x, split, err);

    for (size_t i = 0; st == REC_OK && i < x->n_rows; i++) {
        if (x->part != NULL && x->part[i] != x->wanted)
            continue;
        st = add_row(&s->text, x, i, split, err);
        if (st == REC_OK)
            st = rec_sink_flush(s, REC_SINK_BYTES, err);
    }
    return st;
}

/* ---- all together ---- */

/* The dictionary that C points into, if it is to be used and was loaded. */
static const struct rec_column *find_ids(struct rec_reader *r,
                                         const struct rec_column *c,
                                         const struct rec_export_opts *o)
{
    const struct rec_table *t =
        c->ref[0] == '\0' || o->codes ? NULL : rec_reader_table(r, c->ref);

    if (t == NULL || t->n_cols == 0 || t->cols[0].type != REC_STR ||
        t->cols[0].at == NULL)
        return NULL;
    return &t->cols[0];
}

static bool has_row_a_rating(const char *section)
{
    return strcmp(section, "ratings") == 0 || strcmp(section, "split") == 0 ||
           strcmp(section, REC_FEATURES_RATINGS) == 0;
}

static enum rec_status find_part(struct rec_reader *r, const struct rec_table *t,
                                 int part, struct sheet *x, struct rec_err *err)
{
    struct rec_table *split;
    const struct rec_column *c = NULL;
    enum rec_status st;

    if (part == 0)
        return REC_OK;
    st = rec_reader_need(r, "split", "rec-split", &split, err);
    if (st == REC_OK)
        st = rec_table_column(split, "part", REC_U8, 1, &c, err);
    if (st == REC_OK && split->n_rows != t->n_rows)
        st = rec_fail(err, REC_EFORMAT,
                      "%s: section 'split' has %zu rows, '%s' %zu: run it through "
                      "rec-split again",
                      rec_reader_name(r), split->n_rows, t->name, t->n_rows);
    if (st == REC_OK) {
        x->part = c->data;
        x->wanted = (uint8_t)(part - 1);
    }
    return st;
}

/* Forms that hold less than a section may have. */
static enum rec_status check_form(const struct rec_table *t, const struct sheet *x,
                                  const struct rec_export_opts *o, struct rec_err *err)
{
    bool text = o->form == REC_EXPORT_TSV || o->form == REC_EXPORT_CSV ||
                o->form == REC_EXPORT_INTER;

    if (o->form == REC_EXPORT_MTX && o->column != NULL)
        return rec_fail(err, REC_EUSAGE,
                        "mtx holds whole sections: leave out --column");
    if (o->form == REC_EXPORT_INTER && strcmp(t->name, "ratings") != 0)
        return rec_fail(err, REC_EUSAGE, "inter holds section 'ratings', not '%s'",
                        t->name);
    if (o->form == REC_EXPORT_W2V &&
        (x->n != 1 || x->cols[0].c->type != REC_F32 || o->rows == REC_ROWS_PLAIN))
        return rec_fail(err, REC_EUSAGE,
                        "w2v holds a matrix whose rows have names: --rows says whose");
    if (o->part > 0 && !text)
        return rec_fail(err, REC_EUSAGE, "--part goes with tsv, csv and inter");
    if (o->part > 0 && !has_row_a_rating(t->name))
        return rec_fail(err, REC_EUSAGE,
                        "--part: a row of '%s' is no rating, as in ratings, split "
                        "and " REC_FEATURES_RATINGS,
                        t->name);
    if (o->rows != REC_ROWS_PLAIN && o->form != REC_EXPORT_W2V &&
        o->form != REC_EXPORT_TSV && o->form != REC_EXPORT_CSV)
        return rec_fail(err, REC_EUSAGE, "--rows goes with tsv, csv and w2v");
    return REC_OK;
}

enum rec_status rec_export(struct rec_reader *r, const struct rec_table *t,
                           const struct rec_export_opts *opts, struct rec_out *out,
                           struct rec_err *err)
{
    struct rec_cells cols[REC_MAX_COLUMNS];
    struct rec_sink s = { .out = out };
    struct sheet x = { .cols = cols, .n_rows = t->n_rows, .form = opts->form };
    uint32_t n = 0;
    enum rec_status st;

    for (uint32_t i = 0; i < t->n_cols; i++) {
        const struct rec_column *c = &t->cols[i];
        const struct rec_table *dict;

        if (opts->column != NULL && strcmp(opts->column, c->name) != 0)
            continue;
        cols[n] = (struct rec_cells){ .c = c, .ids = find_ids(r, c, opts) };
        dict = cols[n].ids == NULL ? NULL : rec_reader_table(r, c->ref);
        cols[n++].n_ids = dict == NULL ? 0 : dict->n_rows;
    }
    if (n == 0)
        return rec_fail(err, REC_EUSAGE, "section '%s' has no column '%s'", t->name,
                        opts->column);
    x.n = n;
    st = check_form(t, &x, opts, err);
    if (st == REC_OK)
        st = find_part(r, t, opts->part, &x, err);
    if (st == REC_OK)
        st = find_row_names(r, t, opts->rows, &x.names, err);
    if (st == REC_OK && opts->form == REC_EXPORT_NPY)
        st = rec_export_npy(cols, n, t->n_rows, &s, err);
    else if (st == REC_OK && opts->form == REC_EXPORT_MTX)
        st = rec_export_mtx(r, t, &s, err);
    else if (st == REC_OK)
        st = export_text(&x, &s, err);
    if (st == REC_OK)
        st = rec_sink_flush(&s, 0, err);
    rec_buf_free(&s.text);
    return st;
}
