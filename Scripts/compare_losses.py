#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes the tables of the guide "Choosing a loss", Sources/Swiftlet/Swiftlet.docc/ChoosingALoss.md.

usage: compare_losses.py TRAIN TEST --work FOLDER [--label-column category] [--tables NAME,…] [--steps 200]

TRAIN and TEST are tables of labeled texts, as those of Banking77. FOLDER keeps the tuned models, 90 MB each, and their
scores: a call that was broken off goes on there. The tables are losses, negatives, semi-hard, encoders, words and retrieval.
All runs have one seed, batches of 16 labels x 4 texts of at most 64 tokens, and the defaults of `finetune`, but for the
options in their row. Prints Markdown. Takes a minute a model; needs the release build of Examples/, and for the table of
words: swift build -c release --package-path Fuzzing --product hidden-states
"""
import argparse
import json
import pathlib
import re
import subprocess

import numpy as np

from programs import PROGRAMS, ROOT, embed, layer_states

LOSSES = ["softmax-cross-entropy", "mse", "cosine-hinge", "contrastive", "triplet", "batch-hard-triplet",
          "multiple-negatives-ranking"]
NEGATIVES = [["--mine", "random"], [], ["--mine", "offline"], ["--mine", "offline", "--negative-margin", "0.1"]]
SEMI_HARD = ["batch-all-triplet", "batch-hard-triplet", "batch-semi-hard-triplet", "facenet-semi-hard-triplet"]
LONGER = ["--steps", "400", "--learning-rate", "1e-4"]
WORD_AVERAGE = ["--encoder", "word-average", "--steps", "2000", "--learning-rate", "1e-3"]
SENTENCES = ["She sat on the bank of the river and watched the water.", "They fished from the muddy bank of a stream.",
             "The bank raised the interest on her savings.", "He opened an account at the bank to deposit his salary."]
SWAPPED = ["The dog bit the man.", "The man bit the dog."]
KNN = ["accuracy_at_1", "centroid_accuracy", "map_at_r"]
RETRIEVAL = [("precision", "10"), ("recall", "10"), ("mrr", "10"), ("ndcg", "10"), ("map", "100")]


class Runs:
    """Tuned models and their scores, each made once."""

    def __init__(self, arguments):
        self.train, self.test, self.work = arguments.train, arguments.test, pathlib.Path(arguments.work)
        self.tables = ["--label-column", arguments.label_column]
        self.steps = str(arguments.steps)
        self.work.mkdir(parents=True, exist_ok=True)

    def path(self, options, ending=""):
        return self.work / (re.sub(r"[^\w.]+", "-", " ".join(options)).strip("-") + ending)

    def finetune(self, *options):
        """The folder of a model tuned with some options; its log lies beside it."""
        options = ([] if "--steps" in options else ["--steps", self.steps]) + list(options)
        output = self.path(options)
        subprocess.run(
            [PROGRAMS / "finetune", "--train", self.train, *self.tables, "--output", output, "--resume", "--max-length", "64",
             "--log", self.path(options, ".jsonl"), "--quiet", *options], check=True, stdout=subprocess.DEVNULL)
        return output

    def evaluate(self, model, task):
        """The scores of a model, or of the untuned one if it is None."""
        path = self.path([model.name if model else "untuned", task], ".json")
        if not path.exists():
            line = subprocess.run(
                [PROGRAMS / "evaluate", "--task", task, "--data", self.test, "--train", self.train, *self.tables, "--quiet",
                 *(["--model", model] if model else [])], check=True, stdout=subprocess.PIPE, text=True).stdout
            path.write_text(line)
        return json.loads(path.read_text())

    def accuracies(self, model):
        scores = self.evaluate(model, "knn")
        return [f"{scores[name]:.4f}" for name in KNN]

    def states(self, word):
        """[sentences, layers + 1, hidden]: the states of a word in each of SENTENCES."""
        lines = subprocess.run([PROGRAMS / "tokenize", "--format", "tokens", *SENTENCES], check=True,
                               stdout=subprocess.PIPE, text=True).stdout.splitlines()
        states = layer_states(ROOT / "weights" / "all-MiniLM-L6-v2", SENTENCES)
        return np.array([text[:, line.split().index(word)] for text, line in zip(states, lines)])

    def active_fractions(self, model):
        """The means over the four quarters of the run."""
        lines = [json.loads(line) for line in model.with_name(model.name + ".jsonl").read_text().splitlines()]
        fractions = [line["active_fraction"] for line in lines if "loss" in line]
        return [f"{np.mean(part):.2f}" for part in np.array_split(fractions, 4)]


def show(header, rows):
    print(f"\n| {' | '.join(header)} |\n|-|{'-:|' * (len(header) - 1)}")
    for row in rows:
        print(f"| {' | '.join(row)} |", flush=True)


def losses(runs):
    """1-NN and centroid accuracy, and MAP@R, of the untuned model and after each loss."""
    rows = [["untuned", *runs.accuracies(None)]]
    rows += [[f"`--loss {loss}`", *runs.accuracies(runs.finetune("--loss", loss))] for loss in LOSSES]
    show(["", "1-NN accuracy", "centroid accuracy", "MAP@R"], rows)


def negatives(runs):
    """Triplets with random negatives, with the nearest in the batch, and with the nearest of all."""
    show_active(runs, [["--loss", "triplet", *options] for options in NEGATIVES])


def semi_hard(runs):
    """Which of a batch's triplets count."""
    show_active(runs, [["--loss", loss] for loss in SEMI_HARD])


