#include "data/dict.h"

#include <assert.h>
#include <string.h>

#include "base/hash.h"
#include "base/par.h"

enum {
    FIRST_BITS = 10,
    MAX_BITS = 32,
    BATCH = 128,           /* strings that are looked up together */
    GATHER_ROWS = 1 << 16, /* strings that one thread copies at a time */
    AHEAD = 16,
    RANK_BYTES = 28 /* a string: rank.c's two keys, and its rank */
};

#define NONE UINT32_MAX

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

    assert(d->slots != NULL || d->n == 0); /* nothing is added after ranking */
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

/* Room for N more strings of BYTES bytes in all. */
static enum rec_status reserve(struct rec_dict *d, size_t n, size_t bytes,
                               struct rec_err *err)
{
    enum rec_status st = REC_OK;

    while (st == REC_OK &&
           (d->slots == NULL || d->n + n > ((size_t)1 << d->slot_bits) / 4 * 3))
        st = grow_slots(d, err);
    if (st == REC_OK && (d->at == NULL || d->n + n > d->cap)) {
        size_t cap = d->cap + d->cap / 2 + n;
        uint64_t *at = rec_realloc(d->at, cap + 1, sizeof *at, "dictionary", err);

        if (at == NULL)
            return REC_ESYSTEM;
        d->at = at;
        d->at[0] = 0;
        d->cap = cap;
    }
    return st == REC_OK ? rec_buf_reserve(&d->text, bytes, err) : st;
}

static bool is_string(const struct rec_dict *d, uint32_t i, const void *s, size_t n)
{
    return d->at[i + 1] - d->at[i] == n &&
           (n == 0 || memcmp(d->text.data + d->at[i], s, n) == 0);
}

/* Finds or adds, where there is room. */
static uint32_t put(struct rec_dict *d, const void *s, size_t n, uint32_t hash)
{
    size_t mask = ((size_t)1 << d->slot_bits) - 1, at;

    for (at = place(hash, d->slot_bits); d->slots[at] != 0; at = (at + 1) & mask) {
        uint32_t i = (uint32_t)d->slots[at] - 1;

        if (d->slots[at] >> 32 == hash && is_string(d, i, s, n))
            return i;
    }
    if (n > 0)
        memcpy(d->text.data + d->text.n, s, n);
    d->text.n += n;
    d->at[++d->n] = d->text.n;
    d->slots[at] = (uint64_t)hash << 32 | d->n;
    return d->n - 1;
}

enum rec_status rec_dict_add(struct rec_dict *d, const void *s, size_t n,
                             uint32_t *index, bool *is_new, struct rec_err *err)
{
    uint32_t hash = (uint32_t)(rec_hash64(s, n, rec_hash_key()) >> 32);
    uint32_t before = d->n;
    enum rec_status st = reserve(d, 1, n, err);

    if (st != REC_OK)
        return st;
    *index = put(d, s, n, hash);
    *is_new = d->n > before;
    return REC_OK;
}

bool rec_dict_find(const struct rec_dict *d, const void *s, size_t n, uint32_t *index)
{
    uint32_t hash = (uint32_t)(rec_hash64(s, n, rec_hash_key()) >> 32);
    size_t mask = ((size_t)1 << d->slot_bits) - 1, at;

    if (d->slots == NULL)
        return false;
    for (at = place(hash, d->slot_bits); d->slots[at] != 0; at = (at + 1) & mask) {
        *index = (uint32_t)d->slots[at] - 1;
        if (d->slots[at] >> 32 == hash && is_string(d, *index, s, n))
            return true;
    }
    return false;
}

uint64_t rec_dict_bytes(const struct rec_dict *d)
{
    return (d->at == NULL ? 0 : (d->cap + 1) * sizeof *d->at) + d->text.cap +
           (d->slots == NULL ? 0 : sizeof *d->slots << d->slot_bits);
}

