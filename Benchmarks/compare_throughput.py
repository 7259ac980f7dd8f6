#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Tokens a second of Swiftlet and of float32 peers on the same files, in one run: text to unit-length vector.

usage: compare_throughput.py --run RUN.PY --model DIR TEXT... [--peers torch,ort,ort-opt,openvino,ct2]

RUN.PY is the peers' benchmark, run by this Python, which must have the peers; --model is a float32 folder of
sentence-transformers, read by all. Swiftlet runs before and after the peers, and the slower of the two counts.
Build first: swift build -c release --package-path Benchmarks
"""
import argparse
import json
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent


def lines_of(*command):
    output = subprocess.run(command, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True).stdout
    return [json.loads(line) for line in output.splitlines() if line.startswith("{")]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--run", required=True)
    parser.add_argument("--model", required=True)
    parser.add_argument("--peers", default="torch,ort,ort-opt,openvino,ct2")
    parser.add_argument("text", nargs="+")
    arguments = parser.parse_args()

    def swiftlet(text):
        [line] = lines_of(HERE / ".build/release/throughput", "--model", arguments.model, "--text", text)
        return line["tokens_per_s"]

    for text in arguments.text:
        before = swiftlet(text)
        rows = lines_of(sys.executable, arguments.run, "embed", "--model", arguments.model, "--text", text,
                        "--peers", arguments.peers)
        ours = min(before, swiftlet(text))
        print(f"\n{pathlib.Path(text).name}, tokens a second\n{'swiftlet':>16} {ours:>8}")
        speeds = {row["peer"]: row["tokens_per_s"] for row in rows if "tokens_per_s" in row}
        for peer, speed in sorted(speeds.items(), key=lambda item: -item[1]):
            print(f"{peer:>16} {speed:>8}   swiftlet is {ours / speed:.2f}x as fast", flush=True)
        for row in rows:
            if "failed" in row:
                print(f"{row['peer']:>16} failed: {row['failed']}", flush=True)


if __name__ == "__main__":
    main()
