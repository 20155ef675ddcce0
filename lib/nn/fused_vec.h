/*
 * No guard: included by fused_width.h for each width REC_D, with the size of vector,
 * REC_VB bytes, that it has chosen.  Vectors of rec_real as GCC's vector type, with the
 * few operations that it has no operator for:
 *
 *   VFMA(a, b, c)    a b + c, fused where the instruction set can
 *   VRELU(x)         max(0, x); a NaN stays one
 *   VSQRT(x)
 *   VON(x)           bits of the elements above 0
 *   VKEEP(x, bits)   x where the bit is 1, else 0
 *   VSUM(x)          sum of the elements
 *   SPLAT(s)         all elements s: x - 0 is x, without an instruction
 */
#undef vec
#undef VFMA
#undef VRELU
#undef VSQRT
#undef VON
#undef VKEEP
#undef VSUM
#undef SPLAT
#define VCAT_(a, b) a##b
#define VCAT(a, b) VCAT_(a, b)
#define vec VCAT(rec_vec, REC_VB)
#define SPLAT(s) ((s) - (vec){ 0 })

#ifdef REC_DOUBLE
#define VPS(name) name##_pd
#define VMASK __mmask8
#define V512 __m512d
#define V256 __m256d
#define V128 __m128d
#define VINT int64_t
#else
#define VPS(name) name##_ps
#define VMASK __mmask16
#define V512 __m512
#define V256 __m256
#define V128 __m128
#define VINT int32_t
#endif

#if REC_VB == 64
#define VFMA(a, b, c) (vec) VPS(_mm512_fmadd)((V512)(a), (V512)(b), (V512)(c))
#define VRELU(x) (vec) VPS(_mm512_max)(VPS(_mm512_setzero)(), (V512)(x))
#define VSQRT(x) (vec) VPS(_mm512_sqrt)((V512)(x))
#ifdef REC_DOUBLE
#define VON(x) (uint32_t) _mm512_cmp_pd_mask((V512)(x), _mm512_setzero_pd(), _CMP_GT_OQ)
#else
#define VON(x) (uint32_t) _mm512_cmp_ps_mask((V512)(x), _mm512_setzero_ps(), _CMP_GT_OQ)
#endif
#define VKEEP(x, bits) (vec) VPS(_mm512_maskz_mov)((VMASK)(bits), (V512)(x))
#define VSUM(x) VPS(_mm512_reduce_add)((V512)(x))
#elif REC_VB == 32 && defined(__AVX2__)
#define VFMA(a, b, c) (vec) VPS(_mm256_fmadd)((V256)(a), (V256)(b), (V256)(c))
#define VRELU(x) (vec) VPS(_mm256_max)(VPS(_mm256_setzero)(), (V256)(x))
#define VSQRT(x) (vec) VPS(_mm256_sqrt)((V256)(x))
#define VON(x) (uint32_t) VPS(_mm256_movemask)((V256)((x) > 0))
#elif REC_VB == 16 && defined(__x86_64__)
#define VFMA(a, b, c) ((a) * (b) + (c))
#define VRELU(x) (vec) VPS(_mm_max)(VPS(_mm_setzero)(), (V128)(x))
#define VSQRT(x) (vec) VPS(_mm_sqrt)((V128)(x))
#define VON(x) (uint32_t) VPS(_mm_movemask)((V128)((x) > 0))
#else
#define VFMA(a, b, c) ((a) * (b) + (c))
#define VRELU(x) VCAT(relu_vec, REC_D)(x)
#define VSQRT(x) VCAT(sqrt_vec, REC_D)(x)
#define VON(x) VCAT(on_vec, REC_D)(x)
#endif
#ifndef VKEEP
#define VKEEP(x, bits) VCAT(keep_vec, REC_D)(x, bits)
#endif

#ifndef VSUM
#define VSUM(x) VCAT(sum_vec, REC_D)(x)
#endif

#ifndef REC_VEC_TYPES
#define REC_VEC_TYPES
typedef rec_real rec_vec16 __attribute__((vector_size(16), aligned(4), may_alias));
typedef rec_real rec_vec32 __attribute__((vector_size(32), aligned(4), may_alias));
typedef rec_real rec_vec64 __attribute__((vector_size(64), aligned(4), may_alias));
typedef VINT rec_ivec16 __attribute__((vector_size(16), aligned(4), may_alias));
typedef VINT rec_ivec32 __attribute__((vector_size(32), aligned(4), may_alias));
#endif

#if REC_VB != 64
static inline __attribute__((always_inline, unused)) rec_real VCAT(sum_vec,
                                                                   REC_D)(vec x)
{
    rec_real sum = x[0];

    for (unsigned i = 1; i < REC_VB / sizeof(rec_real); i++)
        sum += x[i];
    return sum;
}

static inline __attribute__((always_inline, unused)) vec VCAT(keep_vec,
                                                              REC_D)(vec x,
                                                                     uint32_t bits)
{
    VCAT(rec_ivec, REC_VB) lane = { 0 };

    for (unsigned i = 0; i < REC_VB / sizeof(VINT); i++)
        lane[i] = (VINT)1 << i;
    return (vec)((VCAT(rec_ivec, REC_VB))x & ((lane & (VINT)bits) == lane));
}
#endif
#if !defined(__x86_64__)
static inline __attribute__((always_inline)) vec VCAT(relu_vec, REC_D)(vec x)
{
    for (unsigned i = 0; i < REC_VB / sizeof(rec_real); i++)
        x[i] = 0 > x[i] ? 0 : x[i];
    return x;
}

static inline __attribute__((always_inline)) vec VCAT(sqrt_vec, REC_D)(vec x)
{
    for (unsigned i = 0; i < REC_VB / sizeof(rec_real); i++)
        x[i] = (rec_real)sqrt((double)x[i]); /* of a float, exact in double */
    return x;
}

static inline __attribute__((always_inline)) uint32_t VCAT(on_vec, REC_D)(vec x)
{
    uint32_t bits = 0;

    for (unsigned i = 0; i < REC_VB / sizeof(rec_real); i++)
        bits |= (uint32_t)(x[i] > 0) << i;
    return bits;
}
#endif
