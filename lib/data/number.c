#include "data/number.h"

#include <assert.h>
#include <string.h>

#include "data/parts.h"

enum {
    FEW_BITS = 4, /* parts of a small budget, */
    MANY_BITS = 6,
    MANY_FROM = 4 << 20, /* and of one from here on */
    MAX_BLOCK = 1 << 16,
    CHUNK = 1024 /* rows added or read at a time */
};

struct rec_number {
    uint64_t budget, share;
    enum rec_number_order order;
    struct rec_spool *spool;
    uint64_t n_rows;
    /* as long as memory is enough */
    struct rec_dict dict;
    uint32_t n_taken;
    struct rec_tape known; /* u32 index in the dictionary of these rows */
    uint64_t n_known;
    /* afterwards; the dictionary's strings are the seeds */
    bool spilled, ended;
    struct rec_parts parts;
    uint32_t n_distinct;
    /* reading: a string's final code by its index, or id; NULL where they are equal */
    uint32_t *code;
    uint32_t *order_of; /* not spilled: index by code */
    uint32_t n_strings; /* given so far */
    struct rec_merge merge;
    struct rec_parts_string text;
    uint64_t strings_row;
    bool strings_begun, strings_done;
    uint64_t row;  /* read so far */
    uint64_t seen; /* rows that were the first of their string, and the taken ones */
};

static uint32_t block_bytes(uint64_t budget, unsigned bits)
{
    uint32_t b = MAX_BLOCK;

    while ((uint64_t)b << bits > budget / 8)
        b /= 2;
    return b;
}

static unsigned part_bits(uint64_t budget)
{
    return budget < MANY_FROM ? FEW_BITS : MANY_BITS;
}

enum rec_status rec_number_open(uint64_t budget, struct rec_number **out,
                                struct rec_err *err)
{
    struct rec_number *n;
    enum rec_status st;

    if (budget < REC_NUMBER_LEAST)
        return rec_fail(err, REC_ESYSTEM,
                        "memory limit: numbering ids needs %d bytes, %llu are left; "
                        "raise -M",
                        REC_NUMBER_LEAST, (unsigned long long)budget);
    n = rec_alloc_zero(1, sizeof *n, "numbers", err);
    if (n == NULL)
        return REC_ESYSTEM;
    n->budget = budget;
    n->share = budget / 8 * 5;
    st = rec_spool_open(block_bytes(budget, part_bits(budget)), &n->spool, err);
    if (st != REC_OK) {
        rec_number_close(n);
        return st;
    }
    n->known.spool = n->spool;
    *out = n;
    return REC_OK;
}

void rec_number_close(struct rec_number *n)
{
    if (n == NULL)
        return;
    rec_dict_free(&n->dict);
    rec_tape_free(&n->known);
    rec_parts_free(&n->parts);
    rec_merge_free(&n->merge);
    rec_buf_free(&n->text.text);
    rec_free(n->code);
    rec_free(n->order_of);
    rec_spool_close(n->spool);
    rec_free(n);
}

uint64_t rec_number_spilled(const struct rec_number *n)
{
    return rec_spool_bytes(n->spool);
}

uint32_t rec_number_distinct(const struct rec_number *n)
{
    return n->n_distinct;
}

const uint32_t *rec_number_taken(const struct rec_number *n)
{
    return n->order == REC_NUMBER_SORTED ? n->code : NULL;
}

/* ---- adding ---- */

/* The strings so far become seeds, and the dictionary is given up. */
static enum rec_status spill(struct rec_number *n, struct rec_err *err)
{
    const struct rec_dict *d = &n->dict;
    enum rec_status st =
        rec_parts_init(&n->parts, n->spool, 0, part_bits(n->budget), err);

    n->spilled = true;
    for (uint32_t i = 0; st == REC_OK && i < d->n; i++)
        st = rec_parts_add_seed(&n->parts, i, d->text.data + d->at[i],
                                (size_t)(d->at[i + 1] - d->at[i]), err);
    rec_dict_free(&n->dict);
    return st;
}

enum rec_status rec_number_take(struct rec_number *n, struct rec_dict *d,
                                struct rec_err *err)
{
    assert(n->n_rows == 0 && n->dict.n == 0);
    n->dict = *d;
    n->n_taken = d->n;
    n->seen = d->n;
    *d = (struct rec_dict){ 0 };
    return rec_dict_need(&n->dict, 0, 0) > n->share ? spill(n, err) : REC_OK;
}

enum rec_status rec_number_add(struct rec_number *n, const void *s, size_t len,
                               struct rec_err *err)
{
    enum rec_status st = REC_OK;
    uint32_t index;
    bool is_new;

    assert(!n->ended);
    n->n_rows++;
    if (!n->spilled && rec_dict_need(&n->dict, 1, len) > n->share)
        st = spill(n, err);
    if (st == REC_OK && n->spilled)
        return rec_parts_add(&n->parts, s, len, err);
    if (st == REC_OK)
        st = rec_dict_add(&n->dict, s, len, &index, &is_new, err);
    if (st == REC_OK)
        st = rec_tape_write(&n->known, &index, sizeof index, err);
    n->n_known++;
    return st;
}

