#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes the goldens of the optimizer, Tests/SwiftletTrainingTests/Fixtures/optimizer/; the README there is the format.

usage: make_optimizer_goldens.py [--output FIXTURES]

Schedules come from the formulas, patterns from Python's fnmatch, steps from torch.optim.AdamW with clip_grad_norm_
before each: in float32, or for the classifier, which also computes the gradients, in float64.
"""
import argparse
import fnmatch
import json
import math
import pathlib
import random

import mpmath
import torch
from safetensors.torch import save_file

FIXTURES = pathlib.Path(__file__).resolve().parent.parent / "Tests/SwiftletTrainingTests/Fixtures/optimizer"

STEPS, LEARNING_RATE, WEIGHT_DECAY, CLIP_NORM = 20, 3e-3, 0.1, 1.0
# The parameters of a model in little, with their learning rate and decay; the first is an embedding table.
TABLE = "embeddings.word_embeddings.weight"
PARAMETERS = {
    TABLE: ((24, 17), LEARNING_RATE, WEIGHT_DECAY),
    "embeddings.LayerNorm.weight": ((17,), LEARNING_RATE, 0),
    "embeddings.LayerNorm.bias": ((17,), LEARNING_RATE, 0),
    "encoder.layer.0.dense.weight": ((5, 19), LEARNING_RATE, WEIGHT_DECAY),
    "encoder.layer.0.dense.bias": ((5,), LEARNING_RATE, 0),
    "encoder.layer.1.dense.weight": ((3, 33), LEARNING_RATE / 4, 0.5),
}


def factor(decay, steps, warmup, step):
    if step < warmup:
        return (step + 1) / warmup
    if decay == "linear":
        return (steps - step) / (steps - warmup)
    if decay == "cosine":
        return float((1 + mpmath.cospi(mpmath.mpf(step - warmup) / (steps - warmup))) / 2)
    return 1.0


def schedules():
    for decay in ("linear", "cosine", "constant"):
        for steps, ratio in ((1, 0.1), (2, 0.5), (7, 0), (20, 0.1), (97, 0.3), (10, 1)):
            warmup = max(1, math.floor(ratio * steps))
            yield {"decay": decay, "steps": steps, "warmup_ratio": ratio, "warmup_steps": warmup,
                   "factors": [factor(decay, steps, warmup, step) for step in range(steps)]}


def patterns():
    generator = random.Random(0)
    written = ["*", "", "?", "a*b*", "[ab]", "[!ab]?", "[a-c]*", "[]ab]", "[!]]", "[", "a[", "[!", "[a-]", "[-a]", "[c-a]",
               "[!c-a]", "[a-c-b]", "**a**", "[[]", "[a]]"]
    written += ["".join(generator.choices("ab*?[]!-c", k=generator.randint(1, 8))) for _ in range(200)]
    names = ["", *"abc-[]!", "ab", "ba", "a[", "abc", "a]", "-a", "aab", "bca", "cabba", "a-b", "é", "abcabcabcabc"]
    return {"names": names,
            "matches": {pattern: [i for i, name in enumerate(names) if fnmatch.fnmatchcase(name, pattern)]
                        for pattern in written}}


def adamw():
    """20 steps with gradients of lengths around the limit; the table's gradient is 0 except in the rows of a batch."""
    torch.manual_seed(0)
    weights = {name: torch.nn.Parameter(torch.randn(shape) * 0.05) for name, (shape, _, _) in PARAMETERS.items()}
    tensors = {f"{name}.initial": weight.detach().clone() for name, weight in weights.items()}
    groups = [{"params": [weights[name]], "lr": rate, "weight_decay": decay}
              for name, (_, rate, decay) in PARAMETERS.items()]
    optimizer = torch.optim.AdamW(groups, foreach=False)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: factor("cosine", STEPS, 2, step))
    gradients, batches, norms = {name: [] for name in weights}, [], []
    for step in range(STEPS):
        # Batches come from a growing range of rows, so that rows start late or never.
        rows = torch.randperm(step // 2 + 8)[:4].sort().values
        for name, weight in weights.items():
            gradient = torch.randn_like(weight) * 10 ** random.Random(step).uniform(-3, 0)
            if name == TABLE:
                gradient[[row for row in range(weight.shape[0]) if row not in rows.tolist()]] = 0
            weight.grad = gradient
            gradients[name].append(gradient.clone())
        norms.append(torch.nn.utils.clip_grad_norm_(weights.values(), CLIP_NORM))
        batches.append(rows.int())
        optimizer.step()
        schedule.step()
    for name, weight in weights.items():
        tensors[f"{name}.gradients"] = torch.stack(gradients[name])
        tensors[f"{name}.expected"] = weight.detach().clone()
    return tensors | {"batches": torch.stack(batches), "norms": torch.stack(norms)}


def classifier(steps=10, rows=9, features=19, classes=5):
    """Steps of a linear layer under cross entropy, on vectors of lengths that grow."""
    torch.manual_seed(0)
    layer = torch.nn.Linear(features, classes)
    tensors = {f"{name}.initial": value.detach().clone() for name, value in layer.named_parameters()}
    vectors = torch.randn(steps, rows, features) * torch.logspace(-1, 0.5, steps)[:, None, None]
    labels = torch.randint(classes, [steps, rows])
    layer.double()
    optimizer = torch.optim.AdamW(
        [{"params": [layer.weight], "weight_decay": WEIGHT_DECAY}, {"params": [layer.bias], "weight_decay": 0}],
        lr=LEARNING_RATE)
    results = {name: [] for name in ("losses", "norms", "vectors.gradients", "weight.gradients", "bias.gradients")}
    for batch, targets in zip(vectors.double(), labels):
        batch.requires_grad_()
        optimizer.zero_grad()
        loss = torch.nn.functional.cross_entropy(layer(batch), targets)
        loss.backward()
        results["losses"].append(loss.detach())
        results["vectors.gradients"].append(batch.grad)
        results["weight.gradients"].append(layer.weight.grad.clone())
        results["bias.gradients"].append(layer.bias.grad.clone())
        results["norms"].append(torch.nn.utils.clip_grad_norm_(layer.parameters(), CLIP_NORM))
        optimizer.step()
    tensors |= {f"{name}.expected": value.detach() for name, value in layer.named_parameters()}
    tensors |= {name: torch.stack(values) for name, values in results.items()}
    return tensors | {"vectors": vectors, "labels": labels.float()}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output", type=pathlib.Path, default=FIXTURES)
    output = parser.parse_args().output
    output.mkdir(parents=True, exist_ok=True)
    (output / "schedules.json").write_text(json.dumps(list(schedules())) + "\n")
    (output / "patterns.json").write_text(json.dumps(patterns()) + "\n")
    save_file(adamw(), output / "adamw.safetensors")
    save_file(classifier(), output / "classifier.safetensors")


if __name__ == "__main__":
    main()
