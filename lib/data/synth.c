#include "data/synth.h"

#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "base/par.h"
#include "base/random.h"
#include "data/runs.h"

enum {
    ITEM_RUNS = REC_MAX_RUNS,
    USER_RUNS = 1 << 13, /* fewer, as they are searched at random: 128 KiB */
    TASTES = 4,          /* D, the length of p_u and q_i */
    N_NORMAL = 4096,
    ODDS_STEPS = 32, /* table points per unit of m */
    ODDS_LIMIT = 6,  /* m beyond +-6 is taken as +-6 */
    N_ODDS = 2 * ODDS_LIMIT * ODDS_STEPS + 1,
    CUTS = 4,
    CHUNK_ROWS = 16384,
    CHUNKS = 16,    /* made at the same time */
    ROW_BYTES = 41, /* at most: 14 + 10 + 3 + 10, three commas, newline */
    FIRST_DAY = 10561,
    N_DAYS = 5714,
    DAY_S = 86400
};

static const double user_part = 0.35, item_part = 0.45, taste_part = 0.20;
static const double rated_at_most[CUTS] = { 0.109, 0.1645, 0.243, 0.4465 };
static const double user_exponent = 0.5, item_exponent = 0.9;

/* P(rating <= k + 1) for a known m, at one point of a table over m. */
struct odds {
    double at_most[CUTS];
};

static double normal_cdf(double x)
{
    return 0.5 * erfc(-x * 0.70710678118654752);
}

static double normal_quantile(double p)
{
    double a = -9, b = 9;

    for (int i = 0; i < 60; i++) {
        double x = (a + b) / 2;

        if (normal_cdf(x) < p)
            a = x;
        else
            b = x;
    }
    return b;
}

static void odds_init(struct odds *t, double sigma)
{
    for (int k = 0; k < CUTS; k++) {
        double cut = normal_quantile(rated_at_most[k]);

        for (int i = 0; i < N_ODDS; i++) {
            double m = (double)i / ODDS_STEPS - ODDS_LIMIT;

            t[i].at_most[k] = normal_cdf((cut - m) / fmax(sigma, 1e-9));
        }
    }
}

static struct odds odds_at(const struct odds *t, double m)
{
    double x = (fmin(fmax(m, -ODDS_LIMIT), ODDS_LIMIT) + ODDS_LIMIT) * ODDS_STEPS;
    int i = x < N_ODDS - 1 ? (int)x : N_ODDS - 2;
    struct odds o;

    for (int k = 0; k < CUTS; k++) {
        double a = t[i].at_most[k], b = t[i + 1].at_most[k];

        o.at_most[k] = a + (x - i) * (b - a);
    }
    return o;
}

/* E r = 1 + sum_k P(r > k), and E r^2 = 1 + sum_k (2k + 1) P(r > k). */
static double odds_mean(const struct odds *o, double *variance)
{
    double mean = 1, square = 1;

    for (int k = 0; k < CUTS; k++) {
        mean += 1 - o->at_most[k];
        square += (2 * k + 3) * (1 - o->at_most[k]);
    }
    *variance = fmax(square - mean * mean, 0);
    return mean;
}

/* Everything that a row is made from; read-only while rows are made. */
struct plan {
    struct rec_synth_opts o;
    struct rec_runs users, items;
    struct rec_perm order, user_id, in_band, band;
    uint64_t n_bands, band_rows;
    uint64_t n_numeric; /* items whose id is ten digits */
    uint64_t n_singletons;
    struct rec_random user_draws, item_draws, row_draws;
    double s_user, s_item, s_taste;
    double normal[N_NORMAL]; /* the quantiles at (i + 1/2) / N_NORMAL */
    struct odds odds[N_ODDS], bias_odds[N_ODDS];
};

static uint64_t clamp(uint64_t x, uint64_t lo, uint64_t hi)
{
    return x < lo ? lo : x > hi ? hi : x;
}

/* At least 2 U - R, or some user has none; few enough that no other exceeds MOST. */
static uint64_t count_singletons(const struct rec_synth_opts *o, uint64_t most)
{
    uint64_t u = o->n_users, r = o->n_ratings;
    uint64_t lo = r < 2 * u ? 2 * u - r : 0;
    uint64_t hi =
        most > 1 ? (uint64_t)(((unsigned __int128)most * u - r) / (most - 1)) : u;
    double per_user = (double)r / (double)u;
    double share = o->singletons;

    if (share < 0)
        share = per_user <= 5 ? 0.7 : 3.5 / per_user;
    return clamp((uint64_t)(share * (double)u + 0.5), lo, hi);
}