/* Rows FIRST .. FIRST + M - 1, at most CHUNK. */
static enum rec_status add_chunk(struct rec_number *n, const struct rec_column *text,
                                 size_t first, size_t m, struct rec_err *err)
{
    struct rec_column part = { .type = REC_STR, .width = 1, .at = text->at + first };
    size_t bytes = (size_t)(text->at[first + m] - text->at[first]);
    uint32_t index[CHUNK];
    enum rec_status st = REC_OK;

    part.text = text->text;
    if (!n->spilled && rec_dict_need(&n->dict, m, bytes) > n->share)
        st = spill(n, err);
    if (st != REC_OK)
        return st;
    n->n_rows += m;
    for (size_t i = 0; n->spilled && i < m && st == REC_OK; i++) {
        size_t len;
        const char *s = rec_column_text(&part, i, &len);

        st = rec_parts_add(&n->parts, s, len, err);
    }
    if (n->spilled)
        return st;
    n->n_known += m;
    st = rec_dict_add_column(&n->dict, &part, m, index, err);
    return st == REC_OK ? rec_tape_write(&n->known, index, m * sizeof *index, err) : st;
}

enum rec_status rec_number_add_column(struct rec_number *n,
                                      const struct rec_column *text, size_t n_rows,
                                      struct rec_err *err)
{
    enum rec_status st = REC_OK;

    assert(!n->ended);
    for (size_t first = 0; st == REC_OK && first < n_rows; first += CHUNK)
        st = add_chunk(n, text, first, n_rows - first < CHUNK ? n_rows - first : CHUNK,
                       err);
    return st;
}

enum rec_status rec_number_end(struct rec_number *n, enum rec_number_order order,
                               struct rec_err *err)
{
    struct rec_parts_plan plan = { order, n->share, n->parts.n_seeds };
    enum rec_status st = REC_OK;

    assert(!n->ended);
    n->ended = true;
    n->order = order;
    n->n_distinct = n->dict.n;
    if (n->spilled) {
        st = rec_tape_park(&n->known, err);
        if (st == REC_OK)
            st = rec_parts_number(&n->parts, &plan, err);
        n->n_distinct = (uint32_t)plan.next_id;
    } else if (order == REC_NUMBER_SORTED) {
        n->code = rec_alloc(n->dict.n, sizeof *n->code, "sorting ids", err);
        st = n->code == NULL ? REC_ESYSTEM : rec_dict_rank(&n->dict, n->code, err);
    } else { /* nothing is looked up any more */
        rec_free(n->dict.slots);
        n->dict.slots = NULL;
    }
    return st;
}

/* ---- reading strings ---- */

/* Room for the codes by id, when the first of them becomes known. */
static enum rec_status need_codes(struct rec_number *n, struct rec_err *err)
{
    if (n->spilled && n->code == NULL)
        n->code = rec_alloc(n->n_distinct, sizeof *n->code, "numbers of ids", err);
    return n->spilled && n->code == NULL ? REC_ESYSTEM : REC_OK;
}

static enum rec_status begin_strings(struct rec_number *n, struct rec_err *err)
{
    enum rec_status st = need_codes(n, err);

    n->strings_begun = true;
    if (st == REC_OK && n->spilled && n->order == REC_NUMBER_SORTED)
        return rec_merge_begin(&n->merge, &n->parts, err);
    if (st == REC_OK && n->spilled)
        return rec_parts_rewind(&n->parts, true, err);
    if (st != REC_OK || n->code == NULL)
        return st;
    n->order_of = rec_alloc(n->dict.n, sizeof *n->order_of, "order of ids", err);
    if (n->order_of == NULL)
        return REC_ESYSTEM;
    for (uint32_t i = 0; i < n->dict.n; i++)
        n->order_of[n->code[i]] = i;
    return REC_OK;
}

static void end_strings(struct rec_number *n)
{
    n->strings_done = true;
    rec_merge_free(&n->merge);
    rec_buf_free(&n->text.text);
    rec_dict_free(&n->dict);
    rec_free(n->order_of);
    n->order_of = NULL;
}

/* By the order of first rows: the part of the next one is asked for the string. */
static enum rec_status next_first(struct rec_number *n, struct rec_err *err)
{
    struct rec_part *part = NULL;
    enum rec_status st = REC_OK;
    bool is_new = false;
    uint32_t id;

    while (st == REC_OK && !is_new) {
        bool is_seed = n->strings_row < n->parts.n_seeds;

        st = is_seed ? rec_parts_seed(&n->parts, &part, err)
                     : rec_parts_row(&n->parts, &part, &id, &is_new, err);
        is_new |= is_seed;
        n->strings_row++;
    }
    return st == REC_OK ? rec_parts_read_string(&part->strings, &n->text, err) : st;
}

