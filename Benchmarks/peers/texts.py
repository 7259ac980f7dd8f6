# SPDX-License-Identifier: Apache-2.0
"""The texts that are embedded where none are given, all made of Examples/Data/workshop. Imported by compare.py."""
import csv
import pathlib
import random

WORKSHOP = pathlib.Path(__file__).resolve().parent.parent.parent / "Examples" / "Data" / "workshop"
TRAINING = WORKSHOP / "train.csv"


def write(folder):
    """Paths of 300 passages, of about 128 tokens, and of 2,000 short texts, of about 16."""
    texts = []
    for name in "train.csv", "test.csv":
        with (WORKSHOP / name).open(encoding="utf-8", newline="") as file:
            texts += [row["text"] for row in csv.DictReader(file)]
    rng = random.Random(0)
    passages = [" ".join(rng.sample(texts, 8)) for _ in range(300)]
    short = [rng.choice(texts) for _ in range(2000)]
    paths = folder / "passage.txt", folder / "short.txt"
    for path, lines in zip(paths, (passages, short)):
        path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return paths
