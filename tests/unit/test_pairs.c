/* Ratings of pairs: against those of rows, and against the definition of the kernels.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/par.h"
#include "eval/pairs.h"
#include "unit/toy.h"

static struct rec_err err;

static const struct rec_rgnn_taus both = { .n = { 2, 3 },
                                           .tau = { { 10, 300 }, { 60, 1000, 86400 } },
                                           .prior = 3.0 };

enum { USERS = 11, ITEMS = 6, ROWS = 400, MEMBERS = 2 };

/* Few items, so that they have many times REC_RGNN_KEPT edges. */
struct model {
    struct toy toy;
    int64_t *time;
    struct rec_rgnn_trained t;
};

static void member_make(struct rec_rgnn_trained *t, uint32_t i)
{
    struct rec_rgnn *m = &t->m[i];

    CHECK(rec_rgnn_make(&t->x, 20, false, m, &err) == REC_OK);
    CHECK(rec_rgnn_state_make(&t->x, m, false, &t->s[i], &err) == REC_OK);
    for (int s = 0; s < 2; s++)
        rec_param_normal(&m->table[s], 3 + i, 0.2);
    for (uint32_t k = 0; k < m->alpha.cols; k++)
        m->alpha.x[k] = (rec_real)0.1 * (rec_real)(k + 1 + i);
    for (int s = 0; s < 2; s++)
        for (uint32_t k = 0; k < 20; k++)
            m->w[s].x[k] = (rec_real)0.02 * (rec_real)(k % 7);
    rec_rgnn_forward(m, &t->x, 0, &t->s[i]);
}

static struct model model_make(const struct rec_rgnn_taus *taus)
{
    static const double lambda[2] = { 2.0, 3.0 };
    struct model m = { .toy = toy_make(USERS, ITEMS, ROWS, 7) };
    struct rec_rgnn_trained *t = &m.t;
    uint64_t seed = 5;

    m.time = calloc(ROWS, sizeof *m.time);
    CHECK(m.time != NULL);
    for (size_t i = 0; i < ROWS; i++) /* some the same, some far away */
        m.time[i] = (int64_t)(test_random(&seed) % 90) * 40 +
                    (test_random(&seed) % 20 == 0 ? 1000000 : 0);
    m.toy.x.time = m.time;
    CHECK(rec_rgnn_data_make(&m.toy.x, true, true, 0, 0, lambda, taus, &t->x, &err) ==
          REC_OK);
    t->m = rec_alloc_zero(MEMBERS, sizeof *t->m, "members", &err);
    t->s = rec_alloc_zero(MEMBERS, sizeof *t->s, "members", &err);
    CHECK(t->m != NULL && t->s != NULL);
    t->n_members = MEMBERS;
    for (uint32_t i = 0; i < MEMBERS; i++)
        member_make(t, i);
    CHECK(rec_rgnn_features_ask(&t->x.g, &t->x.bias, &t->x.taus, &m.toy.x, 7u,
                                &t->asked, &err) == REC_OK);
    return m;
}

static void model_free(struct model *m)
{
    rec_rgnn_trained_free(&m->t);
    toy_free(&m->toy);
    free(m->time);
}

/* ---- time kernels ---- */

static double slow_kernel(const struct rec_rgnn_data *x, int side, uint32_t node,
                          double time, double tau)
{
    const struct rec_rgnn_side *s = &x->g.side[side];
    double sum = 0.0, weight = 0.0;

    for (uint64_t p = rec_rgnn_first(&x->g, side, node);
         p < rec_rgnn_last(&x->g, side, node); p++) {
        double w = exp(-fabs(time - (double)x->g.time[s->edge[p]]) / tau);
        uint32_t u = side == REC_USERS ? node : s->to[p];
        uint32_t i = side == REC_USERS ? s->to[p] : node;

        sum += w * rec_rgnn_residual(&x->bias, 0, u, i, s->rating[p]);
        weight += w;
    }
    return sum / (weight + x->taus.prior);
}

