#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes the goldens of the losses, Tests/SwiftletTrainingTests/Fixtures/losses/: values and gradients by PyTorch in float64.

usage: make_loss_goldens.py [--output FOLDER]

One file a batch, {B}x{D} or {B}x{D}-normalized, of float32 vectors of D features in clusters:

- `vectors` [B, D], `labels` [B]: a labeled batch. Where B > 2 the last row's label is its own; 2x128 has one label.
- `positives` [B, D], `negatives` [2 B, D]: with the vectors as anchors, triplets.
- `LOSS.DISTANCE.value` [1], `LOSS.DISTANCE.vectors`: a loss of the labeled batch and its gradient.
- `LOSS.DISTANCE.value` [1], `LOSS.DISTANCE.anchors`, `….positives`, `….negatives`: the same of the triplets.

and one, pairs-{B}x{D} or pairs-{B}x{D}-normalized, of pairs:

- `first`, `second` [B, D]: pairs; with `negatives` [2 B, D], anchors with their positives and negatives. `targets` [B]:
  1 for alike, 0 for not. `scores` [B]: five values, so that some are equal. `labels` [B]: one of three classes.
- `margin.DISTANCE` [1]: the median distance of the pairs, the margin of contrastive losses.
- `LOSS.value` [1], `LOSS.0`, `LOSS.1`, `LOSS.2`: a loss and its gradients, of `first` alone (vectors or logits), of
  `first` and `second`, or of all three. LOSS is a name, with .DISTANCE if there is a choice, with +negatives if a
  ranking loss has any, and with matryoshka- before it for the first D and the first D / 2 features, rounded up.

Where B = 64 every fourth row of a gradient is kept. Losses are sentence-transformers' own, or PyTorch's, except
facenet-semi-hard-triplet and hardest-of-k-triplet, which they do not have: these are written here. The margin of triplets
is 0.3 for unit vectors and the cosine, else 5. The seed is one for which PyTorch's float32 gives the gradients of
float64, so that no choice depends on rounding.
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

OUTPUT = REPOSITORY / "Tests" / "SwiftletTrainingTests" / "Fixtures" / "losses"
SIZES = [(2, 3), (2, 128), (7, 3), (7, 128), (64, 3), (64, 128)]
PAIR_SIZES = [(2, 3), (7, 128), (64, 19)]
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
# Not SiameseDistanceMetric's, which is 1e-6 off.
OF_PAIRS_EXACTLY = OF_PAIRS | {"euclidean": lambda x, y: ((x - y) ** 2).sum(-1).sqrt()}


def facenet_semi_hard(vectors, labels, distance, margin):
    """The mean of d_ap - d_an + m, with n the nearest of d_ap < d_an < d_ap + m, over the pairs that have such an n."""
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


class Encoder(torch.nn.Identity):
    """A model of sentence-transformers that passes the vectors on."""

    def get_embedding_dimension(self):
        return None


def reference(loss, columns, labels=None):
    """A loss of sentence-transformers on vectors."""
    return loss([{"sentence_embedding": vectors} for vectors in columns], labels)


def labeled_losses(distance, margin):
    """Name to loss of vectors and labels."""
    function, model = OF_ALL_ROWS[distance], Encoder()
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
    loss = losses.TripletLoss(Encoder(), OF_PAIRS[distance], margin)
    yield "triplet", lambda anchors, positives, negatives: reference(
        loss, [anchors.repeat_interleave(K, 0), positives.repeat_interleave(K, 0), negatives])
    yield "hardest-of-k-triplet", lambda anchors, positives, negatives: hardest_of_k(
        anchors, positives, negatives, distance, margin)


