#ifndef REC_JUDGE_H
#define REC_JUDGE_H

#include "eval/boot.h"
#include "eval/report.h"
#include "eval/score.h"
#include "eval/slices.h"

/*
 * Measures predictors on the same rows: the validation and test ratings of X.  The
 * first REC_N_BASELINES predictors are baselines, the others models.
 *
 *   row    (n)     rows of X that are not for training, ascending
 *   unit   (n)     what the bootstrap draws: the row's user, or the row
 *   error  (P, n)  prediction - rating
 */
enum { REC_N_BASELINES = 2 };

struct rec_judge {
    const struct rec_ratings *x;
    size_t n, n_predictors, cap;
    size_t *row;
    uint32_t *unit, n_units;
    bool by_row;
    double **error;
    const char **name; /* not copied */
};

/* Collects the rows, for CAP predictors at most.  REC_EFORMAT if there are none. */
enum rec_status rec_judge_make(const struct rec_ratings *x, size_t cap, bool by_row,
                               struct rec_judge *out, struct rec_err *err) REC_MUST_USE;
void rec_judge_free(struct rec_judge *j);

/* REC_EFORMAT unless the validation and test rows of Y are the same as those of X, in
 * the same order, with the same codes. */
enum rec_status rec_judge_same(const struct rec_judge *j, const struct rec_ratings *y,
                               struct rec_err *err) REC_MUST_USE;

/* The next predictor.  Y are its own ratings, the same as those of X in that sense. */
enum rec_status rec_judge_add(struct rec_judge *j, const struct rec_predictor *p,
                              const struct rec_ratings *y,
                              struct rec_err *err) REC_MUST_USE;

/* What an interval says of a difference of errors, d = model - base. */
enum rec_verdict {
    REC_BETTER, /* high < 0; without replicates: d < 0 */
    REC_WORSE,  /* low > 0, or d is not a number; without replicates: d >= 0 */
    REC_UNTOLD  /* these rows cannot say */
};
enum rec_verdict rec_verdict(const struct rec_figure *d, bool has_replicates);

/* Receives one sentence; BASELINE says that it is about a model and a baseline. */
typedef void rec_say_fn(void *ctx, enum rec_verdict v, bool baseline,
                        const char *sentence);

struct rec_judge_opts {
    uint32_t replicates;
    uint64_t seed;
    bool by[REC_N_AXES]; /* slices to report */
    rec_say_fn *say;     /* or NULL */
    void *say_ctx;
};

/*
 * Adds the figures of PART to the report, nothing if it has no rows: for each predictor
 * rmse and mae; for each model rmse_vs_BASE and mae_vs_BASE, its figure less that of
 * each baseline, and for each model but the first the same with the first.  Then rmse
 * and mae of each slice, split "PART/SLICE".
 */
enum rec_status rec_judge_part(const struct rec_judge *j, enum rec_part part,
                               const struct rec_judge_opts *o, struct rec_report *r,
                               struct rec_err *err) REC_MUST_USE;

#endif
