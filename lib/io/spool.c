#include "io/spool.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct rec_spool {
    int fd; /* -1 until the first block is written */
    const char *dir;
    uint32_t block_bytes;
    uint64_t n_blocks; /* given to tapes, written or not */
    uint64_t bytes;
};

enum rec_status rec_spool_open(uint32_t block_bytes, struct rec_spool **out,
                               struct rec_err *err)
{
    struct rec_spool *s = rec_alloc_zero(1, sizeof *s, "spool", err);
    const char *dir = getenv("TMPDIR");

    if (s == NULL)
        return REC_ESYSTEM;
    assert(block_bytes >= REC_SPOOL_LEAST_BLOCK);
    s->fd = -1;
    s->dir = dir == NULL || dir[0] == '\0' ? "/tmp" : dir;
    s->block_bytes = block_bytes;
    *out = s;
    return REC_OK;
}

uint64_t rec_spool_bytes(const struct rec_spool *s)
{
    return s->bytes;
}

void rec_spool_close(struct rec_spool *s)
{
    if (s != NULL && s->fd >= 0)
        (void)close(s->fd);
    rec_free(s);
}

/* Without a name where the file system can, else with one for a moment. */
static enum rec_status create(struct rec_spool *s, struct rec_err *err)
{
    char path[PATH_MAX];

    s->fd = open(s->dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (s->fd < 0 &&
        (size_t)snprintf(path, sizeof path, "%s/rec-XXXXXX", s->dir) < sizeof path) {
        s->fd = mkostemp(path, O_CLOEXEC);
        if (s->fd >= 0)
            (void)unlink(path);
    }
    if (s->fd < 0)
        return rec_fail_errno(err,
                              "%s: cannot make a temporary file, for what -M leaves no "
                              "memory for; set TMPDIR to a folder that can be written",
                              s->dir);
    return REC_OK;
}

static enum rec_status write_at(struct rec_spool *s, const uint8_t *data, size_t n,
                                uint64_t offset, struct rec_err *err)
{
    while (n > 0) {
        ssize_t r = pwrite(s->fd, data, n, (off_t)offset);

        if (r < 0 && errno == EINTR)
            continue;
        if (r < 0)
            return rec_fail_errno(
                err,
                "%s: cannot write a temporary file beyond %llu bytes; "
                "set TMPDIR to a folder with more room, or raise -M",
                s->dir, (unsigned long long)s->bytes);
        data += r;
        n -= (size_t)r;
        offset += (uint64_t)r;
        s->bytes += (uint64_t)r;
    }
    return REC_OK;
}

static enum rec_status read_at(const struct rec_spool *s, uint8_t *data, size_t n,
                               uint64_t offset, struct rec_err *err)
{
    while (n > 0) {
        ssize_t r = pread(s->fd, data, n, (off_t)offset);

        if (r < 0 && errno == EINTR)
            continue;
        if (r < 0)
            return rec_fail_errno(err, "%s: cannot read a temporary file", s->dir);
        if (r == 0)
            return rec_fail(err, REC_ESYSTEM, "%s: a temporary file was cut off",
                            s->dir);
        data += r;
        n -= (size_t)r;
        offset += (uint64_t)r;
    }
    return REC_OK;
}

/* The block in memory goes into the file; the number of the one after it is settled. */
static enum rec_status store(struct rec_tape *t, struct rec_err *err)
{
    struct rec_spool *s = t->spool;
    uint64_t number;

    if (s->fd < 0) {
        enum rec_status st = create(s, err);

        if (st != REC_OK)
            return st;
    }
    if (!t->in_file)
        t->first = t->next = s->n_blocks++;
    t->in_file = true;
    number = t->next;
    t->next = s->n_blocks++;
    rec_put_u64(t->block, t->next);
    return write_at(s, t->block, t->at, number * s->block_bytes, err);
}

static enum rec_status load(struct rec_tape *t, struct rec_err *err)
{
    struct rec_spool *s = t->spool;
    size_t n = s->block_bytes - REC_SPOOL_HEAD;
    enum rec_status st;

