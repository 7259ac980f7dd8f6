#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Shows that `embed` gives a text the same bits in any batch, any order, on any number of threads and CPU path.

usage: check_bits.py [TEXTS] [OPTION OF embed ...]

TEXTS has a text a line; by default it is the page of the goldens. Runs all texts in one file, as they stand and shuffled,
on 1 to 8 threads, then in files of 1, 7 and 64 texts, on each CPU path this machine can run. Exit 1 on any difference.
"""
import pathlib
import random
import subprocess
import sys

import numpy as np

from programs import embed

PAGE = pathlib.Path(__file__).parent.parent / "Tests/SwiftletEncodersTests/Fixtures/all-MiniLM-L6-v2/page.txt"
PATHS = "scalar", "avx2", "avx512", "neon"


def check_path(path, texts, expected, options):
    """Prints a line; returns the number of runs that differ."""
    differing = runs = 0

    def hold(order, *more, size=len(texts)):
        nonlocal differing, runs
        for start in range(0, len(order), size):
            batch = order[start:start + size]
            vectors = embed([texts[i] for i in batch], *options, *more, SWIFTLET_CPU=path)
            differing += vectors.tobytes() != expected[batch].tobytes()
            runs += 1

    order = list(range(len(texts)))
    for threads in range(1, 9):
        hold(order, "--threads", str(threads))
        random.Random(threads).shuffle(order)
        hold(order, "--threads", str(threads))
    for size in 1, 7, 64:
        hold(order, size=size)
    print(f"{path}: {runs} runs, {differing} differ")
    return differing


def main():
    arguments = sys.argv[1:]
    page = PAGE if not arguments or arguments[0].startswith("-") else pathlib.Path(arguments.pop(0))
    texts = page.read_text(encoding="utf-8").removesuffix("\n").split("\n")
    expected = embed(texts, *arguments)
    differing = 0
    for path in PATHS:
        try:
            embed(texts[:1], SWIFTLET_CPU=path)
        except subprocess.CalledProcessError as error:
            print(f"{path}: not run: {error.stderr.strip()}")
            continue
        differing += check_path(path, texts, expected, arguments)
    raise SystemExit(1 if differing or not np.isfinite(expected).all() else 0)


if __name__ == "__main__":
    main()
