#include "eval/pairs.h"

#include <math.h>

#include "base/par.h"
#include "data/ids.h"
#include "eval/shrink.h"
#include "nn/checkpoint.h"

enum { CHUNK = 1024 };
enum { NEED = REC_NEED_EDGES | REC_NEED_TIME };

const char *const rec_basis_names[REC_BASIS_MEAN + 1] = { "model", "user", "item",
                                                          "mean" };

/* ---- the model ---- */

void rec_pairs_close(struct rec_pairs *p)
{
    rec_trained_free(&p->t);
    rec_biases_free(&p->biases);
    for (int s = 0; s < 2; s++) {
        rec_dict_free(&p->ids[s]);
        rec_free(p->known[s]);
    }
    rec_reader_close(p->r);
    *p = (struct rec_pairs){ 0 };
}

static enum rec_status check_kind(const struct rec_model_kind *k, struct rec_err *err)
{
    return k->rating != NULL || k->pairs != NULL
               ? REC_OK
               : rec_fail(err, REC_EFORMAT,
                          "a model of kind %s ranks items, it predicts no ratings: "
                          "train another with rec-train --model",
                          k->name);
}

static void look_at_ratings(struct rec_pairs *p)
{
    const struct rec_ratings *x = &p->x;

    p->low = INFINITY;
    p->high = -INFINITY;
    for (size_t i = 0; i < x->n; i++) {
        if (x->part[i] != REC_TRAIN)
            continue;
        p->known[REC_USERS][x->user[i]] = 1;
        p->known[REC_ITEMS][x->item[i]] = 1;
        p->low = x->rating[i] < p->low ? x->rating[i] : p->low;
        p->high = x->rating[i] > p->high ? x->rating[i] : p->high;
    }
}

enum rec_status rec_pairs_ready(struct rec_pairs *p, struct rec_err *err)
{
    struct rec_shrinkage s = { -1.0, -1.0, 0, 0.0 };
    enum rec_status st = check_kind(p->t.kind, err);

    if (st != REC_OK)
        return st;
    p->known[REC_USERS] = rec_alloc_zero(p->x.n_users, 1, "known users", err);
    if (p->known[REC_USERS] != NULL)
        p->known[REC_ITEMS] = rec_alloc_zero(p->x.n_items, 1, "known items", err);
    if (p->known[REC_ITEMS] == NULL)
        return REC_ESYSTEM;
    look_at_ratings(p);
    if (p->t.kind->pairs != NULL)
        return REC_OK;
    st = rec_shrink(&p->x, &s, err);
    return st == REC_OK ? rec_biases_fit(&p->x, s.user, s.item, &p->biases, err) : st;
}

enum rec_status rec_pairs_open(const char *path, struct rec_pairs *out,
                               struct rec_err *err)
{
    uint32_t n;
    enum rec_status st;

    *out = (struct rec_pairs){ 0 };
    st = rec_reader_open(path, &out->r, err);
    if (st == REC_OK)
        st = rec_ratings_load(out->r, NEED, err);
    if (st == REC_OK)
        st = rec_trained_load(out->r, err);
    if (st == REC_OK)
        st = rec_reader_load(out->r, "users", err);
    if (st == REC_OK)
        st = rec_reader_load(out->r, "items", err);
    if (st == REC_OK)
        st = rec_reader_run(out->r, NULL, err);
    if (st == REC_OK)
        st = rec_checkpoint_refuse(out->r, err);
    if (st == REC_OK)
        st = rec_ratings_get(out->r, NEED, &out->x, err);
    if (st == REC_OK)
        st = rec_trained_get(out->r, &out->x, 0, &out->t, err);
    if (st == REC_OK)
        st = rec_pairs_ready(out, err);
    if (st == REC_OK)
        st = rec_ids_read(out->r, "users", &out->ids[REC_USERS], &n, err);
    return st == REC_OK ? rec_ids_read(out->r, "items", &out->ids[REC_ITEMS], &n, err)
                        : st;
}

bool rec_pairs_timed(const struct rec_pairs *p)
{
    return p->t.kind->timed != NULL && p->t.kind->timed(p->t.self);
}

void rec_pairs_find(const struct rec_pairs *p, int side, const char *const *id,
                    const uint32_t *len, size_t n, uint32_t *out)
{
    rec_dict_find_many(&p->ids[side], id, len, n, out);
    if (p->t.kind->pairs != NULL)
        return; /* it may know them by their features */
    for (size_t k = 0; k < n; k++)
        if (out[k] != REC_UNKNOWN && !p->known[side][out[k]])
            out[k] = REC_UNKNOWN;
}

/* ---- ratings ---- */

struct work {
    const struct rec_pairs *p;
    const struct rec_ratings *q;
    double *out;
};

/* For kinds that know nothing of pairs. */
static double rate(const struct rec_pairs *p, const struct rec_ratings *q, size_t i)
{
    uint32_t user = q->user[i], item = q->item[i];
    const struct rec_biases *b = &p->biases;

    if (user != REC_UNKNOWN && item != REC_UNKNOWN)
        return p->t.kind->rating(p->t.self, q, i);
    return b->mean + (user != REC_UNKNOWN ? b->user[user] : 0.0) +
           (item != REC_UNKNOWN ? b->item[item] : 0.0);
}

static void rate_chunk(void *ctx, uint32_t chunk)
{
    const struct work *k = ctx;
    size_t from = (size_t)chunk * CHUNK;
    size_t to = k->q->n - from < CHUNK ? k->q->n : from + CHUNK;

    for (size_t i = from; i < to; i++)
        k->out[i] = rate(k->p, k->q, i);
}

/* Clips, if asked for; the first that is no number, or N. */
static size_t check(const struct rec_pairs *p, size_t n, double *out)
{
    double low = (double)p->low, high = (double)p->high;

    for (size_t i = 0; i < n; i++) {
        if (!isfinite(out[i]))
            return i;
        if (p->clip)
            out[i] = out[i] < low ? low : out[i] > high ? high : out[i];
    }
    return n;
}

enum rec_status rec_pairs_rate(struct rec_pairs *p, const struct rec_ratings *q,
                               double *out, struct rec_err *err)
{
    struct work k = { p, q, out };
    enum rec_status st = REC_OK;

    if (p->t.kind->pairs != NULL)
        st = p->t.kind->pairs(p->t.self, q, out, err);
    else
        rec_par_run((uint32_t)((q->n + CHUNK - 1) / CHUNK), rate_chunk, &k);
    if (st == REC_OK && check(p, q->n, out) < q->n)
        return rec_fail(err, REC_ENUMERIC, "the model predicts what is no number");
    return st;
}
