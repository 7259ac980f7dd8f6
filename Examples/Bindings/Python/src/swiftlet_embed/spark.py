# SPDX-License-Identifier: Apache-2.0
"""Embedding a column of a Spark DataFrame, batch or stream.

    from swiftlet_embed.spark import embed

    embed(df, text="body", model="model", precision="int8").write.parquet("vectors")

A row's vector depends on its text alone: not on partitions, batches, retries or the executor. A task that Spark runs twice,
after a failure or by speculation, gives the same bits.
"""
from __future__ import annotations

import functools
import os
from collections.abc import Iterable, Iterator

import pyarrow as pa
from pyspark import SparkFiles, TaskContext
from pyspark.sql import DataFrame
from pyspark.sql.types import (
    ArrayType, BinaryType, BooleanType, DataType, FloatType, StringType, StructField, StructType)

from ._encoder import shared_encoder

# What a format is to Spark.
TYPES: dict[str, DataType] = {
    "list": ArrayType(FloatType()),
    "binary": BinaryType(),
    "int8": StructType([StructField("codes", BinaryType()), StructField("scale", FloatType())]),
    "bits": BinaryType(),
}


def embed(
    df: DataFrame, *, text: str, model: str, output: str = "embedding", precision: str = "float32",
    format: str = "list", truncated: str | None = None,
) -> DataFrame:
    """The DataFrame with a column of vectors behind its own.

    text: the column of texts. A null has a null vector.
    model: the model folder, as the executors see it: a path, or the name that `--archives model.tgz#model` gives it.
    output: the name of the new column.
    precision: float32, bfloat16 or int8. With bfloat16 the bits are the same on CPUs of one kind only.
    format: "list" of floats; "binary", the same numbers as bytes; "int8", a struct of codes and scale; "bits".
        `Encoder.encode_arrow` describes them.
    truncated: a name for one more column: whether the text was cut to the model's maximum length.

    Each task computes on as many threads as `spark.task.cpus` says. A Python worker loads the model with its first task.
    All columns pass through the worker, so select those that are needed before.
    """
    if text not in df.columns:
        raise ValueError(f"no column {text!r}; there are {', '.join(df.columns)}")
    if not isinstance(df.schema[text].dataType, StringType):
        raise TypeError(f"column {text!r} has {df.schema[text].dataType.simpleString()}; give one of strings")
    if format not in TYPES:
        raise ValueError(f"unknown format {format!r}; give one of {', '.join(TYPES)}")
    new = [StructField(output, TYPES[format])]
    if truncated is not None:
        new.append(StructField(truncated, BooleanType()))
    names = [name.lower() for name in df.columns]
    for field in new:
        if field.name.lower() in names:
            raise ValueError(f"column {field.name!r} is there already; give another name")
        names.append(field.name.lower())
    # Only texts and numbers are sent to the executors: they import this module.
    rows = functools.partial(
        _embed_batches, place=df.columns.index(text), model=model, precision=precision, format=format,
        names=[field.name for field in new])
    return df.mapInArrow(rows, StructType(df.schema.fields + new))


def _embed_batches(
    batches: Iterable[pa.RecordBatch], *, place: int, model: str, precision: str, format: str, names: list[str],
) -> Iterator[pa.RecordBatch]:
    """Adds the columns to batches. Runs in a Python worker."""
    context = TaskContext.get()
    encoder = shared_encoder(_folder(model), precision=precision, threads=context.cpus() if context else 1)
    for batch in batches:
        new = encoder.encode_arrow(batch.column(place), format=format)[:len(names)]
        yield pa.RecordBatch.from_arrays([*batch.columns, *new], names=[*batch.schema.names, *names])


def _folder(model: str) -> str:
    """Where a model is on an executor, which unpacks archives in its working folder or where SparkFiles looks."""
    unpacked = SparkFiles.get(model)
    return unpacked if not os.path.exists(model) and os.path.exists(unpacked) else model
