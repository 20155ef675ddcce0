#include "base/hash.h"

#include <pthread.h>
#include <sys/random.h>
#include <time.h>

static uint64_t key;

static void draw(void)
{
    if (getrandom(&key, sizeof key, GRND_NONBLOCK) != (ssize_t)sizeof key)
        key = (uint64_t)time(NULL); /* early at boot: weaker, never wrong */
}

uint64_t rec_hash_key(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;

    (void)pthread_once(&once, draw);
    return key;
}
