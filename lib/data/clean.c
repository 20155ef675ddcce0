#include "data/clean.h"

#include <string.h>

#include "base/hash.h"
#include "base/par.h"
#include "data/rowset.h"
#include "io/bytes.h"

enum {
    MAX_FILES = 255,
    PIECES = 16,      /* of a batch, parsed at the same time */
    MAX_PARTS = 16,   /* of the rows seen, by hash */
    AHEAD = 12,       /* rows that memory is asked for ahead of time */
    BLOCK_FRAMES = 4, /* frames' worth of rows collected before they are written */
    KEY_BYTES = 2 * REC_MAX_ID_BYTES + 64
};

/* A part of a batch: its text and the rows in it. */
struct piece {
    struct rec_csv_span *span;
    struct rec_csv_row row;
    struct rec_raw_row *rows;
    size_t n, cap;
    uint64_t limit; /* read no more rows than this */
    struct rec_clean_counts counts;
    enum rec_status st;
    struct rec_err err;
    size_t first, user_at, item_at; /* where its kept rows go in the block */
};

/* The rows seen so far whose hash belongs here. */
struct part {
    struct rec_rowset seen;
    uint8_t *key;
    enum rec_status st;
    struct rec_err err;
};

struct cleaner {
    const struct rec_clean_opts *opts;
    struct rec_clean_counts *counts;
    struct rec_writer *w;
    struct rec_fields fields; /* of the present file */
    uint8_t source;           /* 0: one file only */
    struct rec_csv_span spans[PIECES];
    struct piece pieces[PIECES];
    uint32_t n_pieces;
    struct part parts[MAX_PARTS];
    uint32_t n_parts;       /* a power of two */
    struct rec_table block; /* rows not yet written */
};

/* ---- a piece: from text to rows ---- */

static enum rec_status add_row(struct piece *p, const struct rec_raw_row *row)
{
    if (p->n == p->cap) {
        size_t cap = p->cap == 0 ? 4096 : 2 * p->cap;
        struct rec_raw_row *rows =
            rec_realloc(p->rows, cap, sizeof *rows, "rows", &p->err);

        if (rows == NULL)
            return REC_ESYSTEM;
        p->rows = rows;
        p->cap = cap;
    }
    p->rows[p->n++] = *row;
    return REC_OK;
}

static void parse_piece(void *ctx, uint32_t i)
{
    struct cleaner *c = ctx;
    struct piece *p = &c->pieces[i];
    struct rec_raw_row row = { .kept = true };
    enum rec_field missing;

    p->n = 0;
    p->counts = (struct rec_clean_counts){ 0 };
    p->st = REC_OK;
    while (p->counts.read < p->limit) {
        p->st = rec_csv_span_next(p->span, &p->row, &p->err);
        if (p->st != REC_OK || p->row.n == 0)
            break;
        p->st = rec_fields_read(&c->fields, &p->row, &row, &missing, &p->err);
        if (p->st != REC_OK)
            break;
        p->counts.read++;
        if (missing < REC_N_FIELDS)
            p->counts.missing[missing]++;
        else
            p->st = add_row(p, &row);
        if (p->st != REC_OK)
            break;
    }
}

/* ---- duplicates ---- */

/* The row as bytes; none begins with another, as the lengths come first. */
static size_t make_key(const struct rec_raw_row *x, uint8_t source, uint8_t *key)
{
    uint8_t *p = key;

    *p++ = source;
    memcpy(p, &x->rating, 4);
    memcpy(p + 4, &x->time, 8);
    p = rec_put_varint(p + 12, x->user_len);
    p = rec_put_varint(p, x->item_len);
    memcpy(p, x->user, x->user_len);
    memcpy(p + x->user_len, x->item, x->item_len);
    return (size_t)(p + x->user_len + x->item_len - key);
}

