#include "base/mem.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

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

/*
 * Large blocks are mapped in huge pages, which begin at multiples of HUGE: a fresh
 * page costs a fault of 1.5 to 2 us whatever its size, and a table with random access
 * misses few large entries of the TLB instead of many small ones.  A block that grows
 * is moved as pages, not as bytes, so that growing never needs it twice.  The header
 * ends where the first cache line does, so that rows of a whole number of lines lie in
 * lines.
 */
enum { HUGE = 2 << 20, LINE = 64 };
#if defined(__SANITIZE_ADDRESS__)
static const size_t large = SIZE_MAX; /* the sanitizer watches what malloc gave */
#else
static const size_t large = 4 << 20;
#endif

static bool is_large(size_t bytes)
{
    return bytes > large && bytes < SIZE_MAX - 2 * (size_t)HUGE;
}

static size_t mapped_bytes(size_t bytes)
{
    return (LINE + bytes + HUGE - 1) / HUGE * HUGE;
}

static struct header *header_of(uint8_t *mapping)
{
    return (struct header *)(void *)(mapping + LINE - sizeof(struct header));
}

static uint8_t *mapping_of(struct header *h)
{
    return (uint8_t *)h + sizeof *h - LINE;
}

/* Fresh zeros, or NULL. */
static struct header *map_large(size_t bytes)
{
    size_t n = mapped_bytes(bytes), before;
    uint8_t *p = mmap(NULL, n + HUGE, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

    if (p == MAP_FAILED)
        return NULL;
    before = (HUGE - (uintptr_t)p % HUGE) % HUGE;
    if (before > 0)
        (void)munmap(p, before);
    if (before < HUGE)
        (void)munmap(p + before + n, HUGE - before);
    (void)madvise(p + before, n, MADV_HUGEPAGE); /* only advice */
    return header_of(p + before);
}

static struct header *remap_large(struct header *h, size_t old, size_t bytes)
{
    uint8_t *from = mapping_of(h);
    void *p = mremap(from, mapped_bytes(old), mapped_bytes(bytes), 0);
    struct header *to;

    if (p != MAP_FAILED)
        return header_of(p);
    to = map_large(bytes);
    if (to == NULL)
        return NULL;
    p = mremap(from, mapped_bytes(old), mapped_bytes(bytes),
               MREMAP_MAYMOVE | MREMAP_FIXED, mapping_of(to));
    if (p != MAP_FAILED)
        return header_of(p);
    (void)munmap(mapping_of(to), mapped_bytes(bytes));
    return NULL;
}

static struct header *get(size_t bytes, bool zero)
{
    if (is_large(bytes))
        return map_large(bytes);
    return zero ? calloc(1, sizeof(struct header) + bytes)
                : malloc(sizeof(struct header) + bytes);
}

static void give_back(struct header *h, size_t bytes)
{
    if (is_large(bytes))
        (void)munmap(mapping_of(h), mapped_bytes(bytes));
    else
        free(h);
}

static struct header *resize(struct header *h, size_t old, size_t bytes)
{
    struct header *to;

    if (h == NULL)
        return get(bytes, false);
    if (is_large(old) && is_large(bytes))
        return remap_large(h, old, bytes);
    if (!is_large(old) && !is_large(bytes))
        return realloc(h, sizeof *h + bytes);
    to = get(bytes, false);
    if (to != NULL) {
        memcpy(to, h, sizeof *h + (old < bytes ? old : bytes));
        give_back(h, old);
    }
    return to;
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
    p = keep(get(bytes, false), bytes, what, err);
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
    p = keep(get(bytes, true), bytes, what, err);
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
    q = keep(resize(h, old, bytes), bytes, what, err);
    if (q == NULL)
        return NULL;
    atomic_fetch_sub(&held, old);
    count_up(bytes);
    return q;
}

void rec_free(void *p)
{
    struct header *h = p == NULL ? NULL : (struct header *)p - 1;

    if (h == NULL)
        return;
    atomic_fetch_sub(&held, h->bytes);
    give_back(h, h->bytes);
}

void rec_mem_limit(uint64_t bytes)
{
    limit = bytes;
}

uint64_t rec_mem_left(void)
{
    uint64_t now = atomic_load(&held);

    if (limit == 0)
        return UINT64_MAX;
    return now < limit ? limit - now : 0;
}

size_t rec_mem_part(size_t wanted, unsigned part)
{
    return limit == 0 || wanted < limit / part ? wanted : (size_t)(limit / part);
}

enum rec_status rec_mem_expect(uint64_t bytes, const char *what, const char *help,
                               struct rec_err *err)
{
    static const double mib = 1048576.0;
    uint64_t now = atomic_load(&held);

    if (limit == 0 || (now <= limit && bytes <= limit - now))
        return REC_OK;
    return rec_fail(
        err, REC_ESYSTEM,
        "memory limit: %s needs %.1f MiB beside the %.1f MiB in use, and -M allows "
        "%.1f MiB: %s",
        what, (double)bytes / mib, (double)now / mib, (double)limit / mib, help);
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
