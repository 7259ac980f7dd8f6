// SPDX-License-Identifier: Apache-2.0
//
// AVX2 with FMA. 12 of the 16 registers hold sums.

#if defined(__x86_64__)

#define PATH avx2
#define PANEL_WIDTH 16
#define TILE_ROWS 6

#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#include "kernels.inc"
#pragma clang attribute pop

#endif
