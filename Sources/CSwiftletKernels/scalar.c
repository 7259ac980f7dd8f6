// SPDX-License-Identifier: Apache-2.0
//
// What the compiler's baseline offers: the path of CPUs without AVX2, and the reference of the others' bits.

#define PATH scalar
#define PANEL_WIDTH 16
#define TILE_ROWS 4

#include "kernels.inc"

#define FORMAT int8
#include "int8.inc"

const swlt_kernels swlt_scalar = {FLOAT32_KERNELS, .bfloat16 = &table_scalar_bfloat16, .int8 = &table_scalar_int8};
