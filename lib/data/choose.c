#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/date.h"
#include "base/num.h"
#include "data/fields.h"
#include "data/headernames.h"

const char *const rec_field_names[REC_N_FIELDS] = { "user", "item", "rating", "time" };

enum { DEFAULT_COLUMNS = REC_N_FIELDS };

static bool is_none(const char *s)
{
    return s != NULL && strcmp(s, "none") == 0;
}

/* ---- one column ---- */

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

/* Word I of "a,b,c", from 0, and its length; NULL if there are not so many. */
static const char *word(const char *list, uint32_t i, size_t *n)
{
    for (; i > 0; i--) {
        list = strchr(list, ',');
        if (list == NULL)
            return NULL;
        list++;
    }
    *n = strcspn(list, ",");
    return list;
}

static bool find_in_list(const char *list, const char *name, uint32_t *at)
{
    const char *w;
    size_t n;

    for (uint32_t i = 0; (w = word(list, i, &n)) != NULL; i++)
        if (n == strlen(name) && memcmp(w, name, n) == 0) {
            *at = i;
            return true;
        }
    return false;
}

static bool is_name(const char *s, size_t n)
{
    uint64_t number;

    return !rec_parse_u64(s, n, &number);
}

bool rec_column_is_name(const char *s)
{
    return is_name(s, strlen(s));
}

enum rec_status rec_column_find(const char *file, const struct rec_csv_row *first,
                                const char *option, const char *s, uint32_t *at,
                                struct rec_err *err)
{
    uint64_t number;

    if (rec_parse_u64(s, strlen(s), &number)) {
        if (number == 0 || number > REC_CSV_MAX_FIELDS)
            return rec_fail(err, REC_EUSAGE, "--%s: columns are numbered from 1 to %d",
                            option, REC_CSV_MAX_FIELDS);
        *at = (uint32_t)number - 1;
        return REC_OK;
    }
    return find_in_row(first, s, at)
               ? REC_OK
               : rec_fail(err, REC_EINPUT, "%s:%llu: the header has no column '%s'",
                          file, (unsigned long long)first->line, s);
}

/* The column that S, the argument of --OPTION, is the number or the name of. */
static enum rec_status find(const struct rec_fields_opts *o, const char *file,
                            const struct rec_csv_row *first, const char *option,
                            const char *s, uint32_t *at, struct rec_err *err)
{
    if (o->columns != NULL && is_name(s, strlen(s)))
        return find_in_list(o->columns, s, at)
                   ? REC_OK
                   : rec_fail(err, REC_EUSAGE, "--columns %s has no '%s' (%s)",
                              o->columns, s,
                              "--user, --item, --rating and --time name them");
    return rec_column_find(file, first, option, s, at, err);
}

static enum rec_status choose(const struct rec_fields_opts *o, enum rec_field f,
                              const struct rec_csv_row *first, struct rec_fields *out,
                              struct rec_err *err)
{
    const char *s = o->column[f];

    out->at[f] = f;
    if (s == NULL && o->columns != NULL)
        s = rec_field_names[f];
    if (s == NULL)
        return REC_OK;
    return find(o, out->file, first, rec_field_names[f], s, &out->at[f], err);
}

/* ---- is there a header? ---- */

/* Whether some column is chosen by a name that only a header can explain. */
static bool header_is_needed(const struct rec_fields_opts *o)
{
    const char *w;
    size_t n;

    if (o->columns != NULL)
        return false;
    for (enum rec_field f = 0; f < REC_N_FIELDS; f++) {
        const char *s = o->column[f];

        if (s != NULL && is_name(s, strlen(s)) && !(f >= REC_RATING && is_none(s)))
            return true;
    }
    for (uint32_t i = 0; o->keep != NULL && (w = word(o->keep, i, &n)) != NULL; i++)
        if (is_name(w, n))
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
           !rec_is_missing(row->field[at], row->len[at], true);
}

/* Whether column AT is called as users or items are. */
static bool names_ids(const struct rec_csv_row *row, uint32_t at)
{
    return rec_names_users(row->field[at], row->len[at]) ||
           rec_names_items(row->field[at], row->len[at]);
}

