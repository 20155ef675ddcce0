#include "data/sieve.h"

#include <assert.h>
#include <string.h>

#include "data/number.h"
#include "data/rows.h"
#include "data/rowtape.h"
#include "io/bytes.h"
#include "io/spool.h"

enum { TAPE_BYTES = 1 << 16, CODES = 1 << 12 };
enum { USER, ITEM, RATING }; /* columns */

struct rec_sieve {
    struct rec_spool *spool;
    struct rec_rowtape rows;
    uint64_t n_rows;
    uint64_t *keep;     /* a bit a row */
    struct rec_buf key; /* of a row */
    uint64_t spilled;   /* by what is closed */

    enum rec_dups dups;
    struct rec_number
        *number; /* of keys seen, then of the rows from first_compared on */
    uint64_t n_seen, first_compared;

    /* late DUPS: the rows' codes, and of each code how many rows of it are to come and
     * the mean of its ratings */
    struct rec_tape codes;
    uint32_t *to_come;
    double *mean;
};

static uint64_t budget(unsigned share)
{
    uint64_t left = rec_mem_left();

    return left == UINT64_MAX ? left : left / share;
}

enum rec_status rec_sieve_open(const struct rec_table *t, struct rec_sieve **out,
                               struct rec_err *err)
{
    struct rec_sieve *s = rec_alloc_zero(1, sizeof *s, "rows", err);
    enum rec_status st;

    if (s == NULL)
        return REC_ESYSTEM;
    assert(strcmp(t->cols[USER].name, "user") == 0);
    s->dups = REC_DUPS_KEEP;
    st = rec_spool_open(TAPE_BYTES, &s->spool, err);
    rec_rowtape_init(&s->rows, s->spool, t);
    s->codes.spool = s->spool;
    if (st == REC_OK)
        *out = s;
    else
        rec_sieve_free(s);
    return st;
}

/* ---- rows in ---- */

enum rec_status rec_sieve_compare(struct rec_sieve *s, enum rec_dups dups,
                                  struct rec_err *err)
{
    s->dups = dups;
    s->first_compared = s->n_rows;
    return dups == REC_DUPS_KEEP ? REC_OK : rec_number_open(budget(2), &s->number, err);
}

enum rec_status rec_sieve_seen(struct rec_sieve *s, const uint8_t *key, size_t n,
                               struct rec_err *err)
{
    s->n_seen++;
    return rec_number_add(s->number, key, n, err);
}

/* The key of row I, in s->key. */
static enum rec_status make_key(struct rec_sieve *s, const struct rec_table *t,
                                size_t i, struct rec_err *err)
{
    uint32_t n_cols = s->dups == REC_DUPS_EXACT ? t->n_cols : ITEM + 1;
    enum rec_status st = REC_OK;

    s->key.n = 0;
    for (uint32_t k = 0; st == REC_OK && k < n_cols; k++) {
        const struct rec_column *c = &t->cols[k];
        size_t n = rec_type_bytes(c->type) * c->width;
        const void *from = (const uint8_t *)c->data + i * n;

        st = rec_buf_reserve(&s->key, REC_VARINT_MAX, err);
        if (st == REC_OK && c->type == REC_STR) {
            from = rec_column_text(c, i, &n);
            s->key.n =
                (size_t)(rec_put_varint(s->key.data + s->key.n, n) - s->key.data);
        }
        if (st == REC_OK && n > 0)
            st = rec_buf_add(&s->key, from, n, err);
    }
    return st;
}

enum rec_status rec_sieve_add(struct rec_sieve *s, const struct rec_table *rows,
                              struct rec_err *err)
{
    enum rec_status st = rec_rowtape_add(&s->rows, rows, err);

    for (size_t i = 0; st == REC_OK && s->number != NULL && i < rows->n_rows; i++) {
        st = make_key(s, rows, i, err);
        if (st == REC_OK)
            st = rec_number_add(s->number, s->key.data, s->key.n, err);
    }
    s->n_rows += rows->n_rows;
    return st;
}

/* ---- what is kept ---- */

