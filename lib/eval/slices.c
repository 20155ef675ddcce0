#include "eval/slices.h"

#include <stdio.h>
#include <string.h>

#include "base/num.h"

enum { N_BINS = 7, N_RANGES = 10 };

static const struct {
    uint32_t most;
    const char *name;
} bins[N_BINS] = {
    { 0, "0" },        { 1, "1" },           { 5, "2-5" },           { 20, "6-20" },
    { 100, "21-100" }, { 1000, "101-1000" }, { UINT32_MAX, "1001+" }
};

/* ---- training ratings ---- */

void rec_activity_free(struct rec_activity *a)
{
    rec_free(a->user);
    rec_free(a->item);
    *a = (struct rec_activity){ 0 };
}

enum rec_status rec_activity_count(const struct rec_ratings *x,
                                   struct rec_activity *out, struct rec_err *err)
{
    struct rec_activity a = { 0 };

    a.user = rec_alloc_zero(x->n_users, sizeof *a.user, "training ratings", err);
    if (a.user != NULL)
        a.item = rec_alloc_zero(x->n_items, sizeof *a.item, "training ratings", err);
    if (a.item == NULL) {
        rec_activity_free(&a);
        return REC_ESYSTEM;
    }
    for (size_t i = 0; i < x->n; i++)
        if (x->part[i] == REC_TRAIN) {
            a.user[x->user[i]]++;
            a.item[x->item[i]]++;
        }
    *out = a;
    return REC_OK;
}

/* ---- axes ---- */

static void by_count(struct rec_slices *s, const char *axis, const uint32_t *count,
                     const uint32_t *id, const size_t *row, size_t n)
{
    s->n = N_BINS;
    for (int k = 0; k < N_BINS; k++)
        (void)snprintf(s->name[k], sizeof s->name[k], "%s=%s", axis, bins[k].name);
    for (size_t i = 0; i < n; i++) {
        uint8_t k = 0;

        while (count[id[row[i]]] > bins[k].most)
            k++;
        s->of[i] = k;
    }
}

static void by_cold(struct rec_slices *s, const struct rec_activity *a,
                    const struct rec_ratings *x, const size_t *row, size_t n)
{
    static const char *const names[] = { "none", "user", "item", "both" };

    s->n = 4;
    for (int k = 0; k < 4; k++)
        (void)snprintf(s->name[k], sizeof s->name[k], "cold=%s", names[k]);
    for (size_t i = 0; i < n; i++)
        s->of[i] = (uint8_t)((a->user[x->user[row[i]]] == 0 ? 1 : 0) +
                             (a->item[x->item[row[i]]] == 0 ? 2 : 0));
}

/* Puts VALUE among the N sorted ones; false if there is no room. */
static bool add_level(float *level, uint32_t *n, float value)
{
    uint32_t k = 0;

    while (k < *n && level[k] < value)
        k++;
    if (k < *n && level[k] == value)
        return true;
    if (*n == REC_SLICES_LEVELS)
        return false;
    memmove(level + k + 1, level + k, (*n - k) * sizeof *level);
    level[k] = value;
    ++*n;
    return true;
}

static void name_levels(struct rec_slices *s, const float *level)
{
    for (uint32_t k = 0; k < s->n; k++) {
        char value[REC_NUM_CHARS];

        rec_format_f32(level[k], value);
        (void)snprintf(s->name[k], sizeof s->name[k], "level=%s", value);
    }
}

static void by_range(struct rec_slices *s, const float *rating, const size_t *row,
                     size_t n)
{
    double least = (double)rating[row[0]], most = least, width;

    for (size_t i = 0; i < n; i++) {
        double r = (double)rating[row[i]];

        least = r < least ? r : least;
        most = r > most ? r : most;
    }
    width = (most - least) / N_RANGES;
    s->n = N_RANGES;
    for (int k = 0; k < N_RANGES; k++)
        (void)snprintf(s->name[k], sizeof s->name[k], "level=%.6g..%.6g",
                       least + width * k, least + width * (k + 1));
    for (size_t i = 0; i < n; i++) {
        double k = ((double)rating[row[i]] - least) / width;

        s->of[i] = (uint8_t)(k < N_RANGES ? k : N_RANGES - 1);
    }
}

static void by_level(struct rec_slices *s, const float *rating, const size_t *row,
                     size_t n)
{
    float level[REC_SLICES_LEVELS + 1];

    for (size_t i = 0; i < n; i++)
        if (!add_level(level, &s->n, rating[row[i]])) {
            by_range(s, rating, row, n);
            return;
        }
    name_levels(s, level);
    for (size_t i = 0; i < n; i++) {
        uint8_t k = 0;

        while (level[k] != rating[row[i]])
            k++;
        s->of[i] = k;
    }
}

void rec_slices_free(struct rec_slices *s)
{
    rec_free(s->of);
    *s = (struct rec_slices){ 0 };
}

enum rec_status rec_slices_make(const struct rec_ratings *x,
                                const struct rec_activity *a, const size_t *row,
                                size_t n, enum rec_axis axis, struct rec_slices *out,
                                struct rec_err *err)
{
    struct rec_slices s = { .n = 0 };

    s.of = rec_alloc(n, 1, "slices", err);
    if (s.of == NULL)
        return REC_ESYSTEM;
    switch (axis) {
    case REC_BY_USER:
        by_count(&s, "user", a->user, x->user, row, n);
        break;
    case REC_BY_ITEM:
        by_count(&s, "item", a->item, x->item, row, n);
        break;
    case REC_BY_LEVEL:
        by_level(&s, x->rating, row, n);
        break;
    case REC_BY_COLD:
    case REC_N_AXES:
        by_cold(&s, a, x, row, n);
        break;
    }
    *out = s;
    return REC_OK;
}
