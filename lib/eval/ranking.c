#include "eval/ranking.h"

#include <math.h>
#include <string.h>

#include "base/num.h"

const char *const rec_rank_metric_names[REC_N_RANK_METRICS] = {
    "recall", "precision", "ndcg", "mrr", "map", "hitrate",
};

static bool is_in(const uint32_t *truth, uint64_t n, uint32_t item)
{
    uint64_t low = 0, high = n - 1;

    while (low < high) {
        uint64_t middle = low + (high - low) / 2;

        if (truth[middle] < item)
            low = middle + 1;
        else
            high = middle;
    }
    return truth[low] == item;
}

static double discount(uint64_t k)
{
    return 1.0 / log2((double)k + 1.0);
}

void rec_rank_measure(const struct rec_hit *hit, uint32_t n, const uint32_t *truth,
                      uint64_t n_truth, uint32_t k, double out[REC_N_RANK_METRICS])
{
    uint64_t most = n_truth < k ? n_truth : k;
    double hits = 0.0, dcg = 0.0, ideal = 0.0, first = 0.0, precisions = 0.0;

    for (uint32_t at = 1; at <= k && at <= n; at++) {
        if (!is_in(truth, n_truth, hit[at - 1].item))
            continue;
        hits += 1.0;
        dcg += discount(at);
        precisions += hits / at;
        if (!(first > 0.0))
            first = 1.0 / at;
    }
    for (uint64_t at = 1; at <= most; at++)
        ideal += discount(at);
    out[REC_RECALL] = hits / (double)n_truth;
    out[REC_PRECISION] = hits / k;
    out[REC_NDCG] = dcg / ideal;
    out[REC_MRR] = first;
    out[REC_MAP] = precisions / (double)most;
    out[REC_HITRATE] = hits > 0.0 ? 1.0 : 0.0;
}

enum rec_status rec_cutoffs_parse(const char *option, const char *text,
                                  struct rec_cutoffs *out, struct rec_err *err)
{
    struct rec_cutoffs c = { 0 };
    uint32_t last = 0;
    char shown[80];

    for (const char *at = text; at != NULL;) {
        size_t n = strcspn(at, ",");
        uint64_t k;

        if (!rec_parse_u64(at, n, &k) || k <= last || k > REC_RANK_MAX_K ||
            c.n == REC_RANK_MAX_CUTOFFS)
            return rec_fail(err, REC_EUSAGE,
                            "--%s: '%s' is not a list of at most %d ascending numbers "
                            "in 1..%d, as 10,20",
                            option,
                            rec_printable(text, strlen(text), shown, sizeof shown),
                            REC_RANK_MAX_CUTOFFS, REC_RANK_MAX_K);
        c.k[c.n++] = last = (uint32_t)k;
        at = at[n] == ',' ? at + n + 1 : NULL;
    }
    *out = c;
    return REC_OK;
}
