#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Embeds Parquet files' column with Dask: dask_table.py MODEL INPUT OUTPUT [COLUMN]

INPUT is a folder of Parquet files, OUTPUT one of as many files with one more column, `embedding`. Needs distributed and
swiftlet-embed; no pandas, since each task reads and writes a file of its own.
"""
import pathlib
import sys

import pyarrow.parquet
from dask.distributed import Client

from swiftlet_embed import shared_encoder


def embed_file(model, source, target, column):
    """Runs in a worker, which loads the model with its first file. A repeated task writes the same bytes."""
    table = pyarrow.parquet.read_table(source)
    vectors, _ = shared_encoder(model, threads=1).encode_arrow(table[column])
    pyarrow.parquet.write_table(table.append_column("embedding", vectors), target)


def main(model, source, output, column="text"):
    files = sorted(pathlib.Path(source).glob("*.parquet"))
    pathlib.Path(output).mkdir(parents=True, exist_ok=True)
    with Client(threads_per_worker=1) as client:  # on this machine; give an address for a cluster
        tasks = [client.submit(embed_file, model, file, pathlib.Path(output, file.name), column) for file in files]
        client.gather(tasks)


if __name__ == "__main__":
    main(*sys.argv[1:]) if len(sys.argv) in (4, 5) else sys.exit(__doc__)
