/* topk, seen, recommend, ranking */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/par.h"
#include "eval/panel.h"
#include "unit/toy.h"

static struct rec_err err;

static void check_ok(enum rec_status st)
{
    CHECKF(st == REC_OK, "%s", err.text);
}

/* ---- topk ---- */

static int best_first(const void *a, const void *b)
{
    const struct rec_hit *x = a, *y = b;

    if (x->score > y->score || x->score < y->score)
        return x->score > y->score ? -1 : 1;
    return x->item < y->item ? -1 : x->item > y->item;
}

/* The same by sorting all. */
static uint32_t plain_topk(const float *score, uint32_t n, uint32_t k,
                           struct rec_hit *all)
{
    uint32_t m = 0;

    for (uint32_t i = 0; i < n; i++)
        if (!isinf(score[i]))
            all[m++] = (struct rec_hit){ score[i], i };
    qsort(all, m, sizeof *all, best_first);
    return m < k ? m : k;
}

static void topk_is_the_head_of_all_sorted(void)
{
    enum { MOST = 700 };
    uint64_t seed = 1;
    float score[MOST];
    struct rec_hit got[MOST], want[MOST];

    for (int round = 0; round < 3000; round++) {
        uint32_t n = (uint32_t)(test_random(&seed) % MOST), m = 0, wanted;
        uint32_t k = 1 + (uint32_t)(test_random(&seed) % (n + 3));
        uint64_t levels = round % 2 ? 8 : 100000; /* many ties, few */

        k = k > MOST ? MOST : round % 3 ? 1 + k % 20 : k;
        for (uint32_t i = 0; i < n; i++)
            score[i] = test_random(&seed) % 10 == 0
                           ? -INFINITY
                           : (float)(test_random(&seed) % levels) - 4.0f;
        CHECK(rec_topk(score, n, k, got, &m));
        wanted = plain_topk(score, n, k, want);
        CHECKF(m == wanted && memcmp(got, want, m * sizeof *got) == 0, "n %u k %u", n,
               k);
    }
}

static void topk_refuses_what_is_no_number(void)
{
    static const float bad[2] = { NAN, INFINITY };
    struct rec_hit out[5];
    float score[200];
    uint32_t m;

    for (int k = 0; k < 2; k++)
        for (int at = 0; at < 200; at += 7) {
            for (int i = 0; i < 200; i++)
                score[i] = (float)(200 - i);
            score[at] = bad[k];
            CHECKF(!rec_topk(score, 200, 5, out, &m), "%d", at);
        }
}

/* ---- seen ---- */

static bool has(const struct toy *t, unsigned parts, double least, uint32_t u,
                uint32_t i)
{
    for (size_t k = 0; k < t->x.n; k++)
        if (t->user[k] == u && t->item[k] == i && (parts >> t->part[k] & 1) &&
            (double)t->rating[k] >= least)
            return true;
    return false;
}

static void seen_has_each_item_of_a_user_once(void)
{
    static const double least[2] = { -INFINITY, 3.0 };
    struct toy t = toy_make(40, 30, 600, 3);

    for (unsigned parts = 0; parts < 8; parts++)
        for (int l = 0; l < 2; l++) {
            struct rec_seen s;

            check_ok(rec_seen_make(&t.x, parts, least[l], &s, &err));
            for (uint32_t u = 0; u < 40; u++) {
                uint64_t e = s.off[u];

                for (uint32_t i = 0; i < 30; i++)
                    if (has(&t, parts, least[l], u, i))
                        CHECKF(e < s.off[u + 1] && s.item[e++] == i, "%u %u", u, i);
                CHECK(e == s.off[u + 1]);
            }
            rec_seen_free(&s);
        }
    toy_free(&t);
}

/* ---- lists ---- */

enum { USERS = 150, ITEMS = 333 };

/* Scores of a function of both, with ties. */
static float toy_score(uint32_t u, uint32_t i)
{
    return (float)((u * 2654435761u + i * 40503u) >> 7 & 63);
}

