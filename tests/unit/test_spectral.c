/* spectral: singular vectors and scores against their definitions, computed plainly. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/par.h"
#include "nn/spectral.h"
#include "nn/subspace.h"
#include "unit/toy.h"

static struct rec_err err;

enum { U = 14, I = 11 };

static void pairs_are_distinct_and_ascend_on_both_sides(void)
{
    struct toy t = toy_make(U, I, 90, 4);
    struct rec_pairs01 p;
    bool has[U][I] = { { false } };
    uint64_t n = 0;

    for (size_t i = 0; i < t.x.n; i++)
        if (t.part[i] == REC_TRAIN && !has[t.user[i]][t.item[i]]) {
            has[t.user[i]][t.item[i]] = true;
            n++;
        }
    CHECK(rec_pairs01_make(&t.x, t.part, &p, &err) == REC_OK);
    CHECK(p.n_pairs == n && p.off[0][U] == n && p.off[1][I] == n);
    for (int s = 0; s < 2; s++)
        for (uint32_t v = 0; v < p.n[s]; v++)
            for (uint64_t e = p.off[s][v]; e < p.off[s][v + 1]; e++) {
                CHECK(s == 0 ? has[v][p.to[s][e]] : has[p.to[s][e]][v]);
                CHECK(e == p.off[s][v] || p.to[s][e - 1] < p.to[s][e]);
            }
    rec_pairs01_free(&p);
    toy_free(&t);
}

static void pairs_of_items_weigh_the_users_who_have_both(void)
{
    struct toy t = toy_make(U, I, 90, 4);
    struct rec_pairs01 p;
    struct rec_item_pairs x;
    double want[I][I] = { { 0.0 } };
    float by[U];
    uint64_t n = 0;

    CHECK(rec_pairs01_make(&t.x, t.part, &p, &err) == REC_OK);
    for (uint32_t u = 0; u < U; u++) {
        by[u] = 1.0f / (float)(u + 1);
        for (uint64_t a = p.off[0][u]; a < p.off[0][u + 1]; a++)
            for (uint64_t b = p.off[0][u]; b < p.off[0][u + 1]; b++)
                want[p.to[0][a]][p.to[0][b]] += (double)by[u] * (double)by[u];
    }
    CHECK(rec_item_pairs_make(&p, by, &x, &err) == REC_OK);
    for (uint32_t j = 0; j < I; j++)
        for (uint32_t i = 0; i < I; i++) {
            if (!(want[j][i] > 0.0))
                continue;
            CHECK(n < x.off[j + 1] && x.to[n] == i);
            CHECK(fabs((double)x.g[n] - want[j][i]) < 1e-6);
            n++;
        }
    CHECK(x.off[0] == 0 && x.off[I] == n && n > I && n < I * I);
    rec_item_pairs_free(&x);
    rec_pairs01_free(&p);
    toy_free(&t);
}

/* Rn (U, I) with powers A and .5 of the degrees, in double. */
static void plain_matrix(const struct rec_pairs01 *r, double a, double *rn)
{
    for (uint32_t u = 0; u < U; u++)
        for (uint64_t e = r->off[0][u]; e < r->off[0][u + 1]; e++)
            rn[u * I + r->to[0][e]] =
                pow((double)rec_pairs01_degree(r, 0, u), -a) *
                pow((double)rec_pairs01_degree(r, 1, r->to[0][e]), -0.5);
}

/* Jacobi's rotations of G = Rn'Rn: eigenvalues on its diagonal, vectors in X, columns.
 */
static void jacobi(double g[I][I], double x[I][I])
{
    memset(x, 0, sizeof(double) * I * I);
    for (int i = 0; i < I; i++)
        x[i][i] = 1.0;
    for (int sweep = 0; sweep < 60; sweep++)
        for (int p = 0; p < I; p++)
            for (int q = p + 1; q < I; q++) {
                double angle = 0.5 * atan2(2.0 * g[p][q], g[p][p] - g[q][q]);
                double c = cos(angle), s = sin(angle);

                for (int k = 0; k < I; k++) {
                    double a = g[k][p], b = g[k][q];

                    g[k][p] = c * a + s * b;
                    g[k][q] = c * b - s * a;
                }
                for (int k = 0; k < I; k++) {
                    double a = g[p][k], b = g[q][k], v = x[k][p], w = x[k][q];

                    g[p][k] = c * a + s * b;
                    g[q][k] = c * b - s * a;
                    x[k][p] = c * v + s * w;
                    x[k][q] = c * w - s * v;
                }
            }
}

