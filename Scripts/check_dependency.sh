#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Shows that a debug build of an app that depends on this package by version gives the release build's bits, and that
# the README's library examples compile and run there: check_dependency.sh
#
# Needs the programs of Examples/ in release: swift build -c release --package-path Examples
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

"$root/Scripts/make_app.sh" "$work"
swift build --package-path "$work/app"
bin=$(swift build --package-path "$work/app" --show-bin-path)
(cd "$root" && "$bin/embed-example" && "$bin/tune-example")

texts=$root/Tests/SwiftletEncodersTests/Fixtures/all-MiniLM-L6-v2/page.txt
"$bin/embed-lines" "$root/weights/all-MiniLM-L6-v2" "$texts" > "$work/debug.txt"
"$root/Examples/.build/release/embed" --quiet --format text --input "$texts" > "$work/release.txt"
cmp "$work/debug.txt" "$work/release.txt"
echo "a debug build, by version, gives the release build's bits"
