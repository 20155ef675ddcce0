#include "base/mem.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* In front of every block: its size, padded so that the block stays aligned to 16. */
struct header {
    size_t bytes;
    size_t pad;
};

static atomic_uint_fast64_t held;
static atomic_uint_fast64_t peak;
static atomic_uint_fast64_t fail_at;
static uint64_t limit;

static void count_up(uint64_t bytes)
{
    uint_fast64_t now = atomic_fetch_add(&held, bytes) + bytes;
    uint_fast64_t top = atomic_load(&peak);

    while (now > top && !atomic_compare_exchange_weak(&peak, &top, now))
        ;
}

/* Checks count * size, the test hook and the limit; OLD bytes are given back. */
static int admit(size_t count, size_t size, size_t old, const char *what, size_t *bytes,
                 struct rec_err *err)
{
    if (__builtin_mul_overflow(count, size, bytes) ||
        *bytes > SIZE_MAX - sizeof(struct header)) {
        rec_fail(err, REC_ESYSTEM, "out of memory: %s: %zu x %zu bytes", what, count,
                 size);
        return 0;
    }
    if (atomic_load(&fail_at) != 0 && atomic_fetch_sub(&fail_at, 1) == 1) {
        rec_fail(err, REC_ESYSTEM, "out of memory: %s: %zu bytes", what, *bytes);
        return 0;
    }
    if (limit != 0 && *bytes > old && atomic_load(&held) + (*bytes - old) > limit) {
        rec_fail(
            err, REC_ESYSTEM,
            "memory limit: %s: needs %zu bytes more, %llu of %llu are in use; raise -M",
            what, *bytes - old, (unsigned long long)atomic_load(&held),
            (unsigned long long)limit);
        return 0;
    }
    return 1;
}

static void *keep(struct header *h, size_t bytes, const char *what, struct rec_err *err)
{
    if (h == NULL) {
        rec_fail(err, REC_ESYSTEM, "out of memory: %s: %zu bytes", what, bytes);
        return NULL;
    }
    h->bytes = bytes;
    return h + 1;
}

void *rec_alloc(size_t count, size_t size, const char *what, struct rec_err *err)
{
    size_t bytes;
    void *p;

    if (!admit(count, size, 0, what, &bytes, err))
        return NULL;
    p = keep(malloc(sizeof(struct header) + bytes), bytes, what, err);
    if (p != NULL)
        count_up(bytes);
    return p;
}

void *rec_alloc_zero(size_t count, size_t size, const char *what, struct rec_err *err)
{
    size_t bytes;
    void *p;

    if (!admit(count, size, 0, what, &bytes, err))
        return NULL;
    p = keep(calloc(1, sizeof(struct header) + bytes), bytes, what, err);
    if (p != NULL)
        count_up(bytes);
    return p;
}

void *rec_realloc(void *p, size_t count, size_t size, const char *what,
                  struct rec_err *err)
{
    struct header *h = p == NULL ? NULL : (struct header *)p - 1;
    size_t old = h == NULL ? 0 : h->bytes;
    size_t bytes;
    void *q;

    if (!admit(count, size, old, what, &bytes, err))
        return NULL;
    q = keep(realloc(h, sizeof(struct header) + bytes), bytes, what, err);
    if (q == NULL)
        return NULL;
    atomic_fetch_sub(&held, old);
    count_up(bytes);
    return q;
}

void rec_free(void *p)
{
    if (p == NULL)
        return;
    atomic_fetch_sub(&held, ((struct header *)p - 1)->bytes);
    free((struct header *)p - 1);
}

void rec_mem_limit(uint64_t bytes)
{
    limit = bytes;
}

uint64_t rec_mem_now(void)
{
    return atomic_load(&held);
}

uint64_t rec_mem_peak(void)
{
    return atomic_load(&peak);
}

void rec_mem_fail_at(uint64_t n)
{
    atomic_store(&fail_at, n);
}

enum rec_status rec_buf_reserve(struct rec_buf *b, size_t n, struct rec_err *err)
{
    size_t cap = b->cap < 256 ? 256 : b->cap;
    uint8_t *data;

    if (n <= b->cap - b->n)
        return REC_OK;
    while (cap - b->n < n) {
        if (cap > SIZE_MAX / 2)
            return rec_fail(err, REC_ESYSTEM, "out of memory: buffer of %zu bytes", n);
        cap *= 2;
    }
    data = rec_realloc(b->data, cap, 1, "buffer", err);
    if (data == NULL)
        return REC_ESYSTEM;
    b->data = data;
    b->cap = cap;
    return REC_OK;
}

enum rec_status rec_buf_add(struct rec_buf *b, const void *data, size_t n,
                            struct rec_err *err)
{
    enum rec_status st = rec_buf_reserve(b, n, err);

    if (st != REC_OK)
        return st;
    if (n > 0)
        memcpy(b->data + b->n, data, n);
    b->n += n;
    return REC_OK;
}

enum rec_status rec_buf_addf(struct rec_buf *b, struct rec_err *err, const char *fmt,
                             ...)
{
    char small[512];
    enum rec_status st;
    va_list ap;
    int n;

    va_start(ap, fmt);
    n = vsnprintf(small, sizeof small, fmt, ap);
    va_end(ap);
    if (n < 0)
        return rec_fail_errno(err, "formatting a text");
    if ((size_t)n < sizeof small)
        return rec_buf_add(b, small, (size_t)n, err);
    st = rec_buf_reserve(b, (size_t)n + 1, err);
    if (st != REC_OK)
        return st;
    va_start(ap, fmt);
    (void)vsnprintf((char *)b->data + b->n, (size_t)n + 1, fmt, ap);
    va_end(ap);
    b->n += (size_t)n;
    return REC_OK;
}

void rec_buf_free(struct rec_buf *b)
{
    rec_free(b->data);
    *b = (struct rec_buf){ 0 };
}