static size_t toy_scratch(const void *trained, uint32_t b)
{
    (void)trained;
    return b; /* odd on purpose */
}

static void toy_scores(const void *trained, const uint32_t *user, uint32_t b,
                       void *scratch, float *out)
{
    const uint32_t *bad = trained;

    memset(scratch, 1, b);
    for (uint32_t u = 0; u < b; u++)
        for (uint32_t i = 0; i < ITEMS; i++)
            *out++ = user[u] == *bad ? NAN : toy_score(user[u], i);
}

static const struct rec_ranking toy_ranking = { .scratch_bytes = toy_scratch,
                                                .scores = toy_scores };

static void lists_are_those_of_each_user_alone(void)
{
    struct toy t = toy_make(USERS, ITEMS, 5000, 9);
    uint32_t nobody = UINT32_MAX, user[USERS];
    const struct rec_ranker r = { .n_items = ITEMS,
                                  .is = &toy_ranking,
                                  .self = &nobody };
    float add[ITEMS], score[ITEMS];
    struct rec_seen seen;
    struct rec_hit all[ITEMS];
    const struct rec_list_rules rules = { .seen = &seen, .add = add };

    check_ok(rec_seen_make(&t.x, 1u << REC_TRAIN, -INFINITY, &seen, &err));
    for (uint32_t u = 0; u < USERS; u++)
        user[u] = u * 7 % USERS;
    for (uint32_t i = 0; i < ITEMS; i++)
        add[i] = i % 9 == 0 ? -INFINITY : (float)(i % 4);
    for (unsigned threads = 1; threads <= 4; threads += 3) {
        struct rec_lists l;

        rec_par_set_threads(threads);
        check_ok(rec_lists_make(USERS, 25, &l, &err));
        check_ok(rec_lists_fill(&r, user, USERS, &rules, &l, &err));
        for (uint32_t k = 0; k < USERS; k++) {
            uint32_t n;

            for (uint32_t i = 0; i < ITEMS; i++)
                score[i] = toy_score(user[k], i) + add[i];
            for (uint64_t e = seen.off[user[k]]; e < seen.off[user[k] + 1]; e++)
                score[seen.item[e]] = -INFINITY;
            n = plain_topk(score, ITEMS, 25, all);
            CHECK(l.n_hits[k] == n);
            CHECK(memcmp(all, l.hit + (size_t)k * 25, n * sizeof *all) == 0);
        }
        rec_lists_free(&l);
    }
    rec_par_set_threads(0);
    rec_seen_free(&seen);
    toy_free(&t);
}

static void the_first_user_whose_scores_are_no_numbers_is_named(void)
{
    uint32_t bad = 77, user[USERS];
    const struct rec_ranker r = { .n_items = ITEMS, .is = &toy_ranking, .self = &bad };
    const struct rec_list_rules rules = { .seen = NULL };
    struct rec_lists l;

    for (uint32_t u = 0; u < USERS; u++)
        user[u] = u;
    check_ok(rec_lists_make(USERS, 5, &l, &err));
    CHECK(rec_lists_fill(&r, user, USERS, &rules, &l, &err) == REC_ENUMERIC);
    CHECKF(strstr(err.text, "user number 77 ") != NULL, "%s", err.text);
    rec_lists_free(&l);
}

/* ---- figures ---- */

/* The same from a table of who is relevant, as the header writes it. */
static void plain_measure(const struct rec_hit *hit, uint32_t n, const bool *relevant,
                          uint32_t n_truth, uint32_t k, double *out)
{
    double dcg = 0.0, ideal = 0.0, map = 0.0, hits = 0.0, mrr = 0.0;

    for (uint32_t at = 1; at <= k; at++) {
        double gain = at <= n && relevant[hit[at - 1].item] ? 1.0 : 0.0;

        hits += gain;
        dcg += gain / (log((double)at + 1.0) / log(2.0));
        map += gain * hits / at;
        if (gain > 0.0 && hits < 1.5)
            mrr = 1.0 / at;
        if (at <= n_truth)
            ideal += log(2.0) / log((double)at + 1.0);
    }
    out[REC_RECALL] = hits / n_truth;
    out[REC_PRECISION] = hits / k;
    out[REC_NDCG] = dcg / ideal;
    out[REC_MRR] = mrr;
    out[REC_MAP] = map / (n_truth < k ? n_truth : k);
    out[REC_HITRATE] = hits > 0.5;
}

