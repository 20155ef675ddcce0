#include "data/radix.h"

enum {
    BLOCK_ROWS = 1 << 14, /* 200 KB of 12 bytes */
    MAX_BLOCKS = 1024,
    CHUNK_ROWS = 1 << 16,
    MAX_CHUNKS = 256
};

enum rec_status rec_radix_plan_chunks(struct rec_radix *r, size_t n, uint32_t n_keys,
                                      uint32_t n_chunks, struct rec_err *err)
{
    struct rec_radix x = { .n_chunks = n_chunks };
    size_t wanted = n / BLOCK_ROWS + 1;

    wanted = wanted < MAX_BLOCKS ? wanted : MAX_BLOCKS;
    while ((n_keys - 1) >> x.shift >= wanted)
        x.shift++;
    x.n_blocks = ((n_keys - 1) >> x.shift) + 1;
    x.at =
        rec_alloc_zero((size_t)n_chunks * x.n_blocks, sizeof *x.at, "partition", err);
    x.start = x.at == NULL ? NULL
                           : rec_alloc((size_t)x.n_blocks + 1, sizeof *x.start,
                                       "partition", err);
    if (x.start == NULL) {
        rec_free(x.at);
        return REC_ESYSTEM;
    }
    *r = x;
    return REC_OK;
}

enum rec_status rec_radix_plan(struct rec_radix *r, size_t n, uint32_t n_keys,
                               struct rec_err *err)
{
    size_t rows = n / MAX_CHUNKS + 1;
    enum rec_status st;

    rows = rows > CHUNK_ROWS ? rows : CHUNK_ROWS;
    st = rec_radix_plan_chunks(r, n, n_keys, (uint32_t)((n + rows - 1) / rows), err);
    if (st == REC_OK)
        r->chunk_rows = rows;
    return st;
}

void rec_radix_sum(struct rec_radix *r)
{
    uint64_t sum = 0;

    for (uint32_t b = 0; b < r->n_blocks; b++) {
        r->start[b] = sum;
        for (uint32_t c = 0; c < r->n_chunks; c++) {
            uint64_t *at = rec_radix_row(r, c) + b;
            uint64_t count = *at;

            *at = sum;
            sum += count;
        }
    }
    r->start[r->n_blocks] = sum;
}

void rec_radix_free(struct rec_radix *r)
{
    rec_free(r->at);
    rec_free(r->start);
    *r = (struct rec_radix){ 0 };
}
