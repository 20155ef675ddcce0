#include "data/dict.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"

enum { FIRST_BITS = 10, MAX_BITS = 32 };

static size_t place(uint32_t hash, uint32_t bits)
{
    return hash >> (32 - bits);
}

/* Twice the slots.  A slot keeps its hash, so that no string is read again. */
static enum rec_status grow_slots(struct rec_dict *d, struct rec_err *err)
{
    uint32_t bits = d->slots == NULL ? FIRST_BITS : d->slot_bits + 1;
    size_t n = (size_t)1 << bits;
    uint64_t *slots;

    if (bits > MAX_BITS)
        return rec_fail(err, REC_ESYSTEM, "more than 2^31 different ids or rows");
    slots = rec_alloc_zero(n, sizeof *slots, "hash table", err);
    if (slots == NULL)
        return REC_ESYSTEM;
    for (size_t i = 0; d->slots != NULL && i < (size_t)1 << d->slot_bits; i++) {
        uint64_t s = d->slots[i];
        size_t at = place((uint32_t)(s >> 32), bits);

        if (s == 0)
            continue;
        while (slots[at] != 0)
            at = (at + 1) & (n - 1);
        slots[at] = s;
    }
    rec_free(d->slots);
    d->slots = slots;
    d->slot_bits = bits;
    return REC_OK;
}

static enum rec_status append(struct rec_dict *d, const void *s, size_t n,
                              struct rec_err *err)
{
    enum rec_status st;

    if (d->n == d->cap) {
        uint32_t cap = d->cap == 0 ? 1024 : d->cap + d->cap / 2;
        uint64_t *at =
            rec_realloc(d->at, (size_t)cap + 1, sizeof *at, "dictionary", err);

        if (at == NULL)
            return REC_ESYSTEM;
        d->at = at;
        d->at[0] = 0;
        d->cap = cap;
    }
    st = rec_buf_add(&d->text, s, n, err);
    if (st != REC_OK)
        return st;
    d->at[++d->n] = d->text.n;
    return REC_OK;
}

enum rec_status rec_dict_add(struct rec_dict *d, const void *s, size_t n,
                             uint32_t *index, bool *is_new, struct rec_err *err)
{
    uint32_t hash = (uint32_t)(rec_hash64(s, n, rec_hash_key()) >> 32);
    size_t mask, at;
    enum rec_status st;

    if (d->slots == NULL || d->n >= ((size_t)1 << d->slot_bits) / 2) {
        st = grow_slots(d, err);
        if (st != REC_OK)
            return st;
    }
    mask = ((size_t)1 << d->slot_bits) - 1;
    for (at = place(hash, d->slot_bits); d->slots[at] != 0; at = (at + 1) & mask) {
        uint32_t i = (uint32_t)d->slots[at] - 1;

        if (d->slots[at] >> 32 == hash && d->at[i + 1] - d->at[i] == n &&
            (n == 0 || memcmp(d->text.data + d->at[i], s, n) == 0)) {
            *index = i;
            *is_new = false;
            return REC_OK;
        }
    }
    st = append(d, s, n, err);
    if (st != REC_OK)
        return st;
    d->slots[at] = (uint64_t)hash << 32 | d->n;
    *index = d->n - 1;
    *is_new = true;
    return REC_OK;
}

/* The first eight bytes, so that most comparisons touch no string. */
struct sort_key {
    uint64_t head;
    uint32_t index;
};

static int compare(const void *a, const void *b, void *ctx)
{
    const struct sort_key *x = a, *y = b;
    const struct rec_dict *d = ctx;
    size_t nx, ny;
    int c = 0;

    if (x->head != y->head)
        return x->head < y->head ? -1 : 1;
    nx = (size_t)(d->at[x->index + 1] - d->at[x->index]);
    ny = (size_t)(d->at[y->index + 1] - d->at[y->index]);
    if (nx > 0 && ny > 0)
        c = memcmp(d->text.data + d->at[x->index], d->text.data + d->at[y->index],
                   nx < ny ? nx : ny);
    if (c != 0)
        return c;
    return nx < ny ? -1 : nx > ny;
}

enum rec_status rec_dict_rank(const struct rec_dict *d, uint32_t *rank,
                              struct rec_err *err)
{
    struct sort_key *keys = rec_alloc(d->n, sizeof *keys, "sorting ids", err);

    if (keys == NULL)
        return REC_ESYSTEM;
    for (uint32_t i = 0; i < d->n; i++) {
        size_t n = (size_t)(d->at[i + 1] - d->at[i]);

        keys[i] = (struct sort_key){ .index = i };
        for (size_t b = 0; b < 8 && b < n; b++)
            keys[i].head |= (uint64_t)d->text.data[d->at[i] + b] << (56 - 8 * b);
    }
    qsort_r(keys, d->n, sizeof *keys, compare, (void *)(uintptr_t)d);
    for (uint32_t i = 0; i < d->n; i++)
        rank[keys[i].index] = i;
    rec_free(keys);
    return REC_OK;
}

enum rec_status rec_dict_table(const struct rec_dict *d, const uint32_t *rank,
                               const char *name, struct rec_table *out,
                               struct rec_err *err)
{
    uint32_t *order = rec_alloc(d->n, sizeof *order, "dictionary", err);
    struct rec_table t;
    struct rec_column *c;
    enum rec_status st = REC_ESYSTEM;

    if (order == NULL)
        return st;
    rec_table_init(&t, name, REC_KIND_DICT);
    c = &t.cols[rec_table_add(&t, "id", REC_STR, 1, REC_PLAIN, NULL)];
    st = rec_table_reserve(&t, d->n, err);
    if (st == REC_OK)
        st = rec_buf_reserve(&c->text, d->text.n, err);
    if (st != REC_OK)
        goto done;
    for (uint32_t i = 0; i < d->n; i++)
        order[rank == NULL ? i : rank[i]] = i;
    for (uint32_t i = 0; i < d->n; i++) {
        uint64_t from = d->at[order[i]], n = d->at[order[i] + 1] - from;

        if (n > 0)
            memcpy(c->text.data + c->text.n, d->text.data + from, n);
        c->text.n += n;
        c->at[i + 1] = c->text.n;
    }
    t.n_rows = d->n;
    *out = t;
    t = (struct rec_table){ 0 };
done:
    rec_free(order);
    rec_table_free(&t);
    return st;
}

void rec_dict_free(struct rec_dict *d)
{
    rec_free(d->at);
    rec_free(d->slots);
    rec_buf_free(&d->text);
    *d = (struct rec_dict){ 0 };
}
