#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Shows that no fault while a checkpoint is saved costs more than that checkpoint: check_faults.sh
#
# Each call to the system that a save makes fails in turn, with a full disk, a failing disk, an interruption, a short
# write, a kill and a power failure (fault_shim.c). After each, the old or the new state must be there, whole. Linux.
set -euo pipefail
cd "$(dirname "$0")/.."

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
clang -std=gnu17 -O1 -Wall -Wextra -Werror -shared -fPIC Scripts/fault_shim.c -ldl -o "$work/faults.so"
swift build --build-tests
SWIFTLET_FAULTS=$work/faults.so LD_PRELOAD=$work/faults.so swift test --skip-build --filter FaultTests
