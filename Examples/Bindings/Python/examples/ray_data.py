#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Embeds a Parquet file's column with Ray Data: ray_data.py MODEL INPUT OUTPUT [COLUMN]

OUTPUT is a folder of Parquet files with one more column, `embedding`. Needs ray[data] and swiftlet-embed.
"""
import sys

import ray
from ray.data import ActorPoolStrategy

from swiftlet_embed import Encoder


class Embed:
    """An actor that keeps the model. Called with a block of the table."""

    def __init__(self, model, column):
        self.encoder, self.column = Encoder(model, threads=1), column

    def __call__(self, table):
        vectors, _ = self.encoder.encode_arrow(table[self.column])
        return table.append_column("embedding", vectors)


def main(model, source, output, column="text"):
    ray.init(log_to_driver=False)
    cores = int(ray.cluster_resources()["CPU"])
    ray.data.read_parquet(source).map_batches(
        Embed, fn_constructor_args=(model, column), batch_format="pyarrow", batch_size=2000, num_cpus=1,
        compute=ActorPoolStrategy(size=max(1, cores - 1)),  # one core reads and writes
    ).write_parquet(output)


if __name__ == "__main__":
    main(*sys.argv[1:]) if len(sys.argv) in (4, 5) else sys.exit(__doc__)
