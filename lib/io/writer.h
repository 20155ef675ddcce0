#ifndef REC_WRITER_H
#define REC_WRITER_H

#include "io/frame.h"
#include "io/table.h"

/*
 * Writes one container.  Packing belongs to the place where the bytes stay: frames go
 * stored into a pipe, and deflated at the given zlib level into a regular file, relayed
 * ones included, on all threads.  What a file holds does not depend on how many pipes
 * its frames came through.
 */
struct rec_writer;

/* What a writer holds at the most of tables of so many bytes, beside them: frames on
 * their way into a file. */
uint64_t rec_writer_bytes(uint64_t table_bytes);

/* PATH as rec_out_open(); LEVEL 0 (store) to 9. */
enum rec_status rec_writer_open(const char *path, int level, struct rec_writer **out,
                                struct rec_err *err) REC_MUST_USE;

/* Takes the frame (emptied) and writes it as it came. */
enum rec_status rec_writer_relay(struct rec_writer *w, struct rec_frame *f,
                                 struct rec_err *err) REC_MUST_USE;

/*
 * A section: begin with the columns, add rows any number of times, end.  Rows added in
 * one call start a new frame.  One section at a time.
 */
enum rec_status rec_writer_begin(struct rec_writer *w, const struct rec_table *t,
                                 struct rec_err *err) REC_MUST_USE;
enum rec_status rec_writer_rows(struct rec_writer *w, const struct rec_table *t,
                                struct rec_err *err) REC_MUST_USE;
enum rec_status rec_writer_end(struct rec_writer *w, struct rec_err *err) REC_MUST_USE;
/* All three. */
enum rec_status rec_writer_table(struct rec_writer *w, const struct rec_table *t,
                                 struct rec_err *err) REC_MUST_USE;

/*
 * The provenance line LINE, then END; flushes and gives the file its name.  Frees W
 * whatever the result.
 */
enum rec_status rec_writer_finish(struct rec_writer *w, const char *line,
                                  struct rec_err *err) REC_MUST_USE;

/* Without END: the output is then refused by whoever reads it.  NULL is allowed. */
void rec_writer_discard(struct rec_writer *w);

#endif
