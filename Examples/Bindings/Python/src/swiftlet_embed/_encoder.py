# SPDX-License-Identifier: Apache-2.0
"""A model that embeds Python's texts and Arrow's."""
from __future__ import annotations

import ctypes
import itertools
import os
import warnings
import weakref
from array import array
from collections.abc import Sequence
from typing import TYPE_CHECKING

from . import _library

if TYPE_CHECKING:
    import pyarrow


class Encoder:
    """A model in memory. Any number of threads may use it at once.

    After `os.fork()` the child's copy does not work, and says so: open one in the process that uses it.
    """

    def __init__(
        self, model: str | os.PathLike[str], *, precision: str = "float32", threads: int | None = None,
    ) -> None:
        """Loads a model.

        model: a model folder of sentence-transformers, or a bare transformer.
        precision: float32, bfloat16 or int8. int8 is two to three times as fast where the CPU multiplies bytes.
        threads: how many compute; None for one a processor.

        Raises SwiftletError, which names the file, what is wrong with it and what to do.
        """
        self._handle, notes = _library.open_encoder(model, precision, 0 if threads is None else threads)
        self._closing = weakref.finalize(self, _library.library().swiftlet_close, self._handle)
        for note in notes:
            warnings.warn(note, stacklevel=2)
        self._dimension = _library.library().swiftlet_dimension(self._handle)

    @property
    def dimension(self) -> int:
        """The number of elements of a vector."""
        return self._dimension

    def close(self) -> None:
        """Gives the model's memory back. The encoder cannot be used afterwards."""
        self._closing()

    def __enter__(self) -> Encoder:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def encode(self, texts: Sequence[str]) -> tuple[memoryview, list[int]]:
        """The vectors of some texts, and the indices of those that were cut to the model's maximum length.

        The vectors are float32 numbers in a view of two axes, [texts, dimension]: `view[0, 5]`, `view.tolist()`, or
        `numpy.asarray(view)`, which copies nothing. No texts give a view of one axis without elements.
        """
        if isinstance(texts, str):
            raise TypeError("a text; give a list of texts")
        encoded = [text.encode() for text in texts]
        data = b"".join(encoded)
        if len(data) >= 1 << 31:
            raise ValueError(f"texts of {len(data)} bytes; give at most {(1 << 31) - 1} at a time")
        offsets = array("i", itertools.accumulate(map(len, encoded), initial=0))
        vectors = array("f", [0]) * (len(encoded) * self.dimension)
        cut = bytearray(len(encoded))
        _library.encode(
            self._handle, len(encoded), offsets.buffer_info()[0], ctypes.cast(data, ctypes.c_void_p).value, len(data),
            "float32", vectors.buffer_info()[0], len(vectors) * vectors.itemsize,
            ctypes.addressof((ctypes.c_uint8 * len(cut)).from_buffer(cut)))
        view = memoryview(vectors)
        if encoded:
            view = view.cast("B").cast("f", (len(encoded), self.dimension))
        return view, [index for index, flag in enumerate(cut) if flag]

    def encode_arrow(
        self, texts: pyarrow.Array | pyarrow.ChunkedArray, *, format: str = "list",
    ) -> tuple[pyarrow.Array | pyarrow.ChunkedArray, pyarrow.Array | pyarrow.ChunkedArray]:
        """The vectors of an Arrow array of strings, and whether each text was cut; null for a null.

        No Python object is made of a text or a vector. format:

        - "list": list<float>
        - "binary": the same numbers as bytes, little-endian
        - "int8": struct<codes: binary, scale: float>: a byte for each element, which is about scale x code
        - "bits": binary, a bit for each element, 1 if it is above 0, the first one highest
        """
        from . import _arrow  # needs pyarrow

        return _arrow.encode(self._handle, self.dimension, texts, format)


_shared: dict[tuple[int, str, str, int | None], Encoder] = {}


def shared_encoder(
    model: str | os.PathLike[str], *, precision: str = "float32", threads: int | None = None,
) -> Encoder:
    """The encoder of this process for a model and settings: opened by the first call, then kept.

    What an engine's tasks call, which run in turn in one process: none loads the model again.
    """
    # A forked process opens its own.
    key = os.getpid(), os.fspath(model), precision, threads
    if key not in _shared:
        # Of two threads that come here at once, both use what the first one has put there.
        _shared.setdefault(key, Encoder(model, precision=precision, threads=threads))
    return _shared[key]
