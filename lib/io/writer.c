#include "io/writer.h"

#include <string.h>

#include "base/par.h"

enum { QUEUE = 32, QUEUE_BYTES = 32 << 20 };

struct rec_writer {
    struct rec_out *out;
    int level; /* 0 for a pipe */
    uint64_t digest;
    uint32_t next_id;
    /* the section being written */
    uint32_t section;
    uint32_t seq;
    uint64_t n_rows;
    uint8_t flags;
    /* frames to be packed and written, in order */
    struct rec_frame queue[QUEUE];
    enum rec_status packed[QUEUE];
    struct rec_err packed_err[QUEUE];
    uint32_t n_queue;
    size_t queue_bytes;
};

enum rec_status rec_writer_open(const char *path, int level, struct rec_writer **result,
                                struct rec_err *err)
{
    struct rec_writer *w = rec_alloc_zero(1, sizeof *w, "writer", err);
    enum rec_status st;

    if (w == NULL)
        return REC_ESYSTEM;
    st = rec_out_open(path, &w->out, err);
    if (st == REC_OK)
        st = rec_preamble_write(w->out, err);
    if (st != REC_OK) {
        rec_writer_discard(w);
        return st;
    }
    w->level = rec_out_is_file(w->out) ? level : 0;
    w->digest = REC_DIGEST_START;
    w->next_id = 1;
    *result = w;
    return REC_OK;
}

static void pack(void *ctx, uint32_t i)
{
    struct rec_writer *w = ctx;

    w->packed[i] = rec_frame_pack(&w->queue[i], w->level, &w->packed_err[i]);
}

static enum rec_status flush(struct rec_writer *w, struct rec_err *err)
{
    enum rec_status st = REC_OK;

    if (w->level > 0)
        rec_par_run(w->n_queue, pack, w);
    for (uint32_t i = 0; i < w->n_queue && st == REC_OK; i++) {
        st = w->level > 0 ? w->packed[i] : REC_OK;
        if (st != REC_OK)
            *err = w->packed_err[i];
        else
            st = rec_frame_write(&w->queue[i], w->out, err);
    }
    w->n_queue = 0;
    w->queue_bytes = 0;
    return st;
}

enum rec_status rec_writer_relay(struct rec_writer *w, struct rec_frame *f,
                                 struct rec_err *err)
{
    struct rec_frame spare = w->queue[w->n_queue];

    if (f->section >= w->next_id)
        w->next_id = f->section + 1;
    w->digest = rec_frame_digest(w->digest, f);
    w->queue_bytes += f->stored.n;
    w->queue[w->n_queue++] = *f;
    *f = spare; /* its buffer is used again */
    if (w->level == 0 || w->n_queue == QUEUE ||
        w->queue_bytes >= rec_mem_part(QUEUE_BYTES, 16))
        return flush(w, err);
    return REC_OK;
}

/* Fills in and sends a frame of the present section. */
static enum rec_status send(struct rec_writer *w, uint8_t type, uint64_t first,
                            uint32_t rows, struct rec_buf *payload, struct rec_err *err)
{
    struct rec_frame f = { .type = type, .section = w->section, .seq = w->seq++ };
    enum rec_status st;

    f.flags = (uint8_t)(REC_FRAME_CRITICAL | (type == REC_FRAME_DATA ? w->flags : 0));
    f.first = first;
    f.rows = rows;
    rec_frame_take(&f, payload);
    st = rec_writer_relay(w, &f, err);
    rec_frame_free(&f);
    return st;
}

enum rec_status rec_writer_begin(struct rec_writer *w, const struct rec_table *t,
                                 struct rec_err *err)
{
    struct rec_buf text = { 0 };
    enum rec_status st;

    w->section = w->next_id;
    w->seq = 0;
    w->n_rows = 0;
    w->flags = t->kind == REC_KIND_MATRIX ? REC_FRAME_DENSE : 0;
    st = rec_table_write_header(t, w->section, &text, err);
    if (st == REC_OK)
        st = send(w, REC_FRAME_SECTION, 0, 0, &text, err);
    rec_buf_free(&text);
    return st;
}

enum rec_status rec_writer_rows(struct rec_writer *w, const struct rec_table *t,
                                struct rec_err *err)
{
    struct rec_buf payload = { 0 };
    enum rec_status st = REC_OK;

    for (size_t first = 0, n; st == REC_OK && first < t->n_rows; first += n) {
        n = rec_table_frame_rows(t, first);
        st = rec_table_encode(t, first, n, &payload, err);
        if (st == REC_OK)
            st = send(w, REC_FRAME_DATA, w->n_rows, (uint32_t)n, &payload, err);
        w->n_rows += n;
    }
    rec_buf_free(&payload);
    return st;
}

enum rec_status rec_writer_end(struct rec_writer *w, struct rec_err *err)
{
    struct rec_buf none = { 0 };

    return send(w, REC_FRAME_SECTION_END, w->n_rows, 0, &none, err);
}

enum rec_status rec_writer_table(struct rec_writer *w, const struct rec_table *t,
                                 struct rec_err *err)
{
    enum rec_status st = rec_writer_begin(w, t, err);

    if (st == REC_OK)
        st = rec_writer_rows(w, t, err);
    if (st == REC_OK)
        st = rec_writer_end(w, err);
    return st;
}

enum rec_status rec_writer_finish(struct rec_writer *w, const char *line,
                                  struct rec_err *err)
{
    struct rec_frame f = { .type = REC_FRAME_PROV, .flags = REC_FRAME_CRITICAL };
    struct rec_buf text = { 0 }, none = { 0 };
    enum rec_status st = rec_buf_add(&text, line, strlen(line), err);

    if (st == REC_OK) {
        rec_frame_take(&f, &text);
        st = rec_writer_relay(w, &f, err);
    }
    if (st == REC_OK) {
        rec_frame_free(&f);
        f.type = REC_FRAME_END;
        f.flags = REC_FRAME_CRITICAL;
        rec_frame_take(&f, &none);
        f.first = w->digest;
        st = rec_writer_relay(w, &f, err);
    }
    if (st == REC_OK)
        st = flush(w, err);
    rec_frame_free(&f);
    rec_buf_free(&text);
    if (st == REC_OK) {
        st = rec_out_commit(w->out, err);
        w->out = NULL;
    }
    rec_writer_discard(w);
    return st;
}

void rec_writer_discard(struct rec_writer *w)
{
    if (w == NULL)
        return;
    for (uint32_t i = 0; i < QUEUE; i++)
        rec_frame_free(&w->queue[i]);
    rec_out_discard(w->out);
    rec_free(w);
}
