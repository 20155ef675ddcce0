#include "nn/rgnn_bias.h"

#include <math.h>
#include <string.h>

#include "base/par.h"
#include "base/random.h"
#include "nn/real.h"

enum { SWEEPS = 15, TRIAL_SWEEPS = 5, N_GRID = 10 };

static const double grid[N_GRID] = { 0.5, 1, 2, 3, 5, 8, 12, 20, 30, 50 };

enum rec_status rec_rgnn_deal(uint32_t n_edges, uint32_t n_folds, uint64_t seed,
                              uint8_t *fold, struct rec_err *err)
{
    uint32_t *card = rec_alloc(n_edges, sizeof *card, "folds", err);
    struct rec_random random;

    if (card == NULL)
        return REC_ESYSTEM;
    rec_random_init(&random, seed, "rgnn folds");
    for (uint32_t e = 0; e < n_edges; e++)
        card[e] = e;
    for (uint32_t e = n_edges; e-- > 0;) {
        uint32_t k = (uint32_t)rec_random_below(&random, (uint64_t)e + 1);
        uint32_t drawn = card[k];

        card[k] = card[e];
        fold[drawn] = (uint8_t)(e % n_folds);
    }
    rec_free(card);
    return REC_OK;
}

/* ---- the views ---- */

struct work {
    const struct rec_rgnn_edges *g;
    struct rec_rgnn_bias *b;
    int side;
    double part[REC_RGNN_CHUNKS];
};

static void find_means(const struct rec_rgnn_edges *g, struct rec_rgnn_bias *b)
{
    const float *rating = g->side[REC_USERS].rating;
    uint64_t n[REC_RGNN_STRIDE] = { 0 };
    double sum[REC_RGNN_STRIDE] = { 0 }, all = 0.0;

    for (uint32_t e = 0; e < g->n_edges; e++) {
        sum[b->fold[e]] += (double)rating[e];
        n[b->fold[e]]++;
        all += (double)rating[e];
    }
    for (uint32_t v = 0; v <= b->n_folds; v++) {
        double rest = v < b->n_folds ? all - sum[v] : all;
        uint64_t m = g->n_edges - (v < b->n_folds ? n[v] : 0);

        b->mean[v] = m > 0 ? rest / (double)m : all / (double)g->n_edges;
    }
}

static void count_edges(const struct rec_rgnn_edges *g, struct rec_rgnn_bias *b,
                        int side)
{
    const struct rec_rgnn_side *s = &g->side[side];
    uint32_t n_views = b->n_folds + 1;

    for (uint32_t a = 0; a < s->n; a++) {
        uint64_t from = rec_rgnn_first(g, side, a), to = rec_rgnn_last(g, side, a);
        uint32_t *count = b->count[side] + (size_t)a * n_views;

        for (uint32_t v = 0; v < n_views; v++)
            count[v] = (uint32_t)(to - from);
        for (uint64_t e = from; e < to && b->n_folds > 0; e++)
            count[b->fold[s->edge[e]]]--;
    }
}

/* One half of a sweep: the biases of the side's nodes, given those of the other. */
REC_CLONES static void sweep_chunk(void *ctx, uint32_t chunk)
{
    const struct work *k = ctx;
    const struct rec_rgnn_bias *b = k->b;
    const struct rec_rgnn_side *s = &k->g->side[k->side];
    uint32_t n_views = b->n_folds + 1;
    double lambda = b->lambda[k->side];

    for (uint32_t a = s->cut.at[chunk]; a < s->cut.at[chunk + 1]; a++) {
        const uint32_t *count = b->count[k->side] + (size_t)a * n_views;
        double *bias = b->bias[k->side] + (size_t)a * n_views;
        double sum[REC_RGNN_STRIDE] = { 0 };
        uint64_t last = rec_rgnn_last(k->g, k->side, a);

        for (uint64_t e = rec_rgnn_first(k->g, k->side, a); e < last; e++) {
            const double *other = b->bias[1 - k->side] + (size_t)s->to[e] * n_views;
            uint32_t own = b->fold[s->edge[e]];
            double kept = sum[own], r = (double)s->rating[e];

            for (uint32_t v = 0; v < n_views; v++)
                sum[v] += r - b->mean[v] - other[v];
            sum[own] = kept; /* not of its own fold's view */
        }
        for (uint32_t v = 0; v < n_views; v++)
            bias[v] = count[v] > 0 ? sum[v] / (count[v] + lambda) : 0.0;
    }
}

static void sweep(struct work *k, int times)
{
    for (int i = 0; i < times; i++)
        for (int half = 0; half < 2; half++) {
            k->side = half == 0 ? REC_ITEMS : REC_USERS;
            rec_par_run(k->g->side[k->side].cut.n, sweep_chunk, k);
        }
}

