# SPDX-License-Identifier: Apache-2.0
"""libswiftlet.so through ctypes, which gives Python's lock up during a call. Needs no package."""
from __future__ import annotations

import ctypes
import functools
import os
import pathlib
import sys

ABI = 1

_TEXT_SIZE = 4096


class SwiftletError(RuntimeError):
    """What the library says of a model, a text or a call: one line."""


@functools.cache
def library() -> ctypes.CDLL:
    """The library, which lies beside this file. Loaded with the first call."""
    name = "libswiftlet.dylib" if sys.platform == "darwin" else "libswiftlet.so"
    path = pathlib.Path(__file__).parent / name
    if not path.exists():
        raise SwiftletError(f"{path}: there is no such library; build it with Examples/Bindings/C/build")
    lib = ctypes.CDLL(str(path))
    size, text, memory = ctypes.c_int64, ctypes.c_char_p, ctypes.c_void_p
    prototypes = {
        "swiftlet_abi": (ctypes.c_int32, []),
        "swiftlet_open": (size, [text, text, ctypes.c_int32, memory, size]),
        "swiftlet_close": (None, [size]),
        "swiftlet_dimension": (size, [size]),
        "swiftlet_row_size": (size, [size, text]),
        "swiftlet_encode": (
            ctypes.c_int32, [size, size, memory, memory, size, text, memory, size, memory, memory, size]),
    }
    for function, (result, arguments) in prototypes.items():
        getattr(lib, function).restype = result
        getattr(lib, function).argtypes = arguments
    if lib.swiftlet_abi() != ABI:
        raise SwiftletError(f"{path}: version {lib.swiftlet_abi()} of the interface, not {ABI}; install it anew")
    return lib


def open_encoder(folder: str | os.PathLike[str], precision: str, threads: int) -> tuple[int, list[str]]:
    """The handle of a model, and warnings about its files."""
    messages = ctypes.create_string_buffer(_TEXT_SIZE)
    handle = library().swiftlet_open(os.fsencode(folder), precision.encode(), threads, messages, _TEXT_SIZE)
    if handle == 0:
        raise SwiftletError(messages.value.decode())
    return handle, messages.value.decode().splitlines()


def encode(
    handle: int, count: int, offsets: int | None, data: int | None, data_size: int, format: str, output: int | None,
    output_size: int, truncated: int | None,
) -> None:
    """`swiftlet_encode` of swiftlet.h; pointers are addresses."""
    error = ctypes.create_string_buffer(_TEXT_SIZE)
    if library().swiftlet_encode(
            handle, count, offsets, data, data_size, format.encode(), output, output_size, truncated, error,
            _TEXT_SIZE):
        raise SwiftletError(error.value.decode())