static void plan_counts(struct plan *p)
{
    uint64_t u = p->o.n_users, i = p->o.n_items, r = p->o.n_ratings;
    double t = sqrt((double)u * (double)i / (double)r);
    uint64_t by_user =
        clamp((uint64_t)ceil(t * (double)r / (double)u), (r + u - 1) / u, i);
    uint64_t of_item = clamp(r / by_user, (r + i - 1) / i, u);
    uint64_t s = count_singletons(&p->o, by_user);
    struct rec_power_law w;

    w = rec_power_law_fit(u - s, r - s, 2, by_user, user_exponent);
    rec_runs_lay(&p->users, &w, USER_RUNS, p->o.seed, "synth users");
    if (s > 0)
        rec_runs_add(&p->users, s, s);
    w = rec_power_law_fit(i, r, 1, of_item, item_exponent);
    rec_runs_lay(&p->items, &w, ITEM_RUNS, p->o.seed, "synth items");
    p->n_singletons = s;
    p->n_bands = p->users.most;
    p->band_rows = (r + p->n_bands - 1) / p->n_bands;
}

static void plan_init(struct plan *p, const struct rec_synth_opts *o)
{
    double signal = 1 - o->noise * o->noise;

    p->o = *o;
    plan_counts(p);
    p->n_numeric = (o->n_items + 49) / 50;
    rec_perm_init(&p->order, o->n_ratings - 1, o->seed, "synth order");
    rec_perm_init(&p->user_id, UINT64_MAX, o->seed, "synth user id");
    rec_perm_init(&p->in_band, p->band_rows - 1, o->seed, "synth in band");
    rec_perm_init(&p->band, p->n_bands - 1, o->seed, "synth band");
    rec_random_init(&p->user_draws, o->seed, "synth user");
    rec_random_init(&p->item_draws, o->seed, "synth item");
    rec_random_init(&p->row_draws, o->seed, "synth row");
    p->s_user = sqrt(signal * user_part);
    p->s_item = sqrt(signal * item_part);
    p->s_taste = sqrt(signal * taste_part / TASTES);
    for (int i = 0; i < N_NORMAL; i++)
        p->normal[i] = normal_quantile((i + 0.5) / N_NORMAL);
    odds_init(p->odds, o->noise);
    odds_init(p->bias_odds, sqrt(1 - signal * (1 - taste_part)));
}

/*
 * Deals rows to the slots of users, one to one.  A user's slots are at most n_bands
 * consecutive numbers, and an item's rows hardly more than band_rows.  Rows are cut
 * into n_bands bands; in every block of n_bands slots, each comes from another band.
 * So the rows of one user lie in different bands and, but at the edges of blocks and
 * bands, in different items.  What lands behind the last row goes round again.
 */
static uint64_t slot_of(const struct plan *p, uint64_t row)
{
    do {
        uint64_t band = row / p->band_rows;
        uint64_t block = rec_permute(&p->in_band, row % p->band_rows, band);

        row = block * p->n_bands + rec_permute(&p->band, band, block);
    } while (row >= p->o.n_ratings);
    return row;
}

static void draw(const struct rec_random *r, uint64_t at, uint32_t out[4])
{
    uint32_t counter[4] = { (uint32_t)at, (uint32_t)(at >> 32), (uint32_t)r->stream,
                            (uint32_t)(r->stream >> 32) };

    rec_philox(counter, r->key, out);
}

/* b and p of a user, or b and q of an item. */
struct traits {
    double bias, taste[TASTES];
};

static struct traits traits_of(const struct plan *p, const uint32_t draws[4])
{
    struct traits t = { .bias = p->normal[draws[0] % N_NORMAL] };

    t.taste[0] = p->normal[draws[0] >> 16 & (N_NORMAL - 1)];
    t.taste[1] = p->normal[draws[1] % N_NORMAL];
    t.taste[2] = p->normal[draws[1] >> 16 & (N_NORMAL - 1)];
    t.taste[3] = p->normal[draws[2] % N_NORMAL];
    return t;
}

