#include "io/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>
#include <zlib.h>

#include "base/mem.h"

enum {
    IN_BYTES = 1 << 18,
    OUT_BYTES = 1 << 18,
    PIPE_BYTES = 1 << 20,  /* what anyone may ask for */
    PAST_BUFFER = 1 << 16, /* a piece of this size is not copied */
    MAX_TEMPORARIES = 4
};

struct rec_in {
    int fd;
    char *name;
    uint8_t *buf; /* bytes as the file holds them: pos..n are unread */
    size_t pos, n;
    bool eof;
    bool gzip;
    bool member; /* inside a gzip member */
    z_stream z;
    uint64_t offset;
};

static char *copy_text(const char *s, struct rec_err *err)
{
    size_t n = strlen(s) + 1;
    char *copy = rec_alloc(n, 1, "file name", err);

    if (copy != NULL)
        memcpy(copy, s, n);
    return copy;
}

/* A large pipe lets its two ends work longer without waiting for each other. */
static void widen_pipe(int fd)
{
    int n = fcntl(fd, F_GETPIPE_SZ);

    if (n > 0 && n < PIPE_BYTES)
        (void)fcntl(fd, F_SETPIPE_SZ, PIPE_BYTES); /* only advice */
}

/* Refills the empty buffer. */
static enum rec_status fill(struct rec_in *in, struct rec_err *err)
{
    ssize_t got;

    do
        got = read(in->fd, in->buf, IN_BYTES);
    while (got < 0 && errno == EINTR);
    if (got < 0)
        return rec_fail_errno(err, "%s: cannot read", in->name);
    in->pos = 0;
    in->n = (size_t)got;
    in->eof = got == 0;
    return REC_OK;
}

/* The first two bytes may come from a slow pipe one by one. */
static enum rec_status look_for_gzip(struct rec_in *in, struct rec_err *err)
{
    while (in->n < 2 && !in->eof) {
        ssize_t got = read(in->fd, in->buf + in->n, IN_BYTES - in->n);

        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return rec_fail_errno(err, "%s: cannot read", in->name);
        in->n += (size_t)got;
        in->eof = got == 0;
    }
    if (in->n < 2 || in->buf[0] != 0x1f || in->buf[1] != 0x8b)
        return REC_OK;
    if (inflateInit2(&in->z, 15 + 16) != Z_OK)
        return rec_fail(err, REC_ESYSTEM, "%s: out of memory for inflating", in->name);
    in->gzip = true;
    in->member = true;
    return REC_OK;
}

enum rec_status rec_in_open(const char *path, bool gunzip, struct rec_in **out,
                            struct rec_err *err)
{
    bool is_stdin = path == NULL || strcmp(path, "-") == 0;
    enum rec_status st = REC_ESYSTEM;
    struct rec_in *in = rec_alloc_zero(1, sizeof *in, "input", err);
    struct stat s;

    if (in == NULL)
        return REC_ESYSTEM;
    in->fd = -1;
    in->name = copy_text(is_stdin ? "stdin" : path, err);
    in->buf = rec_alloc(IN_BYTES, 1, "input buffer", err);
    if (in->name == NULL || in->buf == NULL)
        goto fail;
    in->fd = is_stdin ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    if (in->fd < 0) {
        st = rec_fail_errno(err, "%s: cannot open", path);
        goto fail;
    }
    if (fstat(in->fd, &s) == 0 && S_ISDIR(s.st_mode)) {
        st = rec_fail(err, REC_ESYSTEM, "%s: is a directory", in->name);
        goto fail;
    }
    widen_pipe(in->fd);
    if (gunzip) {
        st = look_for_gzip(in, err);
        if (st != REC_OK)
            goto fail;
    }
    *out = in;
    return REC_OK;
fail:
    rec_in_close(in);
    return st;
}

const char *rec_in_name(const struct rec_in *in)
{
    return in->name;
}

uint64_t rec_in_offset(const struct rec_in *in)
{
    return in->offset;
}

/* Whether a read would return at once; one that fails does so too. */
static bool is_ready(const struct rec_in *in)
{
    struct pollfd p = { .fd = in->fd, .events = POLLIN };

    return poll(&p, 1, 0) != 0;
}

/* SOME: does not wait once there is a byte. */
static enum rec_status read_plain(struct rec_in *in, uint8_t *data, size_t n, bool some,
                                  size_t *got, struct rec_err *err)
{
    size_t done = 0;

    while (done < n) {
        size_t part = in->n - in->pos;

        if (part == 0 && (in->eof || (some && done > 0 && !is_ready(in))))
            break;
        if (part == 0 && n - done >= IN_BYTES) { /* large: past the buffer */
            ssize_t r = read(in->fd, data + done, n - done);

            if (r < 0 && errno == EINTR)
                continue;
            if (r < 0)
                return rec_fail_errno(err, "%s: cannot read", in->name);
            in->eof = r == 0;
            done += (size_t)r;
            continue;
        }
        if (part == 0) {
            enum rec_status st = fill(in, err);

            if (st != REC_OK)
                return st;
            continue;
        }
        part = part < n - done ? part : n - done;
        memcpy(data + done, in->buf + in->pos, part);
        in->pos += part;
        done += part;
    }
    *got = done;
    return REC_OK;
}

