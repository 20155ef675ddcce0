#include "data/clean.h"

#include <string.h>

#include "base/hash.h"
#include "base/par.h"
#include "data/cleanrows.h"
#include "data/reject.h"

enum { MAX_FILES = 255 };

struct cleaner {
    const struct rec_clean_opts *opts;
    const char *const *files;
    struct rec_clean_counts *counts;
    struct rec_rejects *rejects;
    struct rec_row_rules rules;
    uint8_t columns_of; /* the source that the columns were made for */
    struct rec_csv_span spans[REC_CLEAN_PIECES];
    struct rec_clean_batch batch; /* the present one */
    struct rec_clean_rows rows;   /* where they go */
};

static void parse_piece(void *ctx, uint32_t i)
{
    struct cleaner *c = ctx;

    rec_piece_parse(&c->batch.pieces[i], &c->batch.fields, &c->rules, UINT64_MAX,
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

    for (uint32_t i = 0; i < c->batch.n; i++)
        c->batch.pieces[i].span = &c->spans[i];
    if (!limited)
        rec_par_run(c->batch.n, parse_piece, c);
    for (uint32_t i = 0; i < c->batch.n; i++) {
        struct rec_piece *p = &c->batch.pieces[i];
        uint64_t patience = c->opts->max_errors - c->counts->rejected;

        if (limited || p->counts.rejected > patience)
            rec_piece_parse(p, &c->batch.fields, &c->rules, *left, patience);
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

    for (uint32_t i = 0; c->rejects != NULL && st == REC_OK && i < c->batch.n; i++)
        st = rec_rejects_add(c->rejects, &c->batch.pieces[i], &c->batch.fields, err);
    return st;
}

static enum rec_status clean_batches(struct cleaner *c, struct rec_csv *csv,
                                     struct rec_err *err)
{
    uint64_t left = c->opts->head > 0 ? c->opts->head : UINT64_MAX;
    enum rec_status st = REC_OK;

    while (st == REC_OK && left > 0) {
        st = rec_csv_spans(csv, c->spans, REC_CLEAN_PIECES, &c->batch.n, err);
        if (st != REC_OK || c->batch.n == 0)
            break;
        st = parse_batch(c, &left, err);
        if (st == REC_OK)
            st = rec_clean_rows_drop(&c->rows, &c->batch, err);
        if (st == REC_OK)
            st = write_rejects(c, err);
        if (st == REC_OK)
            st = rec_clean_rows_add(&c->rows, &c->batch, err);
    }
    return st;
}

static const char *name_of(const char *file)
{
    return strcmp(file, "-") == 0 ? "stdin" : file;
}

/* The columns are those of the first file that has rows; the others must have them. */
static enum rec_status agree_on_columns(struct cleaner *c, struct rec_err *err)
{
    const struct rec_fields *f = &c->batch.fields;
    const struct rec_table *block = &c->rows.block;

    if (block->n_cols == 0) {
        c->columns_of = c->batch.source;
        return rec_clean_rows_begin(&c->rows, &c->batch, err);
    }
    if (f->has_time != (rec_table_find(block, "time") != NULL))
        return rec_fail(
            err, REC_EINPUT,
            "%s has %s time column, other than %s: --time none leaves times "
            "out",
            f->file, f->has_time ? "a" : "no", name_of(c->files[c->columns_of - 1]));
    for (uint32_t i = 0; i < f->n_keep; i++) {
        const char *name = block->cols[3 + f->has_time + i].name;

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
    struct rec_csv_row *row = &c->batch.pieces[0].row;
    bool is_header;
    enum rec_status st = rec_csv_peek(csv, row, err);

    if (st != REC_OK || row->n == 0)
        return st;
    st = rec_form_choose(c->opts->form, &c->opts->fields, &c->opts->dialect, csv, row,
                         &c->batch.fields, &is_header, err);
    if (st == REC_OK && c->opts->found != NULL)
        c->opts->found(&c->batch.fields, is_header);
    if (st == REC_OK)
        st = agree_on_columns(c, err);
    if (st == REC_OK && is_header)
        st = rec_csv_next(csv, row, err);
    if (st == REC_OK)
        st = rec_csv_peek(csv, row, err);
    if (st != REC_OK)
        return st;
    c->batch.fields.first_line = row->line;
    return clean_batches(c, csv, err);
}

static void free_cleaner(struct cleaner *c)
{
    for (uint32_t i = 0; i < REC_CLEAN_PIECES; i++) {
        rec_piece_free(&c->batch.pieces[i]);
        rec_buf_free(&c->spans[i].unquoted);
    }
    rec_clean_rows_free(&c->rows);
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

        c->batch.source = n_files > 1 ? (uint8_t)(i + 1) : 0;
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
    c->rules =
        (struct rec_row_rules){ opts->lo, opts->hi, opts->positive,
                                opts->reject != NULL || opts->dups == REC_DUPS_ERROR };
    st = rec_clean_rows_make(&c->rows, opts, w, &sum, err);
    if (st == REC_OK && opts->reject != NULL)
        st = rec_rejects_open(opts->reject, &c->rejects, err);
    if (st == REC_OK)
        st = clean_files(c, files, n_files, &text, err);
    if (st == REC_OK)
        st = commit_rejects(c, err);
    if (st == REC_OK && sum.kept > 0)
        st = rec_clean_rows_finish(&c->rows, err);
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