static void kernels_of_any_node_at_any_time_are_those_of_the_formula(void)
{
    struct model m = model_make(&both);
    struct rec_rgnn_data *x = &m.t.x;
    struct rec_rgnn_past past;

    CHECK(rec_rgnn_past_make(&x->g, &x->bias, &x->taus, &past, &err) == REC_OK);
    for (int side = 0; side < 2; side++)
        for (uint32_t v = 0; v < x->g.side[side].n; v++)
            for (int64_t time = -7; time < 3700; time += 7) {
                int64_t at = time > 3650 ? time * 270 : time;
                rec_real phi[3];

                rec_rgnn_past_ask(&past, &x->g, &x->taus, side, v, at, phi);
                for (uint32_t k = 0; k < both.n[side]; k++) {
                    double want =
                        slow_kernel(x, side, v, (double)at, both.tau[side][k]);

                    CHECKF(fabs((double)phi[k] - want) < 1e-7,
                           "%d %u at %lld: %g, not %g", side, v, (long long)at,
                           (double)phi[k], want);
                }
            }
    rec_rgnn_past_free(&past);
    rec_rgnn_past_free(&past);
    model_free(&m);
}

/* ---- ratings ---- */

static void pairs_are_rated_as_rows_are(void)
{
    static const struct rec_rgnn_taus none = { .prior = 3.0 };

    for (int timed = 0; timed < 2; timed++) {
        struct model m = model_make(timed ? &both : &none);
        double out[ROWS];
        int clipped = 0;

        CHECK(rec_rgnn_pairs(&m.t, &m.toy.x, out, &err) == REC_OK);
        for (size_t i = 0; i < ROWS; i++) {
            double want = rec_rgnn_predict(&m.t, &m.toy.x, i);

            clipped += want <= 0.5 || want >= 4.5;
            CHECKF(timed ? fabs(out[i] - want) < 1e-6 : out[i] == want,
                   "%zu: %.9g, not %.9g", i, out[i], want);
        }
        CHECK(clipped < ROWS / 2);
        model_free(&m);
    }
}

static void a_pair_is_rated_the_same_alone_and_on_any_threads(void)
{
    struct model m = model_make(&both);
    double out[ROWS];

    rec_par_set_threads(4);
    CHECK(rec_rgnn_pairs(&m.t, &m.toy.x, out, &err) == REC_OK);
    rec_par_set_threads(1);
    for (size_t i = 0; i < ROWS; i++) {
        struct rec_ratings one = {
            .n = 1, .user = m.toy.user + i, .item = m.toy.item + i, .time = m.time + i
        };
        double alone;

        CHECK(rec_rgnn_pairs(&m.t, &one, &alone, &err) == REC_OK);
        CHECK(memcmp(&alone, &out[i], sizeof alone) == 0);
    }
    model_free(&m);
}

/* The last user and the last item of a toy have no ratings. */
static void who_is_not_there_is_rated_as_one_without_ratings(void)
{
    const uint32_t none = REC_UNKNOWN;
    const uint32_t user[] = { USERS - 1, none, 3, 3, none, USERS - 1 };
    const uint32_t item[] = { 2, 2, ITEMS - 1, none, none, ITEMS - 1 };
    const int64_t time[] = { 80, 80, 80, 80, 80, 80 };
    struct rec_ratings q = { .n = 6, .user = user, .item = item, .time = time };
    struct model m = model_make(&both);
    double out[6];

    CHECK(rec_rgnn_pairs(&m.t, &q, out, &err) == REC_OK);
    for (int i = 0; i < 6; i += 2)
        CHECKF(fabs(out[i] - out[i + 1]) < 1e-12, "%d: %g, %g", i, out[i], out[i + 1]);
    CHECK(fabs(out[4] - m.t.x.bias.mean[0]) < 1e-6);
    CHECK(fabs(out[0] - out[4]) > 1e-3 && fabs(out[2] - out[4]) > 1e-3);
    model_free(&m);
}

/* OUT without times, TIMED with them. */
static void some_without_times(struct model *m, const double *out, const double *timed)
{
    struct rec_ratings q = m->toy.x;
    double some[ROWS];
    int64_t time[ROWS];

    for (size_t i = 0; i < ROWS; i++)
        time[i] = i % 3 == 0 ? REC_NO_TIME : m->time[i];
    q.time = time;
    CHECK(rec_rgnn_pairs(&m->t, &q, some, &err) == REC_OK);
    for (size_t i = 0; i < ROWS; i++)
        CHECK(some[i] == (i % 3 == 0 ? out[i] : timed[i]));
}