static enum rec_status read_gzip(struct rec_in *in, uint8_t *data, size_t n, bool some,
                                 size_t *got, struct rec_err *err)
{
    in->z.next_out = data;
    in->z.avail_out = (uInt)n;
    while (in->z.avail_out > 0) {
        int r;

        if (in->pos == in->n && some && in->z.avail_out < n && !is_ready(in))
            break;
        if (in->pos == in->n && !in->eof) {
            enum rec_status st = fill(in, err);

            if (st != REC_OK)
                return st;
        }
        while (!in->member && in->pos < in->n && in->buf[in->pos] == 0)
            in->pos++; /* padding behind a member, as of tapes */
        if (in->pos == in->n && in->eof) {
            if (in->member)
                return rec_fail(err, REC_EINPUT,
                                "%s: the gzip data is cut off; fetch the file again",
                                in->name);
            break;
        }
        if (in->pos == in->n)
            continue;
        if (!in->member) { /* another member follows */
            if (inflateReset(&in->z) != Z_OK)
                return rec_fail(err, REC_ESYSTEM, "%s: inflateReset failed", in->name);
            in->member = true;
        }
        in->z.next_in = in->buf + in->pos;
        in->z.avail_in = (uInt)(in->n - in->pos);
        r = inflate(&in->z, Z_NO_FLUSH);
        in->pos = in->n - in->z.avail_in;
        if (r == Z_STREAM_END)
            in->member = false;
        else if (r != Z_OK && r != Z_BUF_ERROR)
            return rec_fail(err, REC_EINPUT, "%s: the gzip data is damaged (%s)",
                            in->name, in->z.msg == NULL ? "no detail" : in->z.msg);
    }
    *got = n - in->z.avail_out;
    return REC_OK;
}

static enum rec_status read_any(struct rec_in *in, void *data, size_t n, bool some,
                                size_t *got, struct rec_err *err)
{
    enum rec_status st = in->gzip ? read_gzip(in, data, n, some, got, err)
                                  : read_plain(in, data, n, some, got, err);

    if (st == REC_OK)
        in->offset += *got;
    return st;
}

enum rec_status rec_in_read(struct rec_in *in, void *data, size_t n, size_t *got,
                            struct rec_err *err)
{
    return read_any(in, data, n, false, got, err);
}

enum rec_status rec_in_read_some(struct rec_in *in, void *data, size_t n, size_t *got,
                                 struct rec_err *err)
{
    return read_any(in, data, n, true, got, err);
}

void rec_in_close(struct rec_in *in)
{
    if (in == NULL)
        return;
    if (in->gzip)
        (void)inflateEnd(&in->z);
    if (in->fd > STDIN_FILENO)
        (void)close(in->fd);
    rec_free(in->name);
    rec_free(in->buf);
    rec_free(in);
}

struct rec_out {
    int fd;
    char *name;
    char *temporary; /* NULL: written directly */
    int slot;        /* its place in the list below */
    bool is_file;
    uint8_t *buf;
    size_t n;
};

/* Read by a signal handler: a slot is filled before it is switched on. */
static char temporaries[MAX_TEMPORARIES][PATH_MAX];
static volatile sig_atomic_t temporary_is_on[MAX_TEMPORARIES];

void rec_out_remove_temporaries(void)
{
    for (int i = 0; i < MAX_TEMPORARIES; i++)
        if (temporary_is_on[i])
            (void)unlink(temporaries[i]);
}

/* Opens PATH.tmp-PID beside the final name and lists it for removal. */
static enum rec_status open_temporary(struct rec_out *out, const char *path,
                                      struct rec_err *err)
{
    char text[PATH_MAX];
    int n = snprintf(text, sizeof text, "%s.tmp-%ld", path, (long)getpid());
    int slot = 0;

    if (n < 0 || (size_t)n >= sizeof text)
        return rec_fail(err, REC_ESYSTEM, "%s: the path is too long", path);
    while (slot < MAX_TEMPORARIES && temporary_is_on[slot])
        slot++;
    if (slot == MAX_TEMPORARIES)
        return rec_fail(err, REC_ESYSTEM, "%s: too many files are being written", path);
    out->temporary = copy_text(text, err);
    if (out->temporary == NULL)
        return REC_ESYSTEM;
    memcpy(temporaries[slot], text, (size_t)n + 1);
    temporary_is_on[slot] = 1;
    out->slot = slot;
    out->fd = open(text, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0666);
    if (out->fd < 0)
        return rec_fail_errno(err, "%s: cannot create", path);
    return REC_OK;
}

