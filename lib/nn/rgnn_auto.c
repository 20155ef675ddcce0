#include "nn/rgnn_auto.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "base/random.h"
#include "nn/train.h"

/* ---- what there is ---- */

static uint32_t count_used(const struct rec_ratings *r, const uint32_t *node,
                           uint8_t *seen)
{
    uint32_t n = 0;

    for (size_t i = 0; i < r->n; i++)
        if (r->part[i] == REC_TRAIN && seen[node[i]] == 0) {
            seen[node[i]] = 1;
            n++;
        }
    return n;
}

static enum rec_status count_nodes(const struct rec_ratings *r, uint32_t *out,
                                   struct rec_err *err)
{
    uint8_t *user = rec_alloc_zero((size_t)r->n_users + 1, 1, "nodes", err);
    uint8_t *item =
        user == NULL ? NULL : rec_alloc_zero((size_t)r->n_items + 1, 1, "nodes", err);

    if (item != NULL)
        *out = count_used(r, r->user, user) + count_used(r, r->item, item);
    rec_free(user);
    rec_free(item);
    return item == NULL ? REC_ESYSTEM : REC_OK;
}

enum rec_status rec_rgnn_look(const struct rec_ratings *r, struct rec_rgnn_look *out,
                              struct rec_err *err)
{
    struct rec_rgnn_look x = { 0 };
    float levels[REC_RGNN_MANY_LEVELS];
    enum rec_status st = count_nodes(r, &x.n_nodes, err);

    if (st != REC_OK)
        return st;
    for (size_t i = 0; i < r->n; i++)
        x.n_edges += r->part[i] == REC_TRAIN;
    x.n_levels = rec_rgnn_levels(r, levels);
    *out = x;
    return REC_OK;
}

/* ---- what to do with it ---- */

static double edges_a_node(const struct rec_rgnn_look *look)
{
    return (double)look->n_edges / (look->n_nodes > 0 ? look->n_nodes : 1);
}

void rec_rgnn_plan(const struct rec_rgnn_look *look, struct rec_rgnn_plan *out)
{
    static const struct rec_rgnn_plan plans[] = {
        { REC_RGNN_DENSE, REC_RGNN_LEVEL, 0.005, 0.02, 0.3, 0.02, 16, 0, { 0 } },
        { REC_RGNN_MIDDLING,
          REC_RGNN_LEVEL,
          0.002,
          0.06,
          0.5,
          0.01,
          30,
          3,
          { 30, 15, 7 } },
        { REC_RGNN_SPARSE,
          REC_RGNN_CL,
          0.001,
          0.08,
          0.3,
          0.003,
          4,
          5,
          { 0, 4, 8, 16, 32 } },
    };
    double n = edges_a_node(look);

    *out = plans[n >= 50.0   ? REC_RGNN_DENSE
                 : n >= 10.0 ? REC_RGNN_MIDDLING
                             : REC_RGNN_SPARSE];
    if (look->n_levels > REC_RGNN_FEW_LEVELS)
        out->basis = REC_RGNN_CL;
    if (look->n_edges > REC_RGNN_TRIAL_EDGES)
        out->n_trials = 0;
}

/* ---- how long to train ---- */

enum { LEAST_ROWS = 20, HELD_OUT = 10 };

/* A tenth of the training rows becomes validation, unless there is some.  Returns the
 * rows of validation. */
static size_t hold_out(const struct rec_ratings *r, uint64_t seed, uint8_t *part)
{
    struct rec_random random;
    size_t n = 0;

    memcpy(part, r->part, r->n);
    for (size_t i = 0; i < r->n; i++)
        n += part[i] == REC_VALID;
    if (n > 0)
        return n;
    rec_random_init(&random, seed, "rgnn trial");
    for (size_t i = 0; i < r->n; i++)
        if (part[i] == REC_TRAIN && rec_random_below(&random, HELD_OUT) == 0) {
            part[i] = REC_VALID;
            n++;
        }
    return n;
}

static double valid_rmse(const struct rec_learner *l, const struct rec_ratings *r)
{
    double sum = 0.0, n = 0.0;

    for (size_t i = 0; i < r->n; i++)
        if (r->part[i] == REC_VALID) {
            double d = l->rating(l->self, r, i) - (double)r->rating[i];

            sum += d * d;
            n += 1.0;
        }
    return sqrt(sum / n);
}