/* Marks the rows of part I that were seen before. */
static void find_repeated(void *ctx, uint32_t i)
{
    struct cleaner *c = ctx;
    struct part *part = &c->parts[i];

    for (uint32_t k = 0; k < c->n_pieces; k++) {
        struct piece *p = &c->pieces[k];

        for (size_t r = 0; r < p->n; r++) {
            struct rec_raw_row *row = &p->rows[r];

            if (r + AHEAD < p->n && (row[AHEAD].hash >> 60) % c->n_parts == i)
                rec_rowset_prefetch(&part->seen, row[AHEAD].hash);
            if ((row->hash >> 60) % c->n_parts != i)
                continue;
            part->st = rec_rowset_add(&part->seen, part->key,
                                      make_key(row, c->source, part->key), row->hash,
                                      &row->kept, &part->err);
            if (part->st != REC_OK)
                return;
        }
    }
}

static enum rec_status drop_repeated(struct cleaner *c, struct rec_err *err)
{
    if (c->opts->dups == REC_DUPS_KEEP)
        return REC_OK;
    rec_par_run(c->n_parts, find_repeated, c);
    for (uint32_t i = 0; i < c->n_parts; i++)
        if (c->parts[i].st != REC_OK) {
            *err = c->parts[i].err;
            return c->parts[i].st;
        }
    return REC_OK;
}

/* ---- columns ---- */

enum { USER, ITEM, RATING, TIME }; /* columns of the block; source is the last */

static void fill_piece(void *ctx, uint32_t i)
{
    struct cleaner *c = ctx;
    const struct piece *p = &c->pieces[i];
    struct rec_column *col = c->block.cols, *source = &col[c->block.n_cols - 1];
    size_t at = p->first;
    uint64_t user = p->user_at, item = p->item_at;

    for (size_t r = 0; r < p->n; r++) {
        const struct rec_raw_row *x = &p->rows[r];

        if (!x->kept)
            continue;
        memcpy(col[USER].text.data + user, x->user, x->user_len);
        memcpy(col[ITEM].text.data + item, x->item, x->item_len);
        user += x->user_len;
        item += x->item_len;
        col[USER].at[at + 1] = user;
        col[ITEM].at[at + 1] = item;
        ((float *)col[RATING].data)[at] = x->rating;
        if (c->fields.has_time)
            ((int64_t *)col[TIME].data)[at] = x->time;
        if (c->source > 0)
            ((uint8_t *)source->data)[at] = c->source;
        at++;
    }
}

/* Where the kept rows of each piece go, and room for them. */
static enum rec_status make_room(struct cleaner *c, struct rec_err *err)
{
    struct rec_table *t = &c->block;
    size_t rows = t->n_rows, user = t->cols[USER].text.n, item = t->cols[ITEM].text.n;
    enum rec_status st;

    for (uint32_t i = 0; i < c->n_pieces; i++) {
        struct piece *p = &c->pieces[i];

        p->first = rows;
        p->user_at = user;
        p->item_at = item;
        for (size_t r = 0; r < p->n; r++)
            if (p->rows[r].kept) {
                rows++;
                user += p->rows[r].user_len;
                item += p->rows[r].item_len;
            }
        c->counts->duplicates += p->n - (rows - p->first);
        c->counts->kept += rows - p->first;
    }
    st = rec_table_reserve(t, rows, err);
    if (st == REC_OK)
        st = rec_buf_reserve(&t->cols[USER].text, user - t->cols[USER].text.n, err);
    if (st == REC_OK)
        st = rec_buf_reserve(&t->cols[ITEM].text, item - t->cols[ITEM].text.n, err);
    if (st != REC_OK)
        return st;
    t->n_rows = rows;
    t->cols[USER].text.n = user;
    t->cols[ITEM].text.n = item;
    return REC_OK;
}