static enum rec_status allocate(const struct rec_rgnn_edges *g, struct rec_rgnn_bias *b,
                                struct rec_err *err)
{
    for (int s = 0; s < 2; s++) {
        size_t n = (size_t)g->side[s].n * (b->n_folds + 1);

        b->bias[s] = rec_alloc_zero(n, sizeof *b->bias[s], "biases", err);
        if (b->bias[s] == NULL)
            return REC_ESYSTEM;
        b->count[s] = rec_alloc(n, sizeof *b->count[s], "biases", err);
        if (b->count[s] == NULL)
            return REC_ESYSTEM;
        count_edges(g, b, s);
    }
    return REC_OK;
}

void rec_rgnn_bias_free(struct rec_rgnn_bias *b)
{
    for (int s = 0; s < 2; s++) {
        rec_free(b->bias[s]);
        rec_free(b->count[s]);
    }
    *b = (struct rec_rgnn_bias){ 0 };
}

enum rec_status rec_rgnn_bias_fit(const struct rec_rgnn_edges *g, const uint8_t *fold,
                                  uint32_t n_folds, const double lambda[2],
                                  struct rec_rgnn_bias *out, struct rec_err *err)
{
    struct rec_rgnn_bias b = { .n_folds = n_folds,
                               .fold = fold,
                               .lambda = { lambda[0], lambda[1] } };
    struct work k = { .g = g, .b = &b };
    enum rec_status st = allocate(g, &b, err);

    if (st != REC_OK) {
        rec_rgnn_bias_free(&b);
        return st;
    }
    find_means(g, &b);
    sweep(&k, SWEEPS);
    *out = b;
    return REC_OK;
}

/* ---- the lambdas ---- */

static void error_chunk(void *ctx, uint32_t chunk)
{
    struct work *k = ctx;
    const struct rec_rgnn_bias *b = k->b;
    const struct rec_rgnn_side *s = &k->g->side[REC_USERS];
    uint32_t n_views = b->n_folds + 1;
    double sum = 0.0;

    for (uint32_t u = s->cut.at[chunk]; u < s->cut.at[chunk + 1]; u++) {
        const double *bias = b->bias[REC_USERS] + (size_t)u * n_views;
        uint64_t last = rec_rgnn_last(k->g, REC_USERS, u);

        for (uint64_t e = rec_rgnn_first(k->g, REC_USERS, u); e < last; e++) {
            uint32_t v = b->fold[e];
            double error = (double)s->rating[e] - b->mean[v] - bias[v] -
                           b->bias[REC_ITEMS][(size_t)s->to[e] * n_views + v];

            sum += error * error;
        }
    }
    k->part[chunk] = sum;
}

static double error_of(struct work *k, int user, int item)
{
    const struct rec_rgnn_cut *cut = &k->g->side[REC_USERS].cut;
    struct rec_rgnn_bias *b = k->b;
    double sum = 0.0;

    b->lambda[REC_USERS] = grid[user];
    b->lambda[REC_ITEMS] = grid[item];
    memset(b->bias[REC_USERS], 0,
           (size_t)k->g->side[REC_USERS].n * (b->n_folds + 1) * sizeof(double));
    sweep(k, TRIAL_SWEEPS);
    rec_par_run(cut->n, error_chunk, k);
    for (uint32_t c = 0; c < cut->n; c++)
        sum += k->part[c];
    return sum;
}

enum rec_status rec_rgnn_lambdas(const struct rec_rgnn_edges *g, const uint8_t *fold,
                                 uint32_t n_folds, double lambda[2],
                                 struct rec_err *err)
{
    static const int steps[4][2] = { { 1, 0 }, { -1, 0 }, { 0, 1 }, { 0, -1 } };
    struct rec_rgnn_bias b = { .n_folds = n_folds, .fold = fold };
    struct work k = { .g = g, .b = &b };
    int at[2] = { 4, 4 }, failed = 0;
    double seen[N_GRID][N_GRID], least;
    enum rec_status st = allocate(g, &b, err);

    if (st == REC_OK) {
        find_means(g, &b);
        for (int i = 0; i < N_GRID * N_GRID; i++)
            seen[i / N_GRID][i % N_GRID] = NAN;
        least = seen[at[0]][at[1]] = error_of(&k, at[0], at[1]);
        for (int s = 0; failed < 4; s = (s + failed) % 4) {
            int u = at[0] + steps[s][0], i = at[1] + steps[s][1];

            failed++; /* a step that helps is tried again */
            if (u < 0 || u >= N_GRID || i < 0 || i >= N_GRID)
                continue;
            if (isnan(seen[u][i]))
                seen[u][i] = error_of(&k, u, i);
            if (seen[u][i] < least) {
                least = seen[u][i];
                at[0] = u;
                at[1] = i;
                failed = 0;
            }
        }
        lambda[REC_USERS] = grid[at[0]];
        lambda[REC_ITEMS] = grid[at[1]];
    }
    rec_rgnn_bias_free(&b);
    return st;
}
