#include "data/parts.h"

#include <string.h>

#include "base/hash.h"

enum {
    MAX_LEVEL = 16,
    BATCH = 256,    /* rows that are looked up together, */
    BATCH_PART = 16 /* of at most so much of the share */
};

/* ---- dealing ---- */

enum rec_status rec_parts_init(struct rec_parts *p, struct rec_spool *spool,
                               unsigned level, unsigned bits, struct rec_err *err)
{
    size_t n = (size_t)1 << bits;

    *p = (struct rec_parts){ .spool = spool, .level = level, .bits = bits };
    p->part = rec_alloc_zero(n, sizeof *p->part, "parts", err);
    if (p->part == NULL)
        return REC_ESYSTEM;
    p->who.spool = spool;
    for (size_t i = 0; i < n; i++)
        p->part[i].rows.spool = p->part[i].ids.spool = p->part[i].strings.spool = spool;
    return REC_OK;
}

/* Every level deals by another hash. */
static uint8_t part_of(const struct rec_parts *p, const void *s, size_t n)
{
    uint64_t key = rec_hash_key() + (p->level + 1) * 0xd1b54a32d192ed03u;

    return (uint8_t)(rec_hash64(s, n, key) >> (64 - p->bits));
}

static enum rec_status write_text(struct rec_tape *t, const void *s, size_t n,
                                  struct rec_err *err)
{
    enum rec_status st = rec_tape_write_varint(t, n, err);

    return st == REC_OK ? rec_tape_write(t, s, n, err) : st;
}

enum rec_status rec_parts_add_seed(struct rec_parts *p, uint32_t id, const void *s,
                                   size_t n, struct rec_err *err)
{
    uint8_t who = part_of(p, s, n);
    enum rec_status st = rec_tape_write(&p->who, &who, 1, err);

    if (st == REC_OK)
        st = rec_tape_write_varint(&p->part[who].rows, id, err);
    if (st == REC_OK)
        st = write_text(&p->part[who].rows, s, n, err);
    p->n_seeds++;
    p->part[who].n_seeds++;
    return st;
}

enum rec_status rec_parts_add(struct rec_parts *p, const void *s, size_t n,
                              struct rec_err *err)
{
    uint8_t who = part_of(p, s, n);
    enum rec_status st = rec_tape_write(&p->who, &who, 1, err);

    if (st == REC_OK)
        st = write_text(&p->part[who].rows, s, n, err);
    p->n_rows++;
    p->part[who].n_rows++;
    return st;
}

/* ---- one part whose strings fit ---- */

struct leaf {
    struct rec_part *part;
    struct rec_parts_plan *plan;
    struct rec_dict dict;
    uint32_t *seed_ids; /* (part->n_seeds) */
    uint32_t seen;      /* strings whose first row has been passed */
    struct rec_column batch;
    uint32_t index[BATCH]; /* in the dictionary */
    size_t n_batch;
    bool too_large;
};

/* The next rows, at most MAX, or one that is larger than a batch may be. */
static enum rec_status read_batch(struct leaf *l, uint64_t max, uint32_t *seed_ids,
                                  struct rec_err *err)
{
    struct rec_column *c = &l->batch;
    struct rec_tape *t = &l->part->rows;
    enum rec_status st = rec_column_reserve(c, BATCH, err);

    c->text.n = 0;
    for (l->n_batch = 0; st == REC_OK && l->n_batch < BATCH && l->n_batch < max;) {
        uint64_t id = 0, len = 0;

        if (c->text.n > l->plan->share / BATCH_PART)
            break;
        if (seed_ids != NULL) {
            st = rec_tape_read_varint(t, &id, err);
            seed_ids[l->n_batch] = (uint32_t)id;
        }
        if (st == REC_OK)
            st = rec_tape_read_varint(t, &len, err);
        if (st == REC_OK)
            st = rec_buf_reserve(&c->text, (size_t)len + 1, err);
        if (st == REC_OK)
            st = rec_tape_read(t, c->text.data + c->text.n, (size_t)len, err);
        c->text.n += (size_t)len;
        c->at[++l->n_batch] = c->text.n;
    }
    return st;
}

