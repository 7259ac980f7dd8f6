// SPDX-License-Identifier: Apache-2.0
//
// NEON, which every 64-bit Arm CPU has. 24 of the 32 registers hold sums.

#if defined(__aarch64__)

#include <arm_neon.h>

#define PATH neon
#define PANEL_WIDTH 16
#define TILE_ROWS 6
#define CONVERTS_HALVES

#include "kernels.inc"

#define FORMAT int8
#define TURNS 1
#include "int8.inc"
#define FORMAT int8_heads
#define TURNS 0
#include "int8.inc"

#define SCAN plain
#include "scan.inc"

#pragma clang attribute push(__attribute__((target("dotprod"))), apply_to = function)
INLINE ints quad_dot(ints sum, ints inputs, ints weights) {
  int32_t x[LANES], w[LANES], s[LANES];
  __builtin_memcpy(x, &inputs, sizeof x);
  __builtin_memcpy(w, &weights, sizeof w);
  __builtin_memcpy(s, &sum, sizeof s);
#pragma clang loop unroll(full)
  for (int i = 0; i < LANES; i += 4)
    vst1q_s32(s + i, vdotq_s32(vld1q_s32(s + i), vld1q_s8((int8_t *)(x + i)), vld1q_s8((int8_t *)(w + i))));
  __builtin_memcpy(&sum, s, sizeof s);
  return sum;
}

#define INT8_QUAD_DOT(sum, inputs, weights) quad_dot(sum, inputs, weights)
#define QUAD_OFFSET 0
#define FORMAT native_int8
#define TURNS 1
#include "int8.inc"
#define FORMAT native_int8_heads
#define TURNS 0
#include "int8.inc"
#pragma clang attribute pop

/// Indexed by whether the CPU has int8 dot products (0 or 1).
const swlt_kernels swlt_neon[2] = {
    {FLOAT32_KERNELS, .bfloat16 = &table_neon_bfloat16, .int8 = &table_neon_int8, .int8_heads = &table_neon_int8_heads,
     .scan = scan_neon_plain},
    {FLOAT32_KERNELS, .bfloat16 = &table_neon_bfloat16, .int8 = &table_neon_native_int8,
     .int8_heads = &table_neon_native_int8_heads, .scan = scan_neon_plain},
};

#endif
