#include "eval/newcomers.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/num.h"
#include "data/headernames.h"
#include "io/csv.h"

struct event {
    uint32_t user, item;
    size_t row;
    uint64_t line;
    float rating;
};

struct reading {
    struct rec_catalog *c;
    struct rec_newcomers *to;
    const char *name;
    bool skip, has_rating;
    size_t n, cap;
    struct event *event;
};

void rec_newcomers_free(struct rec_newcomers *x)
{
    rec_dict_free(&x->names);
    rec_free(x->off);
    rec_free(x->item);
    rec_free(x->rating);
    rec_free(x->line);
    *x = (struct rec_newcomers){ 0 };
}

/* ---- rows ---- */

/* Of two columns by the name of the second, of more by a third that is some text but no
 * number; never if the model has such an item. */
static bool is_header(const struct reading *g, const struct rec_csv_row *row)
{
    double number;
    uint32_t item;
    struct rec_err err;

    if (row->n < 2 || (row->n == 2 && !rec_names_items(row->field[1], row->len[1])) ||
        (row->n > 2 &&
         (row->len[2] == 0 || rec_parse_f64(row->field[2], row->len[2], &number))))
        return false;
    return rec_catalog_find(g->c, REC_ITEMS, row->field[1], row->len[1], &item, &err) ==
               REC_OK &&
           item == UINT32_MAX;
}

static enum rec_status bad(const struct reading *g, const struct rec_csv_row *row,
                           const char *what, uint32_t field, const char *advice,
                           struct rec_err *err)
{
    char shown[120];

    return rec_fail(
        err, REC_EINPUT, "%s:%" PRIu64 ": %s '%s'%s", g->name, row->line, what,
        rec_printable(row->field[field], row->len[field], shown, sizeof shown), advice);
}

/* What the row says but for its user. */
static enum rec_status read_event(struct reading *g, const struct rec_csv_row *row,
                                  struct event *out, struct rec_err *err)
{
    double rating = 0.0;
    enum rec_status st;

    if (row->n < (g->has_rating ? 3 : 2))
        return rec_fail(
            err, REC_EINPUT, "%s:%" PRIu64 ": %u columns, %s", g->name, row->line,
            row->n, g->has_rating ? "not user, item and rating" : "not user and item");
    for (uint32_t f = 0; f < 2; f++)
        if (row->len[f] == 0)
            return rec_fail(err, REC_EINPUT, "%s:%" PRIu64 ": no %s", g->name,
                            row->line, f == 0 ? "user" : "item");
    if (g->has_rating && (!rec_parse_f64(row->field[2], row->len[2], &rating) ||
                          !isfinite((float)rating)))
        return bad(g, row, "no number for a rating:", 2, "", err);
    st = rec_catalog_find(g->c, REC_ITEMS, row->field[1], row->len[1], &out->item, err);
    if (st == REC_OK && out->item == UINT32_MAX && !g->skip)
        return bad(g, row, "the model knows no item", 1,
                   "; --skip-unknown leaves it out", err);
    out->rating = (float)rating;
    return st;
}

static enum rec_status add_row(struct reading *g, const struct rec_csv_row *row,
                               struct rec_err *err)
{
    struct event e = { .row = g->n, .line = row->line };
    bool is_new;
    enum rec_status st = read_event(g, row, &e, err);

    if (st == REC_OK)
        st = rec_dict_add(&g->to->names, row->field[0], row->len[0], &e.user, &is_new,
                          err);
    if (st == REC_OK && e.item == UINT32_MAX) {
        g->to->n_unknown++;
        return REC_OK;
    }
    if (st == REC_OK && g->n == g->cap) {
        size_t cap = g->cap > 0 ? 2 * g->cap : 256;
        struct event *p = rec_realloc(g->event, cap, sizeof *p, "new ratings", err);

        if (p == NULL)
            return REC_ESYSTEM;
        g->event = p;
        g->cap = cap;
    }
    if (st == REC_OK)
        g->event[g->n++] = e;
    return st;
}

