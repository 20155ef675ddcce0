#include "eval/report.h"

#include <math.h>
#include <stdio.h>

enum rec_status rec_report_begin(struct rec_report *r, struct rec_err *err)
{
    return rec_buf_addf(&r->text, err, "%s",
                        r->format == REC_REPORT_TSV
                            ? "split\tmodel\tmetric\tvalue\tlow\thigh\tn\n"
                            : "[");
}

static const char *number(double x, enum rec_report_format format, char *out, size_t n)
{
    if (isfinite(x))
        (void)snprintf(out, n, "%.6f", x);
    else
        (void)snprintf(out, n, "%s", format == REC_REPORT_TSV ? "nan" : "null");
    return out;
}

enum rec_status rec_report_row(struct rec_report *r, const char *split,
                               const char *model, const char *metric,
                               const struct rec_figure *f, size_t n,
                               struct rec_err *err)
{
    char value[64], low[64], high[64];

    number(f->value, r->format, value, sizeof value);
    number(f->low, r->format, low, sizeof low);
    number(f->high, r->format, high, sizeof high);
    if (r->format == REC_REPORT_TSV)
        return rec_buf_addf(&r->text, err, "%s\t%s\t%s\t%s\t%s\t%s\t%zu\n", split,
                            model, metric, value, low, high, n);
    return rec_buf_addf(
        &r->text, err,
        "%s\n  {\"split\": \"%s\", \"model\": \"%s\", \"metric\": \"%s\", "
        "\"value\": %s, \"low\": %s, \"high\": %s, \"n\": %zu}",
        r->n_rows++ > 0 ? "," : "", split, model, metric, value, low, high, n);
}

enum rec_status rec_report_end(struct rec_report *r, struct rec_err *err)
{
    return rec_buf_addf(&r->text, err, "%s",
                        r->format == REC_REPORT_TSV ? "" : "\n]\n");
}
