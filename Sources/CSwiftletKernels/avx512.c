// SPDX-License-Identifier: Apache-2.0
//
// AVX-512. 24 of the 32 registers hold sums; three loads of weights and eight broadcasts feed 24 multiply-adds.

#if defined(__x86_64__)

#include <immintrin.h>

#define PATH avx512
#define PANEL_WIDTH 48
#define TILE_ROWS 8
#define CONVERTS_HALVES

#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx2,fma"))), \
                             apply_to = function)
#include "kernels.inc"

#define INT8_PAIR_DOT(inputs, weights) (ints) _mm512_madd_epi16((__m512i)(inputs), (__m512i)(weights))
#define FORMAT int8
#define TURNS 1
#include "int8.inc"
#define FORMAT int8_heads
#define TURNS 0
#include "int8.inc"
#undef INT8_PAIR_DOT

#define SCAN plain
#define PAIR_SUM(sum, inputs, codes) (sum) + (ints)_mm512_madd_epi16((__m512i)(inputs), (__m512i)(codes))
#include "scan.inc"
#pragma clang attribute pop

#pragma clang attribute push(__attribute__((target("avx512bf16,avx512f,avx512bw,avx512dq,avx512vl,avx2,fma"))), \
                             apply_to = function)
#define BFLOAT16_DOT(sum, inputs, weights) \
  (lanes) _mm512_dpbf16_ps((__m512)(sum), (__m512bh)(inputs), (__m512bh)(weights))
#define BFLOAT16_HALVES(first, second) (bits) _mm512_cvtne2ps_pbh((__m512)(second), (__m512)(first))
#define FORMAT native_bfloat16
#include "bfloat16.inc"
#pragma clang attribute pop

#pragma clang attribute push(__attribute__((target("avx512vnni,avx512f,avx512bw,avx512dq,avx512vl,avx2,fma"))), \
                             apply_to = function)
#define INT8_QUAD_DOT(sum, inputs, weights) \
  (ints) _mm512_dpbusd_epi32((__m512i)(sum), (__m512i)(inputs), (__m512i)(weights))
#define QUAD_OFFSET 128
#define FORMAT native_int8
#define TURNS 1
#include "int8.inc"
#define FORMAT native_int8_heads
#define TURNS 0
#include "int8.inc"

#define SCAN native
#define PAIR_SUM(sum, inputs, codes) (ints) _mm512_dpwssd_epi32((__m512i)(sum), (__m512i)(inputs), (__m512i)(codes))
#include "scan.inc"
#pragma clang attribute pop

#define INT8_PLAIN .int8 = &table_avx512_int8, .int8_heads = &table_avx512_int8_heads, .scan = scan_avx512_plain
#define INT8_NATIVE \
  .int8 = &table_avx512_native_int8, .int8_heads = &table_avx512_native_int8_heads, .scan = scan_avx512_native

/// Indexed by whether the CPU has bfloat16 and int8 instructions (0 or 1 each).
const swlt_kernels swlt_avx512[2][2] = {
    {{FLOAT32_KERNELS, .bfloat16 = &table_avx512_bfloat16, INT8_PLAIN},
     {FLOAT32_KERNELS, .bfloat16 = &table_avx512_bfloat16, INT8_NATIVE}},
    {{FLOAT32_KERNELS, .bfloat16 = &table_avx512_native_bfloat16, INT8_PLAIN},
     {FLOAT32_KERNELS, .bfloat16 = &table_avx512_native_bfloat16, INT8_NATIVE}},
};

#endif
