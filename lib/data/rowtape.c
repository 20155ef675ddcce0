#include "data/rowtape.h"

void rec_rowtape_init(struct rec_rowtape *t, struct rec_spool *spool,
                      const struct rec_table *like)
{
    *t = (struct rec_rowtape){ .tape = { .spool = spool } };
    rec_table_init(&t->block, like->name, like->kind);
    for (uint32_t i = 0; i < like->n_cols; i++)
        rec_table_add(&t->block, like->cols[i].name, like->cols[i].type,
                      like->cols[i].width, like->cols[i].filter, NULL);
}

enum rec_status rec_rowtape_add(struct rec_rowtape *t, const struct rec_table *rows,
                                struct rec_err *err)
{
    enum rec_status st = REC_OK;

    for (size_t first = 0, n; st == REC_OK && first < rows->n_rows; first += n) {
        n = rec_table_frame_rows(rows, first, NULL);
        t->payload.n = 0;
        st = rec_table_encode(rows, first, n, &t->payload, err);
        if (st == REC_OK)
            st = rec_tape_write_varint(&t->tape, n, err);
        if (st == REC_OK)
            st = rec_tape_write_varint(&t->tape, t->payload.n, err);
        if (st == REC_OK)
            st = rec_tape_write(&t->tape, t->payload.data, t->payload.n, err);
    }
    return st;
}

enum rec_status rec_rowtape_rewind(struct rec_rowtape *t, struct rec_err *err)
{
    return rec_tape_rewind(&t->tape, err);
}

enum rec_status rec_rowtape_next(struct rec_rowtape *t, struct rec_err *err)
{
    uint64_t n = 0, bytes = 0;
    enum rec_status st;

    rec_table_clear(&t->block);
    if (rec_tape_unread(&t->tape) == 0)
        return REC_OK;
    st = rec_tape_read_varint(&t->tape, &n, err);
    if (st == REC_OK)
        st = rec_tape_read_varint(&t->tape, &bytes, err);
    t->payload.n = 0;
    if (st == REC_OK)
        st = rec_buf_reserve(&t->payload, (size_t)bytes, err);
    if (st == REC_OK)
        st = rec_tape_read(&t->tape, t->payload.data, (size_t)bytes, err);
    if (st == REC_OK)
        st = rec_table_reserve(&t->block, (size_t)n, err);
    if (st == REC_OK)
        st = rec_table_decode(&t->block, 0, (size_t)n, t->payload.data, (size_t)bytes,
                              REC_PART_ALL, err);
    if (st == REC_OK)
        t->block.n_rows = (size_t)n;
    return st;
}

void rec_rowtape_free(struct rec_rowtape *t)
{
    rec_tape_free(&t->tape);
    rec_buf_free(&t->payload);
    rec_table_free(&t->block);
    *t = (struct rec_rowtape){ 0 };
}