static void singular(const double *rn, double s[I], double v[I][I])
{
    double g[I][I], x[I][I];

    for (int i = 0; i < I; i++)
        for (int j = 0; j < I; j++) {
            g[i][j] = 0.0;
            for (int u = 0; u < U; u++)
                g[i][j] += rn[u * I + i] * rn[u * I + j];
        }
    jacobi(g, x);
    for (int k = 0; k < I; k++) { /* the largest first */
        int at = 0;

        for (int i = 1; i < I; i++)
            at = g[i][i] > g[at][at] ? i : at;
        s[k] = sqrt(g[at][at] > 0.0 ? g[at][at] : 0.0);
        for (int i = 0; i < I; i++)
            v[i][k] = x[i][at];
        g[at][at] = -1.0;
    }
}

static void singular_vectors_are_those_of_jacobi(void)
{
    struct toy t = toy_make(U, I, 90, 4);
    enum { K = 6 };
    float by0[U], by1[I], got[I * K];
    double rn[U * I] = { 0 }, s[I], v[I][I], got_s[K];
    struct rec_pairs01 p;
    struct rec_scaled01 m = { &p, { by0, by1 } };

    CHECK(rec_pairs01_make(&t.x, t.part, &p, &err) == REC_OK);
    plain_matrix(&p, 0.35, rn);
    singular(rn, s, v);
    for (uint32_t u = 0; u < U; u++)
        by0[u] = (float)pow(fmax(1.0, (double)rec_pairs01_degree(&p, 0, u)), -0.35);
    for (uint32_t i = 0; i < I; i++)
        by1[i] = (float)pow(fmax(1.0, (double)rec_pairs01_degree(&p, 1, i)), -0.5);
    CHECK(rec_subspace(&m, K, 1, got, got_s, &err) == REC_OK);
    for (int k = 0; k < K; k++) {
        double same = 0.0;

        CHECKF(fabs(s[k] - got_s[k]) < 1e-5, "%d: %g, not %g", k, got_s[k], s[k]);
        for (int i = 0; i < I; i++)
            same += v[i][k] * (double)got[i * K + k];
        CHECKF(fabs(fabs(same) - 1.0) < 1e-4, "%d: cosine %g", k, same);
    }
    rec_pairs01_free(&p);
    toy_free(&t);
}

/* S of the header, for user U's row. */
static void plain_scores(const struct rec_pairs01 *r, enum rec_spectral_filter f,
                         uint32_t rank, const double *row, double *out)
{
    double rn[U * I] = { 0 }, s[I], v[I][I], d[I], q[U] = { 0 }, top, ct;

    plain_matrix(r, f == REC_SPECTRAL_GFCF ? 0.5 : 0.35, rn);
    singular(rn, s, v);
    top = s[0] * s[0];
    ct = f == REC_SPECTRAL_GFCF ? top : exp(-0.8 * s[rank - 1] * s[rank - 1] / top);
    for (uint32_t i = 0; i < I; i++)
        d[i] = fmax(1.0, (double)rec_pairs01_degree(r, 1, i));
    for (int u = 0; u < U; u++)
        for (int i = 0; i < I; i++)
            q[u] += row[i] * rn[u * I + i];
    for (int i = 0; i < I; i++) {
        double sum = 0.0;

        for (int u = 0; u < U; u++)
            sum += q[u] * rn[u * I + i];
        out[i] = ct * sum / top * (f == REC_SPECTRAL_GFCF ? 1.0 : pow(d[i], 0.1));
        for (uint32_t k = 0; k < rank; k++) {
            double a = 0.0, b = 0.0, lambda = s[k] * s[k] / top;

            for (int j = 0; j < I; j++) {
                a += row[j] * v[j][k];
                b += row[j] / sqrt(d[j]) * v[j][k];
            }
            if (f == REC_SPECTRAL_GFCF)
                out[i] += 0.3 * b * sqrt(d[i]) * v[i][k];
            else
                out[i] +=
                    a * pow(d[i], 0.1) * v[i][k] * lambda * (exp(-0.8 * lambda) - ct) +
                    b * sqrt(d[i]) * v[i][k] * 0.4 * exp(-0.8 * lambda);
        }
    }
}

