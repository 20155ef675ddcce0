#include "eval/sentence.h"

#include <math.h>
#include <stdio.h>

enum { AMOUNT_CHARS = 40, TAIL_CHARS = 80 };

enum rec_verdict rec_verdict(const struct rec_figure *d, bool has_replicates)
{
    if (isnan(d->value))
        return REC_WORSE;
    if (!has_replicates)
        return d->value < 0.0 ? REC_BETTER : REC_WORSE;
    if (d->high < 0.0)
        return REC_BETTER;
    return d->low > 0.0 ? REC_WORSE : REC_UNTOLD;
}

static const char *amount(double d, char out[AMOUNT_CHARS])
{
    if (d != 0.0 && fabs(d) < 0.00005)
        return "less than 0.0001";
    (void)snprintf(out, AMOUNT_CHARS, "%.4f", fabs(d));
    return out;
}

/* The interval, of SIGN times the difference; or why there is none. */
static const char *tail(const struct rec_comparison *c, double sign,
                        char out[TAIL_CHARS])
{
    double low = sign > 0.0 ? c->d.low : -c->d.high;
    double high = sign > 0.0 ? c->d.high : -c->d.low;

    if (!isnan(low)) /* no "-0.0000" */
        (void)snprintf(out, TAIL_CHARS, " (%.4f to %.4f)", low + 0.0, high + 0.0);
    else if (c->replicates > 0 && isfinite(c->d.value))
        (void)snprintf(out, TAIL_CHARS, ", of one %s: no interval", c->unit);
    else
        out[0] = '\0';
    return out;
}

static bool are_equal(const struct rec_comparison *c)
{
    return c->d.value == 0.0 &&
           (isnan(c->d.low) || (c->d.low == 0.0 && c->d.high == 0.0));
}

static void say_beside(const struct rec_comparison *c, enum rec_verdict v,
                       const char *word, const char *by, char *text)
{
    const char *does = v == REC_BETTER   ? "beats"
                       : v == REC_WORSE  ? "does not beat"
                       : isnan(c->d.low) ? "beside"
                                         : "cannot be told apart from";
    char within[TAIL_CHARS];

    tail(c, c->d.value < 0.0 ? -1.0 : 1.0, within);
    (void)snprintf(text, REC_SENTENCE_BYTES,
                   "%s: %s (%s %.4f) %s %s (%.4f): %s by %s%s", c->part, c->name,
                   c->metric, c->x, does, c->base, c->y, word, by, within);
}

static void say_of_peers(const struct rec_comparison *c, enum rec_verdict v,
                         const char *word, const char *by, char *text)
{
    char within[TAIL_CHARS];

    if (v == REC_UNTOLD && !isnan(c->d.low))
        (void)snprintf(text, REC_SENTENCE_BYTES,
                       "%s: %s and %s: no difference that these rows can show: %s%s "
                       "%s%s",
                       c->part, c->name, c->base, c->d.value < 0.0 ? "-" : "", by,
                       c->metric, tail(c, 1.0, within));
    else
        (void)snprintf(text, REC_SENTENCE_BYTES, "%s: %s is %s than %s by %s %s%s",
                       c->part, c->name, word, c->base, by, c->metric,
                       tail(c, c->d.value < 0.0 ? -1.0 : 1.0, within));
}

enum rec_verdict rec_sentence(const struct rec_comparison *c,
                              char text[REC_SENTENCE_BYTES])
{
    const struct rec_figure error =
        c->more_is_better ? (struct rec_figure){ -c->d.value, -c->d.high, -c->d.low }
                          : c->d;
    enum rec_verdict v = rec_verdict(&error, c->replicates > 0);
    char by[AMOUNT_CHARS];

    if (are_equal(c)) {
        v = REC_UNTOLD;
        (void)snprintf(text, REC_SENTENCE_BYTES, "%s: %s and %s: equal, %s %.4f",
                       c->part, c->name, c->base, c->metric, c->x);
    } else {
        (c->as_peers ? say_of_peers : say_beside)(
            c, v, error.value < 0.0 ? "better" : "worse", amount(c->d.value, by), text);
    }
    return v;
}
