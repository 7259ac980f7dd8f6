#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Fine-tunes a model in float32 and in bfloat16, seed by seed, and compares the time of a step, the losses and the score.

usage: compare_precisions.py --train FILE --eval FILE [--label-column NAME] [--seeds N] [--steps N] [--program FILE] [-- OPTION ...]

Further options go to `finetune`. The loss is the mean of the last tenth of the steps. Exits 1 if accuracy_at_1 differs by more
than 0.3 points, or the loss by more than 1 per cent, in the mean of the seeds.
"""
import argparse
import json
import pathlib
import statistics
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent


def run(program, options, precision, seed, folder):
    log = folder / f"{precision}-{seed}.jsonl"
    subprocess.run(
        [program, *options, "--precision", precision, "--seed", str(seed), "--quiet", "--log", log, "--output", folder / f"{precision}-{seed}"],
        check=True, stdout=subprocess.DEVNULL)
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    steps = [line for line in lines if "grad_norm" in line]
    scores = [line["eval"] for line in lines if "eval" in line]
    losses = [step["loss"] for step in steps[-max(1, len(steps) // 10):]]
    # The first steps make memory and load the model.
    timed = steps[min(5, len(steps) - 2):]
    seconds = (timed[-1]["seconds"] - timed[0]["seconds"]) / (len(timed) - 1)
    return {"loss": statistics.mean(losses), "score": 100 * scores[-1], "ms": 1000 * seconds}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--train", type=pathlib.Path, required=True)
    parser.add_argument("--eval", type=pathlib.Path, required=True)
    parser.add_argument("--label-column", default="label")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--steps", type=int, default=150)
    parser.add_argument("--program", type=pathlib.Path, default=ROOT / "Examples/.build/release/finetune")
    parser.add_argument("options", nargs="*")
    arguments = parser.parse_args()
    if arguments.steps < 2:
        parser.error("--steps: give at least 2")
    options = [
        "--train", arguments.train, "--eval", arguments.eval, "--label-column", arguments.label_column,
        "--steps", str(arguments.steps), *arguments.options]
    runs = {"float32": [], "bfloat16": []}
    print("| seed | precision | accuracy_at_1 | loss | ms a step |\n|-|-|-:|-:|-:|")
    with tempfile.TemporaryDirectory() as folder:
        for seed in range(arguments.seeds):
            for precision, results in runs.items():
                results.append(run(arguments.program, options, precision, seed, pathlib.Path(folder)))
                result = results[-1]
                print(f"| {seed} | {precision} | {result['score']:.2f} | {result['loss']:.5f} | {result['ms']:.0f} |", flush=True)
    mean = {precision: {key: statistics.mean(result[key] for result in results) for key in results[0]} for precision, results in runs.items()}
    points = mean["bfloat16"]["score"] - mean["float32"]["score"]
    loss = mean["bfloat16"]["loss"] / mean["float32"]["loss"] - 1
    faster = statistics.median(a["ms"] / b["ms"] for a, b in zip(*runs.values()))
    print(f"bfloat16 beside float32: {points:+.2f} points, {100 * loss:+.2f} % loss, steps {faster:.2f} x as fast")
    sys.exit(abs(points) > 0.3 or abs(loss) > 0.01)


if __name__ == "__main__":
    main()