/* Appends X in BASE (a constant, so that divisions are cheap), WIDTH digits or more. */
static inline char *put_number(char *out, uint64_t x, unsigned base, int width)
{
    char digits[20];
    int n = 0;

    while (x > 0 || n < width) {
        digits[n++] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"[x % base];
        x /= base;
    }
    while (n > 0)
        *out++ = digits[--n];
    return out;
}

/* Number I of N that ascend in 0..span-1, each at random within its own N-th part. */
static uint64_t spread(uint64_t i, uint64_t n, uint64_t span, uint32_t random)
{
    uint64_t part = span / n;

    return i * part + (uint64_t)((unsigned __int128)part * random >> 32);
}

static void put_item_id(const struct plan *p, uint64_t item, uint32_t random, char *out)
{
    const uint64_t ten_digits = 10000000000u;
    const uint64_t up_to_m = 22 * (uint64_t)2176782336; /* B00M000000; 36^6 */
    uint64_t n = p->n_numeric;

    if (item < n) {
        put_number(out, spread(item, n, ten_digits, random), 10, 10);
        return;
    }
    memcpy(out, "B00", 3);
    put_number(out + 3, spread(item - n, p->o.n_items - n, up_to_m, random), 36, 7);
}

/* The item of the last row: in the order of items it is mostly the next row's too. */
struct item {
    uint64_t index;
    struct traits traits;
    char id[10];
};

static void item_set(struct item *it, const struct plan *p, uint64_t index)
{
    uint32_t draws[4];

    draw(&p->item_draws, index, draws);
    it->index = index;
    it->traits = traits_of(p, draws);
    put_item_id(p, index, draws[3], it->id);
}

struct sums {
    double variance;   /* of the ratings, given all parameters */
    double bias_error; /* expected squared error of the biases alone */
    uint64_t n_rated[5];
};

static int rate(const struct plan *p, const struct traits *user,
                const struct traits *item, double uniform, struct sums *sums)
{
    double biases = p->s_user * user->bias + p->s_item * item->bias, taste = 0;
    double mean, bias_mean, variance, unused;
    struct odds o, bias_o = odds_at(p->bias_odds, biases);
    int rating = 1;

    for (int d = 0; d < TASTES; d++)
        taste += user->taste[d] * item->taste[d];
    o = odds_at(p->odds, biases + p->s_taste * taste);
    mean = odds_mean(&o, &variance);
    bias_mean = odds_mean(&bias_o, &unused);
    sums->variance += variance;
    sums->bias_error += variance + (mean - bias_mean) * (mean - bias_mean);
    for (int k = 0; k < CUTS; k++)
        rating += uniform >= o.at_most[k];
    sums->n_rated[rating - 1]++;
    return rating;
}

static char *put_row(const struct plan *p, uint64_t row, struct item *item, char *out,
                     struct sums *sums)
{
    uint64_t user = rec_runs_find(&p->users, slot_of(p, row));
    uint64_t index = rec_runs_find(&p->items, row);
    uint32_t draws[4];
    struct traits traits;
    uint64_t day;

    if (item->index != index)
        item_set(item, p, index);
    draw(&p->user_draws, user, draws);
    traits = traits_of(p, draws);
    draw(&p->row_draws, row, draws);
    day = FIRST_DAY + (uint64_t)(N_DAYS * sqrt(sqrt(draws[1] * 0x1p-32)));

    *out++ = 'A';
    out = put_number(out, rec_permute(&p->user_id, user, 0), 36, 1);
    *out++ = ',';
    memcpy(out, item->id, sizeof item->id);
    out += sizeof item->id;
    memcpy(out, ",0.0,", 5);
    out[1] = (char)('0' + rate(p, &traits, &item->traits, draws[0] * 0x1p-32, sums));
    out = put_number(out + 5, day * DAY_S, 10, 1);
    *out++ = '\n';
    return out;
}

/* The rows from FIRST on that are made at the same time; chunk c owns element c. */
struct wave {
    const struct plan *plan;
    uint64_t first;
    size_t n_bytes[CHUNKS];
    struct sums sums[CHUNKS];
    char text[CHUNKS][CHUNK_ROWS * ROW_BYTES];
};

