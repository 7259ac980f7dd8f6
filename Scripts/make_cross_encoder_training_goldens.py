#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes Tests/SwiftletTrainingTests/Fixtures/cross-encoder/: 20 steps of training a small cross-encoder in PyTorch.

usage: make_cross_encoder_training_goldens.py

The model is the case "bert" of make_cross_encoder_goldens.py. The losses are those of sentence-transformers' cross-encoders;
multiple-negatives-ranking gets its negatives from the rows alone. Dropout is off; gradients are clipped to norm 1; AdamW
with a constant rate and decay 0.01, none on biases and layer norms.
"""
import random

import torch
from safetensors.torch import save_file
from sentence_transformers import CrossEncoder
from sentence_transformers.cross_encoder.losses import BinaryCrossEntropyLoss, MultipleNegativesRankingLoss

from bert_reference import FIXTURES, REPOSITORY, write_json

MODEL = FIXTURES / "cross-encoders" / "bert"
TARGET = REPOSITORY / "Tests" / "SwiftletTrainingTests" / "Fixtures" / "cross-encoder"
STEPS, ROWS, NEGATIVES, RATE, DECAY = 20, 8, 2, 5e-4, 0.01
WORDS = ["the", "cat", "dog", "mat", "ran", "sat", "was", "run", "on", "a", "12", "?", "jump", "running"]


class RankingOfRows(MultipleNegativesRankingLoss):
    def get_in_batch_negatives(self, anchors, candidates):
        return iter(())


def text(rng):
    return " ".join(rng.choice(WORDS) for _ in range(rng.randrange(0, 9)))


def scored(rng):
    """First texts, second texts, targets: some 0 or 1, some between."""
    rows = range(ROWS)
    targets = [rng.choice([0.0, 1.0, 0.25, 0.5]) for _ in rows]
    return {"columns": [[text(rng) for _ in rows] for _ in range(2)], "targets": targets}


def ranked(rng):
    """Anchors, positives, then columns of negatives."""
    return {"columns": [[text(rng) for _ in range(ROWS)] for _ in range(2 + NEGATIVES)], "targets": []}


LOSSES = {"binary-cross-entropy": (BinaryCrossEntropyLoss, scored), "multiple-negatives-ranking": (RankingOfRows, ranked)}


def train(loss_class, batches, dtype):
    """The losses of the steps, the gradients of the first, the weights after the last."""
    model = CrossEncoder(str(MODEL), device="cpu", local_files_only=True).to(dtype)
    model.eval()  # no dropout
    loss_function = loss_class(model)
    parameters = {name.removeprefix("0.model."): tensor for name, tensor in model.named_parameters()}
    plain = {name for name in parameters if name.endswith("bias") or "LayerNorm" in name}
    groups = [
        {"params": [parameters[name] for name in parameters if name not in plain], "weight_decay": DECAY},
        {"params": [parameters[name] for name in plain], "weight_decay": 0.0}]
    optimizer = torch.optim.AdamW(groups, lr=RATE, betas=(0.9, 0.999), eps=1e-8)
    losses, first = [], None
    for batch in batches:
        loss = loss_function(batch["columns"], torch.tensor(batch["targets"]))
        optimizer.zero_grad()
        loss.backward()
        first = first or {name: tensor.grad.clone() for name, tensor in parameters.items()}
        torch.nn.utils.clip_grad_norm_(parameters.values(), 1.0)
        optimizer.step()
        losses.append(loss.item())
    return losses, first, {name: tensor.detach() for name, tensor in parameters.items()}


def main():
    torch.set_num_threads(1)
    # The loss of scored pairs rounds its targets to float32, and then needs logits of that type.
    logits = torch.nn.BCEWithLogitsLoss.forward
    torch.nn.BCEWithLogitsLoss.forward = lambda self, x, y: logits(self, x, y.to(x.dtype))
    TARGET.mkdir(exist_ok=True)
    for seed, (name, (loss_class, make)) in enumerate(LOSSES.items()):
        rng = random.Random(seed)
        batches = [make(rng) for _ in range(STEPS)]
        losses, gradients, weights = train(loss_class, batches, torch.float64)
        losses32, _, weights32 = train(loss_class, batches, torch.float32)
        errors = {key: float((weights32[key].double() - weights[key]).norm()) for key in weights}
        tensors = {f"gradient.{key}": value for key, value in gradients.items()}
        save_file(tensors | {f"weight.{key}": value for key, value in weights.items()}, TARGET / f"{name}.safetensors")
        write_json(TARGET / f"{name}.json", [
            batch | {"loss": loss} for batch, loss in zip(batches, losses)] + [{"float32_errors": errors}])
        print(name, losses[0], losses[-1], losses32[-1], max(errors.values()))


if __name__ == "__main__":
    main()
