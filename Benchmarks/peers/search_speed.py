#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Measures searches of `VectorIndex` beside faiss, usearch, numpy and sqlite-vec, on the same vectors in one run.

usage: search_speed.py --work DIR [--data FILE.csv ...] [--rows 100000,1000000] [--peers NAME,...] [--indexing [--texts N] [--pairs N]]

The texts are sentences of the CSV files joined in pairs, all different, from a committed seed; `embed --precision int8` makes
their vectors once (DIR keeps them: ten minutes a million on two cores) and 1,000 queries, made with another seed. All
systems have float32 vectors and find the same ten rows, or this ends with an error; ours must moreover be what NumPy finds in
float64, but for ties within float32's rounding. Each peer counts with its best number of threads; ours runs before and after
the peers, and the slower counts. --indexing compares the tokens a second of `search index` and `embed`.

    .venv-peers/bin/pip install -r Benchmarks/peers/requirements-search.txt
    PYTHON=.venv-peers/bin/python Benchmarks/run --only start
    .venv-peers/bin/python Benchmarks/peers/search_speed.py --work /tmp/search --data ../shared/data/*/*.csv
"""
import argparse
import json
import pathlib
import shutil
import statistics
import subprocess
import sys
import time

import numpy

import search_texts

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
PROGRAMS = ROOT / "Examples" / ".build" / "release"
LIMIT, BATCH, QUERIES = 10, 100, 1000


def run(*command):
    return subprocess.run(list(map(str, command)), check=True, stdout=subprocess.PIPE, text=True).stdout


def embedded(work, texts, precision="int8"):
    path = texts.with_suffix(".npy")
    if not path.exists():
        run(PROGRAMS / "embed", "--input", texts, "--precision", precision, "--format", "npy", "--output", path, "--quiet")
    return path


def seconds(body, times):
    """The median time of a call, and its last result."""
    elapsed = []
    for _ in range(times):
        start = time.perf_counter()
        result = body()
        elapsed.append(time.perf_counter() - start)
    return statistics.median(elapsed), result


class Faiss:
    def __init__(self, vectors):
        import faiss
        self.faiss, self.index = faiss, faiss.IndexFlatIP(vectors.shape[1])
        self.index.add(vectors)

    def search(self, queries, threads):
        self.faiss.omp_set_num_threads(threads)
        return self.index.search(queries, LIMIT)[1]


class USearch:
    def __init__(self, vectors):
        import usearch.index
        self.index, self.vectors = usearch.index, vectors

    def search(self, queries, threads):
        found = self.index.search(self.vectors, queries, LIMIT, metric="ip", exact=True, threads=threads)
        return numpy.atleast_2d(found.keys.astype(numpy.int64))


class NumPy:
    def __init__(self, vectors):
        import threadpoolctl
        self.limits, self.vectors = threadpoolctl.threadpool_limits, vectors

    def search(self, queries, threads):
        with self.limits(threads):
            scores = queries @ self.vectors.T if len(queries) > 1 else (self.vectors @ queries[0])[None]
        best = numpy.argpartition(-scores, LIMIT, axis=1)[:, :LIMIT]
        order = numpy.argsort(-numpy.take_along_axis(scores, best, 1), axis=1, kind="stable")
        return numpy.take_along_axis(best, order, 1)


class SQLiteVec:
    def __init__(self, vectors):
        import apsw
        import sqlite_vec
        self.database = apsw.Connection(":memory:")
        self.database.enable_load_extension(True)
        self.database.load_extension(sqlite_vec.loadable_path())
        self.database.execute(
            f"create virtual table v using vec0(embedding float[{vectors.shape[1]}] distance_metric=cosine)")
        with self.database:
            self.database.executemany(
                "insert into v(rowid, embedding) values (?, ?)", ((i, row.tobytes()) for i, row in enumerate(vectors)))

    def search(self, queries, threads):
        assert len(queries) == 1 or threads == 1
        return numpy.array([[row for row, in self.database.execute(
            f"select rowid from v where embedding match ? and k = {LIMIT} order by distance", (query.tobytes(),))]
            for query in queries])


PEERS = {"faiss": Faiss, "usearch": USearch, "numpy": NumPy, "sqlite-vec": SQLiteVec}


def exact(vectors, queries):
    """The scores in float64 of the best rows and one more."""
    best = numpy.full((len(queries), 0), 0.0)
    for start in range(0, len(vectors), 50_000):
        scores = queries.astype(numpy.float64) @ vectors[start:start + 50_000].astype(numpy.float64).T
        best = -numpy.sort(-numpy.concatenate([best, scores], 1), axis=1)[:, :LIMIT]
    return best


def check(name, found, vectors, queries, best):
    """Ends unless the rows found have the best scores, in order, but for the rounding of float32."""
    scores = numpy.einsum("qd,qkd->qk", queries.astype(numpy.float64), vectors[found].astype(numpy.float64))
    worst = numpy.abs(scores - best).max()
    if len({tuple(sorted(set(row))) for row in found}) != len({tuple(sorted(row)) for row in found}) or worst > 2e-6:
        raise SystemExit(f"{name} found other rows than the best: a score is off by {worst}")


def measure(arguments, vectors_path, queries_path, rows):
    vectors = numpy.load(vectors_path, mmap_mode="r")[:rows]
    queries = numpy.load(queries_path)
    work = arguments.work / f"{rows}"
    work.mkdir(exist_ok=True)
    index = work / "index"
    if not index.exists():
        numpy.save(work / "vectors.npy", vectors)
        run(PROGRAMS / "search", "import", work / "vectors.npy", "--index", index)
        (work / "vectors.npy").unlink()
    vectors = numpy.ascontiguousarray(vectors)
    best = exact(vectors, queries)

    def ours():
        found = work / "found.txt"
        figures = json.loads(run(PROGRAMS / "vector-search", "--index", index, "--queries", queries_path, "--found", found))
        ids = numpy.loadtxt(found, dtype=numpy.int64) - 1
        check("swiftlet", ids, vectors, queries, best)
        return figures

    before, results = ours(), {}
    for name in arguments.peers:
        try:
            peer = PEERS[name](vectors)
        except ImportError as error:
            print(f"without {name}: {error}", file=sys.stderr)
            continue
        single, batch = [], []
        for threads in (1,) if name == "sqlite-vec" else (1, 2):
            for query in queries[:3]:
                peer.search(query[None], threads)
            times, found = [], []
            for query in queries[:20 if name == "sqlite-vec" else 100]:
                elapsed, result = seconds(lambda query=query: peer.search(query[None], threads), 1)
                times.append(elapsed)
                found.append(result[0])
            check(name, numpy.array(found), vectors, queries[:len(found)], best[:len(found)])
            single.append(statistics.median(times))
            count = 5 if name == "sqlite-vec" else BATCH
            elapsed, found = min((seconds(lambda: peer.search(queries[:count], threads), 1) for _ in range(3)), key=lambda r: r[0])
            check(name, found, vectors, queries[:count], best[:count])
            batch.append(elapsed * BATCH / count)
        results[name] = {"single_ms": 1000 * min(single), "batch_ms": 1000 * min(batch)}
        print(f"{rows} rows, {name}: {results[name]}", file=sys.stderr, flush=True)
        peer = None  # its memory is the next one's
    after = ours()
    return {key: max(before[key], after[key]) for key in before}, results


def indexing(arguments, texts):
    """Alternating times of `search index` and `embed` over the same texts."""
    part = arguments.work / "part.txt"
    with texts.open(encoding="utf-8") as file:
        part.write_text("".join(next(file) for _ in range(arguments.texts)), encoding="utf-8")
    times = {"embed": [], "search": []}
    for precision in arguments.precisions:
        for _ in range(arguments.pairs):
            for name in times:
                shutil.rmtree(arguments.work / "part-index", ignore_errors=True)
                options = ["index", "--corpus", part, "--index", arguments.work / "part-index"] if name == "search" else [
                    "--input", part, "--format", "npy", "--output", arguments.work / "part.npy"]
                start = time.perf_counter()
                run(PROGRAMS / name, *options, "--precision", precision, "--quiet")
                times[name].append(time.perf_counter() - start)
        ratios = [embed / search for embed, search in zip(times["embed"], times["search"])]
        print(f"indexing, {precision}: {statistics.median(ratios):.3f} of embed's tokens a second "
              f"({min(ratios):.3f} to {max(ratios):.3f})")
        times = {"embed": [], "search": []}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", type=pathlib.Path, required=True)
    parser.add_argument("--data", nargs="+", required=True)
    parser.add_argument("--rows", type=lambda text: [int(word) for word in text.split(",")], default=[100_000, 1_000_000])
    parser.add_argument("--peers", type=lambda text: text.split(","), default=list(PEERS))
    parser.add_argument("--indexing", action="store_true")
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--texts", type=int, default=20_000)
    parser.add_argument("--precisions", nargs="+", default=["float32", "int8"])
    arguments = parser.parse_args()
    arguments.work.mkdir(exist_ok=True, parents=True)
    texts, queries = arguments.work / "corpus.txt", arguments.work / "queries.txt"
    if not texts.exists():
        search_texts.write(texts, arguments.data, max(arguments.rows))
        search_texts.write(queries, arguments.data, QUERIES, seed=1)
    if arguments.indexing:
        return indexing(arguments, texts)
    vectors_path, queries_path = embedded(arguments.work, texts), embedded(arguments.work, queries)
    print("| rows | | swiftlet | " + " | ".join(arguments.peers) + " | ratio to the best |")
    print("|-|-|-:|" + "-:|" * (len(arguments.peers) + 1))
    for rows in arguments.rows:
        ours, peers = measure(arguments, vectors_path, queries_path, rows)
        for key, title in ("single_ms", "one query: ms"), ("batch_ms", f"{BATCH} queries at once: ms"):
            values = [peers[name][key] if name in peers else float("nan") for name in arguments.peers]
            least = min((value for value in values if value == value), default=float("nan"))
            print(f"| {rows} | {title} | {ours[key]:.2f} | " + " | ".join(f"{value:.1f}" for value in values)
                  + f" | {ours[key] / least:.2f} |")
        print(f"| {rows} | float32 products of {rows} rows, median / worst of {QUERIES} | {ours['scored_median']:.0f} / "
              f"{ours['scored_worst']:.0f} |")
        print(f"| {rows} | opening: ms; memory that is no file's: MB | {ours['open_ms']:.2f}; {ours['anonymous_mb']:.0f} |",
              flush=True)


if __name__ == "__main__":
    main()
