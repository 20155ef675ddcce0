#ifndef REC_FILE_H
#define REC_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

/*
 * Bytes in.  A path of NULL or "-" is standard input, called "stdin" in messages.
 * With `gunzip`, gzip data (one member or many) is recognised by its first two bytes
 * and inflated; all other data passes unchanged.
 */
struct rec_in;

enum rec_status rec_in_open(const char *path, bool gunzip, struct rec_in **out,
                            struct rec_err *err) REC_MUST_USE;
const char *rec_in_name(const struct rec_in *in);
/* Fills DATA with N bytes; *got is less only at the end of the input. */
enum rec_status rec_in_read(struct rec_in *in, void *data, size_t n, size_t *got,
                            struct rec_err *err) REC_MUST_USE;
/* The same, but of what has to be waited for only the first byte: *got is 0 only at the
 * end of the input, and else what is there already, at most N. */
enum rec_status rec_in_read_some(struct rec_in *in, void *data, size_t n, size_t *got,
                                 struct rec_err *err) REC_MUST_USE;
/* Bytes delivered so far. */
uint64_t rec_in_offset(const struct rec_in *in);
void rec_in_close(struct rec_in *in);

/*
 * Bytes out.  A path of NULL or "-" is standard output.  A regular file is written
 * beside its final name and takes that name in rec_out_commit(), after fsync;
 * anything else (a pipe, /dev/null) is written directly.
 */
struct rec_out;

enum rec_status rec_out_open(const char *path, struct rec_out **out,
                             struct rec_err *err) REC_MUST_USE;
const char *rec_out_name(const struct rec_out *out);
/* True for a regular file: the place where bytes stay, so that packing them pays. */
bool rec_out_is_file(const struct rec_out *out);
enum rec_status rec_out_write(struct rec_out *out, const void *data, size_t n,
                              struct rec_err *err) REC_MUST_USE;
/* Hands on what is buffered. */
enum rec_status rec_out_flush(struct rec_out *out, struct rec_err *err) REC_MUST_USE;
/* Flushes, closes, renames; frees OUT whatever the result. */
enum rec_status rec_out_commit(struct rec_out *out, struct rec_err *err) REC_MUST_USE;
/* Closes and removes what was not committed.  NULL is allowed. */
void rec_out_discard(struct rec_out *out);

/* Removes the temporary files of this process; async-signal-safe, for handlers. */
void rec_out_remove_temporaries(void);

#endif
