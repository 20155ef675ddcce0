#ifndef REC_PANEL_H
#define REC_PANEL_H

#include "eval/entry.h"
#include "eval/rankjudge.h"

/*
 * All that models of files are measured by, on the rows of the first: their ratings,
 * if they rate, and their ranking, if that is asked for or all that they can do.  What
 * they stand beside, the baselines of ratings and popularity, is measured when the
 * first model comes that needs it.
 */
struct rec_panel_opts {
    size_t n_models; /* at most */
    bool boot_by_row;
    struct rec_shrinkage lambda; /* of the baseline of biases */
    struct rec_cutoffs top;      /* none: 20, of models that do not rate alone */
    double relevant;             /* rated so or more; -INFINITY: all */
};

struct rec_panel {
    struct rec_panel_opts opts; /* with the lambdas found, if `rates` */
    bool rates, ranks;
    struct rec_judge judge;
    struct rec_rank_judge rank;
    struct rec_report *report; /* not owned */
};

/* X must outlive OUT.  Errors as rec_judge_make(). */
enum rec_status rec_panel_make(const struct rec_ratings *x,
                               const struct rec_panel_opts *opts, struct rec_report *r,
                               struct rec_panel *out, struct rec_err *err) REC_MUST_USE;
void rec_panel_free(struct rec_panel *p);

/* The model of E, called NAME, or by its kind if that is NULL: as rec_judge_add(). */
enum rec_status rec_panel_add(struct rec_panel *p, const struct rec_entry *e,
                              const char *name, struct rec_err *err) REC_MUST_USE;
/* Adds the figures of PART to the report. */
enum rec_status rec_panel_part(const struct rec_panel *p, enum rec_part part,
                               const struct rec_judge_opts *o,
                               struct rec_err *err) REC_MUST_USE;

#endif
