#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Scores `finetune` on labeled texts: 1-NN and centroid accuracy on the test texts, before and after 200 steps.

usage: score_finetuning.py TRAIN TEST [--label-column category] [--setup a,b] [--seeds 1,2,3] [--steps 200]

Each step takes 16 labels x 4 texts of at most 64 tokens through the batch-hard triplet loss, with learning rate 2e-5.
Set-up a: mean pooling, unit vectors, margin 0.3. Set-up b: [CLS] pooling, vectors as they are, margin 5. Neighbors and centroids
are those of the training texts. One JSON line a run, then the means.
"""
import argparse
import json
import pathlib
import subprocess
import tempfile

from programs import PROGRAMS

SETUPS = {
    "a": ["--pooling", "mean", "--normalize", "--margin", "0.3"],
    "b": ["--pooling", "cls", "--no-normalize", "--margin", "5"],
}


def accuracies(arguments, *options):
    """[1-NN, centroid]."""
    line = subprocess.run(
        [PROGRAMS / "evaluate", "--task", "knn", "--data", arguments.test, "--train", arguments.train,
         "--label-column", arguments.label_column, "--max-length", "64", "--quiet", *options],
        check=True, stdout=subprocess.PIPE, text=True).stdout
    scores = json.loads(line)
    return [round(scores[name], 4) for name in ("accuracy_at_1", "centroid_accuracy")]


def tuned(arguments, setup, seed):
    with tempfile.TemporaryDirectory() as folder:
        output = pathlib.Path(folder) / "model"
        subprocess.run(
            [PROGRAMS / "finetune", "--train", arguments.train, "--label-column", arguments.label_column, "--output", output,
             "--steps", str(arguments.steps), "--seed", seed, "--max-length", "64", "--quiet", *SETUPS[setup]], check=True)
        return accuracies(arguments, "--model", output)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("train")
    parser.add_argument("test")
    parser.add_argument("--label-column", default="category")
    parser.add_argument("--setup", default="a,b")
    parser.add_argument("--seeds", default="1,2,3")
    parser.add_argument("--steps", type=int, default=200)
    arguments = parser.parse_args()
    print(json.dumps({"before, mean pooling": accuracies(arguments)}), flush=True)
    for setup in arguments.setup.split(","):
        runs = []
        for seed in arguments.seeds.split(","):
            runs.append(tuned(arguments, setup, seed))
            print(json.dumps({"setup": setup, "seed": int(seed), "after": runs[-1]}), flush=True)
        means = [round(sum(values) / len(values), 4) for values in zip(*runs)]
        print(json.dumps({"setup": setup, "mean": means}), flush=True)


if __name__ == "__main__":
    main()
