/* metrics, baseline, score, report */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "eval/report.h"
#include "eval/score.h"
#include "unit/toy.h"

static struct rec_err err;

static bool near(double a, double b)
{
    return fabs(a - b) <= 1e-9 * (1.0 + fabs(b));
}

/* ---- metrics ---- */

/* Mean of N values and 1.96 standard errors, in two passes. */
static void slow_mean(const double *x, size_t n, double *mean, double *half)
{
    double sum = 0.0, squares = 0.0;

    for (size_t i = 0; i < n; i++)
        sum += x[i];
    *mean = sum / (double)n;
    for (size_t i = 0; i < n; i++)
        squares += (x[i] - *mean) * (x[i] - *mean);
    *half = 1.96 * sqrt(squares / (double)n / (double)n);
}

static void metrics_are_the_plain_sums(void)
{
    static const size_t sizes[] = { 1, 2, 3, 100, 10000 };
    uint64_t state = 1;

    for (size_t k = 0; k < sizeof sizes / sizeof *sizes; k++) {
        size_t n = sizes[k];
        double *squares = calloc(n, sizeof *squares),
               *sizes_of = calloc(n, sizeof *sizes_of);
        double mean, half;
        struct rec_errors e = { 0 };
        struct rec_figure rmse, mae;

        CHECK(squares != NULL && sizes_of != NULL);
        for (size_t i = 0; i < n; i++) {
            double p = (double)(test_random(&state) % 900) / 100.0;
            double r = (double)(1 + test_random(&state) % 5);

            rec_errors_add(&e, p, r);
            squares[i] = (p - r) * (p - r);
            sizes_of[i] = fabs(p - r);
        }
        rmse = rec_rmse(&e);
        mae = rec_mae(&e);
        slow_mean(squares, n, &mean, &half);
        CHECKF(e.n == n && near(rmse.value, sqrt(mean)), "n %zu", n);
        CHECKF(near(rmse.high, sqrt(mean + half)), "n %zu: %g", n, rmse.high);
        CHECK(near(rmse.low, sqrt(mean > half ? mean - half : 0.0)));
        slow_mean(sizes_of, n, &mean, &half);
        CHECK(near(mae.value, mean));
        CHECKF(fabs(mae.low - (mean - half)) < 1e-6, "n %zu: %g", n, mae.low);
        CHECKF(fabs(mae.high - (mean + half)) < 1e-6, "n %zu: %g", n, mae.high);
        free(squares);
        free(sizes_of);
    }
}

static void metrics_of_known_errors_are_known(void)
{
    struct rec_errors e = { 0 };

    rec_errors_add(&e, 4.0, 5.0); /* errors -1, 3: squares 1, 9, mean 5, sd 4 */
    rec_errors_add(&e, 4.0, 1.0);
    CHECK(near(rec_rmse(&e).value, sqrt(5.0)) && near(rec_mae(&e).value, 2.0));
    CHECK(near(rec_rmse(&e).high, sqrt(5.0 + 1.96 * 4.0 / sqrt(2.0))));
    CHECK(rec_rmse(&e).low == 0.0); /* below 0 there is no root */
    CHECK(near(rec_mae(&e).low, 2.0 - 1.96 / sqrt(2.0)));
}

static void metrics_of_nothing_are_no_numbers(void)
{
    struct rec_errors none = { 0 };
    struct rec_figure f[2] = { rec_rmse(&none), rec_mae(&none) };

    for (int i = 0; i < 2; i++) {
        CHECKF(isnan(f[i].value) && isnan(f[i].high), "figure %d", i);
        CHECKF(isnan(f[i].low), "low of figure %d is %g", i, f[i].low);
    }
}

