#include "nn/blasroom.h"
#include "nn/kind.h"

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
    uint64_t best = opts->keep_best ? ((uint64_t)ratings->n_users + ratings->n_items) *
                                          o->width * sizeof(rec_real)
                                    : 0;
    struct rec_lightgcn *m;
    enum rec_status st =
        rec_mem_expect(rec_lightgcn_bytes(ratings, o) + best, "training",
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

static enum rec_status write(void *self, struct rec_writer *w, const char *by,
                             struct rec_err *err)
{
    return rec_lightgcn_write(self, w, by, err);
}

static enum rec_status read(struct rec_reader *r, const struct rec_ratings *ratings,
                            unsigned parts, void **out, struct rec_err *err)
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

static enum rec_status ready(void *trained, struct rec_err *err)
{
    struct rec_lightgcn *m = trained;
    size_t d = m->opts.width;
    enum rec_status st;

    if (m->rank.items.panel != NULL)
        return REC_OK;
    st = rec_by_vector_make(m->r.n[0], m->r.n[1], m->opts.width, &m->rank, err);
    if (st != REC_OK)
        return st;
    for (int s = 0; s < 2; s++)
        for (size_t k = 0; k < m->r.n[s] * d; k++)
            m->rank.vec[s][k] = (float)m->f[(s == 0 ? 0 : m->r.n[0] * d) + k];
    return rec_by_vector_pack(&m->rank, err);
}

static size_t scratch_bytes(const void *trained, uint32_t b)
{
    (void)trained;
    return rec_by_vector_scratch(b);
}

static void scores(const void *trained, const uint32_t *user, uint32_t b, void *scratch,
                   float *out)
{
    rec_by_vector_scores(&((const struct rec_lightgcn *)trained)->rank, user, b,
                         scratch, out);
}

static const float *vectors(const void *trained, int side, uint32_t *d)
{
    const struct rec_lightgcn *m = trained;

    *d = m->rank.d;
    return m->rank.vec[side];
}

/* Nobody new: E has a learned row for each user. */
static const struct rec_ranking ranking = { ready, scratch_bytes, scores, NULL,
                                            vectors };

const struct rec_model_kind rec_model_lightgcn = {
    .name = "lightgcn",
    .make = make,
    .free = free_self,
    .write = write,
    .read = read,
    .free_trained = free_self,
    .ranking = &ranking,
};