enum rec_status rec_out_open(const char *path, struct rec_out **result,
                             struct rec_err *err)
{
    bool is_stdout = path == NULL || strcmp(path, "-") == 0 ||
                     strcmp(path, "/dev/stdout") == 0 || strcmp(path, "/dev/fd/1") == 0;
    char target[PATH_MAX];
    struct rec_out *out = rec_alloc_zero(1, sizeof *out, "output", err);
    enum rec_status st = REC_ESYSTEM;
    struct stat s;

    if (out == NULL)
        return REC_ESYSTEM;
    out->fd = -1;
    out->slot = -1;
    if (!is_stdout && lstat(path, &s) == 0 && S_ISLNK(s.st_mode) &&
        realpath(path, target) != NULL)
        path = target; /* a symbolic link stays; what it points to is written */
    out->name = copy_text(is_stdout ? "stdout" : path, err);
    out->buf = rec_alloc(OUT_BYTES, 1, "output buffer", err);
    if (out->name == NULL || out->buf == NULL)
        goto fail;
    if (is_stdout) {
        out->fd = STDOUT_FILENO;
        out->is_file = fstat(out->fd, &s) == 0 && S_ISREG(s.st_mode);
    } else if (stat(path, &s) == 0 && !S_ISREG(s.st_mode)) {
        out->fd = open(path, O_WRONLY | O_CLOEXEC);
        if (out->fd < 0) {
            st = rec_fail_errno(err, "%s: cannot open", path);
            goto fail;
        }
    } else {
        st = open_temporary(out, path, err);
        if (st != REC_OK)
            goto fail;
        out->is_file = true;
    }
    widen_pipe(out->fd);
    *result = out;
    return REC_OK;
fail:
    rec_out_discard(out);
    return st;
}

const char *rec_out_name(const struct rec_out *out)
{
    return out->name;
}

bool rec_out_is_file(const struct rec_out *out)
{
    return out->is_file;
}

/* Writes what is buffered, then N bytes at DATA, together. */
static enum rec_status flush(struct rec_out *out, const void *data, size_t n,
                             struct rec_err *err)
{
    struct iovec part[2] = { { out->buf, out->n }, { (void *)(uintptr_t)data, n } };

    out->n = 0;
    while (part[0].iov_len + part[1].iov_len > 0) {
        ssize_t r = writev(out->fd, part, 2);

        if (r < 0 && errno == EINTR)
            continue;
        if (r < 0)
            return rec_fail_errno(err, "%s: cannot write", out->name);
        for (int i = 0; i < 2; i++) {
            size_t done = (size_t)r < part[i].iov_len ? (size_t)r : part[i].iov_len;

            part[i].iov_base = (uint8_t *)part[i].iov_base + done;
            part[i].iov_len -= done;
            r -= (ssize_t)done;
        }
    }
    return REC_OK;
}

enum rec_status rec_out_write(struct rec_out *out, const void *data, size_t n,
                              struct rec_err *err)
{
    if (n > OUT_BYTES - out->n || n >= PAST_BUFFER)
        return flush(out, data, n, err);
    if (n > 0)
        memcpy(out->buf + out->n, data, n);
    out->n += n;
    return REC_OK;
}

enum rec_status rec_out_flush(struct rec_out *out, struct rec_err *err)
{
    return flush(out, NULL, 0, err);
}

enum rec_status rec_out_commit(struct rec_out *out, struct rec_err *err)
{
    enum rec_status st = flush(out, NULL, 0, err);
    int fd = out->fd;

    if (st == REC_OK && out->temporary != NULL && fsync(fd) != 0)
        st = rec_fail_errno(err, "%s: cannot write to disk", out->name);
    if (st == REC_OK) {
        out->fd = -1;
        if (close(fd) != 0)
            st = rec_fail_errno(err, "%s: cannot close", out->name);
    }
    if (st == REC_OK && out->temporary != NULL) {
        if (rename(out->temporary, out->name) != 0)
            st = rec_fail_errno(err, "%s: cannot rename into place", out->name);
        else
            temporary_is_on[out->slot] = 0;
    }
    rec_out_discard(out);
    return st;
}

void rec_out_discard(struct rec_out *out)
{
    if (out == NULL)
        return;
    if (out->fd > STDOUT_FILENO)
        (void)close(out->fd);
    if (out->slot >= 0 && temporary_is_on[out->slot]) {
        (void)unlink(out->temporary);
        temporary_is_on[out->slot] = 0;
    }
    rec_free(out->temporary);
    rec_free(out->name);
    rec_free(out->buf);
    rec_free(out);
}