/* Follows reserve() without doing it. */
uint64_t rec_dict_need(const struct rec_dict *d, size_t n, size_t bytes)
{
    uint32_t bits = d->slots == NULL ? FIRST_BITS : d->slot_bits;
    uint64_t total = d->n + (uint64_t)n, cap = d->cap, text = d->text.cap, slots;
    uint64_t ranking = RANK_BYTES * total;

    while (total > ((uint64_t)1 << bits) / 4 * 3)
        bits++;
    slots = sizeof *d->slots << bits;
    if (d->slots != NULL && bits > d->slot_bits)
        slots += slots / 2; /* the old ones, until their strings have moved */
    if (total > cap)
        cap += cap / 2 + n;
    if (text < 256)
        text = 256;
    while (text < d->text.n + bytes)
        text *= 2;
    return (cap + 1) * sizeof *d->at + text + (slots > ranking ? slots : ranking);
}

/* The first string with this hash, or NONE; put() may still find another one. */
static uint32_t candidate(const struct rec_dict *d, uint32_t hash)
{
    size_t mask = ((size_t)1 << d->slot_bits) - 1, at = place(hash, d->slot_bits);

    while (d->slots[at] != 0 && d->slots[at] >> 32 != hash)
        at = (at + 1) & mask;
    return (uint32_t)d->slots[at] - 1;
}

/*
 * A table larger than the caches costs three misses a string, one after the other:
 * slot, offset, text.  Each round asks for one of them, for the whole batch; the first
 * is asked for with the hash.
 */
static uint32_t hash_one(const struct rec_dict *d, const void *s, size_t n,
                         uint64_t key)
{
    uint32_t hash = (uint32_t)(rec_hash64(s, n, key) >> 32);

    __builtin_prefetch(&d->slots[place(hash, d->slot_bits)]);
    return hash;
}

static void fetch_batch(const struct rec_dict *d, size_t n, const uint32_t hash[BATCH])
{
    uint32_t found[BATCH];

    for (size_t k = 0; k < n; k++) {
        found[k] = candidate(d, hash[k]);
        if (found[k] != NONE)
            __builtin_prefetch(&d->at[found[k]]);
    }
    for (size_t k = 0; k < n; k++)
        if (found[k] != NONE)
            __builtin_prefetch(d->text.data + d->at[found[k]]);
}

static void hash_batch(const struct rec_dict *d, const struct rec_column *text,
                       size_t first, size_t n, uint32_t hash[BATCH])
{
    uint64_t key = rec_hash_key();
    size_t len;

    for (size_t k = 0; k < n; k++) {
        const char *s = rec_column_text(text, first + k, &len);

        hash[k] = hash_one(d, s, len, key);
    }
    fetch_batch(d, n, hash);
}

enum rec_status rec_dict_add_column(struct rec_dict *d, const struct rec_column *text,
                                    size_t n, uint32_t *index, struct rec_err *err)
{
    uint32_t hash[BATCH];

    for (size_t first = 0; first < n; first += BATCH) {
        size_t m = n - first < BATCH ? n - first : BATCH;
        size_t bytes = (size_t)(text->at[first + m] - text->at[first]);
        enum rec_status st = reserve(d, m, bytes, err);

        if (st != REC_OK)
            return st;
        hash_batch(d, text, first, m, hash);
        for (size_t k = 0; k < m; k++) {
            size_t len;
            const char *s = rec_column_text(text, first + k, &len);

            index[first + k] = put(d, s, len, hash[k]);
        }
    }
    return REC_OK;
}

static uint32_t find(const struct rec_dict *d, const void *s, size_t n, uint32_t hash)
{
    size_t mask = ((size_t)1 << d->slot_bits) - 1, at;

    for (at = place(hash, d->slot_bits); d->slots[at] != 0; at = (at + 1) & mask) {
        uint32_t i = (uint32_t)d->slots[at] - 1;

        if (d->slots[at] >> 32 == hash && d->at[i + 1] - d->at[i] == n &&
            (n == 0 || memcmp(d->text.data + d->at[i], s, n) == 0))
            return i;
    }
    return NONE;
}

void rec_dict_find_column(const struct rec_dict *d, const struct rec_column *text,
                          size_t n, uint32_t *index)
{
    uint32_t hash[BATCH];

    for (size_t first = 0; first < n; first += BATCH) {
        size_t m = n - first < BATCH ? n - first : BATCH;

        if (d->slots != NULL)
            hash_batch(d, text, first, m, hash);
        for (size_t k = 0; k < m; k++) {
            size_t len;
            const char *s = rec_column_text(text, first + k, &len);

            index[first + k] = d->slots == NULL ? NONE : find(d, s, len, hash[k]);
        }
    }
}

