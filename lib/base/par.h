#ifndef REC_PAR_H
#define REC_PAR_H

#include <stdint.h>

/*
 * Work on all processors, the same bits for any number of them: the caller cuts the
 * work into chunks that depend on the data alone; which thread runs which chunk, and
 * when, is left open.  FN must write only what its chunk owns; sums over chunks are
 * made by the caller afterwards, in chunk order.
 *
 * The threads are started by the first call that needs them and wait for the next one,
 * awake for some microseconds, then asleep: a stage that waits for its neighbour in a
 * pipe leaves the processor to it.
 */
typedef void rec_chunk_fn(void *ctx, uint32_t chunk);

/* Threads to use from now on; 0 is one for each processor this process may run on. */
void rec_par_set_threads(unsigned n);
unsigned rec_par_threads(void);

/*
 * Calls FN(CTX, 0..n_chunks-1), each once, and returns when all are done.  Not to be
 * called from FN, nor by two threads at the same time.
 */
void rec_par_run(uint32_t n_chunks, rec_chunk_fn *fn, void *ctx);

#endif
