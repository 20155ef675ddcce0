#include "data/clean.h"

#include <math.h>
#include <string.h>

#include "base/hash.h"
#include "base/num.h"
#include "data/dict.h"
#include "io/bytes.h"

enum field { USER, ITEM, RATING, TIME, N_FIELDS };

enum { MAX_FILES = 255, MAX_ID_BYTES = 1 << 16, BLOCK_BYTES = 8 << 20 };

static const char *const field_names[N_FIELDS] = { "user", "item", "rating", "time" };

struct cleaner {
    const struct rec_clean_opts *opts;
    struct rec_clean_counts *counts;
    struct rec_writer *w;
    struct rec_table block; /* rows not yet written, at most REC_FRAME_ROWS */
    struct rec_dict seen;   /* rows as bytes */
    uint8_t *key;           /* one row as bytes */
    bool has_time;
    int source;            /* 0: one file only */
    uint32_t at[N_FIELDS]; /* column of each field in the present file, from 0 */
    uint32_t n_columns;    /* at least so many must be there */
    struct rec_csv *csv;
    struct rec_csv_row row;
};

static enum rec_status bad_row(const struct cleaner *c, enum field f, const char *what,
                               struct rec_err *err)
{
    char shown[60];

    rec_printable(c->row.field[c->at[f]], c->row.len[c->at[f]], shown, sizeof shown);
    return rec_fail(err, REC_EINPUT, "%s:%llu: %s: %s: '%s'", rec_csv_name(c->csv),
                    (unsigned long long)c->row.line, field_names[f], what, shown);
}

/* ---- which column is which ---- */

/* The column of the present row whose text is NAME. */
static bool find_in_row(const struct rec_csv_row *row, const char *name, uint32_t *at)
{
    for (uint32_t i = 0; i < row->n; i++)
        if (row->len[i] == strlen(name) &&
            memcmp(row->field[i], name, row->len[i]) == 0) {
            *at = i;
            return true;
        }
    return false;
}

static bool find_in_list(const char *list, const char *name, uint32_t *at)
{
    size_t n = strlen(name);

    for (uint32_t i = 0;; i++) {
        size_t len = strcspn(list, ",");

        if (len == n && memcmp(list, name, n) == 0) {
            *at = i;
            return true;
        }
        if (list[len] == '\0')
            return false;
        list += len + 1;
    }
}

static const char *selector(const struct rec_clean_opts *o, enum field f)
{
    const char *const given[N_FIELDS] = { o->user, o->item, o->rating, o->time };

    return given[f];
}

/* Whether some column is chosen by a name that only a header can explain. */
static bool header_is_needed(const struct rec_clean_opts *o)
{
    uint64_t number;

    for (enum field f = 0; f < N_FIELDS && o->columns == NULL; f++) {
        const char *s = selector(o, f);

        if (s != NULL && !rec_parse_u64(s, strlen(s), &number) &&
            !(f == TIME && strcmp(s, "none") == 0))
            return true;
    }
    return false;
}

/* Fills in c->at from the options and, for names, the first row. */
static enum rec_status choose_columns(struct cleaner *c, struct rec_err *err)
{
    const struct rec_clean_opts *o = c->opts;

    c->n_columns = 0;
    for (enum field f = 0; f < N_FIELDS; f++) {
        const char *s = selector(o, f);
        uint64_t number;

        c->at[f] = f;
        if (f == TIME && !c->has_time)
            continue;
        if (s == NULL && o->columns != NULL)
            s = field_names[f];
        if (s != NULL && rec_parse_u64(s, strlen(s), &number)) {
            if (number == 0 || number > REC_CSV_MAX_FIELDS)
                return rec_fail(err, REC_EUSAGE,
                                "--%s: columns are numbered from 1 to %d",
                                field_names[f], REC_CSV_MAX_FIELDS);
            c->at[f] = (uint32_t)number - 1;
        } else if (s != NULL && o->columns != NULL) {
            if (!find_in_list(o->columns, s, &c->at[f]))
                return rec_fail(err, REC_EUSAGE, "--columns %s has no '%s' (%s)",
                                o->columns, s,
                                "--user, --item, --rating and --time name them");
        } else if (s != NULL && !find_in_row(&c->row, s, &c->at[f])) {
            return rec_fail(err, REC_EINPUT, "%s:%llu: the header has no column '%s'",
                            rec_csv_name(c->csv), (unsigned long long)c->row.line, s);
        }
        if (c->at[f] >= c->n_columns)
            c->n_columns = c->at[f] + 1;
    }
    return REC_OK;
}

/* An empty field, or a word for "none" where a number was due. */
static bool is_missing(const char *s, uint32_t n, bool number)
{
    static const char *const words[] = { "NA",   "N/A",  "NaN", "nan",
                                         "NULL", "null", "None" };

    if (n == 0)
        return true;
    for (size_t i = 0; number && i < sizeof words / sizeof *words; i++)
        if (strlen(words[i]) == n && memcmp(words[i], s, n) == 0)
            return true;
    return false;
}

