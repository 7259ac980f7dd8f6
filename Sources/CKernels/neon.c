// SPDX-License-Identifier: Apache-2.0
//
// NEON, which every 64-bit Arm CPU has. 24 of the 32 registers hold sums.

#if defined(__aarch64__)

#define PATH neon
#define PANEL_WIDTH 16
#define TILE_ROWS 6

#include "kernels.inc"

#endif
