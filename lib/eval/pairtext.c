#include "eval/pairtext.h"

#include <string.h>

#include "base/num.h"
#include "base/par.h"

enum {
    MAX_PIECES = 64,
    PIECES_A_THREAD = 4,
    FIRST_ROOM = 256,
    BATCH = 128, /* ids that are looked up together; a part of FIRST_ROOM */
    ADDED_BYTES = REC_FIXED_CHARS + 16 /* two delimiters, a word and a line end */
};

/* A part of the text that is there, its pairs, and what becomes of them. */
struct piece {
    struct rec_csv_row row;
    size_t n, cap;
    struct rec_text *line;
    const char *id[2][BATCH]; /* of the last pairs, until they are looked up */
    uint32_t len[2][BATCH];
    uint32_t *node[2]; /* (cap) users, items */
    int64_t *time;
    double *rating;
    struct rec_buf out;
    uint64_t count[REC_BASIS_MEAN + 1], no_time;
    enum rec_status st;
    struct rec_err err; /* if st is not REC_OK: of the row behind the last pair */
};

struct work {
    struct rec_pairs *pairs;
    struct rec_pair_cols cols;
    uint32_t n_spans, n_pieces;
    struct rec_csv_span *span; /* (n_pieces) */
    struct piece *piece;       /* (n_pieces) */
};

/* ---- from text ---- */

static bool grow(void *array, size_t n, size_t size, struct rec_err *err)
{
    void **p = array;
    void *larger = rec_realloc(*p, n, size, "pairs", err);

    if (larger != NULL)
        *p = larger;
    return larger != NULL;
}

static enum rec_status reserve(struct piece *p, struct rec_err *err)
{
    size_t cap = p->cap == 0 ? FIRST_ROOM : 2 * p->cap;

    if (p->n < p->cap)
        return REC_OK;
    if (!grow(&p->line, cap, sizeof *p->line, err) ||
        !grow(&p->node[REC_USERS], cap, sizeof *p->node[0], err) ||
        !grow(&p->node[REC_ITEMS], cap, sizeof *p->node[0], err) ||
        !grow(&p->time, cap, sizeof *p->time, err) ||
        !grow(&p->rating, cap, sizeof *p->rating, err))
        return REC_ESYSTEM;
    p->cap = cap;
    return REC_OK;
}

/* The next row as a pair whose ids are still text; *more is false behind the last. */
static enum rec_status parse_row(const struct work *w, uint32_t k, bool *more)
{
    struct piece *p = &w->piece[k];
    struct rec_pair x;
    enum rec_status st = rec_csv_span_next(&w->span[k], &p->row, &p->err);

    *more = st == REC_OK && p->row.n > 0;
    if (!*more)
        return st;
    st = reserve(p, &p->err);
    if (st == REC_OK)
        st = rec_pair_read(&w->cols, &p->row, &x, &p->err);
    if (st != REC_OK)
        return st;
    for (int side = 0; side < 2; side++) {
        p->id[side][p->n % BATCH] = x.id[side];
        p->len[side][p->n % BATCH] = x.len[side];
    }
    p->line[p->n] = (struct rec_text){ p->row.text, p->row.bytes };
    p->time[p->n++] = x.time;
    return REC_OK;
}

/* Looks up the last N ids of either side. */
static void look_up(const struct work *w, struct piece *p, size_t n)
{
    for (int side = 0; side < 2 && n > 0; side++)
        rec_pairs_find(w->pairs, side, p->id[side], p->len[side], n,
                       p->node[side] + p->n - n);
}

static void parse(void *ctx, uint32_t k)
{
    const struct work *w = ctx;
    struct piece *p = &w->piece[k];
    bool more = true;

    p->n = 0;
    p->st = REC_OK;
    while (p->st == REC_OK && more) {
        size_t before = p->n;

        p->st = parse_row(w, k, &more);
        if (p->n > before && p->n % BATCH == 0)
            look_up(w, p, BATCH);
    }
    look_up(w, p, p->n % BATCH);
}

