#include "nn/lightgcn.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/random.h"
#include "nn/kernels.h"
#include "nn/lightgcn_step.h"
#include "nn/settings.h"

static const char *const losses[] = { "softmax", "bpr" };

void rec_lightgcn_free(struct rec_lightgcn *m)
{
    rec_by_vector_free(&m->rank);
    rec_param_free(&m->e);
    rec_spread_free(&m->spread);
    rec_free(m->f);
    rec_free(m->h);
    rec_free(m->order);
    rec_free(m->who);
    rec_free(m->b.user);
    rec_free(m->b.pos);
    rec_free(m->b.neg);
    rec_free(m->row);
    rec_free(m->neg);
    rec_free(m->s);
    rec_free(m->dneg);
    rec_free(m->dpos);
    rec_free(m->part);
    rec_pairs01_free(&m->r);
    *m = (struct rec_lightgcn){ 0 };
}

/* ---- spreading ---- */

void rec_lightgcn_spread(struct rec_lightgcn *m)
{
    if (m->opts.loss == REC_LOSS_BPR) {
        rec_spread_mean(&m->spread, m->e.x, m->opts.n_layers, m->f);
        return;
    }
    rec_spread_mean(&m->spread, m->e.x, m->opts.n_layers - 1, m->h);
    rec_spread_once(&m->spread, m->h, m->f);
}

/* dE of dF, which is in H. */
void rec_lightgcn_back(struct rec_lightgcn *m)
{
    if (m->opts.loss == REC_LOSS_BPR) {
        rec_spread_mean(&m->spread, m->h, m->opts.n_layers, m->e.dx);
        return;
    }
    rec_spread_once(&m->spread, m->h, m->f);
    rec_spread_mean(&m->spread, m->f, m->opts.n_layers - 1, m->e.dx);
}

double rec_lightgcn_prior(const struct rec_lightgcn *m, uint32_t item)
{
    double own = (double)rec_pairs01_degree(&m->r, 1, item);
    double mean = (double)m->r.n_pairs / m->r.n[1];

    if (m->opts.loss == REC_LOSS_BPR || m->r.n_pairs == 0)
        return 0.0;
    return m->tau * log(0.5 + 0.5 * own / mean);
}

/* ---- making ---- */

static enum rec_status room(rec_real **x, size_t n, size_t d, struct rec_err *err)
{
    *x = rec_alloc_zero(n, d * sizeof **x, "node vectors", err);
    return *x == NULL ? REC_ESYSTEM : REC_OK;
}

static enum rec_status make_graph(struct rec_lightgcn *m,
                                  const struct rec_ratings *ratings, bool learn,
                                  struct rec_err *err)
{
    uint32_t d = m->opts.width;
    enum rec_status st = rec_pairs01_make(ratings, ratings->part, &m->r, err);
    size_t n = (size_t)m->r.n[0] + m->r.n[1];

    if (st == REC_OK)
        st = rec_spread_make(&m->r, d, &m->spread, err);
    if (st == REC_OK)
        st = rec_param_make(&m->e, "E", (uint32_t)n, d, learn, err);
    if (st == REC_OK)
        st = room(&m->f, n, d, err);
    if (st == REC_OK)
        st = room(&m->h, n, d, err);
    return st;
}

static uint32_t batch_size(uint64_t n_pairs, uint32_t wanted)
{
    uint64_t n = wanted == 0 || wanted > n_pairs ? n_pairs : wanted;

    return n < UINT32_MAX ? (uint32_t)n : UINT32_MAX - 1;
}

static enum rec_status make_batch(struct rec_lightgcn *m, struct rec_err *err)
{
    uint32_t n = batch_size(m->r.n_pairs, m->opts.batch);
    bool shared = m->opts.loss == REC_LOSS_SOFTMAX;
    uint32_t n_neg = shared ? REC_LIGHTGCN_NEGATIVES : n, d = m->opts.width;
    enum rec_status st = REC_ESYSTEM;

