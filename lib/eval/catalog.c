#include "eval/catalog.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "data/ids.h"

static const char *const side_names[2] = { "user", "item" };
static const char *const section_names[2] = { "users", "items" };

void rec_catalog_close(struct rec_catalog *c)
{
    rec_dict_free(&c->dict[0]);
    rec_dict_free(&c->dict[1]);
    rec_seen_free(&c->seen);
    rec_free(c->add);
    rec_entry_close(&c->e);
    *c = (struct rec_catalog){ 0 };
}

/* ---- opening ---- */

static enum rec_status get_ids(struct rec_catalog *c, struct rec_err *err)
{
    const uint32_t n[2] = { c->e.x.n_users, c->e.x.n_items };

    for (int side = 0; side < 2; side++) {
        struct rec_table *t;
        enum rec_status st =
            rec_reader_need(c->e.r, section_names[side], "rec-encode", &t, err);

        if (st == REC_OK)
            st = rec_table_column(t, "id", REC_STR, 1, &c->ids[side], err);
        if (st != REC_OK)
            return st;
        if (t->n_rows != n[side])
            return rec_fail(err, REC_EFORMAT, "section '%s' has %zu rows, not %u",
                            section_names[side], t->n_rows, n[side]);
    }
    return REC_OK;
}

static enum rec_status find_additions(struct rec_catalog *c, uint64_t least,
                                      double boost, struct rec_err *err)
{
    uint32_t n = c->e.x.n_items, *count;

    if (least == 0 && fabs(boost) <= 0.0)
        return REC_OK;
    count = rec_alloc(n, sizeof *count, "popularity", err);
    if (count == NULL)
        return REC_ESYSTEM;
    c->add = rec_alloc(n, sizeof *c->add, "popularity", err);
    if (c->add != NULL) {
        rec_count_items(&c->e.x, count);
        for (uint32_t i = 0; i < n; i++)
            c->add[i] =
                count[i] < least ? -INFINITY : (float)(boost * log(1.0 + count[i]));
    }
    rec_free(count);
    return c->add == NULL ? REC_ESYSTEM : REC_OK;
}

enum rec_status rec_catalog_open(const char *path, uint64_t least, double boost,
                                 struct rec_catalog *out, struct rec_err *err)
{
    enum rec_status st;

    *out = (struct rec_catalog){ 0 };
    st = rec_entry_open_ids(path, 0, &out->e, err);
    if (st == REC_OK)
        st = get_ids(out, err);
    if (st == REC_OK)
        st = rec_ranker_of(&out->e.t, out->e.x.n_items, &out->ranker, err);
    if (st == REC_OK)
        st = rec_seen_make(&out->e.x, 1u << REC_TRAIN | 1u << REC_VALID, -INFINITY,
                           &out->seen, err);
    return st == REC_OK ? find_additions(out, least, boost, err) : st;
}

/* ---- ids ---- */

enum rec_status rec_catalog_find(struct rec_catalog *c, int side, const char *id,
                                 size_t n, uint32_t *out, struct rec_err *err)
{
    enum rec_status st = REC_OK;
    uint32_t n_ids;

    if (c->dict[side].n == 0)
        st = rec_ids_read(c->e.r, section_names[side], &c->dict[side], &n_ids, err);
    if (st != REC_OK)
        return st;
    if (!rec_dict_find(&c->dict[side], id, n, out))
        *out = UINT32_MAX;
    return REC_OK;
}

void rec_chosen_free(struct rec_chosen *x)
{
    rec_free(x->number);
    *x = (struct rec_chosen){ 0 };
}

static enum rec_status choose_number(struct rec_chosen *x, uint32_t number,
                                     struct rec_err *err)
{
    if (x->n == x->cap) {
        uint32_t cap = x->cap > 0 ? 2 * x->cap : 64;
        uint32_t *p = rec_realloc(x->number, cap, sizeof *p, "ids", err);

        if (p == NULL)
            return REC_ESYSTEM;
        x->number = p;
        x->cap = cap;
    }
    x->number[x->n++] = number;
    return REC_OK;
}

enum rec_status rec_choose(struct rec_catalog *c, int side, const char *id, size_t n,
                           const char *at, struct rec_chosen *out, struct rec_err *err)
{
    uint32_t number;
    char shown[120];
    enum rec_status st = rec_catalog_find(c, side, id, n, &number, err);

    if (st != REC_OK)
        return st;
    if (number != UINT32_MAX)
        return choose_number(out, number, err);
    if (!out->skip)
        return rec_fail(err, REC_EINPUT,
                        "%s: the model knows no %s '%s'; --skip-unknown leaves it out",
                        at, side_names[side],
                        rec_printable(id, n, shown, sizeof shown));
    out->n_unknown++;
    return REC_OK;
}

static enum rec_status read_all(struct rec_in *in, struct rec_buf *text,
                                struct rec_err *err)
{
    enum { PIECE = 1 << 16 };
    size_t got = PIECE;
    enum rec_status st = REC_OK;

    while (st == REC_OK && got == PIECE) {
        st = rec_buf_reserve(text, PIECE, err);
        if (st == REC_OK)
            st = rec_in_read(in, text->data + text->n, PIECE, &got, err);
        if (st == REC_OK)
            text->n += got;
    }
    return st;
}

static enum rec_status choose_lines(struct rec_catalog *c, int side, const char *name,
                                    const struct rec_buf *text, struct rec_chosen *out,
                                    struct rec_err *err)
{
    const char *at = (const char *)text->data, *end = at + text->n;
    enum rec_status st = REC_OK;
    char place[200];

    if (text->n >= 3 && memcmp(at, "\xef\xbb\xbf", 3) == 0)
        at += 3; /* the byte order mark */
    for (uint64_t line = 1; st == REC_OK && at < end; line++) {
        const char *next = memchr(at, '\n', (size_t)(end - at));
        size_t n = (size_t)((next != NULL ? next : end) - at);

        n -= n > 0 && at[n - 1] == '\r';
        (void)snprintf(place, sizeof place, "%.150s:%" PRIu64, name, line);
        if (n > 0)
            st = rec_choose(c, side, at, n, place, out, err);
        at = next != NULL ? next + 1 : end;
    }
    return st;
}

enum rec_status rec_choose_from(struct rec_catalog *c, int side, const char *path,
                                struct rec_chosen *out, struct rec_err *err)
{
    struct rec_buf text = { 0 };
    struct rec_in *in;
    enum rec_status st = rec_in_open(path, true, &in, err);

    if (st != REC_OK)
        return st;
    st = read_all(in, &text, err);
    if (st == REC_OK && text.n >= 4 && memcmp(text.data, "\x89REC", 4) == 0)
        st = rec_fail(err, REC_EINPUT,
                      "%s: a rec file, not a text with an id a line: rec-view shows it",
                      rec_in_name(in));
    if (st == REC_OK && text.n > 0)
        st = choose_lines(c, side, rec_in_name(in), &text, out, err);
    if (st == REC_OK && out->n == 0 && out->n_unknown == 0)
        st = rec_fail(err, REC_EINPUT, "%s: no id in it: one a line is wanted",
                      rec_in_name(in));
    rec_buf_free(&text);
    rec_in_close(in);
    return st;
}

enum rec_status rec_choose_all(const struct rec_catalog *c, int side,
                               struct rec_chosen *out, struct rec_err *err)
{
    uint32_t n = side == REC_USERS ? c->e.x.n_users : c->e.x.n_items;
    enum rec_status st = REC_OK;

    for (uint32_t k = 0; st == REC_OK && k < n; k++)
        st = choose_number(out, k, err);
    return st;
}