static void figures_are_those_of_their_definitions(void)
{
    uint64_t seed = 4;

    for (int round = 0; round < 2000; round++) {
        struct rec_hit hit[50];
        bool relevant[100] = { false };
        uint32_t truth[100], n_truth = 0, n = (uint32_t)(test_random(&seed) % 50);
        uint32_t k = 1 + (uint32_t)(test_random(&seed) % 60);
        double got[REC_N_RANK_METRICS], want[REC_N_RANK_METRICS];

        for (uint32_t i = 0; i < 100; i++)
            if (test_random(&seed) % 100 < (uint64_t)(round % 90) || i == 99) {
                relevant[i] = true;
                truth[n_truth++] = i;
            }
        for (uint32_t i = 0; i < n; i++)
            hit[i] = (struct rec_hit){ 0.0f, i * 2 + (uint32_t)(round % 2) };
        rec_rank_measure(hit, n, truth, n_truth, k, got);
        plain_measure(hit, n, relevant, n_truth, k, want);
        for (int m = 0; m < REC_N_RANK_METRICS; m++)
            CHECKF(fabs(got[m] - want[m]) < 1e-12, "%s: %.15g, not %.15g",
                   rec_rank_metric_names[m], got[m], want[m]);
    }
}

static void figures_of_a_list_by_hand(void)
{
    const struct rec_hit hit[4] = {
        { 9.0f, 5 }, { 8.0f, 1 }, { 7.0f, 8 }, { 6.0f, 2 }
    };
    const uint32_t truth[3] = { 1, 2, 7 };
    double out[REC_N_RANK_METRICS];

    rec_rank_measure(hit, 4, truth, 3, 4, out); /* places 2 and 4 */
    CHECK(fabs(out[REC_RECALL] - 2.0 / 3.0) < 1e-15);
    CHECK(fabs(out[REC_PRECISION] - 0.5) < 1e-15);
    CHECK(fabs(out[REC_MRR] - 0.5) < 1e-15);
    CHECK(fabs(out[REC_MAP] - (0.5 + 0.5) / 3.0) < 1e-15);
    CHECK(fabs(out[REC_NDCG] - (0.6309297535714575 + 0.4306765580733931) /
                                   (1.0 + 0.6309297535714575 + 0.5)) < 1e-12);
    rec_rank_measure(hit, 4, truth, 3, 1, out);
    for (int m = 0; m < REC_N_RANK_METRICS; m++)
        CHECK(out[m] <= 0.0);
}

static void cutoffs_are_read_strictly(void)
{
    static const char *const bad[] = { "",
                                       "0",
                                       "20,10",
                                       "5,5",
                                       "5,",
                                       ",5",
                                       "x",
                                       "5;10",
                                       "-5",
                                       "100001",
                                       "1,2,3,4,5,6,7,8,9" };
    struct rec_cutoffs c;

    for (size_t k = 0; k < sizeof bad / sizeof *bad; k++)
        CHECKF(rec_cutoffs_parse("top", bad[k], &c, &err) == REC_EUSAGE, "%s", bad[k]);
    check_ok(rec_cutoffs_parse("top", "1,20,100000", &c, &err));
    CHECK(c.n == 3 && c.k[0] == 1 && c.k[1] == 20 && c.k[2] == 100000);
}

/* ---- the judge ---- */

static double figure(const struct rec_report *r, const char *model, const char *metric)
{
    for (size_t k = 0; k < r->n; k++)
        if (strcmp(r->row[k].model, model) == 0 &&
            strcmp(r->row[k].metric, metric) == 0)
            return r->row[k].figure.value;
    return NAN;
}

