#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Shows that a CPU without one of the instructions that the AVX2 kernels are compiled for gets the scalar ones:
# check_dispatch.sh
#
# A hypervisor can hide each of them alone. QEMU does so here; it has no AVX-512. Needs Debian's qemu-user, which
# check_neon.sh installs.
set -euo pipefail
cd "$(dirname "$0")/.."

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cat > "$work/path.c" <<'C'
#include "CSwiftletKernels.h"
#include <stdio.h>
int main(void) { puts(swlt_best()->name); }
C
clang -std=gnu17 -O3 -ISources/CSwiftletKernels/include Sources/CSwiftletKernels/*.c "$work/path.c" -lm -o "$work/path"

expect() {
  local path
  path=$(qemu-x86_64 -cpu "$2" "$work/path")
  echo "$2: $path"
  [ "$path" = "$1" ]
}
expect avx2 max
for feature in avx2 fma f16c; do expect scalar "max,$feature=off"; done
