#include "base/hash.h"

#include <sys/random.h>
#include <time.h>

uint64_t rec_hash_key(void)
{
    static uint64_t key;

    if (key == 0 && getrandom(&key, sizeof key, GRND_NONBLOCK) != (ssize_t)sizeof key)
        key = (uint64_t)time(NULL); /* early at boot: weaker, never wrong */
    key |= 1;
    return key;
}