static bool is_kept(const struct rec_sieve *s, uint64_t i)
{
    return s->keep[i / 64] >> i % 64 & 1;
}

static void drop(struct rec_sieve *s, uint64_t i)
{
    s->keep[i / 64] &= ~((uint64_t)1 << i % 64);
}

static enum rec_status keep_all(struct rec_sieve *s, struct rec_err *err)
{
    size_t n = (size_t)(s->n_rows / 64 + 1);

    s->keep = rec_alloc(n, sizeof *s->keep, "a bit a row", err);
    if (s->keep == NULL)
        return REC_ESYSTEM;
    memset(s->keep, 0xff, n * sizeof *s->keep);
    return REC_OK;
}

static void close_number(struct rec_sieve *s, struct rec_number **number)
{
    if (*number != NULL)
        s->spilled += rec_number_spilled(*number);
    rec_number_close(*number);
    *number = NULL;
}

/* ---- rows that repeat ---- */

static void show(const struct rec_column *c, uint64_t row, char *out, size_t size)
{
    size_t n;
    const char *text = rec_column_text(c, (size_t)row, &n);

    rec_printable(text, n, out, size);
}

static enum rec_status rated_twice(struct rec_sieve *s, uint64_t row,
                                   struct rec_err *err)
{
    enum rec_status st = rec_rowtape_rewind(&s->rows, err);
    char user[60], item[60];

    while (st == REC_OK) {
        st = rec_rowtape_next(&s->rows, err);
        if (row < s->rows.block.n_rows)
            break;
        row -= s->rows.block.n_rows;
    }
    if (st != REC_OK)
        return st;
    show(&s->rows.block.cols[USER], row, user, sizeof user);
    show(&s->rows.block.cols[ITEM], row, item, sizeof item);
    return rec_fail(err, REC_EINPUT, "user '%s' rated item '%s' more than once", user,
                    item);
}

/* The first row of each code stays. */
static enum rec_status keep_new(struct rec_sieve *s, uint64_t *repeated,
                                struct rec_err *err)
{
    uint64_t at = 0; /* of the numbered */
    bool is_new[CODES];
    size_t got = 1;
    enum rec_status st = REC_OK;

    while (st == REC_OK && got > 0) {
        st = rec_number_codes(s->number, NULL, is_new, CODES, &got, err);
        for (size_t k = 0; st == REC_OK && k < got; k++, at++) {
            uint64_t row = s->first_compared + at - s->n_seen;

            if (is_new[k] || at < s->n_seen)
                continue;
            if (s->dups == REC_DUPS_ERROR)
                return rated_twice(s, row, err);
            drop(s, row);
            ++*repeated;
        }
    }
    return st;
}

/* Counts the rows of each code, and takes their mean. */
static enum rec_status weigh(struct rec_sieve *s, struct rec_err *err)
{
    uint32_t distinct = rec_number_distinct(s->number), codes[CODES];
    enum rec_status st = rec_rowtape_rewind(&s->rows, err);

    s->to_come = rec_alloc_zero(distinct, sizeof *s->to_come, "pairs", err);
    s->mean = rec_alloc_zero(distinct, sizeof *s->mean, "pairs", err);
    if (s->to_come == NULL || s->mean == NULL)
        return REC_ESYSTEM;
    for (size_t k = 0, got = 0; st == REC_OK;) {
        st = rec_rowtape_next(&s->rows, err);
        if (st != REC_OK || s->rows.block.n_rows == 0)
            break;
        for (size_t i = 0; st == REC_OK && i < s->rows.block.n_rows; i++, k++) {
            if (k == got) {
                st = rec_number_codes(s->number, codes, NULL, CODES, &got, err);
                if (st == REC_OK)
                    st = rec_tape_write(&s->codes, codes, got * sizeof *codes, err);
                if (st != REC_OK)
                    break;
                k = 0;
            }
            s->mean[codes[k]] +=
                (double)((const float *)s->rows.block.cols[RATING].data)[i];
            s->to_come[codes[k]]++;
        }
    }
    for (uint32_t c = 0; c < distinct; c++)
        s->mean[c] /= s->to_come[c];
    return st;
}

