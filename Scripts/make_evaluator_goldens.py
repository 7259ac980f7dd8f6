#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes the goldens of the evaluators: vectors and labels, and what scikit-learn, SciPy, sentence-transformers and
pytorch-metric-learning measure on them.

usage: make_evaluator_goldens.py [--output FIXTURES]
"""
import argparse
import json
import pathlib

import numpy as np
import torch
from pytorch_metric_learning.distances import CosineSimilarity
from pytorch_metric_learning.utils.accuracy_calculator import AccuracyCalculator
from pytorch_metric_learning.utils.inference import CustomKNN
from scipy.stats import pearsonr, spearmanr
from sentence_transformers.sentence_transformer.evaluation import (
    BinaryClassificationEvaluator, InformationRetrievalEvaluator)
from sentence_transformers.util import cos_sim, pairwise_cos_sim
from sklearn.model_selection import LeaveOneOut, cross_val_predict
from sklearn.neighbors import KNeighborsClassifier

FIXTURES = pathlib.Path(__file__).resolve().parent.parent / "Tests/SwiftletTrainingTests/Fixtures"
DIMENSION = 12
DEPTHS = [1, 3, 5, 10, 100]


def labeled(rng, counts):
    """Vectors around a center for each label, in a mixed order, of lengths 0.1 to 10."""
    labels = rng.permutation(np.repeat(np.arange(len(counts)), counts))
    centers = np.random.default_rng(0).normal(size=(100, DIMENSION))
    vectors = centers[labels] + 1.1 * rng.normal(size=(len(labels), DIMENSION))
    return (vectors * rng.uniform(0.1, 10, size=(len(labels), 1))).astype(np.float32), labels


def unit(vectors):
    vectors = vectors.astype(np.float64)
    return vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)


def nearest(vectors, labels):
    return KNeighborsClassifier(1, metric="cosine", algorithm="brute").fit(vectors, labels)


def nearest_centroid(vectors, labels):
    names = np.unique(labels)
    return nearest(unit(np.stack([unit(vectors)[labels == name].mean(axis=0) for name in names])), names)


def neighbors(queries, labels, references=None, reference_labels=None):
    if references is None:
        predicted = cross_val_predict(nearest(queries, labels), queries, labels, cv=LeaveOneOut())
        others = [np.delete(np.arange(len(labels)), i) for i in range(len(labels))]
        by_centroid = [nearest_centroid(queries[o], labels[o]).predict(queries[i:i + 1])[0] for i, o in enumerate(others)]
    else:
        predicted = nearest(references, reference_labels).predict(queries)
        by_centroid = nearest_centroid(references, reference_labels).predict(queries)
    names = ["precision_at_1", "r_precision", "mean_average_precision_at_r"]
    calculator = AccuracyCalculator(
        include=names, k="max_bin_count", knn_func=CustomKNN(CosineSimilarity()), device=torch.device("cpu"))
    one_set = references is None
    values = calculator.get_accuracy(
        *map(torch.tensor, (queries, labels)),
        *map(torch.tensor, (queries, labels) if one_set else (references, reference_labels)),
        ref_includes_query=one_set)
    return {
        "accuracy_at_1": float(np.mean(predicted == labels)),
        "centroid_accuracy": float(np.mean(by_centroid == labels)),
        **dict(zip(["precision_at_1", "r_precision", "map_at_r"], (values[name] for name in names))),
    }


class Vectors:
    """Stands in for a model: a text is the number of its vector, which is encoded in double."""

    similarity_fn_name = "cosine"

    def __init__(self, vectors):
        self.vectors = torch.tensor(np.stack(vectors), dtype=torch.float64)

    def encode(self, texts, **_):
        return self.vectors[[int(text) for text in texts]]


def pairs(first, second, labels):
    count = len(labels)
    texts = [str(i) for i in range(2 * count)]
    evaluator = BinaryClassificationEvaluator(
        texts[:count], texts[count:], labels.tolist(), similarity_fn_names=["cosine"])
    metrics = evaluator.compute_metrics(Vectors([*first, *second]))["cosine"]
    names = ["accuracy", "accuracy_threshold", "f1", "f1_threshold", "precision", "recall", "ap"]
    return {name: float(metrics[name]) for name in names}


def retrieval_of(model, queries, corpus, labels):
    """The reference's metrics of some queries among a corpus, both given as indices of vectors. Names of one length
    make the reference rank equal texts by their index."""
    names = {i: f"{i:05}" for i in range(len(labels))}
    evaluator = InformationRetrievalEvaluator(
        {names[q]: names[q] for q in queries}, {names[c]: names[c] for c in corpus},
        {names[q]: {names[c] for c in corpus if labels[c] == labels[q]} for q in queries},
        mrr_at_k=DEPTHS, ndcg_at_k=DEPTHS, accuracy_at_k=DEPTHS, precision_recall_at_k=DEPTHS, map_at_k=DEPTHS,
        score_functions={"cosine": cos_sim})
    evaluator.embed_inputs = lambda model, texts, **_: model.encode(texts)
    if not evaluator.queries:
        return None
    metrics = evaluator.compute_all_metrics(model)["cosine"]
    kinds = ["precision", "recall", "mrr", "ndcg", "map"]
    return {f"{kind}_at_{k}": float(metrics[f"{kind}@k"][k]) for kind in kinds for k in DEPTHS}


def retrieval(queries, labels, references=None, reference_labels=None):
    count = len(labels)
    if references is not None:
        everything = range(count, count + len(reference_labels))
        labels = np.concatenate([labels, reference_labels])
        return retrieval_of(Vectors([*queries, *references]), range(count), everything, labels)
    model = Vectors(queries)
    each = [retrieval_of(model, [q], [c for c in range(count) if c != q], labels) for q in range(count)]
    each = [metrics for metrics in each if metrics]
    return {name: float(np.mean([metrics[name] for metrics in each])) for name in each[0]}


def search(first, second, rows):
    """The reference's metrics of anchors searching for their positives: rows of indices of first and second. Names as
    in retrieval_of."""
    anchors, others = (sorted({row[side] for row in rows}) for side in range(2))
    names = [f"{i:05}" for i in range(len(first) + len(second))]
    relevant = {names[a]: {names[len(first) + p] for b, p in rows if a == b} for a in anchors}
    evaluator = InformationRetrievalEvaluator(
        {names[a]: names[a] for a in anchors}, {names[len(first) + p]: names[len(first) + p] for p in others}, relevant,
        mrr_at_k=[10], accuracy_at_k=[1], score_functions={"cosine": cos_sim})
    evaluator.embed_inputs = lambda model, texts, **_: model.encode(texts)
    metrics = evaluator.compute_all_metrics(Vectors([*first, *second]))["cosine"]
    return {"accuracy_at_1": float(metrics["accuracy@k"][1]), "mrr_at_10": float(metrics["mrr@k"][10])}


def numbers(vectors):
    return [[float(str(x)) for x in row] for row in vectors]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output", type=pathlib.Path, default=FIXTURES)
    output = parser.parse_args().output
    rng = np.random.default_rng(1)

    # Label 6 has one vector only; of the queries, labels 5 and 6 have no reference.
    queries, labels = labeled(rng, [13, 9, 12, 2, 8, 11, 1])
    references, reference_labels = labeled(rng, [20, 17, 30, 3, 5])
    first, second = (rng.normal(size=(80, DIMENSION)).astype(np.float32) for _ in range(2))
    second += first * rng.uniform(0, 2, size=(80, 1)).astype(np.float32)
    first[40:50], second[40:50] = first[:10], second[:10]  # equal cosines
    cosines = (unit(first) * unit(second)).sum(axis=1)
    scores = np.round((cosines + 0.5 * rng.normal(size=80)) * 4) / 2  # equal scores
    anchors, positives = (torch.tensor(x[:40]) for x in (first, second))
    negatives = torch.tensor(rng.normal(size=(40, DIMENSION)).astype(np.float32)) + 0.4 * anchors
    correct = pairwise_cos_sim(anchors, positives) > pairwise_cos_sim(anchors, negatives)

    # Vectors along the axes: most cosines equal others. More of them than the deepest metrics look at.
    tied = np.eye(5, dtype=np.float32)[rng.integers(5, size=150)] * rng.choice([-2, 1, 4], size=(150, 1))
    tied_labels = rng.integers(20, size=150)
    # The higher the cosine, the more pairs are alike.
    are_alike = (cosines + 0.6 * rng.normal(size=80) > 0.4).astype(int)

    # Some rows share the anchor with an earlier one, some the positive.
    positive_pairs = [[i - 60 if i >= 60 else i, i - 50 if 50 <= i < 60 else i] for i in range(80)]

    golden = {
        "queries": numbers(queries), "labels": labels.tolist(),
        "references": numbers(references), "reference_labels": reference_labels.tolist(),
        "leave_one_out": neighbors(queries, labels),
        "among_references": neighbors(queries, labels, references, reference_labels),
        "retrieval_leave_one_out": retrieval(queries, labels),
        "retrieval_among_references": retrieval(queries, labels, references, reference_labels),
        "tied": numbers(tied.astype(np.float32)), "tied_labels": tied_labels.tolist(),
        "retrieval_tied": retrieval(tied, tied_labels),
        "retrieval_tied_among_references": retrieval(tied[:30], tied_labels[:30], tied[30:], tied_labels[30:]),
        "first": numbers(first), "second": numbers(second), "scores": scores.tolist(),
        "correlations": {
            "pearson": float(pearsonr(cosines, scores).statistic),
            "spearman": float(spearmanr(cosines, scores).statistic),
        },
        "are_alike": are_alike.tolist(), "pairs": pairs(first, second, are_alike),
        "pairs_reversed": pairs(first, second, 1 - are_alike),
        "pairs_all_alike": pairs(first, second, np.ones(80, dtype=int)),
        "negatives": numbers(negatives.numpy()), "triplet_accuracy": int(correct.sum()) / len(correct),
        "positive_pairs": positive_pairs, "positives": search(first, second, positive_pairs),
    }
    (output / "evaluators.json").write_text(json.dumps(golden) + "\n", encoding="utf-8")
    print({key: value for key, value in golden.items() if not isinstance(value, list)})


if __name__ == "__main__":
    main()
