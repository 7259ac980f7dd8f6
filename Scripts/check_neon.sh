#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Shows that the kernels give the same bits on 64-bit Arm as here: check_neon.sh
#
# Compiles the kernels and Scripts/check_kernels.c for Arm, runs them in QEMU, and compares the hash of each kernel's
# results with this machine's. Needs Debian's gcc-aarch64-linux-gnu, libc6-dev-arm64-cross and qemu-user, and installs
# them if it may. Shows nothing for macOS, where this was never run.
set -euo pipefail
cd "$(dirname "$0")/.."

packages=()
[ -x "$(command -v aarch64-linux-gnu-gcc)" ] || packages+=(gcc-aarch64-linux-gnu)
[ -e /usr/aarch64-linux-gnu/include/stdio.h ] || packages+=(libc6-dev-arm64-cross)
[ -x "$(command -v qemu-aarch64)" ] || packages+=(qemu-user)
if [ ${#packages[@]} -gt 0 ]; then
  if [ "$(id -u)" != 0 ] || ! [ -x "$(command -v apt-get)" ]; then
    echo "missing: ${packages[*]}; install these Debian packages first" >&2
    exit 1
  fi
  apt-get update -qq
  apt-get install -y -qq --no-install-recommends "${packages[@]}"
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
flags=(-std=gnu17 -O3 -ISources/CSwiftletKernels/include)
sources=(Sources/CSwiftletKernels/*.c Scripts/check_kernels.c)

clang "${flags[@]}" "${sources[@]}" -lm -o "$work/here"
for source in "${sources[@]}"; do
  clang --target=aarch64-linux-gnu -isystem /usr/aarch64-linux-gnu/include "${flags[@]}" -c "$source" \
    -o "$work/$(basename "$source").o"
done
aarch64-linux-gnu-gcc -static "$work"/*.o -lm -o "$work/arm"

"$work/here" | tee "$work/here.txt"
qemu-aarch64 "$work/arm" | tee "$work/arm.txt"
hashes() { cut -d ' ' -f 2- "$1" | sort -u; }
diff <(hashes "$work/here.txt") <(hashes "$work/arm.txt")
echo "all kernels give the same bits on $(cut -d ' ' -f 1 "$work"/*.txt | sort -u | paste -sd ' ')"
