#include "nn/blasroom.h"
#include "nn/kind.h"
#include "nn/lightgcn_step.h"
#include "nn/train.h"

#include <math.h>

/* Steps that settle a small data set, and the fewest passes over a large one. */
enum { STEPS = 160, PASSES = 4 };

static enum rec_status settle(const struct rec_ratings *ratings,
                              struct rec_model_opts *opts, struct rec_train_opts *train,
                              struct rec_buf *said, struct rec_err *err)
{
    uint64_t pairs = rec_ratings_count(ratings, REC_TRAIN), batches;
    uint64_t batch = opts->lightgcn.batch;

    (void)said;
    (void)err;
    if (train->epochs != REC_OPEN_COUNT)
        return REC_OK;
    batches = batch == 0 || pairs <= batch ? 1 : (pairs + batch - 1) / batch;
    train->epochs = (STEPS + batches - 1) / batches;
    if (train->epochs < PASSES)
        train->epochs = PASSES;
    return REC_OK;
}

static void free_self(void *self)
{
    if (self != NULL)
        rec_lightgcn_free(self);
    rec_free(self);
}

static enum rec_status make(struct rec_ratings *ratings, struct rec_graph *g,
                            const struct rec_model_opts *opts, struct rec_learner *out,
                            struct rec_err *err)
{
    const struct rec_lightgcn_opts *o = &opts->lightgcn;
    uint64_t n = (uint64_t)ratings->n_users + ratings->n_items;
    uint64_t written = n * o->width * sizeof(float),
             best = opts->keep_best ? written : 0;
    struct rec_lightgcn *m;
    enum rec_status st = rec_mem_expect(
        rec_lightgcn_bytes(ratings, o) + best + rec_writer_bytes(written), "training",
        "a smaller --hidden needs less", err);

    (void)g;
    if (st == REC_OK)
        st = rec_blas_room(err);
    if (st != REC_OK)
        return st;
    m = rec_alloc_zero(1, sizeof *m, "training", err);
    st = m == NULL ? REC_ESYSTEM : rec_lightgcn_make(m, ratings, o, err);
    if (st == REC_OK)
        *out = rec_lightgcn_learner(m);
    else
        rec_free(m);
    return st;
}

static enum rec_status write_model(void *self, struct rec_writer *w, const char *by,
                                   struct rec_err *err)
{
    return rec_lightgcn_write(self, w, by, err);
}

static enum rec_status read_model(struct rec_reader *r,
                                  const struct rec_ratings *ratings, unsigned parts,
                                  void **out, struct rec_err *err)
{
    struct rec_lightgcn *m = rec_alloc_zero(1, sizeof *m, "model", err);
    enum rec_status st =
        m == NULL ? REC_ESYSTEM : rec_lightgcn_read(m, r, ratings, err);

    (void)parts;
    if (st == REC_OK)
        *out = m;
    else
        rec_free(m);
    return st;
}

/* ---- ranking ---- */

/* What a node is ranked by: its F, of softmax of length 1. */
static void ranked_by(const struct rec_lightgcn *m, const rec_real *f, float *out)
{
    double square = 0.0, by = 1.0;

    for (uint32_t j = 0; j < m->opts.width; j++)
        square += (double)f[j] * (double)f[j];
    if (m->opts.loss == REC_LOSS_SOFTMAX)
        by = square > 0.0 ? 1.0 / sqrt(square) : 0.0;
    for (uint32_t j = 0; j < m->opts.width; j++)
        out[j] = (float)(by * (double)f[j]);
}

static enum rec_status ready(void *trained, struct rec_err *err)
{
    struct rec_lightgcn *m = trained;
    struct rec_by_vector *x = &m->rank;
    size_t d = m->opts.width;
    enum rec_status st;

    if (x->items.panel != NULL)
        return REC_OK;
    st = rec_by_vector_make(m->r.n[0], m->r.n[1], m->opts.width, x, err);
    if (st != REC_OK)
        return st;
    for (size_t u = 0; u < m->r.n[0]; u++)
        if (rec_pairs01_degree(&m->r, 0, (uint32_t)u) > 0) /* else E at random */
            ranked_by(m, m->f + u * d, x->vec[0] + u * d);
    for (uint32_t i = 0; i < m->r.n[1]; i++) {
        if (rec_pairs01_degree(&m->r, 1, i) > 0)
            ranked_by(m, rec_lightgcn_item(m, i), x->vec[1] + i * d);
        x->own[1][i] = (float)rec_lightgcn_prior(m, i);
    }
    return rec_by_vector_pack(x, err);
}

static size_t scratch_bytes(const void *trained, uint32_t b)
{
    (void)trained;
    return rec_by_vector_scratch(b);
}

/* Of bpr, for who has nothing in training. */
static void popular(const struct rec_lightgcn *m, float *out)
{
    for (uint32_t i = 0; i < m->r.n[1]; i++)
        out[i] = (float)rec_pairs01_degree(&m->r, 1, i);
}

static void scores(const void *trained, const uint32_t *user, uint32_t b, void *scratch,
                   float *out)
{
    const struct rec_lightgcn *m = trained;

    rec_by_vector_scores(&m->rank, user, b, scratch, out);
    for (uint32_t u = 0; u < b; u++)
        if (m->opts.loss == REC_LOSS_BPR && rec_pairs01_degree(&m->r, 0, user[u]) == 0)
            popular(m, out + (size_t)u * m->r.n[1]);
}

static enum rec_status fold_in(void *trained, const uint32_t *item, const float *rating,
                               uint32_t n, float *out, struct rec_err *err)
{
    const struct rec_lightgcn *m = trained;
    uint32_t d = m->opts.width;
    rec_real *f;
    float *vec;

    (void)rating;
    if (m->opts.loss == REC_LOSS_BPR)
        return rec_fail(err, REC_EFORMAT,
                        "lightgcn of loss bpr knows only the users it was trained on");
    f = rec_alloc_zero(d, sizeof *f, "a user", err);
    vec = f == NULL ? NULL : rec_alloc(d, sizeof *vec, "a user", err);
    if (vec != NULL) {
        if (n > 0)
            rec_spread_row(&m->spread, item, n, f);
        ranked_by(m, f, vec);
        rec_by_vector_one(&m->rank, vec, 0.0f, out);
        rec_free(vec);
    }
    rec_free(f);
    return vec == NULL ? REC_ESYSTEM : REC_OK;
}

static const float *vectors(const void *trained, int side, uint32_t *d)
{
    const struct rec_lightgcn *m = trained;

    *d = m->rank.d;
    return m->rank.vec[side];
}

static const struct rec_ranking ranking = { ready, scratch_bytes, scores, fold_in,
                                            vectors };

const struct rec_model_kind rec_model_lightgcn = {
    .name = "lightgcn",
    .settle = settle,
    .make = make,
    .free = free_self,
    .write = write_model,
    .read = read_model,
    .free_trained = free_self,
    .ranking = &ranking,
};
