#include "nn/byvector.h"

#include "base/clones.h"

enum { USERS, ITEMS };

void rec_by_vector_free(struct rec_by_vector *x)
{
    for (int s = 0; s < 2; s++) {
        rec_free(x->vec[s]);
        rec_free(x->own[s]);
    }
    rec_products_free(&x->items);
    *x = (struct rec_by_vector){ 0 };
}

enum rec_status rec_by_vector_make(uint32_t n_users, uint32_t n_items, uint32_t d,
                                   struct rec_by_vector *out, struct rec_err *err)
{
    struct rec_by_vector x = { .n = { n_users, n_items }, .d = d };

    for (int s = 0; s < 2; s++) {
        x.vec[s] = rec_alloc_zero(x.n[s], d * sizeof(float), "vectors", err);
        if (x.vec[s] != NULL)
            x.own[s] = rec_alloc_zero(x.n[s], sizeof(float), "vectors", err);
        if (x.own[s] == NULL) {
            rec_by_vector_free(&x);
            return REC_ESYSTEM;
        }
    }
    *out = x;
    return REC_OK;
}

enum rec_status rec_by_vector_pack(struct rec_by_vector *x, struct rec_err *err)
{
    return rec_products_make(x->vec[ITEMS], x->n[ITEMS], x->d, &x->items, err);
}

REC_CLONES static void add_own(float *out, const float *own, uint32_t n, float user)
{
    for (uint32_t i = 0; i < n; i++)
        out[i] += user + own[i];
}

size_t rec_by_vector_scratch(uint32_t b)
{
    return b * sizeof(const float *);
}

void rec_by_vector_scores(const struct rec_by_vector *x, const uint32_t *user,
                          uint32_t b, void *scratch, float *out)
{
    const float **row = scratch;
    size_t n = x->n[ITEMS];

    for (uint32_t u = 0; u < b; u++)
        row[u] = x->vec[USERS] + (size_t)user[u] * x->d;
    rec_products_rows(&x->items, row, b, out);
    for (uint32_t u = 0; u < b; u++)
        add_own(out + u * n, x->own[ITEMS], x->n[ITEMS], x->own[USERS][user[u]]);
}

void rec_by_vector_one(const struct rec_by_vector *x, const float *vec, float own,
                       float *out)
{
    rec_products_rows(&x->items, &vec, 1, out);
    add_own(out, x->own[ITEMS], x->n[ITEMS], own);
}
