#include "data/fields.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/date.h"
#include "base/hash.h"
#include "base/num.h"
#include "io/dialect.h"

/* An empty field, or a word for "none" where a number was due. */
bool rec_is_missing(const char *s, uint32_t n, bool number)
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

static enum rec_status bad_field(const struct rec_fields *f,
                                 const struct rec_csv_row *row, enum rec_field which,
                                 const char *what, struct rec_err *err)
{
    char shown[60];

    rec_printable(row->field[f->at[which]], row->len[f->at[which]], shown,
                  sizeof shown);
    return rec_fail(err, REC_EINPUT, "%s: %s: '%s'", rec_field_names[which], what,
                    shown);
}

static enum rec_status bad_rating(const struct rec_fields *f,
                                  const struct rec_csv_row *row, struct rec_err *err)
{
    enum rec_status st = bad_field(f, row, REC_RATING, "not a number", err);
    size_t n = strlen(err->text);

    if (row->line == f->first_line)
        (void)snprintf(err->text + n, sizeof err->text - n,
                       "; is column %u the rating? choose it with --rating",
                       f->at[REC_RATING] + 1);
    return st;
}

/* Whether the row, split in D's way, could be a rating. */
static bool fits(const struct rec_fields *f, const struct rec_csv_row *row,
                 struct rec_csv_dialect d)
{
    struct rec_csv_span s = { .text = row->text,
                              .end = row->text + row->bytes,
                              .line = row->line,
                              .name = f->file,
                              .dialect = d,
                              .has_quotes = true };
    uint32_t at = f->at[REC_RATING];
    struct rec_csv_row other;
    struct rec_err err;
    double x;
    bool ok = rec_csv_span_next(&s, &other, &err) == REC_OK &&
              other.n >= f->n_columns && other.n <= f->max_columns &&
              (!f->has_rating || rec_parse_f64(other.field[at], other.len[at], &x));

    rec_buf_free(&s.unquoted);
    return ok;
}

static enum rec_status too_few(const struct rec_fields *f,
                               const struct rec_csv_row *row, struct rec_err *err)
{
    struct rec_csv_dialect d = f->dialect;

    for (uint32_t i = 0; row->n == 1 && rec_dialect_known(i, &d); i++)
        if (fits(f, row, d)) {
            char here[REC_DIALECT_CHARS], file[REC_DIALECT_CHARS];

            return rec_fail(
                err, REC_EINPUT, "this line is split by '%s', the file by '%s'",
                rec_dialect_name(d, here), rec_dialect_name(f->dialect, file));
        }
    return rec_fail(err, REC_EINPUT, "%u column%s where at least %u are due%s", row->n,
                    row->n == 1 ? "" : "s", f->n_columns,
                    f->default_columns
                        ? " (user,item,rating,time; without times: --time none)"
                        : "");
}

static enum rec_status too_many(const struct rec_fields *f,
                                const struct rec_csv_row *row, struct rec_err *err)
{
    if (row->n > REC_CSV_MAX_FIELDS)
        return rec_fail(err, REC_EINPUT, "more than %d columns", REC_CSV_MAX_FIELDS);
    if (!f->has_rating)
        return rec_fail(err, REC_EINPUT,
                        "%u columns where 2 are due, as in the first row (--rating 3 "
                        "reads ratings, --form list takes rows of any length)",
                        row->n);
    return rec_fail(err, REC_EINPUT,
                    "%u columns where %u are due, as the first row has no time "
                    "(--time none ignores times)",
                    row->n, f->max_columns);
}

static enum rec_status read_numbers(const struct rec_fields *f,
                                    const struct rec_csv_row *row,
                                    struct rec_raw_row *out, struct rec_err *err)
{
    uint32_t at = f->at[REC_RATING];
    double x = 1;

    if (f->has_rating && !rec_parse_f64(row->field[at], row->len[at], &x))
        return bad_rating(f, row, err);
    out->rating = (float)x + 0.0f; /* "-0" is 0 */
    if (!isfinite(out->rating))
        return bad_field(f, row, REC_RATING, "too large", err);
    out->time = 0;
    at = f->at[REC_TIME];
    if (f->has_time && !rec_parse_i64(row->field[at], row->len[at], &out->time) &&
        !rec_parse_time(row->field[at], row->len[at], &out->time))
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
    if (row->n > f->max_columns)
        return too_many(f, row, err);
    for (*missing = 0; *missing < REC_N_FIELDS; ++*missing) {
        uint32_t at = f->at[*missing];

        if ((*missing == REC_TIME && !f->has_time) ||
            (*missing == REC_RATING && !f->has_rating))
            continue;
        if (rec_is_missing(row->field[at], row->len[at], *missing >= REC_RATING))
            return REC_OK;
    }
    out->user = row->field[f->at[REC_USER]];
    out->user_len = row->len[f->at[REC_USER]];
    out->item = row->field[f->at[REC_ITEM]];
    out->item_len = row->len[f->at[REC_ITEM]];
    if (out->user_len > REC_MAX_ID_BYTES)
        return bad_field(f, row, REC_USER, "an id of more than 64 KiB", err);
    if (f->is_list && out->user_len > REC_MAX_LIST_USER_BYTES)
        return bad_field(f, row, REC_USER, "in a list, an id of more than 256 bytes",
                         err);
    if (out->item_len > REC_MAX_ID_BYTES)
        return bad_field(f, row, REC_ITEM, "an id of more than 64 KiB", err);
    st = read_numbers(f, row, out, err);
    if (st == REC_OK)
        out->hash = hash_row(out);
    return st;
}

void rec_fields_rate(struct rec_raw_row *row, float rating)
{
    row->rating = rating;
    row->hash = hash_row(row);
}

enum rec_status rec_fields_keep(const struct rec_fields *f,
                                const struct rec_csv_row *row, struct rec_text *keep,
                                struct rec_raw_row *out, struct rec_err *err)
{
    size_t bytes = 0;

    for (uint32_t i = 0; i < f->n_keep; i++) {
        keep[i] =
            (struct rec_text){ row->field[f->keep_at[i]], row->len[f->keep_at[i]] };
        bytes += keep[i].len;
        out->hash = rec_hash64(keep[i].text, keep[i].len, out->hash);
    }
    return bytes <= REC_MAX_KEEP_BYTES
               ? REC_OK
               : rec_fail(err, REC_EINPUT, "kept columns of more than 64 KiB");
}
