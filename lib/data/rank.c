/* rec_dict_rank(): a radix sort of strings, eight bytes at a time. */
#include <stdlib.h>
#include <string.h>

#include "base/par.h"
#include "data/dict.h"

enum {
    BUCKET_BITS = 11, /* of the first pass; its buckets are sorted on all threads */
    FEW = 48,         /* so many are sorted by insertion */
    MAX_DEPTH = 64,   /* longer common beginnings are left to qsort */
    FILL_ROWS = 1 << 16
};

/* Eight bytes of a string as a big-endian number, zeros behind its end; 12 bytes. */
struct key {
    uint32_t high, low;
    uint32_t index;
};

struct sort {
    const struct rec_dict *d;
    struct key *keys, *other; /* (d->n) each */
    uint32_t start[(1 << BUCKET_BITS) + 1];
};

static uint64_t head_of(const struct key *k)
{
    return (uint64_t)k->high << 32 | k->low;
}

/* Bytes DEPTH .. DEPTH + 7 of string I. */
static struct key make_key(const struct rec_dict *d, uint32_t i, size_t depth)
{
    uint64_t from = d->at[i] + depth, end = d->at[i + 1], x = 0;

    if (from + 8 <= end) {
        memcpy(&x, d->text.data + from, 8);
        x = __builtin_bswap64(x); /* only little-endian machines: see column.c */
    } else {
        for (uint64_t b = from, shift = 56; b < end; b++, shift -= 8)
            x |= (uint64_t)d->text.data[b] << shift;
    }
    return (struct key){ (uint32_t)(x >> 32), (uint32_t)x, i };
}

/* Heads of equal depth first, so that most comparisons touch no string. */
static int compare(const void *a, const void *b, void *ctx)
{
    const struct key *x = a, *y = b;
    const struct rec_dict *d = ctx;
    size_t nx, ny;
    int c = 0;

    if (head_of(x) != head_of(y))
        return head_of(x) < head_of(y) ? -1 : 1;
    nx = (size_t)(d->at[x->index + 1] - d->at[x->index]);
    ny = (size_t)(d->at[y->index + 1] - d->at[y->index]);
    if (nx > 0 && ny > 0)
        c = memcmp(d->text.data + d->at[x->index], d->text.data + d->at[y->index],
                   nx < ny ? nx : ny);
    if (c != 0)
        return c;
    return nx < ny ? -1 : nx > ny;
}

static void insertion_sort(const struct rec_dict *d, struct key *keys, size_t n)
{
    for (size_t i = 1; i < n; i++) {
        struct key k = keys[i];
        size_t at = i;

        for (; at > 0 && compare(&k, &keys[at - 1], (void *)(uintptr_t)d) < 0; at--)
            keys[at] = keys[at - 1];
        keys[at] = k;
    }
}

/* By their heads alone: a stable pass for each byte that is not the same in all. */
static void sort_heads(struct key *keys, struct key *other, size_t n)
{
    uint32_t count[8][256] = { 0 };
    struct key *from = keys, *to = other;

    for (size_t i = 0; i < n; i++) {
        uint64_t x = head_of(&keys[i]);

        for (int b = 0; b < 8; b++)
            count[b][x >> 8 * b & 255]++;
    }
    for (int b = 0; b < 8; b++) {
        struct key *swap = from;
        uint32_t sum = 0;

        if (count[b][head_of(from) >> 8 * b & 255] == n)
            continue;
        for (int v = 0; v < 256; v++) {
            uint32_t c = count[b][v];

            count[b][v] = sum;
            sum += c;
        }
        for (size_t i = 0; i < n; i++)
            to[count[b][head_of(&from[i]) >> 8 * b & 255]++] = from[i];
        from = to;
        to = swap;
    }
    if (from != keys)
        memcpy(keys, from, n * sizeof *keys);
}

static void sort_keys(const struct rec_dict *d, struct key *keys, struct key *other,
                      size_t n, size_t depth);

/*
 * Strings that agree up to and including their heads.  Those that end there, at most
 * nine, as they are all different, come first; the others get their next eight bytes.
 */
