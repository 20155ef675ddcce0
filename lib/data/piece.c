#include "data/piece.h"

#include <stdio.h>
#include <string.h>

#include "base/par.h"
#include "io/list.h"

/* Room for one more row, and for what it keeps. */
static enum rec_status make_room(struct rec_piece *p, uint32_t n_keep)
{
    size_t cap = p->cap == 0 ? 4096 : 2 * p->cap;
    struct rec_raw_row *rows;
    struct rec_text *keep;

    if (n_keep > 0) {
        keep =
            rec_realloc(p->keep, cap, n_keep * sizeof *keep, "kept columns", &p->err);
        if (keep == NULL)
            return REC_ESYSTEM;
        p->keep = keep;
    }
    rows = rec_realloc(p->rows, cap, sizeof *rows, "rows", &p->err);
    if (rows == NULL)
        return REC_ESYSTEM;
    p->rows = rows;
    p->cap = cap;
    return REC_OK;
}

static enum rec_status add_origin(struct rec_piece *p, enum rec_fate fate,
                                  enum rec_field missing)
{
    if (p->n_origins == p->origins_cap) {
        size_t cap = p->origins_cap == 0 ? 4096 : 2 * p->origins_cap;
        struct rec_origin *origins =
            rec_realloc(p->origins, cap, sizeof *origins, "rows read", &p->err);

        if (origins == NULL)
            return REC_ESYSTEM;
        p->origins = origins;
        p->origins_cap = cap;
    }
    p->origins[p->n_origins++] =
        (struct rec_origin){ .text = p->row.text,
                             .user = p->row.field[REC_USER],
                             .line = p->row.line,
                             .bytes = p->row.bytes,
                             .user_bytes = p->row.len[REC_USER],
                             .fate = fate,
                             .missing = missing };
    return REC_OK;
}

static enum rec_status reject(struct rec_piece *p, const struct rec_fields *f,
                              uint64_t max_rejected)
{
    char place[sizeof p->err.text];

    if (p->counts.rejected > 0 && p->counts.rejected < max_rejected) {
        p->counts.rejected++;
        return REC_OK;
    }
    (void)snprintf(place, sizeof place, "%s:%llu", f->file,
                   (unsigned long long)p->row.line);
    (void)rec_fail_in(&p->err, REC_EINPUT, place);
    if (p->counts.rejected == max_rejected)
        return REC_EINPUT;
    p->first_rejected = p->err;
    p->counts.rejected++;
    return REC_OK;
}

/* What is to become of the row in p->row; if it is taken it stands in p->rows[p->n]. */
static enum rec_status judge(struct rec_piece *p, const struct rec_fields *f,
                             const struct rec_row_rules *rules, uint64_t max_rejected,
                             enum rec_fate *fate, enum rec_field *missing)
{
    struct rec_raw_row *row = &p->rows[p->n];
    float rating = 0;
    enum rec_status st = rec_fields_read(f, &p->row, row, missing, &p->err);

    if (st == REC_OK && *missing < REC_N_FIELDS) {
        *fate = REC_MISSING;
        p->counts.missing[*missing]++;
        return REC_OK;
    }
    if (st == REC_OK)
        rating = row->rating;
    if (st == REC_OK && rules->positive)
        rec_fields_rate(row, 1);
    if (st == REC_OK && f->n_keep > 0)
        st = rec_fields_keep(f, &p->row, p->keep + p->n * f->n_keep, row, &p->err);
    if (st != REC_OK) {
        *fate = REC_REJECTED;
        return reject(p, f, max_rejected);
    }
    if (!(rating >= rules->lo && rating <= rules->hi)) {
        *fate = REC_OUT_OF_RANGE;
        p->counts.out_of_range++;
        return REC_OK;
    }
    row->kept = true;
    p->id_bytes += row->user_len + row->item_len;
    *fate = REC_TAKEN;
    p->n++;
    return REC_OK;
}

/* The rows of SPAN, or those of LIST. */
static void parse_rows(struct rec_piece *p, struct rec_csv_span *span,
                       struct rec_list *list, const struct rec_fields *f,
                       const struct rec_row_rules *rules, uint64_t limit,
                       uint64_t max_rejected)
{
    enum rec_fate fate;
    enum rec_field missing = REC_N_FIELDS;

    while (p->st == REC_OK && p->counts.read < limit) {
        p->st = f->is_list ? rec_list_next(list, &p->row, &p->err)
                           : rec_csv_span_next(span, &p->row, &p->err);
        if (p->st != REC_OK || p->row.n == 0)
            break;
        if (p->n == p->cap)
            p->st = make_room(p, f->n_keep);
        if (p->st != REC_OK)
            break;
        p->counts.read++;
        p->st = judge(p, f, rules, max_rejected, &fate, &missing);
        if (rules->origins && p->st == REC_OK)
            p->st = add_origin(p, fate, missing);
    }
}

