#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/num.h"
#include "nn/rgnn_members.h"
#include "nn/settings.h"

/* ---- writing ---- */

/* "10 60 300": the kernels of one side, empty if there are none. */
static enum rec_status add_taus(struct rec_table *t, const char *key,
                                const struct rec_rgnn_taus *taus, int side,
                                struct rec_err *err)
{
    char text[REC_RGNN_MAX_TAUS * (REC_NUM_CHARS + 1) + 1] = "";
    size_t n = 0;

    for (uint32_t i = 0; i < taus->n[side]; i++) {
        char number[REC_NUM_CHARS];

        rec_format_f64(taus->tau[side][i], number);
        n += (size_t)snprintf(text + n, sizeof text - n, "%s%s", i > 0 ? " " : "",
                              number);
    }
    return rec_settings_add(t, key, text, err);
}

static enum rec_status add_settings(const struct rec_rgnn_learner *x, uint32_t seeds,
                                    struct rec_table *t, struct rec_err *err)
{
    const struct {
        const char *key;
        double value;
    } reals[] = {
        { "lambda_user", x->x.bias.lambda[REC_USERS] },
        { "lambda_item", x->x.bias.lambda[REC_ITEMS] },
        { "tau_prior", x->x.taus.prior },
        { "penalty", x->opts.penalty },
        { "dropout", x->opts.dropout },
        { "init", x->opts.init },
        { "lr", x->opts.lr },
    };
    enum rec_status st = rec_settings_add(t, "model", "rgnn", err);

    if (st == REC_OK)
        st = rec_settings_add_number(t, "width", x->m.width, err);
    if (st == REC_OK)
        st = rec_settings_add(t, "basis", x->x.by_level ? "level" : "cl", err);
    if (st == REC_OK)
        st = rec_settings_add_number(t, "bases", x->x.n_bases, err);
    if (st == REC_OK)
        st = rec_settings_add_number(t, "folds", x->x.n_folds, err);
    if (st == REC_OK)
        st = rec_settings_add_number(t, "seed", x->opts.seed, err);
    if (st == REC_OK)
        st = rec_settings_add_number(t, "epochs", x->opts.epochs, err);
    if (st == REC_OK)
        st = rec_settings_add_number(t, "seeds", seeds, err);
    if (st == REC_OK)
        st = add_taus(t, "tau_user", &x->x.taus, REC_USERS, err);
    if (st == REC_OK)
        st = add_taus(t, "tau_item", &x->x.taus, REC_ITEMS, err);
    for (size_t i = 0; st == REC_OK && i < sizeof reals / sizeof *reals; i++)
        st = rec_settings_add_real(t, reals[i].key, reals[i].value, err);
    if (st == REC_OK)
        st = rec_features_remember(t, &x->x.known, x->x.g.n_extra, err);
    return st;
}

enum rec_status rec_rgnn_members_write(struct rec_rgnn_members *x, struct rec_writer *w,
                                       const char *by, struct rec_err *err)
{
    struct rec_learner all = rec_rgnn_members_learner(x);
    struct rec_table t;
    struct rec_param *p;
    enum rec_status st;

    rec_settings_init(&t, "model", by);
    st = add_settings(&x->member[0], x->n, &t, err);
    if (st == REC_OK)
        st = rec_writer_table(w, &t, err);
    for (uint32_t i = 0; st == REC_OK && (p = all.param(x, i)) != NULL; i++)
        st = rec_param_write(p, w, by, err);
    rec_table_free(&t);
    return st;
}

/* ---- reading ---- */

static bool value_is(const struct rec_table *t, const char *key, const char *value)
{
    size_t n = 0;
    const char *text = rec_settings_get(t, key, &n);

    return text != NULL && n == strlen(value) && memcmp(text, value, n) == 0;
}

static enum rec_status get_taus(const struct rec_table *t, const char *key, int side,
                                struct rec_rgnn_taus *out, struct rec_err *err)
{
    size_t n = 0, word;
    const char *text = rec_settings_get(t, key, &n);
    uint32_t k = 0;

    for (; text != NULL && n > 0; n -= word, text += word) {
        double *tau = &out->tau[side][k];

        for (word = 0; word < n && text[word] != ' '; word++)
            ;
        if (k++ == REC_RGNN_MAX_TAUS || !rec_parse_f64(text, word, tau) ||
            !(*tau > 0.0 && isfinite(*tau)))
            return rec_fail(err, REC_EFORMAT,
                            "section '%s': '%s' is not a list of "
                            "seconds",
                            t->name, key);
        word += word < n;
    }
    out->n[side] = k;
    return text != NULL
               ? REC_OK
               : rec_fail(err, REC_EFORMAT, "section '%s': no '%s'", t->name, key);
}

