#ifndef REC_PROV_H
#define REC_PROV_H

#include <stdbool.h>

#include "base/mem.h"

/*
 * Provenance: one line for each stage that a stream has passed, oldest first.
 *
 *   @PG ID:rec-split  PP:rec-encode  PN:rec-split  VN:0.1.0  PA:--seed 1 ...  IN:9f..
 *
 * ID is unique in the stream, PP the line before, PN the program, VN its version, PA
 * the options that change its result, quoted for a shell, IN the digest of what it
 * read.  No time, host, path or thread count: the same input and options give the
 * same line.  Fields are split by tabs.
 */

/* Appends the line of one more stage to LINES (each line ends in a newline). */
enum rec_status rec_prov_add(struct rec_buf *lines, const char *program,
                             const char *arguments, uint64_t input,
                             struct rec_err *err) REC_MUST_USE;

/* Whether the N bytes at TEXT are whole lines that begin with "@PG" and a tab. */
bool rec_prov_ok(const char *text, size_t n);

/*
 * Appends to OUT, as a shell script that reads its input from "$@", the pipeline that
 * the lines describe.
 */
enum rec_status rec_prov_script(const char *lines, size_t n, struct rec_buf *out,
                                struct rec_err *err) REC_MUST_USE;

#endif