    m->opts.batch = n;
    m->b.n_neg = n_neg;
    m->order = rec_alloc(m->r.n_pairs, sizeof *m->order, "pairs", err);
    m->who = m->order ? rec_alloc(m->r.n_pairs, sizeof *m->who, "pairs", err) : NULL;
    m->b.user = m->who ? rec_alloc(n, sizeof *m->b.user, "a batch", err) : NULL;
    m->b.pos = m->b.user ? rec_alloc(n, sizeof *m->b.pos, "a batch", err) : NULL;
    m->b.neg = m->b.pos ? rec_alloc(n_neg, sizeof *m->b.neg, "a batch", err) : NULL;
    m->part = m->b.neg ? rec_alloc(REC_LIGHTGCN_PARTS, sizeof *m->part, "a batch", err)
                       : NULL;
    if (m->part != NULL)
        st = room(&m->dpos, n, 1, err);
    if (st == REC_OK)
        st = room(&m->row, 2 * (size_t)n, d, err);
    if (st == REC_OK && shared)
        st = room(&m->neg, n_neg, d, err);
    if (st == REC_OK && shared)
        st = room(&m->s, REC_LIGHTGCN_PARTS * REC_LIGHTGCN_ROWS, n_neg, err);
    if (st == REC_OK && shared)
        st = room(&m->dneg, REC_LIGHTGCN_PARTS * (size_t)n_neg, d, err);
    for (uint32_t u = 0; st == REC_OK && u < m->r.n[0]; u++)
        for (uint64_t e = m->r.off[0][u]; e < m->r.off[0][u + 1]; e++)
            m->who[e] = u;
    return st;
}

enum rec_status rec_lightgcn_make(struct rec_lightgcn *out,
                                  const struct rec_ratings *ratings,
                                  const struct rec_lightgcn_opts *opts,
                                  struct rec_err *err)
{
    struct rec_lightgcn m = { .opts = *opts, .tau = 0.1 };
    enum rec_status st = make_graph(&m, ratings, true, err);

    rec_kernels_init();
    if (st == REC_OK && m.r.n_pairs > UINT32_MAX)
        st = rec_fail(err, REC_EINPUT, "more than 2^32 pairs");
    if (st == REC_OK)
        st = make_batch(&m, err);
    if (st != REC_OK) {
        rec_lightgcn_free(&m);
        return st;
    }
    rec_param_normal(&m.e, opts->seed, 0.1);
    *out = m;
    return REC_OK;
}

uint64_t rec_lightgcn_bytes(const struct rec_ratings *r,
                            const struct rec_lightgcn_opts *o)
{
    uint64_t n = (uint64_t)r->n_users + r->n_items, d = o->width, shared = 0;
    uint64_t pairs = rec_ratings_count(r, REC_TRAIN);
    uint64_t batch = batch_size(pairs, o->batch);

    if (o->loss == REC_LOSS_SOFTMAX)
        shared = REC_LIGHTGCN_NEGATIVES *
                 (d + 1 + REC_LIGHTGCN_PARTS * (REC_LIGHTGCN_ROWS + d));
    return 4096 + pairs * 16 + n * 8 +
           (n * (8 * d + 1) + batch * (2 * d + 4) + shared) * sizeof(rec_real);
}

/* ---- as a learner ---- */

static struct rec_param *param(void *self, uint32_t index)
{
    return index == 0 ? &((struct rec_lightgcn *)self)->e : NULL;
}

/* Pairs FROM .. of the order become the batch. */
static void take(struct rec_lightgcn *m, uint64_t from)
{
    uint64_t left = m->r.n_pairs - from;

    m->b.n = left < m->opts.batch ? (uint32_t)left : m->opts.batch;
    for (uint32_t i = 0; i < m->b.n; i++) {
        uint32_t e = m->order[from + i];

        m->b.user[i] = m->who[e];
        m->b.pos[i] = m->r.to[0][e];
    }
}

/* A shuffle of the pairs, a function of (seed, epoch). */
static void shuffle(struct rec_lightgcn *m, uint64_t epoch)
{
    struct rec_random random;
    char stream[48];

    (void)snprintf(stream, sizeof stream, "lightgcn order %llu",
                   (unsigned long long)epoch);
    rec_random_init(&random, m->opts.seed, stream);
    for (uint32_t i = 0; i < m->r.n_pairs; i++) {
        uint32_t k = (uint32_t)rec_random_below(&random, (uint64_t)i + 1);

        m->order[i] = i;
        m->order[i] = m->order[k];
        m->order[k] = i;
    }
}

