// SPDX-License-Identifier: Apache-2.0
//
// AVX-512. 24 of the 32 registers hold sums; three loads of weights and eight broadcasts feed 24 multiply-adds.

#if defined(__x86_64__)

#define PATH avx512
#define PANEL_WIDTH 48
#define TILE_ROWS 8

#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx2,fma"))), \
                             apply_to = function)
#include "kernels.inc"
#pragma clang attribute pop

#endif
