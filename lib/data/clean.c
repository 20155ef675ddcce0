#include "data/clean.h"

#include <string.h>

#include "base/hash.h"
#include "base/par.h"
#include "data/reject.h"
#include "data/rowset.h"
#include "io/bytes.h"

enum {
    MAX_FILES = 255,
    PIECES = 16,      /* of a batch, parsed at the same time */
    MAX_PARTS = 16,   /* of the rows seen, by hash */
    AHEAD = 12,       /* rows that memory is asked for ahead of time */
    BLOCK_FRAMES = 4, /* frames' worth of rows collected before they are written */
    KEY_BYTES = 2 * REC_MAX_ID_BYTES + REC_MAX_KEEP_BYTES + 10 * (4 + REC_MAX_KEEP)
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
    const char *const *files;
    struct rec_clean_counts *counts;
    struct rec_writer *w;
    struct rec_rejects *rejects;
    struct rec_row_rules rules;
    struct rec_fields fields; /* of the present file */
    uint8_t columns_of;       /* the source that the columns were made for */
    uint8_t source;           /* 0: one file only */
    struct rec_csv_span spans[PIECES];
    struct rec_piece pieces[PIECES];
    uint32_t n_pieces;
    struct part parts[MAX_PARTS];
    uint32_t n_parts;       /* a power of two */
    struct rec_table block; /* rows not yet written */
};

/* ---- duplicates ---- */

/* The row as bytes; none begins with another, as the lengths come first. */
static size_t make_key(const struct rec_raw_row *x, uint32_t n_keep, uint8_t source,
                       uint8_t *key)
{
    uint8_t *p = key;

    *p++ = source;
    memcpy(p, &x->rating, 4);
    memcpy(p + 4, &x->time, 8);
    p = rec_put_varint(p + 12, x->user_len);
    p = rec_put_varint(p, x->item_len);
    for (uint32_t i = 0; i < n_keep; i++)
        p = rec_put_varint(p, x->keep[i].len);
    memcpy(p, x->user, x->user_len);
    memcpy(p + x->user_len, x->item, x->item_len);
    p += x->user_len + x->item_len;
    for (uint32_t i = 0; i < n_keep; p += x->keep[i++].len)
        memcpy(p, x->keep[i].text, x->keep[i].len);
    return (size_t)(p - key);
}