/* ---- to text ---- */

static uint8_t *put(uint8_t *at, const char *s, size_t n)
{
    memcpy(at, s, n);
    return at + n;
}

/* Line, TWO fields and line end; a CR in front of a LF stays there. */
static uint8_t *put_row(uint8_t *at, struct rec_text line, struct rec_csv_dialect d,
                        const char *const two[2], const size_t n[2])
{
    bool cr = d.newline == '\n' && line.len > 0 && line.text[line.len - 1] == '\r';

    at = put(at, line.text, line.len - cr);
    for (int i = 0; i < 2; i++) {
        *at++ = (uint8_t)d.delim;
        if (d.doubled)
            *at++ = (uint8_t)d.delim;
        at = put(at, two[i], n[i]);
    }
    if (cr)
        *at++ = '\r';
    *at++ = (uint8_t)d.newline;
    return at;
}

static void format(void *ctx, uint32_t k)
{
    const struct work *w = ctx;
    struct piece *p = &w->piece[k];
    size_t bytes = 0;
    uint8_t *at;

    for (size_t i = 0; i < p->n; i++)
        bytes += (size_t)p->line[i].len + ADDED_BYTES;
    p->out.n = 0;
    memset(p->count, 0, sizeof p->count);
    p->no_time = 0;
    if (rec_buf_reserve(&p->out, bytes, &p->err) != REC_OK) {
        p->st = REC_ESYSTEM;
        return;
    }
    at = p->out.data;
    for (size_t i = 0; i < p->n; i++) {
        enum rec_basis b =
            rec_pairs_basis(w->pairs, p->node[REC_USERS][i], p->node[REC_ITEMS][i]);
        char number[REC_FIXED_CHARS];
        const char *two[2] = { number, rec_basis_names[b] };
        size_t n[2] = { rec_format_fixed(p->rating[i], number), strlen(two[1]) };

        p->count[b]++;
        p->no_time += p->time[i] == REC_NO_TIME;
        at = put_row(at, p->line[i], w->cols.dialect, two, n);
    }
    p->out.n = (size_t)(at - p->out.data);
}

static enum rec_status write_header(const struct rec_csv_row *row,
                                    struct rec_csv_dialect d, struct rec_out *out,
                                    struct rec_err *err)
{
    static const char *const two[2] = { "prediction", "basis" };
    static const size_t n[2] = { 10, 5 };
    struct rec_buf b = { 0 };
    enum rec_status st = rec_buf_reserve(&b, (size_t)row->bytes + ADDED_BYTES, err);

    if (st == REC_OK) {
        b.n = (size_t)(put_row(b.data, (struct rec_text){ row->text, row->bytes }, d,
                               two, n) -
                       b.data);
        st = rec_out_write(out, b.data, b.n, err);
    }
    if (st == REC_OK)
        st = rec_out_flush(out, err); /* the next row may wait for it */
    rec_buf_free(&b);
    return st;
}

/* ---- a batch ---- */

static enum rec_status rate(const struct work *w, uint32_t n, struct rec_err *err)
{
    enum rec_status st = REC_OK;

    for (uint32_t k = 0; st == REC_OK && k < n; k++) {
        const struct piece *p = &w->piece[k];
        struct rec_ratings q = { .n = p->n,
                                 .user = p->node[REC_USERS],
                                 .item = p->node[REC_ITEMS] };

        q.time = w->cols.time == REC_NO_COLUMN ? NULL : p->time;
        if (p->n > 0)
            st = rec_pairs_rate(w->pairs, &q, p->rating, err);
    }
    return st;
}

/* Answers the spans; up to the first bad row. */
static enum rec_status answer(struct work *w, struct rec_out *out,
                              struct rec_pairtext_counts *counts, struct rec_err *err)
{
    enum rec_status st;
    uint32_t n = 0;

