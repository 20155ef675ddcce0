#include "data/featuretext.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/num.h"
#include "io/dialect.h"

void rec_feature_text_free(struct rec_feature_text *t)
{
    rec_buf_free(&t->name_text);
    rec_buf_free(&t->text);
    rec_free(t->name);
    rec_free(t->items);
    rec_free(t->slot);
    rec_free(t->node);
    rec_free(t->line);
    rec_free(t->at);
    *t = (struct rec_feature_text){ 0 };
}

/* ---- the first row ---- */

struct reading {
    const struct rec_feature_text_opts *opts;
    const char *what;
    struct rec_csv *csv;
    struct rec_dict known;
    uint64_t *seen; /* (ids) the line that an id is on, or 0 */
    uint32_t id;    /* its column */
    uint32_t least; /* columns that must be there */
};

static bool looks_like_header(const struct reading *k, const struct rec_csv_row *row)
{
    uint32_t c = k->opts->id == NULL ? 0 : UINT32_MAX, node;
    uint64_t n;
    double x;

    if (k->opts->header != REC_HEADER_AUTO)
        return k->opts->header == REC_HEADER_YES;
    if (k->opts->id != NULL && rec_parse_u64(k->opts->id, strlen(k->opts->id), &n) &&
        n >= 1 && n <= row->n)
        c = (uint32_t)n - 1;
    if (c == UINT32_MAX)
        return true; /* the id is chosen by name */
    for (uint32_t i = 0; i < row->n; i++)
        if (rec_parse_f64(row->field[i], row->len[i], &x))
            return false;
    return !rec_dict_find(&k->known, row->field[c], row->len[c], &node);
}

/* The names of the columns, from the header or made up. */
static enum rec_status take_names(const struct rec_csv_row *row,
                                  struct rec_feature_text *t, struct rec_err *err)
{
    enum rec_status st = REC_OK;
    size_t at = 0;

    t->n_columns = row->n;
    t->name = rec_alloc(row->n, sizeof *t->name, "feature columns", err);
    t->slot = rec_alloc(row->n, sizeof *t->slot, "feature columns", err);
    if (t->name == NULL || t->slot == NULL)
        return REC_ESYSTEM;
    for (uint32_t c = 0; st == REC_OK && c < row->n; c++) {
        if (t->has_header && row->len[c] > 0)
            st = rec_buf_add(&t->name_text, row->field[c], row->len[c], err);
        else
            st = rec_buf_addf(&t->name_text, err, "c%u", c + 1);
        t->name[c].len = (uint32_t)(t->name_text.n - at);
        at = t->name_text.n;
    }
    at = 0;
    for (uint32_t c = 0; st == REC_OK && c < row->n; at += t->name[c++].len)
        t->name[c].text = (const char *)t->name_text.data + at;
    return st;
}

static void want_columns(struct reading *k, struct rec_feature_text *t)
{
    for (uint32_t c = 0; c < t->n_columns; c++)
        t->slot[c] = UINT32_MAX;
    k->least = k->id + 1;
    for (uint32_t i = 0; i < t->n_items; i++)
        for (uint32_t c = t->items[i].from; c <= t->items[i].to; c++) {
            if (t->slot[c] == UINT32_MAX)
                t->slot[c] = t->n_wanted++;
            k->least = c >= k->least ? c + 1 : k->least;
        }
}

/* A first row of one column has nothing to offer but the id, unless that is asked for.
 */
static enum rec_status refuse_one_column(const struct reading *k,
                                         const struct rec_feature_text *t,
                                         struct rec_err *err)
{
    char name[REC_DIALECT_CHARS];

    if (k->opts->dialect.delim != 0)
        return rec_fail(err, REC_EUSAGE,
                        "--feature-delim: %s does not split the first row of %s",
                        rec_dialect_name(t->dialect, name), t->file);
    return rec_fail(err, REC_EINPUT,
                    "%s: one column, and features are in others than that of the id",
                    t->file);
}

static enum rec_status begin(struct reading *k, struct rec_feature_text *t,
                             struct rec_err *err)
{
    struct rec_feature_columns columns;
    struct rec_csv_row row;
    enum rec_status st = rec_csv_peek(k->csv, &row, err);

    (void)snprintf(t->file, sizeof t->file, "%s", rec_csv_name(k->csv));
    if (st != REC_OK)
        return st;
    if (row.n == 0 || row.n > REC_CSV_MAX_FIELDS)
        return rec_fail(err, REC_EINPUT,
                        row.n == 0 ? "%s: no rows" : "%s: too many columns", t->file);
    t->dialect = rec_csv_dialect(k->csv);
    t->has_header = looks_like_header(k, &row);
    st = take_names(&row, t, err);
    if (st == REC_OK && t->has_header)
        st = rec_csv_next(k->csv, &row, err);
    columns = (struct rec_feature_columns){ t->n_columns,
                                            t->has_header ? t->n_columns : 0, t->name };
    if (st == REC_OK && k->opts->id != NULL) {
        k->id = rec_feature_column(&columns, k->opts->id, strlen(k->opts->id));
        if (k->id == UINT32_MAX)
            st = rec_fail(err, REC_EUSAGE, "--feature-id: %s has no column '%s'",
                          t->file, k->opts->id);
    }
    t->items =
        rec_alloc(REC_MAX_FEATURE_ITEMS, sizeof *t->items, "feature columns", err);
    if (st == REC_OK && t->items == NULL)
        st = REC_ESYSTEM;
    if (st == REC_OK)
        st = rec_feature_spec(k->opts->columns, k->opts->option, &columns, k->id,
                              t->items, &t->n_items, err);
    if (st == REC_EUSAGE && row.n == 1)
        st = refuse_one_column(k, t, err);
    if (st == REC_OK)
        want_columns(k, t);
    return st;
}