struct settings {
    uint64_t width, seeds;
    bool by_level;
    double lambda[2];
    struct rec_rgnn_taus taus;
};

static enum rec_status get_settings(const struct rec_table *t, struct settings *s,
                                    struct rec_err *err)
{
    enum rec_status st = rec_settings_check(t, err);

    s->by_level = st == REC_OK && value_is(t, "basis", "level");
    if (st == REC_OK && !s->by_level && !value_is(t, "basis", "cl"))
        st = rec_fail(err, REC_EFORMAT, "section '%s': no 'basis'", t->name);
    if (st == REC_OK)
        st = rec_settings_get_number(t, "width", 1, REC_RGNN_MAX_WIDTH, &s->width, err);
    if (st == REC_OK)
        st = rec_settings_get_number(t, "seeds", 1, REC_RGNN_MAX_MEMBERS, &s->seeds,
                                     err);
    if (st == REC_OK)
        st = get_taus(t, "tau_user", REC_USERS, &s->taus, err);
    if (st == REC_OK)
        st = get_taus(t, "tau_item", REC_ITEMS, &s->taus, err);
    if (st == REC_OK)
        st = rec_settings_get_real(t, "tau_prior", 1e-6, 1e9, &s->taus.prior, err);
    if (st == REC_OK)
        st = rec_settings_get_real(t, "lambda_user", 0.0, 1e12, &s->lambda[REC_USERS],
                                   err);
    if (st == REC_OK)
        st = rec_settings_get_real(t, "lambda_item", 0.0, 1e12, &s->lambda[REC_ITEMS],
                                   err);
    return st;
}

/* Member K, computed as far as its predictions need. */
static enum rec_status read_member(struct rec_reader *r, struct rec_rgnn_trained *x,
                                   uint32_t width, uint32_t k, struct rec_err *err)
{
    struct rec_param *p;
    enum rec_status st = rec_rgnn_make(&x->x, width, false, &x->m[k], err);

    if (st == REC_OK)
        rec_rgnn_number(&x->m[k], k);
    for (uint32_t i = 0; st == REC_OK && (p = rec_rgnn_param(&x->m[k], i)) != NULL; i++)
        st = rec_param_read(p, r, err);
    if (st == REC_OK)
        st = rec_rgnn_state_make(&x->x, &x->m[k], false, &x->s[k], err);
    if (st == REC_OK)
        rec_rgnn_forward(&x->m[k], &x->x, 0, &x->s[k]);
    return st;
}

static enum rec_status read_members(struct rec_reader *r, struct rec_rgnn_trained *x,
                                    const struct settings *s, struct rec_err *err)
{
    enum rec_status st = REC_OK;

    x->m = rec_alloc_zero(s->seeds, sizeof *x->m, "members", err);
    if (x->m != NULL)
        x->s = rec_alloc_zero(s->seeds, sizeof *x->s, "members", err);
    if (x->s == NULL)
        return REC_ESYSTEM;
    x->n_members = (uint32_t)s->seeds;
    for (uint32_t k = 0; st == REC_OK && k < x->n_members; k++)
        st = read_member(r, x, (uint32_t)s->width, k, err);
    return st;
}

enum rec_status rec_rgnn_read(struct rec_reader *r, const struct rec_ratings *ratings,
                              unsigned parts, struct rec_rgnn_trained *out,
                              struct rec_err *err)
{
    struct rec_rgnn_trained x = { .asked = { .n = 0 } };
    struct settings s = { 0 };
    struct rec_features known;
    struct rec_ratings with;
    struct rec_table *t;
    bool timed = false;
    enum rec_status st = rec_reader_need(r, "model", "rec-train", &t, err);

    if (st == REC_OK)
        st = get_settings(t, &s, err);
    if (st == REC_OK)
        st = rec_features_recall(t, ratings, &known, &with, err);
    if (st == REC_OK) {
        timed = s.taus.n[REC_USERS] + s.taus.n[REC_ITEMS] > 0;
        if (timed && ratings->time == NULL)
            st = rec_fail(err, REC_EFORMAT,
                          "the model needs the times of ratings, and "
                          "there are none");
    }
    if (st == REC_OK)
        st = rec_rgnn_data_make(&with, s.by_level, timed, 0, 0, s.lambda, &s.taus, &x.x,
                                err);
    if (st == REC_OK)
        st = read_members(r, &x, &s, err);
    if (st == REC_OK)
        st = rec_rgnn_features_ask(&x.x.g, &x.x.bias, &x.x.taus, &with, parts, &x.asked,
                                   err);
    if (st != REC_OK) {
        rec_rgnn_trained_free(&x);
        return st;
    }
    *out = x;
    return REC_OK;
}
