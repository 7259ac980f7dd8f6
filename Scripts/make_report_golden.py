#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes the golden of the report's plane: matrices, and what scikit-learn's PCA makes of them.

usage: make_report_golden.py [--output FIXTURES]
"""
import argparse
import json
import pathlib

import numpy as np
from sklearn.decomposition import PCA

FIXTURES = pathlib.Path(__file__).resolve().parent.parent / "Examples/Tests/ReportTests/Fixtures"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output", type=pathlib.Path, default=FIXTURES)
    output = parser.parse_args().output
    rng = np.random.default_rng(1)
    cases = []
    # More rows than columns, fewer, and two components that are almost as strong as each other.
    for rows, spread in [(40, [3, 2, 1.5, 1, 0.5, 0.2, 0.1]), (5, [2, 1.5] + 10 * [1]), (60, [1.02, 1, 0.3, 0.1])]:
        directions = np.linalg.qr(rng.normal(size=(len(spread), len(spread))))[0]
        matrix = rng.normal(size=(rows, len(spread))) * spread @ directions + rng.normal(size=len(spread))
        pca = PCA(n_components=2, svd_solver="full").fit(matrix)
        cases.append({
            "rows": matrix.tolist(), "points": pca.transform(matrix).tolist(),
            "shares": pca.explained_variance_ratio_.tolist()})
    output.mkdir(parents=True, exist_ok=True)
    (output / "pca.json").write_text(json.dumps(cases) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
