#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Fuzzes the code that reads files and texts, models, training, indexes and the functions for C:
# fuzz.sh [--minutes N | --seconds N] [TARGET ...]
#
# Targets: safetensors json folder lines tables tokenizer models gradients index cface; all if none is named. Each runs for
# N minutes (5), two at a time, with libFuzzer and AddressSanitizer. Prints for each how many inputs it ran, how many edges of
# the code they covered and which input reached the last new one. Exits 1 if an input crashed, took two seconds, allocated
# 512 MB at once or made the process grow to 1 GB, and prints its path; run the program with that file as its argument to
# see it again.
#
# Inputs that cover something new are kept in Fuzzing/.fuzz/corpus, and the next run starts from them. Linux: the Swift
# of Xcode has no libFuzzer.
set -euo pipefail
cd "$(dirname "$0")/.."

seconds=300
timeout=2
case ${1-} in
  --minutes) seconds=$((${2:?} * 60)); shift 2 ;;
  # The short form runs beside other work, so a slow machine must not count as a finding.
  --seconds) seconds=${2:?}; timeout=20; shift 2 ;;
  -*) sed -n '4,14s/^# \{0,1\}//p' "$0"; exit 2 ;;
esac
targets=${*:-safetensors json folder lines tables tokenizer models gradients index cface}

# The compiler uses only the last -sanitize, but the package manager must know both.
build=(swift build --package-path Fuzzing --scratch-path Fuzzing/.build-fuzz -c release
  --sanitize fuzzer --sanitize address -Xswiftc -sanitize=fuzzer,address)
export SWIFTLET_FUZZ=1
"${build[@]}"
bin=$("${build[@]}" --show-bin-path)

kept=$PWD/Fuzzing/.fuzz
work=$(mktemp -d --tmpdir="$([ -d /dev/shm ] && echo /dev/shm || echo /tmp)")
trap 'rm -rf "$work"' EXIT
python3 Scripts/make_fuzz_seeds.py "$work/seeds"

run() {
  local target=$1
  # What AddressSanitizer keeps of ended threads makes a process grow as long as it runs.
  # LeakSanitizer does not see pointers in Swift's enums: memory that a pool's thread will soon release looks leaked.
  local leaks=1
  case $target in folder | tokenizer | models | gradients | index | cface) leaks=0 ;; esac
  mkdir -p "$kept/corpus/$target" "$kept/findings" "$work/$target"
  # The quarantine counts as the program's memory, so it is bounded. The sanitizer reports crashes, so Swift need not.
  TMPDIR=$work/$target ASAN_OPTIONS=quarantine_size_mb=32:detect_leaks=$leaks SWIFT_BACKTRACE=enable=no \
    "$bin/fuzz-$target" "$kept/corpus/$target" "$work/seeds/$target" -dict="$work/seeds/words.dict" \
    -artifact_prefix="$kept/findings/$target-" -max_total_time="$seconds" -max_len=8192 \
    -detect_leaks=$leaks -malloc_limit_mb=512 -rss_limit_mb=1024 -timeout=$timeout -print_final_stats=1 > "$kept/$target.log" 2>&1 ||
    touch "$work/$target.failed"
}

# The last `cov:` is the number of edges; the line where it stands first tells the input that reached them.
summary() {
  awk -v target="$1" '
    match($0, / cov: [0-9]+/) { now = substr($0, RSTART + 6, RLENGTH - 6) + 0 }
    now != edges { edges = now; last = substr($1, 2) }
    /number_of_executed_units/ { runs = $2 }
    END { printf "%-12s %11d inputs %6d edges, the last at input %d\n", target, runs, edges, last }' "$kept/$1.log"
}

export -f run
export kept work seconds timeout bin
printf '%s\n' $targets | xargs -P 2 -I{} bash -c 'run {}'

for target in $targets; do
  summary "$target"
  [ ! -e "$work/$target.failed" ] || grep -h -m 2 'EXPECTED\|ERROR: \|Test unit written' "$kept/$target.log" || true
done
if compgen -G "$work/*.failed" > /dev/null; then
  echo "findings: see $kept/findings and the logs beside it"
  exit 1
fi
