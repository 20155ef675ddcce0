#include "nn/blasroom.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/mman.h>

#include "base/par.h"

/* OpenBLAS's own; where a library has them not, it is left to itself. */
extern void *blas_memory_alloc(int position) __attribute__((weak));
extern void blas_memory_free(void *buffer) __attribute__((weak));

enum { MOST = 64, MIB = 1 << 20, BUFFER_MIB = 128 + 4 };

static unsigned n_made;

/* Whether another buffer could be mapped now. */
static bool is_room(void)
{
    size_t bytes = (size_t)BUFFER_MIB * MIB;
    void *p =
        mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    return p != MAP_FAILED && munmap(p, bytes) == 0;
}

enum rec_status rec_blas_room(struct rec_err *err)
{
    unsigned threads = rec_par_threads(), n = threads < MOST ? threads : MOST, k = 0;
    void *buffer[MOST];
    bool room = true;

    if (blas_memory_alloc == NULL || blas_memory_free == NULL)
        return REC_OK;
    /* those that are there come first, so all are held at a time */
    while (room && k < n) {
        room = k < n_made || is_room();
        if (room)
            buffer[k++] = blas_memory_alloc(0);
    }
    n_made = k > n_made ? k : n_made;
    while (k > 0)
        blas_memory_free(buffer[--k]);
    return room ? REC_OK
                : rec_fail(err, REC_ESYSTEM,
                           "out of memory: OpenBLAS wants %d MiB of address space for "
                           "each of %u threads (-T) beside what is there",
                           BUFFER_MIB, threads);
}
