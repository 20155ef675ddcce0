#include "nn/rgnn_auto.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "base/random.h"
#include "nn/rgnn_size.h"
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
    x.n_edges = rec_ratings_count(r, REC_TRAIN);
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
          5,
          { 30, 15, 7, 3, 0 } },
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
    bool many = look->n_edges > REC_RGNN_TRIAL_EDGES; /* fewer are learned by heart */

    *out = plans[n >= 50.0 && many ? REC_RGNN_DENSE
                 : n >= 10.0       ? REC_RGNN_MIDDLING
                                   : REC_RGNN_SPARSE];
    if (look->n_levels > REC_RGNN_FEW_LEVELS)
        out->basis = REC_RGNN_CL;
    if (many)
        out->n_trials = 0;
}

/* ---- how long to train ---- */

/*
 * Rows to judge by: the validation ratings, or a tenth of the training ratings, and of
 * few ratings several tenths in turn.
 */
enum { LEAST_ROWS = 20, TENTHS = 10, ENOUGH_ROWS = 4000, MOST_TURNS = 5 };

struct trial {
    struct rec_ratings r; /* with parts of its own */
    const uint8_t *given; /* the parts of before */
    uint8_t *part;
    bool has_valid;
    uint32_t n_turns;
    const struct rec_rgnn_opts *opts;
    struct rec_train_opts train;
    double sum; /* of squared errors, on N rows */
    size_t n;
};

static size_t count_part(const uint8_t *part, size_t n, enum rec_part which)
{
    size_t count = 0;

    for (size_t i = 0; i < n; i++)
        count += part[i] == which;
    return count;
}

/* Whether the validation ratings are enough to judge by. */
static bool are_enough(const uint8_t *part, size_t n)
{
    return count_part(part, n, REC_VALID) >= LEAST_ROWS;
}

static void plan_turns(struct trial *t)
{
    size_t n_train = count_part(t->given, t->r.n, REC_TRAIN);

    t->has_valid = are_enough(t->given, t->r.n);
    t->n_turns = 1;
    while (!t->has_valid && t->n_turns < MOST_TURNS &&
           t->n_turns * (n_train / TENTHS) < ENOUGH_ROWS)
        t->n_turns++;
}

/* Tenth number TURN of the training rows becomes validation, unless there is enough. */
static void hold_out(struct trial *t, uint32_t turn)
{
    struct rec_random random;

    memcpy(t->part, t->given, t->r.n);
    if (t->has_valid)
        return;
    rec_random_init(&random, t->opts->seed, "rgnn trial");
    for (size_t i = 0; i < t->r.n; i++)
        if (t->given[i] == REC_VALID)
            t->part[i] = REC_TEST;
        else if (t->given[i] == REC_TRAIN && rec_random_below(&random, TENTHS) == turn)
            t->part[i] = REC_VALID;
}

static void add_errors(struct trial *t, const struct rec_learner *l)
{
    for (size_t i = 0; i < t->r.n; i++)
        if (t->part[i] == REC_VALID) {
            double d = l->rating(l->self, &t->r, i) - (double)t->r.rating[i];

            t->sum += d * d;
            t->n++;
        }
}

/* A training with all its epochs, on the parts as they are now. */
static enum rec_status one_turn(struct trial *t, struct rec_err *err)
{
    struct rec_rgnn_opts o = *t->opts;
    struct rec_rgnn_learner x;
    struct rec_learner l;
    enum rec_status st;

    o.no_ratings = false;
    st = rec_rgnn_learner_make(&x, &t->r, &o, err);
    if (st != REC_OK)
        return st;
    l = rec_rgnn_learner(&x);
    for (uint64_t e = 1; e <= t->train.epochs; e++)
        l.epoch(l.self, e, rec_train_lr(&t->train, e));
    rec_rgnn_forward(&x.m, &x.x, x.x.n_folds, &x.s);
    add_errors(t, &l);
    rec_rgnn_learner_free(&x);
    return REC_OK;
}

/* RMSE after so many epochs, infinite if numbers were lost; NaN if there is too little
 * to train or to judge by. */
static enum rec_status try_epochs(struct trial *t, uint64_t epochs, double *rmse,
                                  struct rec_err *err)
{
    enum rec_status st = REC_OK;

    t->train.epochs = epochs;
    t->sum = 0.0;
    t->n = 0;
    for (uint32_t k = 0; st == REC_OK && k < t->n_turns; k++) {
        hold_out(t, k);
        if (count_part(t->part, t->r.n, REC_TRAIN) > 0)
            st = one_turn(t, err);
    }
    *rmse = t->n < LEAST_ROWS  ? NAN
            : isfinite(t->sum) ? sqrt(t->sum / (double)t->n)
                               : INFINITY;
    return st;
}

static enum rec_status choose_epochs(const struct rec_ratings *ratings,
                                     const struct rec_rgnn_opts *opts,
                                     const struct rec_rgnn_plan *plan,
                                     struct rec_train_opts *train, struct rec_buf *said,
                                     struct rec_err *err)
{
    struct trial t = {
        .r = *ratings, .given = ratings->part, .opts = opts, .train = *train
    };
    double best = INFINITY, rmse = 0.0;
    enum rec_status st = REC_OK;

    train->epochs = plan->epochs;
    if (train->keep_best && !train->by_loss) {
        for (uint32_t k = 0; k < plan->n_trials; k++)
            if (plan->trial[k] > train->epochs)
                train->epochs = plan->trial[k];
        return REC_OK; /* the best of them is kept */
    }
    if (plan->n_trials == 0)
        return REC_OK;
    t.r.part = t.part = rec_alloc(t.r.n, 1, "parts", err);
    if (t.part == NULL)
        return REC_ESYSTEM;
    plan_turns(&t);
    for (uint32_t k = 0; st == REC_OK && k < plan->n_trials; k++) {
        st = try_epochs(&t, plan->trial[k], &rmse, err);
        if (st != REC_OK || isnan(rmse))
            break;
        st = rec_buf_addf(
            said, err, "rgnn: a trial of %" PRIu64 " epochs: RMSE %.5g on %zu rows\n",
            plan->trial[k], rmse, t.n);
        if (isfinite(best) && !(rmse < best))
            break;
        best = rmse;
        train->epochs = plan->trial[k];
    }
    rec_free(t.part);
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

enum rec_status rec_rgnn_settle(const struct rec_ratings *ratings, uint32_t n_members,
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
    if (train->keep_open && train->epochs == REC_OPEN_COUNT)
        train->keep_best = plan.n_trials > 0 && !train->by_loss &&
                           are_enough(ratings->part, ratings->n);
    st = rec_rgnn_fits(ratings, opts, n_members, train->keep_best, err);
    if (st == REC_OK)
        st = say_found(&look, &plan, said, err);
    if (st == REC_OK && train->epochs == REC_OPEN_COUNT)
        st = choose_epochs(ratings, opts, &plan, train, said, err);
    opts->lr = train->lr;
    opts->epochs = train->epochs;
    if (st == REC_OK)
        st = rec_buf_addf(said, err,
                          "rgnn: --basis %s --lr %g --penalty %g --dropout %g "
                          "--init %g --keep %s --epochs %" PRIu64 "\n",
                          opts->basis == REC_RGNN_CL ? "cl" : "level", train->lr,
                          opts->penalty, opts->dropout, opts->init,
                          train->keep_best ? "best" : "last", train->epochs);
    return st;
}
