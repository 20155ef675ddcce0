#include "nn/rgnn_mask.h"

#include <inttypes.h>
#include <stdio.h>

struct rec_rgnn_mask rec_rgnn_mask(const struct rec_rgnn_drop *drop)
{
    struct rec_rgnn_mask k = { .below = 0 };
    char stream[48];

    if (drop == NULL || !(drop->p > 0.0))
        return k;
    k.below = (uint32_t)(drop->p * 65536.0);
    k.scale = (rec_real)(65536.0 / (65536.0 - k.below));
    (void)snprintf(stream, sizeof stream, "rgnn dropout %" PRIu64, drop->step);
    rec_random_init(&k.random, drop->seed, stream);
    return k;
}
