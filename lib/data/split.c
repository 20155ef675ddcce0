#include "data/split.h"

#include <string.h>

#include "base/hash.h"
#include "base/random.h"

/* SHARE of N rows to the nearest whole number, halves up. */
static size_t share_of(double share, size_t n)
{
    size_t k = (size_t)(share * (double)n + 0.5);

    return k < n ? k : n;
}

/* Times as numbers without a sign, in the same order. */
static uint64_t time_key(int64_t time)
{
    return (uint64_t)time ^ (uint64_t)1 << 63;
}

/* ---- row by row: random, source, fold ---- */

static enum rec_part draw(const struct rec_random *random, size_t i, double test,
                          double valid)
{
    double x = rec_random_uniform_at(random, i);

    if (x < test)
        return REC_TEST;
    return (x - test) / (1.0 - test) < valid ? REC_VALID : REC_TRAIN;
}

static void by_row(const struct rec_ratings *x, const struct rec_split_opts *o,
                   uint8_t *part)
{
    double test = o->method == REC_SPLIT_RANDOM ? o->test : 0.0;
    struct rec_random random, fold;

    rec_random_init(&random, o->seed, "split");
    rec_random_init(&fold, o->seed, "split fold");
    for (size_t i = 0; i < x->n; i++) {
        bool held = false;

        if (o->method == REC_SPLIT_SOURCE)
            held = x->source[i] == o->test_source;
        else if (o->method == REC_SPLIT_FOLD)
            held = (uint64_t)((double)o->folds * rec_random_uniform_at(&fold, i)) ==
                   o->fold - 1;
        part[i] = (uint8_t)(held ? REC_TEST : draw(&random, i, test, o->valid));
    }
}

/* ---- over all rows: time ---- */

/* The latest rows: those after KEY and, of those at it, the last TIES. */
struct cut {
    uint64_t key;
    size_t ties;
};

/* The cut before the K latest rows: the key's digits from the top, one a pass. */
static struct cut find_cut(const int64_t *time, size_t n, size_t k)
{
    uint64_t above = 0;

    if (k == 0)
        return (struct cut){ UINT64_MAX, 0 };
    for (int shift = 56; shift >= 0; shift -= 8) {
        size_t count[256] = { 0 };
        unsigned digit = 255;

        for (size_t i = 0; i < n; i++) {
            uint64_t key = time_key(time[i]) >> shift;

            count[key & 255] += key >> 8 == above;
        }
        while (count[digit] < k)
            k -= count[digit--];
        above = above << 8 | digit;
    }
    return (struct cut){ above, k };
}

/* Whether a row of this key is behind the cut; to be asked for each row, last first. */
static bool is_behind(struct cut *c, uint64_t key)
{
    if (key != c->key)
        return key > c->key;
    if (c->ties == 0)
        return false;
    c->ties--;
    return true;
}

static void by_time(const struct rec_ratings *x, const struct rec_split_opts *o,
                    uint8_t *part)
{
    size_t n_test = share_of(o->test, x->n);
    size_t n_valid = share_of(o->valid, x->n - n_test);
    struct cut test = find_cut(x->time, x->n, n_test);
    struct cut held = find_cut(x->time, x->n, n_test + n_valid);

    for (size_t i = x->n; i-- > 0;) {
        uint64_t key = time_key(x->time[i]);
        bool is_test = is_behind(&test, key), is_held = is_behind(&held, key);

        part[i] = (uint8_t)(is_test ? REC_TEST : is_held ? REC_VALID : REC_TRAIN);
    }
}

/* ---- user by user: user, last ---- */

/* Rows by user, ascending: those of user u are row[off[u]] .. row[off[u + 1]]. */
struct groups {
    uint32_t *off, *row;
    uint32_t largest;
};

static void free_groups(struct groups *g)
{
    rec_free(g->off);
    rec_free(g->row);
    *g = (struct groups){ 0 };
}

