#ifndef REC_ENTRY_H
#define REC_ENTRY_H

#include "eval/judge.h"
#include "eval/shrink.h"

/*
 * What is measured, from files: a stream with a trained model and the ratings it has.
 * The ratings are valid until rec_entry_close().
 */
struct rec_entry {
    struct rec_reader *r;
    struct rec_ratings x;
    struct rec_trained t;
};

/* Rows of PARTS, a sum of 1 << part, can be predicted.  OUT is to be closed also after
 * a failure. */
enum rec_status rec_entry_open(const char *path, unsigned parts, struct rec_entry *out,
                               struct rec_err *err) REC_MUST_USE;
/* The same with what numbers stand for: out->x.user_ids, and section `items`. */
enum rec_status rec_entry_open_ids(const char *path, unsigned parts,
                                   struct rec_entry *out,
                                   struct rec_err *err) REC_MUST_USE;
void rec_entry_close(struct rec_entry *e);

/* Adds its model, called NAME, or by its kind if that is NULL. */
enum rec_status rec_entry_judge(const struct rec_entry *e, struct rec_judge *j,
                                const char *name, struct rec_err *err) REC_MUST_USE;
/* Appends a TSV of what it predicts: row part rating prediction, of every rating.
 * REC_EFORMAT if the model does not rate. */
enum rec_status rec_entry_list(const struct rec_entry *e, struct rec_buf *out,
                               struct rec_err *err) REC_MUST_USE;

/*
 * Adds the baselines, mean and biases, with the shrinkage S, which rec_shrink()
 * completes; and to the report, as figures of split train, model biases: lambda_user,
 * lambda_item and, if they were chosen, cv_rmse (see struct rec_shrinkage).
 */
enum rec_status rec_baselines_judge(struct rec_judge *j, struct rec_shrinkage *s,
                                    struct rec_report *r,
                                    struct rec_err *err) REC_MUST_USE;

#endif
