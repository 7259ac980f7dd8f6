#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Kills `finetune` again and again, resumes it, and compares the models with one that was tuned in one go.

usage: kill_runs.py [--kills N] [--signal KILL|TERM|INT] [--seed N] [--model DIR] [--train FILE] [-- FINETUNE_OPTIONS]

Every other kill comes at a random moment, the others while a checkpoint is saved. After each, every checkpoint must be
whole; the run goes on with another number of threads and other pieces; when it completes, its files must have the bytes of
the unbroken run's. Without options a small random BERT is tuned for twenty steps, with a checkpoint after each. Needs the
release build of Examples/. Exits 1 at the first difference.
"""
import argparse
import hashlib
import json
import pathlib
import random
import signal
import subprocess
import sys
import tempfile
import time

from programs import PROGRAMS

REPOSITORY = pathlib.Path(__file__).resolve().parent.parent
OPTIONS = ["--steps", "20", "--checkpoint-every", "1", "--labels-per-batch", "4", "--samples-per-label", "2", "--dropout", "0.1",
           "--learning-rate", "1e-3"]


def sha256(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def files(output):
    """Name to digest for the files of a finished output."""
    return {str(path.relative_to(output)): sha256(path) for path in sorted(output.rglob("*")) if path.is_file()}


def check_checkpoints(output):
    """Exits unless each checkpoint that has its final name is whole. Returns whether a save was cut short."""
    folder = output / "checkpoints"
    if not folder.is_dir():
        return False
    for checkpoint in folder.glob("step-*"):
        manifest = json.loads((checkpoint / "manifest.json").read_text())
        for name, file in manifest["files"].items():
            path = checkpoint / name
            if path.stat().st_size != file["bytes"] or sha256(path) != file["sha256"]:
                sys.exit(f"{path}: not as its manifest says")
        if {path.name for path in checkpoint.iterdir()} != {*manifest["files"], "manifest.json"}:
            sys.exit(f"{checkpoint}: other files than its manifest says")
    return any(folder.glob(".swiftlet-*.tmp"))


def is_saving(output):
    return any((output / "checkpoints").glob(".swiftlet-*.tmp"))


def wait(process, seconds, until=lambda: False):
    """Returns when the process has ended, the time is up, or `until` holds."""
    end = time.monotonic() + seconds
    while process.poll() is None and time.monotonic() < end and not until():
        time.sleep(0.0005)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--signal", choices=["KILL", "TERM", "INT"], default="KILL")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--model", default=REPOSITORY / "Tests/SwiftletEncodersTests/Fixtures/gelu-mean-normalized/model")
    parser.add_argument("--train", default=REPOSITORY / "Examples/Data/workshop/train.csv")
    parser.add_argument("options", nargs="*", default=OPTIONS, metavar="FINETUNE_OPTIONS")
    arguments = parser.parse_args()
    generator = random.Random(arguments.seed)
    number = getattr(signal, "SIG" + arguments.signal)

    def start(output, *more):
        return subprocess.Popen(
            [PROGRAMS / "finetune", "--model", arguments.model, "--train", arguments.train, "--output", output, "--quiet",
             *arguments.options, *more], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)

    with tempfile.TemporaryDirectory() as work:
        unbroken = pathlib.Path(work) / "unbroken"
        begin = time.monotonic()
        process = start(unbroken)
        if process.wait() != 0:
            sys.exit(f"the unbroken run: {process.stderr.read()}")
        duration = time.monotonic() - begin
        expected = files(unbroken)
        print(f"unbroken: {duration:.2f} s, model.safetensors {expected['model.safetensors']}")

        kills = saves = completed = resumed = 0
        while kills < arguments.kills or completed == 0:
            output = pathlib.Path(work) / f"run-{completed}"
            process = start(output, "--resume", "--threads", str(generator.randint(1, 3)),
                            "--piece-size", str(generator.choice([1, 3, 64])))
            if kills < arguments.kills:
                if kills % 2:
                    wait(process, 0.5 * duration * generator.random())
                    wait(process, duration, until=lambda: is_saving(output))
                    time.sleep(0.01 * generator.random())
                else:
                    wait(process, 0.5 * duration * generator.random())
                if process.poll() is None:
                    process.send_signal(number)
            process.wait()
            message = process.stderr.read()
            if process.returncode == 0:
                if files(output) != expected:
                    sys.exit(f"after {kills} kills: {files(output)}, but unbroken {expected}")
                completed += 1
            elif process.returncode in (-number, 128 + number):
                kills += 1
                saves += check_checkpoints(output)
                resumed += any((output / "checkpoints").glob("step-*"))
            else:
                sys.exit(f"after {kills} kills: exit {process.returncode}: {message}")
        print(f"{kills} kills, {saves} in a save, {resumed} with a checkpoint to go on from; {completed} runs completed, "
              f"each with the unbroken run's bytes in {len(expected)} files")


if __name__ == "__main__":
    main()
