#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes the goldens of the losses, Tests/FineTuningTests/Fixtures/losses/: values and gradients by PyTorch in float64.

usage: make_loss_goldens.py [--output FOLDER]

One file a batch, {B}x{D} or {B}x{D}-normalized, of float32 vectors of length D in clusters:

- `vectors` [B, D], `labels` [B]: a labelled batch. Where B > 2 the last row's label is its own; 2x128 has one label.
- `positives` [B, D], `negatives` [2 B, D]: with the vectors as anchors, triplets.
- `LOSS.DISTANCE.value` [1], `LOSS.DISTANCE.vectors`: a loss of the labelled batch and its gradient.
- `LOSS.DISTANCE.value` [1], `LOSS.DISTANCE.anchors`, `….positives`, `….negatives`: the same of the triplets.

Where B = 64 every fourth row of a gradient is kept. Losses are sentence-transformers' own, but for
facenet-semi-hard-triplet and hardest-of-k-triplet, which it does not have: these are written here. The margin is 0.3 for
unit vectors and the cosine, else 5. A seed is taken on which PyTorch's float32 gives the gradients of float64, so that no
choice hangs on rounding.
"""
import argparse
import functools
import pathlib

import torch
from safetensors.torch import save_file
from sentence_transformers.sentence_transformer import losses
from sentence_transformers.sentence_transformer.losses.batch_hard_triplet import BatchHardTripletLossDistanceFunction
from sentence_transformers.sentence_transformer.losses.triplet import TripletDistanceMetric

from bert_reference import REPOSITORY

OUTPUT = REPOSITORY / "Tests" / "FineTuningTests" / "Fixtures" / "losses"
SIZES = [(2, 3), (2, 128), (7, 3), (7, 128), (64, 3), (64, 128)]
K = 2

OF_ALL_ROWS = {
    "euclidean": BatchHardTripletLossDistanceFunction.euclidean_distance,
    "squared-euclidean": lambda x: BatchHardTripletLossDistanceFunction.euclidean_distance(x, squared=True),
    "cosine": BatchHardTripletLossDistanceFunction.cosine_distance,
}
OF_PAIRS = {
    "euclidean": TripletDistanceMetric.EUCLIDEAN,
    "squared-euclidean": lambda x, y: ((x - y) ** 2).sum(-1),
    "cosine": TripletDistanceMetric.COSINE,
}


def facenet_semi_hard(vectors, labels, distance, margin):
    """The mean over the pairs that have one of d_ap - d_an + m, with n the nearest of d_ap < d_an < d_ap + m."""
    d = OF_ALL_ROWS[distance](vectors)
    terms = []
    for anchor in range(len(labels)):
        for positive in range(len(labels)):
            if anchor == positive or labels[anchor] != labels[positive]:
                continue
            band = d[anchor][(labels != labels[anchor]) & (d[anchor] > d[anchor, positive])
                             & (d[anchor] < d[anchor, positive] + margin)]
            if len(band):
                terms.append(d[anchor, positive] - band.min() + margin)
    return torch.stack(terms).mean() if terms else d.sum() * 0


def hardest_of_k(anchors, positives, negatives, distance, margin):
    """mean_i max_j relu(d_p - d_n_ij + m)"""
    d_p = OF_PAIRS[distance](anchors, positives)
    d_n = OF_PAIRS[distance](anchors.repeat_interleave(K, 0), negatives).view(-1, K)
    return torch.relu(d_p[:, None] - d_n + margin).amax(1).mean()


def reference(loss, columns, labels=None):
    """A loss of sentence-transformers, whose model passes the vectors on."""
    loss.model = loss.sentence_embedder = torch.nn.Identity()
    return loss([{"sentence_embedding": vectors} for vectors in columns], labels)


def labeled_losses(distance, margin):
    """Name to loss of vectors and labels."""
    function, model = OF_ALL_ROWS[distance], torch.nn.Identity()
    references = {
        "batch-hard-triplet": losses.BatchHardTripletLoss(model, function, margin),
        "batch-hard-soft-margin-triplet": losses.BatchHardSoftMarginTripletLoss(model, function),
        "batch-semi-hard-triplet": losses.BatchSemiHardTripletLoss(model, function, margin),
        "batch-all-triplet": losses.BatchAllTripletLoss(model, function, margin),
    }
    for name, loss in references.items():
        yield name, lambda vectors, labels, loss=loss: reference(loss, [vectors], labels)
    yield "facenet-semi-hard-triplet", lambda vectors, labels: facenet_semi_hard(vectors, labels, distance, margin)


def triplet_losses(distance, margin):
    """Name to loss of anchors, positives and negatives."""
    loss = losses.TripletLoss(torch.nn.Identity(), OF_PAIRS[distance], margin)
    yield "triplet", lambda anchors, positives, negatives: reference(
        loss, [anchors.repeat_interleave(K, 0), positives.repeat_interleave(K, 0), negatives])
    yield "hardest-of-k-triplet", lambda anchors, positives, negatives: hardest_of_k(
        anchors, positives, negatives, distance, margin)


def evaluate(batch, normalized, dtype):
    """Name to tensor of all values and gradients, computed in dtype."""
    results = {}

    def add(name, loss, **columns):
        variables = {key: batch[column].to(dtype, copy=True).requires_grad_() for key, column in columns.items()}
        value = loss(**variables)
        value.backward()
        results[f"{name}.value"] = value.detach()[None]
        results.update({f"{name}.{key}": tensor.grad for key, tensor in variables.items()})

    for distance in OF_ALL_ROWS:
        margin = 0.3 if normalized or distance == "cosine" else 5
        for name, loss in labeled_losses(distance, margin):
            add(f"{name}.{distance}", functools.partial(loss, labels=batch["labels"]), vectors="vectors")
        for name, loss in triplet_losses(distance, margin):
            add(f"{name}.{distance}", loss, anchors="vectors", positives="positives", negatives="negatives")
    return results


def draw(size, width, normalized, seed):
    generator = torch.Generator().manual_seed(seed)

    def normal(*shape):
        return torch.randn(*shape, generator=generator, dtype=torch.float64)

    if size == 2:
        labels = torch.tensor([0, 1] if width == 3 else [0, 0])
    else:
        labels = torch.arange(size) // (2 if size < 10 else 4)
        labels[-1] = labels.max() + 1
    centers = normal(int(labels.max()) + 1, width)
    batch = {"vectors": centers[labels] + normal(size, width), "positives": centers[labels] + normal(size, width),
             "negatives": centers[labels.flip(0)].repeat_interleave(K, 0) + normal(size * K, width)}
    if normalized:
        batch = {name: torch.nn.functional.normalize(tensor) for name, tensor in batch.items()}
    return {name: tensor.float() for name, tensor in batch.items()} | {"labels": labels}


def agree(rough, exact):
    # What is 0 but for rounding has a small absolute difference instead.
    return all((rough[name] - exact[name]).norm() <= max(2e-5 * exact[name].norm(), 1e-6) for name in exact)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output", type=pathlib.Path, default=OUTPUT)
    output = parser.parse_args().output
    output.mkdir(parents=True, exist_ok=True)
    for size, width in SIZES:
        for normalized in False, True:
            for seed in range(1000):
                batch = draw(size, width, normalized, seed)
                exact = evaluate(batch, normalized, torch.float64)
                if agree(evaluate(batch, normalized, torch.float32), exact):
                    break
            else:
                raise SystemExit(f"{size} x {width}: rounding decides for all seeds")
            name = f"{size}x{width}" + "-normalized" * normalized
            print(f"{name}: seed {seed}")
            step = 4 if size == 64 else 1
            rounded = {key: tensor if key.endswith("value") else tensor[::step].float().contiguous()
                       for key, tensor in exact.items()}
            save_file(batch | rounded, output / f"{name}.safetensors")


if __name__ == "__main__":
    main()