/* ---- the others ---- */

static enum rec_status reserve(struct rec_feature_text *t, struct rec_err *err)
{
    size_t cap = t->cap + t->cap / 2 + 64, cells;
    void *p;

    if (t->n_rows < t->cap)
        return REC_OK;
    cells = cap * t->n_wanted + 1;
    if ((p = rec_realloc(t->node, cap, sizeof *t->node, "feature rows", err)) == NULL)
        return REC_ESYSTEM;
    t->node = p;
    if ((p = rec_realloc(t->line, cap, sizeof *t->line, "feature rows", err)) == NULL)
        return REC_ESYSTEM;
    t->line = p;
    if ((p = rec_realloc(t->at, cells, sizeof *t->at, "feature rows", err)) == NULL)
        return REC_ESYSTEM;
    t->at = p;
    t->at[t->n_rows * t->n_wanted] = t->text.n;
    t->cap = cap;
    return REC_OK;
}

/* The wanted columns of a row, in the order of their slots. */
static enum rec_status take_cells(const struct rec_csv_row *row, uint32_t node,
                                  struct rec_feature_text *t, struct rec_err *err)
{
    enum rec_status st = reserve(t, err);
    uint64_t *at = st == REC_OK ? t->at + t->n_rows * t->n_wanted : NULL;

    for (uint32_t s = 0; st == REC_OK && s < t->n_wanted; s++) {
        uint32_t c = 0;

        while (t->slot[c] != s)
            c++;
        st = rec_buf_add(&t->text, row->field[c], row->len[c], err);
        at[s + 1] = t->text.n;
    }
    if (st != REC_OK)
        return st;
    t->node[t->n_rows] = node;
    t->line[t->n_rows++] = row->line;
    return REC_OK;
}

static enum rec_status take_row(struct reading *k, const struct rec_csv_row *row,
                                struct rec_feature_text *t, struct rec_err *err)
{
    char shown[80];
    uint32_t node;

    if (row->n < k->least)
        return rec_fail(err, REC_EINPUT,
                        "%s:%" PRIu64 ": %u columns, but column %u is wanted", t->file,
                        row->line, row->n, k->least);
    if (!rec_dict_find(&k->known, row->field[k->id], row->len[k->id], &node)) {
        t->n_unknown++;
        return REC_OK;
    }
    if (k->seen[node] != 0)
        return rec_fail(
            err, REC_EINPUT, "%s:%" PRIu64 ": id '%s' is on line %" PRIu64 " as well",
            t->file, row->line,
            rec_printable(row->field[k->id], row->len[k->id], shown, sizeof shown),
            k->seen[node]);
    k->seen[node] = row->line;
    return take_cells(row, node, t, err);
}

static enum rec_status read_rows(struct reading *k, struct rec_feature_text *t,
                                 struct rec_err *err)
{
    struct rec_csv_row row = { .n = 1 };
    enum rec_status st = REC_OK;

    while (st == REC_OK && row.n > 0) {
        st = rec_csv_next(k->csv, &row, err);
        if (st == REC_OK && row.n > 0)
            st = take_row(k, &row, t, err);
    }
    if (st != REC_OK)
        return st;
    t->digest = rec_csv_digest(k->csv);
    return t->n_rows > 0
               ? REC_OK
               : rec_fail(err, REC_EINPUT,
                          "%s: none of %" PRIu64 " ids is among the %s: is column %u "
                          "the id? choose it with --feature-id",
                          t->file, t->n_unknown, k->what, k->id + 1);
}

static enum rec_status know(struct reading *k, const struct rec_column *ids, uint32_t n,
                            struct rec_err *err)
{
    uint32_t *index = rec_alloc(n, sizeof *index, "known ids", err);
    enum rec_status st = REC_ESYSTEM;

    if (index != NULL)
        st = rec_dict_add_column(&k->known, ids, n, index, err);
    for (uint32_t i = 0; st == REC_OK && i < n; i++)
        if (index[i] != i)
            st = rec_fail(err, REC_EFORMAT, "section '%s', row %u: an id twice",
                          k->what, i);
    rec_free(index);
    k->seen = rec_alloc_zero(n, sizeof *k->seen, "known ids", err);
    return st == REC_OK && k->seen == NULL ? REC_ESYSTEM : st;
}

enum rec_status rec_feature_text_read(const struct rec_feature_text_opts *opts,
                                      const struct rec_column *ids, uint32_t n_ids,
                                      const char *what, struct rec_feature_text *out,
                                      struct rec_err *err)
{
    struct reading k = { .opts = opts, .what = what };
    struct rec_feature_text t = { .n_columns = 0 };
    enum rec_status st = know(&k, ids, n_ids, err);

    if (st == REC_OK)
        st = rec_csv_open(opts->path, &opts->dialect, 0, &k.csv, err);
    if (st == REC_OK)
        st = begin(&k, &t, err);
    if (st == REC_OK)
        st = read_rows(&k, &t, err);
    rec_csv_close(k.csv);
    rec_dict_free(&k.known);
    rec_free(k.seen);
    if (st != REC_OK) {
        rec_feature_text_free(&t);
        return st;
    }
    *out = t;
    return REC_OK;
}