/* The last row of each code stays. */
static enum rec_status keep_last(struct rec_sieve *s, uint64_t *repeated,
                                 struct rec_err *err)
{
    enum rec_status st = weigh(s, err);

    if (st == REC_OK)
        st = rec_tape_rewind(&s->codes, err);
    for (uint64_t row = 0; st == REC_OK && row < s->n_rows; row++) {
        uint32_t code = 0;

        st = rec_tape_read(&s->codes, &code, sizeof code, err);
        if (st == REC_OK && --s->to_come[code] > 0) {
            drop(s, row);
            ++*repeated;
        }
    }
    return st;
}

static enum rec_status drop_repeated(struct rec_sieve *s, uint64_t *repeated,
                                     struct rec_err *err)
{
    enum rec_status st;

    if (s->number == NULL)
        return REC_OK;
    st = rec_number_end(s->number, REC_NUMBER_ROWS, err);
    if (st == REC_OK)
        st = rec_dups_is_late(s->dups) ? keep_last(s, repeated, err)
                                       : keep_new(s, repeated, err);
    close_number(s, &s->number);
    return st;
}

/* ---- users and items of few ratings ---- */

/* [0]: users, [1]: items. */
struct few {
    struct rec_sieve *s;
    struct rec_number *number[2];
    struct rec_tape codes[2];
    uint32_t *count[2];
    uint64_t least[2];
};

static enum rec_status number_ids(struct few *f, struct rec_err *err)
{
    struct rec_sieve *s = f->s;
    enum rec_status st = rec_rowtape_rewind(&s->rows, err);

    for (uint32_t k = 0; st == REC_OK && k < 2; k++)
        st = rec_number_open(budget(4), &f->number[k], err);
    while (st == REC_OK) {
        st = rec_rowtape_next(&s->rows, err);
        if (st != REC_OK || s->rows.block.n_rows == 0)
            break;
        for (uint32_t k = 0; st == REC_OK && k < 2; k++)
            st = rec_number_add_column(f->number[k], &s->rows.block.cols[USER + k],
                                       s->rows.block.n_rows, err);
    }
    return st;
}

/* The codes of users, or items, go to tape, and the rows that are kept are counted. */
static enum rec_status count_ids(struct few *f, uint32_t k, struct rec_err *err)
{
    enum rec_status st = rec_number_end(f->number[k], REC_NUMBER_ROWS, err);
    uint64_t row = 0;
    size_t got = 1;

    if (st != REC_OK)
        return st;
    f->codes[k].spool = f->s->spool;
    f->count[k] = rec_alloc_zero(rec_number_distinct(f->number[k]), sizeof *f->count[k],
                                 "users and items", err);
    if (f->count[k] == NULL)
        return REC_ESYSTEM;
    while (st == REC_OK && got > 0) {
        uint32_t codes[CODES];

        st = rec_number_codes(f->number[k], codes, NULL, CODES, &got, err);
        for (size_t i = 0; st == REC_OK && i < got; i++, row++)
            f->count[k][codes[i]] += is_kept(f->s, row);
        if (st == REC_OK)
            st = rec_tape_write(&f->codes[k], codes, got * sizeof *codes, err);
    }
    close_number(f->s, &f->number[k]);
    return st;
}

/* One pass; how many rows fell. */
static enum rec_status drop_pass(struct few *f, uint64_t *dropped, struct rec_err *err)
{
    enum rec_status st = REC_OK;

    *dropped = 0;
    for (uint32_t k = 0; st == REC_OK && k < 2; k++)
        st = rec_tape_rewind(&f->codes[k], err);
    for (uint64_t row = 0; st == REC_OK && row < f->s->n_rows; row++) {
        uint32_t code[2] = { 0, 0 };

        for (uint32_t k = 0; st == REC_OK && k < 2; k++)
            st = rec_tape_read(&f->codes[k], &code[k], sizeof code[k], err);
        if (st != REC_OK || !is_kept(f->s, row) ||
            (f->count[0][code[0]] >= f->least[0] &&
             f->count[1][code[1]] >= f->least[1]))
            continue;
        drop(f->s, row);
        f->count[0][code[0]]--;
        f->count[1][code[1]]--;
        ++*dropped;
    }
    return st;
}

