#include "data/clean.h"

#include <string.h>

#include "base/hash.h"
#include "base/par.h"
#include "data/reject.h"
#include "data/repeats.h"
#include "data/rows.h"

enum {
    MAX_FILES = 255,
    PIECES = 16,      /* of a batch, parsed at the same time */
    RESERVE = 3,      /* this share of memory is not for repeats */
    BLOCK_FRAMES = 4, /* frames' worth of rows collected before they are written, */
    BLOCK_PART = 8,   /* or of this part of -M, */
    ROW_BYTES = 128   /* a row being about so large */
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
    struct rec_repeats repeats; /* unless dups need the whole input */
    uint64_t reserve;           /* memory that is left for other things than repeats */
    struct rec_sieve *sieve;    /* all rows go there, once it is there */
    bool compared;              /* by the sieve */
    struct rec_table block;     /* rows not yet written, or not yet in the sieve */
};

/* ---- what becomes of the rows ---- */

/*
 * Writes the block's full frames, or all of it at the end.  A frame is full if a row
 * comes behind it: where frames end depends on the rows alone.
 */
static enum rec_status write_block(struct cleaner *c, bool all, struct rec_err *err)
{
    struct rec_table *t = &c->block;
    size_t n_rows = t->n_rows, n = 0;
    enum rec_status st;

    if (!all &&
        n_rows < rec_mem_part(BLOCK_FRAMES * REC_FRAME_ROWS * ROW_BYTES, BLOCK_PART) /
                     ROW_BYTES)
        return REC_OK;
    for (size_t m; !all && n < n_rows; n += m) {
        m = rec_table_frame_rows(t, n, NULL);
        if (n + m == n_rows)
            break;
    }
    t->n_rows = n = all ? n_rows : n;
    st = rec_writer_rows(c->w, t, err);
    t->n_rows = n_rows;
    rec_rows_shift(t, n);
    return st;
}

/* The batch's rows into the block. */
static enum rec_status collect(struct cleaner *c, struct rec_err *err)
{
    size_t before = c->block.n_rows, n = 0;
    enum rec_status st = rec_pieces_append(c->pieces, c->n_pieces, &c->fields,
                                           c->source, &c->block, err);

    for (uint32_t i = 0; i < c->n_pieces; i++)
        n += c->pieces[i].n;
    c->counts->kept += c->block.n_rows - before;
    c->counts->duplicates += n - (c->block.n_rows - before);
    return st;
}

/* The block's rows go on: out, or into the sieve. */
static enum rec_status pass_on(struct cleaner *c, struct rec_err *err)
{
    enum rec_status st;

    if (c->sieve == NULL)
        return write_block(c, false, err);
    st = rec_sieve_add(c->sieve, &c->block, err);
    rec_table_clear(&c->block);
    return st;
}

/* From now on all rows go into the sieve, and with COMPARE it looks for repeated ones.
 */
static enum rec_status use_sieve(struct cleaner *c, bool compare, struct rec_err *err)
{
    enum rec_status st = REC_OK;

    if (c->sieve == NULL)
        st = rec_sieve_open(&c->block, &c->sieve, err);
    if (st == REC_OK && c->block.n_rows > 0)
        st = pass_on(c, err);
    if (st != REC_OK || !compare)
        return st;
    st = rec_sieve_compare(c->sieve, c->opts->dups, err);
    if (st == REC_OK)
        st = rec_repeats_tell(&c->repeats, &c->fields, c->source, c->sieve, err);
    rec_repeats_free(&c->repeats);
    c->compared = true;
    return st;
}

/* Drops the rows of the batch that repeat, or leaves that to the sieve. */
static enum rec_status drop_repeated(struct cleaner *c, struct rec_err *err)
{
    if (c->opts->dups == REC_DUPS_KEEP || c->compared)
        return REC_OK;
    if (rec_mem_left() != UINT64_MAX &&
        rec_repeats_growth(&c->repeats, &c->fields, c->pieces, c->n_pieces) +
                c->reserve >
            rec_mem_left())
        return use_sieve(c, true, err);
    return rec_repeats_drop(&c->repeats, &c->fields, c->source, c->pieces, c->n_pieces,
                            err);
}

