#ifndef REC_REPORT_H
#define REC_REPORT_H

#include <stdbool.h>

#include "base/mem.h"
#include "eval/metrics.h"

/*
 * A table of figures: as TSV with the header `split model metric value low high n`, or
 * as JSON, an array of objects with those keys.  Numbers are "%.6f"; a figure that is
 * not a number is "nan" in TSV and null in JSON.  In JSON, bytes of names beyond ASCII
 * stay as they are.
 */
enum rec_report_format { REC_REPORT_TSV, REC_REPORT_JSON };

struct rec_report_row {
    char split[96], model[128], metric[160];
    bool is_model; /* neither a baseline nor about the training part */
    struct rec_figure figure;
    size_t n;
};

/* { 0 } is empty. */
struct rec_report {
    struct rec_report_row *row; /* (n) */
    size_t n, cap;
};

/* Adds ROW.  Names have no control characters: see rec_printable(). */
enum rec_status rec_report_add(struct rec_report *r, const struct rec_report_row *row,
                               struct rec_err *err) REC_MUST_USE;
/* Appends the whole report to OUT. */
enum rec_status rec_report_text(const struct rec_report *r,
                                enum rec_report_format format, struct rec_buf *out,
                                struct rec_err *err) REC_MUST_USE;
void rec_report_free(struct rec_report *r);

/*
 * A bound on figures, "KEY=VALUE" with KEY one of
 *
 *   SPLIT.METRIC         of every model that is no baseline: test.rmse
 *   SPLIT.MODEL.METRIC   test.biases.rmse
 *
 * for SPLIT, MODEL and METRIC as the report has them.
 */
struct rec_gate {
    const char *text; /* KEY=VALUE, not copied */
    size_t key_bytes;
    double bound;
    bool is_max; /* value <= bound wanted, else value >= bound */
};

/* REC_EUSAGE if TEXT is no such thing. */
enum rec_status rec_gate_parse(const char *text, bool is_max, struct rec_gate *out,
                               struct rec_err *err) REC_MUST_USE;
/*
 * Whether the report is within all of N bounds.  REC_NO if a figure is not, or is not a
 * number: the sentence names every such figure and its bound.  REC_EUSAGE if a bound
 * names no figure.
 */
enum rec_status rec_gates_check(const struct rec_gate *g, size_t n,
                                const struct rec_report *r,
                                struct rec_err *err) REC_MUST_USE;

#endif