/* Neither a number nor the lack of one: the name of a column? */
static bool is_word(const struct rec_csv_row *row, uint32_t at)
{
    double x;

    return !rec_parse_f64(row->field[at], row->len[at], &x) &&
           !is_missing(row->field[at], row->len[at], true);
}

/* Whether the first row, now in c->row, is a header. */
static bool looks_like_header(const struct cleaner *c)
{
    if (c->opts->header != REC_HEADER_AUTO)
        return c->opts->header == REC_HEADER_YES;
    if (header_is_needed(c->opts))
        return true;
    return c->row.n >= c->n_columns && is_word(&c->row, c->at[RATING]) &&
           (!c->has_time || is_word(&c->row, c->at[TIME]));
}

/* ---- one row ---- */

/* Counts the first missing value of the row; true if there is one. */
static bool has_missing(const struct cleaner *c)
{
    uint64_t *const counts[N_FIELDS] = { &c->counts->no_user, &c->counts->no_item,
                                         &c->counts->no_rating, &c->counts->no_time };

    for (enum field f = 0; f < N_FIELDS; f++) {
        if (f == TIME && !c->has_time)
            continue;
        if (is_missing(c->row.field[c->at[f]], c->row.len[c->at[f]], f >= RATING)) {
            ++*counts[f];
            return true;
        }
    }
    return false;
}

static enum rec_status parse_numbers(const struct cleaner *c, float *rating,
                                     int64_t *time, struct rec_err *err)
{
    const struct rec_csv_row *row = &c->row;
    double x;

    if (!rec_parse_f64(row->field[c->at[RATING]], row->len[c->at[RATING]], &x))
        return bad_row(c, RATING, "not a number", err);
    *rating = (float)x;
    if (!isfinite(*rating))
        return bad_row(c, RATING, "too large", err);
    if (*rating == 0.0f)
        *rating = 0.0f; /* "-0" is 0 */
    if (c->has_time &&
        !rec_parse_i64(row->field[c->at[TIME]], row->len[c->at[TIME]], time))
        return bad_row(c, TIME, "not a whole number of seconds", err);
    return REC_OK;
}

/* The row as bytes: what makes it equal to another. */
static size_t make_key(const struct cleaner *c, float rating, int64_t time)
{
    uint32_t user_len = c->row.len[c->at[USER]], item_len = c->row.len[c->at[ITEM]];
    uint8_t *p = c->key;
    uint32_t bits;

    memcpy(&bits, &rating, sizeof bits);
    rec_put_u32(p, user_len);
    memcpy(p + 4, c->row.field[c->at[USER]], user_len);
    p += 4 + user_len;
    memcpy(p, c->row.field[c->at[ITEM]], item_len);
    p += item_len;
    rec_put_u32(p, bits);
    rec_put_u64(p + 4, (uint64_t)time);
    p[12] = (uint8_t)c->source;
    return (size_t)(p + 13 - c->key);
}

static enum rec_status add_text(struct rec_column *col, size_t i, const char *s,
                                uint32_t n, struct rec_err *err)
{
    enum rec_status st = rec_buf_add(&col->text, s, n, err);

    if (st == REC_OK)
        col->at[i + 1] = col->text.n;
    return st;
}

static enum rec_status keep_row(struct cleaner *c, float rating, int64_t time,
                                struct rec_err *err)
{
    struct rec_table *t = &c->block;
    size_t i = t->n_rows;
    enum rec_status st;

    st = add_text(&t->cols[0], i, c->row.field[c->at[USER]], c->row.len[c->at[USER]],
                  err);
    if (st == REC_OK)
        st = add_text(&t->cols[1], i, c->row.field[c->at[ITEM]],
                      c->row.len[c->at[ITEM]], err);
    if (st != REC_OK)
        return st;
    ((float *)t->cols[2].data)[i] = rating;
    if (c->has_time)
        ((int64_t *)t->cols[3].data)[i] = time;
    if (c->source > 0)
        ((uint8_t *)t->cols[t->n_cols - 1].data)[i] = (uint8_t)c->source;
    t->n_rows++;
    c->counts->kept++;
    if (t->n_rows == REC_FRAME_ROWS ||
        t->cols[0].text.n + t->cols[1].text.n >= BLOCK_BYTES) {
        st = rec_writer_rows(c->w, t, err);
        rec_table_clear(t);
    }
    return st;
}

static enum rec_status clean_row(struct cleaner *c, struct rec_err *err)
{
    float rating = 0.0f;
    int64_t time = 0;
    uint32_t index;
    bool is_new = true;
    enum rec_status st;

