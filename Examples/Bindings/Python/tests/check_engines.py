#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs the examples for Ray Data and Dask, and compares their vectors with those of `embed`.

usage: check_engines.py

Needs requirements-engines.txt, the release build of Examples/ and Examples/Bindings/C/build. Exits 1 if a vector differs.
"""
import os
import pathlib
import subprocess
import sys
import tempfile

import pyarrow as pa
import pyarrow.parquet

from places import MODEL, PAGE, ROOT, digest, embed

PYTHON = ROOT / "Examples/Bindings/Python"


def main():
    page = PAGE.read_text(encoding="utf-8").removesuffix("\n").split("\n")
    texts = [f"{text} {number}" for number in range(2000 // len(page)) for text in page]
    wanted = embed(texts)
    with tempfile.TemporaryDirectory() as folder:
        source = pathlib.Path(folder, "texts")
        source.mkdir()
        table = pa.table({"id": range(len(texts)), "text": texts})
        for number in range(5):
            size = -(-len(texts) // 5)
            pa.parquet.write_table(table.slice(number * size, size), source / f"{number}.parquet")
        for name in "ray_data", "dask_table":
            output = pathlib.Path(folder, name)
            subprocess.run(
                [sys.executable, PYTHON / f"examples/{name}.py", MODEL, source, output], check=True,
                env=os.environ | {"PYTHONPATH": str(PYTHON / "src"), "RAY_ENABLE_UV_RUN_RUNTIME_ENV": "0"})
            found = pa.parquet.read_table(output).sort_by("id").combine_chunks()
            vectors = found["embedding"].combine_chunks().flatten().to_numpy().tobytes()
            is_equal = found["text"].to_pylist() == texts and vectors == wanted
            verdict = "equal to embed's" if is_equal else "DIFFERENT"
            print(f"{name}: {digest(vectors)}, {len(found)} texts, {verdict}", flush=True)
            if not is_equal:
                raise SystemExit(1)


if __name__ == "__main__":
    main()
