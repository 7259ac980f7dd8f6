#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes the golden of TableReader: a table that Python's csv module wrote, and its fields as JSON.

usage: make_csv_golden.py [--output FIXTURES]
"""
import argparse
import csv
import json
import pathlib
import random

FIXTURES = pathlib.Path(__file__).resolve().parent.parent / "Tests/SwiftletFilesTests/Fixtures"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output", type=pathlib.Path, default=FIXTURES)
    output = parser.parse_args().output
    rng = random.Random(1)
    pieces = ["a", "é", "中", "🙂", ",", '"', '""', "\n", " ", "\t", "e\u0301", "'", ";", "\u2028", "\x0b"]
    records = [["".join(rng.choices(pieces, k=rng.randrange(6))) for _ in range(rng.randrange(1, 5))] for _ in range(300)]
    with open(output / "table.csv", "w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\r\n").writerows(records)
    (output / "table.json").write_text(json.dumps(records, ensure_ascii=False), encoding="utf-8")


if __name__ == "__main__":
    main()
