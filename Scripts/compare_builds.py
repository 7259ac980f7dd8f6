#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compares the speed of two builds of the programs: embedding, training, the latency of one text, tokenizing.

usage: compare_builds.py OLD NEW TEXTS TRAIN [--pairs N] [--only TASK,...] [--finetune-options WORDS]

OLD and NEW are folders with release builds of `embed`, `finetune` and, if it is to be compared, the benchmarks' `tokenizer`;
TEXTS has a text a line, TRAIN is a table of texts and labels. The builds run in turn, the first of a pair changing. Prints
for each task the median of old / new (above 1: NEW is faster) and its 95 % interval by bootstrap. For latency both programs
stay open for fifty lines and get each in turn.
"""
import argparse
import json
import os
import pathlib
import random
import statistics
import subprocess
import tempfile
import time

MODEL = pathlib.Path(__file__).resolve().parent.parent / "weights" / "all-MiniLM-L6-v2"


def show(name, pairs):
    ratios, generator = [old / new for old, new in pairs], random.Random(0)
    medians = sorted(statistics.median(generator.choices(ratios, k=len(ratios))) for _ in range(1000))
    print(f"{name}: {statistics.median(ratios):.4f} ({medians[25]:.4f} to {medians[974]:.4f}), {len(ratios)} pairs", flush=True)


def in_turn(index, measure):
    """What `measure` gives for build 0 and build 1; which comes first changes with the index."""
    first = index % 2
    results = {build: measure(build) for build in (first, 1 - first)}
    return results[0], results[1]


def seconds(command):
    start = time.perf_counter()
    subprocess.run([str(word) for word in command], check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - start


def embedding(builds, texts, precision, pairs):
    with tempfile.TemporaryDirectory() as folder:
        options = ["--model", MODEL, "--quiet", "--precision", precision, "--format", "npy", "--input", texts]
        show(f"embedding, {precision}", [in_turn(i, lambda build: seconds(
            [builds[build] / "embed", *options, "--output", f"{folder}/vectors.npy"])) for i in range(pairs)])


def training(builds, table, options, pairs):
    def measure(build):
        with tempfile.TemporaryDirectory() as folder:
            return seconds([
                builds[build] / "finetune", "--model", MODEL, "--quiet", "--train", table, "--steps", "8",
                "--output", f"{folder}/tuned", *options])

    show(" ".join(["training, 8 steps", *options]), [in_turn(i, measure) for i in range(pairs)])


def latency(builds, texts, precision):
    lines = [line for line in texts.read_text(encoding="utf-8").split("\n") if line][:1000]
    pairs = []
    # A process may be some per cent faster than the next one of the same program: where its memory lies differs.
    for start in range(0, len(lines), 50):
        programs = [
            subprocess.Popen(
                [build / "embed", "--model", MODEL, "--quiet", "--precision", precision, "--input", "-", "--format", "jsonl"],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE)
            for build in builds]
        pairs += latencies(programs, lines[start : start + 50])[10:]
        for program in programs:
            program.stdin.close()
            program.wait()
    show(f"latency, {precision}", pairs)


def tokenizing(builds, texts, pairs):
    # malloc keeps what is freed, else the system's giving and taking of memory decides.
    environment = os.environ | {f"MALLOC_{name}_": str(1 << 30) for name in ("TRIM_THRESHOLD", "MMAP_THRESHOLD")} | {"MALLOC_TOP_PAD_": str(1 << 26)}

    def measure(build):
        command = [builds[build] / "tokenizer", "--model", MODEL, "--text", texts, "--passes", "60"]
        output = subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE).stdout
        return 1 / json.loads(output)["megabytes_per_s"]

    show("tokenizing", [in_turn(i, measure) for i in range(pairs)])


def latencies(programs, lines):
    """The seconds of each line's answer by both programs."""
    def answer(program, line):
        start = time.perf_counter()
        program.stdin.write(line.encode() + b"\n")
        program.stdin.flush()
        program.stdout.readline()
        return time.perf_counter() - start

    def measure(build, line):
        time.sleep(0.001)  # the other program's threads fall asleep
        answer(programs[build], line)
        return min(answer(programs[build], line) for _ in range(2))

    return [in_turn(i, lambda build: measure(build, line)) for i, line in enumerate(lines)]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("old", "new", "texts", "train"):
        parser.add_argument(name, type=pathlib.Path)
    parser.add_argument("--pairs", type=int, default=30)
    tasks = ["tokenizing", "latency", "embedding", "training"]
    parser.add_argument("--only", type=lambda text: text.split(","), default=tasks, help=f"some of {','.join(tasks)}")
    parser.add_argument("--finetune-options", type=str.split, default=[], help="for example \"--labels-per-batch 64 --steps 4\"")
    options = parser.parse_args()
    if unknown := set(options.only) - set(tasks):
        parser.error(f"unknown tasks: {', '.join(unknown)}")
    builds = options.old.resolve(), options.new.resolve()
    if "tokenizing" in options.only and all((build / "tokenizer").exists() for build in builds):
        tokenizing(builds, options.texts, options.pairs)
    for precision in ("float32", "int8"):
        if "latency" in options.only:
            latency(builds, options.texts, precision)
        if "embedding" in options.only:
            embedding(builds, options.texts, precision, options.pairs)
    if "training" in options.only:
        training(builds, options.train, options.finetune_options, options.pairs)


if __name__ == "__main__":
    main()
