#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Shows that `finetune` gives the same weights to the bit on any number of threads and CPU path, in pieces of any size,
and killed and resumed.

usage: check_training_bits.py [OPTION OF finetune ...]

By default 20 steps on the data of Examples/. Prints the SHA-256 of the model.safetensors of each run; exit 1 if one differs.
A killed run gets SIGKILL at three random moments, is resumed after each, and saves every other step.
"""
import hashlib
import os
import pathlib
import random
import signal
import subprocess
import sys
import tempfile
import time

from programs import PROGRAMS, embed

DATA = pathlib.Path(__file__).parent.parent / "Examples" / "Data" / "workshop" / "train.csv"
DEFAULT = ["--train", str(DATA), "--steps", "20"]
KILLS = 3


def start(output, options, environment):
    return subprocess.Popen(
        [PROGRAMS / "finetune", "--output", output, "--quiet", *options], env=os.environ | environment,
        stderr=subprocess.PIPE, text=True)


def finish(process):
    _, errors = process.communicate()
    if process.returncode:
        raise SystemExit(f"finetune failed with {process.returncode}: {errors}")


def killed(output, options, seconds):
    """Kills a run, which takes `seconds` undisturbed, at random moments, and resumes it."""
    rng = random.Random(0)
    for _ in range(KILLS):
        process = start(output, [*options, "--checkpoint-every", "2", "--resume"], {})
        time.sleep(rng.uniform(0.2, 0.5) * seconds)
        process.send_signal(signal.SIGKILL)
        process.communicate()
        if process.returncode != -signal.SIGKILL:
            raise SystemExit("the run ended before it was killed; give it more steps")
    finish(start(output, [*options, "--checkpoint-every", "2", "--resume"], {}))


def main():
    options = sys.argv[1:] or DEFAULT
    digests = set()
    with tempfile.TemporaryDirectory() as folder:

        def show(name, run):
            output = pathlib.Path(folder) / name.replace(" ", "-")
            run(output)
            digest = hashlib.sha256((output / "model.safetensors").read_bytes()).hexdigest()
            digests.add(digest)
            print(f"{digest}  {name}", flush=True)

        begin = time.monotonic()
        show("as it is", lambda output: finish(start(output, options, {})))
        seconds = time.monotonic() - begin
        for threads in "1", "2", "5":
            show(f"{threads} threads", lambda output: finish(start(output, [*options, "--threads", threads], {})))
        for path in "avx2", "avx512", "neon":
            try:
                embed(["a text"], SWIFTLET_CPU=path)
            except subprocess.CalledProcessError as error:
                print(f"{path}: not run: {error.stderr.strip()}")
                continue
            show(path, lambda output: finish(start(output, options, {"SWIFTLET_CPU": path})))
        for size in "8", "23":
            show(f"pieces of {size}", lambda output: finish(start(output, [*options, "--piece-size", size], {})))
        show(f"killed {KILLS} times", lambda output: killed(output, options, seconds))
    raise SystemExit(0 if len(digests) == 1 else 1)


if __name__ == "__main__":
    main()