/* On failure what is there is the caller's to free. */
static enum rec_status group(const struct rec_ratings *x, struct groups *g,
                             struct rec_err *err)
{
    uint32_t *off;

    if (x->n >= UINT32_MAX)
        return rec_fail(err, REC_EINPUT, "%zu ratings are too many to sort by user",
                        x->n);
    /* one more in front: off[u + 1] is the end of user u once its rows are in place */
    g->off = off = rec_alloc_zero((size_t)x->n_users + 2, sizeof *off, "users", err);
    g->row = off != NULL ? rec_alloc(x->n, sizeof *g->row, "rows", err) : NULL;
    if (g->row == NULL)
        return REC_ESYSTEM;
    for (size_t i = 0; i < x->n; i++)
        off[x->user[i] + 2]++;
    for (uint32_t u = 0; u < x->n_users; u++) {
        g->largest = off[u + 2] > g->largest ? off[u + 2] : g->largest;
        off[u + 2] += off[u + 1];
    }
    for (size_t i = 0; i < x->n; i++)
        g->row[off[x->user[i] + 1]++] = (uint32_t)i;
    return REC_OK;
}

/* A row and its place in the order of its user's rows. */
struct ranked {
    uint64_t key;
    uint32_t row;
};

static bool is_below(struct ranked a, struct ranked b)
{
    return a.key != b.key ? a.key < b.key : a.row < b.row;
}

/* Makes rows[at ..] of M a heap, highest first, where all below AT are heaps. */
static void sift(struct ranked *rows, size_t at, size_t m)
{
    struct ranked moved = rows[at];

    for (size_t child; (child = 2 * at + 1) < m; at = child) {
        if (child + 1 < m && is_below(rows[child], rows[child + 1]))
            child++;
        if (!is_below(moved, rows[child]))
            break;
        rows[at] = rows[child];
    }
    rows[at] = moved;
}

/* Gives the highest of a user's M rows away; REC_TRAIN, as all begin, are the others.
 * n_test + n_valid < m. */
static void give(struct ranked *rows, size_t m, size_t n_test, size_t n_valid,
                 uint8_t *part)
{
    for (size_t i = m / 2; i-- > 0;)
        sift(rows, i, m);
    for (size_t i = 0; i < n_test + n_valid; i++) {
        part[rows[0].row] = (uint8_t)(i < n_test ? REC_TEST : REC_VALID);
        rows[0] = rows[--m];
        sift(rows, 0, m);
    }
}

/* The stream of user U. */
static struct rec_random user_stream(const struct rec_ratings *x, uint32_t u,
                                     uint64_t seed)
{
    struct rec_random random;
    const char *id;
    size_t n;

    rec_random_init(&random, seed, "split user");
    id = rec_column_text(x->user_ids, u, &n);
    random.stream = rec_hash64(id, n, random.stream);
    return random;
}

