/* boot, slices, judge */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/par.h"
#include "base/random.h"
#include "eval/judge.h"
#include "eval/sentence.h"
#include "unit/toy.h"

static struct rec_err err;

static bool near(double a, double b)
{
    return fabs(a - b) <= 1e-9 * (1.0 + fabs(b));
}

/* ---- boot ---- */

static void weights_are_poisson_with_mean_1(void)
{
    double sum = 0.0, squares = 0.0, p = exp(-1.0), below = 0.0;
    int n = 1000000;

    for (int k = 0; k < 8; k++) {
        below += p;
        CHECKF(rec_boot_weight(below - 1e-9) == k, "%d", k);
        CHECKF(rec_boot_weight(below + 1e-9) == k + 1, "%d", k);
        p /= k + 1;
    }
    CHECK(rec_boot_weight(0.0) == 0.0 && rec_boot_weight(0x1.fffffffffffffp-1) >= 16);
    for (int i = 0; i < n; i++) {
        double w = rec_boot_weight((i + 0.5) / n);

        sum += w;
        squares += w * w;
    }
    CHECKF(fabs(sum / n - 1.0) < 1e-4, "mean %g", sum / n);
    CHECKF(fabs(squares / n - 2.0) < 1e-3, "second moment %g", squares / n);
}

enum { N = 500, UNITS = 40, MODELS = 3, B = 200 };

struct sample {
    uint32_t row[N], unit[N];
    double e[MODELS][N];
    const double *error[MODELS];
    struct rec_boot_rows rows;
};

static void sample_make(struct sample *s, uint64_t seed, uint32_t n_units, size_t n)
{
    for (size_t i = 0; i < N; i++) {
        s->row[i] = (uint32_t)(i * 7 % N); /* in any order */
        s->unit[i] = (uint32_t)(test_random(&seed) % n_units);
        for (int m = 0; m < MODELS; m++)
            s->e[m][i] = (double)(test_random(&seed) % 1000) / 250.0 - 2.0;
    }
    for (int m = 0; m < MODELS; m++)
        s->error[m] = s->e[m];
    s->rows = (struct rec_boot_rows){ n, MODELS, s->row, s->unit, n_units, s->error };
}

/* One replicate of one model, row by row. */
static double slow_replicate(const struct sample *s, uint64_t seed, uint32_t b, int m,
                             enum rec_metric metric)
{
    struct rec_random r;
    double n = 0.0, sum = 0.0;

    rec_random_init(&r, seed, "bootstrap");
    for (size_t i = 0; i < s->rows.n; i++) {
        uint32_t at = s->row[i];
        double w = rec_boot_weight(
                   rec_random_uniform_at(&r, (uint64_t)s->unit[at] * REC_BOOT_MAX + b)),
               e = s->e[m][at];

        n += w;
        sum += w * (metric == REC_RMSE ? e * e : fabs(e));
    }
    return metric == REC_RMSE ? sqrt(sum / n) : sum / n;
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static void replicates_are_those_of_a_plain_resampling(void)
{
    struct sample s;
    struct rec_boot b;

    for (unsigned threads = 1; threads <= 4; threads += 3) {
        rec_par_set_threads(threads);
        sample_make(&s, threads, UNITS, N - 3);
        CHECK(rec_boot_make(&s.rows, B, 5, &b, &err) == REC_OK);
        CHECK(b.n_units == UNITS);
        for (int k = 0; k < REC_N_METRICS; k++)
            for (int m = 0; m < MODELS; m++)
                for (uint32_t i = 0; i < B; i++) {
                    double w = slow_replicate(&s, 5, i, m, (enum rec_metric)k);

                    CHECKF(near(b.value[k][m * B + (int)i], w), "%d %d %u", k, m, i);
                }
        rec_boot_free(&b);
        rec_boot_free(&b);
    }
    rec_par_set_threads(0);
}

static void intervals_are_percentiles_and_paired(void)
{
    struct sample s;
    struct rec_boot b;
    double x[B], d[B];
    struct rec_figure f;

    sample_make(&s, 9, UNITS, N);
    CHECK(rec_boot_make(&s.rows, B, 1, &b, &err) == REC_OK);
    for (uint32_t i = 0; i < B; i++) {
        x[i] = slow_replicate(&s, 1, i, 1, REC_MAE);
        d[i] = slow_replicate(&s, 1, i, 2, REC_RMSE) -
               slow_replicate(&s, 1, i, 0, REC_RMSE);
    }
    qsort(x, B, sizeof *x, by_size);
    qsort(d, B, sizeof *d, by_size);
    f = rec_boot_figure(&b, REC_MAE, 1, 0.25); /* k = floor(0.025 * 201) = 5 */
    CHECK(f.value == 0.25 && near(f.low, x[4]) && near(f.high, x[B - 5]));
    f = rec_boot_difference(&b, REC_RMSE, 2, 0, 0.5);
    CHECK(f.value == 0.5 && near(f.low, d[4]) && near(f.high, d[B - 5]));
    f = rec_boot_difference(&b, REC_RMSE, 2, 2, 0.0);
    CHECK(f.low == 0.0 && f.high == 0.0);
    rec_boot_free(&b);
}

static void no_interval_without_replicates_units_or_numbers(void)
{
    static const struct {
        uint32_t b, units;
        double error;
        bool has;
    } cases[] = { { 0, 40, 1.0, false },
                  { 100, 1, 1.0, false },
                  { 100, 40, NAN, false },
                  { 100, 40, INFINITY, false },
                  { 100, 40, 1.0, true } };

    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        struct sample s;
        struct rec_boot b;
        struct rec_figure f;

        sample_make(&s, 2, cases[k].units, N);
        s.e[0][11] = cases[k].error;
        CHECK(rec_boot_make(&s.rows, cases[k].b, 1, &b, &err) == REC_OK);
        f = rec_boot_figure(&b, REC_RMSE, 0, cases[k].error);
        CHECKF(isnan(f.low) == !cases[k].has && isnan(f.high) == !cases[k].has, "%zu",
               k);
        rec_boot_free(&b);
    }
}