static void scores_are_those_of_the_equations(void)
{
    struct toy t = toy_make(U, I, 90, 4);

    for (int f = 0; f < 2; f++) {
        struct rec_spectral_opts o = { 5, (enum rec_spectral_filter)f, 1 };
        struct rec_spectral m;
        float got[U * I], one[I], *room;
        uint32_t all[U];

        CHECK(rec_spectral_make(&m, &t.x, t.part, &o, &err) == REC_OK);
        CHECK(rec_spectral_ready(&m, &err) == REC_OK);
        room = malloc(rec_spectral_scratch(&m, U));
        CHECK(room != NULL);
        for (uint32_t u = 0; u < U; u++)
            all[u] = u;
        rec_spectral_scores(&m, all, U, room, got);
        for (uint32_t u = 0; u < U; u++) {
            const uint32_t *item = m.r.to[0] + m.r.off[0][u];
            uint32_t n = (uint32_t)rec_pairs01_degree(&m.r, 0, u);
            double row[I] = { 0 }, want[I];

            for (uint32_t e = 0; e < n; e++)
                row[item[e]] = 1.0;
            plain_scores(&m.r, o.filter, o.rank, row, want);
            for (int i = 0; n == 0 && i < I; i++) /* toys have a user without any */
                want[i] = (double)rec_pairs01_degree(&m.r, 1, (uint32_t)i);
            for (int i = 0; i < I; i++)
                CHECKF(fabs((double)got[u * I + (uint32_t)i] - want[i]) < 2e-5,
                       "filter %d, user %u, item %d: %g, not %g", f, u, i,
                       (double)got[u * I + (uint32_t)i], want[i]);
            /* alone in its block, and as somebody new: the same bits */
            rec_spectral_scores(&m, &u, 1, room, one);
            CHECK(memcmp(one, got + u * I, sizeof one) == 0);
            CHECK(rec_spectral_fold_in(&m, item, n, one, &err) == REC_OK);
            CHECK(memcmp(one, got + u * I, sizeof one) == 0);
        }
        free(room);
        rec_spectral_free(&m);
    }
    toy_free(&t);
}

/* Cut to a smaller rank it is what it would have been, up to rounding and signs. */
static void cut_is_as_if_made_smaller(void)
{
    struct toy t = toy_make(60, 50, 900, 5);
    struct rec_spectral_opts o = { 20, REC_SPECTRAL_RESHAPED, 1 };
    struct rec_spectral a, b;
    uint32_t u = 3;
    float x[50], y[50], *room;

    CHECK(rec_spectral_make(&a, &t.x, t.part, &o, &err) == REC_OK);
    CHECK(rec_spectral_ready(&a, &err) == REC_OK); /* to be made again */
    rec_spectral_cut(&a, 7);
    CHECK(rec_spectral_ready(&a, &err) == REC_OK);
    o.rank = 7;
    CHECK(rec_spectral_make(&b, &t.x, t.part, &o, &err) == REC_OK);
    CHECK(rec_spectral_ready(&b, &err) == REC_OK);
    room = malloc(rec_spectral_scratch(&a, 1));
    CHECK(room != NULL);
    rec_spectral_scores(&a, &u, 1, room, x);
    rec_spectral_scores(&b, &u, 1, room, y);
    for (int i = 0; i < 50; i++)
        CHECKF(fabsf(x[i] - y[i]) < 2e-3f, "%d: %g, %g", i, (double)x[i], (double)y[i]);
    free(room);
    rec_spectral_free(&a);
    rec_spectral_free(&b);
    toy_free(&t);
}