static void sort_equals(const struct rec_dict *d, struct key *keys, struct key *other,
                        size_t n, size_t depth)
{
    size_t ended = 0;

    if (n <= FEW) {
        insertion_sort(d, keys, n);
        return;
    }
    if (depth >= MAX_DEPTH) {
        qsort_r(keys, n, sizeof *keys, compare, (void *)(uintptr_t)d);
        return;
    }
    depth += 8;
    for (size_t i = 0; i < n; i++) {
        struct key k = keys[i];

        if (d->at[k.index + 1] - d->at[k.index] > depth)
            continue;
        keys[i] = keys[ended];
        keys[ended++] = k;
    }
    insertion_sort(d, keys, ended);
    for (size_t i = ended; i < n; i++)
        keys[i] = make_key(d, keys[i].index, depth);
    sort_keys(d, keys + ended, other + ended, n - ended, depth);
}

/* OTHER is room for as many. */
static void sort_keys(const struct rec_dict *d, struct key *keys, struct key *other,
                      size_t n, size_t depth)
{
    if (n <= FEW) {
        insertion_sort(d, keys, n);
        return;
    }
    sort_heads(keys, other, n);
    for (size_t i = 0, end; i < n; i = end) {
        for (end = i + 1; end < n && head_of(&keys[end]) == head_of(&keys[i]);)
            end++;
        if (end - i > 1)
            sort_equals(d, keys + i, other + i, end - i, depth);
    }
}

static void fill_chunk(void *ctx, uint32_t chunk)
{
    struct sort *s = ctx;
    uint32_t i = chunk * FILL_ROWS;
    uint32_t end = s->d->n - i < FILL_ROWS ? s->d->n : i + FILL_ROWS;

    for (; i < end; i++)
        s->keys[i] = make_key(s->d, i, 0);
}

/* From keys into other, by the first bits that are not the same in all heads. */
static void deal(struct sort *s)
{
    uint32_t n = s->d->n, mask = (1 << BUCKET_BITS) - 1;
    uint64_t differ = 1;
    int shift;

    for (uint32_t i = 1; i < n; i++)
        differ |= head_of(&s->keys[i]) ^ head_of(&s->keys[0]);
    shift = 64 - __builtin_clzll(differ) - BUCKET_BITS;
    shift = shift < 0 ? 0 : shift;
    for (uint32_t i = 0; i < n; i++)
        s->start[(head_of(&s->keys[i]) >> shift & mask) + 1]++;
    for (uint32_t b = 0; b < mask; b++)
        s->start[b + 1] += s->start[b];
    for (uint32_t i = 0; i < n; i++)
        s->other[s->start[head_of(&s->keys[i]) >> shift & mask]++] = s->keys[i];
}

/* After deal() bucket b begins where the one before ends: at start[b - 1]. */
static void sort_bucket(void *ctx, uint32_t b)
{
    struct sort *s = ctx;
    uint32_t from = b == 0 ? 0 : s->start[b - 1];

    sort_keys(s->d, s->other + from, s->keys + from, s->start[b] - from, 0);
}

enum rec_status rec_dict_rank(struct rec_dict *d, uint32_t *rank, struct rec_err *err)
{
    struct sort s = { .d = d };
    enum rec_status st = REC_ESYSTEM;

    rec_free(d->slots);
    d->slots = NULL;
    s.keys = rec_alloc(d->n, sizeof *s.keys, "sorting ids", err);
    if (s.keys != NULL)
        s.other = rec_alloc(d->n, sizeof *s.other, "sorting ids", err);
    if (s.other != NULL) {
        rec_par_run((uint32_t)(((uint64_t)d->n + FILL_ROWS - 1) / FILL_ROWS),
                    fill_chunk, &s);
        deal(&s);
        rec_par_run(1 << BUCKET_BITS, sort_bucket, &s);
        for (uint32_t i = 0; i < d->n; i++)
            rank[s.other[i].index] = i;
        st = REC_OK;
    }
    rec_free(s.keys);
    rec_free(s.other);
    return st;
}