void rec_piece_parse(struct rec_piece *p, const struct rec_fields *f,
                     const struct rec_row_rules *rules, uint64_t limit,
                     uint64_t max_rejected)
{
    struct rec_csv_span span = *p->span;
    struct rec_list list = rec_list_begin(&span);

    span.unquoted = p->unquoted;
    span.unquoted.n = 0;
    p->n = p->n_origins = 0;
    p->id_bytes = 0;
    p->counts = (struct rec_piece_counts){ 0 };
    p->st = REC_OK;
    parse_rows(p, &span, &list, f, rules, limit, max_rejected);
    p->unquoted = span.unquoted;
    for (size_t i = 0; f->n_keep > 0 && i < p->n; i++)
        p->rows[i].keep = p->keep + i * f->n_keep;
}

/* ---- from rows to columns ---- */

struct gathering {
    struct rec_piece *pieces;
    uint32_t n_pieces;
    const struct rec_fields *f;
    uint8_t source;
    struct rec_table *t;
};

/* Columns of the table; then the kept ones, and source as the last. */
enum { USER, ITEM, RATING, TIME };

/* The N-th str column: user, item, or a kept one. */
static struct rec_column *text_column(const struct gathering *g, uint32_t n)
{
    return &g->t->cols[n <= ITEM ? n : n + 1 + g->f->has_time];
}

static uint64_t put_text(struct rec_column *col, size_t row, uint64_t at,
                         const char *text, uint32_t len)
{
    memcpy(col->text.data + at, text, len);
    return col->at[row + 1] = at + len;
}

static void fill_kept(const struct gathering *g, const struct rec_piece *p)
{
    for (uint32_t k = 0; k < g->f->n_keep; k++) {
        struct rec_column *col = text_column(g, 2 + k);
        uint64_t text = p->text_at[2 + k];
        size_t at = p->first;

        for (size_t r = 0; r < p->n; r++)
            if (p->rows[r].kept) {
                const struct rec_text *x = &p->rows[r].keep[k];

                text = put_text(col, at++, text, x->text, x->len);
            }
    }
}

static void fill_piece(void *ctx, uint32_t i)
{
    const struct gathering *g = ctx;
    const struct rec_piece *p = &g->pieces[i];
    struct rec_column *col = g->t->cols, *source = &col[g->t->n_cols - 1];
    size_t at = p->first;
    uint64_t user = p->text_at[USER], item = p->text_at[ITEM];

    for (size_t r = 0; r < p->n; r++) {
        const struct rec_raw_row *x = &p->rows[r];

        if (!x->kept)
            continue;
        user = put_text(&col[USER], at, user, x->user, x->user_len);
        item = put_text(&col[ITEM], at, item, x->item, x->item_len);
        ((float *)col[RATING].data)[at] = x->rating;
        if (g->f->has_time)
            ((int64_t *)col[TIME].data)[at] = x->time;
        if (g->source > 0)
            ((uint8_t *)source->data)[at] = g->source;
        at++;
    }
    fill_kept(g, p);
}

/* Where the kept rows of each piece go, and room for them. */
static enum rec_status make_rows(const struct gathering *g, struct rec_err *err)
{
    struct rec_table *t = g->t;
    uint32_t n_texts = 2 + g->f->n_keep;
    uint64_t text[2 + REC_MAX_KEEP] = { 0 };
    size_t rows = t->n_rows;
    enum rec_status st;

    for (uint32_t k = 0; k < n_texts; k++)
        text[k] = text_column(g, k)->text.n;
    for (uint32_t i = 0; i < g->n_pieces; i++) {
        struct rec_piece *p = &g->pieces[i];

        p->first = rows;
        memcpy(p->text_at, text, sizeof text);
        for (size_t r = 0; r < p->n; r++) {
            const struct rec_raw_row *x = &p->rows[r];

            if (!x->kept)
                continue;
            rows++;
            text[USER] += x->user_len;
            text[ITEM] += x->item_len;
            for (uint32_t k = 2; k < n_texts; k++)
                text[k] += x->keep[k - 2].len;
        }
    }
    st = rec_table_reserve(t, rows, err);
    for (uint32_t k = 0; st == REC_OK && k < n_texts; k++) {
        struct rec_buf *b = &text_column(g, k)->text;

        st = rec_buf_reserve(b, text[k] - b->n + 1, err); /* never NULL */
        if (st == REC_OK)
            b->n = text[k];
    }
    if (st == REC_OK)
        t->n_rows = rows;
    return st;
}

enum rec_status rec_pieces_append(struct rec_piece *pieces, uint32_t n,
                                  const struct rec_fields *f, uint8_t source,
                                  struct rec_table *t, struct rec_err *err)
{
    struct gathering g = { pieces, n, f, source, t };
    enum rec_status st = make_rows(&g, err);

    if (st == REC_OK)
        rec_par_run(n, fill_piece, &g);
    return st;
}

void rec_piece_free(struct rec_piece *p)
{
    rec_free(p->rows);
    rec_free(p->keep);
    rec_free(p->origins);
    rec_buf_free(&p->unquoted);
    *p = (struct rec_piece){ 0 };
}
