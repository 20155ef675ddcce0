#include "eval/shrink.h"

#include <math.h>
#include <string.h>

#include "base/clones.h"
#include "base/hash.h"
#include "base/num.h"
#include "base/par.h"

enum { FOLDS = REC_SHRINK_FOLDS, LANES = REC_SHRINK_GRID };

const double rec_shrink_grid[REC_SHRINK_GRID] = { 0.5, 1, 2, 5, 10, 20, 50, 100 };

static const double without_data = 5.0;

uint32_t rec_shrink_fold(size_t i)
{
    uint64_t row = i;

    return (uint32_t)(rec_hash64(&row, sizeof row, 0) % FOLDS);
}

/* ---- the rows that choose ---- */

struct row {
    uint32_t user, item; /* numbered anew, so that arrays are no longer than needed */
    float rating;
    uint32_t fold;
};

/* A model of a fold has LANES values of every bias, one for each pair of lambdas. */
struct search {
    struct row *row;
    size_t n;
    uint32_t n_users, n_items;
    double lambda_user[LANES], lambda_item[LANES];
    double *bias[FOLDS];    /* (n_users + n_items, LANES) */
    uint32_t *count[FOLDS]; /* (n_users + n_items) */
    double mean[FOLDS];
    double square[FOLDS][LANES];
};

static void search_free(struct search *s)
{
    rec_free(s->row);
    for (int f = 0; f < FOLDS; f++) {
        rec_free(s->bias[f]);
        rec_free(s->count[f]);
    }
}

static bool user_is_drawn(uint32_t user, size_t n_train)
{
    double share = (double)REC_SHRINK_ROWS / (double)n_train;
    uint64_t h = rec_hash64(&user, sizeof user, 1);

    return share >= 1.0 || (double)(h >> 11) * 0x1p-53 < share;
}

/* NUMBER (ids) is 0 for what has none yet. */
static uint32_t renumber(uint32_t id, uint32_t *number, uint32_t *n)
{
    if (number[id] == 0)
        number[id] = ++*n;
    return number[id] - 1;
}

static void take_rows(const struct rec_ratings *x, size_t n_train, uint32_t *user,
                      uint32_t *item, struct search *s)
{
    s->n = 0;
    for (size_t i = 0; i < x->n; i++)
        if (x->part[i] == REC_TRAIN && user_is_drawn(x->user[i], n_train))
            s->row[s->n++] = (struct row){
                renumber(x->user[i], user, &s->n_users),
                renumber(x->item[i], item, &s->n_items),
                x->rating[i],
                rec_shrink_fold(i),
            };
}

static size_t count_rows(const struct rec_ratings *x, size_t n_train)
{
    size_t n = 0;

    for (size_t i = 0; i < x->n; i++)
        n += x->part[i] == REC_TRAIN &&
             (n_train == 0 || user_is_drawn(x->user[i], n_train));
    return n;
}

static enum rec_status search_make(const struct rec_ratings *x, size_t n_train,
                                   struct search *s, struct rec_err *err)
{
    static const char what[] = "cross-validation";
    uint32_t *user = rec_alloc_zero(x->n_users, sizeof *user, what, err);
    uint32_t *item =
        user == NULL ? NULL : rec_alloc_zero(x->n_items, sizeof *item, what, err);
    size_t n;
    bool ok = item != NULL;

    if (ok) {
        s->row = rec_alloc(count_rows(x, n_train), sizeof *s->row, what, err);
        ok = s->row != NULL;
    }
    if (ok)
        take_rows(x, n_train, user, item, s);
    rec_free(user);
    rec_free(item);
    n = (size_t)s->n_users + s->n_items;
    for (int f = 0; ok && f < FOLDS; f++) {
        s->bias[f] = rec_alloc(n, LANES * sizeof(double), what, err);
        s->count[f] =
            s->bias[f] == NULL ? NULL : rec_alloc(n, sizeof *s->count[f], what, err);
        ok = s->count[f] != NULL;
    }
    return ok ? REC_OK : REC_ESYSTEM;
}

/* ---- one fold, LANES models side by side ---- */

static void count_fold(struct search *s, uint32_t fold)
{
    double sum = 0.0, n = 0.0;

    memset(s->count[fold], 0, ((size_t)s->n_users + s->n_items) * sizeof(uint32_t));
    for (size_t i = 0; i < s->n; i++)
        if (s->row[i].fold != fold) {
            s->count[fold][s->row[i].user]++;
            s->count[fold][s->n_users + s->row[i].item]++;
            sum += (double)s->row[i].rating;
            n += 1.0;
        }
    s->mean[fold] = n > 0.0 ? sum / n : 0.0;
}