static void make_chunk(void *ctx, uint32_t c)
{
    struct wave *w = ctx;
    const struct plan *p = w->plan;
    uint64_t row = w->first + (uint64_t)c * CHUNK_ROWS;
    uint64_t end = clamp(row + CHUNK_ROWS, 0, p->o.n_ratings);
    struct item item = { .index = UINT64_MAX };
    struct sums sums = { 0 };
    char *out = w->text[c];

    for (; row < end; row++)
        out = put_row(p, p->o.shuffled ? rec_permute(&p->order, row, 0) : row, &item,
                      out, &sums);
    w->sums[c] = sums;
    w->n_bytes[c] = (size_t)(out - w->text[c]);
}

static enum rec_status make_rows(struct wave *w, rec_synth_write_fn *write, void *ctx,
                                 struct sums *total, struct rec_err *err)
{
    uint64_t left = w->plan->o.n_ratings - w->first;
    uint32_t n = (uint32_t)clamp((left + CHUNK_ROWS - 1) / CHUNK_ROWS, 0, CHUNKS);

    rec_par_run(n, make_chunk, w);
    for (uint32_t c = 0; c < n; c++) {
        enum rec_status st = write(ctx, w->text[c], w->n_bytes[c], err);

        if (st != REC_OK)
            return st;
        total->variance += w->sums[c].variance;
        total->bias_error += w->sums[c].bias_error;
        for (int k = 0; k < 5; k++)
            total->n_rated[k] += w->sums[c].n_rated[k];
    }
    return REC_OK;
}

static struct rec_synth_report summarize(const struct plan *p, const struct sums *s)
{
    double n = (double)p->o.n_ratings, mean = 0, square = 0;
    struct rec_synth_report report = {
        .noise_floor = sqrt(s->variance / n),
        .bias_floor = sqrt(s->bias_error / n),
        .n_singletons = p->n_singletons,
        .most_by_user = p->users.most,
        .most_of_item = p->items.most,
    };

    for (int k = 0; k < 5; k++) {
        double share = (double)s->n_rated[k] / n;

        report.n_rated[k] = s->n_rated[k];
        mean += (k + 1) * share;
        square += (k + 1) * (k + 1) * share;
    }
    report.mean = mean;
    report.sd = sqrt(fmax(square - mean * mean, 0));
    return report;
}

static enum rec_status check(const struct rec_synth_opts *o, struct rec_err *err)
{
    unsigned long long u = o->n_users, i = o->n_items, r = o->n_ratings;

    if (u < 1 || i < 1 || u >= UINT32_MAX || i >= UINT32_MAX)
        return rec_fail(err, REC_EUSAGE,
                        "%llu users and %llu items: both must be 1 to 4294967294", u,
                        i);
    if (r < u || r < i)
        return rec_fail(err, REC_EUSAGE,
                        "%llu ratings are too few: each of %llu users and %llu items "
                        "needs one",
                        r, u, i);
    if (r > u * i || r > (uint64_t)1 << 48)
        return rec_fail(err, REC_EUSAGE,
                        "%llu ratings are too many for %llu users and %llu items", r, u,
                        i);
    if (!(o->singletons <= 1) || (o->singletons < 0 && o->singletons != REC_SYNTH_AUTO))
        return rec_fail(err, REC_EUSAGE, "share of singletons %g is not in 0..1",
                        o->singletons);
    if (!(o->noise >= 0 && o->noise <= 1))
        return rec_fail(err, REC_EUSAGE, "noise %g is not in 0..1", o->noise);
    return REC_OK;
}

enum rec_status rec_synth(const struct rec_synth_opts *o, rec_synth_write_fn *write,
                          void *ctx, struct rec_synth_report *report,
                          struct rec_err *err)
{
    struct plan *p = NULL;
    struct wave *w = NULL;
    struct sums total = { 0 };
    enum rec_status st = check(o, err);

    if (st != REC_OK)
        goto done;
    st = REC_ESYSTEM;
    p = rec_alloc_zero(1, sizeof *p, "plan of the ratings", err);
    if (p == NULL)
        goto done;
    w = rec_alloc(1, sizeof *w, "rows", err);
    if (w == NULL)
        goto done;
    plan_init(p, o);
    w->plan = p;
    st = REC_OK;
    for (w->first = 0; st == REC_OK && w->first < o->n_ratings;
         w->first += CHUNKS * CHUNK_ROWS)
        st = make_rows(w, write, ctx, &total, err);
    if (st == REC_OK)
        *report = summarize(p, &total);
done:
    rec_free(w);
    rec_free(p);
    return st;
}
