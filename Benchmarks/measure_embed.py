#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Start-up time and peak memory of the program `embed`, as its user sees them.

usage: measure_embed.py FILE [LINES ...]

Prints the median time from the start of the process to its end for one text, and its peak memory; then the peak
memory over each number of LINES (20000 and 200000 if none are given) made of FILE's lines, again and again.
Build first: swift build -c release --package-path Examples
"""
import itertools
import os
import pathlib
import statistics
import sys
import tempfile
import time

EMBED = pathlib.Path(__file__).resolve().parent.parent / "Examples/.build/release/embed"


def run(*arguments):
    """Seconds and peak megabytes of one run."""
    start = time.perf_counter()
    process = os.fork()
    if process == 0:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        os.execv(EMBED, [str(EMBED), "--quiet", *arguments])
    _, status, usage = os.wait4(process, 0)
    if status != 0:
        raise SystemExit(f"embed {' '.join(arguments)} failed")
    kilobytes = usage.ru_maxrss / 1024 if sys.platform == "darwin" else usage.ru_maxrss
    return time.perf_counter() - start, kilobytes / 1024


def main():
    if len(sys.argv) < 2 or sys.argv[1].startswith("-"):
        raise SystemExit(__doc__)
    lines = pathlib.Path(sys.argv[1]).read_text(encoding="utf-8").splitlines()
    runs = [run("--format", "jsonl", lines[0]) for _ in range(21)]
    milliseconds = statistics.median(seconds for seconds, _ in runs) * 1000
    print(f"one text: {milliseconds:.0f} ms, {max(peak for _, peak in runs):.0f} MB", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        for count in [int(word) for word in sys.argv[2:]] or [20_000, 200_000]:
            path = pathlib.Path(folder, "texts.txt")
            path.write_text("".join(f"{line}\n" for line in itertools.islice(itertools.cycle(lines), count)))
            seconds, peak = run("--input", str(path), "--format", "npy", "--output", f"{folder}/vectors.npy")
            print(f"{count} lines: {seconds:.1f} s, {peak:.0f} MB", flush=True)


if __name__ == "__main__":
    main()