    if (c->row.n < c->n_columns)
        return rec_fail(err, REC_EINPUT,
                        "%s:%llu: %u column%s where at least %u are due%s",
                        rec_csv_name(c->csv), (unsigned long long)c->row.line, c->row.n,
                        c->row.n == 1 ? "" : "s", c->n_columns,
                        c->has_time && c->opts->time == NULL && c->n_columns == 4
                            ? " (user,item,rating,time; without times: --time none)"
                            : "");
    c->counts->read++;
    if (has_missing(c))
        return REC_OK;
    for (enum field f = USER; f <= ITEM; f++)
        if (c->row.len[c->at[f]] > MAX_ID_BYTES)
            return bad_row(c, f, "an id of more than 64 KiB", err);
    st = parse_numbers(c, &rating, &time, err);
    if (st != REC_OK)
        return st;
    if (c->opts->dups == REC_DUPS_EXACT) {
        size_t n = make_key(c, rating, time);

        st = rec_dict_add(&c->seen, c->key, n, &index, &is_new, err);
        if (st != REC_OK)
            return st;
    }
    if (!is_new) {
        c->counts->duplicates++;
        return REC_OK;
    }
    return keep_row(c, rating, time, err);
}

/* ---- files ---- */

static enum rec_status clean_file(struct cleaner *c, struct rec_err *err)
{
    uint64_t stop = c->counts->read + c->opts->head;
    enum rec_status st = rec_csv_next(c->csv, &c->row, err);

    if (st != REC_OK || c->row.n == 0)
        return st;
    st = choose_columns(c, err);
    if (st == REC_OK && looks_like_header(c))
        st = rec_csv_next(c->csv, &c->row, err);
    while (st == REC_OK && c->row.n > 0) {
        st = clean_row(c, err);
        if (st != REC_OK || (c->opts->head > 0 && c->counts->read == stop))
            break;
        st = rec_csv_next(c->csv, &c->row, err);
    }
    return st;
}

static void make_columns(struct cleaner *c)
{
    rec_table_init(&c->block, "raw", REC_KIND_TABLE);
    memcpy(c->block.by, "rec-clean", sizeof "rec-clean");
    rec_table_add(&c->block, "user", REC_STR, 1, REC_PLAIN, NULL);
    rec_table_add(&c->block, "item", REC_STR, 1, REC_PLAIN, NULL);
    rec_table_add(&c->block, "rating", REC_F32, 1, REC_LEVELS, NULL);
    if (c->has_time)
        rec_table_add(&c->block, "time", REC_I64, 1, REC_SHUFFLE, NULL);
    if (c->source > 0)
        rec_table_add(&c->block, "source", REC_U8, 1, REC_PLAIN, NULL);
}

enum rec_status rec_clean(const struct rec_clean_opts *opts, const char *const *files,
                          uint32_t n_files, struct rec_writer *w,
                          struct rec_clean_counts *counts, uint64_t *digest,
                          struct rec_err *err)
{
    struct cleaner c = { .opts = opts, .counts = counts, .w = w };
    uint64_t sum = 0;
    enum rec_status st = REC_ESYSTEM;

    *counts = (struct rec_clean_counts){ 0 };
    if (n_files > MAX_FILES)
        return rec_fail(err, REC_EUSAGE, "more than %d files", MAX_FILES);
    if (opts->header == REC_HEADER_NO && header_is_needed(opts))
        return rec_fail(
            err, REC_EUSAGE,
            "a column is chosen by name: that needs a header, or --columns");
    c.has_time = opts->time == NULL || strcmp(opts->time, "none") != 0;
    c.source = n_files > 1;
    make_columns(&c);
    c.key = rec_alloc(2 * MAX_ID_BYTES + 32, 1, "row", err);
    if (c.key != NULL)
        st = rec_table_reserve(&c.block, REC_FRAME_ROWS, err);
    if (st == REC_OK)
        st = rec_writer_begin(w, &c.block, err);
    for (uint32_t i = 0; st == REC_OK && i < n_files; i++) {
        st = rec_csv_open(files[i], opts->delim, opts->skip, &c.csv, err);
        if (st != REC_OK)
            break;
        c.source = n_files > 1 ? (int)i + 1 : 0;
        st = clean_file(&c, err);
        sum = rec_hash_fold(sum ^ 0x9e3779b97f4a7c15u, rec_csv_digest(c.csv));
        rec_csv_close(c.csv);
        c.csv = NULL;
    }
    if (st == REC_OK && counts->kept == 0)
        st = rec_fail(err, REC_EINPUT, "%s: no ratings: %s",
                      n_files > 1                  ? "input"
                      : strcmp(files[0], "-") == 0 ? "stdin"
                                                   : files[0],
                      counts->read == 0 ? "no data rows" : "every row was dropped");
    if (st == REC_OK)
        st = rec_writer_rows(w, &c.block, err);
    if (st == REC_OK)
        st = rec_writer_end(w, err);
    if (st == REC_OK)
        *digest = sum;
    rec_table_free(&c.block);
    rec_dict_free(&c.seen);
    rec_free(c.key);
    return st;
}