    if (t->unloaded == 0)
        return rec_fail(err, REC_ESYSTEM, "%s: a temporary file ends early", s->dir);
    n = n < t->unloaded ? n : (size_t)t->unloaded;
    st = read_at(s, t->block, REC_SPOOL_HEAD + n, t->next * s->block_bytes, err);
    t->at = REC_SPOOL_HEAD;
    t->end = st == REC_OK ? t->at + n : t->at;
    t->unloaded -= n;
    t->next = rec_get_u64(t->block);
    return st;
}

static enum rec_status get_block(struct rec_tape *t, struct rec_err *err)
{
    if (t->block == NULL)
        t->block = rec_alloc(t->spool->block_bytes, 1, "temporary data", err);
    return t->block == NULL ? REC_ESYSTEM : REC_OK;
}

enum rec_status rec_tape_write(struct rec_tape *t, const void *data, size_t n,
                               struct rec_err *err)
{
    const uint8_t *p = data;
    enum rec_status st = REC_OK;

    assert(!t->reading);
    while (st == REC_OK && n > 0) {
        size_t part;

        if (t->block == NULL) {
            st = get_block(t, err);
            if (st != REC_OK)
                return st;
            t->at = REC_SPOOL_HEAD;
        }
        part = t->spool->block_bytes - t->at;
        if (part == 0) {
            st = store(t, err);
            t->at = REC_SPOOL_HEAD;
            continue;
        }
        part = part < n ? part : n;
        memcpy(t->block + t->at, p, part);
        t->at += part;
        t->n_bytes += part;
        p += part;
        n -= part;
    }
    return st;
}

enum rec_status rec_tape_write_varint(struct rec_tape *t, uint64_t x,
                                      struct rec_err *err)
{
    uint8_t bytes[REC_VARINT_MAX];

    return rec_tape_write(t, bytes, (size_t)(rec_put_varint(bytes, x) - bytes), err);
}

/* After the last byte: what is in memory joins what is in the file. */
static enum rec_status end_writing(struct rec_tape *t, struct rec_err *err)
{
    enum rec_status st = REC_OK;

    if (!t->reading && t->in_file && t->at > REC_SPOOL_HEAD)
        st = store(t, err);
    t->reading = true;
    return st;
}

enum rec_status rec_tape_rewind(struct rec_tape *t, struct rec_err *err)
{
    enum rec_status st = end_writing(t, err);

    t->at = t->end = REC_SPOOL_HEAD;
    t->unloaded = 0;
    if (st != REC_OK || t->n_bytes == 0)
        return st;
    if (!t->in_file) {
        t->end += (size_t)t->n_bytes;
        return REC_OK;
    }
    t->unloaded = t->n_bytes;
    t->next = t->first;
    return get_block(t, err); /* loaded when the first byte is asked for */
}

enum rec_status rec_tape_read(struct rec_tape *t, void *data, size_t n,
                              struct rec_err *err)
{
    uint8_t *p = data;

    assert(t->reading);
    while (n > 0) {
        size_t part = t->end - t->at;

        if (part == 0) {
            enum rec_status st = load(t, err);

            if (st != REC_OK)
                return st;
            continue;
        }
        part = part < n ? part : n;
        memcpy(p, t->block + t->at, part);
        t->at += part;
        p += part;
        n -= part;
    }
    return REC_OK;
}

enum rec_status rec_tape_read_varint(struct rec_tape *t, uint64_t *x,
                                     struct rec_err *err)
{
    uint8_t bytes[REC_VARINT_MAX];
    const uint8_t *p;
    enum rec_status st = REC_OK;
    size_t n = 0;

    if (t->end - t->at >= REC_VARINT_MAX) {
        p = t->block + t->at;
        if (!rec_get_varint(&p, t->block + t->end, x))
            return rec_fail(err, REC_ESYSTEM, "%s: a temporary file has changed",
                            t->spool->dir);
        t->at = (size_t)(p - t->block);
        return REC_OK;
    }
    do
        st = rec_tape_read(t, &bytes[n], 1, err);
    while (st == REC_OK && bytes[n++] >= 0x80 && n < REC_VARINT_MAX);
    p = bytes;
    if (st == REC_OK && !rec_get_varint(&p, bytes + n, x))
        return rec_fail(err, REC_ESYSTEM, "%s: a temporary file has changed",
                        t->spool->dir);
    return st;
}

enum rec_status rec_tape_park(struct rec_tape *t, struct rec_err *err)
{
    enum rec_status st = end_writing(t, err);

    if (st == REC_OK && !t->in_file && t->n_bytes > 0) { /* all of it is in memory */
        t->at = REC_SPOOL_HEAD + (size_t)t->n_bytes;
        st = store(t, err);
    }
    t->at = t->end = t->unloaded = 0;
    rec_free(t->block);
    t->block = NULL;
    return st;
}

void rec_tape_free(struct rec_tape *t)
{
    rec_free(t->block);
    *t = (struct rec_tape){ 0 };
}
