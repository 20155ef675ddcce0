#include "nn/settings.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/num.h"

void rec_settings_init(struct rec_table *t, const char *name, const char *by)
{
    rec_table_init(t, name, REC_KIND_PARAMS);
    (void)snprintf(t->by, sizeof t->by, "%s", by);
    rec_table_add(t, "key", REC_STR, 1, REC_PLAIN, NULL);
    rec_table_add(t, "value", REC_STR, 1, REC_PLAIN, NULL);
}

enum rec_status rec_settings_add(struct rec_table *t, const char *key,
                                 const char *value, struct rec_err *err)
{
    const char *const texts[2] = { key, value };
    enum rec_status st = rec_table_reserve(t, t->n_rows + 1, err);

    for (uint32_t i = 0; st == REC_OK && i < 2; i++) {
        st = rec_buf_add(&t->cols[i].text, texts[i], strlen(texts[i]), err);
        t->cols[i].at[t->n_rows + 1] = t->cols[i].text.n;
    }
    t->n_rows += st == REC_OK;
    return st;
}

enum rec_status rec_settings_add_number(struct rec_table *t, const char *key,
                                        uint64_t value, struct rec_err *err)
{
    char text[24];

    (void)snprintf(text, sizeof text, "%" PRIu64, value);
    return rec_settings_add(t, key, text, err);
}

enum rec_status rec_settings_check(const struct rec_table *t, struct rec_err *err)
{
    if (t->n_cols != 2 || t->cols[0].type != REC_STR || t->cols[1].type != REC_STR)
        return rec_fail(err, REC_EFORMAT, "section '%s' is not key and value", t->name);
    return REC_OK;
}

const char *rec_settings_get(const struct rec_table *t, const char *key, size_t *n)
{
    for (size_t i = 0; i < t->n_rows; i++) {
        size_t len;
        const char *k = rec_column_text(&t->cols[0], i, &len);

        if (len == strlen(key) && memcmp(k, key, len) == 0)
            return rec_column_text(&t->cols[1], i, n);
    }
    return NULL;
}

enum rec_status rec_settings_get_number(const struct rec_table *t, const char *key,
                                        uint64_t low, uint64_t high, uint64_t *out,
                                        struct rec_err *err)
{
    size_t n = 0;
    const char *text = rec_settings_get(t, key, &n);
    uint64_t x;

    if (text == NULL || !rec_parse_u64(text, n, &x) || x < low || x > high)
        return rec_fail(err, REC_EFORMAT,
                        "section '%s': no '%s' in %" PRIu64 "..%" PRIu64, t->name, key,
                        low, high);
    *out = x;
    return REC_OK;
}

enum rec_status rec_settings_add_real(struct rec_table *t, const char *key,
                                      double value, struct rec_err *err)
{
    char text[REC_NUM_CHARS];

    rec_format_f64(value, text);
    return rec_settings_add(t, key, text, err);
}

enum rec_status rec_settings_get_real(const struct rec_table *t, const char *key,
                                      double low, double high, double *out,
                                      struct rec_err *err)
{
    size_t n = 0;
    const char *text = rec_settings_get(t, key, &n);

    if (text == NULL || !rec_parse_f64(text, n, out) || !(*out >= low && *out <= high))
        return rec_fail(err, REC_EFORMAT, "section '%s': no '%s' in range", t->name,
                        key);
    return REC_OK;
}
