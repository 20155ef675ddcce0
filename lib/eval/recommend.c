#include "eval/recommend.h"

#include <math.h>
#include <stdatomic.h>
#include <string.h>

#include "base/clones.h"
#include "base/par.h"

/* ---- who ranks ---- */

enum rec_status rec_ranker_of(const struct rec_trained *t, uint32_t n_items,
                              struct rec_ranker *out, struct rec_err *err)
{
    const struct rec_ranking *is = t->kind->ranking;
    enum rec_status st = REC_OK;

    if (is == NULL)
        return rec_fail(err, REC_EFORMAT, "model '%s' cannot rank items",
                        t->kind->name);
    if (is->ready != NULL)
        st = is->ready(t->self, err);
    if (st == REC_OK)
        *out = (struct rec_ranker){ .n_items = n_items, .is = is, .self = t->self };
    return st;
}

/* ---- lists ---- */

enum rec_status rec_lists_make(uint32_t n, uint32_t k, struct rec_lists *out,
                               struct rec_err *err)
{
    struct rec_lists l = { .k = k };

    l.n_hits = rec_alloc_zero(n, sizeof *l.n_hits, "lists", err);
    if (l.n_hits != NULL)
        l.hit = rec_alloc((size_t)n * k, sizeof *l.hit, "lists", err);
    if (l.hit == NULL) {
        rec_lists_free(&l);
        return REC_ESYSTEM;
    }
    *out = l;
    return REC_OK;
}

void rec_lists_free(struct rec_lists *l)
{
    rec_free(l->n_hits);
    rec_free(l->hit);
    *l = (struct rec_lists){ 0 };
}

REC_CLONES static void add_to(float *score, const float *add, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        score[i] += add[i];
}

/* The list of one; false if a score is not finite. */
static bool list_of(float *score, uint32_t n_items, const uint32_t *seen, size_t n_seen,
                    const float *add, uint32_t k, struct rec_hit *out, uint32_t *n_hits)
{
    if (add != NULL)
        add_to(score, add, n_items);
    for (size_t e = 0; e < n_seen; e++)
        score[seen[e]] = -INFINITY;
    return rec_topk(score, n_items, k, out, n_hits);
}

enum rec_status rec_list_of(float *score, uint32_t n_items, const uint32_t *seen,
                            size_t n_seen, const float *add, uint32_t k,
                            struct rec_hit *out, uint32_t *n_hits, struct rec_err *err)
{
    return list_of(score, n_items, seen, n_seen, add, k, out, n_hits)
               ? REC_OK
               : rec_fail(err, REC_ENUMERIC, "a score is not a finite number");
}

/* ---- of many users ---- */

/* Users of a block, fewer where the items are very many: some 256 MiB of scores. */
static uint32_t block_users(uint32_t n_items)
{
    uint32_t most = (64u << 20) / (n_items > 0 ? n_items : 1);

    return most > 48 ? 48 : most > 1 ? most : 1;
}

/* What runs side by side: each slot takes the next block that none has taken. */
struct work {
    const struct rec_ranker *r;
    const uint32_t *user;
    const struct rec_list_rules *rules;
    struct rec_lists *l;
    uint32_t block, n_blocks;
    _Atomic uint32_t next;
    char *room; /* (slots, room_bytes) */
    size_t room_bytes, scratch_bytes;
    uint32_t *bad; /* (slots) the first of its users with a bad score, or UINT32_MAX */
};

static void score_block(const struct work *k, const uint32_t *user, uint32_t b,
                        void *scratch, float *score)
{
    const struct rec_ranker *r = k->r;

    if (r->same == NULL)
        r->is->scores(r->self, user, b, scratch, score);
    for (uint32_t u = 0; r->same != NULL && u < b; u++)
        memcpy(score + (size_t)u * r->n_items, r->same, r->n_items * sizeof *score);
}

