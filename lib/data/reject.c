#include "data/reject.h"

#include <assert.h>
#include <string.h>

#include "io/file.h"

struct rec_rejects {
    struct rec_out *out;
    struct rec_buf text;
    struct rec_csv_row row;
    struct rec_buf unquoted;
};

enum rec_status rec_rejects_open(const char *path, struct rec_rejects **out,
                                 struct rec_err *err)
{
    static const char header[] = "reason\tplace\trow\n";
    struct rec_rejects *r = rec_alloc_zero(1, sizeof *r, "rejected rows", err);
    enum rec_status st;

    if (r == NULL)
        return REC_ESYSTEM;
    st = rec_out_open(path, &r->out, err);
    if (st == REC_OK)
        st = rec_out_write(r->out, header, sizeof header - 1, err);
    if (st != REC_OK) {
        rec_rejects_discard(r);
        return st;
    }
    *out = r;
    return REC_OK;
}

/* Read once more, a rejected row has the same fault: no need to keep all messages. */
static enum rec_status read_again(struct rec_rejects *r, const struct rec_piece *p,
                                  const struct rec_origin *o,
                                  const struct rec_fields *f, struct rec_err *err)
{
    struct rec_csv_span s = *p->span;
    enum rec_status st;

    if (f->is_list) {
        r->row.n = 2;
        r->row.line = o->line;
        r->row.field[REC_USER] = o->user;
        r->row.len[REC_USER] = o->user_bytes;
        r->row.field[REC_ITEM] = o->text;
        r->row.len[REC_ITEM] = o->bytes;
        return REC_OK;
    }
    s.text = o->text;
    s.end = o->text + o->bytes;
    s.line = o->line;
    s.unquoted = r->unquoted;
    s.unquoted.n = 0;
    st = rec_csv_span_next(&s, &r->row, err);
    r->unquoted = s.unquoted;
    return st;
}

static enum rec_status find_fault(struct rec_rejects *r, const struct rec_piece *p,
                                  const struct rec_origin *o,
                                  const struct rec_fields *f, struct rec_err *fault,
                                  struct rec_err *err)
{
    struct rec_raw_row row;
    struct rec_text keep[REC_MAX_KEEP];
    enum rec_field missing;
    enum rec_status st = read_again(r, p, o, f, err);

    if (st != REC_OK)
        return st;
    st = rec_fields_read(f, &r->row, &row, &missing, fault);
    if (st == REC_OK)
        st = rec_fields_keep(f, &r->row, keep, &row, fault);
    assert(st == REC_EINPUT);
    return REC_OK;
}

static enum rec_status add_row(struct rec_rejects *r, const struct rec_piece *p,
                               const struct rec_origin *o, const struct rec_fields *f,
                               struct rec_err *err)
{
    struct rec_err fault = { "repeated" };
    char file[300];
    uint32_t bytes = o->bytes;
    enum rec_status st = REC_OK;

    if (o->fate == REC_MISSING)
        (void)rec_fail(&fault, REC_EINPUT, "%s: missing", rec_field_names[o->missing]);
    else if (o->fate == REC_OUT_OF_RANGE)
        (void)rec_fail(&fault, REC_EINPUT, "out of range");
    else if (o->fate == REC_REJECTED)
        st = find_fault(r, p, o, f, &fault, err);
    if (st != REC_OK)
        return st;
    if (!f->is_list && f->dialect.newline == '\n' && bytes > 0 &&
        o->text[bytes - 1] == '\r')
        bytes--;
    rec_printable(f->file, strlen(f->file), file, sizeof file);
    st = rec_buf_addf(&r->text, err, "%s\t%s:%llu\t", fault.text, file,
                      (unsigned long long)o->line);
    if (st == REC_OK && f->is_list)
        st = rec_buf_add(&r->text, o->user, o->user_bytes, err);
    if (st == REC_OK && f->is_list)
        st = rec_buf_add(&r->text, f->dialect.doubled ? "::" : &f->dialect.delim,
                         1 + f->dialect.doubled, err);
    if (st == REC_OK)
        st = rec_buf_add(&r->text, o->text, bytes, err);
    return st == REC_OK ? rec_buf_add(&r->text, "\n", 1, err) : st;
}

enum rec_status rec_rejects_add(struct rec_rejects *r, const struct rec_piece *p,
                                const struct rec_fields *f, struct rec_err *err)
{
    enum { FLUSH_BYTES = 1 << 16 };
    const struct rec_raw_row *row = p->rows;
    enum rec_status st = REC_OK;

    for (size_t i = 0; st == REC_OK && i < p->n_origins; i++) {
        const struct rec_origin *o = &p->origins[i];

        if (o->fate == REC_TAKEN && (row++)->kept)
            continue;
        st = add_row(r, p, o, f, err);
        if (st == REC_OK && r->text.n >= FLUSH_BYTES) {
            st = rec_out_write(r->out, r->text.data, r->text.n, err);
            r->text.n = 0;
        }
    }
    return st;
}

static void free_rejects(struct rec_rejects *r)
{
    rec_buf_free(&r->text);
    rec_buf_free(&r->unquoted);
    rec_free(r);
}

enum rec_status rec_rejects_commit(struct rec_rejects *r, struct rec_err *err)
{
    enum rec_status st = REC_OK;

    if (r->text.n > 0) /* else there may be no data to point to */
        st = rec_out_write(r->out, r->text.data, r->text.n, err);
    if (st == REC_OK)
        st = rec_out_commit(r->out, err);
    else
        rec_out_discard(r->out);
    free_rejects(r);
    return st;
}

void rec_rejects_discard(struct rec_rejects *r)
{
    if (r == NULL)
        return;
    rec_out_discard(r->out);
    free_rejects(r);
}
