#include "data/piece.h"

#include <stdio.h>

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
        (struct rec_origin){ p->row.text, p->row.line, p->row.bytes, fate, missing };
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
    enum rec_status st = rec_fields_read(f, &p->row, row, missing, &p->err);

    if (st == REC_OK && *missing < REC_N_FIELDS) {
        *fate = REC_MISSING;
        p->counts.missing[*missing]++;
        return REC_OK;
    }
    if (st == REC_OK && f->n_keep > 0)
        st = rec_fields_keep(f, &p->row, p->keep + p->n * f->n_keep, row, &p->err);
    if (st != REC_OK) {
        *fate = REC_REJECTED;
        return reject(p, f, max_rejected);
    }
    if (!(row->rating >= rules->lo && row->rating <= rules->hi)) {
        *fate = REC_OUT_OF_RANGE;
        p->counts.out_of_range++;
        return REC_OK;
    }
    row->kept = true;
    *fate = REC_TAKEN;
    p->n++;
    return REC_OK;
}

void rec_piece_parse(struct rec_piece *p, const struct rec_fields *f,
                     const struct rec_row_rules *rules, uint64_t limit,
                     uint64_t max_rejected)
{
    struct rec_csv_span span = *p->span;
    enum rec_fate fate;
    enum rec_field missing = REC_N_FIELDS;

    span.unquoted = p->unquoted;
    span.unquoted.n = 0;
    p->n = p->n_origins = 0;
    p->counts = (struct rec_piece_counts){ 0 };
    p->st = REC_OK;
    while (p->st == REC_OK && p->counts.read < limit) {
        p->st = rec_csv_span_next(&span, &p->row, &p->err);
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
    p->unquoted = span.unquoted;
    for (size_t i = 0; f->n_keep > 0 && i < p->n; i++)
        p->rows[i].keep = p->keep + i * f->n_keep;
}

void rec_piece_free(struct rec_piece *p)
{
    rec_free(p->rows);
    rec_free(p->keep);
    rec_free(p->origins);
    rec_buf_free(&p->unquoted);
    *p = (struct rec_piece){ 0 };
}
