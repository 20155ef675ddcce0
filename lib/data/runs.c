#include "data/runs.h"

#include <math.h>

#include "base/hash.h"
#include "base/random.h"

void rec_perm_init(struct rec_perm *p, uint64_t last, uint64_t seed, const char *stream)
{
    unsigned bits = last == 0 ? 1 : 64 - (unsigned)__builtin_clzll(last);
    struct rec_random r;

    rec_random_init(&r, seed, stream);
    p->last = last;
    p->mask = UINT64_MAX >> (64 - bits);
    p->shift = (bits + 1) / 2;
    for (int i = 0; i < REC_PERM_ROUNDS; i++) {
        p->mul[i] = rec_random_u64(&r) | 1;
        p->add[i] = rec_random_u64(&r) | 1;
    }
}

uint64_t rec_permute(const struct rec_perm *p, uint64_t x, uint64_t tweak)
{
    uint64_t t = rec_hash_fold(tweak + p->add[0], p->mul[0]);

    do {
        for (int i = 0; i < REC_PERM_ROUNDS; i++) {
            x = (x * p->mul[i] + (p->add[i] ^ t >> (16 * i))) & p->mask;
            x ^= x >> p->shift;
        }
    } while (x > p->last);
    return x;
}

static double integral(const struct rec_power_law *w, uint64_t k)
{
    const double level = 0.98;
    double e = 1 - w->g;

    return (pow((double)k + w->h, e) - pow(w->h, e)) / e -
           level * (double)k * pow((double)w->n + w->h, -w->g);
}

static uint64_t sum_before(const struct rec_power_law *w, uint64_t k)
{
    if (k == w->n)
        return w->lo * k + w->extra;
    return w->lo * k +
           (uint64_t)((double)w->extra * (integral(w, k) / integral(w, w->n)));
}

struct rec_power_law rec_power_law_fit(uint64_t n, uint64_t total, uint64_t lo,
                                       uint64_t hi, double g)
{
    struct rec_power_law w = { n, lo, total - n * lo, 0, g };
    double a = log(1e-3), b = log(1e4 * (double)n);

    for (int i = 0; n > 0 && i < 50; i++) {
        w.h = exp((a + b) / 2);
        if (sum_before(&w, 1) > hi)
            a = log(w.h);
        else
            b = log(w.h);
    }
    w.h = exp(b);
    return w;
}

void rec_runs_add(struct rec_runs *t, uint64_t n_ids, uint64_t n_slots)
{
    struct rec_run *last = &t->at[t->n++];
    uint64_t most = (n_slots + n_ids - 1) / n_ids;

    last[1].id = last->id + n_ids;
    last[1].slot = last->slot + n_slots;
    if (most > t->most)
        t->most = most;
}

/* The first rank of run J: half of the runs are single ranks, the rest equally long. */
static uint64_t run_start(uint64_t j, uint64_t n_runs, uint64_t n)
{
    uint64_t single = n_runs / 2;

    if (j <= single)
        return j;
    return single + (j - single) * (n - single) / (n_runs - single);
}

void rec_runs_lay(struct rec_runs *t, const struct rec_power_law *w, uint64_t max_runs,
                  uint64_t seed, const char *stream)
{
    uint64_t n_runs = w->n < max_runs ? w->n : max_runs;
    struct rec_perm p;

    *t = (struct rec_runs){ 0 };
    if (n_runs == 0)
        return;
    rec_perm_init(&p, n_runs - 1, seed, stream);
    for (uint64_t i = 0; i < n_runs; i++) {
        uint64_t j = rec_permute(&p, i, 0);
        uint64_t a = run_start(j, n_runs, w->n), b = run_start(j + 1, n_runs, w->n);

        rec_runs_add(t, b - a, sum_before(w, b) - sum_before(w, a));
    }
}

uint64_t rec_runs_find(const struct rec_runs *t, uint64_t slot)
{
    const struct rec_run *r = t->at;
    uint64_t n_ids, each, longer, off;

    for (uint32_t n = t->n; n > 1; n -= n / 2)
        r += (size_t)(r[n / 2].slot <= slot) * (n / 2); /* no branch to mispredict */
    n_ids = r[1].id - r->id;
    if (n_ids == 1)
        return r->id;
    each = (r[1].slot - r->slot) / n_ids;
    longer = (r[1].slot - r->slot) % n_ids; /* so many have one more */
    off = slot - r->slot;
    if (off < longer * (each + 1))
        return r->id + off / (each + 1);
    return r->id + longer + (off - longer * (each + 1)) / each;
}
