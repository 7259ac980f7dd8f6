#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Times `tokenize` on a large file beside a Python program that does the same with Hugging Face's tokenizer.

usage: tokenize_file.py --text FILE [--megabytes N] [--model DIR] [--passes N]

A line of the file is one to three lines of FILE, drawn at random. Both programs write the ids of each line, on as many threads,
and must write the same; the start, the time for a file of one line, is taken off. Also `tokenize` on one thread beside two.
Needs requirements.txt, and the release build of Examples/.
"""
import argparse
import filecmp
import os
import pathlib
import random
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
PROGRAM = ROOT / "Examples/.build/release/tokenize"
THREADS = os.cpu_count()

PYTHON = """
import sys
from tokenizers import BertWordPieceTokenizer
tokenizer = BertWordPieceTokenizer(sys.argv[1] + "/vocab.txt", lowercase=True)._tokenizer
with open(sys.argv[2], encoding="utf-8", newline="\\n") as lines, open(sys.argv[3], "w") as ids:
    while texts := lines.readlines(1 << 22):
        for encoding in tokenizer.encode_batch_fast([text.rstrip("\\n") for text in texts]):
            ids.write(" ".join(map(str, encoding.ids)))
            ids.write("\\n")
"""


def write_texts(path, source, size):
    """Lines of one to three lines of the source each, in random order."""
    lines, generator = source.read_text(encoding="utf-8").splitlines(), random.Random(0)
    with open(path, "w", encoding="utf-8") as file:
        while file.tell() < size:
            for _ in range(10_000):
                file.write(" ".join(generator.choices(lines, k=generator.randint(1, 3))) + "\n")


def seconds(words, output, environment=None):
    start = time.monotonic()
    with open(output, "wb") as file:
        subprocess.run([str(word) for word in words], check=True, stdout=file, env=os.environ | (environment or {}))
    return time.monotonic() - start


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--text", type=pathlib.Path, required=True)
    parser.add_argument("--megabytes", type=int, default=100)
    parser.add_argument("--model", type=pathlib.Path, default=ROOT / "weights/all-MiniLM-L6-v2")
    parser.add_argument("--passes", type=int, default=3)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        large, small, ours, theirs = [folder / name for name in ("large.txt", "small.txt", "ours", "theirs")]
        write_texts(large, arguments.text, arguments.megabytes * 10**6)
        small.write_text(arguments.text.read_text(encoding="utf-8").splitlines()[0] + "\n", encoding="utf-8")

        def swiftlet(path, threads):
            return seconds([PROGRAM, "--model", arguments.model, "--input", path, "--threads", threads], ours)

        def peer(path):
            words = [sys.executable, "-c", PYTHON, arguments.model, path, theirs]
            return seconds(words, os.devnull, {"RAYON_NUM_THREADS": str(THREADS)})

        def best(run):
            start = min(run(small) for _ in range(arguments.passes))
            return min(run(large) for _ in range(arguments.passes)) - start

        one = best(lambda path: swiftlet(path, 1))
        many = best(lambda path: swiftlet(path, THREADS))
        python = best(peer)
        if not filecmp.cmp(ours, theirs, shallow=False):
            raise SystemExit("the ids differ")
        size = large.stat().st_size / 1e6
        print(f"{size:.0f} MB: tokenize {size / many:.0f} MB/s on {THREADS} threads, {one / many:.2f} times one thread's; "
              f"Python {size / python:.1f} MB/s; {python / many:.1f} x")


if __name__ == "__main__":
    main()