/* Marks the rows of part I that were seen before. */
static void find_repeated(void *ctx, uint32_t i)
{
    struct cleaner *c = ctx;
    struct part *part = &c->parts[i];

    for (uint32_t k = 0; k < c->n_pieces; k++) {
        struct rec_piece *p = &c->pieces[k];

        for (size_t r = 0; r < p->n; r++) {
            struct rec_raw_row *row = &p->rows[r];

            if (r + AHEAD < p->n && (row[AHEAD].hash >> 60) % c->n_parts == i)
                rec_rowset_prefetch(&part->seen, row[AHEAD].hash);
            if ((row->hash >> 60) % c->n_parts != i)
                continue;
            part->st =
                rec_rowset_add(&part->seen, part->key,
                               make_key(row, c->fields.n_keep, c->source, part->key),
                               row->hash, &row->kept, &part->err);
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

/* The rows that are left go to the block. */
static enum rec_status collect(struct cleaner *c, struct rec_err *err)
{
    size_t before = c->block.n_rows;
    uint64_t n = 0;
    enum rec_status st = rec_pieces_append(c->pieces, c->n_pieces, &c->fields,
                                           c->source, &c->block, err);

    for (uint32_t i = 0; i < c->n_pieces; i++)
        n += c->pieces[i].n;
    c->counts->kept += c->block.n_rows - before;
    c->counts->duplicates += n - (c->block.n_rows - before);
    return st;
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

static void parse_piece(void *ctx, uint32_t i)
{
    struct cleaner *c = ctx;

    rec_piece_parse(&c->pieces[i], &c->fields, &c->rules, UINT64_MAX,
                    c->opts->max_errors - c->counts->rejected);
}

static void add_counts(struct rec_clean_counts *sum, const struct rec_piece *p)
{
    if (sum->rejected == 0 && p->counts.rejected > 0)
        sum->first_rejected = p->first_rejected;
    sum->read += p->counts.read;
    sum->out_of_range += p->counts.out_of_range;
    sum->rejected += p->counts.rejected;
    for (int f = 0; f < REC_N_FIELDS; f++)
        sum->missing[f] += p->counts.missing[f];
}

/*
 * No piece knows how many bad rows the ones before it have: one that turns out to have
 * had too much patience is read again, up to the row that is one too many.
 */
static enum rec_status parse_batch(struct cleaner *c, uint64_t *left,
                                   struct rec_err *err)
{
    bool limited = *left < UINT64_MAX;

    for (uint32_t i = 0; i < c->n_pieces; i++)
        c->pieces[i].span = &c->spans[i];
    if (!limited)
        rec_par_run(c->n_pieces, parse_piece, c);
    for (uint32_t i = 0; i < c->n_pieces; i++) {
        struct rec_piece *p = &c->pieces[i];
        uint64_t patience = c->opts->max_errors - c->counts->rejected;

        if (limited || p->counts.rejected > patience)
            rec_piece_parse(p, &c->fields, &c->rules, *left, patience);
        if (limited)
            *left -= p->counts.read;
        if (p->st != REC_OK) {
            *err = p->err;
            return p->st;
        }
        add_counts(c->counts, p);
    }
    return REC_OK;
}

static enum rec_status write_rejects(struct cleaner *c, struct rec_err *err)
{
    enum rec_status st = REC_OK;

    for (uint32_t i = 0; c->rejects != NULL && st == REC_OK && i < c->n_pieces; i++)
        st = rec_rejects_add(c->rejects, &c->pieces[i], &c->fields, err);
    return st;
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
            st = write_rejects(c, err);
        if (st == REC_OK)
            st = collect(c, err);
        if (st == REC_OK)
            st = write_block(c, false, err);
    }
    return st;
}

static enum rec_status make_columns(struct cleaner *c, bool has_source,
                                    struct rec_err *err)
{
    const struct rec_fields *f = &c->fields;

    rec_table_init(&c->block, "raw", REC_KIND_TABLE);
    memcpy(c->block.by, "rec-clean", sizeof "rec-clean");
    rec_table_add(&c->block, "user", REC_STR, 1, REC_PLAIN, NULL);
    rec_table_add(&c->block, "item", REC_STR, 1, REC_PLAIN, NULL);
    rec_table_add(&c->block, "rating", REC_F32, 1, REC_LEVELS, NULL);
    if (f->has_time)
        rec_table_add(&c->block, "time", REC_I64, 1, REC_SHUFFLE, NULL);
    for (uint32_t i = 0; i < f->n_keep; i++)
        rec_table_add(&c->block, f->keep_name[i], REC_STR, 1, REC_PLAIN, NULL);
    if (has_source)
        rec_table_add(&c->block, "source", REC_U8, 1, REC_PLAIN, NULL);
    c->columns_of = c->source;
    return rec_writer_begin(c->w, &c->block, err);
}

static const char *name_of(const char *file)
{
    return strcmp(file, "-") == 0 ? "stdin" : file;
}

/* The columns are those of the first file that has rows; the others must have them. */
static enum rec_status agree_on_columns(struct cleaner *c, struct rec_err *err)
{
    const struct rec_fields *f = &c->fields;

    if (c->block.n_cols == 0)
        return make_columns(c, c->source > 0, err);
    if (f->has_time != (rec_table_find(&c->block, "time") != NULL))
        return rec_fail(
            err, REC_EINPUT,
            "%s has %s time column, other than %s: --time none leaves times "
            "out",
            f->file, f->has_time ? "a" : "no", name_of(c->files[c->columns_of - 1]));
    for (uint32_t i = 0; i < f->n_keep; i++) {
        const char *name = c->block.cols[3 + f->has_time + i].name;

        if (strcmp(name, f->keep_name[i]) != 0)
            return rec_fail(err, REC_EINPUT,
                            "%s: --keep: column %u is called '%s' here, '%s' in %s",
                            f->file, i + 1, f->keep_name[i], name,
                            name_of(c->files[c->columns_of - 1]));
    }
    return REC_OK;
}

static enum rec_status clean_file(struct cleaner *c, struct rec_csv *csv,
                                  struct rec_err *err)
{
    struct rec_csv_row *row = &c->pieces[0].row;
    bool is_header;
    enum rec_status st = rec_csv_peek(csv, row, err);

    if (st != REC_OK || row->n == 0)
        return st;
    st = rec_fields_choose(&c->opts->fields, rec_csv_name(csv), rec_csv_dialect(csv),
                           row, &c->fields, &is_header, err);
    if (st == REC_OK && c->opts->found != NULL)
        c->opts->found(&c->fields, is_header);
    if (st == REC_OK)
        st = agree_on_columns(c, err);
    if (st == REC_OK && is_header)
        st = rec_csv_next(csv, row, err);
    if (st == REC_OK)
        st = rec_csv_peek(csv, row, err);
    if (st != REC_OK)
        return st;
    c->fields.first_line = row->line;
    return clean_batches(c, csv, err);
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
        rec_piece_free(&c->pieces[i]);
        rec_buf_free(&c->spans[i].unquoted);
    }
    for (uint32_t i = 0; i < MAX_PARTS; i++) {
        rec_rowset_free(&c->parts[i].seen);
        rec_free(c->parts[i].key);
    }
    rec_table_free(&c->block);
    rec_rejects_discard(c->rejects);
    rec_free(c);
}

static enum rec_status no_ratings(const struct rec_clean_counts *counts,
                                  const char *const *files, uint32_t n_files,
                                  struct rec_err *err)
{
    return rec_fail(err, REC_EINPUT, "%s: no ratings: %s",
                    n_files > 1 ? "input" : name_of(files[0]),
                    counts->read == 0 ? "no data rows" : "every row was dropped");
}

static enum rec_status clean_files(struct cleaner *c, const char *const *files,
                                   uint32_t n_files, uint64_t *digest,
                                   struct rec_err *err)
{
    enum rec_status st = REC_OK;

    for (uint32_t i = 0; st == REC_OK && i < n_files; i++) {
        struct rec_csv *csv = NULL;

        c->source = n_files > 1 ? (uint8_t)(i + 1) : 0;
        st = rec_csv_open(files[i], &c->opts->dialect, c->opts->skip, &csv, err);
        if (st == REC_OK)
            st = clean_file(c, csv, err);
        if (st == REC_OK)
            *digest = rec_hash_fold(*digest ^ 0x9e3779b97f4a7c15u, rec_csv_digest(csv));
        rec_csv_close(csv);
    }
    return st;
}

static enum rec_status commit_rejects(struct cleaner *c, struct rec_err *err)
{
    struct rec_rejects *r = c->rejects;

    c->rejects = NULL;
    return r == NULL ? REC_OK : rec_rejects_commit(r, err);
}

enum rec_status rec_clean(const struct rec_clean_opts *opts, const char *const *files,
                          uint32_t n_files, struct rec_writer *w,
                          struct rec_clean_counts *counts, uint64_t *digest,
                          struct rec_err *err)
{
    struct rec_clean_counts sum = { 0 };
    struct cleaner *c;
    uint64_t text = 0;
    enum rec_status st;

    *counts = (struct rec_clean_counts){ 0 };
    if (n_files > MAX_FILES)
        return rec_fail(err, REC_EUSAGE, "more than %d files", MAX_FILES);
    c = rec_alloc_zero(1, sizeof *c, "cleaning", err);
    if (c == NULL)
        return REC_ESYSTEM;
    c->opts = opts;
    c->files = files;
    c->counts = &sum;
    c->w = w;
    c->rules = (struct rec_row_rules){ opts->lo, opts->hi, opts->reject != NULL };
    st = make_parts(c, err);
    if (st == REC_OK && opts->reject != NULL)
        st = rec_rejects_open(opts->reject, &c->rejects, err);
    if (st == REC_OK)
        st = clean_files(c, files, n_files, &text, err);
    if (st == REC_OK)
        st = commit_rejects(c, err);
    if (st == REC_OK) {
        *counts = sum;
        st = sum.kept == 0 ? no_ratings(&sum, files, n_files, err)
                           : write_block(c, true, err);
    }
    if (st == REC_OK)
        st = rec_writer_end(w, err);
    if (st == REC_OK)
        *digest = text;
    free_cleaner(c);
    return st;
}