static bool fits(const struct leaf *l, size_t n, size_t bytes)
{
    return rec_dict_need(&l->dict, n, bytes) + l->part->n_seeds * sizeof *l->seed_ids <=
           l->plan->share;
}

/* Near the limit: whether it is passed depends on which strings are there already. */
static enum rec_status add_one_by_one(struct leaf *l, struct rec_err *err)
{
    for (size_t k = 0; k < l->n_batch; k++) {
        size_t len;
        const char *s = rec_column_text(&l->batch, k, &len);
        enum rec_status st;
        bool is_new;

        if (rec_dict_find(&l->dict, s, len, &l->index[k]))
            continue;
        l->too_large = !fits(l, 1, len);
        if (l->too_large && l->dict.n == 0)
            return rec_fail(err, REC_ESYSTEM,
                            "memory limit: a text of %zu bytes does not fit into the "
                            "%llu bytes there are for texts; raise -M",
                            len, (unsigned long long)l->plan->share);
        if (l->too_large)
            return REC_OK;
        st = rec_dict_add(&l->dict, s, len, &l->index[k], &is_new, err);
        if (st != REC_OK)
            return st;
    }
    return REC_OK;
}

static enum rec_status add_batch(struct leaf *l, struct rec_err *err)
{
    if (!fits(l, l->n_batch, l->batch.text.n))
        return add_one_by_one(l, err);
    return rec_dict_add_column(&l->dict, &l->batch, l->n_batch, l->index, err);
}

static uint32_t id_of(const struct leaf *l, uint32_t index)
{
    uint64_t n_seeds = l->part->n_seeds;

    return index < n_seeds ? l->seed_ids[index]
                           : (uint32_t)(l->plan->next_id + (index - n_seeds));
}

static enum rec_status read_seeds(struct leaf *l, struct rec_err *err)
{
    uint64_t n = l->part->n_seeds, done = 0;
    enum rec_status st = REC_OK;

    if (!fits(l, 0, 0)) {
        l->too_large = true;
        return REC_OK;
    }
    l->seed_ids = rec_alloc(n, sizeof *l->seed_ids, "ids", err);
    if (l->seed_ids == NULL)
        return REC_ESYSTEM;
    for (; st == REC_OK && done < n && !l->too_large; done += l->n_batch) {
        st = read_batch(l, n - done, l->seed_ids + done, err);
        if (st == REC_OK)
            st = add_batch(l, err);
    }
    l->seen = l->dict.n;
    return st;
}

static enum rec_status write_ids(struct leaf *l, struct rec_err *err)
{
    enum rec_status st = REC_OK;

    for (size_t k = 0; st == REC_OK && k < l->n_batch; k++) {
        bool is_new = l->index[k] >= l->seen;

        l->seen += is_new;
        st = rec_tape_write_varint(&l->part->ids,
                                   (uint64_t)id_of(l, l->index[k]) << 1 | is_new, err);
    }
    return st;
}

static enum rec_status read_rows(struct leaf *l, struct rec_err *err)
{
    uint64_t done = 0, n = l->part->n_rows;
    enum rec_status st = REC_OK;

    for (; st == REC_OK && done < n; done += l->n_batch) {
        st = read_batch(l, n - done, NULL, err);
        if (st == REC_OK)
            st = add_batch(l, err);
        if (st != REC_OK || l->too_large)
            break;
        st = write_ids(l, err);
    }
    return st;
}

/* The different strings; their ranks are turned into an order in place of the keys. */
static enum rec_status write_strings(struct leaf *l, struct rec_err *err)
{
    struct rec_dict *d = &l->dict;
    uint32_t *rank = NULL, *order = NULL;
    enum rec_status st = REC_OK;

