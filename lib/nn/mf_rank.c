#include "nn/kind.h"

/* mf as a model that ranks: by s of nn/mf.h, not cut to the scale of the ratings. */

static enum rec_status ready(void *trained, struct rec_err *err)
{
    struct rec_mf *m = trained;
    struct rec_by_vector *x = &m->rank;
    enum rec_status st;

    if (x->items.panel != NULL)
        return REC_OK;
    st = rec_by_vector_make(m->factor[REC_USERS].rows, m->factor[REC_ITEMS].rows,
                            m->factor[REC_USERS].cols, x, err);
    if (st != REC_OK)
        return st;
    for (int s = 0; s < 2; s++) {
        size_t n = rec_param_size(&m->factor[s]);
        double mean = s == REC_USERS ? m->mean : 0.0;

        for (size_t k = 0; k < n; k++)
            x->vec[s][k] = (float)m->factor[s].x[k];
        for (uint32_t v = 0; v < x->n[s]; v++)
            x->own[s][v] = (float)(mean + (double)m->bias[s].x[v]);
    }
    return rec_by_vector_pack(x, err);
}

static size_t scratch_bytes(const void *trained, uint32_t b)
{
    (void)trained;
    return rec_by_vector_scratch(b);
}

static void scores(const void *trained, const uint32_t *user, uint32_t b, void *scratch,
                   float *out)
{
    const struct rec_mf *m = trained;

    rec_by_vector_scores(&m->rank, user, b, scratch, out);
}

static const float *vectors(const void *trained, int side, uint32_t *d)
{
    const struct rec_mf *m = trained;

    *d = m->rank.d;
    return m->rank.vec[side];
}

/* Nobody new: P has a learned row for each user. */
const struct rec_ranking rec_mf_ranking = {
    .ready = ready,
    .scratch_bytes = scratch_bytes,
    .scores = scores,
    .vectors = vectors,
};
