#include "nn/checkpoint.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "io/prov.h"
#include "io/reader.h"
#include "nn/settings.h"

static const char by[] = "rec-train";
enum { FORMAT = 2 };

/* The arrays of a tensor, each a section. */
enum array { VALUES, MOMENT1, MOMENT2, BEST, N_ARRAYS };
static const char *const prefixes[N_ARRAYS] = { "model.", "adam.m.", "adam.v.",
                                                "best." };

/* Array A of tensor P, which begins at value AT of all; NULL if it is not kept. */
static rec_real *array_of(const struct rec_param *p, enum array a, rec_real *best,
                          size_t at)
{
    switch (a) {
    case VALUES:
        return p->x;
    case MOMENT1:
        return p->m;
    case MOMENT2:
        return p->v;
    default:
        return best == NULL ? NULL : best + at;
    }
}

static uint32_t rows_of(const struct rec_param *p, enum array a)
{
    return a == MOMENT1 || a == MOMENT2 ? p->state_rows : p->rows;
}

/* ---- writing ---- */

static enum rec_status write_state(const struct rec_checkpoint *c, struct rec_writer *w,
                                   struct rec_err *err)
{
    struct rec_table t;
    enum rec_status st;
    char input[24];

    (void)snprintf(input, sizeof input, "%016" PRIx64, c->input);
    rec_settings_init(&t, "train", by);
    st = rec_settings_add_number(&t, "format", FORMAT, err);
    if (st == REC_OK)
        st = rec_settings_add_number(&t, "epochs", c->epochs, err);
    if (st == REC_OK && c->best != REC_NO_BEST)
        st = rec_settings_add_number(&t, "best", c->best, err);
    if (st == REC_OK)
        st = rec_settings_add(&t, "input", input, err);
    if (st == REC_OK)
        st = rec_settings_add(&t, "settings", c->settings, err);
    if (st == REC_OK)
        st = rec_writer_table(w, &t, err);
    rec_table_free(&t);
    return st;
}

static enum rec_status write_tensors(const struct rec_checkpoint *c,
                                     const struct rec_learner *l, struct rec_writer *w,
                                     struct rec_err *err)
{
    rec_real *best = c->best == REC_NO_BEST ? NULL : c->best_x;
    enum rec_status st = REC_OK;
    struct rec_param *p;
    size_t at = 0;

    for (uint32_t i = 0; (p = l->param(l->self, i)) != NULL; i++) {
        for (int a = 0; st == REC_OK && a < N_ARRAYS; a++) {
            const rec_real *x = array_of(p, (enum array)a, best, at);

            if (x != NULL)
                st = rec_param_write_as(p, prefixes[a], x, rows_of(p, (enum array)a), w,
                                        by, err);
        }
        at += rec_param_size(p);
    }
    return st;
}

static enum rec_status finish(struct rec_writer *w, const struct rec_checkpoint *c,
                              struct rec_err *err)
{
    struct rec_buf line = { 0 };
    enum rec_status st = rec_prov_add(&line, by, c->settings, c->input, err);

    if (st == REC_OK)
        st = rec_buf_add(&line, "", 1, err);
    if (st == REC_OK)
        st = rec_writer_finish(w, (const char *)line.data, err);
    else
        rec_writer_discard(w);
    rec_buf_free(&line);
    return st;
}

enum rec_status rec_checkpoint_write(const char *path, const struct rec_checkpoint *c,
                                     const struct rec_learner *l,
                                     const struct rec_train_log *log,
                                     struct rec_err *err)
{
    struct rec_writer *w = NULL;
    /* floats hardly get smaller: stored, as fast as the disk takes them */
    enum rec_status st = rec_writer_open(path, 0, &w, err);

    if (st == REC_OK)
        st = write_state(c, w, err);
    if (st == REC_OK)
        st = rec_train_log_save(log, "train.log", (size_t)c->epochs, w, err);
    if (st == REC_OK)
        st = write_tensors(c, l, w, err);
    if (st == REC_OK)
        return finish(w, c, err);
    rec_writer_discard(w);
    return st;
}

/* ---- reading ---- */

struct reading {
    struct rec_reader *r;
    struct rec_checkpoint *c;
    const struct rec_learner *l;
    /* the section that goes by */
    char section[REC_NAME_BYTES];
    size_t n_rows;
    /* tensors that were complete */
    uint32_t n_arrays[N_ARRAYS];
    bool has_state;
};