/* Errors of a unit are all the same: by rows the interval is far too narrow. */
static void users_are_resampled_whole(void)
{
    double width[2];

    for (int by_row = 0; by_row < 2; by_row++) {
        struct sample s;
        struct rec_boot b;
        struct rec_figure f;

        sample_make(&s, 3, UNITS, N);
        for (uint32_t i = 0; i < N; i++) {
            s.e[0][i] = (double)(s.unit[i] % 10);
            if (by_row)
                s.unit[i] = i;
        }
        s.rows.n_units = by_row ? N : UNITS;
        CHECK(rec_boot_make(&s.rows, 2000, 1, &b, &err) == REC_OK);
        f = rec_boot_figure(&b, REC_MAE, 0, 4.5);
        width[by_row] = f.high - f.low;
        rec_boot_free(&b);
    }
    CHECKF(width[0] / width[1] > 2.5 && width[0] / width[1] < 5.0, "%g %g", width[0],
           width[1]); /* sqrt(500 / 40) = 3.5 */
}

/* ---- slices ---- */

static void slices_are_what_they_are_called(void)
{
    struct toy t = toy_make(60, 300, 900, 4);
    struct rec_activity a;
    size_t row[900];

    for (size_t i = 0; i < 900; i++)
        row[i] = 899 - i;
    CHECK(rec_activity_count(&t.x, &a, &err) == REC_OK);
    CHECK(a.user[59] == 0 && a.item[299] == 0);
    for (int axis = 0; axis < REC_N_AXES; axis++) {
        struct rec_slices s;

        CHECK(rec_slices_make(&t.x, &a, row, 900, (enum rec_axis)axis, &s, &err) ==
              REC_OK);
        for (size_t i = 0; i < 900; i++) {
            const char *name = s.name[s.of[i]], *value = strchr(name, '=') + 1;
            uint32_t u = 0, v = 0, lo, hi;
            int n;

            for (size_t k = 0; k < 900; k++) {
                u += t.part[k] == REC_TRAIN && t.user[k] == t.user[row[i]];
                v += t.part[k] == REC_TRAIN && t.item[k] == t.item[row[i]];
            }
            n = sscanf(value, "%u-%u", &lo, &hi);
            if (axis == REC_BY_LEVEL)
                CHECKF(atof(value) == (double)t.rating[row[i]], "%s", name);
            else if (axis == REC_BY_COLD)
                CHECKF(strcmp(value, u == 0 ? (v == 0 ? "both" : "user")
                                            : (v == 0 ? "item" : "none")) == 0,
                       "%s", name);
            else
                CHECKF((axis == REC_BY_USER ? u : v) >= lo &&
                           (axis == REC_BY_USER ? u : v) <= (n == 2 ? hi : lo),
                       "%s: %u %u", name, u, v);
        }
        rec_slices_free(&s);
    }
    rec_activity_free(&a);
    toy_free(&t);
}

static void many_levels_become_ten_ranges(void)
{
    struct toy t = toy_make(9, 9, 1001, 4);
    struct rec_slices s;
    size_t row[1001];

    for (size_t i = 0; i < 1001; i++) {
        row[i] = i;
        t.rating[i] = (float)i;
    }
    CHECK(rec_slices_make(&t.x, NULL, row, 1001, REC_BY_LEVEL, &s, &err) == REC_OK);
    CHECK(s.n == 10 && strcmp(s.name[0], "level=0..100") == 0);
    CHECK(s.of[0] == 0 && s.of[99] == 0 && s.of[100] == 1 && s.of[1000] == 9);
    rec_slices_free(&s);
    toy_free(&t);
}

