#ifndef REC_TRAINLOG_H
#define REC_TRAINLOG_H

#include <stdio.h>

#include "io/table.h"
#include "io/writer.h"

/*
 * What each epoch of a training reported: in memory, as section `model.log`, and line
 * by line in a file of tab-separated text.  { 0 } is empty.
 *
 *   epoch    u32  from 1
 *   loss     f64  of the weights that the epoch starts from
 *   METRIC   f64  of the same weights, e.g. valid_rmse; only if there is one
 *   seconds  f64  since training began, without the time between a stop and a resume;
 *                 in the file the second column, not in `model.log`
 */
struct rec_train_log {
    struct rec_table t;
    bool has_metric;
    double start_s;  /* on the monotonic clock */
    size_t n_before; /* rows and seconds of before a resume */
    double before_s;
    FILE *file; /* or NULL */
    const char *path;
};

/* METRIC is its column's name, or NULL; PATH, which is not opened yet, may be NULL.
 * Room for up to 65536 of EPOCHS is made now, so that none is needed in an epoch; for
 * those after them it grows by halves, between two epochs, which may fail. */
enum rec_status rec_train_log_open(struct rec_train_log *log, const char *path,
                                   const char *metric, uint64_t epochs,
                                   struct rec_err *err) REC_MUST_USE;
/* Opens the file anew, with the rows that there are: only now, so that a resume which
 * is refused leaves the log of before. */
enum rec_status rec_train_log_begin(struct rec_train_log *log,
                                    struct rec_err *err) REC_MUST_USE;
enum rec_status rec_train_log_add(struct rec_train_log *log, double loss, double metric,
                                  struct rec_err *err) REC_MUST_USE;
/* Takes over the rows of FROM, columns by name. */
enum rec_status rec_train_log_restore(struct rec_train_log *log,
                                      const struct rec_table *from,
                                      struct rec_err *err) REC_MUST_USE;
/* Closes the file: an error, if ST is REC_OK so far, is the result; else that is ST. */
enum rec_status rec_train_log_close(struct rec_train_log *log, enum rec_status st,
                                    struct rec_err *err) REC_MUST_USE;

size_t rec_train_log_rows(const struct rec_train_log *log);
double rec_train_log_loss(const struct rec_train_log *log, size_t row);
double rec_train_log_metric(const struct rec_train_log *log, size_t row); /* or NaN */
double rec_train_log_seconds(const struct rec_train_log *log);            /* so far */

/* The section `model.log`. */
enum rec_status rec_train_log_write(struct rec_train_log *log, struct rec_writer *w,
                                    struct rec_err *err) REC_MUST_USE;
/* The first N rows with all columns as section NAME. */
enum rec_status rec_train_log_save(const struct rec_train_log *log, const char *name,
                                   size_t n, struct rec_writer *w,
                                   struct rec_err *err) REC_MUST_USE;

#endif
