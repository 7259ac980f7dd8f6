#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Spearman correlation x 100 of `embed`'s cosines with the scores of an STS file.

usage: sts.py FILE.csv [OPTION OF embed ...]

FILE has no header: sentence1, sentence2, score. On the test set of the STS benchmark the bundled model has 82.03.
"""
import csv
import sys

import numpy as np
from scipy.stats import spearmanr

from programs import embed


def main():
    if len(sys.argv) < 2 or sys.argv[1].startswith("-"):
        raise SystemExit(__doc__)
    with open(sys.argv[1], encoding="utf-8", newline="") as file:
        first, second, scores = zip(*csv.reader(file))
    vectors = embed(first + second, *sys.argv[2:]).astype(np.float64)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    cosines = (vectors[:len(first)] * vectors[len(first):]).sum(axis=1)
    print(f"{len(first)} pairs, Spearman {100 * spearmanr(cosines, np.array(scores, float)).statistic:.2f}")


if __name__ == "__main__":
    main()