/* A model that has gone wrong must not look like a good one. */
static void metrics_of_a_nan_prediction_are_no_numbers(void)
{
    struct rec_errors e = { 0 };

    rec_errors_add(&e, 4.0, 5.0);
    rec_errors_add(&e, NAN, 1.0);
    CHECK(isnan(rec_mae(&e).value) && isnan(rec_mae(&e).low) &&
          isnan(rec_rmse(&e).value));
    CHECKF(isnan(rec_rmse(&e).low), "low of RMSE is %g", rec_rmse(&e).low);
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

/* ---- score ---- */

static double half_a_star_up(const void *ctx, const struct rec_ratings *x, size_t i)
{
    return (double)x->rating[i] + *(const double *)ctx;
}

static void score_counts_the_rows_of_one_part(void)
{
    struct toy t = toy_make(20, 31, 500, 1);
    const double up = 0.5;
    const struct rec_predictor p = { "up", half_a_star_up, &up };
    size_t all = 0;

    for (enum rec_part part = REC_TRAIN; part < REC_N_PARTS; part++) {
        struct rec_errors e = rec_score(&t.x, part, &p);
        size_t n = 0;

        for (size_t i = 0; i < t.x.n; i++)
            n += t.part[i] == part;
        CHECK(e.n == n && n > 0 && near(rec_rmse(&e).value, 0.5));
        CHECK(near(rec_mae(&e).value, 0.5) && near(rec_rmse(&e).low, 0.5));
        all += n;
    }
    CHECK(all == t.x.n);
    toy_free(&t);
}

static void score_part_reports_two_figures_a_predictor(void)
{
    struct toy t = toy_make(20, 31, 500, 1);
    const double up = 0.5, down = -0.25;
    const struct rec_predictor p[] = { { "up", half_a_star_up, &up },
                                       { "down", half_a_star_up, &down } };
    struct rec_report r = { .format = REC_REPORT_TSV };
    double rmse[2] = { 7.0, 7.0 };
    size_t n = 9;

    CHECK(rec_score_part(&t.x, REC_TEST, p, 2, &r, rmse, &n, &err) == REC_OK);
    CHECK(n > 0 && near(rmse[0], 0.5) && near(rmse[1], 0.25));
    CHECK(rec_buf_add(&r.text, "", 1, &err) == REC_OK);
    CHECK(strstr((char *)r.text.data, "test\tup\trmse\t0.500000\t") ==
          (char *)r.text.data);
    CHECK(strstr((char *)r.text.data, "\ntest\tdown\tmae\t0.250000\t") != NULL);
    r.text.n = 0;
    memset(t.part, REC_TRAIN, t.x.n);
    CHECK(rec_score_part(&t.x, REC_TEST, p, 2, &r, rmse, &n, &err) == REC_OK);
    CHECK(n == 0 && r.text.n == 0);
    rec_buf_free(&r.text);
    toy_free(&t);
}

/* ---- report ---- */

static void check_report(enum rec_report_format format, int n_rows, const char *wanted)
{
    const struct rec_figure good = { 1.25, 1.0, 1.5000004 },
                            none = { NAN, -INFINITY, NAN };
    struct rec_report r = { .format = format };

    CHECK(rec_report_begin(&r, &err) == REC_OK);
    if (n_rows > 0)
        CHECK(rec_report_row(&r, "test", "gcn", "rmse", &good, 42, &err) == REC_OK);
    if (n_rows > 1)
        CHECK(rec_report_row(&r, "valid", "mean", "mae", &none, 0, &err) == REC_OK);
    CHECK(rec_report_end(&r, &err) == REC_OK);
    CHECKF(r.text.n == strlen(wanted) && memcmp(r.text.data, wanted, r.text.n) == 0,
           "%.*s", (int)r.text.n, (char *)r.text.data);
    rec_buf_free(&r.text);
}

static void report_is_tsv(void)
{
#define HEAD "split\tmodel\tmetric\tvalue\tlow\thigh\tn\n"
    check_report(REC_REPORT_TSV, 0, HEAD);
    check_report(REC_REPORT_TSV, 2,
                 HEAD "test\tgcn\trmse\t1.250000\t1.000000\t1.500000\t42\n"
                      "valid\tmean\tmae\tnan\tnan\tnan\t0\n");
}

static void report_is_json(void)
{
#define ROW1                                                           \
    "{\"split\": \"test\", \"model\": \"gcn\", \"metric\": \"rmse\", " \
    "\"value\": 1.250000, \"low\": 1.000000, \"high\": 1.500000, \"n\": 42}"
#define ROW2                                                            \
    "{\"split\": \"valid\", \"model\": \"mean\", \"metric\": \"mae\", " \
    "\"value\": null, \"low\": null, \"high\": null, \"n\": 0}"
    check_report(REC_REPORT_JSON, 0, "[\n]\n");
    check_report(REC_REPORT_JSON, 1, "[\n  " ROW1 "\n]\n");
    check_report(REC_REPORT_JSON, 2, "[\n  " ROW1 ",\n  " ROW2 "\n]\n");
}

int main(void)
{
    RUN(metrics_are_the_plain_sums);
    RUN(metrics_of_known_errors_are_known);
    RUN(metrics_of_nothing_are_no_numbers);
    RUN(metrics_of_a_nan_prediction_are_no_numbers);
    RUN(biases_are_15_sweeps_of_the_two_equations);
    RUN(biases_survive_every_failed_allocation);
    RUN(score_counts_the_rows_of_one_part);
    RUN(score_part_reports_two_figures_a_predictor);
    RUN(report_is_tsv);
    RUN(report_is_json);
    return test_end();
}
