#include "data/featureentries.h"

#include <stdlib.h>

#include "data/features.h"

void rec_feature_entries_free(struct rec_feature_entries *e)
{
    rec_dict_free(&e->keys);
    rec_free(e->x);
    *e = (struct rec_feature_entries){ .n = 0 };
}

enum rec_status rec_feature_entries_add(struct rec_feature_entries *e, uint32_t node,
                                        const struct rec_buf *key, float value,
                                        struct rec_err *err)
{
    struct rec_feature_entry x = { .node = node, .value = value };
    bool is_new;
    enum rec_status st =
        rec_dict_add(&e->keys, key->data, key->n, &x.feature, &is_new, err);

    if (st == REC_OK && e->n == e->cap) {
        size_t cap = e->cap + e->cap / 2 + 256;
        void *p = rec_realloc(e->x, cap, sizeof *e->x, "features", err);

        if (p == NULL)
            return REC_ESYSTEM;
        e->x = p;
        e->cap = cap;
    }
    if (st == REC_OK)
        e->x[e->n++] = x;
    return st;
}

/* ---- sections ---- */

static int by_node(const void *a, const void *b)
{
    const struct rec_feature_entry *x = a, *y = b;

    if (x->node != y->node)
        return x->node < y->node ? -1 : 1;
    return x->feature < y->feature ? -1 : x->feature > y->feature;
}

static enum rec_status fill_entries(struct rec_feature_entries *e, const uint32_t *rank,
                                    struct rec_table *t, struct rec_err *err)
{
    enum rec_status st = rec_table_reserve(t, e->n, err);

    if (st != REC_OK)
        return st;
    for (size_t i = 0; i < e->n; i++)
        e->x[i].feature = rank[e->x[i].feature];
    qsort(e->x, e->n, sizeof *e->x, by_node);
    for (size_t i = 0; i < e->n; i++) {
        ((uint32_t *)t->cols[0].data)[i] = e->x[i].node;
        ((uint32_t *)t->cols[1].data)[i] = e->x[i].feature;
        ((float *)t->cols[2].data)[i] = e->x[i].value;
    }
    t->n_rows = e->n;
    return REC_OK;
}

static enum rec_status fill_names(const struct rec_feature_entries *e,
                                  const uint32_t *rank, struct rec_table *t,
                                  struct rec_err *err)
{
    uint32_t *at = rec_alloc(e->keys.n, sizeof *at, "features", err);
    enum rec_status st = at == NULL ? REC_ESYSTEM : REC_OK;

    for (uint32_t i = 0; st == REC_OK && i < e->keys.n; i++)
        at[rank[i]] = i;
    for (uint32_t i = 0; st == REC_OK && i < e->keys.n; i++) {
        uint64_t from = e->keys.at[at[i]] + REC_FEATURE_PLACE,
                 to = e->keys.at[at[i] + 1];

        st = rec_features_add_name(t, (const char *)e->keys.text.data + from, to - from,
                                   err);
    }
    rec_free(at);
    return st;
}

enum rec_status rec_feature_entries_write(struct rec_feature_entries *e,
                                          struct rec_table *entries,
                                          struct rec_table *names, struct rec_err *err)
{
    uint32_t *rank = rec_alloc(e->keys.n, sizeof *rank, "features", err);
    enum rec_status st =
        rank == NULL ? REC_ESYSTEM : rec_dict_rank(&e->keys, rank, err);

    if (st == REC_OK)
        st = fill_entries(e, rank, entries, err);
    if (st == REC_OK)
        st = fill_names(e, rank, names, err);
    rec_free(rank);
    return st;
}
