#ifndef REC_BYVECTOR_H
#define REC_BYVECTOR_H

#include "nn/products.h"

/*
 * Ranking by vectors: of a user u and an item i, index 0 and 1 of the arrays,
 *
 *   score = vec_u.vec_i + own_u + own_i
 *
 * with the products of nn/products.h: the bits of a score depend on u and i alone.
 * { 0 } is empty.
 */
struct rec_by_vector {
    uint32_t n[2], d; /* users, items, width */
    float *vec[2];    /* (n, d) */
    float *own[2];    /* (n) */
    struct rec_products items;
};

/* Vectors and numbers of zero, to be filled in; then rec_by_vector_pack(), before the
 * rest. */
enum rec_status rec_by_vector_make(uint32_t n_users, uint32_t n_items, uint32_t d,
                                   struct rec_by_vector *out,
                                   struct rec_err *err) REC_MUST_USE;
enum rec_status rec_by_vector_pack(struct rec_by_vector *x,
                                   struct rec_err *err) REC_MUST_USE;
void rec_by_vector_free(struct rec_by_vector *x);

/* As struct rec_ranking of nn/kind.h has it. */
size_t rec_by_vector_scratch(uint32_t b);
void rec_by_vector_scores(const struct rec_by_vector *x, const uint32_t *user,
                          uint32_t b, void *scratch, float *out);
/* OUT (items) for a user of whom there are VEC (d) and OWN: the same bits as if they
 * were in the arrays. */
void rec_by_vector_one(const struct rec_by_vector *x, const float *vec, float own,
                       float *out);

#endif
