#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Trains the bundled model in PyTorch, in float32 and float64, on batches for which both mine the same triplets.

usage: train_reference.py CSV FOLDER [--text-column text] [--label-column category] [--steps 20] [--seed 0]

CSV is Banking77's train.csv, or any table with a header. A step takes 16 labels x 4 texts through the batch-hard triplet
loss (mean pooling, unit vectors, margin 0.3), dropout off, at most 64 tokens a text; gradients are clipped to norm 1; AdamW with
constant rate 2e-5 and decay 0.01, none on biases and layer norms. A batch is drawn anew if the two mine different
triplets, or if a choice among the hardest is closer than 1e-5.

Writes into FOLDER: batches.jsonl (a batch a line: texts, labels), reference.json (the losses and gradient norms of each
step), gradients-float64.safetensors (of the first step), weights-float32.safetensors and weights-float64.safetensors (after
the last). Takes some minutes. This compares Swiftlet on these batches:

    SWIFTLET_TRAINING_REFERENCE=FOLDER swift test --filter TrainingReferenceTests
"""
import argparse
import csv
import json
import pathlib
import random

import torch
from safetensors.torch import save_file
from transformers import AutoTokenizer

from bert_reference import REPOSITORY, load
from triplet_reference import batch_hard, embed

MODEL = REPOSITORY / "weights" / "all-MiniLM-L6-v2"
MARGIN, DECAY, MOST_TOKENS = 0.3, 0.01, 64
LABELS, TEXTS_PER_LABEL = 16, 4
CLOSEST = 1e-5


class Run:
    """A copy of a model in one precision, and its optimizer."""

    def __init__(self, model, dtype, rate):
        self.model = load(model, dtype)
        self.parameters = {name: tensor for name, tensor in self.model.named_parameters() if "pooler" not in name}
        plain = {name for name in self.parameters if name.endswith("bias") or "LayerNorm" in name}
        groups = [
            {"params": [self.parameters[name] for name in self.parameters if name not in plain], "weight_decay": DECAY},
            {"params": [self.parameters[name] for name in plain], "weight_decay": 0.0}]
        self.optimizer = torch.optim.AdamW(groups, lr=rate, betas=(0.9, 0.999), eps=1e-8)

    def loss(self, encodings, labels):
        return batch_hard(embed(self.model, encodings, "mean", True), labels, MARGIN)

    def differentiate(self, loss):
        """Returns the norm of the gradient, which stays in the parameters, clipped to 1."""
        self.optimizer.zero_grad()
        loss.backward()
        gradients = {name: tensor.grad.clone() for name, tensor in self.parameters.items()}
        return gradients, float(torch.nn.utils.clip_grad_norm_(self.parameters.values(), 1.0))

    def step(self):
        self.optimizer.step()

    def save(self, path):
        save_file({name: tensor.detach() for name, tensor in self.parameters.items()}, path)


def batches(arguments):
    """Endless batches: texts, then the label of each as a number."""
    by_label = {}
    with open(arguments.csv, encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            by_label.setdefault(row[arguments.label_column], []).append(row[arguments.text_column])
    names, rng = sorted(by_label), random.Random(arguments.seed)
    while True:
        chosen = rng.sample(range(len(names)), LABELS)
        yield ([text for label in chosen for text in rng.sample(by_label[names[label]], TEXTS_PER_LABEL)],
               [label for label in chosen for _ in range(TEXTS_PER_LABEL)])


def train(model, batches, folder, steps, rate):
    """Trains the model of a folder on the first `steps` batches that fit, and writes all files. A batch is texts and labels."""
    tokenizer = AutoTokenizer.from_pretrained(model, local_files_only=True)
    single, double = Run(model, torch.float32, rate), Run(model, torch.float64, rate)
    taken, numbers = [], []
    for texts, labels in batches:
        encodings = [tokenizer(text, truncation=True, max_length=MOST_TOKENS)["input_ids"] for text in texts]
        (loss32, mined32), (loss64, mined64) = (run.loss(encodings, torch.tensor(labels)) for run in (single, double))
        if mined32 != mined64 or mined64.closest < CLOSEST:
            print(f"a batch with a choice of {mined64.closest:.1e} is drawn anew", flush=True)
            continue
        _, norm32 = single.differentiate(loss32)
        gradients, norm64 = double.differentiate(loss64)
        if not taken:
            save_file(gradients, folder / "gradients-float64.safetensors")
        single.step()
        double.step()
        taken.append({"texts": texts, "labels": labels})
        numbers.append({"float32": loss32.item(), "float64": loss64.item(), "norm32": norm32, "norm64": norm64})
        print(f"step {len(taken)}: {json.dumps(numbers[-1])}", flush=True)
        if len(taken) == steps:
            break
    lines = "".join(json.dumps(batch, ensure_ascii=False) + "\n" for batch in taken)
    (folder / "batches.jsonl").write_text(lines, encoding="utf-8")
    (folder / "reference.json").write_text(json.dumps(numbers, indent=1) + "\n")
    single.save(folder / "weights-float32.safetensors")
    double.save(folder / "weights-float64.safetensors")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("csv", type=pathlib.Path)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--text-column", default="text")
    parser.add_argument("--label-column", default="category")
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    arguments.folder.mkdir(parents=True, exist_ok=True)
    train(MODEL, batches(arguments), arguments.folder, arguments.steps, rate=2e-5)


if __name__ == "__main__":
    main()
