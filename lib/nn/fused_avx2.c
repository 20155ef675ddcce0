/* The fused passes for processors with AVX2 and FMA. */
#include "nn/fused_pass.h"

#ifdef REC_FUSED_X86
#pragma GCC target("arch=x86-64-v3")
#include <immintrin.h>

#define REC_SET rec_fused_avx2
#define REC_SET_VB 32
#include "nn/fused_set.h"
#endif