    if (l->plan->order == REC_NUMBER_SORTED) {
        rank = rec_alloc(d->n, sizeof *rank, "sorting ids", err);
        st = rank == NULL ? REC_ESYSTEM : rec_dict_rank(d, rank, err);
        if (st == REC_OK)
            order = rec_alloc(d->n, sizeof *order, "sorting ids", err);
        if (order == NULL)
            st = REC_ESYSTEM;
        for (uint32_t i = 0; st == REC_OK && i < d->n; i++)
            order[rank[i]] = i;
    }
    for (uint32_t k = 0; st == REC_OK && k < d->n; k++) {
        uint32_t i = order == NULL ? k : order[k];

        st = rec_tape_write_varint(&l->part->strings, id_of(l, i), err);
        if (st == REC_OK)
            st = write_text(&l->part->strings, d->text.data + d->at[i],
                            (size_t)(d->at[i + 1] - d->at[i]), err);
    }
    rec_free(rank);
    rec_free(order);
    return st;
}

/* Gives up what the tapes of a part hold in memory. */
static enum rec_status park(struct rec_part *p, struct rec_err *err)
{
    enum rec_status st = rec_tape_park(&p->rows, err);

    if (st == REC_OK)
        st = rec_tape_park(&p->ids, err);
    return st == REC_OK ? rec_tape_park(&p->strings, err) : st;
}

/* *done is false if the part has to be dealt again. */
static enum rec_status number_leaf(struct rec_part *part, struct rec_parts_plan *plan,
                                   bool *done, struct rec_err *err)
{
    struct leaf l = { .part = part, .plan = plan };
    enum rec_status st = rec_tape_rewind(&part->rows, err);

    l.batch = (struct rec_column){ .type = REC_STR, .width = 1 };
    if (st == REC_OK && part->n_seeds > 0)
        st = read_seeds(&l, err);
    if (st == REC_OK && !l.too_large)
        st = read_rows(&l, err);
    if (st == REC_OK && !l.too_large && plan->order != REC_NUMBER_ROWS)
        st = write_strings(&l, err);
    if (st == REC_OK && !l.too_large)
        plan->next_id += l.dict.n - part->n_seeds;
    if (st == REC_OK && plan->next_id > REC_NUMBER_MOST)
        st = rec_fail(err, REC_ESYSTEM, "more than 2^32 - 2 different ids or rows");
    *done = !l.too_large;
    rec_dict_free(&l.dict);
    rec_column_free(&l.batch);
    rec_free(l.seed_ids);
    return st;
}

/* ---- one part that is dealt again ---- */

static enum rec_status deal(struct rec_part *part, struct rec_parts *to,
                            struct rec_err *err)
{
    struct rec_buf text = { 0 };
    enum rec_status st = rec_tape_rewind(&part->rows, err);

    for (uint64_t i = 0; st == REC_OK && i < part->n_seeds + part->n_rows; i++) {
        uint64_t id = 0, len = 0;

        if (i < part->n_seeds)
            st = rec_tape_read_varint(&part->rows, &id, err);
        if (st == REC_OK)
            st = rec_tape_read_varint(&part->rows, &len, err);
        text.n = 0;
        if (st == REC_OK)
            st = rec_buf_reserve(&text, (size_t)len + 1, err);
        if (st == REC_OK)
            st = rec_tape_read(&part->rows, text.data, (size_t)len, err);
        if (st == REC_OK)
            st = i < part->n_seeds
                     ? rec_parts_add_seed(to, (uint32_t)id, text.data, (size_t)len, err)
                     : rec_parts_add(to, text.data, (size_t)len, err);
    }
    rec_buf_free(&text);
    return st;
}

/* The ids of P as one part's; in the order of first rows, its strings too. */
static enum rec_status gather_rows(struct rec_parts *p, bool strings,
                                   struct rec_part *to, struct rec_err *err)
{
    struct rec_parts_string s = { 0 };
    enum rec_status st = rec_parts_rewind(p, strings, err);

