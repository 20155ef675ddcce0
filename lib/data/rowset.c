#include "data/rowset.h"

#include <string.h>

enum { FIRST_BITS = 12, MAX_BITS = 32, BLOCK_BYTES = 4 << 20, UNIT = 8 };
enum { BLOCK_UNITS = BLOCK_BYTES / UNIT };

/* Twice the slots.  A slot keeps its tag, so that no row is read again. */
static enum rec_status grow(struct rec_rowset *s, struct rec_err *err)
{
    uint32_t bits = s->slots == NULL ? FIRST_BITS : s->bits + 1;
    size_t n = (size_t)1 << bits;
    uint64_t *slots;

    if (bits > MAX_BITS)
        return rec_fail(err, REC_ESYSTEM, "too many different rows");
    slots = rec_alloc_zero(n, sizeof *slots, "set of rows", err);
    if (slots == NULL)
        return REC_ESYSTEM;
    for (size_t i = 0; s->slots != NULL && i < (size_t)1 << s->bits; i++) {
        size_t at = (size_t)(s->slots[i] >> 32) >> (32 - bits);

        if (s->slots[i] == 0)
            continue;
        while (slots[at] != 0)
            at = (at + 1) & (n - 1);
        slots[at] = s->slots[i];
    }
    rec_free(s->slots);
    s->slots = slots;
    s->bits = bits;
    return REC_OK;
}

/* Bytes used of block I, these included. */
static uint64_t *used(const struct rec_rowset *s, size_t i)
{
    return (uint64_t *)(void *)s->blocks[i];
}

static enum rec_status add_block(struct rec_rowset *s, struct rec_err *err)
{
    uint8_t **blocks =
        rec_realloc(s->blocks, s->n_blocks + 1, sizeof *blocks, "set of rows", err);

    if (blocks == NULL)
        return REC_ESYSTEM;
    s->blocks = blocks;
    blocks[s->n_blocks] = rec_alloc(BLOCK_BYTES, 1, "set of rows", err);
    if (blocks[s->n_blocks] == NULL)
        return REC_ESYSTEM;
    *used(s, s->n_blocks++) = UNIT;
    return REC_OK;
}

static size_t rounded(size_t n)
{
    return (n + UNIT - 1) / UNIT * UNIT;
}

/* Copies the row; its place in units. */
static enum rec_status store(struct rec_rowset *s, const uint8_t *key, size_t n,
                             uint64_t *place, struct rec_err *err)
{
    uint64_t *at;

    if (s->n_blocks == 0 || BLOCK_BYTES - *used(s, s->n_blocks - 1) < n) {
        enum rec_status st = add_block(s, err);

        if (st != REC_OK)
            return st;
    }
    at = used(s, s->n_blocks - 1);
    *place = (uint64_t)(s->n_blocks - 1) * BLOCK_UNITS + *at / UNIT;
    if (*place >= UINT32_MAX)
        return rec_fail(err, REC_ESYSTEM, "more than 32 GiB of different rows");
    memcpy(s->blocks[s->n_blocks - 1] + *at, key, n);
    *at += rounded(n);
    return REC_OK;
}

static bool is_same(const struct rec_rowset *s, uint64_t place, const uint8_t *key,
                    size_t n)
{
    size_t block = (size_t)(place / BLOCK_UNITS),
           at = (size_t)(place % BLOCK_UNITS) * UNIT;

    return n <= BLOCK_BYTES - at && memcmp(s->blocks[block] + at, key, n) == 0;
}

enum rec_status rec_rowset_add(struct rec_rowset *s, const uint8_t *key, size_t n,
                               uint64_t hash, bool *is_new, struct rec_err *err)
{
    uint32_t tag = (uint32_t)hash;
    uint64_t place;
    size_t mask, at;
    enum rec_status st;

    if (s->slots == NULL || s->n >= (((size_t)1 << s->bits) * 5) / 8) {
        st = grow(s, err);
        if (st != REC_OK)
            return st;
    }
    mask = ((size_t)1 << s->bits) - 1;
    for (at = (size_t)tag >> (32 - s->bits); s->slots[at] != 0; at = (at + 1) & mask)
        if (s->slots[at] >> 32 == tag &&
            is_same(s, (uint32_t)s->slots[at] - 1u, key, n)) {
            *is_new = false;
            return REC_OK;
        }
    st = store(s, key, n, &place, err);
    if (st != REC_OK)
        return st;
    s->slots[at] = (uint64_t)tag << 32 | (place + 1);
    s->n++;
    *is_new = true;
    return REC_OK;
}

uint64_t rec_rowset_growth(const struct rec_rowset *s, size_t n, size_t bytes)
{
    uint32_t bits = s->bits < FIRST_BITS ? FIRST_BITS : s->bits;
    uint64_t text = bytes + n * (uint64_t)UNIT, slots = sizeof *s->slots << bits;

    text += text / (BLOCK_BYTES / REC_ROWSET_MAX_KEY - 1); /* ends of blocks */
    /* slots are copied to new ones, and each size but the last is given back */
    for (; (s->n + n) >= (((size_t)1 << bits) * 5) / 8; bits++)
        slots = sizeof *s->slots << (bits + 1);
    return slots + text + 2 * (uint64_t)BLOCK_BYTES;
}

enum rec_status rec_rowset_each(const struct rec_rowset *s,
                                size_t (*length)(const void *ctx, const uint8_t *key),
                                rec_rowset_fn *fn, void *ctx, struct rec_err *err)
{
    enum rec_status st = REC_OK;

    for (size_t b = 0; st == REC_OK && b < s->n_blocks; b++)
        for (size_t at = UNIT; st == REC_OK && at < *used(s, b);) {
            const uint8_t *key = s->blocks[b] + at;
            size_t n = length(ctx, key);

            st = fn(ctx, key, n, err);
            at += rounded(n);
        }
    return st;
}

void rec_rowset_free(struct rec_rowset *s)
{
    for (size_t i = 0; i < s->n_blocks; i++)
        rec_free(s->blocks[i]);
    rec_free(s->blocks);
    rec_free(s->slots);
    *s = (struct rec_rowset){ 0 };
}
