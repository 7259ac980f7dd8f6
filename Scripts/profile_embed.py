#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Where the time of `embed` goes, by a profile: the microseconds that a token takes of a core, and the shares of all.

usage: profile_embed.py TEXTS [--program FILE ...] [--precision float32,bfloat16,int8]

TEXTS has a text a line. Several programs, for example of two builds, run in turn. Products with weights stand apart from all
that is outside of them; loading the model does not count. Needs perf, and `swift build -c release --package-path Examples`.
"""
import argparse
import collections
import pathlib
import subprocess
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
MODEL, PROGRAMS = ROOT / "weights" / "all-MiniLM-L6-v2", ROOT / "Examples" / ".build" / "release"
# More often, perf would add to the time that it measures.
HERTZ = 1000
# What the names of kernels begin with.
PARTS = {
    "product": "products", "map_rows": "GELU", "softmax": "softmax", "convert_softmax": "softmax", "layer_norm": "layer norm",
    "convert": "rounding and packing", "pack": "rounding and packing"}


def output(*command):
    return subprocess.run([str(word) for word in command], check=True, capture_output=True, text=True).stdout


def part(functions):
    """The part that a sample belongs to, by its call chain, innermost first; None outside of embedding."""
    chain = " ".join(functions)
    if "EncodingRun" not in chain or "WeightReading" in chain:
        return None
    kernel = max((name for name in PARTS if functions[0].startswith(name)), key=len, default=None)
    if kernel == "product":
        return "products of attention" if "AttentionHead" in chain else "products with weights"
    return PARTS.get(kernel, "all else")


def profile(program, texts, precision, work):
    """The samples of each part."""
    data, vectors = work / "perf.data", work / "vectors.npy"
    output(
        "perf", "record", "-q", "-g", "--call-graph", "fp", "-e", "cpu-clock", "-F", HERTZ, "-o", data, program, "--model",
        MODEL, "--input", texts, "--output", vectors, "--format", "npy", "--quiet", "--precision", precision)
    counts = collections.Counter()
    for sample in output("perf", "script", "-i", data, "-F", "comm,ip,sym").split("\n\n"):
        functions = [line.split(maxsplit=1)[1] for line in sample.strip().split("\n")[1:] if len(line.split()) > 1]
        if functions and (name := part(functions)):
            counts[name] += 1
    return counts


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("texts", type=pathlib.Path)
    parser.add_argument("--program", type=pathlib.Path, action="append")
    parser.add_argument("--precision", default="float32,bfloat16,int8")
    arguments = parser.parse_args()
    ids = output(PROGRAMS / "tokenize", "--model", MODEL, "--format", "ids", "--input", arguments.texts)
    tokens = len(ids.split())
    with tempfile.TemporaryDirectory() as work:
        for precision in arguments.precision.split(","):
            for program in arguments.program or [PROGRAMS / "embed"]:
                counts = profile(program, arguments.texts, precision, pathlib.Path(work))
                whole = counts.total()
                outside = (whole - counts["products with weights"]) * 1e6 / HERTZ / tokens
                print(f"{precision}, {program}: {outside:.1f} us a token and core outside products with weights")
                for name, count in counts.most_common():
                    print(f"    {name:24} {count * 1e6 / HERTZ / tokens:6.1f} us {count / whole:6.1%}")


if __name__ == "__main__":
    main()