static size_t at_most(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* The M rows of user U are ROW[..]; RANKED has room for them. */
static void split_user(const struct rec_ratings *x, const struct rec_split_opts *o,
                       uint32_t u, const uint32_t *row, size_t m, struct ranked *ranked,
                       uint8_t *part)
{
    size_t n_test = o->last, n_valid = o->valid > 0.0 ? o->last : 0;

    if (o->method == REC_SPLIT_LAST) {
        for (size_t k = 0; k < m; k++) {
            uint64_t key = x->time != NULL ? time_key(x->time[row[k]]) : 0;

            ranked[k] = (struct ranked){ key, row[k] };
        }
        n_test = at_most(n_test, m - 1);
    } else {
        struct rec_random random = user_stream(x, u, o->seed);

        for (size_t k = 0; k < m; k++)
            ranked[k] = (struct ranked){ rec_random_u64(&random), row[k] };
        n_test = at_most(share_of(o->test, m), m - 1);
        n_valid = share_of(o->valid, m - n_test);
    }
    give(ranked, m, n_test, at_most(n_valid, m - 1 - n_test), part);
}

static enum rec_status by_user(const struct rec_ratings *x,
                               const struct rec_split_opts *o, uint8_t *part,
                               struct rec_err *err)
{
    struct ranked *ranked = NULL;
    struct groups g = { 0 };
    enum rec_status st = group(x, &g, err);

    if (st != REC_OK)
        goto done;
    ranked = rec_alloc(g.largest, sizeof *ranked, "the rows of a user", err);
    if (ranked == NULL) {
        st = REC_ESYSTEM;
        goto done;
    }
    memset(part, REC_TRAIN, x->n);
    for (uint32_t u = 0; u < x->n_users; u++)
        if (g.off[u + 1] > g.off[u])
            split_user(x, o, u, g.row + g.off[u], g.off[u + 1] - g.off[u], ranked,
                       part);
done:
    rec_free(ranked);
    free_groups(&g);
    return st;
}

/* ---- all of it ---- */

static enum rec_status check(const struct rec_ratings *x,
                             const struct rec_split_opts *o, struct rec_err *err)
{
    if (o->method == REC_SPLIT_SOURCE && x->source == NULL)
        return rec_fail(err, REC_EFORMAT,
                        "--method source: the ratings are all from one file; "
                        "give rec-clean one file a part");
    if (o->method == REC_SPLIT_TIME && x->time == NULL)
        return rec_fail(err, REC_EFORMAT,
                        "--method time: the ratings have no times; "
                        "tell rec-clean their column with --time");
    if (o->method == REC_SPLIT_USER && x->user_ids == NULL)
        return rec_fail(err, REC_EFORMAT,
                        "--method user: section 'users' has no column 'id' of text");
    return REC_OK;
}

/* Counts the parts; refuses what no later stage could use. */
static enum rec_status count(const uint8_t *part, size_t n_rows,
                             const struct rec_split_opts *o, uint64_t n[REC_N_PARTS],
                             struct rec_err *err)
{
    for (size_t i = 0; i < n_rows; i++)
        n[part[i]]++;
    if (o->method == REC_SPLIT_SOURCE && n[REC_TEST] == 0)
        return rec_fail(err, REC_EFORMAT,
                        "--test-source %llu: no rating is from such a file",
                        (unsigned long long)o->test_source);
    if (n[REC_TRAIN] == 0)
        return rec_fail(err, REC_EINPUT, "no rating is left for training");
    return REC_OK;
}

enum rec_status rec_split(const struct rec_ratings *ratings,
                          const struct rec_split_opts *opts, struct rec_table *out,
                          uint64_t sizes[REC_N_PARTS], struct rec_err *err)
{
    uint64_t n[REC_N_PARTS] = { 0 };
    struct rec_table t;
    uint8_t *part;
    enum rec_status st = check(ratings, opts, err);

    if (st != REC_OK)
        return st;
    rec_table_init(&t, "split", REC_KIND_TABLE);
    rec_table_add(&t, "part", REC_U8, 1, REC_PLAIN, NULL);
    st = rec_table_reserve(&t, ratings->n, err);
    if (st != REC_OK)
        goto done;
    t.n_rows = ratings->n;
    part = t.cols[0].data;
    if (opts->method == REC_SPLIT_TIME)
        by_time(ratings, opts, part);
    else if (opts->method == REC_SPLIT_USER || opts->method == REC_SPLIT_LAST)
        st = by_user(ratings, opts, part, err);
    else
        by_row(ratings, opts, part);
    if (st == REC_OK)
        st = count(part, ratings->n, opts, n, err);
    if (st != REC_OK)
        goto done;
    rec_table_set_attr(&t, "TR", n[REC_TRAIN]);
    rec_table_set_attr(&t, "VA", n[REC_VALID]);
    rec_table_set_attr(&t, "TE", n[REC_TEST]);
    memcpy(sizes, n, sizeof n);
    *out = t;
    t = (struct rec_table){ 0 };
done:
    rec_table_free(&t);
    return st;
}
