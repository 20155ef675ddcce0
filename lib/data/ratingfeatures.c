#include "data/ratingfeatures.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/num.h"
#include "data/fields.h"

static bool is_own(const char *name)
{
    return strcmp(name, "user") == 0 || strcmp(name, "item") == 0 ||
           strcmp(name, "rating") == 0 || strcmp(name, "time") == 0;
}

enum rec_status rec_rating_columns_read(const char *columns,
                                        struct rec_rating_columns *out,
                                        struct rec_err *err)
{
    struct rec_rating_columns c = { 0 };

    for (const char *s = columns, *end; s != NULL; s = *end == ',' ? end + 1 : NULL) {
        char shown[80];
        size_t n;

        end = strchrnul(s, ',');
        n = (size_t)(end - s);
        if (c.n == REC_MAX_RATING_FEATURES)
            return rec_fail(err, REC_EUSAGE, "--edge-features: more than %d columns",
                            REC_MAX_RATING_FEATURES);
        if (!rec_name_ok(s, n))
            return rec_fail(err, REC_EUSAGE, "--edge-features: no column '%s'",
                            rec_printable(s, n, shown, sizeof shown));
        memcpy(c.name[c.n], s, n);
        if (is_own(c.name[c.n]))
            return rec_fail(err, REC_EUSAGE,
                            "--edge-features: '%s' is no further column", c.name[c.n]);
        for (uint32_t k = 0; k < c.n; k++)
            if (strcmp(c.name[k], c.name[c.n]) == 0)
                return rec_fail(err, REC_EUSAGE, "--edge-features: '%s' twice",
                                c.name[k]);
        c.n++;
    }
    *out = c;
    return REC_OK;
}

enum rec_status rec_rating_columns_load(struct rec_reader *r,
                                        const struct rec_rating_columns *c,
                                        struct rec_err *err)
{
    enum rec_status st = REC_OK;

    for (uint32_t k = 0; st == REC_OK && k < c->n; k++)
        st = rec_reader_load_columns(r, "ratings", c->name[k], err);
    return st;
}

/* ---- values ---- */

/* Column K of the rows of OUT, NaN where there is none. */
static enum rec_status read_column(const struct rec_column *c, size_t n, uint32_t k,
                                   uint32_t width, float *out, uint64_t *n_missing,
                                   struct rec_err *err)
{
    for (size_t i = 0; i < n; i++) {
        size_t len;
        const char *s = rec_column_text(c, i, &len);
        char shown[80];
        double x = NAN;

        if (!rec_parse_f64(s, len, &x) || !isfinite((float)x)) {
            bool odd = len == 3 && strncasecmp(s, "nan", 3) == 0; /* not for none */

            if (!rec_is_missing(s, (uint32_t)len, true) || odd)
                return rec_fail(err, REC_EINPUT,
                                "section 'ratings', row %zu: %s: not a finite number: "
                                "'%s'",
                                i, c->name, rec_printable(s, len, shown, sizeof shown));
            x = NAN;
            ++*n_missing;
        }
        out[i * width + k] = (float)x;
    }
    return REC_OK;
}

/* (x - mean)/deviation, of the training rows that have a number; 0 of the others. */
static void standardise(const struct rec_ratings *x, uint32_t k, uint32_t width,
                        float *out)
{
    double sum = 0.0, squares = 0.0, mean, scale;
    size_t n = 0;

    for (size_t i = 0; i < x->n; i++)
        if (x->part[i] == REC_TRAIN && !isnan(out[i * width + k])) {
            sum += (double)out[i * width + k];
            n++;
        }
    mean = n > 0 ? sum / (double)n : 0.0;
    for (size_t i = 0; i < x->n; i++)
        if (x->part[i] == REC_TRAIN && !isnan(out[i * width + k])) {
            double d = (double)out[i * width + k] - mean;

            squares += d * d;
        }
    scale = sqrt(squares / (double)(n > 0 ? n : 1));
    scale = scale > 0.0 ? 1.0 / scale : 0.0;
    for (size_t i = 0; i < x->n; i++) {
        float *v = &out[i * width + k];
        double z = isnan(*v) ? 0.0 : ((double)*v - mean) * scale;

        *v = (float)fmax(-1e6, fmin(1e6, z)); /* a row beside training may be far off */
    }
}

static enum rec_status column_of(struct rec_reader *r, const char *name,
                                 const struct rec_column **out, struct rec_err *err)
{
    struct rec_table *t;
    enum rec_status st = rec_reader_need(r, "ratings", "rec-encode", &t, err);

    if (st == REC_OK && rec_table_find(t, name) == NULL)
        return rec_fail(err, REC_EUSAGE,
                        "--edge-features: section 'ratings' has no column '%s': carry "
                        "it along with rec-clean --keep",
                        name);
    return st == REC_OK ? rec_table_column(t, name, REC_STR, 1, out, err) : st;
}

enum rec_status rec_rating_features(struct rec_reader *r,
                                    const struct rec_rating_columns *c,
                                    const struct rec_ratings *x,
                                    struct rec_table *values, struct rec_table *names,
                                    uint64_t *n_missing, struct rec_err *err)
{
    const struct rec_column *text;
    enum rec_status st;

    *n_missing = 0;
    rec_table_init(values, REC_FEATURES_RATINGS, REC_KIND_MATRIX);
    rec_table_add(values, "value", REC_F32, c->n, REC_SHUFFLE, NULL);
    rec_features_init_names(names, REC_FEATURES_RATINGS);
    st = rec_table_reserve(values, x->n, err);
    for (uint32_t k = 0; st == REC_OK && k < c->n; k++) {
        st = column_of(r, c->name[k], &text, err);
        if (st == REC_OK)
            st = read_column(text, x->n, k, c->n, values->cols[0].data, n_missing, err);
        if (st == REC_OK)
            standardise(x, k, c->n, values->cols[0].data);
        if (st == REC_OK)
            st = rec_features_add_name(names, c->name[k], strlen(c->name[k]), err);
    }
    values->n_rows = x->n;
    if (st != REC_OK) {
        rec_table_free(values);
        rec_table_free(names);
    }
    return st;
}
