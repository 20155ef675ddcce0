#include "data/featurize.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>
#include <strings.h>

#include "base/num.h"
#include "data/featureentries.h"

struct making {
    const struct rec_feature_text *t;
    struct rec_featurize_counts counts;
    struct rec_feature_entries entries;
    struct rec_buf key; /* the present one: item and column, then the name */
    uint32_t item, column;
};

/* ---- entries ---- */

/* An entry of the feature "COLUMN=VALUE", or "COLUMN" if VALUE is NULL. */
static enum rec_status emit(struct making *k, size_t row, const char *value, size_t n,
                            float x, struct rec_err *err)
{
    const uint8_t place[REC_FEATURE_PLACE] = { (uint8_t)(k->item >> 8),
                                               (uint8_t)k->item,
                                               (uint8_t)(k->column >> 8),
                                               (uint8_t)k->column };
    const struct rec_text *name = &k->t->name[k->column];
    enum rec_status st;

    k->key.n = 0;
    st = rec_buf_add(&k->key, place, sizeof place, err);
    if (st == REC_OK)
        st = rec_buf_add(&k->key, name->text, name->len, err);
    if (st == REC_OK && value != NULL)
        st = rec_buf_add(&k->key, "=", 1, err);
    if (st == REC_OK && value != NULL)
        st = rec_buf_add(&k->key, value, n, err);
    if (st == REC_OK)
        st = rec_feature_entries_add(&k->entries, k->t->node[row], &k->key, x, err);
    return st;
}

static enum rec_status refuse(const struct making *k, size_t row, const char *what,
                              struct rec_err *err)
{
    struct rec_text v = rec_feature_cell(k->t, row, k->column);
    const struct rec_text *name = &k->t->name[k->column];
    char shown[80], column[80];

    return rec_fail(err, REC_EINPUT, "%s:%" PRIu64 ": column %s: %s: '%s'", k->t->file,
                    k->t->line[row],
                    rec_printable(name->text, name->len, column, sizeof column), what,
                    rec_printable(v.text, v.len, shown, sizeof shown));
}

/* ---- numbers ---- */

/* WORD in any case, with a sign or without. */
static bool is_word(struct rec_text v, const char *word)
{
    uint32_t sign = v.len > 0 && (v.text[0] == '-' || v.text[0] == '+');

    return v.len - sign == strlen(word) &&
           strncasecmp(v.text + sign, word, v.len - sign) == 0;
}

/* As rec-clean has it; a NaN, however it is written, is what others write for none. */
static bool is_missing(struct rec_text v)
{
    return rec_is_missing(v.text, v.len, true) || is_word(v, "nan");
}

/* A number's word for too much: of a column of numbers, and refused. */
static bool is_infinite(struct rec_text v)
{
    return is_word(v, "inf") || is_word(v, "infinity");
}

/* A number, or *missing. */
static enum rec_status number_at(struct making *k, size_t row, double *x, bool *missing,
                                 struct rec_err *err)
{
    struct rec_text v = rec_feature_cell(k->t, row, k->column);

    *missing = is_missing(v);
    if (*missing || rec_parse_f64(v.text, v.len, x))
        return REC_OK;
    return refuse(k, row, "not a finite number", err);
}

static enum rec_status numbers(struct making *k, struct rec_err *err)
{
    double sum = 0.0, squares = 0.0, x = 0.0, mean, scale;
    size_t n = 0, largest = 0;
    double most = 0.0;
    bool missing;
    enum rec_status st = REC_OK;

    for (size_t r = 0; st == REC_OK && r < k->t->n_rows; r++) {
        st = number_at(k, r, &x, &missing, err);
        if (st == REC_OK && !missing) {
            if (fabs(x) > most) {
                most = fabs(x);
                largest = r;
            }
            sum += x;
            n++;
        }
    }
    if (st != REC_OK)
        return st;
    mean = n > 0 ? sum / (double)n : 0.0;
    for (size_t r = 0; st == REC_OK && r < k->t->n_rows; r++) {
        st = number_at(k, r, &x, &missing, err);
        k->counts.n_missing += missing;
        squares += missing ? 0.0 : (x - mean) * (x - mean);
    }
    scale = sqrt(squares / (double)(n > 0 ? n : 1));
    if (!isfinite(mean) || !isfinite(scale))
        return refuse(k, largest, "too large a number", err);
    scale = scale > 0.0 ? 1.0 / scale : 0.0; /* all the same: nothing is known */
    for (size_t r = 0; st == REC_OK && r < k->t->n_rows; r++) {
        st = number_at(k, r, &x, &missing, err);
        if (st == REC_OK && !missing)
            st = emit(k, r, NULL, 0, (float)((x - mean) * scale), err);
    }
    return st;
}

