#ifndef REC_BLASROOM_H
#define REC_BLASROOM_H

#include "base/status.h"

/*
 * Room for OpenBLAS.  A call takes a buffer of it, 128 MiB of address space on x86-64
 * of which little is ever touched; there are as many as there are calls at a time, and
 * they are kept.  Where there is no room for one, as under ulimit -v, OpenBLAS 0.3 asks
 * for it for ever.  So whoever is about to call it from all threads (base/par.h) has
 * the buffers made before, from one thread.
 *
 * REC_ESYSTEM if there is no room: nothing hangs.
 */
enum rec_status rec_blas_room(struct rec_err *err) REC_MUST_USE;

#endif
