#include "data/fields.h"

#include <math.h>
#include <string.h>

#include "base/date.h"
#include "base/hash.h"
#include "base/num.h"

static const char *const names[REC_N_FIELDS] = { "user", "item", "rating", "time" };

/* ---- which column is which ---- */

static bool is_none(const char *s)
{
    return s != NULL && strcmp(s, "none") == 0;
}

/* The column of the row whose text is NAME. */
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

/* Whether some column is chosen by a name that only a header can explain. */
static bool header_is_needed(const struct rec_fields_opts *o)
{
    for (enum rec_field f = 0; f < REC_N_FIELDS && o->columns == NULL; f++) {
        const char *s = o->column[f];
        uint64_t number;

        if (s != NULL && !rec_parse_u64(s, strlen(s), &number) &&
            !(f == REC_TIME && is_none(s)))
            return true;
    }
    return false;
}

static enum rec_status choose(const struct rec_fields_opts *o, enum rec_field f,
                              const struct rec_csv_row *first, struct rec_fields *out,
                              struct rec_err *err)
{
    const char *s = o->column[f];
    uint64_t number;

    out->at[f] = f;
    if (s == NULL && o->columns != NULL)
        s = names[f];
    if (s == NULL)
        return REC_OK;
    if (rec_parse_u64(s, strlen(s), &number)) {
        if (number == 0 || number > REC_CSV_MAX_FIELDS)
            return rec_fail(err, REC_EUSAGE, "--%s: columns are numbered from 1 to %d",
                            names[f], REC_CSV_MAX_FIELDS);
        out->at[f] = (uint32_t)number - 1;
        return REC_OK;
    }
    if (o->columns != NULL)
        return find_in_list(o->columns, s, &out->at[f])
                   ? REC_OK
                   : rec_fail(err, REC_EUSAGE, "--columns %s has no '%s' (%s)",
                              o->columns, s,
                              "--user, --item, --rating and --time name them");
    return find_in_row(first, s, &out->at[f])
               ? REC_OK
               : rec_fail(err, REC_EINPUT, "%s:%llu: the header has no column '%s'",
                          out->file, (unsigned long long)first->line, s);
}

/* An empty field, or a word for "none" where a number was due. */
static bool is_missing(const char *s, uint32_t n, bool number)
{
    static const char *const words[] = { "NA",   "N/A",  "NaN", "nan",
                                         "NULL", "null", "None" };

    if (n == 0)
        return true;
    if (!number || n > 4 || (s[0] >= '0' && s[0] <= '9'))
        return false;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strlen(words[i]) == n && memcmp(words[i], s, n) == 0)
            return true;
    return false;
}

/* Neither a number, a date, nor the lack of one: the name of a column? */
static bool is_word(const struct rec_csv_row *row, uint32_t at)
{
    double x;
    int64_t time;

    return !rec_parse_f64(row->field[at], row->len[at], &x) &&
           !rec_parse_time(row->field[at], row->len[at], &time) &&
           !is_missing(row->field[at], row->len[at], true);
}

static bool looks_like_header(const struct rec_fields_opts *o,
                              const struct rec_fields *f,
                              const struct rec_csv_row *first)
{
    if (o->header != REC_HEADER_AUTO)
        return o->header == REC_HEADER_YES;
    if (header_is_needed(o))
        return true;
    return first->n >= f->n_columns && is_word(first, f->at[REC_RATING]) &&
           (!f->has_time || is_word(first, f->at[REC_TIME]));
}

enum rec_status rec_fields_choose(const struct rec_fields_opts *o, const char *file,
                                  const struct rec_csv_row *first,
                                  struct rec_fields *out, bool *is_header,
                                  struct rec_err *err)
{
    struct rec_fields x = { .file = file, .has_time = !is_none(o->column[REC_TIME]) };