/* Takes the first N rows off a column. */
static void shift_column(struct rec_column *col, size_t n, size_t n_rows)
{
    size_t bytes = rec_type_bytes(col->type);

    if (col->type != REC_STR) {
        memmove(col->data, (uint8_t *)col->data + n * bytes, (n_rows - n) * bytes);
        return;
    }
    bytes = (size_t)col->at[n];
    memmove(col->text.data, col->text.data + bytes, col->text.n - bytes);
    col->text.n -= bytes;
    for (size_t i = 0; i <= n_rows - n; i++)
        col->at[i] = col->at[i + n] - bytes;
}

/* Writes the block's full frames, or all of it at the end. */
static enum rec_status write_block(struct cleaner *c, bool all, struct rec_err *err)
{
    struct rec_table *t = &c->block;
    size_t n_rows = t->n_rows, n = all ? n_rows : n_rows - n_rows % REC_FRAME_ROWS;
    enum rec_status st;

    if (n == 0 || (!all && n < (size_t)BLOCK_FRAMES * REC_FRAME_ROWS))
        return REC_OK;
    t->n_rows = n;
    st = rec_writer_rows(c->w, t, err);
    t->n_rows = n_rows - n;
    for (uint32_t i = 0; st == REC_OK && i < t->n_cols; i++)
        shift_column(&t->cols[i], n, n_rows);
    return st;
}

/* ---- files ---- */

static enum rec_status parse_batch(struct cleaner *c, uint64_t *left,
                                   struct rec_err *err)
{
    bool limited = *left < UINT64_MAX;

    for (uint32_t i = 0; i < c->n_pieces; i++) {
        c->pieces[i].span = &c->spans[i];
        c->pieces[i].limit = UINT64_MAX;
    }
    if (!limited)
        rec_par_run(c->n_pieces, parse_piece, c);
    for (uint32_t i = 0; i < c->n_pieces; i++) {
        struct piece *p = &c->pieces[i];

        if (limited) {
            p->limit = *left;
            parse_piece(c, i);
            *left -= p->counts.read;
        }
        c->counts->read += p->counts.read;
        for (int f = 0; f < REC_N_FIELDS; f++)
            c->counts->missing[f] += p->counts.missing[f];
        if (p->st != REC_OK) {
            *err = p->err;
            return p->st;
        }
    }
    return REC_OK;
}

static enum rec_status clean_batches(struct cleaner *c, struct rec_csv *csv,
                                     struct rec_err *err)
{
    uint64_t left = c->opts->head > 0 ? c->opts->head : UINT64_MAX;
    enum rec_status st = REC_OK;

    while (st == REC_OK && left > 0) {
        st = rec_csv_spans(csv, c->spans, PIECES, &c->n_pieces, err);
        if (st != REC_OK || c->n_pieces == 0)
            break;
        st = parse_batch(c, &left, err);
        if (st == REC_OK)
            st = drop_repeated(c, err);
        if (st == REC_OK)
            st = make_room(c, err);
        if (st == REC_OK) {
            rec_par_run(c->n_pieces, fill_piece, c);
            st = write_block(c, false, err);
        }
    }
    return st;
}

static enum rec_status clean_file(struct cleaner *c, struct rec_csv *csv,
                                  struct rec_err *err)
{
    struct rec_csv_row *first = &c->pieces[0].row;
    bool is_header;
    enum rec_status st = rec_csv_peek(csv, first, err);

    if (st != REC_OK || first->n == 0)
        return st;
    st = rec_fields_choose(&c->opts->fields, rec_csv_name(csv), first, &c->fields,
                           &is_header, err);
    if (st == REC_OK && c->opts->found != NULL)
        c->opts->found(rec_csv_name(csv), rec_csv_dialect(csv), is_header);
    if (st == REC_OK && is_header)
        st = rec_csv_next(csv, first, err);
    return st == REC_OK ? clean_batches(c, csv, err) : st;
}

