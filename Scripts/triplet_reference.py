# SPDX-License-Identifier: Apache-2.0
"""Batch-hard triplet loss as sentence-transformers computes it, and what it mines. Imported by the scripts here.

Hermans, Beyer, Leibe: In defense of the triplet loss for person re-identification, arXiv:1703.07737, 2017;
BatchHardTripletLoss of sentence-transformers, with the euclidean distance.
"""
import dataclasses

import torch


@dataclasses.dataclass
class Mined:
    """The index of each anchor's hardest positive and negative, and how close the closest of these choices was."""

    positives: torch.Tensor
    negatives: torch.Tensor
    active: torch.Tensor  # whether the triplet adds to the loss
    closest: float  # the smallest distance between a hardest one and the next, or between a triplet and the margin

    def __eq__(self, other):
        fields = "positives", "negatives", "active"
        return all(torch.equal(getattr(self, name), getattr(other, name)) for name in fields)


def distances(vectors):
    """Euclidean, [B, B]; an exact zero has no gradient."""
    products = vectors @ vectors.T
    squares = products.diag()
    squared = (squares[None] - 2 * products + squares[:, None]).clamp(min=0)
    zero = (squared == 0).to(vectors.dtype)
    return (1 - zero) * torch.sqrt(squared + zero * 1e-16)


def batch_hard(vectors, labels, margin):
    """The loss, a tensor, and what was mined."""
    d = distances(vectors)
    same = labels[None] == labels[:, None]
    others = same & ~torch.eye(len(labels), dtype=torch.bool)
    of_positives = d * others
    of_negatives = d + d.max(1, keepdim=True)[0] * same
    hardest_positive, positives = of_positives.max(1)
    hardest_negative, negatives = of_negatives.min(1)
    terms = hardest_positive - hardest_negative + margin
    with torch.no_grad():
        first, second = of_positives.topk(2).values.T
        near, next_near = of_negatives.topk(2, largest=False).values.T
        gaps = torch.where(first > 0, first - second, torch.inf)  # a label's only text has no positive to choose
        closest = float(torch.stack([gaps, next_near - near, terms.abs()]).min())
    return torch.relu(terms).mean(), Mined(positives, negatives, terms > 0, closest)


def embed(model, encodings, pooling, normalize, batched=True):
    """[texts, hidden] of encodings (lists of ids, [CLS] and [SEP] included), with gradients.

    pooling: "mean" or "cls". batched: padded into one batch, as a user of PyTorch does; else text by text.
    """
    groups = [encodings] if batched else [[ids] for ids in encodings]
    vectors = []
    for group in groups:
        length = max(map(len, group))
        ids = torch.tensor([ids + [0] * (length - len(ids)) for ids in group])
        mask = torch.tensor([[1] * len(ids) + [0] * (length - len(ids)) for ids in group])
        states = model(input_ids=ids, attention_mask=mask).last_hidden_state
        if pooling == "cls":
            vectors.append(states[:, 0])
        else:
            weights = mask[..., None].to(states.dtype)
            vectors.append((states * weights).sum(1) / weights.sum(1))
    vectors = torch.cat(vectors)
    return torch.nn.functional.normalize(vectors) if normalize else vectors
