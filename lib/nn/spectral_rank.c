#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "base/par.h"
#include "base/random.h"
#include "nn/spectral.h"

/* Which rank: tried out on items held out. */

enum { USERS_MOST = 2000, K = 20, CHUNKS = 32, BLOCK = 16, PART = 5 };

static const uint32_t ranks[] = { 448, 256, 128, 64 };
enum { N_RANKS = sizeof ranks / sizeof *ranks };

struct trial {
    const struct rec_spectral *m;
    const struct rec_pairs01 *held;
    uint32_t *user; /* (n) who is judged */
    uint32_t n;
    double *ndcg;  /* (n) */
    float *scores; /* (CHUNKS, BLOCK, I) */
    char *scratch; /* (CHUNKS, scratch_bytes) */
    size_t scratch_bytes;
};

/* A run of a fifth of each user's training rows, by item, becomes validation. */
static void hold_out_runs(const struct rec_ratings *r, const struct rec_pairs01 *all,
                          uint64_t seed, uint8_t *part)
{
    struct rec_random random;

    rec_random_init(&random, seed, "spectral trial");
    for (size_t i = 0; i < r->n; i++) {
        const uint32_t *item = all->to[0] + all->off[0][r->user[i]];
        uint64_t n = rec_pairs01_degree(all, 0, r->user[i]), take = n / PART;
        double start = rec_random_uniform_at(&random, r->user[i]);
        uint64_t first = (uint64_t)(start * (double)(n - take + 1));

        if (part[i] == REC_TRAIN && take > 0 && r->item[i] >= item[first] &&
            r->item[i] <= item[first + take - 1])
            part[i] = REC_VALID;
    }
}

/* Whether item A stands before B. */
static bool before(const float *score, uint32_t a, uint32_t b)
{
    return score[a] > score[b] || (a < b && !(score[a] < score[b]));
}

/* NDCG of the held-out items of a user, whose training items are passed over. */
static double user_ndcg(const struct trial *t, uint32_t u, const float *score)
{
    const struct rec_pairs01 *h = t->held, *r = &t->m->r;
    uint64_t n = rec_pairs01_degree(h, 0, u);
    double dcg = 0.0, ideal = 0.0;

    for (uint64_t e = h->off[0][u]; e < h->off[0][u + 1]; e++) {
        uint32_t item = h->to[0][e], above = 0;

        for (uint32_t i = 0; i < r->n[1]; i++)
            above += before(score, i, item);
        for (uint64_t f = r->off[0][u]; f < r->off[0][u + 1]; f++)
            above -= before(score, r->to[0][f], item);
        if (above < K)
            dcg += 1.0 / log2(above + 2.0);
    }
    for (uint64_t i = 0; i < n && i < K; i++)
        ideal += 1.0 / log2((double)i + 2.0);
    return dcg / ideal;
}

static void judge_chunk(void *ctx, uint32_t chunk)
{
    const struct trial *t = ctx;
    size_t n_items = t->m->r.n[1];
    float *scores = t->scores + chunk * BLOCK * n_items;
    uint32_t end = (uint32_t)((uint64_t)t->n * (chunk + 1) / CHUNKS), n;

    for (uint32_t at = (uint32_t)((uint64_t)t->n * chunk / CHUNKS); at < end; at += n) {
        n = end - at < BLOCK ? end - at : BLOCK;
        rec_spectral_scores(t->m, t->user + at, n,
                            t->scratch + chunk * t->scratch_bytes, scores);
        for (uint32_t i = 0; i < n; i++)
            t->ndcg[at + i] = user_ndcg(t, t->user[at + i], scores + i * n_items);
    }
}

static void trial_free(struct trial *t)
{
    rec_free(t->user);
    rec_free(t->ndcg);
    rec_free(t->scores);
    rec_free(t->scratch);
}

/* Every so manieth user of those with held-out items. */
static enum rec_status trial_make(const struct rec_spectral *m,
                                  const struct rec_pairs01 *held, struct trial *t,
                                  struct rec_err *err)
{
    uint32_t n = 0, every, at = 0;

