/* The fused passes with what every processor of the architecture has. */
#include <stdint.h>
#if defined(__x86_64__)
#include <immintrin.h>
#endif

#define REC_SET rec_fused_base
#define REC_SET_VB 16
#include "nn/fused_set.h"
