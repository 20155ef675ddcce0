#ifndef REC_RADIX_H
#define REC_RADIX_H

#include "base/mem.h"

/*
 * A stable partition of N rows by the upper bits of a 32-bit key: block b gets the keys
 * b << shift .. ((b + 1) << shift) - 1, few enough for a later pass over one block to
 * stay within the caches, and blocks few enough for all their ends to be written at the
 * same time.  The rows are cut into chunks by their number alone, so that threads
 * change no place.
 *
 * The caller's own two loops over chunks, both on all threads, are between:
 *
 *   rec_radix_plan()
 *   count    row[k >> shift]++                 where row = rec_radix_row(r, chunk)
 *   rec_radix_sum()
 *   scatter  to[row[k >> shift]++] = ...
 *
 * Afterwards the rows of block b are to[start[b]] .. to[start[b + 1]], in their order.
 */
struct rec_radix {
    uint32_t shift, n_blocks, n_chunks;
    size_t chunk_rows; /* of each chunk but the last */
    uint64_t *at;      /* (n_chunks, n_blocks) counts, then places */
    uint64_t *start;   /* (n_blocks + 1) */
};

/* For N rows with keys below N_KEYS > 0. */
enum rec_status rec_radix_plan(struct rec_radix *r, size_t n, uint32_t n_keys,
                               struct rec_err *err) REC_MUST_USE;
/* The same with chunks that the caller cuts. */
enum rec_status rec_radix_plan_chunks(struct rec_radix *r, size_t n, uint32_t n_keys,
                                      uint32_t n_chunks,
                                      struct rec_err *err) REC_MUST_USE;
/* From counts to places. */
void rec_radix_sum(struct rec_radix *r);
void rec_radix_free(struct rec_radix *r);

static inline uint64_t *rec_radix_row(const struct rec_radix *r, uint32_t chunk)
{
    return r->at + (size_t)chunk * r->n_blocks;
}

/* The keys of block B: from FIRST up to, not including, the result. */
static inline uint32_t rec_radix_keys(const struct rec_radix *r, uint32_t b,
                                      uint32_t n_keys, uint32_t *first)
{
    uint64_t end = (uint64_t)(b + 1) << r->shift;

    *first = b << r->shift;
    return end < n_keys ? (uint32_t)end : n_keys;
}

#endif
