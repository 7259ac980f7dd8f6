#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Shows that `finetune` takes batches of 1,024 texts in the memory of 64, to the same bits as in one piece.

usage: check_large_batches.py TRAIN [--label-column category] [--losses batch-hard-triplet,…] [--steps 2]

TRAIN has at least 64 labels with 16 texts each, as Banking77's train.csv. Runs for each loss batches of 16 labels
x 4 texts, then batches of 64 x 16 with as many texts in all: in pieces of 64 and 8, and in one piece if enough memory
is free. Prints for each run the peak memory, also as a multiple of the first run's, and the model's SHA-256. Exits 1 if
pieces change a bit, or if pieces of 64 take more than 1.4 times the memory of the small batches. Needs the release
build of Examples/; takes minutes.
"""
import argparse
import hashlib
import os
import pathlib
import subprocess
import sys
import tempfile

from programs import PROGRAMS

LOSSES = "batch-hard-triplet,batch-all-triplet,triplet,contrastive,multiple-negatives-ranking,softmax-cross-entropy"
# The sums of blocks are 64-bit integers, 8 bytes a weight, which one block does not need.
LIMIT = 1.4


def run(arguments, loss, labels, samples, steps, piece):
    """Peak bytes and the model's digest."""
    with tempfile.TemporaryDirectory() as folder:
        command = [
            PROGRAMS / "finetune", "--train", arguments.train, "--label-column", arguments.label_column, "--output",
            f"{folder}/model", "--loss", loss, "--steps", str(steps), "--labels-per-batch", str(labels),
            "--samples-per-label", str(samples), "--piece-size", str(piece), "--quiet"]
        process = subprocess.Popen(command)
        _, status, usage = os.wait4(process.pid, 0)
        if status != 0:
            raise SystemExit(f"finetune failed: {' '.join(map(str, command))}")
        peak = usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024)
        return peak, hashlib.sha256(pathlib.Path(folder, "model", "model.safetensors").read_bytes()).hexdigest()


def free_memory():
    """Bytes, or None where the system does not tell."""
    known = "SC_AVPHYS_PAGES" in os.sysconf_names
    return os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") if known else None


def check(arguments, loss):
    """Whether memory and bits are as they should be."""
    def show(batch, piece, peak, digest):
        print(f"{loss}: batch of {batch}, pieces of {piece}: "
              f"{peak / 2**20:.0f} MB, {peak / small:.2f} x, {digest[:16]}", flush=True)

    small, digest = run(arguments, loss, 16, 4, 16 * arguments.steps, 64)
    show(64, 64, small, digest)
    # One piece of 1,024 texts takes up to 16 times what a small batch does.
    pieces, needed, free = [64, 8, 1024], 16 * small, free_memory()
    if free is None or free < needed:
        print(f"{loss}: not in one piece: that may take {needed / 2**30:.0f} GB, which this machine has not free")
        pieces.pop()
    digests = set()
    for piece in pieces:
        peak, digest = run(arguments, loss, 64, 16, arguments.steps, piece)
        show(1024, piece, peak, digest)
        digests.add(digest)
        if piece == 64:
            is_small = peak <= LIMIT * small
    return is_small and len(digests) == 1


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("train")
    parser.add_argument("--label-column", default="category")
    parser.add_argument("--losses", default=LOSSES)
    parser.add_argument("--steps", type=int, default=2)
    arguments = parser.parse_args()
    results = [check(arguments, loss) for loss in arguments.losses.split(",")]
    raise SystemExit(0 if all(results) else 1)


if __name__ == "__main__":
    main()
