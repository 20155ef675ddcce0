#ifndef REC_SPOOL_H
#define REC_SPOOL_H

#include <stdbool.h>
#include <string.h>

#include "base/mem.h"
#include "io/bytes.h"

/*
 * Bytes that do not fit into memory: any number of tapes in one temporary file.  A tape
 * is written from its beginning to its end, and then read from its beginning, as often
 * as wanted.
 *
 * The file lies in $TMPDIR, or /tmp, and has no name there, so that nothing is left of
 * it however the process ends.  It is made when a block is written for the first time:
 * tapes of less than one block never touch the disk.
 *
 *   block of a tape:  u64 number of the tape's next block | its bytes
 *
 * A tape holds one block in memory while it is written or read.  Blocks of all tapes
 * are appended as they fill, and none is used again.  A spool and its tapes belong to
 * one thread at a time.
 *
 * Errors: REC_ESYSTEM, naming the folder, if the file cannot be made, written or read.
 */
struct rec_spool;

enum { REC_SPOOL_HEAD = 8, REC_SPOOL_LEAST_BLOCK = 256 };

/* BLOCK_BYTES, at least REC_SPOOL_LEAST_BLOCK, is the size of the tapes' blocks. */
enum rec_status rec_spool_open(uint32_t block_bytes, struct rec_spool **out,
                               struct rec_err *err) REC_MUST_USE;
/* Bytes written to the file so far. */
uint64_t rec_spool_bytes(const struct rec_spool *s);
/* Its tapes are freed before.  NULL is allowed. */
void rec_spool_close(struct rec_spool *s);

/* Empty: { .spool = s }.  All fields are private. */
struct rec_tape {
    struct rec_spool *spool;
    uint8_t *block;    /* the one in memory, or NULL */
    size_t at, end;    /* in it: bytes from AT on are unwritten, or unread up to END */
    uint64_t n_bytes;  /* of the whole tape */
    uint64_t unloaded; /* reading: bytes behind those in memory */
    uint64_t first;    /* number of the first block, if any is in the file */
    uint64_t next;     /* of the block that is written or loaded next */
    bool in_file, reading;
};

enum rec_status rec_tape_write(struct rec_tape *t, const void *data, size_t n,
                               struct rec_err *err) REC_MUST_USE;
enum rec_status rec_tape_write_varint(struct rec_tape *t, uint64_t x,
                                      struct rec_err *err) REC_MUST_USE;

/* To the beginning, to read; nothing can be written afterwards. */
enum rec_status rec_tape_rewind(struct rec_tape *t, struct rec_err *err) REC_MUST_USE;
/* The next N bytes, of which there must be as many. */
enum rec_status rec_tape_read(struct rec_tape *t, void *data, size_t n,
                              struct rec_err *err) REC_MUST_USE;
enum rec_status rec_tape_read_varint(struct rec_tape *t, uint64_t *x,
                                     struct rec_err *err) REC_MUST_USE;
static inline uint64_t rec_tape_unread(const struct rec_tape *t)
{
    return t->unloaded + (t->end - t->at);
}

/* Writing or reading pauses: the block in memory is given up.  rec_tape_rewind() is
 * the only call that may follow. */
enum rec_status rec_tape_park(struct rec_tape *t, struct rec_err *err) REC_MUST_USE;
void rec_tape_free(struct rec_tape *t);

#endif
