#ifndef REC_REPORT_H
#define REC_REPORT_H

#include "base/mem.h"
#include "eval/metrics.h"

/*
 * A table of figures: TSV with the header `split model metric value low high n`, or
 * JSON, an array of objects with those keys.  Numbers are "%.6f"; a figure that is not
 * a number is "nan" in TSV and null in JSON.
 */
enum rec_report_format { REC_REPORT_TSV, REC_REPORT_JSON };

struct rec_report {
    enum rec_report_format format;
    struct rec_buf text;
    size_t n_rows;
};

enum rec_status rec_report_begin(struct rec_report *r,
                                 struct rec_err *err) REC_MUST_USE;
enum rec_status rec_report_row(struct rec_report *r, const char *split,
                               const char *model, const char *metric,
                               const struct rec_figure *f, size_t n,
                               struct rec_err *err) REC_MUST_USE;
/* The text is then complete; the caller writes it and frees it. */
enum rec_status rec_report_end(struct rec_report *r, struct rec_err *err) REC_MUST_USE;

#endif
