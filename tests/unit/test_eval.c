/* metrics, baseline, shrink, report */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "eval/report.h"
#include "eval/score.h"
#include "eval/shrink.h"
#include "unit/toy.h"

static struct rec_err err;

static bool near(double a, double b)
{
    return fabs(a - b) <= 1e-9 * (1.0 + fabs(b));
}

/* ---- metrics ---- */

static void metrics_of_known_errors_are_known(void)
{
    struct rec_errors e = { 0 };

    rec_errors_add(&e, 4.0, 5.0);
    rec_errors_add(&e, 4.0, 1.0);
    CHECK(e.n == 2 && near(rec_rmse(&e), sqrt(5.0)) && near(rec_mae(&e), 2.0));
}

static void metrics_of_nothing_are_no_numbers(void)
{
    struct rec_errors none = { 0 };

    CHECK(isnan(rec_rmse(&none)) && isnan(rec_mae(&none)));
}

/* A model that has gone wrong must not look like a good one. */
static void metrics_of_a_nan_prediction_are_no_numbers(void)
{
    struct rec_errors e = { 0 };

    rec_errors_add(&e, 4.0, 5.0);
    rec_errors_add(&e, NAN, 1.0);
    CHECK(isnan(rec_mae(&e)) && isnan(rec_rmse(&e)));
}

/* ---- baseline ---- */

/* As baseline.h says it: every bias from its own sum over all ratings. */
static void slow_biases(const struct rec_ratings *x, double lu, double li, double *mean,
                        double *bu, double *bi)
{
    double n = 0.0, sum = 0.0;

    for (size_t i = 0; i < x->n; i++)
        if (x->part[i] == REC_TRAIN) {
            sum += (double)x->rating[i];
            n += 1.0;
        }
    *mean = sum / n;
    for (int sweep = 0; sweep < 30; sweep++) {
        bool items = sweep % 2 == 0;

        for (uint32_t k = 0; k < (items ? x->n_items : x->n_users); k++) {
            double top = 0.0, count = 0.0;

            for (size_t i = 0; i < x->n; i++)
                if (x->part[i] == REC_TRAIN && (items ? x->item[i] : x->user[i]) == k) {
                    top += (double)x->rating[i] - *mean -
                           (items ? bu[x->user[i]] : bi[x->item[i]]);
                    count += 1.0;
                }
            (items ? bi : bu)[k] =
                count > 0.0 ? top / (count + (items ? li : lu)) : 0.0;
        }
    }
}

static void biases_are_15_sweeps_of_the_two_equations(void)
{
    static const double lambdas[][2] = { { 10.0, 25.0 }, { 0.0, 0.0 }, { 0.5, 3.0 } };

    for (size_t k = 0; k < 3; k++) {
        struct toy t = toy_make(20, 31, 500, k);
        double bu[20] = { 0 }, bi[31] = { 0 }, mean;
        uint64_t before = rec_mem_now();
        struct rec_biases b;

        CHECK(rec_biases_fit(&t.x, lambdas[k][0], lambdas[k][1], &b, &err) == REC_OK);
        slow_biases(&t.x, lambdas[k][0], lambdas[k][1], &mean, bu, bi);
        CHECK(near(b.mean, mean));
        for (int i = 0; i < 20; i++)
            CHECKF(near(b.user[i], bu[i]), "user %d: %g not %g", i, b.user[i], bu[i]);
        for (int i = 0; i < 31; i++)
            CHECKF(near(b.item[i], bi[i]), "item %d: %g not %g", i, b.item[i], bi[i]);
        CHECK(b.user[19] == 0.0 && b.item[30] == 0.0); /* never rated */
        CHECK(fabs(b.user[0]) > 1e-6);
        for (size_t i = 0; i < t.x.n; i += 50)
            CHECK(rec_predict_mean(&b, &t.x, i) == b.mean &&
                  near(rec_predict_biases(&b, &t.x, i),
                       mean + bu[t.user[i]] + bi[t.item[i]]));
        rec_biases_free(&b);
        rec_biases_free(&b);
        CHECK(rec_mem_now() == before);
        toy_free(&t);
    }
}

