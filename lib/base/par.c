#include "base/par.h"

#include <sched.h>

static unsigned threads = 1;

void rec_par_set_threads(unsigned n)
{
    if (n == 0) {
        cpu_set_t set;

        n = 1;
        if (sched_getaffinity(0, sizeof set, &set) == 0)
            n = (unsigned)CPU_COUNT(&set);
    }
    threads = n;
}

unsigned rec_par_threads(void)
{
    return threads;
}

void rec_par_run(uint32_t n_chunks, rec_chunk_fn *fn, void *ctx)
{
    if (threads == 1 || n_chunks <= 1) {
        for (uint32_t i = 0; i < n_chunks; i++)
            fn(ctx, i);
        return;
    }
#ifdef _OPENMP
#pragma omp parallel for schedule(dynamic, 1) num_threads((int)threads)
#endif
    for (uint32_t i = 0; i < n_chunks; i++)
        fn(ctx, i);
}