static enum rec_status next_spilled(struct rec_number *n, const void **s, size_t *len,
                                    struct rec_err *err)
{
    const struct rec_parts_string *t = &n->text;
    enum rec_status st = n->order == REC_NUMBER_SORTED
                             ? rec_merge_next(&n->merge, &t, err)
                             : next_first(n, err);

    if (st != REC_OK)
        return st;
    n->code[t->id] = n->n_strings++;
    *s = t->text.data;
    *len = t->text.n;
    return REC_OK;
}

enum rec_status rec_number_string(struct rec_number *n, const void **s, size_t *len,
                                  bool *more, struct rec_err *err)
{
    const struct rec_dict *d = &n->dict;
    uint32_t i;

    assert(n->ended && n->order != REC_NUMBER_ROWS);
    *more = n->n_strings < n->n_distinct;
    if (*more && !n->strings_begun) {
        enum rec_status st = begin_strings(n, err);

        if (st != REC_OK)
            return st;
    }
    if (!*more) {
        end_strings(n);
        return REC_OK;
    }
    if (n->spilled)
        return next_spilled(n, s, len, err);
    i = n->order_of == NULL ? n->n_strings : n->order_of[n->n_strings];
    n->n_strings++;
    *s = d->text.data + d->at[i];
    *len = (size_t)(d->at[i + 1] - d->at[i]);
    return REC_OK;
}

/* ---- reading codes ---- */

/* What has to be known before: the codes of all ids, where they follow the bytes. */
static enum rec_status begin_codes(struct rec_number *n, struct rec_err *err)
{
    enum rec_status st = REC_OK;
    struct rec_part *part;
    bool more = n->spilled && n->order == REC_NUMBER_SORTED && !n->strings_done;
    const void *s;
    size_t len;

    while (st == REC_OK && more)
        st = rec_number_string(n, &s, &len, &more, err);
    end_strings(n);
    if (st == REC_OK)
        st = rec_tape_rewind(&n->known, err);
    if (st == REC_OK && n->spilled) {
        for (size_t i = 0; st == REC_OK && i < (size_t)1 << n->parts.bits; i++)
            st = rec_tape_park(&n->parts.part[i].strings, err);
        if (st == REC_OK)
            st = rec_parts_rewind(&n->parts, false, err);
    }
    for (uint64_t i = 0; st == REC_OK && i < n->parts.n_seeds; i++)
        st = rec_parts_seed(&n->parts, &part, err);
    return st;
}

/* One row of a numbering that has spilled, behind those known before. */
static enum rec_status next_row(struct rec_number *n, uint32_t *code, bool *is_new,
                                struct rec_err *err)
{
    bool by_sight = n->order != REC_NUMBER_SORTED;
    struct rec_part *part;
    uint32_t id;
    enum rec_status st = rec_parts_row(&n->parts, &part, &id, is_new, err);

    if (st != REC_OK || code == NULL)
        return st;
    if (by_sight && id < n->parts.n_seeds)
        *code = id;
    else if (by_sight && *is_new)
        *code = n->code[id] = (uint32_t)n->seen;
    else
        *code = n->code[id];
    return REC_OK;
}

static enum rec_status known_rows(struct rec_number *n, uint32_t *codes, bool *is_new,
                                  size_t m, struct rec_err *err)
{
    uint32_t index[CHUNK];
    enum rec_status st = rec_tape_read(&n->known, index, m * sizeof *index, err);

    for (size_t i = 0; st == REC_OK && i < m; i++) {
        bool first = index[i] == n->seen;

        n->seen += first;
        if (is_new != NULL)
            is_new[i] = first;
        if (codes != NULL)
            codes[i] = n->order == REC_NUMBER_SORTED ? n->code[index[i]] : index[i];
    }
    return st;
}

enum rec_status rec_number_codes(struct rec_number *n, uint32_t *codes, bool *is_new,
                                 size_t max, size_t *got, struct rec_err *err)
{
    uint64_t left = n->n_rows - n->row;
    size_t m = left < max ? (size_t)left : max, i = 0;
    enum rec_status st = n->row == 0 && m > 0 ? begin_codes(n, err) : REC_OK;

    assert(n->ended);
    if (st == REC_OK && codes != NULL && m > 0)
        st = need_codes(n, err);
    while (st == REC_OK && i < m) {
        uint64_t known = n->row + i < n->n_known ? n->n_known - n->row - i : 0;
        size_t part = known < m - i ? (size_t)known : m - i;
        bool first;

        if (part > 0) {
            part = part < CHUNK ? part : CHUNK;
            st = known_rows(n, codes == NULL ? NULL : codes + i,
                            is_new == NULL ? NULL : is_new + i, part, err);
            i += part;
            continue;
        }
        st = next_row(n, codes == NULL ? NULL : codes + i, &first, err);
        n->seen += first;
        if (is_new != NULL)
            is_new[i] = first;
        i++;
    }
    n->row += m;
    *got = m;
    return st;
}