/* Of a training with all its epochs, on rows of validation. */
static enum rec_status try_epochs(const struct rec_ratings *r,
                                  const struct rec_rgnn_opts *opts,
                                  const struct rec_train_opts *train, double *rmse,
                                  struct rec_err *err)
{
    struct rec_rgnn_opts o = *opts;
    struct rec_rgnn_learner x;
    struct rec_learner l;
    enum rec_status st;

    o.no_ratings = false;
    st = rec_rgnn_learner_make(&x, r, &o, err);
    if (st != REC_OK)
        return st;
    l = rec_rgnn_learner(&x);
    for (uint64_t e = 1; e <= train->epochs; e++)
        l.epoch(l.self, e, rec_train_lr(train, e));
    (void)l.loss(l.self);
    *rmse = valid_rmse(&l, r);
    rec_rgnn_learner_free(&x);
    return REC_OK;
}

static enum rec_status choose_epochs(const struct rec_ratings *ratings,
                                     const struct rec_rgnn_opts *opts,
                                     const struct rec_rgnn_plan *plan,
                                     struct rec_train_opts *train, struct rec_buf *said,
                                     struct rec_err *err)
{
    struct rec_ratings r = *ratings;
    uint8_t *part = rec_alloc(r.n, 1, "parts", err);
    struct rec_train_opts o = *train;
    double best = INFINITY, rmse = 0.0;
    enum rec_status st = part == NULL ? REC_ESYSTEM : REC_OK;
    size_t n_rows = st == REC_OK ? hold_out(ratings, opts->seed, part) : 0;

    train->epochs = plan->epochs;
    r.part = part;
    for (uint32_t k = 0; st == REC_OK && n_rows >= LEAST_ROWS && k < plan->n_trials;
         k++) {
        o.epochs = plan->trial[k];
        st = try_epochs(&r, opts, &o, &rmse, err);
        if (st == REC_OK)
            st = rec_buf_addf(said, err,
                              "rgnn: a trial of %" PRIu64
                              " epochs: RMSE %.4f on %zu rows\n",
                              o.epochs, rmse, n_rows);
        if (!(rmse < best))
            break;
        best = rmse;
        train->epochs = o.epochs;
    }
    rec_free(part);
    return st;
}

/* ---- what is open ---- */

static void settle_real(double *x, double planned)
{
    if (isnan(*x))
        *x = planned;
}

static enum rec_status say_found(const struct rec_rgnn_look *look,
                                 const struct rec_rgnn_plan *p, struct rec_buf *said,
                                 struct rec_err *err)
{
    static const char *const words[] = { "dense", "middling", "sparse" };

    return rec_buf_addf(said, err,
                        "rgnn: %" PRIu64 " training ratings, %.3g a user or item (%s), "
                        "%s%" PRIu32 " levels\n",
                        look->n_edges, edges_a_node(look), words[p->density],
                        look->n_levels == REC_RGNN_MANY_LEVELS ? "at least " : "",
                        look->n_levels);
}

enum rec_status rec_rgnn_settle(const struct rec_ratings *ratings,
                                struct rec_rgnn_opts *opts,
                                struct rec_train_opts *train, struct rec_buf *said,
                                struct rec_err *err)
{
    struct rec_rgnn_look look;
    struct rec_rgnn_plan plan;
    enum rec_status st = rec_rgnn_look(ratings, &look, err);

    if (st != REC_OK)
        return st;
    rec_rgnn_plan(&look, &plan);
    if (opts->basis == REC_RGNN_AUTO)
        opts->basis = plan.basis;
    settle_real(&opts->penalty, plan.penalty);
    settle_real(&opts->dropout, plan.dropout);
    settle_real(&opts->init, plan.init);
    settle_real(&train->lr, plan.lr);
    st = say_found(&look, &plan, said, err);
    if (st == REC_OK && train->epochs == REC_OPEN_COUNT)
        st = choose_epochs(ratings, opts, &plan, train, said, err);
    if (st == REC_OK)
        st = rec_buf_addf(said, err,
                          "rgnn: --basis %s --lr %g --penalty %g --dropout %g "
                          "--init %g --epochs %" PRIu64 "\n",
                          opts->basis == REC_RGNN_CL ? "cl" : "level", train->lr,
                          opts->penalty, opts->dropout, opts->init, train->epochs);
    return st;
}