static void threads_do_not_change_a_bit(void)
{
    struct toy t = toy_make(300, 200, 6000, 8);
    struct rec_spectral_opts o = { 40, REC_SPECTRAL_RESHAPED, 1 };
    struct rec_spectral one, four;

    CHECK(rec_spectral_make(&one, &t.x, t.part, &o, &err) == REC_OK);
    rec_par_set_threads(4);
    CHECK(rec_spectral_make(&four, &t.x, t.part, &o, &err) == REC_OK);
    CHECK(rec_spectral_ready(&four, &err) == REC_OK);
    rec_par_set_threads(1);
    CHECK(rec_spectral_ready(&one, &err) == REC_OK);
    CHECK(memcmp(one.v.x, four.v.x, rec_param_size(&one.v) * sizeof *one.v.x) == 0);
    CHECK(one.g.off[200] == four.g.off[200]);
    CHECK(memcmp(one.g.g, four.g.g, one.g.off[200] * sizeof *one.g.g) == 0);
    rec_spectral_free(&one);
    rec_spectral_free(&four);
    toy_free(&t);
}

/* More rank than there are users, items or singular values. */
static void ranks_beyond_the_matrix_are_zero(void)
{
    for (uint32_t users = 1; users < 5; users++)
        for (uint32_t items = 1; items < 5; items++) {
            struct toy t = toy_make(users, items, 9, users * 7 + items);
            struct rec_spectral_opts o = { 6, REC_SPECTRAL_RESHAPED, 1 };
            struct rec_spectral m;
            uint32_t u = 0;
            float out[4], *room;

            CHECK(rec_spectral_make(&m, &t.x, t.part, &o, &err) == REC_OK);
            CHECK(rec_spectral_ready(&m, &err) == REC_OK);
            CHECK((double)m.s.x[0] > 0.0 && m.s.x[5] == 0);
            room = malloc(rec_spectral_scratch(&m, 1));
            CHECK(room != NULL);
            rec_spectral_scores(&m, &u, 1, room, out);
            for (uint32_t i = 0; i < items; i++)
                CHECK(isfinite(out[i]));
            free(room);
            rec_spectral_free(&m);
            toy_free(&t);
        }
}

static void the_rank_is_tried_out(void)
{
    struct toy t = toy_make(160, 140, 5000, 8);
    struct rec_spectral_opts o = { 0, REC_SPECTRAL_RESHAPED, 1 };
    struct rec_buf said = { 0 };

    CHECK(rec_spectral_rank(&t.x, &o, &said, &err) == REC_OK);
    CHECK(o.rank == 64 || o.rank == 128);
    CHECK(rec_buf_add(&said, "", 1, &err) == REC_OK);
    CHECK(strstr((char *)said.data, "a trial of rank 128: NDCG@20 0.") != NULL);
    CHECK(strstr((char *)said.data, "a trial of rank 64: NDCG@20 0.") != NULL);
    rec_buf_free(&said);
    toy_free(&t);
}

static void make_survives_every_failed_allocation(void)
{
    struct toy t = toy_make(U, I, 90, 4);
    struct rec_spectral_opts o = { 5, REC_SPECTRAL_RESHAPED, 1 };
    uint64_t before = rec_mem_now(), at = 0;

    for (enum rec_status st = REC_ESYSTEM; st != REC_OK;) {
        struct rec_spectral m = { .lin = NULL };

        rec_mem_fail_at(++at);
        st = rec_spectral_make(&m, &t.x, t.part, &o, &err);
        if (st == REC_OK)
            st = rec_spectral_ready(&m, &err);
        rec_mem_fail_at(0);
        CHECK(st == REC_OK || st == REC_ESYSTEM);
        rec_spectral_free(&m);
        CHECK(rec_mem_now() == before && at < 200);
    }
    toy_free(&t);
}

int main(void)
{
    RUN(pairs_are_distinct_and_ascend_on_both_sides);
    RUN(pairs_of_items_weigh_the_users_who_have_both);
    RUN(singular_vectors_are_those_of_jacobi);
    RUN(scores_are_those_of_the_equations);
    RUN(cut_is_as_if_made_smaller);
    RUN(threads_do_not_change_a_bit);
    RUN(ranks_beyond_the_matrix_are_zero);
    RUN(the_rank_is_tried_out);
    RUN(make_survives_every_failed_allocation);
    return test_end();
}
