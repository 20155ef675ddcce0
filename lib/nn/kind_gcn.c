#include "nn/blasroom.h"
#include "nn/kernels.h"
#include "nn/kind.h"

/* ---- to be trained ---- */

static void free_learner(void *self)
{
    if (self != NULL)
        rec_gcn_learner_free(self);
    rec_free(self);
}

static enum rec_status make(struct rec_ratings *ratings, struct rec_graph *g,
                            const struct rec_model_opts *opts, struct rec_learner *out,
                            struct rec_err *err)
{
    struct rec_gcn_opts o = opts->gcn;
    struct rec_gcn_learner *x;
    enum rec_status st;

    rec_ratings_keep(ratings, REC_VALID); /* the others are in the graph */
    o.frees_edges = true;
    o.features = ratings->features;
    st = rec_gcn_learner_fits(g, &o, opts->keep_best, err);
    if (st != REC_OK)
        return st;
    x = rec_alloc_zero(1, sizeof *x, "training", err);
    st = x == NULL ? REC_ESYSTEM : rec_gcn_learner_make(x, g, &o, err);
    if (st == REC_OK)
        *out = rec_gcn_learner(x);
    else
        free_learner(x);
    return st;
}

static enum rec_status write(void *self, struct rec_writer *w, const char *by,
                             struct rec_err *err)
{
    struct rec_gcn *m;
    enum rec_status st = rec_gcn_learner_end(self, &m, err);

    return st == REC_OK ? rec_gcn_write(m, w, by, err) : st;
}

/* ---- trained ---- */

struct trained {
    struct rec_gcn m;
    struct rec_gcn_state s;
};

static void free_trained(void *trained)
{
    struct trained *t = trained;

    rec_gcn_state_free(&t->s);
    rec_gcn_free(&t->m);
    rec_free(t);
}

static enum rec_status read(struct rec_reader *r, const struct rec_ratings *ratings,
                            unsigned parts, void **out, struct rec_err *err)
{
    struct rec_graph g = { 0 };
    struct rec_chunks c;
    struct trained *t = rec_alloc_zero(1, sizeof *t, "model", err);
    enum rec_status st = t == NULL ? REC_ESYSTEM : rec_graph_get(r, &g, err);

    (void)parts;
    if (st == REC_OK)
        st = rec_gcn_read(&t->m, r, &g, ratings, err);
    if (st == REC_OK)
        st = rec_gcn_state_make(&t->s, &t->m, NULL, err);
    if (st == REC_OK)
        st = rec_blas_room(err);
    if (st == REC_OK) {
        rec_kernels_init();
        rec_chunks_cut(&g, &c);
        rec_gcn_forward(&t->m, &g, &c, &t->s);
        *out = t;
    } else if (t != NULL) {
        free_trained(t);
    }
    rec_graph_put_back(&g, r);
    return st;
}

static double rating(const void *trained, const struct rec_ratings *x, size_t i)
{
    const struct trained *t = trained;

    return rec_gcn_rating(&t->m, &t->s, x->user[i], x->item[i]);
}

/* ---- ranking ---- */

static size_t scratch_bytes(const void *trained, uint32_t b)
{
    (void)trained;
    (void)b;
    return 0;
}

/* A number of the user and one of the item: all users have the same order of items. */
static void scores(const void *trained, const uint32_t *user, uint32_t b, void *scratch,
                   float *out)
{
    const struct trained *t = trained;
    uint32_t n_items = t->m.n_nodes - t->m.n_users;

    (void)scratch;
    for (uint32_t u = 0; u < b; u++)
        for (uint32_t i = 0; i < n_items; i++)
            *out++ = (float)rec_gcn_rating(&t->m, &t->s, user[u], i);
}

static const float *vectors(const void *trained, int side, uint32_t *d)
{
    const struct trained *t = trained;
    size_t first = side == REC_USERS ? 0 : t->m.n_users;

    *d = t->m.width;
    return (const float *)t->s.h[t->m.n_layers - 1] + first * t->m.width;
}

/* Nobody new: the first layer has a learned row for each user. */
static const struct rec_ranking ranking = {
    .scratch_bytes = scratch_bytes,
    .scores = scores,
    .vectors = vectors,
};

const struct rec_model_kind rec_model_gcn = {
    .name = "gcn",
    .graph = true,
    .make = make,
    .free = free_learner,
    .write = write,
    .read = read,
    .free_trained = free_trained,
    .rating = rating,
    .ranking = &ranking,
};
