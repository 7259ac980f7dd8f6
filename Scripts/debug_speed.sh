#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Shows that a debug build of an app that depends on this package embeds at 0.7 or more of the release build's speed,
# loading aside: debug_speed.sh TEXTS
#
# Each build runs three times, in turn; the best of each counts.
set -euo pipefail
texts=$(realpath "${1:?usage: debug_speed.sh TEXTS}")
root=$(cd "$(dirname "$0")/.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

"$root/Scripts/make_app.sh" "$work"
for build in debug release; do
  swift build -c "$build" --package-path "$work/app" --product embed-lines
  declare "$build=0"
done
for _ in 1 2 3; do
  for build in debug release; do
    program=$work/app/.build/$build/embed-lines
    speed=$("$program" "$root/weights/all-MiniLM-L6-v2" "$texts" 2>&1 > /dev/null | awk '{ print $3 }')
    [ "$speed" -gt "${!build}" ] && declare "$build=$speed"
  done
done
echo "tokens a second: debug $debug, release $release"
awk -v debug="$debug" -v release="$release" 'BEGIN { printf "ratio %.2f\n", debug / release; exit debug < 0.7 * release }'