/* ---- categories ---- */

static enum rec_status bin_of(struct making *k, size_t row, double width,
                              struct rec_err *err)
{
    char text[2 * REC_NUM_CHARS + 2];
    double x = 0.0, low;
    size_t n;
    bool missing;
    enum rec_status st = number_at(k, row, &x, &missing, err);

    if (st != REC_OK || missing) {
        k->counts.n_missing += missing;
        return st;
    }
    low = floor(x / width) * width;
    if (!isfinite(low) || !isfinite(low + width))
        return refuse(k, row, "not a finite number of bins", err);
    n = rec_format_f64(low + 0.0, text); /* -0 is 0 */
    memcpy(text + n, "..", 2);
    n += 2 + rec_format_f64(low + width, text + n + 2);
    return emit(k, row, text, n, 1.0f, err);
}

/* The first, or last, CHARS characters of V.  A byte that goes on with a character of
 * UTF-8 is none. */
static struct rec_text part_of(struct rec_text v, uint32_t chars, bool last)
{
    struct rec_text out = v;
    uint32_t n = 0, i = 0;

    for (; !last && i < v.len; i++)
        if (((uint8_t)v.text[i] & 0xC0) != 0x80 && n++ == chars)
            break;
    if (!last) {
        out.len = i;
        return out;
    }
    for (i = v.len; i > 0 && n < chars; i--)
        n += ((uint8_t)v.text[i - 1] & 0xC0) != 0x80;
    out.text += i;
    out.len -= i;
    return out;
}

/* Parts of V between separators; those that come again or are empty do not count. */
static enum rec_status list_of(struct making *k, size_t row, struct rec_text v,
                               char separator, struct rec_err *err)
{
    struct rec_feature_entries *all = &k->entries;
    size_t first = all->n, n = 0;
    enum rec_status st = REC_OK;

    for (uint32_t i = 0, from = 0; st == REC_OK && i <= v.len; i++) {
        if (i < v.len && v.text[i] != separator)
            continue;
        if (i > from)
            st = emit(k, row, v.text + from, i - from, 1.0f, err);
        from = i + 1;
        for (size_t e = first; st == REC_OK && e + 1 < all->n; e++)
            if (all->x[e].feature == all->x[all->n - 1].feature)
                all->n--;
    }
    n = all->n - first;
    for (size_t e = first; e < all->n; e++)
        all->x[e].value = (float)(1.0 / sqrt((double)n));
    return st;
}

static enum rec_status category(struct making *k, size_t row,
                                const struct rec_feature_item *item,
                                struct rec_err *err)
{
    struct rec_text v = rec_feature_cell(k->t, row, k->column);

    if (item->how == REC_FEATURE_BIN)
        return bin_of(k, row, item->bin, err);
    if (rec_is_missing(v.text, v.len, false)) {
        k->counts.n_missing++;
        return REC_OK;
    }
    if (item->how == REC_FEATURE_LIST)
        return list_of(k, row, v, item->separator, err);
    if (item->how == REC_FEATURE_FIRST || item->how == REC_FEATURE_LAST)
        v = part_of(v, item->chars, item->how == REC_FEATURE_LAST);
    return emit(k, row, v.text, v.len, 1.0f, err);
}

static enum rec_status categories(struct making *k, const struct rec_feature_item *item,
                                  struct rec_err *err)
{
    enum rec_status st = REC_OK;

    for (size_t r = 0; st == REC_OK && r < k->t->n_rows; r++)
        st = category(k, r, item, err);
    return st;
}

/* ---- flags ---- */