static bool looks_like_header(const struct rec_fields_opts *o,
                              const struct rec_fields *f,
                              const struct rec_csv_row *first)
{
    if (o->header != REC_HEADER_AUTO)
        return o->header == REC_HEADER_YES;
    if (header_is_needed(o))
        return true;
    if (first->n < f->n_columns)
        return false;
    if (!f->has_rating && !f->has_time)
        return names_ids(first, f->at[REC_USER]) && names_ids(first, f->at[REC_ITEM]);
    return (!f->has_rating || is_word(first, f->at[REC_RATING])) &&
           (!f->has_time || is_word(first, f->at[REC_TIME]));
}

/* A header that names a field, but elsewhere than where it is looked for. */
static enum rec_status check_header(const struct rec_fields_opts *o,
                                    const struct rec_fields *f,
                                    const struct rec_csv_row *first,
                                    struct rec_err *err)
{
    for (enum rec_field k = 0; k < REC_N_FIELDS; k++) {
        const char *name = rec_field_names[k];

        if (o->column[k] != NULL || o->columns != NULL ||
            (k == REC_RATING && !f->has_rating))
            continue;
        for (uint32_t i = 0; i < first->n; i++)
            if (i != f->at[k] && first->len[i] == strlen(name) &&
                strncasecmp(first->field[i], name, first->len[i]) == 0)
                return rec_fail(err, REC_EINPUT,
                                "%s:%llu: column %u is called '%.*s', and column %u "
                                "would be read for it: choose with --%s",
                                f->file, (unsigned long long)first->line, i + 1,
                                (int)first->len[i], first->field[i], f->at[k] + 1,
                                name);
    }
    return REC_OK;
}

/* ---- is there a time? ---- */

static bool nothing_was_chosen(const struct rec_fields_opts *o)
{
    for (enum rec_field f = 0; f < REC_N_FIELDS; f++)
        if (o->column[f] != NULL)
            return false;
    return o->columns == NULL && o->keep == NULL;
}

/* Nothing but, perhaps, that there are no times. */
static bool only_time_was_denied(const struct rec_fields_opts *o)
{
    struct rec_fields_opts rest = *o;

    if (is_none(rest.column[REC_TIME]))
        rest.column[REC_TIME] = NULL;
    return nothing_was_chosen(&rest);
}

bool rec_fields_chosen(const struct rec_fields_opts *o)
{
    struct rec_fields_opts rest = *o;

    if (is_none(rest.column[REC_RATING]))
        rest.column[REC_RATING] = NULL;
    return !only_time_was_denied(&rest) || o->header == REC_HEADER_YES;
}

/* Three columns; or four of which the last, named "", is a comma at the line's end. */
static bool has_three_columns(const struct rec_fields_opts *o,
                              const struct rec_csv_row *first)
{
    return first->n == REC_TIME ||
           (first->n == REC_TIME + 1 && first->len[REC_TIME] == 0 &&
            o->header != REC_HEADER_NO && is_word(first, REC_RATING));
}

/* ---- kept columns ---- */

/* What column AT, from 0, is called, if it was chosen by number; "c5" is put into OUT.
 */
static const char *name_by_number(const struct rec_fields_opts *o,
                                  const struct rec_csv_row *header, uint32_t at,
                                  char *out, size_t out_bytes, size_t *n)
{
    const char *w = o->columns != NULL ? word(o->columns, at, n) : NULL;

    if (w != NULL)
        return w;
    if (o->columns == NULL && header != NULL && at < header->n) {
        *n = header->len[at];
        return header->field[at];
    }
    *n = (size_t)snprintf(out, out_bytes, "c%u", at + 1);
    return out;
}

/* Column I of KEEP, chosen by TEXT: what it is called in `raw`. */
static enum rec_status name_kept(const struct rec_fields_opts *o,
                                 const struct rec_csv_row *header, const char *text,
                                 struct rec_fields *x, uint32_t i, struct rec_err *err)
{
    static const char *const taken[] = { "user", "item", "rating", "time", "source" };
    char number[16], shown[100];
    size_t n = strlen(text);
    const char *name = is_name(text, n) ? text
                                        : name_by_number(o, header, x->keep_at[i],
                                                         number, sizeof number, &n);

    rec_printable(name, n, shown, sizeof shown);
    if (!rec_name_ok(name, n))
        return rec_fail(err, REC_EUSAGE,
                        "--keep: '%s' cannot name a column (1 to 64 of A-Z, a-z, 0-9, "
                        "'.', '_', '-'): name it with --columns and --header yes",
                        shown);
    memcpy(x->keep_name[i], name, n);
    for (size_t k = 0; k < sizeof taken / sizeof *taken; k++)
        if (strcmp(x->keep_name[i], taken[k]) == 0)
            return rec_fail(err, REC_EUSAGE, "--keep: there is a column '%s' already",
                            shown);
    for (uint32_t k = 0; k < i; k++)
        if (strcmp(x->keep_name[i], x->keep_name[k]) == 0)
            return rec_fail(err, REC_EUSAGE, "--keep: '%s' is named twice", shown);
    return REC_OK;
}

