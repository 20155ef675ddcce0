#include "eval/paircols.h"

#include <string.h>

#include "base/date.h"
#include "data/headernames.h"

/* ---- columns ---- */

static bool chosen_by_name(const struct rec_pair_cols_opts *o)
{
    return (o->user != NULL && rec_column_is_name(o->user)) ||
           (o->item != NULL && rec_column_is_name(o->item)) ||
           (o->time != NULL && strcmp(o->time, "none") != 0 &&
            rec_column_is_name(o->time));
}

static bool is_known(const struct rec_pairs *p, int side, const struct rec_csv_row *row,
                     uint32_t at)
{
    uint32_t k;

    rec_pairs_find(p, side, &row->field[at], &row->len[at], 1, &k);
    return k != REC_UNKNOWN;
}

/* The first column that NAMES what it holds, or REC_NO_COLUMN. */
static uint32_t named(const struct rec_csv_row *row, bool names(const char *, size_t))
{
    uint32_t i = 0, n = row->n < REC_CSV_MAX_FIELDS ? row->n : REC_CSV_MAX_FIELDS;

    while (i < n && !names(row->field[i], row->len[i]))
        i++;
    return i < n ? i : REC_NO_COLUMN;
}

static bool is_header(const struct rec_pair_cols_opts *o, const struct rec_pairs *p,
                      const struct rec_pair_cols *c, const struct rec_csv_row *row)
{
    if (o->header != REC_HEADER_AUTO)
        return o->header == REC_HEADER_YES;
    if (chosen_by_name(o))
        return true;
    return named(row, rec_names_users) != REC_NO_COLUMN &&
           named(row, rec_names_items) != REC_NO_COLUMN && c->user < row->n &&
           !is_known(p, REC_USERS, row, c->user) && c->item < row->n &&
           !is_known(p, REC_ITEMS, row, c->item);
}

/* May be a header that nothing tells: two strangers, and no digit in all the row.  A
 * time, if one is due, tells. */
static bool is_doubtful(const struct rec_pair_cols_opts *o, const struct rec_pairs *p,
                        const struct rec_pair_cols *c, const struct rec_csv_row *row)
{
    if (o->header != REC_HEADER_AUTO || c->has_header || c->time != REC_NO_COLUMN ||
        c->user >= row->n || c->item >= row->n ||
        is_known(p, REC_USERS, row, c->user) || is_known(p, REC_ITEMS, row, c->item))
        return false;
    for (uint32_t i = 0; i < row->n; i++)
        for (uint32_t k = 0; k < row->len[i]; k++)
            if (row->field[i][k] >= '0' && row->field[i][k] <= '9')
                return false;
    return true;
}

static enum rec_status find(const char *file, const struct rec_csv_row *first,
                            const char *option, const char *s, uint32_t *at,
                            struct rec_err *err)
{
    return s == NULL ? REC_OK : rec_column_find(file, first, option, s, at, err);
}

/* A header that has user or item elsewhere than where it would be looked for. */
static enum rec_status check_header(const struct rec_pair_cols_opts *o,
                                    const struct rec_pair_cols *c,
                                    const struct rec_csv_row *row, struct rec_err *err)
{
    const struct {
        const char *option, *chosen;
        uint32_t at, named;
    } field[] = { { "user", o->user, c->user, named(row, rec_names_users) },
                  { "item", o->item, c->item, named(row, rec_names_items) } };

    for (int k = 0; k < 2; k++) {
        uint32_t i = field[k].named;
        char shown[60];

        if (field[k].chosen != NULL || i == REC_NO_COLUMN || i == field[k].at)
            continue;
        rec_printable(row->field[i], row->len[i], shown, sizeof shown);
        return rec_fail(
            err, REC_EINPUT,
            "%s:%llu: column %u is called '%s', and column %u would be read "
            "for it: choose with --%s",
            c->file, (unsigned long long)row->line, i + 1, shown, field[k].at + 1,
            field[k].option);
    }
    return REC_OK;
}

static enum rec_status choose_time(const struct rec_pair_cols_opts *o,
                                   const struct rec_csv_row *first,
                                   struct rec_pair_cols *c, struct rec_err *err)
{
    if (o->time != NULL)
        return strcmp(o->time, "none") == 0
                   ? REC_OK
                   : find(c->file, first, "time", o->time, &c->time, err);
    if (!c->has_header && first->n == 3 && c->user < 2 && c->item < 2)
        c->time = 2;
    if (c->has_header)
        c->time = named(first, rec_names_times);
    return REC_OK;
}

