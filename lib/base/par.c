#include "base/par.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>

enum { MAX_THREADS = 1024, AWAKE = 4000 /* looks before sleeping: some 30 us */ };

static unsigned threads = 1;

/*
 * One piece of work at a time, known by its number.  A worker joins it while it is
 * open, under the lock; chunks are taken by counting `next` up.  One that wakes too
 * late finds it closed: nobody waits for it.
 */
static struct {
    rec_chunk_fn *fn;
    void *ctx;
    uint32_t n_chunks;
    atomic_uint next;
    atomic_uint work;   /* its number */
    atomic_uint active; /* workers that have joined it */
    bool open;          /* under the lock, as is all below */
    unsigned n_workers; /* started so far */
    unsigned sleeping;
    pthread_mutex_t lock;
    pthread_cond_t wake, idle;
} pool = { .lock = PTHREAD_MUTEX_INITIALIZER,
           .wake = PTHREAD_COND_INITIALIZER,
           .idle = PTHREAD_COND_INITIALIZER };

void rec_par_set_threads(unsigned n)
{
    if (n == 0) {
        cpu_set_t set;

        n = 1;
        if (sched_getaffinity(0, sizeof set, &set) == 0)
            n = (unsigned)CPU_COUNT(&set);
    }
    threads = n < MAX_THREADS ? n : MAX_THREADS;
}

unsigned rec_par_threads(void)
{
    return threads;
}

static void relax(void)
{
#if defined(__x86_64__)
    __builtin_ia32_pause();
#endif
}

static void take_chunks(void)
{
    for (;;) {
        uint32_t i = atomic_fetch_add(&pool.next, 1);

        if (i >= pool.n_chunks)
            return;
        pool.fn(pool.ctx, i);
    }
}

/* Waits for work other than number SEEN. */
static void wait_for_work(unsigned seen)
{
    for (int i = 0; i < AWAKE; i++) {
        if (atomic_load(&pool.work) != seen)
            return;
        relax();
    }
    pthread_mutex_lock(&pool.lock);
    pool.sleeping++;
    while (atomic_load(&pool.work) == seen)
        pthread_cond_wait(&pool.wake, &pool.lock);
    pool.sleeping--;
    pthread_mutex_unlock(&pool.lock);
}

static void *worker(void *unused)
{
    unsigned seen = 0;

    (void)unused;
    for (;;) {
        bool joined;

        wait_for_work(seen);
        pthread_mutex_lock(&pool.lock);
        seen = atomic_load(&pool.work);
        joined = pool.open;
        if (joined)
            atomic_fetch_add(&pool.active, 1);
        pthread_mutex_unlock(&pool.lock);
        if (!joined)
            continue;
        take_chunks();
        if (atomic_fetch_sub(&pool.active, 1) == 1) {
            pthread_mutex_lock(&pool.lock);
            pthread_cond_signal(&pool.idle);
            pthread_mutex_unlock(&pool.lock);
        }
    }
    return NULL;
}

/* As many workers as are wanted beside the caller, or as the system gives. */
static void start_workers(void)
{
    pthread_attr_t attr;

    if (pool.n_workers + 1 >= threads || pthread_attr_init(&attr) != 0)
        return;
    (void)pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
    while (pool.n_workers + 1 < threads) {
        pthread_t id;

        if (pthread_create(&id, &attr, worker, NULL) != 0)
            break;
        pool.n_workers++;
    }
    (void)pthread_attr_destroy(&attr);
}

static void wait_for_workers(void)
{
    for (int i = 0; i < AWAKE; i++) {
        if (atomic_load(&pool.active) == 0)
            return;
        relax();
    }
    pthread_mutex_lock(&pool.lock);
    while (atomic_load(&pool.active) > 0)
        pthread_cond_wait(&pool.idle, &pool.lock);
    pthread_mutex_unlock(&pool.lock);
}

void rec_par_run(uint32_t n_chunks, rec_chunk_fn *fn, void *ctx)
{
    if (threads > 1 && n_chunks > 1)
        start_workers();
    if (threads == 1 || n_chunks <= 1 || pool.n_workers == 0) {
        for (uint32_t i = 0; i < n_chunks; i++)
            fn(ctx, i);
        return;
    }
    pthread_mutex_lock(&pool.lock);
    pool.fn = fn;
    pool.ctx = ctx;
    pool.n_chunks = n_chunks;
    atomic_store(&pool.next, 0);
    pool.open = true;
    atomic_fetch_add(&pool.work, 1);
    if (pool.sleeping > 0)
        pthread_cond_broadcast(&pool.wake);
    pthread_mutex_unlock(&pool.lock);
    take_chunks();
    pthread_mutex_lock(&pool.lock);
    pool.open = false;
    pthread_mutex_unlock(&pool.lock);
    wait_for_workers();
}
