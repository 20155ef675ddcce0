#include "data/split.h"

#include <string.h>

#include "base/clones.h"
#include "base/par.h"
#include "base/random.h"
#include "data/byuser.h"

static size_t at_most(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* ---- row by row: random, source, fold ---- */

/* Rows that one thread takes at a time, and those of one call for random numbers. */
enum { CHUNK_ROWS = 1 << 16, SOME = 256 };

struct by_row {
    const struct rec_ratings *x;
    const struct rec_split_opts *o;
    struct rec_random random, fold;
    uint8_t *part;
};

/* Parts of N rows by their numbers in the stream "split". */
REC_CLONES static void draw(const double *x, size_t n, double test, double valid,
                            uint8_t *part)
{
    for (size_t i = 0; i < n; i++) {
        uint8_t rest = (x[i] - test) / (1.0 - test) < valid ? REC_VALID : REC_TRAIN;

        part[i] = x[i] < test ? REC_TEST : rest;
    }
}

/* The rows of fold FOLD, from 0, by their numbers in the stream "split fold". */
static void hold_fold(const double *y, size_t n, uint64_t folds, uint64_t fold,
                      uint8_t *part)
{
    for (size_t i = 0; i < n; i++)
        if ((uint64_t)((double)folds * y[i]) == fold)
            part[i] = REC_TEST;
}

static void hold_source(const uint8_t *source, size_t n, uint64_t test, uint8_t *part)
{
    for (size_t i = 0; i < n; i++)
        part[i] = source[i] == test ? REC_TEST : part[i];
}

static void by_row_chunk(void *ctx, uint32_t chunk)
{
    const struct by_row *k = ctx;
    const struct rec_split_opts *o = k->o;
    double test = o->method == REC_SPLIT_RANDOM ? o->test : 0.0, number[SOME];
    size_t i = (size_t)chunk * CHUNK_ROWS;
    size_t end = at_most(k->x->n, i + CHUNK_ROWS), n;

    for (; i < end; i += n) {
        n = at_most(SOME, end - i);
        rec_random_uniforms(&k->random, i, n, number);
        draw(number, n, test, o->valid, k->part + i);
        if (o->method == REC_SPLIT_SOURCE) {
            hold_source(k->x->source + i, n, o->test_source, k->part + i);
        } else if (o->method == REC_SPLIT_FOLD) {
            rec_random_uniforms(&k->fold, i, n, number);
            hold_fold(number, n, o->folds, o->fold - 1, k->part + i);
        }
    }
}

static uint32_t n_chunks(size_t n)
{
    return (uint32_t)((n + CHUNK_ROWS - 1) / CHUNK_ROWS);
}

static void by_row(const struct rec_ratings *x, const struct rec_split_opts *o,
                   uint8_t *part)
{
    struct by_row k = { .x = x, .o = o, .part = part };

    rec_random_init(&k.random, o->seed, "split");
    rec_random_init(&k.fold, o->seed, "split fold");
    rec_par_run(n_chunks(x->n), by_row_chunk, &k);
}

/* ---- over all rows: time ---- */

/* The latest rows: those after KEY and, of those at it, the last TIES. */
struct cut {
    uint64_t key;
    size_t ties;
};

struct tally {
    const int64_t *time;
    size_t n, chunk_rows;
    uint64_t above; /* rows count whose key, shifted by 8 bits more, is this */
    int shift;
    size_t (*count)[256]; /* (chunks) rows by the digit above SHIFT */
};

enum { TALLY_CHUNKS = 64 };

static void tally_chunk(void *ctx, uint32_t chunk)
{
    const struct tally *k = ctx;
    size_t *count = k->count[chunk];
    size_t i = chunk * k->chunk_rows, end = at_most(k->n, i + k->chunk_rows);

    for (; i < end; i++) {
        uint64_t key = rec_time_key(k->time[i]) >> k->shift;

        if (k->shift == 56 || key >> 8 == k->above)
            count[key & 255]++;
    }
}

/* The rows by one digit of their keys, summed over the chunks. */
static void tally_digit(struct tally *k, size_t sum[256])
{
    uint32_t chunks = (uint32_t)((k->n + k->chunk_rows - 1) / k->chunk_rows);

    memset(k->count, 0, TALLY_CHUNKS * sizeof *k->count);
    memset(sum, 0, 256 * sizeof *sum);
    rec_par_run(chunks, tally_chunk, k);
    for (uint32_t c = 0; c < chunks; c++)
        for (int d = 0; d < 256; d++)
            sum[d] += k->count[c][d];
}

/* The bits in which not all times agree. */
static uint64_t differing(const int64_t *time, size_t n)
{
    uint64_t bits = 0;

    for (size_t i = 0; i < n; i++)
        bits |= (uint64_t)(time[i] ^ time[0]);
    return bits;
}

/* The cut before the K latest rows: the key's digits from the first in which rows
 * differ, one a pass.  ROOM is for TALLY_CHUNKS. */
static struct cut find_cut(const int64_t *time, size_t n, size_t k, uint64_t differ,
                           size_t (*room)[256])
{
    struct tally t = { .time = time, .n = n, .count = room };

    t.chunk_rows = n / TALLY_CHUNKS + 1;
    if (k == 0)
        return (struct cut){ UINT64_MAX, 0 };
    t.shift = differ == 0 ? 0 : (63 - __builtin_clzll(differ)) / 8 * 8;
    t.above = t.shift == 56 ? 0 : rec_time_key(time[0]) >> (t.shift + 8);
    for (; t.shift >= 0; t.shift -= 8) {
        size_t count[256];
        unsigned digit = 255;

        tally_digit(&t, count);
        while (count[digit] < k)
            k -= count[digit--];
        t.above = t.above << 8 | digit;
    }
    return (struct cut){ t.above, k };
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

static enum rec_status by_time(const struct rec_ratings *x,
                               const struct rec_split_opts *o, uint8_t *part,
                               struct rec_err *err)
{
    size_t n_test = rec_share_of(o->test, x->n);
    size_t n_valid = rec_share_of(o->valid, x->n - n_test);
    uint64_t differ = differing(x->time, x->n);
    size_t(*room)[256] = rec_alloc(TALLY_CHUNKS, sizeof *room, "times", err);
    struct cut test, held;

    if (room == NULL)
        return REC_ESYSTEM;
    test = find_cut(x->time, x->n, n_test, differ, room);
    held = find_cut(x->time, x->n, n_test + n_valid, differ, room);
    for (size_t i = x->n; i-- > 0;) {
        uint64_t key = rec_time_key(x->time[i]);
        bool is_test = is_behind(&test, key), is_held = is_behind(&held, key);

        part[i] = (uint8_t)(is_test ? REC_TEST : is_held ? REC_VALID : REC_TRAIN);
    }
    rec_free(room);
    return REC_OK;
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
    for (size_t first = 0; first < n_rows; first += CHUNK_ROWS) {
        size_t end = at_most(n_rows, first + CHUNK_ROWS);
        uint32_t n_valid = 0, n_test = 0;

        for (size_t i = first; i < end; i++) {
            n_valid += part[i] == REC_VALID;
            n_test += part[i] == REC_TEST;
        }
        n[REC_VALID] += n_valid;
        n[REC_TEST] += n_test;
    }
    n[REC_TRAIN] = n_rows - n[REC_VALID] - n[REC_TEST];
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
        st = by_time(ratings, opts, part, err);
    else if (opts->method == REC_SPLIT_USER || opts->method == REC_SPLIT_LAST)
        st = rec_split_by_user(ratings, opts, part, err);
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