    if (o->header == REC_HEADER_NO && header_is_needed(o))
        return rec_fail(
            err, REC_EUSAGE,
            "a column is chosen by name: that needs a header, or --columns");
    for (enum rec_field f = 0; f < REC_N_FIELDS; f++) {
        enum rec_status st;

        if (f == REC_TIME && !x.has_time)
            continue;
        st = choose(o, f, first, &x, err);
        if (st != REC_OK)
            return st;
        if (x.at[f] >= x.n_columns)
            x.n_columns = x.at[f] + 1;
    }
    x.default_columns = o->column[REC_TIME] == NULL && x.has_time && x.n_columns == 4;
    *is_header = looks_like_header(o, &x, first);
    *out = x;
    return REC_OK;
}

/* ---- one row ---- */

static enum rec_status bad_field(const struct rec_fields *f,
                                 const struct rec_csv_row *row, enum rec_field which,
                                 const char *what, struct rec_err *err)
{
    char shown[60];

    rec_printable(row->field[f->at[which]], row->len[f->at[which]], shown,
                  sizeof shown);
    return rec_fail(err, REC_EINPUT, "%s:%llu: %s: %s: '%s'", f->file,
                    (unsigned long long)row->line, names[which], what, shown);
}

static enum rec_status too_few(const struct rec_fields *f,
                               const struct rec_csv_row *row, struct rec_err *err)
{
    return rec_fail(
        err, REC_EINPUT, "%s:%llu: %u column%s where at least %u are due%s", f->file,
        (unsigned long long)row->line, row->n, row->n == 1 ? "" : "s", f->n_columns,
        f->default_columns ? " (user,item,rating,time; without times: --time none)"
                           : "");
}

static enum rec_status read_numbers(const struct rec_fields *f,
                                    const struct rec_csv_row *row,
                                    struct rec_raw_row *out, struct rec_err *err)
{
    uint32_t at = f->at[REC_RATING];
    double x;

    if (!rec_parse_f64(row->field[at], row->len[at], &x))
        return bad_field(f, row, REC_RATING, "not a number", err);
    out->rating = (float)x + 0.0f; /* "-0" is 0 */
    if (!isfinite(out->rating))
        return bad_field(f, row, REC_RATING, "too large", err);
    out->time = 0;
    at = f->at[REC_TIME];
    if (f->has_time && !rec_parse_time(row->field[at], row->len[at], &out->time))
        return bad_field(f, row, REC_TIME, "neither seconds nor a date", err);
    return REC_OK;
}

static uint64_t hash_row(const struct rec_raw_row *x)
{
    uint64_t h = rec_hash64(x->user, x->user_len, rec_hash_key());
    uint32_t bits;

    memcpy(&bits, &x->rating, sizeof bits);
    h = rec_hash64(x->item, x->item_len, h);
    return rec_hash_fold(h ^ bits, (uint64_t)x->time ^ 0x9e3779b97f4a7c15u) ^ h;
}

enum rec_status rec_fields_read(const struct rec_fields *f,
                                const struct rec_csv_row *row, struct rec_raw_row *out,
                                enum rec_field *missing, struct rec_err *err)
{
    enum rec_status st;

    if (row->n < f->n_columns)
        return too_few(f, row, err);
    for (*missing = 0; *missing < REC_N_FIELDS; ++*missing) {
        uint32_t at = f->at[*missing];

        if ((*missing != REC_TIME || f->has_time) &&
            is_missing(row->field[at], row->len[at], *missing >= REC_RATING))
            return REC_OK;
    }
    out->user = row->field[f->at[REC_USER]];
    out->user_len = row->len[f->at[REC_USER]];
    out->item = row->field[f->at[REC_ITEM]];
    out->item_len = row->len[f->at[REC_ITEM]];
    if (out->user_len > REC_MAX_ID_BYTES)
        return bad_field(f, row, REC_USER, "an id of more than 64 KiB", err);
    if (out->item_len > REC_MAX_ID_BYTES)
        return bad_field(f, row, REC_ITEM, "an id of more than 64 KiB", err);
    st = read_numbers(f, row, out, err);
    if (st == REC_OK)
        out->hash = hash_row(out);
    return st;
}
