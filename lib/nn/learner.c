#include "nn/learner.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

size_t rec_learner_n_values(const struct rec_learner *l)
{
    struct rec_param *p;
    size_t n = 0;

    for (uint32_t i = 0; (p = l->param(l->self, i)) != NULL; i++)
        n += rec_param_size(p);
    return n;
}

void rec_learner_get(const struct rec_learner *l, rec_real *x)
{
    struct rec_param *p;

    for (uint32_t i = 0; (p = l->param(l->self, i)) != NULL;
         x += rec_param_size(p), i++)
        memcpy(x, p->x, rec_param_size(p) * sizeof *x);
}

void rec_learner_set(const struct rec_learner *l, const rec_real *x)
{
    struct rec_param *p;

    for (uint32_t i = 0; (p = l->param(l->self, i)) != NULL;
         x += rec_param_size(p), i++)
        memcpy(p->x, x, rec_param_size(p) * sizeof *x);
}

double rec_learner_clip(const struct rec_learner *l, double limit)
{
    struct rec_param *p;
    double length = 0.0;

    for (uint32_t i = 0; (p = l->param(l->self, i)) != NULL; i++)
        length += rec_param_square_sum(p);
    length = sqrt(length);
    for (uint32_t i = 0; length > limit && (p = l->param(l->self, i)) != NULL; i++)
        rec_param_scale(p, limit / length);
    return length;
}

static bool all_finite(const rec_real *x, size_t n)
{
    rec_real zero = 0;

    for (size_t i = 0; i < n; i++)
        zero += x[i] * 0; /* 0 * x is NaN for infinity and NaN */
    return zero == 0;
}

const char *rec_learner_bad_tensor(const struct rec_learner *l, char text[96])
{
    struct rec_param *p;
    uint32_t n = 0;

    while (l->param(l->self, n) != NULL)
        n++;
    while (n-- > 0) { /* gradients run from the last tensor to the first */
        p = l->param(l->self, n);
        (void)snprintf(text, 96, "the gradient of %s", p->name);
        if (!all_finite(p->m, rec_param_state_size(p)) ||
            !all_finite(p->v, rec_param_state_size(p)))
            return text;
    }
    for (n = 0; (p = l->param(l->self, n)) != NULL; n++) {
        (void)snprintf(text, 96, "the weights %s", p->name);
        if (!all_finite(p->x, rec_param_size(p)))
            return text;
    }
    return NULL;
}

const char *rec_learner_bad_output(const struct rec_learner *l, char text[96])
{
    const rec_real *x;
    char name[48];
    size_t n;

    for (uint32_t i = 0; l->output != NULL && l->output(l->self, i, name, &x, &n);
         i++) {
        (void)snprintf(text, 96, "%s", name);
        if (!all_finite(x, n))
            return text;
    }
    return NULL;
}