/* ---- judge ---- */

static double off_by(const void *ctx, const struct rec_ratings *x, size_t i)
{
    return (double)x->rating[i] + *(const double *)ctx;
}

static void verdicts_follow_the_interval(void)
{
    static const struct {
        struct rec_figure d;
        bool replicates;
        enum rec_verdict v;
    } cases[] = {
        { { -1, -2, -0.5 }, true, REC_BETTER },  { { -1, -2, 0.5 }, true, REC_UNTOLD },
        { { 1, 0.5, 2 }, true, REC_WORSE },      { { 0, 0, 0 }, true, REC_UNTOLD },
        { { -1, NAN, NAN }, true, REC_UNTOLD },  { { NAN, NAN, NAN }, true, REC_WORSE },
        { { -1, NAN, NAN }, false, REC_BETTER }, { { 0, NAN, NAN }, false, REC_WORSE },
        { { NAN, NAN, NAN }, false, REC_WORSE },
    };

    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++)
        CHECKF(rec_verdict(&cases[k].d, cases[k].replicates) == cases[k].v, "%zu", k);
}

static void sentences_say_what_is_known(void)
{
    static const struct {
        struct rec_figure d;
        double y;
        uint32_t replicates;
        bool more, peers;
        const char *says;
    } cases[] = {
        { { -1, -2, -0.5 }, 3, 9, false, false,
          "test: a (M 2.0000) beats b (3.0000): better by 1.0000 (0.5000 to 2.0000)" },
        { { 1, 0.5, 2 }, 1, 9, false, false,
          "test: a (M 2.0000) does not beat b (1.0000): worse by 1.0000 (0.5000 to "
          "2.0000)" },
        { { 1, 0.5, 2 }, 1, 9, true, false,
          "test: a (M 2.0000) beats b (1.0000): better by 1.0000 (0.5000 to 2.0000)" },
        { { -1, -2, 0.5 }, 3, 9, false, false,
          "test: a (M 2.0000) cannot be told apart from b (3.0000): better by 1.0000 "
          "(-0.5000 to 2.0000)" },
        { { -1, -2, 0.5 }, 3, 9, false, true,
          "test: a and b: no difference that these rows can show: -1.0000 M (-2.0000 "
          "to 0.5000)" },
        { { -1, -2, -0.5 }, 3, 9, false, true,
          "test: a is better than b by 1.0000 M (0.5000 to 2.0000)" },
        { { -1, NAN, NAN }, 3, 9, false, false,
          "test: a (M 2.0000) beside b (3.0000): better by 1.0000, of one user: no "
          "interval" },
        { { -1, NAN, NAN }, 3, 9, true, true,
          "test: a is worse than b by 1.0000 M, of one user: no interval" },
        { { -1, NAN, NAN }, 3, 0, false, false,
          "test: a (M 2.0000) beats b (3.0000): better by 1.0000" },
        { { 0, 0, 0 }, 2, 9, false, false, "test: a and b: equal, M 2.0000" },
        { { 0, NAN, NAN }, 2, 0, true, true, "test: a and b: equal, M 2.0000" },
        { { 0, -1, 1 }, 2, 9, false, true,
          "test: a and b: no difference that these rows can show: 0.0000 M (-1.0000 to "
          "1.0000)" },
        { { 1e-9, NAN, NAN }, 2, 0, false, true,
          "test: a is worse than b by less than 0.0001 M" },
        { { -1, -2, 0 }, 2, 9, false, false,
          "test: a (M 2.0000) cannot be told apart from b (2.0000): better by 1.0000 "
          "(0.0000 to 2.0000)" },
        { { NAN, NAN, NAN }, 2, 9, false, true, "test: a is worse than b by nan M" },
    };

    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        const struct rec_comparison c = { .part = "test",
                                          .name = "a",
                                          .base = "b",
                                          .metric = "M",
                                          .x = 2,
                                          .y = cases[k].y,
                                          .d = cases[k].d,
                                          .more_is_better = cases[k].more,
                                          .as_peers = cases[k].peers,
                                          .replicates = cases[k].replicates,
                                          .unit = "user" };
        char text[REC_SENTENCE_BYTES];

        (void)rec_sentence(&c, text);
        CHECKF(strcmp(text, cases[k].says) == 0, "'%s'", text);
    }
}

