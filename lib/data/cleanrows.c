#include "data/cleanrows.h"

#include <string.h>

#include "data/rows.h"

enum {
    RESERVE = 3,      /* this share of memory is not for repeats */
    BLOCK_FRAMES = 4, /* frames' worth of rows collected before they are written, */
    BLOCK_PART = 8,   /* or of this part of -M, */
    ROW_BYTES = 128   /* a row being about so large */
};

enum rec_status rec_clean_rows_make(struct rec_clean_rows *r,
                                    const struct rec_clean_opts *opts,
                                    struct rec_writer *w,
                                    struct rec_clean_counts *counts,
                                    struct rec_err *err)
{
    *r = (struct rec_clean_rows){
        .opts = opts, .counts = counts, .w = w, .reserve = rec_mem_left() / RESERVE
    };
    return rec_repeats_make(&r->repeats, opts->dups, err);
}

void rec_clean_rows_free(struct rec_clean_rows *r)
{
    rec_repeats_free(&r->repeats);
    rec_sieve_free(r->sieve);
    rec_table_free(&r->block);
    *r = (struct rec_clean_rows){ 0 };
}

/*
 * Writes the block's full frames, or all of it at the end.  A frame is full if a row
 * comes behind it: where frames end depends on the rows alone.
 */
static enum rec_status write_block(struct rec_clean_rows *r, bool all,
                                   struct rec_err *err)
{
    struct rec_table *t = &r->block;
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
    st = rec_writer_rows(r->w, t, err);
    t->n_rows = n_rows;
    rec_rows_shift(t, n);
    return st;
}

/* The batch's rows into the block. */
static enum rec_status collect(struct rec_clean_rows *r, struct rec_clean_batch *batch,
                               struct rec_err *err)
{
    size_t before = r->block.n_rows, n = 0;
    enum rec_status st = rec_pieces_append(batch->pieces, batch->n, &batch->fields,
                                           batch->source, &r->block, err);

    for (uint32_t i = 0; i < batch->n; i++)
        n += batch->pieces[i].n;
    r->counts->kept += r->block.n_rows - before;
    r->counts->duplicates += n - (r->block.n_rows - before);
    return st;
}

/* The block's rows go on: out, or into the sieve. */
static enum rec_status pass_on(struct rec_clean_rows *r, struct rec_err *err)
{
    enum rec_status st;

    if (r->sieve == NULL)
        return write_block(r, false, err);
    st = rec_sieve_add(r->sieve, &r->block, err);
    rec_table_clear(&r->block);
    return st;
}

/* From now on all rows go into the sieve, and with COMPARE it looks for repeated ones.
 */
static enum rec_status use_sieve(struct rec_clean_rows *r,
                                 const struct rec_clean_batch *batch, bool compare,
                                 struct rec_err *err)
{
    enum rec_status st = REC_OK;

    if (r->sieve == NULL)
        st = rec_sieve_open(&r->block, &r->sieve, err);
    if (st == REC_OK && r->block.n_rows > 0)
        st = pass_on(r, err);
    if (st != REC_OK || !compare)
        return st;
    st = rec_sieve_compare(r->sieve, r->opts->dups, err);
    if (st == REC_OK)
        st =
            rec_repeats_tell(&r->repeats, &batch->fields, batch->source, r->sieve, err);
    rec_repeats_free(&r->repeats);
    r->compared = true;
    return st;
}

static enum rec_status make_columns(struct rec_clean_rows *r,
                                    const struct rec_clean_batch *batch,
                                    struct rec_err *err)
{
    const struct rec_fields *f = &batch->fields;

    rec_table_init(&r->block, "raw", REC_KIND_TABLE);
    memcpy(r->block.by, "rec-clean", sizeof "rec-clean");
    rec_table_add(&r->block, "user", REC_STR, 1, REC_PLAIN, NULL);
    rec_table_add(&r->block, "item", REC_STR, 1, REC_PLAIN, NULL);
    rec_table_add(&r->block, "rating", REC_F32, 1, REC_PACKED, NULL);
    if (f->has_time)
        rec_table_add(&r->block, "time", REC_I64, 1, REC_STEPS, NULL);
    for (uint32_t i = 0; i < f->n_keep; i++)
        rec_table_add(&r->block, f->keep_name[i], REC_STR, 1, REC_PLAIN, NULL);
    if (batch->source > 0)
        rec_table_add(&r->block, "source", REC_U8, 1, REC_PLAIN, NULL);
    return rec_writer_begin(r->w, &r->block, err);
}

enum rec_status rec_clean_rows_begin(struct rec_clean_rows *r,
                                     const struct rec_clean_batch *batch,
                                     struct rec_err *err)
{
    const struct rec_sieve_limits *limits = &r->opts->limits;
    bool late = rec_dups_is_late(r->opts->dups);
    enum rec_status st = make_columns(r, batch, err);

    if (st == REC_OK && (late || limits->min_user > 1 || limits->min_item > 1))
        st = use_sieve(r, batch, late, err);
    return st;
}

enum rec_status rec_clean_rows_drop(struct rec_clean_rows *r,
                                    struct rec_clean_batch *batch, struct rec_err *err)
{
    if (r->opts->dups == REC_DUPS_KEEP || r->compared)
        return REC_OK;
    if (rec_mem_left() != UINT64_MAX &&
        rec_repeats_growth(&r->repeats, &batch->fields, batch->pieces, batch->n) +
                r->reserve >
            rec_mem_left())
        return use_sieve(r, batch, true, err);
    return rec_repeats_drop(&r->repeats, &batch->fields, batch->source, batch->pieces,
                            batch->n, err);
}

enum rec_status rec_clean_rows_add(struct rec_clean_rows *r,
                                   struct rec_clean_batch *batch, struct rec_err *err)
{
    enum rec_status st = collect(r, batch, err);

    return st == REC_OK ? pass_on(r, err) : st;
}

static enum rec_status take_back(void *ctx, const struct rec_table *rows,
                                 struct rec_err *err)
{
    struct rec_clean_rows *r = ctx;
    enum rec_status st = rec_rows_append(&r->block, rows, 0, rows->n_rows, err);

    return st == REC_OK ? write_block(r, false, err) : st;
}

enum rec_status rec_clean_rows_finish(struct rec_clean_rows *r, struct rec_err *err)
{
    struct rec_sieve_counts n = { 0 };
    enum rec_status st = REC_OK;

    if (r->sieve != NULL) {
        st = rec_sieve_run(r->sieve, &r->opts->limits, take_back, r, &n, err);
        r->counts->duplicates += n.repeated;
        r->counts->few = n.few;
        r->counts->kept -= n.repeated + n.few;
        r->counts->spilled = rec_sieve_spilled(r->sieve);
    }
    return st == REC_OK ? write_block(r, true, err) : st;
}