    *t = (struct trial){ .m = m, .held = held };
    t->scratch_bytes = (rec_spectral_scratch(m, BLOCK) + 15) / 16 * 16;
    t->user = rec_alloc(USERS_MOST, sizeof *t->user, "scores", err);
    t->ndcg = t->user ? rec_alloc(USERS_MOST, sizeof *t->ndcg, "scores", err) : NULL;
    t->scores =
        t->ndcg ? rec_alloc(CHUNKS * BLOCK, m->r.n[1] * sizeof(float), "scores", err)
                : NULL;
    t->scratch = t->scores ? rec_alloc(CHUNKS, t->scratch_bytes, "scores", err) : NULL;
    if (t->scratch == NULL)
        return REC_ESYSTEM;
    for (uint32_t u = 0; u < held->n[0]; u++)
        n += rec_pairs01_degree(held, 0, u) > 0;
    every = (n + USERS_MOST - 1) / USERS_MOST;
    for (uint32_t u = 0; u < held->n[0]; u++)
        if (rec_pairs01_degree(held, 0, u) > 0 && at++ % every == 0)
            t->user[t->n++] = u;
    return REC_OK;
}

/* Tries the ranks, the largest first: M is cut from one to the next. */
static enum rec_status try_ranks(struct rec_spectral *m, const struct rec_pairs01 *held,
                                 uint32_t *rank, struct rec_buf *said,
                                 struct rec_err *err)
{
    struct trial t;
    enum rec_status st = trial_make(m, held, &t, err);
    double best = -1.0;

    for (int k = 0; st == REC_OK && k < N_RANKS; k++) {
        double mean = 0.0;

        if (ranks[k] > m->opts.rank)
            continue;
        rec_spectral_cut(m, ranks[k]);
        st = rec_spectral_ready(m, err);
        if (st != REC_OK)
            break;
        rec_par_run(CHUNKS, judge_chunk, &t);
        for (uint32_t i = 0; i < t.n; i++)
            mean += t.ndcg[i] / t.n;
        st = rec_buf_addf(said, err,
                          "spectral: a trial of rank %" PRIu32
                          ": NDCG@%d %.4f of %" PRIu32 " users\n",
                          ranks[k], K, mean, t.n);
        if (mean >= best) { /* of equals the smaller */
            best = mean;
            *rank = ranks[k];
        }
    }
    trial_free(&t);
    return st;
}

/* Held out: validation rows, as pairs. */
static enum rec_status held_pairs(const struct rec_ratings *r, uint8_t *part,
                                  struct rec_pairs01 *out, struct rec_err *err)
{
    enum rec_status st;

    for (size_t i = 0; i < r->n; i++) /* what is to be taken is called REC_TRAIN */
        part[i] = part[i] == REC_VALID ? REC_TRAIN : REC_TEST;
    st = rec_pairs01_make(r, part, out, err);
    return st;
}

static enum rec_status trials(const struct rec_ratings *r, uint8_t *part, uint32_t most,
                              struct rec_spectral_opts *opts, struct rec_buf *said,
                              struct rec_err *err)
{
    struct rec_spectral m = { .lin = NULL };
    struct rec_pairs01 held = { .n_pairs = 0 };
    struct rec_spectral_opts o = *opts;
    enum rec_status st;

    o.rank = most;
    st = rec_spectral_make(&m, r, part, &o, err);
    if (st == REC_OK)
        st = held_pairs(r, part, &held, err);
    if (st == REC_OK)
        st = try_ranks(&m, &held, &opts->rank, said, err);
    rec_pairs01_free(&held);
    rec_spectral_free(&m);
    return st;
}

enum rec_status rec_spectral_rank(const struct rec_ratings *r,
                                  struct rec_spectral_opts *opts, struct rec_buf *said,
                                  struct rec_err *err)
{
    struct rec_pairs01 all = { .n_pairs = 0 };
    uint8_t *part = rec_alloc(r->n, 1, "parts", err);
    uint32_t most = 0, n;
    size_t n_valid = 0, n_train = 0;
    enum rec_status st =
        part == NULL ? REC_ESYSTEM : rec_pairs01_make(r, r->part, &all, err);

    if (st == REC_OK) {
        memcpy(part, r->part, r->n);
        for (size_t i = 0; i < r->n; i++)
            n_valid += part[i] == REC_VALID;
        if (n_valid == 0)
            hold_out_runs(r, &all, opts->seed, part);
        n_valid = 0;
        for (size_t i = 0; i < r->n; i++) {
            n_valid += part[i] == REC_VALID;
            n_train += part[i] == REC_TRAIN;
        }
        n = all.n[0] < all.n[1] ? all.n[0] : all.n[1];
        for (int k = N_RANKS; k-- > 0;)
            most = ranks[k] <= n ? ranks[k] : most;
        opts->rank = most > 0 ? most : n;
    }
    rec_pairs01_free(&all);
    if (st == REC_OK && most > ranks[N_RANKS - 1] && n_valid > 0 && n_train > 0)
        st = trials(r, part, most, opts, said, err);
    rec_free(part);
    return st;
}
