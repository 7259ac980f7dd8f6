// SPDX-License-Identifier: Apache-2.0
//
// The compiler's baseline instructions: the path of CPUs without AVX2, and the reference for the bits of all others.

#define PATH scalar
#define PANEL_WIDTH 16
#define TILE_ROWS 4

#include "kernels.inc"

#define FORMAT int8
#define TURNS 1
#include "int8.inc"
#define FORMAT int8_heads
#define TURNS 0
#include "int8.inc"

#define SCAN plain
#include "scan.inc"

const swlt_kernels swlt_scalar = {
    FLOAT32_KERNELS, .bfloat16 = &table_scalar_bfloat16, .int8 = &table_scalar_int8,
    .int8_heads = &table_scalar_int8_heads, .scan = scan_scalar_plain};
