#include "nn/trainlog.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>
#include <time.h>

enum { EPOCH, LOSS, METRIC, ROOM = 65536 };

static double clock_s(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static double *reals(const struct rec_train_log *log, uint32_t column)
{
    return log->t.cols[column].data;
}

/* The last column. */
static double *seconds(const struct rec_train_log *log)
{
    return reals(log, log->t.n_cols - 1);
}

enum rec_status rec_train_log_open(struct rec_train_log *log, const char *path,
                                   const char *metric, uint64_t epochs,
                                   struct rec_err *err)
{
    *log = (struct rec_train_log){ .has_metric = metric != NULL, .path = path };
    rec_table_init(&log->t, "model.log", REC_KIND_LOG);
    memcpy(log->t.by, "rec-train", sizeof "rec-train");
    rec_table_add(&log->t, "epoch", REC_U32, 1, REC_DELTA, NULL);
    rec_table_add(&log->t, "loss", REC_F64, 1, REC_SHUFFLE, NULL);
    if (metric != NULL)
        rec_table_add(&log->t, metric, REC_F64, 1, REC_SHUFFLE, NULL);
    rec_table_add(&log->t, "seconds", REC_F64, 1, REC_SHUFFLE, NULL);
    log->start_s = clock_s();
    return rec_table_reserve(&log->t, epochs < ROOM ? (size_t)epochs + 1 : ROOM, err);
}

/* Row I is complete: its line, which is written at once. */
static enum rec_status write_line(const struct rec_train_log *log, size_t i,
                                  struct rec_err *err)
{
    if (log->file == NULL)
        return REC_OK;
    fprintf(log->file, "%zu\t%.6f\t%.9g", i + 1, seconds(log)[i], reals(log, LOSS)[i]);
    if (log->has_metric)
        fprintf(log->file, "\t%.9g", reals(log, METRIC)[i]);
    if (fputc('\n', log->file) == EOF)
        return rec_fail_errno(err, "%s: cannot write", log->path);
    return REC_OK;
}

enum rec_status rec_train_log_begin(struct rec_train_log *log, struct rec_err *err)
{
    enum rec_status st = REC_OK;

    if (log->path == NULL)
        return REC_OK;
    log->file = fopen(log->path, "w");
    if (log->file == NULL)
        return rec_fail_errno(err, "%s: cannot open", log->path);
    setvbuf(log->file, NULL, _IOLBF, 0);
    fprintf(log->file, "epoch\tseconds\tloss%s%s\n", log->has_metric ? "\t" : "",
            log->has_metric ? log->t.cols[METRIC].name : "");
    for (size_t i = 0; st == REC_OK && i < log->t.n_rows; i++)
        st = write_line(log, i, err);
    return st;
}

enum rec_status rec_train_log_add(struct rec_train_log *log, double loss, double metric,
                                  struct rec_err *err)
{
    size_t i = log->t.n_rows;
    enum rec_status st = rec_table_reserve(&log->t, i + 1, err);

    if (st != REC_OK)
        return st;
    ((uint32_t *)log->t.cols[EPOCH].data)[i] = (uint32_t)(i + 1);
    reals(log, LOSS)[i] = loss;
    if (log->has_metric)
        reals(log, METRIC)[i] = metric;
    seconds(log)[i] = rec_train_log_seconds(log);
    log->t.n_rows++;
    return write_line(log, i, err);
}

enum rec_status rec_train_log_restore(struct rec_train_log *log,
                                      const struct rec_table *from, struct rec_err *err)
{
    enum rec_status st = rec_table_reserve(&log->t, from->n_rows, err);

    for (uint32_t k = 0; st == REC_OK && k < log->t.n_cols; k++) {
        const struct rec_column *to = &log->t.cols[k], *c;

        st = rec_table_column(from, to->name, to->type, 1, &c, err);
        if (st == REC_OK && from->n_rows > 0)
            memcpy(to->data, c->data, from->n_rows * rec_type_bytes(c->type));
    }
    if (st != REC_OK)
        return st;
    log->t.n_rows = from->n_rows;
    log->n_before = log->t.n_rows;
    if (log->n_before > 0)
        log->before_s = seconds(log)[log->n_before - 1];
    return REC_OK;
}

enum rec_status rec_train_log_close(struct rec_train_log *log, enum rec_status st,
                                    struct rec_err *err)
{
    FILE *file = log->file;
    const char *path = log->path;

    rec_table_free(&log->t);
    *log = (struct rec_train_log){ 0 };
    if (file != NULL && fclose(file) != 0 && st == REC_OK)
        return rec_fail_errno(err, "%s: cannot write", path);
    return st;
}

size_t rec_train_log_rows(const struct rec_train_log *log)
{
    return log->t.n_rows;
}

double rec_train_log_loss(const struct rec_train_log *log, size_t row)
{
    return reals(log, LOSS)[row];
}

double rec_train_log_metric(const struct rec_train_log *log, size_t row)
{
    return log->has_metric ? reals(log, METRIC)[row] : NAN;
}

double rec_train_log_seconds(const struct rec_train_log *log)
{
    return log->before_s + clock_s() - log->start_s;
}

enum rec_status rec_train_log_write(struct rec_train_log *log, struct rec_writer *w,
                                    struct rec_err *err)
{
    enum rec_status st;

    log->t.n_cols--; /* time is no part of a result */
    st = rec_writer_table(w, &log->t, err);
    log->t.n_cols++;
    return st;
}

enum rec_status rec_train_log_save(const struct rec_train_log *log, const char *name,
                                   size_t n, struct rec_writer *w, struct rec_err *err)
{
    struct rec_table t = log->t; /* a view */

    (void)snprintf(t.name, sizeof t.name, "%s", name);
    t.n_rows = n;
    return rec_writer_table(w, &t, err);
}