/* The tensor's array that section NAME holds, or NULL. */
static rec_real *find_array(const struct reading *x, const char *name, enum array *a,
                            struct rec_param **out)
{
    struct rec_param *p;
    size_t at = 0;

    for (uint32_t i = 0; (p = x->l->param(x->l->self, i)) != NULL; i++) {
        for (int k = 0; k < N_ARRAYS; k++) {
            size_t n = strlen(prefixes[k]);

            if (strncmp(name, prefixes[k], n) == 0 && strcmp(name + n, p->name) == 0) {
                *a = (enum array)k;
                *out = p;
                return array_of(p, *a, x->c->best_x, at);
            }
        }
        at += rec_param_size(p);
    }
    return NULL;
}

/* "--name value" at the beginning of S: its length. */
static size_t first_option(const char *s, size_t n)
{
    for (size_t i = 1; i + 3 <= n; i++)
        if (memcmp(s + i, " --", 3) == 0)
            return i;
    return n;
}

/* Of "--name value" or "--name". */
static size_t name_bytes(const char *option, size_t n)
{
    const char *space = memchr(option, ' ', n);

    return space == NULL ? n : (size_t)(space - option);
}

/* The option in S (N) of the same name as OPTION (N_OPTION), and its length; or NULL.
 */
static const char *same_option(const char *s, size_t n, const char *option,
                               size_t n_option, size_t *len)
{
    size_t name = name_bytes(option, n_option);

    for (; n > 0; s += *len + (*len < n), n -= *len + (*len < n)) {
        *len = first_option(s, n);
        if (name_bytes(s, *len) == name && memcmp(s, option, name) == 0)
            return s;
    }
    return NULL;
}

/* The settings must be those of A; the first option that differs is named. */
static enum rec_status compare_settings(const char *a, size_t n_a, const char *b,
                                        const char *path, struct rec_err *err)
{
    size_t n_b = strlen(b), n;

    if (n_a == n_b && memcmp(a, b, n_a) == 0)
        return REC_OK;
    for (size_t k; n_a > 0; a += k + (k < n_a), n_a -= k + (k < n_a)) {
        const char *other;

        k = first_option(a, n_a);
        other = same_option(b, n_b, a, k, &n);
        if (other != NULL && (n != k || memcmp(a, other, k) != 0))
            return rec_fail(err, REC_EUSAGE,
                            "%s was made with %.*s, not with %.*s: give the options of "
                            "its training",
                            path, (int)k, a, (int)n, other);
    }
    return rec_fail(err, REC_EUSAGE, "%s was made with other options", path);
}

/* Section `train`, the first of all: whether the rest may be read. */
static enum rec_status on_state(void *ctx, const struct rec_table *t,
                                struct rec_err *err)
{
    struct reading *x = ctx;
    uint64_t format;
    char input[24];
    const char *text;
    size_t n = 0;
    enum rec_status st = rec_settings_check(t, err);

    if (st == REC_OK)
        st = rec_settings_get_number(t, "format", FORMAT, FORMAT, &format, err);
    if (st == REC_OK)
        st = rec_settings_get_number(t, "epochs", 0, UINT32_MAX, &x->c->epochs, err);
    x->c->best = REC_NO_BEST;
    if (st == REC_OK && rec_settings_get(t, "best", &n) != NULL)
        st = rec_settings_get_number(t, "best", 0, x->c->epochs, &x->c->best, err);
    if (st != REC_OK)
        return st;
    (void)snprintf(input, sizeof input, "%016" PRIx64, x->c->input);
    text = rec_settings_get(t, "input", &n);
    if (text == NULL || n != strlen(input) || memcmp(text, input, n) != 0)
        return rec_fail(err, REC_EFORMAT,
                        "it is of a training on another input: give that one");
    text = rec_settings_get(t, "settings", &n);
    if (text == NULL)
        return rec_fail(err, REC_EFORMAT, "section 'train': no 'settings'");
    x->has_state = true;
    return compare_settings(text, n, x->c->settings, rec_reader_name(x->r), err);
}

