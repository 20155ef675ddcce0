/* rec_split(), user by user. */
#include "data/byuser.h"

#include <stdatomic.h>
#include <string.h>

#include "base/hash.h"
#include "base/par.h"
#include "base/random.h"
#include "data/radix.h"

enum { AHEAD = 16 };

static size_t at_most(size_t a, size_t b)
{
    return a < b ? a : b;
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

/* A rating on its way to the others of its user. */
struct dealt {
    uint32_t user, row;
};

struct by_user {
    const struct rec_ratings *x;
    const struct rec_split_opts *o;
    struct rec_radix radix;
    struct dealt *dealt;      /* (n) by blocks of users, then by row */
    struct rec_random random; /* the stream of all users */
    uint8_t *part;
    atomic_bool failed;
    struct rec_err err; /* of whoever failed first */
};

static void count_users(void *ctx, uint32_t chunk)
{
    const struct by_user *k = ctx;
    uint64_t *count = rec_radix_row(&k->radix, chunk);
    size_t i = chunk * k->radix.chunk_rows;
    size_t end = at_most(k->x->n, i + k->radix.chunk_rows);

    for (; i < end; i++)
        count[k->x->user[i] >> k->radix.shift]++;
}

static void deal_users(void *ctx, uint32_t chunk)
{
    const struct by_user *k = ctx;
    uint64_t *at = rec_radix_row(&k->radix, chunk);
    size_t i = chunk * k->radix.chunk_rows;
    size_t end = at_most(k->x->n, i + k->radix.chunk_rows);

    for (; i < end; i++)
        k->dealt[at[k->x->user[i] >> k->radix.shift]++] =
            (struct dealt){ k->x->user[i], (uint32_t)i };
}

/* Numbers for the M rows of user U: those of a stream named by its id. */
static void draw_keys(const struct by_user *k, uint32_t u, struct ranked *rows,
                      size_t m)
{
    struct rec_random random = k->random;
    size_t n;
    const char *id = rec_column_text(k->x->user_ids, u, &n);

    random.stream = rec_hash64(id, n, random.stream);
    for (size_t i = 0; i < m; i++)
        rows[i].key = rec_random_u64(&random);
}

/* The M > 1 rows of user U, ascending, which are for training as it stands. */
static void split_user(const struct by_user *k, uint32_t u, struct ranked *rows,
                       size_t m)
{
    const struct rec_split_opts *o = k->o;
    size_t n_test = at_most(o->last, m - 1), n_valid = o->valid > 0.0 ? o->last : 0;

    if (o->method == REC_SPLIT_USER) {
        draw_keys(k, u, rows, m);
        n_test = at_most(rec_share_of(o->test, m), m - 1);
        n_valid = rec_share_of(o->valid, m - n_test);
    }
    give(rows, m, n_test, at_most(n_valid, m - 1 - n_test), k->part);
}

/* The N rows of a block, user by user: those of FIRST + j end at end[j]. */
static void rank_block(const struct by_user *k, const struct dealt *dealt, size_t n,
                       uint32_t first, uint32_t n_users, size_t *end,
                       struct ranked *rows)
{
    const int64_t *time = k->o->method == REC_SPLIT_LAST ? k->x->time : NULL;
    size_t sum = 0;

    for (size_t i = 0; i < n; i++)
        end[dealt[i].user - first]++;
    for (uint32_t j = 0; j < n_users; j++) {
        size_t m = end[j];

        end[j] = sum;
        sum += m;
    }
    for (size_t i = 0; i < n; i++) {
        uint32_t row = dealt[i].row;

        if (time != NULL && n - i > AHEAD)
            __builtin_prefetch(&time[dealt[i + AHEAD].row]);
        rows[end[dealt[i].user - first]++] =
            (struct ranked){ time != NULL ? rec_time_key(time[row]) : 0, row };
    }
}

static void split_block(void *ctx, uint32_t b)
{
    struct by_user *k = ctx;
    const struct dealt *dealt = k->dealt + k->radix.start[b];
    size_t n = (size_t)(k->radix.start[b + 1] - k->radix.start[b]), from = 0;
    uint32_t first, last = rec_radix_keys(&k->radix, b, k->x->n_users, &first);
    size_t *end;
    struct ranked *rows = NULL;
    struct rec_err err;

    if (n == 0)
        return;
    end = rec_alloc_zero(last - first, sizeof *end, "the users of a block", &err);
    if (end != NULL)
        rows = rec_alloc(n, sizeof *rows, "the rows of a block", &err);
    if (rows != NULL) {
        rank_block(k, dealt, n, first, last - first, end, rows);
        for (uint32_t u = first; u < last; from = end[u++ - first])
            if (end[u - first] - from > 1)
                split_user(k, u, rows + from, end[u - first] - from);
    } else if (!atomic_exchange(&k->failed, true)) {
        k->err = err;
    }
    rec_free(end);
    rec_free(rows);
}

enum rec_status rec_split_by_user(const struct rec_ratings *x,
                                  const struct rec_split_opts *o, uint8_t *part,
                                  struct rec_err *err)
{
    struct by_user k = { .x = x, .o = o, .part = part };
    enum rec_status st;

    if (x->n >= UINT32_MAX)
        return rec_fail(err, REC_EINPUT, "%zu ratings are too many to sort by user",
                        x->n);
    st = rec_radix_plan(&k.radix, x->n, x->n_users, err);
    if (st != REC_OK)
        return st;
    k.dealt = rec_alloc(x->n, sizeof *k.dealt, "rows", err);
    if (k.dealt != NULL) {
        rec_par_run(k.radix.n_chunks, count_users, &k);
        rec_radix_sum(&k.radix);
        rec_par_run(k.radix.n_chunks, deal_users, &k);
        rec_random_init(&k.random, o->seed, "split user");
        memset(part, REC_TRAIN, x->n);
        rec_par_run(k.radix.n_blocks, split_block, &k);
    }
    if (atomic_load(&k.failed))
        *err = k.err;
    st = k.dealt == NULL || atomic_load(&k.failed) ? REC_ESYSTEM : REC_OK;
    rec_free(k.dealt);
    rec_radix_free(&k.radix);
    return st;
}