static enum rec_status read_rows(struct reading *g, struct rec_csv *csv,
                                 struct rec_err *err)
{
    static const char empty[] = "%s: no rows: user,item,rating are wanted";
    struct rec_csv_row row;
    enum rec_status st = rec_csv_next(csv, &row, err);
    bool any = false;

    if (st == REC_OK && row.n > 0 && is_header(g, &row))
        st = rec_csv_next(csv, &row, err);
    g->has_rating = st == REC_OK && row.n > 2;
    while (st == REC_OK && row.n > 0) {
        any = true;
        st = add_row(g, &row, err);
        if (st == REC_OK)
            st = rec_csv_next(csv, &row, err);
    }
    return st == REC_OK && !any ? rec_fail(err, REC_EINPUT, empty, g->name) : st;
}

/* ---- by user ---- */

static int by_user_item_row(const void *a, const void *b)
{
    const struct event *x = a, *y = b;

    if (x->user != y->user)
        return x->user < y->user ? -1 : 1;
    if (x->item != y->item)
        return x->item < y->item ? -1 : 1;
    return x->row < y->row ? -1 : x->row > y->row;
}

static enum rec_status deal(struct reading *g, struct rec_err *err)
{
    static const char what[] = "new ratings";
    struct rec_newcomers *x = g->to;
    uint64_t n = 0;

    x->n = x->names.n;
    x->off = rec_alloc_zero((size_t)x->n + 1, sizeof *x->off, what, err);
    if (x->off != NULL)
        x->item = rec_alloc(g->n, sizeof *x->item, what, err);
    if (x->item != NULL)
        x->line = rec_alloc(g->n, sizeof *x->line, what, err);
    if (x->line == NULL)
        return REC_ESYSTEM;
    if (g->has_rating) {
        x->rating = rec_alloc(g->n, sizeof *x->rating, what, err);
        if (x->rating == NULL)
            return REC_ESYSTEM;
    }
    if (g->n > 0)
        qsort(g->event, g->n, sizeof *g->event, by_user_item_row);
    for (size_t k = 0; k < g->n; k++) {
        const struct event *e = &g->event[k];

        if (k + 1 < g->n && e[1].user == e->user && e[1].item == e->item)
            continue; /* the last counts */
        x->item[n] = e->item;
        x->line[n] = e->line;
        if (g->has_rating)
            x->rating[n] = e->rating;
        x->off[e->user + 1] = ++n;
    }
    for (uint32_t u = 0; u < x->n; u++) /* of some nothing was left */
        x->off[u + 1] = x->off[u + 1] > x->off[u] ? x->off[u + 1] : x->off[u];
    return REC_OK;
}

enum rec_status rec_newcomers_read(struct rec_catalog *c, const char *path, bool skip,
                                   struct rec_newcomers *out, struct rec_err *err)
{
    const struct rec_csv_dialect by_looking = { .delim = 0 };
    struct rec_newcomers x = { .n = 0 };
    struct reading g = { .c = c, .to = &x, .skip = skip };
    struct rec_csv *csv;
    enum rec_status st;

    if (c->ranker.is->fold_in == NULL)
        return rec_fail(err, REC_EFORMAT,
                        "model '%s' knows only the users it was trained on: train "
                        "again with the new ratings, or another model",
                        c->e.t.kind->name);
    st = rec_csv_open(path, &by_looking, 0, &csv, err);
    if (st != REC_OK)
        return st;
    g.name = rec_csv_name(csv);
    (void)snprintf(x.file, sizeof x.file, "%s", g.name);
    st = read_rows(&g, csv, err);
    if (st == REC_OK)
        st = deal(&g, err);
    if (st == REC_OK) {
        *out = x;
        x = (struct rec_newcomers){ .n = 0 };
    }
    rec_newcomers_free(&x);
    rec_free(g.event);
    rec_csv_close(csv);
    return st;
}