enum rec_status rec_pair_cols_choose(const struct rec_pair_cols_opts *o,
                                     const struct rec_pairs *pairs, const char *file,
                                     struct rec_csv_dialect dialect,
                                     const struct rec_csv_row *first,
                                     struct rec_pair_cols *out, struct rec_err *err)
{
    struct rec_pair_cols c = {
        .file = file, .dialect = dialect, .item = 1, .time = REC_NO_COLUMN
    };
    enum rec_status st;

    if (o->header == REC_HEADER_NO && chosen_by_name(o))
        return rec_fail(err, REC_EUSAGE,
                        "a column is chosen by name: that needs a header");
    if (first->n > REC_CSV_MAX_FIELDS)
        return rec_fail(err, REC_EINPUT, "%s:%llu: more than %d columns", file,
                        (unsigned long long)first->line, REC_CSV_MAX_FIELDS);
    st = find(file, first, "user", o->user, &c.user, err);
    if (st == REC_OK)
        st = find(file, first, "item", o->item, &c.item, err);
    c.has_header = st == REC_OK && is_header(o, pairs, &c, first);
    if (c.has_header)
        st = check_header(o, &c, first, err);
    if (st == REC_OK)
        st = choose_time(o, first, &c, err);
    if (st != REC_OK)
        return st;
    c.first_line = o->header == REC_HEADER_AUTO && !c.has_header ? first->line : 0;
    if (!rec_pairs_timed(pairs))
        c.time = REC_NO_COLUMN;
    c.may_be_header = is_doubtful(o, pairs, &c, first);
    c.n = (c.user > c.item ? c.user : c.item) + 1;
    if (c.time != REC_NO_COLUMN && c.time >= c.n)
        c.n = c.time + 1;
    *out = c;
    return REC_OK;
}

/* ---- rows ---- */

static enum rec_status refuse(const struct rec_pair_cols *c,
                              const struct rec_csv_row *row, struct rec_err *err)
{
    char shown[60];

    if (row->n > REC_CSV_MAX_FIELDS)
        return rec_fail(err, REC_EINPUT, "%s:%llu: more than %d columns", c->file,
                        (unsigned long long)row->line, REC_CSV_MAX_FIELDS);
    if (row->n < c->n)
        return rec_fail(err, REC_EINPUT,
                        "%s:%llu: %u column%s where at least %u are due%s", c->file,
                        (unsigned long long)row->line, row->n, row->n == 1 ? "" : "s",
                        c->n, c->n == 2 ? " (user,item)" : "");
    if (row->len[c->user] == 0 || row->len[c->item] == 0)
        return rec_fail(err, REC_EINPUT, "%s:%llu: %s: empty", c->file,
                        (unsigned long long)row->line,
                        row->len[c->user] == 0 ? "user" : "item");
    rec_printable(row->field[c->time], row->len[c->time], shown, sizeof shown);
    return rec_fail(err, REC_EINPUT,
                    "%s:%llu: time: neither seconds nor a date: '%s'; --time chooses "
                    "another column, or none%s",
                    c->file, (unsigned long long)row->line, shown,
                    row->line == c->first_line ? "; if this is a header, --header yes"
                                               : "");
}

static bool read_time(const struct rec_pair_cols *c, const struct rec_csv_row *row,
                      int64_t *out)
{
    if (rec_is_missing(row->field[c->time], row->len[c->time], true)) {
        *out = REC_NO_TIME;
        return true;
    }
    if (!rec_parse_time(row->field[c->time], row->len[c->time], out))
        return false;
    *out += *out == REC_NO_TIME; /* a second later is as far away */
    return true;
}

enum rec_status rec_pair_read(const struct rec_pair_cols *c,
                              const struct rec_csv_row *row, struct rec_pair *out,
                              struct rec_err *err)
{
    if (row->n > REC_CSV_MAX_FIELDS || row->n < c->n)
        return refuse(c, row, err);
    *out = (struct rec_pair){ .id = { row->field[c->user], row->field[c->item] },
                              .len = { row->len[c->user], row->len[c->item] } };
    if (out->len[REC_USERS] == 0 || out->len[REC_ITEMS] == 0)
        return refuse(c, row, err);
    if (c->time != REC_NO_COLUMN && !read_time(c, row, &out->time))
        return refuse(c, row, err);
    return REC_OK;
}