/* Rows of a tensor's array, straight to where they belong. */
static enum rec_status on_rows(void *ctx, const struct rec_table *t,
                               struct rec_err *err)
{
    struct reading *x = ctx;
    const struct rec_column *c;
    struct rec_param *p = NULL;
    enum array a = VALUES;
    rec_real *to = find_array(x, t->name, &a, &p);
    enum rec_status st;

    if (!x->has_state)
        return rec_fail(err, REC_EFORMAT, "it is no checkpoint of a training");
    if (to == NULL)
        return rec_fail(err, REC_EFORMAT, "section '%s' is not of this model", t->name);
    st = rec_table_column(t, "row", REC_F32, p->cols, &c, err);
    if (st != REC_OK)
        return st;
    if (strcmp(x->section, t->name) != 0) {
        memcpy(x->section, t->name, sizeof x->section);
        x->n_rows = 0;
    }
    if (t->n_rows > rows_of(p, a) - x->n_rows)
        return rec_fail(err, REC_EFORMAT, "section '%s' has more than %u rows", t->name,
                        rows_of(p, a));
    to += x->n_rows * p->cols;
    for (size_t i = 0; i < t->n_rows * p->cols; i++) {
        float v = ((const float *)c->data)[i];

        if (!isfinite(v))
            return rec_fail(err, REC_EFORMAT, "section '%s': not a number", t->name);
        to[i] = (rec_real)v;
    }
    x->n_rows += t->n_rows;
    x->n_arrays[a] += x->n_rows == rows_of(p, a);
    return REC_OK;
}

/* How many tensors have array A: one that is not trained by Adam has no moments. */
static uint32_t n_wanted(const struct reading *x, enum array a)
{
    rec_real *best = x->c->best == REC_NO_BEST ? NULL : x->c->best_x;
    struct rec_param *p;
    uint32_t n = 0;

    for (uint32_t i = 0; (p = x->l->param(x->l->self, i)) != NULL; i++)
        n += array_of(p, a, best, 0) != NULL;
    return n;
}

/* After the last frame: whether all was there. */
static enum rec_status complete(const struct reading *x, struct rec_train_log *log,
                                struct rec_err *err)
{
    struct rec_table *t = rec_reader_table(x->r, "train.log");
    const char *path = rec_reader_name(x->r);

    if (!x->has_state || t == NULL)
        return rec_fail(err, REC_EFORMAT, "%s: it is no checkpoint of a training",
                        path);
    for (int a = 0; a < N_ARRAYS; a++)
        if (x->n_arrays[a] != n_wanted(x, (enum array)a))
            return rec_fail(err, REC_EFORMAT, "%s: not all sections '%s*' are there",
                            path, prefixes[a]);
    if (t->n_rows != x->c->epochs)
        return rec_fail(err, REC_EFORMAT,
                        "%s: a log of %zu rows for %" PRIu64 " epochs", path, t->n_rows,
                        x->c->epochs);
    return rec_train_log_restore(log, t, err);
}

enum rec_status rec_checkpoint_read(const char *path, struct rec_checkpoint *c,
                                    const struct rec_learner *l,
                                    struct rec_train_log *log, struct rec_err *err)
{
    static const char *const patterns[] = { "model.*", "adam.*", "best.*" };
    struct reading x = { .c = c, .l = l };
    enum rec_status st = rec_reader_open(path, &x.r, err);

    if (st == REC_OK)
        st = rec_reader_blocks(x.r, "train", on_state, &x, err);
    if (st == REC_OK)
        st = rec_reader_load(x.r, "train.log", err);
    for (int i = 0; st == REC_OK && i < 3; i++)
        st = rec_reader_blocks(x.r, patterns[i], on_rows, &x, err);
    if (st == REC_OK)
        st = rec_reader_run(x.r, NULL, err);
    if (st == REC_OK)
        st = complete(&x, log, err);
    rec_reader_close(x.r);
    return st;
}

enum rec_status rec_checkpoint_refuse(const struct rec_reader *r, struct rec_err *err)
{
    for (uint32_t i = 0; i < rec_reader_n_sections(r); i++)
        if (strcmp(rec_reader_section(r, i).table->name, "train.log") == 0)
            return rec_fail(err, REC_EFORMAT,
                            "%s: a checkpoint, not a model: rec-train --resume goes on "
                            "with it, and writes one",
                            rec_reader_name(r));
    return REC_OK;
}