static void without_times_there_are_no_kernels(void)
{
    struct model m = model_make(&both);
    struct rec_ratings q = m.toy.x;
    double out[ROWS], timed[ROWS];

    q.time = NULL;
    CHECK(rec_rgnn_pairs(&m.t, &q, out, &err) == REC_OK);
    CHECK(!m.t.past.is_made);
    CHECK(rec_rgnn_pairs(&m.t, &m.toy.x, timed, &err) == REC_OK);
    CHECK(memcmp(out, timed, sizeof out) != 0);
    some_without_times(&m, out, timed);
    for (uint32_t k = 0; k < MEMBERS * 5; k++) /* they weigh nothing then */
        m.t.m[k / 5].alpha.x[k % 5] = 0;
    CHECK(rec_rgnn_pairs(&m.t, &m.toy.x, timed, &err) == REC_OK);
    CHECK(memcmp(out, timed, sizeof out) == 0);
    model_free(&m);
}

static void a_failed_allocation_leaves_no_kernels(void)
{
    struct model m = model_make(&both);
    double out[ROWS];
    uint64_t before = rec_mem_now();
    int n = 0;

    for (enum rec_status st = REC_ESYSTEM; st != REC_OK; n++) {
        rec_mem_fail_at((uint64_t)n + 1);
        st = rec_rgnn_pairs(&m.t, &m.toy.x, out, &err);
        rec_mem_fail_at(0);
        CHECK(st == REC_OK || st == REC_ESYSTEM);
        CHECK(st == REC_OK || (!m.t.past.is_made && rec_mem_now() == before));
    }
    CHECKF(n == 5, "%d", n); /* two arrays of either side */
    model_free(&m);
}

/* ---- kinds that know rows alone ---- */

static double row_rating(const void *trained, const struct rec_ratings *x, size_t i)
{
    return *(const double *)trained + x->user[i] * 10.0 + x->item[i];
}

static const struct rec_model_kind by_rows = { .name = "rows", .rating = row_rating };

static void other_kinds_fall_back_on_biases(void)
{
    const uint32_t none = REC_UNKNOWN, user[] = { 2, 2, none, none };
    const uint32_t item[] = { 3, none, 3, none };
    struct rec_ratings q = { .n = 4, .user = user, .item = item };
    struct toy t = toy_make(USERS, ITEMS, ROWS, 7);
    double add = 0.25, out[4];
    struct rec_pairs p = { .x = t.x, .t = { &by_rows, &add } };

    CHECKF(rec_pairs_ready(&p, &err) == REC_OK, "%s", err.text);
    CHECK(p.known[REC_USERS][0] && !p.known[REC_USERS][USERS - 1] &&
          !p.known[REC_ITEMS][ITEMS - 1]);
    CHECK(rec_pairs_rate(&p, &q, out, &err) == REC_OK);
    CHECK(out[0] == 23.25);
    CHECK(out[1] == p.biases.mean + p.biases.user[2] && p.biases.user[2] != 0.0);
    CHECK(out[2] == p.biases.mean + p.biases.item[3] && p.biases.item[3] != 0.0);
    CHECK(out[3] == p.biases.mean);
    p.clip = true;
    CHECK(rec_pairs_rate(&p, &q, out, &err) == REC_OK);
    CHECK(out[0] == 4.5 && p.high == 4.5f);
    add = -100.0;
    CHECK(rec_pairs_rate(&p, &q, out, &err) == REC_OK);
    CHECK(out[0] == 0.5 && p.low == 0.5f);
    add = NAN;
    CHECK(rec_pairs_rate(&p, &q, out, &err) == REC_ENUMERIC);
    for (int i = 0; i < 4; i++)
        CHECK(strcmp(rec_basis_names[rec_basis_of(user[i], item[i])],
                     (const char *[]){ "model", "user", "item", "mean" }[i]) == 0);
    p.t = (struct rec_trained){ 0 }; /* not its own */
    rec_pairs_close(&p);
    toy_free(&t);
}

static void a_kind_that_only_ranks_is_refused(void)
{
    static const struct rec_model_kind ranks = { .name = "ranks" };
    struct rec_pairs p = { .t = { &ranks, NULL } };

    CHECK(rec_pairs_ready(&p, &err) == REC_EFORMAT);
    CHECKF(strstr(err.text, "kind ranks ranks items") != NULL, "%s", err.text);
    rec_pairs_close(&p);
}

int main(void)
{
    RUN(kernels_of_any_node_at_any_time_are_those_of_the_formula);
    RUN(pairs_are_rated_as_rows_are);
    RUN(a_pair_is_rated_the_same_alone_and_on_any_threads);
    RUN(who_is_not_there_is_rated_as_one_without_ratings);
    RUN(without_times_there_are_no_kernels);
    RUN(a_failed_allocation_leaves_no_kernels);
    RUN(other_kinds_fall_back_on_biases);
    RUN(a_kind_that_only_ranks_is_refused);
    return test_end();
}
