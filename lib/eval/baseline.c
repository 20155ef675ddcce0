#include "eval/baseline.h"

#include <string.h>

void rec_biases_free(struct rec_biases *b)
{
    rec_free(b->user);
    rec_free(b->item);
    *b = (struct rec_biases){ 0 };
}

/* One half of a sweep: the biases of OWN ids, given those of the OTHER side. */
static void sweep(const struct rec_ratings *x, double mean, const uint32_t *own,
                  const uint32_t *other, const double *other_bias, double lambda,
                  uint32_t n_own, double *bias, uint32_t *count)
{
    memset(bias, 0, n_own * sizeof *bias);
    memset(count, 0, n_own * sizeof *count);
    for (size_t i = 0; i < x->n; i++)
        if (x->part[i] == REC_TRAIN) {
            bias[own[i]] += (double)x->rating[i] - mean - other_bias[other[i]];
            count[own[i]]++;
        }
    for (uint32_t k = 0; k < n_own; k++)
        if (count[k] > 0)
            bias[k] /= (double)count[k] + lambda;
}

static double train_mean(const struct rec_ratings *x)
{
    double sum = 0.0;
    size_t n = 0;

    for (size_t i = 0; i < x->n; i++)
        if (x->part[i] == REC_TRAIN) {
            sum += (double)x->rating[i];
            n++;
        }
    return n > 0 ? sum / (double)n : 0.0;
}

enum rec_status rec_biases_fit(const struct rec_ratings *ratings, double lambda_user,
                               double lambda_item, struct rec_biases *out,
                               struct rec_err *err)
{
    const struct rec_ratings *x = ratings;
    uint32_t most = x->n_users > x->n_items ? x->n_users : x->n_items;
    struct rec_biases b = { 0 };
    uint32_t *count = rec_alloc(most, sizeof *count, "biases", err);
    enum rec_status st = REC_ESYSTEM;

    b.user = count == NULL ? NULL
                           : rec_alloc_zero(x->n_users, sizeof *b.user, "biases", err);
    b.item = b.user == NULL ? NULL
                            : rec_alloc_zero(x->n_items, sizeof *b.item, "biases", err);
    if (b.item != NULL) {
        b.mean = train_mean(x);
        for (int i = 0; i < REC_BIASES_SWEEPS; i++) {
            sweep(x, b.mean, x->item, x->user, b.user, lambda_item, x->n_items, b.item,
                  count);
            sweep(x, b.mean, x->user, x->item, b.item, lambda_user, x->n_users, b.user,
                  count);
        }
        *out = b;
        b = (struct rec_biases){ 0 };
        st = REC_OK;
    }
    rec_free(count);
    rec_biases_free(&b);
    return st;
}
