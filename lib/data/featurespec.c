#include "data/featurespec.h"

#include <string.h>

#include "base/num.h"

struct part {
    const char *s;
    size_t n;
};

static bool is(struct part p, const char *word)
{
    return p.n == strlen(word) && memcmp(p.s, word, p.n) == 0;
}

/* What stands before the first C in P, which is moved behind it; all if there is none.
 */
static struct part cut(struct part *p, char c)
{
    const char *at = p->n > 0 ? memchr(p->s, c, p->n) : NULL;
    struct part head = { p->s, at == NULL ? p->n : (size_t)(at - p->s) };
    size_t gone = head.n + (at != NULL);

    p->s += gone;
    p->n -= gone;
    return head;
}

/* ---- columns ---- */

static uint32_t numbered(const struct rec_feature_columns *c, struct part p)
{
    uint64_t k;

    return rec_parse_u64(p.s, p.n, &k) && k >= 1 && k <= c->n ? (uint32_t)k - 1
                                                              : UINT32_MAX;
}

uint32_t rec_feature_column(const struct rec_feature_columns *c, const char *col,
                            size_t n)
{
    for (uint32_t k = 0; k < c->n_names; k++)
        if (c->name[k].len == n && memcmp(c->name[k].text, col, n) == 0)
            return k;
    return numbered(c, (struct part){ col, n });
}

static bool find_columns(const struct rec_feature_columns *c, struct part p,
                         struct rec_feature_item *item)
{
    struct part to = p, from;

    item->from = item->to = rec_feature_column(c, p.s, p.n);
    if (item->from != UINT32_MAX)
        return true;
    from = cut(&to, '-');
    item->from = numbered(c, from);
    item->to = numbered(c, to);
    return item->from != UINT32_MAX && item->to != UINT32_MAX && item->from <= item->to;
}

/* "5-2" */
static bool is_reversed(struct part p)
{
    struct part to = p, from = cut(&to, '-');
    uint64_t a, b;

    return rec_parse_u64(from.s, from.n, &a) && rec_parse_u64(to.s, to.n, &b) && a > b;
}

/* ---- how ---- */

static bool read_separator(struct part p, char *out)
{
    *out = is(p, "comma")   ? ','
           : is(p, "space") ? ' '
           : is(p, "tab")   ? '\t'
           : p.n == 1       ? p.s[0]
                            : '\0';
    return *out != '\0';
}

static bool read_how(struct part p, struct rec_feature_item *item)
{
    static const char *const words[] = { "guess", "number", "category", "bin",
                                         "first", "last",   "flags",    "list" };
    bool equals = p.n > 0 && memchr(p.s, '=', p.n) != NULL;
    struct part word = cut(&p, '=');
    uint64_t chars = 0;

    for (size_t k = 0; k < sizeof words / sizeof *words; k++) {
        if (!is(word, words[k]))
            continue;
        item->how = (enum rec_feature_how)k;
        item->separator = '|';
        if (item->how == REC_FEATURE_BIN)
            return rec_parse_f64(p.s, p.n, &item->bin) && item->bin > 0.0;
        if (item->how == REC_FEATURE_FIRST || item->how == REC_FEATURE_LAST) {
            if (!rec_parse_u64(p.s, p.n, &chars) || chars < 1 || chars > 1000)
                return false;
            item->chars = (uint32_t)chars;
            return true;
        }
        if (item->how == REC_FEATURE_LIST && equals)
            return read_separator(p, &item->separator);
        return !equals;
    }
    return false;
}

/* ---- all of it ---- */

static enum rec_status read_item(struct part p, const char *option,
                                 const struct rec_feature_columns *c,
                                 struct rec_feature_item *item, struct rec_err *err)
{
    struct part how = p, col = cut(&how, ':');
    char shown[80];

    *item = (struct rec_feature_item){ 0 };
    if (find_columns(c, p, item))
        return REC_OK;
    if (!find_columns(c, col, item) && is_reversed(col))
        return rec_fail(err, REC_EUSAGE,
                        "%s: '%s' is no range: the smaller number comes first", option,
                        rec_printable(col.s, col.n, shown, sizeof shown));
    if (!find_columns(c, col, item))
        return rec_fail(err, REC_EUSAGE, "%s: no column '%s' among %u%s", option,
                        rec_printable(col.s, col.n, shown, sizeof shown), c->n,
                        c->n_names > 0 ? "" : ", and no header");
    if (!read_how(how, item))
        return rec_fail(err, REC_EUSAGE,
                        "%s: '%s' is none of number, category, bin=W, first=N, last=N, "
                        "flags, list[=C], guess",
                        option, rec_printable(how.s, how.n, shown, sizeof shown));
    return REC_OK;
}

enum rec_status rec_feature_spec(const char *spec, const char *option,
                                 const struct rec_feature_columns *c, uint32_t id,
                                 struct rec_feature_item *items, uint32_t *n_items,
                                 struct rec_err *err)
{
    struct part rest = { spec, spec == NULL ? 0 : strlen(spec) };
    uint32_t n = 0;

    for (uint32_t k = 0; spec == NULL && k < c->n; k++)
        if (k != id)
            items[n++] = (struct rec_feature_item){ .from = k, .to = k };
    while (rest.n > 0) {
        enum rec_status st;

        if (n == REC_MAX_FEATURE_ITEMS)
            return rec_fail(err, REC_EUSAGE, "%s: more than %d columns", option,
                            REC_MAX_FEATURE_ITEMS);
        st = read_item(cut(&rest, ','), option, c, &items[n], err);
        if (st != REC_OK)
            return st;
        n++;
    }
    *n_items = n;
    return n > 0 ? REC_OK : rec_fail(err, REC_EUSAGE, "%s: no columns", option);
}
