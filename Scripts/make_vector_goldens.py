#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes Tests/SwiftletFilesTests/Fixtures/vectors/: arrays as NumPy writes them, and the same vectors as fvecs.

usage: make_vector_goldens.py
"""
import pathlib

import numpy

FOLDER = pathlib.Path(__file__).resolve().parent.parent / "Tests/SwiftletFilesTests/Fixtures/vectors"


def main():
    FOLDER.mkdir(exist_ok=True)
    vectors = numpy.arange(15, dtype=numpy.float32).reshape(5, 3) / 7 - 1
    numpy.save(FOLDER / "plain.npy", vectors)
    with open(FOLDER / "version-2.npy", "wb") as file:
        numpy.lib.format.write_array(file, vectors, version=(2, 0))
    numpy.save(FOLDER / "columns.npy", numpy.asfortranarray(vectors))
    numpy.save(FOLDER / "double.npy", vectors.astype(numpy.float64))
    numpy.save(FOLDER / "one-axis.npy", vectors[0])
    numpy.save(FOLDER / "empty.npy", vectors[:0])
    rows = numpy.concatenate([numpy.full((5, 1), 3, numpy.int32).view(numpy.float32), vectors], 1)
    (FOLDER / "plain.fvecs").write_bytes(rows.tobytes())


if __name__ == "__main__":
    main()