    for (uint64_t i = 0; st == REC_OK && i < p->n_seeds + p->n_rows; i++) {
        struct rec_part *from = NULL;
        bool is_new = true, is_seed = i < p->n_seeds;
        uint32_t id = 0;

        st = is_seed ? rec_parts_seed(p, &from, err)
                     : rec_parts_row(p, &from, &id, &is_new, err);
        if (st == REC_OK && !is_seed)
            st = rec_tape_write_varint(&to->ids, (uint64_t)id << 1 | is_new, err);
        if (st != REC_OK || !strings || !is_new)
            continue;
        st = rec_parts_read_string(&from->strings, &s, err);
        if (st == REC_OK)
            st = rec_tape_write_varint(&to->strings, s.id, err);
        if (st == REC_OK)
            st = write_text(&to->strings, s.text.data, s.text.n, err);
    }
    rec_buf_free(&s.text);
    return st;
}

static enum rec_status gather_sorted(struct rec_parts *p, struct rec_part *to,
                                     struct rec_err *err)
{
    struct rec_merge m = { 0 };
    const struct rec_parts_string *s = NULL;
    enum rec_status st = rec_merge_begin(&m, p, err);

    if (st == REC_OK)
        st = rec_merge_next(&m, &s, err);
    while (st == REC_OK && s != NULL) {
        st = rec_tape_write_varint(&to->strings, s->id, err);
        if (st == REC_OK)
            st = write_text(&to->strings, s->text.data, s->text.n, err);
        if (st == REC_OK)
            st = rec_merge_next(&m, &s, err);
    }
    rec_merge_free(&m);
    return st;
}

static enum rec_status number_by_parts(const struct rec_parts *above,
                                       struct rec_part *part,
                                       struct rec_parts_plan *plan, struct rec_err *err)
{
    struct rec_parts p = { 0 };
    enum rec_status st;

    if (above->level == MAX_LEVEL)
        return rec_fail(err, REC_ESYSTEM,
                        "memory limit: texts do not fit into the %llu bytes there are "
                        "for them; raise -M",
                        (unsigned long long)plan->share);
    rec_tape_free(&part->ids); /* of the attempt without dealing */
    part->ids.spool = above->spool;
    st = rec_parts_init(&p, above->spool, above->level + 1, above->bits, err);
    if (st == REC_OK)
        st = deal(part, &p, err);
    if (st == REC_OK)
        st = rec_tape_park(&part->rows, err);
    if (st == REC_OK)
        st = rec_parts_number(&p, plan, err);
    if (st == REC_OK)
        st = gather_rows(&p, plan->order == REC_NUMBER_FIRST, part, err);
    for (size_t i = 0; st == REC_OK && i < (size_t)1 << p.bits; i++)
        st = park(&p.part[i], err);
    if (st == REC_OK && plan->order == REC_NUMBER_SORTED)
        st = gather_sorted(&p, part, err);
    rec_parts_free(&p);
    return st;
}

enum rec_status rec_parts_number(struct rec_parts *p, struct rec_parts_plan *plan,
                                 struct rec_err *err)
{
    size_t n = (size_t)1 << p->bits;
    enum rec_status st = rec_tape_park(&p->who, err);

    for (size_t i = 0; st == REC_OK && i < n; i++)
        st = rec_tape_park(&p->part[i].rows, err);
    for (size_t i = 0; st == REC_OK && i < n; i++) {
        bool done = true;

        st = number_leaf(&p->part[i], plan, &done, err);
        if (st == REC_OK && !done)
            st = number_by_parts(p, &p->part[i], plan, err);
        if (st == REC_OK)
            st = park(&p->part[i], err);
    }
    return st;
}

void rec_parts_free(struct rec_parts *p)
{
    for (size_t i = 0; p->part != NULL && i < (size_t)1 << p->bits; i++) {
        rec_tape_free(&p->part[i].rows);
        rec_tape_free(&p->part[i].ids);
        rec_tape_free(&p->part[i].strings);
    }
    rec_tape_free(&p->who);
    rec_free(p->part);
    *p = (struct rec_parts){ 0 };
}