static enum rec_status drop_few(struct rec_sieve *s,
                                const struct rec_sieve_limits *limits, uint64_t *few,
                                struct rec_err *err)
{
    struct few f = { .s = s, .least = { limits->min_user, limits->min_item } };
    uint64_t dropped = 1;
    enum rec_status st = number_ids(&f, err);

    for (uint32_t k = 0; st == REC_OK && k < 2; k++)
        st = count_ids(&f, k, err);
    while (st == REC_OK && dropped > 0) {
        st = drop_pass(&f, &dropped, err);
        *few += dropped;
    }
    for (uint32_t k = 0; k < 2; k++) {
        rec_tape_free(&f.codes[k]);
        rec_free(f.count[k]);
        rec_number_close(f.number[k]);
    }
    return st;
}

/* ---- what stays ---- */

static enum rec_status set_mean(struct rec_sieve *s, struct rec_err *err)
{
    float *rating = s->rows.block.cols[RATING].data;
    enum rec_status st = REC_OK;

    for (size_t i = 0; st == REC_OK && i < s->rows.block.n_rows; i++) {
        uint32_t code = 0;

        st = rec_tape_read(&s->codes, &code, sizeof code, err);
        rating[i] = (float)s->mean[code];
    }
    return st;
}

static enum rec_status hand_out(struct rec_sieve *s, rec_sieve_fn *fn, void *ctx,
                                struct rec_err *err)
{
    struct rec_buf keep = { 0 };
    uint64_t row = 0;
    enum rec_status st = rec_rowtape_rewind(&s->rows, err);

    if (st == REC_OK && s->dups == REC_DUPS_MEAN)
        st = rec_tape_rewind(&s->codes, err);
    while (st == REC_OK) {
        st = rec_rowtape_next(&s->rows, err);
        if (st != REC_OK || s->rows.block.n_rows == 0)
            break;
        if (s->dups == REC_DUPS_MEAN)
            st = set_mean(s, err);
        if (st == REC_OK)
            st = rec_buf_reserve(&keep, s->rows.block.n_rows, err);
        if (st != REC_OK)
            break;
        for (size_t i = 0; i < s->rows.block.n_rows; i++, row++)
            keep.data[i] = is_kept(s, row);
        rec_rows_keep(&s->rows.block, keep.data);
        st = fn(ctx, &s->rows.block, err);
    }
    rec_buf_free(&keep);
    return st;
}

enum rec_status rec_sieve_run(struct rec_sieve *s,
                              const struct rec_sieve_limits *limits, rec_sieve_fn *fn,
                              void *ctx, struct rec_sieve_counts *counts,
                              struct rec_err *err)
{
    enum rec_status st = keep_all(s, err);

    *counts = (struct rec_sieve_counts){ 0 };
    if (st == REC_OK)
        st = drop_repeated(s, &counts->repeated, err);
    if (st == REC_OK && (limits->min_user > 1 || limits->min_item > 1))
        st = drop_few(s, limits, &counts->few, err);
    return st == REC_OK ? hand_out(s, fn, ctx, err) : st;
}

uint64_t rec_sieve_spilled(const struct rec_sieve *s)
{
    return s->spilled + rec_spool_bytes(s->spool) +
           (s->number != NULL ? rec_number_spilled(s->number) : 0);
}

void rec_sieve_free(struct rec_sieve *s)
{
    if (s == NULL)
        return;
    rec_number_close(s->number);
    rec_rowtape_free(&s->rows);
    rec_tape_free(&s->codes);
    rec_spool_close(s->spool);
    rec_buf_free(&s->key);
    rec_free(s->keep);
    rec_free(s->to_come);
    rec_free(s->mean);
    rec_free(s);
}
