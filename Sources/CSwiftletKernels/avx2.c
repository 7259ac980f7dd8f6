// SPDX-License-Identifier: Apache-2.0
//
// AVX2 with FMA. 12 of the 16 registers hold sums.

#if defined(__x86_64__)

#include <immintrin.h>

#define PATH avx2
#define PANEL_WIDTH 16
#define TILE_ROWS 6
#define CONVERTS_HALVES

#pragma clang attribute push(__attribute__((target("avx2,fma,f16c"))), apply_to = function)
#include "kernels.inc"

typedef int32_t eight_ints __attribute__((ext_vector_type(8)));

INLINE eight_ints pair_dot(eight_ints inputs, eight_ints weights) {
  return (eight_ints)_mm256_madd_epi16((__m256i)inputs, (__m256i)weights);
}

INLINE ints pair_dots(ints inputs, ints weights) {
  ints sums;
  sums.lo = pair_dot(inputs.lo, weights.lo);
  sums.hi = pair_dot(inputs.hi, weights.hi);
  return sums;
}

#define INT8_PAIR_DOT(inputs, weights) pair_dots(inputs, weights)
#define FORMAT int8
#define TURNS 1
#include "int8.inc"
#define FORMAT int8_heads
#define TURNS 0
#include "int8.inc"

#define SCAN plain
#define PAIR_SUM(sum, inputs, codes) (sum) + pair_dots(inputs, codes)
#include "scan.inc"
#pragma clang attribute pop

const swlt_kernels swlt_avx2 = {
    FLOAT32_KERNELS, .bfloat16 = &table_avx2_bfloat16, .int8 = &table_avx2_int8,
    .int8_heads = &table_avx2_int8_heads, .scan = scan_avx2_plain};

#endif
