#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Looks for accesses outside of buffers, undefined behavior and data races:
# sanitize.sh [kernels] [memory [FILTER] | threads [FILTER]]
#
# kernels: each C kernel at sizes 0 to 67 between guard pages, on every CPU path, with AddressSanitizer and
#          UndefinedBehaviorSanitizer.
# memory:  the test suite, or the tests that match FILTER, with AddressSanitizer. Each piece of scratch memory is an
#          allocation of exactly its size, filled with NaN; tests that bound memory are left out.
# threads: the test suite, or the tests that match FILTER, with ThreadSanitizer.
# Without arguments all of them. With SWIFTLET_WITHOUT_MODULES_FROM=MODULE in the environment neither this module nor
# those above it are built.
set -euo pipefail
cd "$(dirname "$0")/.."

# avx512.c, which is four variants of the kernels, has AddressSanitizer alone, by calls: with UndefinedBehaviorSanitizer
# clang 21 compiles it for more than ten minutes. What it shares with the other paths, which is most, is checked there.
kernels() {
  local work flags source sanitizers job jobs=()
  work=$(mktemp -d)
  flags=(-std=gnu17 -O1 -g -Wall -Wextra -Werror -fno-sanitize-recover=all -ISources/CSwiftletKernels/include)
  for source in Sources/CSwiftletKernels/*.c Scripts/check_kernels.c; do
    sanitizers=(-fsanitize=address,undefined)
    [[ $source != */avx512.c ]] || sanitizers=(-fsanitize=address -mllvm -asan-instrumentation-with-call-threshold=0)
    clang "${flags[@]}" "${sanitizers[@]}" -c "$source" -o "$work/$(basename "$source").o" &
    jobs+=($!)
  done
  for job in "${jobs[@]}"; do wait "$job"; done
  clang -fsanitize=address,undefined "$work"/*.o -lm -fuse-ld=lld -o "$work/check_kernels"
  "$work/check_kernels"
  rm -r "$work"
}

# The sanitizer reports crashes, so Swift need not. Leaks are not reported, since a thread of a pool may live as long as
# the process.
memory() {
  SWIFT_BACKTRACE=enable=no ASAN_OPTIONS=detect_leaks=0:quarantine_size_mb=64 \
    swift test --sanitize address --scratch-path .build-asan ${1:+--filter "$1"}
}

threads() {
  SWIFT_BACKTRACE=enable=no TSAN_OPTIONS=halt_on_error=1 \
    swift test --sanitize thread --scratch-path .build-tsan ${1:+--filter "$1"}
}

case ${1-all} in
  kernels) kernels; shift; [ $# = 0 ] || "$0" "$@" ;;
  memory) memory "${2-}" ;;
  threads) threads "${2-}" ;;
  all) kernels; memory; threads ;;
  *) sed -n '4,13s/^# \{0,1\}//p' "$0"; exit 2 ;;
esac
