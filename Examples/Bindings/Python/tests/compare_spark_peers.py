#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Counts the vectors that change when Spark cuts a table into other partitions: ours and those of peers.

usage: compare_spark_peers.py [--texts N] [--work DIR] MODEL

The peers are sentence-transformers and ONNX Runtime. MODEL is a folder of all-MiniLM-L6-v2 with tokenizer.json, as
sentence-transformers saves it. All engines run on one thread in the Python workers of the same session, through `mapInArrow`;
the peers take 32 texts at a time, which they pad to the longest. Each embeds the table over 2 and over 7 partitions. Needs
requirements-spark.txt and those of Benchmarks/peers, sentence-transformers, and what check_spark.py needs.
"""
import argparse
import pathlib
import shutil
import sys
import tempfile

from places import ROOT

import spark_cluster
from spark_cluster import np, pa

from swiftlet_embed.spark import embed

DIMENSION = 384


def sentence_transformers(model, _):
    """A function of texts."""
    import torch
    from sentence_transformers import SentenceTransformer

    torch.set_num_threads(1)
    encoder = SentenceTransformer(model, device="cpu", model_kwargs={"dtype": torch.float32})
    return lambda texts: encoder.encode(texts, batch_size=32, normalize_embeddings=True)


def onnxruntime(model, graph):
    import onnxruntime as runtime
    from tokenizers import Tokenizer

    options = runtime.SessionOptions()
    options.intra_op_num_threads = 1
    session = runtime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
    tokenizer = Tokenizer.from_file(f"{model}/tokenizer.json")
    tokenizer.enable_truncation(256)
    tokenizer.enable_padding()

    def vectors(texts):
        encodings = tokenizer.encode_batch(texts)
        mask = np.array([encoding.attention_mask for encoding in encodings])
        inputs = {
            "input_ids": np.array([encoding.ids for encoding in encodings]), "attention_mask": mask,
            "token_type_ids": np.zeros_like(mask)}
        weights = mask[:, :, None].astype(np.float32)
        means = (session.run(None, inputs)[0] * weights).sum(1) / weights.sum(1)
        return means / np.linalg.norm(means, axis=1, keepdims=True)

    return lambda texts: np.vstack([vectors(texts[start:start + 32]) for start in range(0, len(texts), 32)])


def peer(frame, load, *arguments):
    """The frame with a column of a peer's vectors, as bytes."""
    def rows(batches):
        vectors = load(*arguments)
        for batch in batches:
            new = np.ascontiguousarray(vectors(batch.column(1).to_pylist()), np.float32)
            yield batch.append_column("embedding", pa.array([row.tobytes() for row in new], pa.binary()))

    return frame.mapInArrow(rows, "id long, text string, embedding binary")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=pathlib.Path)
    parser.add_argument("--texts", type=int, default=8000)
    parser.add_argument("--work", type=pathlib.Path)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        work = (arguments.work or pathlib.Path(folder)).resolve()
        work.mkdir(exist_ok=True)
        sys.path.insert(0, str(ROOT / "Benchmarks/peers"))
        from engines import onnx_graph

        graph = str(onnx_graph(arguments.model, work))
        shutil.rmtree(work / "texts", ignore_errors=True)
        spark_cluster.write_table(work / "texts", spark_cluster.made_texts(arguments.texts), files=7)
        spark = spark_cluster.session(work, **{"spark.sql.execution.arrow.maxRecordsPerBatch": 2000})
        model = str(arguments.model.resolve())
        for name, run in [
            ("Swiftlet float32", lambda frame: embed(frame, text="text", model="model", format="binary")),
            ("Swiftlet int8", lambda frame: embed(frame, text="text", model="model", format="binary", precision="int8")),
            ("sentence-transformers", lambda frame: peer(frame, sentence_transformers, model, graph)),
            ("ONNX Runtime", lambda frame: peer(frame, onnxruntime, model, graph)),
        ]:
            first, second = (
                spark_cluster.rows(
                    run(spark.read.parquet(f"{work}/texts").repartition(partitions)).toArrow(), "binary", DIMENSION)
                for partitions in (2, 7))
            differing = (first != second).any(axis=1).sum()
            largest = np.abs(first.view(np.float32) - second.view(np.float32)).max()
            print(f"{name}: {differing} of {len(first)} vectors differ between 2 and 7 partitions, by at most {largest:.2g}",
                  flush=True)
        spark_cluster.stop(spark)


if __name__ == "__main__":
    main()
