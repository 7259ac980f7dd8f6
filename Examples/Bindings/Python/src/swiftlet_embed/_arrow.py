# SPDX-License-Identifier: Apache-2.0
"""Vectors of Arrow's arrays as Arrow's arrays."""
from __future__ import annotations

from array import array

import pyarrow as pa
import pyarrow.compute as pc

from . import _library

# The formats, with the library's name of what is computed for each.
TYPES = {
    "list": ("float32", pa.list_(pa.float32())),
    "binary": ("float32", pa.binary()),
    "int8": ("int8", pa.struct([("codes", pa.binary()), ("scale", pa.float32())])),
    "bits": ("bits", pa.binary()),
}


def encode(
    handle: int, dimension: int, texts: pa.Array | pa.ChunkedArray, format: str,
) -> tuple[pa.Array | pa.ChunkedArray, pa.Array | pa.ChunkedArray]:
    """`Encoder.encode_arrow`."""
    if format not in TYPES:
        raise ValueError(f"unknown format {format!r}; give one of {', '.join(TYPES)}")
    if isinstance(texts, pa.ChunkedArray):
        parts = [encode(handle, dimension, chunk, format) for chunk in texts.chunks]
        return (
            pa.chunked_array([vectors for vectors, _ in parts], TYPES[format][1]),
            pa.chunked_array([cut for _, cut in parts], pa.bool_()))
    if texts.type != pa.string():
        kinds = pa.types.is_large_string, pa.types.is_string_view, pa.types.is_dictionary, pa.types.is_null
        if not any(is_kind(texts.type) for is_kind in kinds):
            raise TypeError(f"an array of {texts.type}; give strings")
        texts = texts.cast(pa.string())
    if texts.null_count == 0:
        return _encode_texts(handle, dimension, texts, format)
    # What lies in memory behind a null is never read.
    present = texts.is_valid()
    places = pc.if_else(present, pc.subtract(pc.cumulative_sum(present.cast(pa.int32())), 1), None)
    vectors, cut = _encode_texts(handle, dimension, texts.drop_null(), format)
    return vectors.take(places), cut.take(places)


def _encode_texts(handle: int, dimension: int, texts: pa.StringArray, format: str) -> tuple[pa.Array, pa.Array]:
    kind, arrow_type = TYPES[format]
    count, (_, offsets, data) = len(texts), texts.buffers()
    size = count * _library.library().swiftlet_row_size(handle, kind.encode())
    output, cut = pa.allocate_buffer(max(size, 0)), pa.allocate_buffer(count)
    _library.encode(
        handle, count,
        offsets.address + 4 * texts.offset if offsets else None,  # 4 bytes for each text before a slice
        data.address if data else None, data.size if data else 0, kind, output.address, output.size, cut.address)
    flags = pa.Array.from_buffers(pa.uint8(), count, [None, cut]).cast(pa.bool_())

    if format == "list":
        values = pa.Array.from_buffers(pa.float32(), count * dimension, [None, output])
        return pa.ListArray.from_arrays(_offsets(count, dimension), values), flags
    if format == "int8":
        scales = pa.Array.from_buffers(pa.float32(), count, [None, output.slice(0, 4 * count)])
        codes = _binary(count, dimension, output.slice(4 * count))
        return pa.StructArray.from_arrays([codes, scales], fields=list(arrow_type)), flags
    return _binary(count, size // count if count else 0, output), flags


def _binary(count: int, width: int, data: pa.Buffer) -> pa.Array:
    """Values of one width, which lie one after the other."""
    return pa.Array.from_buffers(pa.binary(), count, [None, _offsets(count, width).buffers()[1], data])


def _offsets(count: int, width: int) -> pa.Array:
    """Where `count` values of `width` start, and where the last one ends."""
    if count * width >= 1 << 31:
        raise ValueError(
            f"{count} texts of {width} in one array, which holds {(1 << 31) - 1}; give it in chunks of fewer texts")
    places = array("i", range(0, count * width + 1, width)) if count else array("i", [0])
    return pa.Array.from_buffers(pa.int32(), count + 1, [None, pa.py_buffer(places)])
