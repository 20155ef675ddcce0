#include "eval/report.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/num.h"

enum { NUMBER_CHARS = 336 }; /* the longest %.6f of a double */

enum rec_status rec_report_add(struct rec_report *r, const struct rec_report_row *row,
                               struct rec_err *err)
{
    if (r->n == r->cap) {
        size_t cap = r->cap > 0 ? 2 * r->cap : 32;
        struct rec_report_row *p =
            rec_realloc(r->row, cap, sizeof *p, "the report", err);

        if (p == NULL)
            return REC_ESYSTEM;
        r->row = p;
        r->cap = cap;
    }
    r->row[r->n++] = *row;
    return REC_OK;
}

void rec_report_free(struct rec_report *r)
{
    rec_free(r->row);
    *r = (struct rec_report){ 0 };
}

static const char *number(double x, const char *none, char out[NUMBER_CHARS])
{
    if (isfinite(x))
        (void)snprintf(out, NUMBER_CHARS, "%.6f", x);
    else
        (void)snprintf(out, NUMBER_CHARS, "%s", none);
    return out;
}

static enum rec_status tsv_row(const struct rec_report_row *row, struct rec_buf *out,
                               struct rec_err *err)
{
    char value[NUMBER_CHARS], low[NUMBER_CHARS], high[NUMBER_CHARS];

    return rec_buf_addf(
        out, err, "%s\t%s\t%s\t%s\t%s\t%s\t%zu\n", row->split, row->model, row->metric,
        number(row->figure.value, "nan", value), number(row->figure.low, "nan", low),
        number(row->figure.high, "nan", high), row->n);
}

/* TEXT in quotes; it has no control characters. */
static enum rec_status json_text(const char *key, const char *text, struct rec_buf *out,
                                 struct rec_err *err)
{
    enum rec_status st = rec_buf_addf(out, err, "\"%s\": \"", key);

    for (; st == REC_OK && *text != '\0'; text++) {
        if (*text == '"' || *text == '\\')
            st = rec_buf_add(out, "\\", 1, err);
        if (st == REC_OK)
            st = rec_buf_add(out, text, 1, err);
    }
    return st == REC_OK ? rec_buf_addf(out, err, "\", ") : st;
}

static enum rec_status json_row(const struct rec_report_row *row, struct rec_buf *out,
                                struct rec_err *err)
{
    char value[NUMBER_CHARS], low[NUMBER_CHARS], high[NUMBER_CHARS];
    enum rec_status st = json_text("split", row->split, out, err);

    if (st == REC_OK)
        st = json_text("model", row->model, out, err);
    if (st == REC_OK)
        st = json_text("metric", row->metric, out, err);
    if (st != REC_OK)
        return st;
    return rec_buf_addf(
        out, err, "\"value\": %s, \"low\": %s, \"high\": %s, \"n\": %zu}",
        number(row->figure.value, "null", value), number(row->figure.low, "null", low),
        number(row->figure.high, "null", high), row->n);
}

enum rec_status rec_report_text(const struct rec_report *r,
                                enum rec_report_format format, struct rec_buf *out,
                                struct rec_err *err)
{
    bool tsv = format == REC_REPORT_TSV;
    enum rec_status st = rec_buf_addf(
        out, err, "%s", tsv ? "split\tmodel\tmetric\tvalue\tlow\thigh\tn\n" : "[");

    for (size_t i = 0; st == REC_OK && i < r->n; i++) {
        if (!tsv)
            st = rec_buf_addf(out, err, "%s\n  {", i > 0 ? "," : "");
        if (st == REC_OK)
            st = tsv ? tsv_row(&r->row[i], out, err) : json_row(&r->row[i], out, err);
    }
    return st == REC_OK ? rec_buf_addf(out, err, "%s", tsv ? "" : "\n]\n") : st;
}

/* ---- gates ---- */

enum rec_status rec_gate_parse(const char *text, bool is_max, struct rec_gate *out,
                               struct rec_err *err)
{
    const char *equals = strrchr(text, '=');
    struct rec_gate g = { .text = text, .is_max = is_max };
    char shown[120];

    if (equals == NULL || equals == text ||
        !rec_parse_f64(equals + 1, strlen(equals + 1), &g.bound))
        return rec_fail(err, REC_EUSAGE, "--%s: '%s' is not METRIC=V, as test.rmse=0.9",
                        is_max ? "max" : "min",
                        rec_printable(text, strlen(text), shown, sizeof shown));
    g.key_bytes = (size_t)(equals - text);
    *out = g;
    return REC_OK;
}

static bool names(const struct rec_gate *g, const struct rec_report_row *row)
{
    char all[sizeof row->split + sizeof row->model + sizeof row->metric + 2];

    (void)snprintf(all, sizeof all, "%s.%s.%s", row->split, row->model, row->metric);
    if (strlen(all) == g->key_bytes && memcmp(all, g->text, g->key_bytes) == 0)
        return true;
    (void)snprintf(all, sizeof all, "%s.%s", row->split, row->metric);
    return row->is_model && strlen(all) == g->key_bytes &&
           memcmp(all, g->text, g->key_bytes) == 0;
}

static enum rec_status blame(const struct rec_gate *g, const struct rec_report_row *row,
                             struct rec_buf *broken, struct rec_err *err)
{
    char value[NUMBER_CHARS], shown[200];

    return rec_buf_addf(broken, err, "%s%s.%s.%s is %s, %s --%s %s",
                        broken->n > 0 ? "; " : "", row->split, row->model, row->metric,
                        number(row->figure.value, "nan", value),
                        isnan(row->figure.value) ? "which fails"
                        : g->is_max              ? "above"
                                                 : "below",
                        g->is_max ? "max" : "min",
                        rec_printable(g->text, strlen(g->text), shown, sizeof shown));
}

static enum rec_status check(const struct rec_gate *g, const struct rec_report *r,
                             struct rec_buf *broken, struct rec_err *err)
{
    enum rec_status st = REC_OK, answer = REC_OK;
    bool found = false;
    char shown[200];

    for (size_t i = 0; st == REC_OK && i < r->n; i++) {
        double value = r->row[i].figure.value;

        if (!names(g, &r->row[i]))
            continue;
        found = true;
        if (!(g->is_max ? value <= g->bound : value >= g->bound)) {
            answer = REC_NO;
            st = blame(g, &r->row[i], broken, err);
        }
    }
    if (st == REC_OK && !found)
        return rec_fail(err, REC_EUSAGE, "--%s: the report has no figure '%s'",
                        g->is_max ? "max" : "min",
                        rec_printable(g->text, g->key_bytes, shown, sizeof shown));
    return st == REC_OK ? answer : st;
}

enum rec_status rec_gates_check(const struct rec_gate *g, size_t n,
                                const struct rec_report *r, struct rec_err *err)
{
    struct rec_buf broken = { 0 };
    enum rec_status st = REC_OK;

    for (size_t i = 0; i < n && (st == REC_OK || st == REC_NO); i++) {
        enum rec_status one = check(&g[i], r, &broken, err);

        st = one == REC_OK ? st : one;
    }
    if (st == REC_NO)
        st = rec_fail(err, REC_NO, "%.*s", (int)broken.n, (const char *)broken.data);
    rec_buf_free(&broken);
    return st;
}