static void judge_reports_figures_differences_and_slices(void)
{
    static const double off[] = { 1.0, -0.5, 0.25, 0.75 };
    static const char *const names[] = { "mean", "biases", "a", "b" };
    struct toy t = toy_make(20, 31, 500, 1);
    struct rec_judge_opts o = { .replicates = 100, .seed = 1, .by = { true } };
    struct rec_report r = { 0 };
    struct rec_judge j;
    size_t in_slices = 0, n_test = 0;

    CHECK(rec_judge_make(&t.x, 4, false, &j, &err) == REC_OK);
    for (int k = 0; k < 4; k++) {
        const struct rec_predictor p = { names[k], off_by, &off[k] };

        CHECK(rec_judge_add(&j, &p, &t.x, &err) == REC_OK);
    }
    CHECK(rec_judge_part(&j, REC_TEST, &o, &r, &err) == REC_OK);
    CHECK(r.n > 18 && strcmp(r.row[2].model, "biases") == 0);
    CHECK(r.row[2].figure.value == 0.5 && near(r.row[2].figure.low, 0.5));
    CHECK(!r.row[2].is_model && r.row[4].is_model);
    CHECK(strcmp(r.row[16].model, "b") == 0 &&
          strcmp(r.row[16].metric, "rmse_vs_a") == 0);
    CHECK(near(r.row[16].figure.value, 0.5) && near(r.row[16].figure.high, 0.5));
    for (size_t i = 0; i < 500; i++)
        n_test += t.part[i] == REC_TEST;
    CHECK(r.row[0].n == n_test);
    for (size_t i = 18; i < r.n; i += 8) {
        CHECK(strncmp(r.row[i].split, "test/user=", 10) == 0);
        in_slices += r.row[i].n;
    }
    CHECK(in_slices == n_test);
    rec_report_free(&r);
    rec_judge_free(&j);
    toy_free(&t);
}

static void judge_takes_only_models_of_the_same_rows(void)
{
    static const double off = 1.0;
    const struct rec_predictor p = { "p", off_by, &off };

    for (int k = 0; k < 6; k++) {
        struct toy t = toy_make(20, 31, 500, 1), u = toy_make(20, 31, 500, 1);
        struct rec_judge j;
        size_t i = 499, train = 499;

        while (t.part[i] != REC_TEST)
            i--;
        while (t.part[train] != REC_TRAIN)
            train--;
        if (k == 0)
            u.rating[i] += 1.0f;
        else if (k == 1)
            u.user[i] = (u.user[i] + 1) % 20;
        else if (k == 2)
            u.part[i] = REC_TRAIN;
        else if (k == 3)
            u.part[i] = REC_VALID;
        else if (k == 4)
            u.x.n_users++;
        else
            u.rating[train] += 1.0f; /* may differ */
        CHECK(rec_judge_make(&t.x, 1, false, &j, &err) == REC_OK);
        CHECKF(rec_judge_add(&j, &p, &u.x, &err) == (k < 5 ? REC_EFORMAT : REC_OK),
               "%d", k);
        rec_judge_free(&j);
        toy_free(&t);
        toy_free(&u);
    }
}

static void judge_survives_every_failed_allocation(void)
{
    static const double off = 1.0;
    const struct rec_predictor p = { "p", off_by, &off };
    struct toy t = toy_make(20, 31, 300, 1);
    struct rec_judge_opts o = { .replicates = 50, .by = { true, true, true, true } };
    uint64_t before = rec_mem_now(), at = 0;
    enum rec_status st = REC_ESYSTEM;

    while (st != REC_OK && at < 1000) {
        struct rec_report r = { 0 };
        struct rec_judge j = { 0 };

        rec_mem_fail_at(++at);
        st = rec_judge_make(&t.x, 3, true, &j, &err);
        for (int k = 0; st == REC_OK && k < 3; k++)
            st = rec_judge_add(&j, &p, &t.x, &err);
        if (st == REC_OK)
            st = rec_judge_part(&j, REC_TEST, &o, &r, &err);
        rec_mem_fail_at(0);
        CHECK(st == REC_OK || st == REC_ESYSTEM);
        rec_judge_free(&j);
        rec_report_free(&r);
        CHECK(rec_mem_now() == before);
    }
    CHECK(st == REC_OK && at > 30);
    toy_free(&t);
}

int main(void)
{
    RUN(weights_are_poisson_with_mean_1);
    RUN(replicates_are_those_of_a_plain_resampling);
    RUN(intervals_are_percentiles_and_paired);
    RUN(no_interval_without_replicates_units_or_numbers);
    RUN(users_are_resampled_whole);
    RUN(slices_are_what_they_are_called);
    RUN(many_levels_become_ten_ranges);
    RUN(verdicts_follow_the_interval);
    RUN(sentences_say_what_is_known);
    RUN(judge_reports_figures_differences_and_slices);
    RUN(judge_takes_only_models_of_the_same_rows);
    RUN(judge_survives_every_failed_allocation);
    return test_end();
}
