#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes Tests/SwiftletWeightsTests/Fixtures/reference.safetensors, byte for byte what the reference library writes.

usage: make_safetensors_golden.py

The bytes of each tensor are 0, 1, 2, …
"""
import pathlib

import numpy as np
from safetensors.numpy import save_file

FIXTURES = pathlib.Path(__file__).resolve().parent.parent / "Tests" / "SwiftletWeightsTests" / "Fixtures"


def counting(dtype, *shape):
    count = int(np.prod(shape)) * np.dtype(dtype).itemsize
    return np.arange(count, dtype=np.uint8).view(dtype).reshape(shape)


def main():
    tensors = {
        "b.weight": counting(np.float32, 2, 3), "a": counting(np.float32), "é": counting(np.float32, 0, 5),
        "half": counting(np.float16, 3), "A": counting(np.uint16, 2), "ids": counting(np.int64, 1),
        "line\n\"\b\x01": counting(np.uint8, 3),
    }
    save_file(tensors, FIXTURES / "reference.safetensors", metadata={"format": "pt"})


if __name__ == "__main__":
    main()