static enum rec_status flags_of(struct making *k, size_t row,
                                const struct rec_feature_item *item,
                                struct rec_err *err)
{
    struct rec_feature_entries *all = &k->entries;
    enum rec_status st = REC_OK;
    size_t first = all->n;
    double x = 0.0;
    bool missing;

    for (uint32_t c = item->from; st == REC_OK && c <= item->to; c++) {
        k->column = c;
        st = number_at(k, row, &x, &missing, err);
        k->counts.n_missing += missing;
        if (st == REC_OK && !missing && !(x >= 1.0 && x <= 1.0) &&
            !(x >= 0.0 && x <= 0.0))
            st = refuse(k, row, "neither 0 nor 1", err);
        if (st == REC_OK && !missing && x > 0.0)
            st = emit(k, row, NULL, 0, 1.0f, err);
    }
    for (size_t e = first; e < all->n; e++)
        all->x[e].value = (float)(1.0 / sqrt((double)(all->n - first)));
    return st;
}

/* ---- guesses ---- */

static bool all_numbers(const struct making *k)
{
    double x;

    for (size_t r = 0; r < k->t->n_rows; r++) {
        struct rec_text v = rec_feature_cell(k->t, r, k->column);

        if (!is_missing(v) && !is_infinite(v) && !rec_parse_f64(v.text, v.len, &x))
            return false;
    }
    return true;
}

/* A number, a category, or nothing: text of which most values stand alone. */
static enum rec_status guess(struct making *k, struct rec_err *err)
{
    const struct rec_feature_item item = { .how = REC_FEATURE_CATEGORY };
    struct rec_dict d = { 0 };
    uint32_t index;
    size_t n = 0;
    bool is_new;
    enum rec_status st = REC_OK;

    if (all_numbers(k))
        return numbers(k, err);
    for (size_t r = 0; st == REC_OK && r < k->t->n_rows; r++) {
        struct rec_text v = rec_feature_cell(k->t, r, k->column);

        n += v.len > 0;
        if (v.len > 0)
            st = rec_dict_add(&d, v.text, v.len, &index, &is_new, err);
    }
    if (st == REC_OK && d.n > REC_FEATURE_FEW && d.n > n / 2) {
        if (k->counts.n_left_out++ == 0)
            k->counts.left_out = k->column;
    } else if (st == REC_OK) {
        st = categories(k, &item, err);
    }
    rec_dict_free(&d);
    return st;
}

static enum rec_status make_item(struct making *k, const struct rec_feature_item *item,
                                 struct rec_err *err)
{
    enum rec_status st = REC_OK;

    if (item->how == REC_FEATURE_FLAGS) {
        for (size_t r = 0; st == REC_OK && r < k->t->n_rows; r++)
            st = flags_of(k, r, item, err);
        return st;
    }
    for (uint32_t c = item->from; st == REC_OK && c <= item->to; c++) {
        k->column = c;
        if (item->how == REC_FEATURE_GUESS)
            st = guess(k, err);
        else if (item->how == REC_FEATURE_NUMBER)
            st = numbers(k, err);
        else
            st = categories(k, item, err);
    }
    return st;
}

/* ---- all ---- */

enum rec_status rec_featurize(const struct rec_feature_text *t, const char *section,
                              const char *nodes, struct rec_table *entries,
                              struct rec_table *names,
                              struct rec_featurize_counts *counts, struct rec_err *err)
{
    struct making k = { .t = t };
    enum rec_status st = REC_OK;

    rec_features_init(entries, section, nodes);
    rec_features_init_names(names, section);
    for (; st == REC_OK && k.item < t->n_items; k.item++)
        st = make_item(&k, &t->items[k.item], err);
    if (st == REC_OK && k.entries.n == 0)
        st = rec_fail(err, REC_EINPUT, "%s: there are no features in its columns",
                      t->file);
    if (st == REC_OK)
        st = rec_feature_entries_write(&k.entries, entries, names, err);
    *counts = k.counts;
    rec_feature_entries_free(&k.entries);
    rec_buf_free(&k.key);
    if (st != REC_OK) {
        rec_table_free(entries);
        rec_table_free(names);
    }
    return st;
}
