#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Steps a second and peak memory of fine-tuning, Swiftlet and PyTorch, in one run.

usage: compare_training.py --run RUN.PY --model DIR CSV [--label-column category] [--steps 20]

RUN.PY is the peers' benchmark, run by this Python, which must have PyTorch; --model is the float32 folder that it trains.
CSV is Banking77's train.csv or the like. A step is 16 labels x 4 texts of at most 128 tokens through [CLS] pooling and
the batch-hard triplet loss, with dropout; its time is the median, the first four left out. PyTorch's times leave out the
tokenizer, ours hold all. Swiftlet, with the bundled model, runs before and after PyTorch, and the slower of the two counts.
Build first: swift build -c release --package-path Examples
"""
import argparse
import itertools
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile

FINETUNE = pathlib.Path(__file__).resolve().parent.parent / "Examples/.build/release/finetune"
WARM_UP = 4


def swiftlet(arguments):
    """Milliseconds a step and peak megabytes."""
    with tempfile.TemporaryDirectory() as folder:
        log = pathlib.Path(folder) / "log.jsonl"
        options = [
            "--train", arguments.csv, "--label-column", arguments.label_column, "--output", f"{folder}/output",
            "--steps", str(arguments.steps + WARM_UP), "--pooling", "cls", "--no-normalize", "--margin", "5",
            "--max-length", "128", "--schedule", "constant", "--quiet", "--log", str(log)]
        process = subprocess.Popen([FINETUNE, *options])
        _, status, usage = os.wait4(process.pid, 0)
        if status != 0:
            raise SystemExit("finetune failed")
        ends = [0] + [json.loads(line)["seconds"] for line in log.read_text().splitlines()]
        steps = [end - start for start, end in itertools.pairwise(ends)]
    megabytes = usage.ru_maxrss / (1 << 20 if sys.platform == "darwin" else 1 << 10)
    return statistics.median(steps[WARM_UP:]) * 1000, megabytes


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--run", required=True)
    parser.add_argument("--model", required=True)
    parser.add_argument("--label-column", default="category")
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("csv")
    arguments = parser.parse_args()
    before = swiftlet(arguments)
    output = subprocess.run(
        [sys.executable, arguments.run, "train", "--model", arguments.model, "--csv", arguments.csv,
         "--steps", str(arguments.steps)],
        check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True).stdout
    [peer] = [json.loads(line) for line in output.splitlines() if line.startswith("{")]
    ours = [max(pair) for pair in zip(before, swiftlet(arguments))]
    theirs = peer["ms_per_step_p50"], peer["peak_rss_mb"]
    for name, (milliseconds, megabytes) in ("swiftlet", ours), ("pytorch", theirs):
        print(f"{name:>8}: {milliseconds:.0f} ms a step, {megabytes:.0f} MB at the peak")
    print(f"swiftlet takes {theirs[0] / ours[0]:.2f}x the steps in a time, and {ours[1] / theirs[1]:.2f} of the memory")


if __name__ == "__main__":
    main()