static void biases_survive_every_failed_allocation(void)
{
    struct toy t = toy_make(20, 31, 500, 1);
    struct rec_biases b = { .mean = 77.0 };
    uint64_t before = rec_mem_now();

    for (uint64_t at = 1; at <= 3; at++) {
        rec_mem_fail_at(at);
        CHECK(rec_biases_fit(&t.x, 1.0, 1.0, &b, &err) == REC_ESYSTEM);
        rec_mem_fail_at(0);
        CHECK(b.mean == 77.0 && b.user == NULL && rec_mem_now() == before);
    }
    toy_free(&t);
}

/* ---- shrinkage ---- */

/* The squared error of one pair of lambdas over all folds, by rec_biases_fit(). */
static double slow_cv(struct toy *t, double lu, double li)
{
    double sum = 0.0;

    for (uint32_t fold = 0; fold < REC_SHRINK_FOLDS; fold++) {
        uint8_t *kept = calloc(t->x.n, 1);
        struct rec_biases b;

        CHECK(kept != NULL);
        memcpy(kept, t->part, t->x.n);
        for (size_t i = 0; i < t->x.n; i++)
            if (t->part[i] == REC_TRAIN && rec_shrink_fold(i) == fold)
                t->part[i] = REC_VALID;
        CHECK(rec_biases_fit(&t->x, lu, li, &b, &err) == REC_OK);
        for (size_t i = 0; i < t->x.n; i++)
            if (kept[i] == REC_TRAIN && rec_shrink_fold(i) == fold) {
                double e = rec_predict_biases(&b, &t->x, i) - (double)t->rating[i];

                sum += e * e;
            }
        memcpy(t->part, kept, t->x.n);
        free(kept);
        rec_biases_free(&b);
    }
    return sum;
}

static void shrink_is_the_best_pair_of_the_grid(void)
{
    static const double given[][2] = { { -1, -1 }, { 3, -1 }, { -1, 0 }, { 7, 9 } };

    for (size_t k = 0; k < 8; k++) {
        struct toy t = toy_make(20, 31, 600, k);
        struct rec_shrinkage s = { given[k % 4][0], given[k % 4][1], 0, 0.0 };
        double least = INFINITY, n = 0.0, lu = 0.0, li = 0.0;

        for (size_t i = 0; i < t.x.n; i++) { /* something to be found */
            t.rating[i] +=
                (float)(t.user[i] % 5) + (float)(t.item[i] % 3) * (float)(k % 2);
            n += t.part[i] == REC_TRAIN;
        }
        for (int a = REC_SHRINK_GRID - 1; a >= 0; a--)
            for (int b = REC_SHRINK_GRID - 1; b >= 0; b--) {
                double u = s.user < 0 ? rec_shrink_grid[a] : s.user;
                double v = s.item < 0 ? rec_shrink_grid[b] : s.item;
                double sum = slow_cv(&t, u, v);

                if (sum < least * (1.0 - 1e-12)) {
                    least = sum;
                    lu = u;
                    li = v;
                }
            }
        CHECK(rec_shrink(&t.x, &s, &err) == REC_OK);
        CHECKF(s.user == lu && s.item == li, "%zu: %g %g not %g %g", k, s.user, s.item,
               lu, li);
        if (k % 4 < 3)
            CHECKF(near(s.rmse, sqrt(least / n)), "%g", s.rmse);
        CHECK((double)s.n_rows == (k % 4 < 3 ? n : 0.0));
        toy_free(&t);
    }
}