static double loss(void *self)
{
    struct rec_lightgcn *m = self;

    rec_lightgcn_spread(m);
    shuffle(m, 0);
    take(m, 0);
    rec_lightgcn_draw(m, 0, 0);
    return rec_lightgcn_batch(m, false);
}

static void epoch(void *self, uint64_t epoch, double lr)
{
    const struct rec_adam adam = { lr, 0.9, 0.999, 1e-8, 0.0 };
    struct rec_lightgcn *m = self;
    uint64_t n = (m->r.n_pairs + m->opts.batch - 1) / m->opts.batch;

    shuffle(m, epoch);
    for (uint64_t k = 0; k < n; k++) {
        take(m, k * m->opts.batch);
        rec_lightgcn_draw(m, epoch, k);
        rec_lightgcn_spread(m);
        (void)rec_lightgcn_batch(m, true);
        rec_adam_step(&adam, (epoch - 1) * n + k + 1, &m->e);
    }
}

static bool output(void *self, uint32_t index, char name[48], const rec_real **x,
                   size_t *n)
{
    const struct rec_lightgcn *m = self;

    if (index > 0)
        return false;
    (void)snprintf(name, 48, "the spread vectors");
    *x = m->f;
    *n = rec_param_size(&m->e);
    return true;
}

struct rec_learner rec_lightgcn_learner(struct rec_lightgcn *m)
{
    return (struct rec_learner){ m, param, loss, epoch, NULL, output };
}

/* ---- as sections ---- */

enum rec_status rec_lightgcn_write(const struct rec_lightgcn *m, struct rec_writer *w,
                                   const char *by, struct rec_err *err)
{
    struct rec_table t;
    enum rec_status st;

    rec_settings_init(&t, "model", by);
    st = rec_settings_add(&t, "model", "lightgcn", err);
    if (st == REC_OK)
        st = rec_settings_add_number(&t, "width", m->opts.width, err);
    if (st == REC_OK)
        st = rec_settings_add_number(&t, "layers", m->opts.n_layers, err);
    if (st == REC_OK)
        st = rec_settings_add(&t, "loss", losses[m->opts.loss], err);
    if (st == REC_OK)
        st = rec_settings_add_real(&t, "tau", m->tau, err);
    if (st == REC_OK)
        st = rec_writer_table(w, &t, err);
    if (st == REC_OK)
        st = rec_param_write(&m->e, w, by, err);
    rec_table_free(&t);
    return st;
}

static enum rec_status get_loss(const struct rec_table *t, enum rec_lightgcn_loss *out,
                                struct rec_err *err)
{
    size_t n = 0;
    const char *text = rec_settings_get(t, "loss", &n);

    for (int k = 0; text != NULL && k < 2; k++)
        if (n == strlen(losses[k]) && memcmp(text, losses[k], n) == 0) {
            *out = (enum rec_lightgcn_loss)k;
            return REC_OK;
        }
    return rec_fail(err, REC_EFORMAT, "section 'model': loss: neither softmax nor bpr");
}

enum rec_status rec_lightgcn_read(struct rec_lightgcn *out, struct rec_reader *r,
                                  const struct rec_ratings *ratings,
                                  struct rec_err *err)
{
    struct rec_lightgcn m = { .f = NULL };
    struct rec_table *t;
    uint64_t width = 0, layers = 0;
    enum rec_status st = rec_reader_need(r, "model", "rec-train", &t, err);

    if (st == REC_OK)
        st = rec_settings_check(t, err);
    if (st == REC_OK)
        st = rec_settings_get_number(t, "width", 1, 1024, &width, err);
    if (st == REC_OK)
        st = rec_settings_get_number(t, "layers", 1, 8, &layers, err);
    if (st == REC_OK)
        st = rec_settings_get_real(t, "tau", 1e-6, 1e6, &m.tau, err);
    if (st == REC_OK)
        st = get_loss(t, &m.opts.loss, err);
    m.opts.width = (uint32_t)width;
    m.opts.n_layers = (uint32_t)layers;
    if (st == REC_OK)
        st = make_graph(&m, ratings, false, err);
    if (st == REC_OK)
        st = rec_param_read(&m.e, r, err);
    if (st != REC_OK) {
        rec_lightgcn_free(&m);
        return st;
    }
    rec_lightgcn_spread(&m);
    *out = m;
    return REC_OK;
}