void rec_dict_find_many(const struct rec_dict *d, const char *const *s,
                        const uint32_t *len, size_t n, uint32_t *index)
{
    uint64_t key = rec_hash_key();
    uint32_t hash[BATCH];

    for (size_t first = 0; first < n; first += BATCH) {
        size_t m = n - first < BATCH ? n - first : BATCH;

        for (size_t k = 0; d->slots != NULL && k < m; k++)
            hash[k] = hash_one(d, s[first + k], len[first + k], key);
        if (d->slots != NULL)
            fetch_batch(d, m, hash);
        for (size_t k = first; k < first + m; k++)
            index[k] = d->slots == NULL ? NONE : find(d, s[k], len[k], hash[k - first]);
    }
}

/* ---- as a section ---- */

/* Strings to be copied into the order of rows; row i is string order[i]. */
struct gather {
    const struct rec_dict *d;
    const uint32_t *order;
    struct rec_column *out;
};

/* Offsets of the rows; the strings' offsets lie anywhere and are asked for early. */
static void gather_offsets(const struct gather *g)
{
    const uint64_t *at = g->d->at;

    for (uint32_t i = 0; i < g->d->n; i++) {
        if (i + AHEAD < g->d->n)
            __builtin_prefetch(&at[g->order[i + AHEAD]]);
        g->out->at[i + 1] = g->out->at[i] + (at[g->order[i] + 1] - at[g->order[i]]);
    }
}

static void gather_text(void *ctx, uint32_t chunk)
{
    const struct gather *g = ctx;
    const struct rec_dict *d = g->d;
    uint32_t i = chunk * GATHER_ROWS;
    uint32_t end = d->n - i < GATHER_ROWS ? d->n : i + GATHER_ROWS;

    for (; i < end; i++) {
        uint64_t n = g->out->at[i + 1] - g->out->at[i];

        if (end - i > 2 * AHEAD)
            __builtin_prefetch(&d->at[g->order[i + 2 * AHEAD]]);
        if (end - i > AHEAD)
            __builtin_prefetch(d->text.data + d->at[g->order[i + AHEAD]]);
        if (n > 0)
            memcpy(g->out->text.data + g->out->at[i], d->text.data + d->at[g->order[i]],
                   n);
    }
}

static enum rec_status gather(const struct rec_dict *d, const uint32_t *rank,
                              struct rec_column *out, struct rec_err *err)
{
    uint32_t *order = rec_alloc(d->n, sizeof *order, "dictionary", err);
    struct gather g = { d, order, out };
    enum rec_status st = REC_ESYSTEM;

    if (order != NULL)
        st = rec_column_reserve(out, d->n, err);
    if (st == REC_OK)
        st = rec_buf_reserve(&out->text, d->text.n, err);
    if (st == REC_OK) {
        for (uint32_t i = 0; i < d->n; i++)
            order[rank[i]] = i;
        gather_offsets(&g);
        rec_par_run((d->n + GATHER_ROWS - 1) / GATHER_ROWS, gather_text, &g);
        out->text.n = d->text.n;
    }
    rec_free(order);
    return st;
}

enum rec_status rec_dict_table(struct rec_dict *d, const uint32_t *rank,
                               const char *name, struct rec_table *out,
                               struct rec_err *err)
{
    struct rec_table t;
    struct rec_column *c;

    rec_table_init(&t, name, REC_KIND_DICT);
    c = &t.cols[rec_table_add(&t, "id", REC_STR, 1, REC_PLAIN, NULL)];
    if (rank != NULL) {
        enum rec_status st = gather(d, rank, c, err);

        if (st != REC_OK) {
            rec_table_free(&t);
            return st;
        }
    } else { /* as they are */
        c->at = d->at;
        c->text = d->text;
        c->cap = d->cap;
        d->at = NULL;
        d->text = (struct rec_buf){ 0 };
    }
    t.n_rows = d->n;
    *out = t;
    rec_dict_free(d);
    return REC_OK;
}

void rec_dict_free(struct rec_dict *d)
{
    rec_free(d->at);
    rec_free(d->slots);
    rec_buf_free(&d->text);
    *d = (struct rec_dict){ 0 };
}