static enum rec_status take_back(void *ctx, const struct rec_table *rows,
                                 struct rec_err *err)
{
    struct cleaner *c = ctx;
    enum rec_status st = rec_rows_append(&c->block, rows, 0, rows->n_rows, err);

    return st == REC_OK ? write_block(c, false, err) : st;
}

static enum rec_status finish_rows(struct cleaner *c, struct rec_err *err)
{
    struct rec_sieve_counts n = { 0 };
    enum rec_status st = REC_OK;

    if (c->sieve != NULL) {
        st = rec_sieve_run(c->sieve, &c->opts->limits, take_back, c, &n, err);
        c->counts->duplicates += n.repeated;
        c->counts->few = n.few;
        c->counts->kept -= n.repeated + n.few;
        c->counts->spilled = rec_sieve_spilled(c->sieve);
    }
    return st == REC_OK ? write_block(c, true, err) : st;
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
            st = pass_on(c, err);
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
    rec_table_add(&c->block, "rating", REC_F32, 1, REC_PACKED, NULL);
    if (f->has_time)
        rec_table_add(&c->block, "time", REC_I64, 1, REC_STEPS, NULL);
    for (uint32_t i = 0; i < f->n_keep; i++)
        rec_table_add(&c->block, f->keep_name[i], REC_STR, 1, REC_PLAIN, NULL);
    if (has_source)
        rec_table_add(&c->block, "source", REC_U8, 1, REC_PLAIN, NULL);
    c->columns_of = c->source;
    return rec_writer_begin(c->w, &c->block, err);
}

static enum rec_status begin_rows(struct cleaner *c, bool has_source,
                                  struct rec_err *err)
{
    const struct rec_sieve_limits *limits = &c->opts->limits;
    bool late = rec_dups_is_late(c->opts->dups);
    enum rec_status st = make_columns(c, has_source, err);

    if (st == REC_OK && (late || limits->min_user > 1 || limits->min_item > 1))
        st = use_sieve(c, late, err);
    return st;
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
        return begin_rows(c, c->source > 0, err);
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
    st = rec_form_choose(c->opts->form, &c->opts->fields, &c->opts->dialect, csv, row,
                         &c->fields, &is_header, err);
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

static void free_cleaner(struct cleaner *c)
{
    for (uint32_t i = 0; i < PIECES; i++) {
        rec_piece_free(&c->pieces[i]);
        rec_buf_free(&c->spans[i].unquoted);
    }
    rec_repeats_free(&c->repeats);
    rec_sieve_free(c->sieve);
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
    struct rec_csv_dialect dialect = c->opts->dialect;
    enum rec_status st = REC_OK;

    dialect.unquoted = c->opts->form == REC_FORM_LIST;
    for (uint32_t i = 0; st == REC_OK && i < n_files; i++) {
        struct rec_csv *csv = NULL;

        c->source = n_files > 1 ? (uint8_t)(i + 1) : 0;
        st = rec_csv_open(files[i], &dialect, c->opts->skip, &csv, err);
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
    c->rules =
        (struct rec_row_rules){ opts->lo, opts->hi, opts->positive,
                                opts->reject != NULL || opts->dups == REC_DUPS_ERROR };
    c->reserve = rec_mem_left() / RESERVE;
    st = rec_repeats_make(&c->repeats, opts->dups, err);
    if (st == REC_OK && opts->reject != NULL)
        st = rec_rejects_open(opts->reject, &c->rejects, err);
    if (st == REC_OK)
        st = clean_files(c, files, n_files, &text, err);
    if (st == REC_OK)
        st = commit_rejects(c, err);
    if (st == REC_OK && sum.kept > 0)
        st = finish_rows(c, err);
    if (st == REC_OK) {
        *counts = sum;
        st = sum.kept == 0 ? no_ratings(&sum, files, n_files, err) : REC_OK;
    }
    if (st == REC_OK)
        st = rec_writer_end(w, err);
    if (st == REC_OK)
        *digest = text;
    free_cleaner(c);
    return st;
}