static void shrink_of_few_ratings_is_5_and_of_equal_ones_the_most(void)
{
    struct toy t = toy_make(5, 5, 40, 1);
    struct rec_shrinkage s = { -1.0, -1.0, 0, 0.0 };

    for (size_t i = 0; i < t.x.n; i++)
        t.rating[i] = 3.0f;
    CHECK(rec_shrink(&t.x, &s, &err) == REC_OK);
    CHECKF(s.user == 100.0 && s.item == 100.0 && s.rmse == 0.0, "%g", s.user);
    for (size_t i = 9; i < t.x.n; i++)
        t.part[i] = REC_TEST;
    s = (struct rec_shrinkage){ -1.0, 2.0, 0, 0.0 };
    CHECK(rec_shrink(&t.x, &s, &err) == REC_OK);
    CHECK(s.user == 5.0 && s.item == 2.0 && s.n_rows == 0);
    toy_free(&t);
}

static void shrink_of_many_ratings_draws_users_whole(void)
{
    size_t n = 2 * REC_SHRINK_ROWS;
    struct toy t = toy_make(20000, 500, n, 3);
    struct rec_shrinkage s = { 5.0, -1.0, 0, 0.0 };
    double n_train = 0.0;

    for (size_t i = 0; i < n; i++)
        n_train += t.part[i] == REC_TRAIN;
    CHECK(n_train > 1.2 * REC_SHRINK_ROWS);
    CHECK(rec_shrink(&t.x, &s, &err) == REC_OK);
    CHECKF(s.n_rows > 0.95 * REC_SHRINK_ROWS && s.n_rows < 1.05 * REC_SHRINK_ROWS,
           "%zu", s.n_rows);
    toy_free(&t);
}

static void shrink_survives_every_failed_allocation(void)
{
    struct toy t = toy_make(20, 31, 500, 1);
    uint64_t before = rec_mem_now();
    enum rec_status st = REC_ESYSTEM;
    uint64_t at = 0;

    while (st != REC_OK && at < 100) {
        struct rec_shrinkage s = { -1.0, -1.0, 0, 0.0 };

        rec_mem_fail_at(++at);
        st = rec_shrink(&t.x, &s, &err);
        rec_mem_fail_at(0);
        CHECK(st == REC_OK || st == REC_ESYSTEM);
        CHECK(rec_mem_now() == before);
    }
    CHECKF(at == 14, "%d allocations", (int)at);
    toy_free(&t);
}

/* ---- report ---- */

static void check_report(enum rec_report_format format, size_t n_rows,
                         const char *wanted)
{
    const struct rec_report_row rows[] = {
        { "test", "gcn", "rmse", true, { 1.25, 1.0, 1.5000004 }, 42 },
        { "valid/cold=user", "a\"\\x01", "mae", true, { NAN, -INFINITY, NAN }, 0 }
    };
    struct rec_report r = { 0 };
    struct rec_buf text = { 0 };

    for (size_t i = 0; i < n_rows; i++)
        CHECK(rec_report_add(&r, &rows[i], &err) == REC_OK);
    CHECK(rec_report_text(&r, format, &text, &err) == REC_OK);
    CHECKF(text.n == strlen(wanted) && memcmp(text.data, wanted, text.n) == 0, "%.*s",
           (int)text.n, (char *)text.data);
    rec_buf_free(&text);
    rec_report_free(&r);
}

static void report_is_tsv(void)
{
#define HEAD "split\tmodel\tmetric\tvalue\tlow\thigh\tn\n"
    check_report(REC_REPORT_TSV, 0, HEAD);
    check_report(REC_REPORT_TSV, 2,
                 HEAD "test\tgcn\trmse\t1.250000\t1.000000\t1.500000\t42\n"
                      "valid/cold=user\ta\"\\x01\tmae\tnan\tnan\tnan\t0\n");
}

static void report_is_json(void)
{
#define ROW1                                                           \
    "{\"split\": \"test\", \"model\": \"gcn\", \"metric\": \"rmse\", " \
    "\"value\": 1.250000, \"low\": 1.000000, \"high\": 1.500000, \"n\": 42}"
#define ROW2                                                                     \
    "{\"split\": \"valid/cold=user\", \"model\": \"a\\\"\\\\x01\", \"metric\": " \
    "\"mae\", "                                                                  \
    "\"value\": null, \"low\": null, \"high\": null, \"n\": 0}"
    check_report(REC_REPORT_JSON, 0, "[\n]\n");
    check_report(REC_REPORT_JSON, 1, "[\n  " ROW1 "\n]\n");
    check_report(REC_REPORT_JSON, 2, "[\n  " ROW1 ",\n  " ROW2 "\n]\n");
}