def pair_losses(batch, width):
    """Name to loss of some of: first, second, negatives."""
    model, targets, scores, labels = Encoder(), batch["targets"], batch["scores"], batch["labels"]
    functional = torch.nn.functional

    def contrastive(kind, distance, margin):
        loss = kind(model, OF_PAIRS_EXACTLY[distance], margin)
        return lambda first, second: reference(loss, [first, second], targets)

    def regression(loss):
        return lambda first, second: reference(loss, [first, second], scores)

    def ranking(loss):
        return lambda first, second, *negatives: reference(
            loss, [first, second] + [columns[k::K] for columns in negatives for k in range(K)])

    def matryoshka(loss, columns, labels=None):
        loss = losses.MatryoshkaLoss(model, loss, [(width + 1) // 2, width])
        return lambda *vectors: reference(loss, columns(*vectors), labels)

    for distance in OF_PAIRS:
        margin = batch[f"margin.{distance}"].item()
        yield f"contrastive.{distance}", 2, contrastive(losses.ContrastiveLoss, distance, margin)
        yield f"online-contrastive.{distance}", 2, contrastive(losses.OnlineContrastiveLoss, distance, margin)
    yield "cosine-hinge", 2, lambda first, second: functional.cosine_embedding_loss(first, second, 2 * targets - 1)
    yield "cosine-similarity", 2, regression(losses.CosineSimilarityLoss(model))
    yield "cosent", 2, regression(losses.CoSENTLoss(model))
    yield "angle", 2, regression(losses.AnglELoss(model))
    yield "mse", 2, lambda first, second: functional.mse_loss(first[targets == 1], second[targets == 1])
    yield "softmax-cross-entropy", 1, lambda first: functional.cross_entropy(first, labels)
    symmetric = {"directions": ("query_to_doc", "doc_to_query"), "partition_mode": "per_direction"}
    rankings = {"multiple-negatives-ranking": losses.MultipleNegativesRankingLoss(model),
                "multiple-negatives-ranking-symmetric": losses.MultipleNegativesRankingLoss(model, **symmetric)}
    for name, loss in rankings.items():
        yield name, 2, ranking(loss)
        yield f"{name}+negatives", 3, ranking(loss)
    pairs = {"cosent": losses.CoSENTLoss(model), "cosine-similarity": losses.CosineSimilarityLoss(model)}
    for name, loss in pairs.items():
        yield f"matryoshka-{name}", 2, matryoshka(loss, lambda first, second: [first, second], scores)
    yield "matryoshka-batch-hard-triplet.euclidean", 1, matryoshka(
        losses.BatchHardTripletLoss(model, margin=0.3), lambda first: [first], labels)
    yield "matryoshka-triplet.euclidean", 3, matryoshka(
        losses.TripletLoss(model, triplet_margin=0.3), lambda first, second, negatives: [
            first.repeat_interleave(K, 0), second.repeat_interleave(K, 0), negatives])
    yield "matryoshka-multiple-negatives-ranking+negatives", 3, matryoshka(
        losses.MultipleNegativesRankingLoss(model), lambda first, second, negatives: [
            first, second, *(negatives[k::K] for k in range(K))])


def evaluate_pairs(batch, normalized, dtype):
    """Name to tensor of all values and gradients, computed in dtype."""
    results = {}
    for name, count, loss in pair_losses(batch, batch["first"].shape[1]):
        columns = [batch[name].to(dtype, copy=True).requires_grad_() for name in ("first", "second", "negatives")]
        value = loss(*columns[:count])
        value.backward()
        results[f"{name}.value"] = value.detach()[None].double()
        results.update({f"{name}.{index}": tensor.grad for index, tensor in enumerate(columns[:count])})
    return results


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


def draw_pairs(size, width, normalized, seed):
    generator = torch.Generator().manual_seed(seed)
    first = torch.randn(size, width, generator=generator)
    alike = 2 * torch.rand(size, 1, generator=generator)
    batch = {"first": first, "second": alike * first + torch.randn(size, width, generator=generator),
             "negatives": first.repeat_interleave(K, 0) + 2 * torch.randn(size * K, width, generator=generator)}
    if normalized:
        batch = {name: torch.nn.functional.normalize(tensor) for name, tensor in batch.items()}
    for distance, function in OF_PAIRS_EXACTLY.items():
        batch[f"margin.{distance}"] = function(batch["first"], batch["second"]).median()[None]
    targets = torch.arange(size) % 2
    return batch | {"targets": targets[torch.randperm(size, generator=generator)].float(),
                    "scores": torch.randint(5, [size], generator=generator) / 4,
                    "labels": torch.randint(3, [size], generator=generator)}


def agree(rough, exact):
    # Gradients that are 0 except for rounding need only a small absolute difference.
    return all((rough[name] - exact[name]).norm() <= max(2e-5 * exact[name].norm(), 1e-6) for name in exact)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output", type=pathlib.Path, default=OUTPUT)
    output = parser.parse_args().output
    output.mkdir(parents=True, exist_ok=True)
    batches = [("", draw, evaluate, size) for size in SIZES]
    batches += [("pairs-", draw_pairs, evaluate_pairs, size) for size in PAIR_SIZES]
    for prefix, draw_batch, evaluate_batch, (size, width) in batches:
        for normalized in False, True:
            for seed in range(1000):
                batch = draw_batch(size, width, normalized, seed)
                exact = evaluate_batch(batch, normalized, torch.float64)
                if agree(evaluate_batch(batch, normalized, torch.float32), exact):
                    break
            else:
                raise SystemExit(f"{prefix}{size}x{width}: rounding decides for all seeds")
            name = f"{prefix}{size}x{width}" + "-normalized" * normalized
            print(f"{name}: seed {seed}")
            step = 4 if size == 64 else 1
            rounded = {key: tensor if key.endswith("value") else tensor[::step].float().contiguous()
                       for key, tensor in exact.items()}
            save_file(batch | rounded, output / f"{name}.safetensors")


if __name__ == "__main__":
    main()