static void make_columns(struct cleaner *c, bool has_time, bool has_source)
{
    rec_table_init(&c->block, "raw", REC_KIND_TABLE);
    memcpy(c->block.by, "rec-clean", sizeof "rec-clean");
    rec_table_add(&c->block, "user", REC_STR, 1, REC_PLAIN, NULL);
    rec_table_add(&c->block, "item", REC_STR, 1, REC_PLAIN, NULL);
    rec_table_add(&c->block, "rating", REC_F32, 1, REC_PACKED, NULL);
    if (has_time)
        rec_table_add(&c->block, "time", REC_I64, 1, REC_STEPS, NULL);
    if (has_source)
        rec_table_add(&c->block, "source", REC_U8, 1, REC_PLAIN, NULL);
}

static enum rec_status make_parts(struct cleaner *c, struct rec_err *err)
{
    unsigned threads = rec_par_threads();

    for (c->n_parts = 1; c->n_parts < threads && c->n_parts < MAX_PARTS;)
        c->n_parts *= 2;
    for (uint32_t i = 0; i < c->n_parts; i++) {
        c->parts[i].key = rec_alloc(KEY_BYTES, 1, "row", err);
        if (c->parts[i].key == NULL)
            return REC_ESYSTEM;
    }
    return REC_OK;
}

static void free_cleaner(struct cleaner *c)
{
    for (uint32_t i = 0; i < PIECES; i++) {
        rec_free(c->pieces[i].rows);
        rec_buf_free(&c->spans[i].unquoted);
    }
    for (uint32_t i = 0; i < MAX_PARTS; i++) {
        rec_rowset_free(&c->parts[i].seen);
        rec_free(c->parts[i].key);
    }
    rec_table_free(&c->block);
    rec_free(c);
}

static enum rec_status no_ratings(const struct rec_clean_counts *counts,
                                  const char *const *files, uint32_t n_files,
                                  struct rec_err *err)
{
    const char *name = n_files > 1                  ? "input"
                       : strcmp(files[0], "-") == 0 ? "stdin"
                                                    : files[0];

    return rec_fail(err, REC_EINPUT, "%s: no ratings: %s", name,
                    counts->read == 0 ? "no data rows" : "every row was dropped");
}

enum rec_status rec_clean(const struct rec_clean_opts *opts, const char *const *files,
                          uint32_t n_files, struct rec_writer *w,
                          struct rec_clean_counts *counts, uint64_t *digest,
                          struct rec_err *err)
{
    const char *time = opts->fields.column[REC_TIME];
    struct cleaner *c;
    uint64_t sum = 0;
    enum rec_status st;

    *counts = (struct rec_clean_counts){ 0 };
    if (n_files > MAX_FILES)
        return rec_fail(err, REC_EUSAGE, "more than %d files", MAX_FILES);
    c = rec_alloc_zero(1, sizeof *c, "cleaning", err);
    if (c == NULL)
        return REC_ESYSTEM;
    c->opts = opts;
    c->counts = counts;
    c->w = w;
    make_columns(c, time == NULL || strcmp(time, "none") != 0, n_files > 1);
    st = make_parts(c, err);
    if (st == REC_OK)
        st = rec_writer_begin(w, &c->block, err);
    for (uint32_t i = 0; st == REC_OK && i < n_files; i++) {
        struct rec_csv *csv = NULL;

        c->source = n_files > 1 ? (uint8_t)(i + 1) : 0;
        st = rec_csv_open(files[i], &opts->dialect, opts->skip, &csv, err);
        if (st == REC_OK)
            st = clean_file(c, csv, err);
        if (st == REC_OK)
            sum = rec_hash_fold(sum ^ 0x9e3779b97f4a7c15u, rec_csv_digest(csv));
        rec_csv_close(csv);
    }
    if (st == REC_OK && counts->kept == 0)
        st = no_ratings(counts, files, n_files, err);
    if (st == REC_OK)
        st = write_block(c, true, err);
    if (st == REC_OK)
        st = rec_writer_end(w, err);
    if (st == REC_OK)
        *digest = sum;
    free_cleaner(c);
    return st;
}
