# SPDX-License-Identifier: Apache-2.0
"""Different texts, made by joining sentences of given files in pairs. Imported by search_speed.py."""
import csv
import random


def sentences(paths):
    """All different fields of CSV files that are texts and no numbers or labels."""
    found = set()
    for path in paths:
        with open(path, encoding="utf-8", newline="") as file:
            for row in csv.reader(file):
                found.update(field.replace("\n", " ").strip() for field in row if " " in field)
    return sorted(found)


def write(path, paths, count, seed=0):
    """Writes `count` different texts, one a line."""
    parts, rng, seen = sentences(paths), random.Random(seed), set()
    if len(parts) ** 2 < 4 * count:
        raise SystemExit(f"{len(parts)} sentences make too few pairs for {count} texts")
    with open(path, "w", encoding="utf-8") as file:
        while len(seen) < count:
            pair = rng.randrange(len(parts)), rng.randrange(len(parts))
            if pair not in seen:
                seen.add(pair)
                file.write(f"{parts[pair[0]]} {parts[pair[1]]}\n")