static void a_judge_measures_over_the_users_that_count(void)
{
    const struct rec_cutoffs at = { .n = 2, .k = { 3, 10 } };
    const struct rec_judge_opts o = { .replicates = 50, .seed = 1 };
    struct toy t = toy_make(USERS, ITEMS, 5000, 9);
    struct rec_rank_judge j;
    struct rec_report report = { 0 };
    uint32_t nobody = UINT32_MAX, n = 0;
    const struct rec_ranker r = { .n_items = ITEMS,
                                  .is = &toy_ranking,
                                  .self = &nobody };
    double sum = 0.0;

    check_ok(rec_rank_judge_make(&t.x, &at, 2.0, 1, &j, &err));
    check_ok(rec_rank_judge_add(&j, &r, "toy", &err));
    check_ok(rec_rank_judge_part(&j, REC_TEST, &o, &report, &err));
    for (uint32_t u = 0; u < USERS; u++) {
        float score[ITEMS];
        struct rec_hit all[ITEMS];
        uint32_t n_truth = 0, hits = 0;

        for (uint32_t i = 0; i < ITEMS; i++) {
            n_truth += has(&t, 1u << REC_TEST, 2.0, u, i);
            score[i] = has(&t, 1u << REC_TRAIN | 1u << REC_VALID, -INFINITY, u, i)
                           ? -INFINITY
                           : toy_score(u, i);
        }
        if (n_truth == 0)
            continue;
        (void)plain_topk(score, ITEMS, 10, all);
        for (uint32_t k = 0; k < 10; k++)
            hits += has(&t, 1u << REC_TEST, 2.0, u, all[k].item);
        sum += (double)hits / n_truth;
        n++;
    }
    CHECKF(fabs(figure(&report, "toy", "recall@10") - sum / n) < 1e-12, "%g %g",
           figure(&report, "toy", "recall@10"), sum / n);
    CHECK(report.row[0].n == n);
    CHECK(fabs(figure(&report, "toy", "ndcg@3") -
               figure(&report, "popularity", "ndcg@3") -
               figure(&report, "toy", "ndcg@3_vs_popularity")) < 1e-12);
    rec_report_free(&report);
    rec_rank_judge_free(&j);
    toy_free(&t);
}

static void a_model_that_does_not_rate_is_ranked_and_nothing_else(void)
{
    const struct rec_model_kind kind = { .name = "toy", .ranking = &toy_ranking };
    const struct rec_panel_opts opts = { .n_models = 1, .relevant = -INFINITY };
    const struct rec_judge_opts o = { .replicates = 0 };
    struct toy t = toy_make(USERS, ITEMS, 5000, 9);
    uint32_t nobody = UINT32_MAX;
    const struct rec_entry e = { .x = t.x, .t = { .kind = &kind, .self = &nobody } };
    struct rec_report report = { 0 };
    struct rec_panel p;

    check_ok(rec_panel_make(&t.x, &opts, &report, &p, &err));
    check_ok(rec_panel_add(&p, &e, NULL, &err));
    check_ok(rec_panel_part(&p, REC_TEST, &o, &err));
    CHECK(figure(&report, "toy", "recall@20") > 0.0);
    CHECK(figure(&report, "popularity", "recall@20") > 0.0);
    for (size_t k = 0; k < report.n; k++)
        CHECKF(strstr(report.row[k].metric, "@20") != NULL, "%s", report.row[k].metric);
    rec_panel_free(&p);
    rec_report_free(&report);
    toy_free(&t);
}

int main(void)
{
    RUN(topk_is_the_head_of_all_sorted);
    RUN(topk_refuses_what_is_no_number);
    RUN(seen_has_each_item_of_a_user_once);
    RUN(lists_are_those_of_each_user_alone);
    RUN(the_first_user_whose_scores_are_no_numbers_is_named);
    RUN(figures_are_those_of_their_definitions);
    RUN(figures_of_a_list_by_hand);
    RUN(cutoffs_are_read_strictly);
    RUN(a_judge_measures_over_the_users_that_count);
    RUN(a_model_that_does_not_rate_is_ranked_and_nothing_else);
    return test_end();
}