    rec_par_run(w->n_spans, parse, w);
    while (n < w->n_spans && w->piece[n].st == REC_OK)
        n++;
    n += n < w->n_spans; /* the rows before the bad one */
    st = rate(w, n, err);
    if (st != REC_OK)
        return st;
    rec_par_run(n, format, w);
    for (uint32_t k = 0; st == REC_OK && k < n; k++) {
        struct piece *p = &w->piece[k];

        st = rec_out_write(out, p->out.data, p->out.n, err);
        for (int b = 0; b <= REC_BASIS_MEAN; b++)
            counts->n[b] += p->count[b];
        counts->no_time += p->no_time;
    }
    if (st == REC_OK)
        st = rec_out_flush(out, err);
    if (st == REC_OK && n > 0 && w->piece[n - 1].st != REC_OK) {
        *err = w->piece[n - 1].err;
        st = w->piece[n - 1].st;
    }
    return st;
}

/* ---- a file ---- */

static void free_work(struct work *w)
{
    for (uint32_t k = 0; w->piece != NULL && k < w->n_pieces; k++) {
        struct piece *p = &w->piece[k];

        rec_free(p->line);
        rec_free(p->node[REC_USERS]);
        rec_free(p->node[REC_ITEMS]);
        rec_free(p->time);
        rec_free(p->rating);
        rec_buf_free(&p->out);
    }
    for (uint32_t k = 0; w->span != NULL && k < w->n_pieces; k++)
        rec_buf_free(&w->span[k].unquoted);
    rec_free(w->piece);
    rec_free(w->span);
}

static enum rec_status make_work(struct work *w, struct rec_err *err)
{
    unsigned n = rec_par_threads() * PIECES_A_THREAD;

    w->n_pieces = n < MAX_PIECES ? n : MAX_PIECES;
    w->piece = rec_alloc_zero(w->n_pieces, sizeof *w->piece, "pairs", err);
    if (w->piece != NULL)
        w->span = rec_alloc_zero(w->n_pieces, sizeof *w->span, "pairs", err);
    return w->span == NULL ? REC_ESYSTEM : REC_OK;
}

/* Settles the columns by the first row, if there is one, and answers a header. */
static enum rec_status begin(struct work *w, struct rec_csv *csv,
                             const struct rec_pairtext_opts *o, bool is_first,
                             struct rec_out *out, struct rec_err *err)
{
    struct rec_csv_row row;
    enum rec_status st = rec_csv_peek(csv, &row, err);

    if (st != REC_OK || row.n == 0)
        return st;
    st = rec_pair_cols_choose(&o->cols, w->pairs, rec_csv_name(csv),
                              rec_csv_dialect(csv), &row, &w->cols, err);
    if (st != REC_OK)
        return st;
    if (o->found != NULL)
        o->found(&w->cols);
    if (w->cols.has_header)
        st = rec_csv_next(csv, &row, err);
    return st == REC_OK && w->cols.has_header && is_first
               ? write_header(&row, w->cols.dialect, out, err)
               : st;
}

enum rec_status rec_pairtext_rate(struct rec_pairs *pairs,
                                  const struct rec_pairtext_opts *opts,
                                  const char *file, bool is_first, struct rec_out *out,
                                  struct rec_pairtext_counts *counts,
                                  struct rec_err *err)
{
    struct work w = { .pairs = pairs };
    struct rec_csv *csv = NULL;
    enum rec_status st = make_work(&w, err);

    if (st == REC_OK)
        st = rec_csv_open_live(file, &opts->dialect, &csv, err);
    if (st == REC_OK)
        st = begin(&w, csv, opts, is_first, out, err);
    while (st == REC_OK) {
        st = rec_csv_spans(csv, w.span, w.n_pieces, &w.n_spans, err);
        if (st != REC_OK || w.n_spans == 0)
            break;
        st = answer(&w, out, counts, err);
    }
    rec_csv_close(csv);
    free_work(&w);
    return st;
}
