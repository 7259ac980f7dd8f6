#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Builds the documentation, a site of static files, and checks it: any warning of docc is an error, each public symbol has a
# comment and stands in a group of Swiftlet.md, and each link leads somewhere.
#
# usage: docs.sh [--base-path PATH] [FOLDER]
#
# The site goes to FOLDER, .build/docs if not told otherwise. To read it: python3 -m http.server --directory .build/docs
# PATH is where a server will have it, if not at its root: /swiftlet for https://example.com/swiftlet/.
set -euo pipefail

base=()
if [ "${1-}" = --base-path ] && [ $# -ge 2 ]; then base=(--hosting-base-path "$2"); shift 2; fi
if [ $# -gt 1 ] || [[ "${1-}" = -* ]]; then sed -n '4,10s/^# \{0,1\}//p' "$0" >&2; exit 64; fi
root=$(cd "$(dirname "$0")/.." && pwd)
site=${1:-$root/.build/docs}
[[ "$site" = /* ]] || site=$PWD/$site
# docc replaces the folder.
[ ! -e "$site" ] || [ -f "$site/metadata.json" ] || { echo "$site is there, and no documentation" >&2; exit 1; }
cd "$root"
docc=$(command -v docc || xcrun --find docc)
graphs=$(mktemp -d)
trap 'rm -rf "$graphs"' EXIT

swift build
python3 Scripts/documentation.py graph "$graphs"
"$docc" convert Sources/Swiftlet/Swiftlet.docc --additional-symbol-graph-dir "$graphs" --output-path "$site" \
  --fallback-display-name Swiftlet --fallback-bundle-identifier swiftlet --fallback-default-module-kind Library \
  --warnings-as-errors ${base[@]+"${base[@]}"}
python3 Scripts/documentation.py check "$site"
# docc's page at the root says only that nothing is there, and each page asks for settings of its looks.
cat > "$site/index.html" <<'END'
<!doctype html><meta http-equiv="refresh" content="0; url=documentation/swiftlet/"><title>Swiftlet</title>
END
echo "{}" > "$site/theme-settings.json"
echo "$site"