static void gates_name_a_figure_and_a_bound(void)
{
    static const struct rec_report_row rows[] = {
        { "test", "mean", "rmse", false, { 9.0, 0, 0 }, 4 },
        { "test", "a.rec", "rmse", true, { 1.25, 0, 0 }, 4 },
        { "test", "b.rec", "rmse", true, { 1.5, 0, 0 }, 4 },
        { "valid", "a.rec", "rmse", true, { NAN, 0, 0 }, 4 },
    };
    static const struct {
        const char *text;
        bool is_max;
        enum rec_status st;
        const char *why;
    } cases[] = {
        { "test.rmse=1.5", true, REC_OK, "" },
        { "test.rmse=1.25", false, REC_OK, "" },
        { "test.mean.rmse=9", true, REC_OK, "" },
        { "test.rmse=1.3", true, REC_NO,
          "test.b.rec.rmse is 1.500000, above --max test.rmse=1.3" },
        { "test.rmse=1.3", false, REC_NO,
          "test.a.rec.rmse is 1.250000, below --min test.rmse=1.3" },
        { "test.rmse=1", true, REC_NO,
          "test.a.rec.rmse is 1.250000, above --max test.rmse=1; "
          "test.b.rec.rmse is 1.500000, above --max test.rmse=1" },
        { "test.mean.rmse=8", true, REC_NO,
          "test.mean.rmse is 9.000000, above --max test.mean.rmse=8" },
        { "valid.rmse=1", true, REC_NO,
          "valid.a.rec.rmse is nan, which fails --max valid.rmse=1" },
        { "valid.rmse=1", false, REC_NO,
          "valid.a.rec.rmse is nan, which fails --min valid.rmse=1" },
        { "test.mae=1", true, REC_EUSAGE,
          "--max: the report has no figure 'test.mae'" },
        { "rmse=1", false, REC_EUSAGE, "--min: the report has no figure 'rmse'" },
        { "test.rmse", true, REC_EUSAGE,
          "--max: 'test.rmse' is not METRIC=V, as test.rmse=0.9" },
        { "=1", true, REC_EUSAGE, "--max: '=1' is not METRIC=V, as test.rmse=0.9" },
        { "a=b", false, REC_EUSAGE, "--min: 'a=b' is not METRIC=V, as test.rmse=0.9" },
    };
    struct rec_report r = { 0 };

    for (size_t i = 0; i < 4; i++)
        CHECK(rec_report_add(&r, &rows[i], &err) == REC_OK);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct rec_gate g;
        enum rec_status st = rec_gate_parse(cases[i].text, cases[i].is_max, &g, &err);

        if (st == REC_OK)
            st = rec_gates_check(&g, 1, &r, &err);
        CHECKF(st == cases[i].st, "%s: status %d", cases[i].text, (int)st);
        if (st != REC_OK)
            CHECKF(strcmp(err.text, cases[i].why) == 0, "%s", err.text);
    }
    rec_report_free(&r);
}

int main(void)
{
    RUN(metrics_of_known_errors_are_known);
    RUN(metrics_of_nothing_are_no_numbers);
    RUN(metrics_of_a_nan_prediction_are_no_numbers);
    RUN(biases_are_15_sweeps_of_the_two_equations);
    RUN(biases_survive_every_failed_allocation);
    RUN(shrink_is_the_best_pair_of_the_grid);
    RUN(shrink_of_few_ratings_is_5_and_of_equal_ones_the_most);
    RUN(shrink_of_many_ratings_draws_users_whole);
    RUN(shrink_survives_every_failed_allocation);
    RUN(report_is_tsv);
    RUN(report_is_json);
    RUN(gates_name_a_figure_and_a_bound);
    return test_end();
}
