#ifndef REC_MEM_H
#define REC_MEM_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

/*
 * The only file that calls the heap.  Sizes are (count, size) and their product is
 * overflow-checked; every block is counted, so that one limit bounds the process.
 *
 * A NULL return means REC_ESYSTEM, with a sentence in ERR that says WHAT was wanted
 * and how many bytes.  Blocks are aligned to 16 bytes,
 * those above 4 MiB to 64, a cache line.
 */
void *rec_alloc(size_t count, size_t size, const char *what,
                struct rec_err *err) REC_MUST_USE;
void *rec_alloc_zero(size_t count, size_t size, const char *what,
                     struct rec_err *err) REC_MUST_USE;
/* P stays valid on failure. */
void *rec_realloc(void *p, size_t count, size_t size, const char *what,
                  struct rec_err *err) REC_MUST_USE;
void rec_free(void *p);

/* Limit in bytes on all blocks together; 0, the default, is none. */
void rec_mem_limit(uint64_t bytes);
/* What the limit leaves; UINT64_MAX if there is none. */
uint64_t rec_mem_left(void);
/* WANTED bytes for a buffer whose size is free, or less: a PART-th of the limit. */
size_t rec_mem_part(size_t wanted, unsigned part);
/*
 * Whether BYTES more will stay under the limit, asked before a long work begins.  If
 * not, REC_ESYSTEM: "WHAT needs 1.5 GiB beside the ... in use, -M allows ...: HELP".
 */
enum rec_status rec_mem_expect(uint64_t bytes, const char *what, const char *help,
                               struct rec_err *err) REC_MUST_USE;
/* Bytes held now, and the most that was ever held. */
uint64_t rec_mem_now(void);
uint64_t rec_mem_peak(void);
/* For tests: the N-th allocation from now fails (1 = the next); 0 switches off. */
void rec_mem_fail_at(uint64_t n);

/*
 * Growable bytes.  { 0 } is empty.  rec_buf_reserve() makes room for N more bytes
 * after the ones in use; rec_buf_add() appends.
 */
struct rec_buf {
    uint8_t *data;
    size_t n;
    size_t cap;
};

enum rec_status rec_buf_reserve(struct rec_buf *b, size_t n,
                                struct rec_err *err) REC_MUST_USE;
enum rec_status rec_buf_add(struct rec_buf *b, const void *data, size_t n,
                            struct rec_err *err) REC_MUST_USE;
enum rec_status rec_buf_addf(struct rec_buf *b, struct rec_err *err, const char *fmt,
                             ...) REC_PRINTF(3, 4) REC_MUST_USE;
void rec_buf_free(struct rec_buf *b);

#endif
