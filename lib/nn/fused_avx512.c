/* The fused passes for processors with AVX-512 F, BW, DQ and VL. */
#include "nn/fused_pass.h"

#ifdef REC_FUSED_X86
#pragma GCC target("arch=x86-64-v4")
#include <immintrin.h>

#define REC_SET rec_fused_avx512
#define REC_SET_VB 64
#include "nn/fused_set.h"
#endif
