/* The sets of instructions that the fused passes are there for; which is used. */
#include <string.h>

#include "nn/fused.h"
#include "nn/fused_pass.h"

struct set {
    const char *name;
    const struct rec_fused_passes *passes;
};

static bool has(const char *name)
{
#ifdef REC_FUSED_X86
    if (strcmp(name, "avx512") == 0)
        return __builtin_cpu_supports("avx512f") &&
               __builtin_cpu_supports("avx512bw") &&
               __builtin_cpu_supports("avx512dq") &&
               __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("fma") &&
               __builtin_cpu_supports("bmi2");
    if (strcmp(name, "avx2") == 0)
        return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
               __builtin_cpu_supports("bmi2");
#endif
    return strcmp(name, "base") == 0;
}

static const struct set sets[] = {
#ifdef REC_FUSED_X86
    { "avx512", rec_fused_avx512 },
    { "avx2", rec_fused_avx2 },
#endif
    { "base", rec_fused_base },
};
enum { N_SETS = sizeof sets / sizeof *sets };

static const struct set *chosen;

static const struct set *current(void)
{
    for (int i = 0; chosen == NULL && i < N_SETS; i++)
        if (has(sets[i].name))
            chosen = &sets[i];
    return chosen;
}

const char *rec_kernel_set(void)
{
    return current()->name;
}

bool rec_kernel_set_use(const char *name)
{
    for (int i = 0; i < N_SETS; i++)
        if (strcmp(sets[i].name, name) == 0 && has(name)) {
            chosen = &sets[i];
            return true;
        }
    return false;
}

const struct rec_fused_passes *rec_fused_find(uint32_t width)
{
    const struct rec_fused_passes *p = current()->passes;

    while (p->width != 0 && p->width != width)
        p++;
    return p->width == 0 ? NULL : p;
}
