#include "eval/recommending.h"

#include <inttypes.h>
#include <stdio.h>

enum { MOST_USERS = 8192, MOST_HITS = 1 << 22 };

/* Lists of a batch and whose they are. */
struct batch {
    uint32_t size;
    struct rec_lists l;
    struct rec_owner *owner;
    float *score; /* (I) for what is done one at a time */
};

static void batch_free(struct batch *b)
{
    rec_lists_free(&b->l);
    rec_free(b->owner);
    rec_free(b->score);
}

/* For N lists in all. */
static enum rec_status batch_make(const struct rec_catalog *c, uint32_t n, uint32_t k,
                                  struct batch *out, struct rec_err *err)
{
    uint32_t depth = k < c->ranker.n_items ? k : c->ranker.n_items;
    uint32_t most = MOST_HITS / (depth > 0 ? depth : 1);
    struct batch b = { .size = most > MOST_USERS ? MOST_USERS : most > 1 ? most : 1 };
    enum rec_status st;

    b.size = n < b.size ? n : b.size;
    st = rec_lists_make(b.size, depth, &b.l, err);
    if (st == REC_OK) {
        b.owner = rec_alloc(b.size, sizeof *b.owner, "lists", err);
        if (b.owner != NULL)
            b.score = rec_alloc(c->ranker.n_items, sizeof *b.score, "scores", err);
        st = b.score == NULL ? REC_ESYSTEM : REC_OK;
    }
    if (st == REC_OK)
        *out = b;
    else
        batch_free(&b);
    return st;
}

static enum rec_status write_batch(const struct batch *b, uint32_t k,
                                   struct rec_list_text *t, uint64_t *short_lists,
                                   struct rec_err *err)
{
    for (uint32_t u = 0; u < b->l.n; u++)
        *short_lists += b->l.n_hits[u] < k;
    return rec_list_text_add(t, b->owner, &b->l, err);
}

static struct rec_owner id_of(const struct rec_column *ids, uint32_t number)
{
    struct rec_owner o;

    o.text = rec_column_text(ids, number, &o.len);
    return o;
}

enum rec_status rec_recommend_users(const struct rec_catalog *c, const uint32_t *user,
                                    uint32_t n, uint32_t k, bool seen,
                                    struct rec_list_text *t, uint64_t *short_lists,
                                    struct rec_err *err)
{
    const struct rec_list_rules rules = { seen ? NULL : &c->seen, c->add };
    struct batch b = { .size = 0 };
    enum rec_status st = batch_make(c, n, k, &b, err);

    for (uint32_t at = 0; st == REC_OK && at < n; at += b.size) {
        uint32_t m = n - at < b.size ? n - at : b.size;

        st = rec_lists_fill(&c->ranker, user + at, m, &rules, &b.l, err);
        for (uint32_t u = 0; st == REC_OK && u < m; u++)
            b.owner[u] = id_of(c->ids[REC_USERS], user[at + u]);
        if (st == REC_OK)
            st = write_batch(&b, k, t, short_lists, err);
    }
    batch_free(&b);
    return st;
}

/* Her ratings cannot be used: says which cannot, alone, and where it stands. */
static enum rec_status blame(const struct rec_ranker *r, const struct rec_newcomers *x,
                             uint32_t u, float *score, enum rec_status st,
                             struct rec_err *err)
{
    uint64_t from = x->off[u], to = x->off[u + 1], k = from;
    char shown[120], at[400];
    struct rec_err of_one;

    while (st == REC_EINPUT && k + 1 < to &&
           r->is->fold_in(r->self, x->item + k,
                          x->rating == NULL ? NULL : x->rating + k, 1, score,
                          &of_one) == REC_OK)
        k++;
    (void)rec_printable((const char *)x->names.text.data + x->names.at[u],
                        (size_t)(x->names.at[u + 1] - x->names.at[u]), shown,
                        sizeof shown);
    (void)snprintf(at, sizeof at, "%s:%" PRIu64 ": %s", x->file, x->line[k], shown);
    return rec_fail_in(err, st, at);
}

static enum rec_status fold_in(const struct rec_catalog *c,
                               const struct rec_newcomers *x, uint32_t u, bool seen,
                               struct batch *b, struct rec_err *err)
{
    const struct rec_ranker *r = &c->ranker;
    uint64_t from = x->off[u];
    uint32_t n = (uint32_t)(x->off[u + 1] - from), at = b->l.n++;
    struct rec_owner *o = &b->owner[at];
    enum rec_status st;

    o->text = (const char *)x->names.text.data + x->names.at[u];
    o->len = (size_t)(x->names.at[u + 1] - x->names.at[u]);
    st = r->is->fold_in(r->self, x->item + from,
                        x->rating == NULL ? NULL : x->rating + from, n, b->score, err);
    if (st == REC_OK)
        st = rec_list_of(b->score, r->n_items, x->item + from, seen ? 0 : n, c->add,
                         b->l.k, b->l.hit + (size_t)at * b->l.k, &b->l.n_hits[at], err);
    return st == REC_OK ? st : blame(r, x, u, b->score, st, err);
}

enum rec_status rec_recommend_new(const struct rec_catalog *c,
                                  const struct rec_newcomers *x, uint32_t k, bool seen,
                                  struct rec_list_text *t, uint64_t *short_lists,
                                  struct rec_err *err)
{
    struct batch b = { .size = 0 };
    enum rec_status st = batch_make(c, x->n, k, &b, err);

    for (uint32_t u = 0; st == REC_OK && u < x->n; u++) {
        if (x->off[u] < x->off[u + 1]) /* else nothing is known of her */
            st = fold_in(c, x, u, seen, &b, err);
        if (st == REC_OK && (b.l.n == b.size || u + 1 == x->n)) {
            st = write_batch(&b, k, t, short_lists, err);
            b.l.n = 0;
        }
    }
    batch_free(&b);
    return st;
}

/* ---- items like items ---- */

enum rec_status rec_recommend_similar(const struct rec_catalog *c, const uint32_t *item,
                                      uint32_t n, uint32_t k, struct rec_list_text *t,
                                      uint64_t *short_lists, struct rec_err *err)
{
    struct batch b = { .size = 0 };
    enum rec_status st = batch_make(c, n, k, &b, err);

    for (uint32_t i = 0; st == REC_OK && i < n; i++) {
        uint32_t at = b.l.n++;

        rec_cosines(&c->ranker, item[i], b.score);
        b.owner[at] = id_of(c->ids[REC_ITEMS], item[i]);
        st = rec_list_of(b.score, c->ranker.n_items, NULL, 0, c->add, b.l.k,
                         b.l.hit + (size_t)at * b.l.k, &b.l.n_hits[at], err);
        if (st == REC_OK && (b.l.n == b.size || i + 1 == n)) {
            st = write_batch(&b, k, t, short_lists, err);
            b.l.n = 0;
        }
    }
    batch_free(&b);
    return st;
}