/* As the sweep of rec_biases_fit(), on the rows outside FOLD. */
REC_CLONES static void sweep(const struct search *s, uint32_t fold, bool items)
{
    double *user = s->bias[fold], *item = user + (size_t)s->n_users * LANES;
    double *own = items ? item : user;
    const double *lambda = items ? s->lambda_item : s->lambda_user;
    const uint32_t *count = s->count[fold] + (items ? s->n_users : 0);
    size_t n = items ? s->n_items : s->n_users;

    memset(own, 0, n * LANES * sizeof *own);
    for (size_t i = 0; i < s->n; i++) {
        const struct row *r = &s->row[i];
        const double *b =
            items ? user + (size_t)r->user * LANES : item + (size_t)r->item * LANES;
        double *to =
            items ? item + (size_t)r->item * LANES : user + (size_t)r->user * LANES;
        double residual = (double)r->rating - s->mean[fold];

        if (r->fold != fold)
            for (int l = 0; l < LANES; l++)
                to[l] += residual - b[l];
    }
    for (size_t k = 0; k < n; k++)
        for (int l = 0; count[k] > 0 && l < LANES; l++)
            own[k * LANES + (size_t)l] /= (double)count[k] + lambda[l];
}

REC_CLONES static void score(struct search *s, uint32_t fold)
{
    const double *user = s->bias[fold], *item = user + (size_t)s->n_users * LANES;
    double square[LANES] = { 0 };

    for (size_t i = 0; i < s->n; i++) {
        const struct row *r = &s->row[i];
        const double *b = user + (size_t)r->user * LANES;
        const double *c = item + (size_t)r->item * LANES;
        double residual = (double)r->rating - s->mean[fold];

        if (r->fold == fold)
            for (int l = 0; l < LANES; l++) {
                double e = b[l] + c[l] - residual;

                square[l] += e * e;
            }
    }
    memcpy(s->square[fold], square, sizeof square);
}

static void run_fold(void *ctx, uint32_t fold)
{
    struct search *s = ctx;

    count_fold(s, fold);
    memset(s->bias[fold], 0, (size_t)s->n_users * LANES * sizeof(double));
    for (int i = 0; i < REC_BIASES_SWEEPS; i++) {
        sweep(s, fold, true);
        sweep(s, fold, false);
    }
    score(s, fold);
}

/* ---- the search ---- */

/* Sets LANES pairs of lambdas; returns how many of them there are, 0 after the last
 * group. */
static int next_pairs(struct search *s, const struct rec_shrinkage *given, int group)
{
    bool pick_user = given->user < 0.0, pick_item = given->item < 0.0;

    if (group >= (pick_user ? REC_SHRINK_GRID : 1))
        return 0;
    for (int l = 0; l < LANES; l++) {
        /* from the large ones down: of equal errors the first stays */
        double up = rec_shrink_grid[REC_SHRINK_GRID - 1 - l];

        s->lambda_user[l] =
            pick_user ? rec_shrink_grid[REC_SHRINK_GRID - 1 - group] : given->user;
        s->lambda_item[l] = pick_item ? up : given->item;
    }
    return pick_item ? LANES : 1;
}

static void choose(struct search *s, struct rec_shrinkage *out)
{
    const struct rec_shrinkage given = *out;
    double least = INFINITY;
    int n;

    for (int group = 0; (n = next_pairs(s, &given, group)) > 0; group++) {
        rec_par_run(FOLDS, run_fold, s);
        for (int l = 0; l < n; l++) {
            double sum = 0.0;

            for (int f = 0; f < FOLDS; f++)
                sum += s->square[f][l];
            if (sum < least) {
                least = sum;
                out->user = s->lambda_user[l];
                out->item = s->lambda_item[l];
            }
        }
    }
    out->n_rows = s->n;
    out->rmse = sqrt(least / (double)s->n);
}

enum rec_status rec_shrink(const struct rec_ratings *ratings, struct rec_shrinkage *s,
                           struct rec_err *err)
{
    size_t n_train = count_rows(ratings, 0);
    struct search search = { .n = 0 };
    enum rec_status st = REC_OK;

    s->n_rows = 0;
    s->rmse = 0.0;
    if ((s->user < 0.0 || s->item < 0.0) && n_train >= REC_SHRINK_FEW) {
        st = search_make(ratings, n_train, &search, err);
        if (st == REC_OK && search.n >= REC_SHRINK_FEW)
            choose(&search, s);
    }
    search_free(&search);
    if (st == REC_OK) {
        s->user = s->user < 0.0 ? without_data : s->user;
        s->item = s->item < 0.0 ? without_data : s->item;
    }
    return st;
}

enum rec_status rec_lambda_parse(const char *option, const char *text, double *out,
                                 struct rec_err *err)
{
    char shown[80];

    *out = -1.0;
    if (strcmp(text, "auto") == 0)
        return REC_OK;
    rec_printable(text, strlen(text), shown, sizeof shown);
    if (!rec_parse_f64(text, strlen(text), out))
        return rec_fail(err, REC_EUSAGE, "--%s: '%s' is not a number", option, shown);
    if (!(*out >= 0.0 && *out <= 1e9))
        return rec_fail(err, REC_EUSAGE, "--%s: '%s' is not in the range 0..1e+09",
                        option, shown);
    return REC_OK;
}