def show_active(runs, choices):
    rows = []
    for options in choices:
        model = runs.finetune(*options)
        rows.append([f"`{' '.join(options)}`", *runs.active_fractions(model), *runs.accuracies(model)[:2]])
    quarter = int(runs.steps) // 4
    spans = [f"{quarter * index + 1}–{quarter * (index + 1)}" for index in range(4)]
    show(["active triplets in the steps", *spans, "1-NN accuracy", "centroid accuracy"], rows)


def encoders(runs):
    """The word average and the transformer, by the same loss."""
    loss = ["--loss", "batch-hard-triplet"]
    rows = [["transformer, untuned", *runs.accuracies(None)]]
    for name, options in (("transformer", []), ("transformer", LONGER), ("word average", WORD_AVERAGE[:2]),
                          ("word average", WORD_AVERAGE)):
        cell = f"{name}, `{' '.join(loss + options)}`"
        rows.append([cell, *runs.accuracies(runs.finetune(*loss, *options))])
    show(["", "1-NN accuracy", "centroid accuracy", "MAP@R"], rows)


def words(runs):
    """One word in several sentences, by its cosine with itself in the first; then the same words in another order."""
    states = runs.states("bank")
    rows = [[sentence, *(f"{cosine(states[index, layer], states[0, layer]):.2f}" for layer in (0, -1))]
            for index, sentence in enumerate(SENTENCES)]
    show(["*bank* in", "before the first layer", "after the last"], rows)
    average = runs.finetune("--loss", "batch-hard-triplet", *WORD_AVERAGE)
    vectors = [embed(SWAPPED), embed(SWAPPED, "--model", average)]
    show(["", "transformer", "word average"], [[" / ".join(SWAPPED), *(f"{cosine(*pair):.3f}" for pair in vectors)]])


def cosine(a, b):
    return a @ b / np.sqrt((a @ a) * (b @ b))


def retrieval(runs):
    """Each test text looks for the training texts of its label."""
    rows = []
    for name, model in ("untuned", None), ("`--loss batch-hard-triplet`", runs.finetune("--loss", "batch-hard-triplet")):
        scores = runs.evaluate(model, "retrieval")
        rows.append([name, *(f"{scores[metric][k]:.4f}" for metric, k in RETRIEVAL)])
    show(["", *(f"{metric}@{k}" for metric, k in RETRIEVAL)], rows)


TABLES = {"losses": losses, "negatives": negatives, "semi-hard": semi_hard, "encoders": encoders, "words": words,
          "retrieval": retrieval}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("train")
    parser.add_argument("test")
    parser.add_argument("--work", required=True)
    parser.add_argument("--label-column", default="category")
    parser.add_argument("--tables", default=",".join(TABLES))
    parser.add_argument("--steps", type=int, default=200)
    arguments = parser.parse_args()
    tables = arguments.tables.split(",")
    for name in tables:
        if name not in TABLES:
            parser.error(f"no table is called {name!r}; give some of {','.join(TABLES)}")
    runs = Runs(arguments)
    for name in tables:
        print(f"\n{name}: {TABLES[name].__doc__}")
        TABLES[name](runs)


if __name__ == "__main__":
    main()
