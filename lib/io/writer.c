#include "io/writer.h"

#include <string.h>

#include "base/par.h"

/* Frames that are worked on together: on their way into a file enough for all threads;
 * into a pipe fewer, as they go on at once. */
enum { QUEUE = 32, FILE_BYTES = 16 << 20, PIPE_BYTES = 4 << 20 };

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
    /* frames to be packed and written, in order; their buffers are used again */
    struct rec_frame queue[QUEUE];
    uint32_t n_queue;
    size_t queue_bytes;
    /* of the work on each of them */
    enum rec_status st[QUEUE];
    struct rec_err err[QUEUE];
    /* rows that are being encoded into frames N_DONE.. of the queue */
    const struct rec_table *table;
    size_t first[QUEUE];
    uint32_t n_done;
};

uint64_t rec_writer_bytes(uint64_t table_bytes)
{
    static const uint64_t most = 64 << 20;

    return table_bytes < most / 2 ? 2 * table_bytes : most;
}

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

static bool is_full(const struct rec_writer *w)
{
    return w->n_queue == QUEUE ||
           w->queue_bytes >= rec_mem_part(w->level > 0 ? FILE_BYTES : PIPE_BYTES, 16);
}

/* The first error among frames FROM.. of the queue. */
static enum rec_status outcome(const struct rec_writer *w, uint32_t from,
                               struct rec_err *err)
{
    for (uint32_t i = from; i < w->n_queue; i++)
        if (w->st[i] != REC_OK) {
            *err = w->err[i];
            return w->st[i];
        }
    return REC_OK;
}

static void pack(void *ctx, uint32_t i)
{
    struct rec_writer *w = ctx;

    w->st[i] = rec_frame_pack(&w->queue[i], w->level, &w->err[i]);
}

static enum rec_status flush(struct rec_writer *w, struct rec_err *err)
{
    enum rec_status st = REC_OK;

    if (w->level > 0) {
        rec_par_run(w->n_queue, pack, w);
        st = outcome(w, 0, err);
    }
    for (uint32_t i = 0; i < w->n_queue && st == REC_OK; i++)
        st = rec_frame_write(&w->queue[i], w->out, err);
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
    return w->level == 0 || is_full(w) ? flush(w, err) : REC_OK;
}

/* The header of the next frame of the present section. */
static void head(struct rec_writer *w, struct rec_frame *f, uint8_t type, uint64_t rows)
{
    f->type = type;
    f->flags = (uint8_t)(REC_FRAME_CRITICAL | (type == REC_FRAME_DATA ? w->flags : 0));
    f->section = w->section;
    f->seq = w->seq++;
    f->first = w->n_rows;
    f->rows = (uint32_t)rows;
    w->n_rows += rows;
}

/* Sends a frame without rows. */
static enum rec_status send(struct rec_writer *w, uint8_t type, struct rec_buf *payload,
                            struct rec_err *err)
{
    struct rec_frame f = { 0 };
    enum rec_status st;

    head(w, &f, type, 0);
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
        st = send(w, REC_FRAME_SECTION, &text, err);
    rec_buf_free(&text);
    return st;
}

static void encode(void *ctx, uint32_t i)
{
    struct rec_writer *w = ctx;
    struct rec_frame *f = &w->queue[i += w->n_done];

    f->stored.n = 0;
    w->st[i] = rec_table_encode(w->table, w->first[i], f->rows, &f->stored, &w->err[i]);
    if (w->st[i] == REC_OK)
        rec_frame_seal(f);
}

/* Fills the queue with frames of T from row *first on, which moves behind them. */
static enum rec_status queue_rows(struct rec_writer *w, const struct rec_table *t,
                                  size_t *first, struct rec_err *err)
{
    enum rec_status st;

    w->table = t;
    w->n_done = w->n_queue;
    while (*first < t->n_rows && !is_full(w)) {
        size_t bytes, n = rec_table_frame_rows(t, *first, &bytes);

        w->first[w->n_queue] = *first;
        head(w, &w->queue[w->n_queue++], REC_FRAME_DATA, n);
        w->queue_bytes += bytes;
        *first += n;
    }
    rec_par_run(w->n_queue - w->n_done, encode, w);
    st = outcome(w, w->n_done, err);
    for (uint32_t i = w->n_done; i < w->n_queue && st == REC_OK; i++)
        w->digest = rec_frame_digest(w->digest, &w->queue[i]);
    return st;
}

enum rec_status rec_writer_rows(struct rec_writer *w, const struct rec_table *t,
                                struct rec_err *err)
{
    enum rec_status st = REC_OK;

    for (size_t first = 0; st == REC_OK && first < t->n_rows;) {
        st = queue_rows(w, t, &first, err);
        if (st == REC_OK && (w->level == 0 || is_full(w)))
            st = flush(w, err);
    }
    return st;
}

enum rec_status rec_writer_end(struct rec_writer *w, struct rec_err *err)
{
    struct rec_buf none = { 0 };

    return send(w, REC_FRAME_SECTION_END, &none, err);
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