static void list_block(const struct work *k, uint32_t slot, uint32_t first, uint32_t b)
{
    void *scratch = k->room + slot * k->room_bytes;
    float *score = (float *)(void *)((char *)scratch + k->scratch_bytes);
    const struct rec_seen *seen = k->rules->seen;
    uint32_t n_items = k->r->n_items, depth = k->l->k;

    score_block(k, k->user + first, b, scratch, score);
    for (uint32_t u = first; u < first + b; u++, score += n_items) {
        uint64_t from = seen == NULL ? 0 : seen->off[k->user[u]];
        uint64_t to = seen == NULL ? 0 : seen->off[k->user[u] + 1];

        if (!list_of(score, n_items, seen == NULL ? NULL : seen->item + from, to - from,
                     k->rules->add, depth, k->l->hit + (size_t)u * depth,
                     &k->l->n_hits[u]) &&
            u < k->bad[slot])
            k->bad[slot] = u;
    }
}

static void run_slot(void *ctx, uint32_t slot)
{
    struct work *k = ctx;
    uint32_t b;

    while ((b = atomic_fetch_add(&k->next, 1)) < k->n_blocks) {
        uint32_t first = b * k->block, left = k->l->n - first;

        list_block(k, slot, first, left < k->block ? left : k->block);
    }
}

static enum rec_status run_slots(struct work *k, uint32_t n_slots, struct rec_err *err)
{
    uint32_t bad = UINT32_MAX;

    for (uint32_t s = 0; s < n_slots; s++)
        k->bad[s] = UINT32_MAX;
    rec_par_run(n_slots, run_slot, k);
    for (uint32_t s = 0; s < n_slots; s++)
        bad = k->bad[s] < bad ? k->bad[s] : bad;
    return bad == UINT32_MAX
               ? REC_OK
               : rec_fail(err, REC_ENUMERIC,
                          "a score of user number %u is not a finite number",
                          k->user[bad]);
}

enum rec_status rec_lists_fill(const struct rec_ranker *r, const uint32_t *user,
                               uint32_t n, const struct rec_list_rules *rules,
                               struct rec_lists *l, struct rec_err *err)
{
    struct work k = { .r = r, .user = user, .rules = rules, .l = l };
    uint32_t n_slots = rec_par_threads();
    enum rec_status st = REC_ESYSTEM;

    l->n = n;
    k.block = block_users(r->n_items);
    k.n_blocks = (uint32_t)(((uint64_t)n + k.block - 1) / k.block);
    n_slots = k.n_blocks < n_slots ? k.n_blocks : n_slots;
    if (r->same == NULL)
        k.scratch_bytes = (r->is->scratch_bytes(r->self, k.block) + 63) & ~(size_t)63;
    k.room_bytes = k.scratch_bytes + (size_t)k.block * r->n_items * sizeof(float);
    k.room_bytes = (k.room_bytes + 63) & ~(size_t)63;
    k.room = rec_alloc(n_slots, k.room_bytes, "scores", err);
    if (k.room != NULL)
        k.bad = rec_alloc(n_slots, sizeof *k.bad, "scores", err);
    if (k.bad != NULL)
        st = run_slots(&k, n_slots, err);
    rec_free(k.room);
    rec_free(k.bad);
    return st;
}

/* ---- items like an item ---- */

static double product(const float *a, const float *b, uint32_t d)
{
    double sum = 0.0;

    for (uint32_t j = 0; j < d; j++)
        sum += (double)a[j] * (double)b[j];
    return sum;
}

void rec_cosines(const struct rec_ranker *r, uint32_t item, float *score)
{
    uint32_t d;
    const float *x = r->is->vectors(r->self, REC_ITEMS, &d);
    const float *own = x + (size_t)item * d;
    double square = product(own, own, d);

    for (uint32_t i = 0; i < r->n_items; i++, x += d) {
        double other = product(x, x, d);

        score[i] = i == item || !(square > 0.0) || !(other > 0.0)
                       ? -INFINITY
                       : (float)(product(own, x, d) / sqrt(square * other));
    }
}