static enum rec_status choose_kept(const struct rec_fields_opts *o,
                                   const struct rec_csv_row *first, bool is_header,
                                   struct rec_fields *x, struct rec_err *err)
{
    const char *w;
    size_t n;

    for (uint32_t i = 0; o->keep != NULL && (w = word(o->keep, i, &n)) != NULL; i++) {
        char text[256];
        enum rec_status st;

        if (i == REC_MAX_KEEP)
            return rec_fail(err, REC_EUSAGE, "--keep: more than %d columns",
                            REC_MAX_KEEP);
        if (n == 0 || n >= sizeof text)
            return rec_fail(err, REC_EUSAGE, "--keep: '%s' is not a list of columns",
                            o->keep);
        memcpy(text, w, n);
        text[n] = '\0';
        st = find(o, x->file, first, "keep", text, &x->keep_at[i], err);
        if (st == REC_OK)
            st = name_kept(o, is_header ? first : NULL, text, x, i, err);
        if (st != REC_OK)
            return st;
        if (x->keep_at[i] >= x->n_columns)
            x->n_columns = x->keep_at[i] + 1;
        x->n_keep = i + 1;
    }
    return REC_OK;
}

enum rec_status rec_fields_choose(const struct rec_fields_opts *o, const char *file,
                                  struct rec_csv_dialect dialect,
                                  const struct rec_csv_row *first,
                                  struct rec_fields *out, bool *is_header,
                                  struct rec_err *err)
{
    struct rec_fields x = { .file = file,
                            .dialect = dialect,
                            .max_columns = REC_CSV_MAX_FIELDS,
                            .has_time = !is_none(o->column[REC_TIME]),
                            .has_rating = !is_none(o->column[REC_RATING]) };
    enum rec_status st;

    if (o->header == REC_HEADER_NO && header_is_needed(o))
        return rec_fail(
            err, REC_EUSAGE,
            "a column is chosen by name: that needs a header, or --columns");
    if (first->n > REC_CSV_MAX_FIELDS)
        return rec_fail(err, REC_EINPUT, "%s:%llu: more than %d columns", file,
                        (unsigned long long)first->line, REC_CSV_MAX_FIELDS);
    if (nothing_was_chosen(o) && has_three_columns(o, first)) {
        x.has_time = false;
        x.max_columns = REC_TIME;
    }
    if (only_time_was_denied(o) && first->n == REC_RATING) {
        x.has_rating = x.has_time = false;
        x.max_columns = REC_RATING;
    }
    for (enum rec_field f = 0; f < REC_N_FIELDS; f++) {
        if ((f == REC_TIME && !x.has_time) || (f == REC_RATING && !x.has_rating))
            continue;
        st = choose(o, f, first, &x, err);
        if (st != REC_OK)
            return st;
        if (x.at[f] >= x.n_columns)
            x.n_columns = x.at[f] + 1;
    }
    *is_header = looks_like_header(o, &x, first);
    if (*is_header) {
        st = check_header(o, &x, first, err);
        if (st != REC_OK)
            return st;
    }
    st = choose_kept(o, first, *is_header, &x, err);
    x.default_columns =
        o->column[REC_TIME] == NULL && x.has_time && x.n_columns == DEFAULT_COLUMNS;
    if (st == REC_OK)
        *out = x;
    return st;
}

enum rec_status rec_fields_of_list(const struct rec_fields_opts *o, const char *file,
                                   struct rec_csv_dialect dialect,
                                   struct rec_fields *out, struct rec_err *err)
{
    if (rec_fields_chosen(o))
        return rec_fail(err, REC_EUSAGE,
                        "%s: lists have no columns to choose, and no header (--skip "
                        "passes over lines): leave that out, or say --form rows",
                        file);
    *out = (struct rec_fields){ .file = file,
                                .dialect = dialect,
                                .is_list = true,
                                .at = { 0, 1 },
                                .n_columns = 2,
                                .max_columns = 2 };
    return REC_OK;
}
