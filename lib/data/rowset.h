#ifndef REC_ROWSET_H
#define REC_ROWSET_H

#include <stdbool.h>

#include "base/mem.h"

/*
 * A set of rows, each a string of bytes, to find rows that repeat.  Rows are compared
 * byte by byte, never by their hash alone.  The keys must be prefix-free: none may
 * begin with another.  { 0 } is empty.
 *
 * A slot is a tag of 32 bits of the hash and the place of the row, in units of 8 bytes,
 * in blocks that never move: 8 bytes a slot, at most 5 in 8 of them used, and the row
 * itself rounded up to 8 bytes.
 */
struct rec_rowset {
    uint64_t *slots; /* high half: tag; low half: place + 1, or 0 */
    uint32_t bits;   /* 2^bits slots */
    size_t n;
    uint8_t **blocks; /* each begins with the bytes of it that are used */
    size_t n_blocks;
};

/*
 * Adds the N bytes at KEY unless they are there; HASH is theirs, by whatever function,
 * and its low half should be well mixed.  N is at most REC_ROWSET_MAX_KEY.
 */
enum { REC_ROWSET_MAX_KEY = 1 << 18 };
enum rec_status rec_rowset_add(struct rec_rowset *s, const uint8_t *key, size_t n,
                               uint64_t hash, bool *is_new,
                               struct rec_err *err) REC_MUST_USE;

/* Asks the memory for what rec_rowset_add() will look at first; some rows ahead. */
static inline void rec_rowset_prefetch(const struct rec_rowset *s, uint64_t hash)
{
    if (s->slots != NULL)
        __builtin_prefetch(&s->slots[(uint32_t)hash >> (32 - s->bits)], 1);
}

/* The most bytes of memory that adding N rows of BYTES bytes in all may take. */
uint64_t rec_rowset_growth(const struct rec_rowset *s, size_t n, size_t bytes);

/*
 * Calls FN for each row, in the order they were added, until one fails.  LENGTH tells
 * how many bytes the row at a key has.
 */
typedef enum rec_status rec_rowset_fn(void *ctx, const uint8_t *key, size_t n,
                                      struct rec_err *err);
enum rec_status rec_rowset_each(const struct rec_rowset *s,
                                size_t (*length)(const void *ctx, const uint8_t *key),
                                rec_rowset_fn *fn, void *ctx,
                                struct rec_err *err) REC_MUST_USE;

void rec_rowset_free(struct rec_rowset *s);

#endif
