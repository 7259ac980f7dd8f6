#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Takes screenshots of a report.html of `finetune`, in light and in dark mode, at the width of a screen or a phone.
#
# usage: screenshot_report.sh REPORT.html OUTPUT.png [WIDTH [HEIGHT]]
#
# Writes OUTPUT.png and OUTPUT~dark.png, the first 1280 x 1020 pixels if not told otherwise. Needs Chromium and a font
# that is better than its default (Debian: chromium, fonts-noto-core); pngquant makes the files smaller. The README's:
#
#   Scripts/screenshot_report.sh workshop-model/report.html Sources/Swiftlet/Swiftlet.docc/Resources/finetune-report.png
set -euo pipefail

[ $# -ge 2 ] || { sed -n '4,12s/^# \{0,1\}//p' "$0" >&2; exit 64; }
report=$(realpath "$1") output=$2 width=${3:-1280} height=${4:-1020}
browser=$(command -v chromium || command -v chromium-browser || command -v google-chrome) ||
  { echo "needs Chromium; on Debian: apt-get install chromium fonts-noto-core pngquant" >&2; exit 1; }

sandbox=()
[ "$(id -u)" != 0 ] || sandbox=(--no-sandbox)  # root cannot use the sandbox
for scheme in 1 0; do  # Chromium's numbers for light and dark
  picture=$output
  [ $scheme = 1 ] || picture=${output%.png}~dark.png
  "$browser" --headless --disable-gpu --hide-scrollbars "${sandbox[@]}" --blink-settings=preferredColorScheme=$scheme \
    --window-size="$width,$height" --screenshot="$picture" "file://$report" 2>/dev/null
  ! command -v pngquant >/dev/null || pngquant --force --strip --output "$picture" 64 "$picture"
done
