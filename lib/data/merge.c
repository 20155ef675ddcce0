/* Reading what rec_parts_number() left: row by row, or sorted tapes as one. */
#include <string.h>

#include "data/parts.h"

/* ---- row by row ---- */

enum rec_status rec_parts_rewind(struct rec_parts *p, bool with_strings,
                                 struct rec_err *err)
{
    enum rec_status st = rec_tape_rewind(&p->who, err);

    for (size_t i = 0; st == REC_OK && i < (size_t)1 << p->bits; i++) {
        st = rec_tape_rewind(&p->part[i].ids, err);
        if (st == REC_OK && with_strings)
            st = rec_tape_rewind(&p->part[i].strings, err);
    }
    return st;
}

enum rec_status rec_parts_seed(struct rec_parts *p, struct rec_part **part,
                               struct rec_err *err)
{
    uint8_t who = 0;
    enum rec_status st = rec_tape_read(&p->who, &who, 1, err);

    *part = &p->part[who];
    return st;
}

enum rec_status rec_parts_row(struct rec_parts *p, struct rec_part **part, uint32_t *id,
                              bool *is_new, struct rec_err *err)
{
    uint64_t x = 0;
    enum rec_status st = rec_parts_seed(p, part, err);

    if (st == REC_OK)
        st = rec_tape_read_varint(&(*part)->ids, &x, err);
    *id = (uint32_t)(x >> 1);
    *is_new = x & 1;
    return st;
}

enum rec_status rec_parts_read_string(struct rec_tape *t, struct rec_parts_string *s,
                                      struct rec_err *err)
{
    uint64_t id = 0, len = 0;
    enum rec_status st = rec_tape_read_varint(t, &id, err);

    if (st == REC_OK)
        st = rec_tape_read_varint(t, &len, err);
    s->id = (uint32_t)id;
    s->text.n = 0;
    if (st == REC_OK)
        st = rec_buf_reserve(&s->text, (size_t)len + 1, err);
    if (st == REC_OK)
        st = rec_tape_read(t, s->text.data, (size_t)len, err);
    s->text.n = (size_t)len;
    return st;
}

/* ---- merging ---- */

static uint64_t head_of(const struct rec_buf *b)
{
    uint64_t x = 0;

    if (b->n >= 8) {
        memcpy(&x, b->data, 8);
        return __builtin_bswap64(x); /* only little-endian machines: see column.c */
    }
    for (size_t i = 0; i < b->n; i++)
        x |= (uint64_t)b->data[i] << (56 - 8 * i);
    return x;
}

/* No two strings are the same. */
static bool is_before(const struct rec_merge_run *a, const struct rec_merge_run *b)
{
    const struct rec_buf *x = &a->next.text, *y = &b->next.text;
    size_t n = x->n < y->n ? x->n : y->n;
    int c;

    if (a->head != b->head)
        return a->head < b->head;
    c = n > 0 ? memcmp(x->data, y->data, n) : 0;
    return c != 0 ? c < 0 : x->n < y->n;
}

/* Run R, which is to stand at place I or below, finds its place. */
static void sink(struct rec_merge *m, uint32_t i, struct rec_merge_run *r)
{
    for (uint32_t child = 2 * i + 1; child < m->n_heap; child = 2 * i + 1) {
        if (child + 1 < m->n_heap && is_before(m->heap[child + 1], m->heap[child]))
            child++;
        if (is_before(r, m->heap[child]))
            break;
        m->heap[i] = m->heap[child];
        i = child;
    }
    m->heap[i] = r;
}

static enum rec_status read_next(struct rec_merge_run *r, struct rec_err *err)
{
    enum rec_status st = rec_parts_read_string(r->tape, &r->next, err);

    if (st == REC_OK)
        r->head = head_of(&r->next.text);
    return st;
}

enum rec_status rec_merge_begin(struct rec_merge *m, struct rec_parts *p,
                                struct rec_err *err)
{
    enum rec_status st = REC_OK;

    *m = (struct rec_merge){ .n_runs = 1u << p->bits };
    m->runs = rec_alloc_zero(m->n_runs, sizeof *m->runs, "merging", err);
    if (m->runs != NULL)
        m->heap = rec_alloc(m->n_runs, sizeof(void *), "merging", err);
    if (m->heap == NULL)
        st = REC_ESYSTEM;
    for (uint32_t i = 0; st == REC_OK && i < m->n_runs; i++) {
        struct rec_merge_run *r = &m->runs[i];

        r->tape = &p->part[i].strings;
        st = rec_tape_rewind(r->tape, err);
        if (st == REC_OK && rec_tape_unread(r->tape) > 0) {
            st = read_next(r, err);
            m->heap[m->n_heap++] = r;
        }
    }
    for (uint32_t i = m->n_heap / 2; st == REC_OK && i-- > 0;)
        sink(m, i, m->heap[i]);
    if (st != REC_OK)
        rec_merge_free(m);
    return st;
}

enum rec_status rec_merge_next(struct rec_merge *m, const struct rec_parts_string **s,
                               struct rec_err *err)
{
    struct rec_merge_run *top = m->n_heap > 0 ? m->heap[0] : NULL;

    if (m->begun && top != NULL) { /* the one given last is at the top still */
        enum rec_status st = REC_OK;

        if (rec_tape_unread(top->tape) > 0)
            st = read_next(top, err);
        else
            top = m->heap[--m->n_heap];
        if (st != REC_OK)
            return st;
        if (m->n_heap > 0)
            sink(m, 0, top);
    }
    m->begun = true;
    *s = m->n_heap > 0 ? &m->heap[0]->next : NULL;
    return REC_OK;
}

void rec_merge_free(struct rec_merge *m)
{
    for (uint32_t i = 0; m->runs != NULL && i < m->n_runs; i++)
        rec_buf_free(&m->runs[i].next.text);
    rec_free(m->runs);
    rec_free(m->heap);
    *m = (struct rec_merge){ 0 };
}
