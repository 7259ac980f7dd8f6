#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes the goldens of quantized vectors, Tests/SwiftletEncodersTests/Fixtures/quantization/; the README there is the format.

usage: make_quantization_goldens.py [--output FIXTURES]

Bits and codes with ranges are sentence-transformers'. Its int8 needs ranges; the rules without ranges, "symmetric" and
"unit", are written out here in NumPy. The script stops if the goldens do not tell these rules from similar ones.
"""
import argparse
import pathlib

import numpy as np
from safetensors.numpy import save_file
from sentence_transformers.util.quantization import (
    _dequantize_embeddings, _get_quantization_ranges, quantize_embeddings)

FIXTURES = pathlib.Path(__file__).resolve().parent.parent / "Tests/SwiftletEncodersTests/Fixtures/quantization"
HUGE, TINY = np.finfo(np.float32).max, np.float32(1e-45)
ONE, BYTE, HALF_RANGE = np.float32(1), np.float32(255), np.float32(127)

# Steps of 1, so that halves are exact; of 0, three kinds; that reach their maximum at 254 or 255; tiny; huge.
RANGES = np.array([
    (0, 255), (-128, 127), (0, 0), (-3, -3), (-TINY, TINY), (0.1, 0.7), (-0.3, 0.3), (-1, 1), (-0.0, 1), (1e-40, 2e-40),
    (1000, np.nextafter(np.float32(1000), np.float32(1001))), (-1e38, 1e38), (0, HUGE)], np.float32).T
NUMBERS = [
    0.0, -0.0, 0.5, -0.5, 1.5, 2.5, 126.5, 127.5, 254.5, 255, 256, -1, -128, -128.5, -129, TINY, -TINY, HUGE, -HUGE,
    1e38, 0.1, 0.7, 0.3, -0.3, 0.999999, 1, -3, 1000, np.inf, -np.inf, np.nan]


def edges():
    """Each number in each element; each range's ends, the numbers around them and some inside."""
    minimums, maximums = RANGES
    rows = [np.full(RANGES.shape[1], number) for number in NUMBERS]
    rows += [np.nextafter(end, toward) for end in RANGES for toward in (np.float32(-np.inf), end, np.float32(np.inf))]
    rows += [minimums + share * (maximums - minimums) for share in np.linspace(0, 1, 40, dtype=np.float32)]
    return np.array(rows, np.float32)


def small_and_large():
    """Vectors of 10 elements, whose scales are powers of two, inexact, 0, rounded to 0, or huge."""
    halves = np.array([127, 0.5, -0.5, 1.5, -1.5, 2.5, 126.5, -126.5, -0.0, 3.5])
    rows = [halves, -halves, halves / 128, halves * 2.0**119, halves * 2.0**-120, halves * 0.3, halves * 0]
    # From here on scales are subnormal: of 190 / 127 TINY, for example, one TINY is left.
    rows += [halves * 2.0**-140, np.arange(-190, 200, 40) * float(TINY), np.arange(10) * float(TINY), [TINY] * 10]
    rows += [[HUGE, -HUGE, HUGE / 2, 1, 0, -1, HUGE / 254, HUGE / 253, HUGE / 255, -HUGE / 254], [0.0] * 9 + [-0.0]]
    # For the scale of unit vectors: ties, numbers just below a tie, numbers outside of -1 to 1.
    rows += [[0.5, -0.5, 1, -1, 1.01, -1.01, 0.25, 2, -2, 1 / 254], np.arange(15, 254, 24) / 254 * (1 - 2.0**-24)]
    return np.array(rows, np.float32)


def symmetric(vectors):
    scales = np.abs(vectors).max(axis=1, initial=0) / HALF_RANGE
    quotients = vectors / np.where(scales == 0, np.float32(np.inf), scales)[:, None]
    return np.clip(np.rint(quotients), -127, 127).astype(np.int8), scales


def unit(vectors):
    return np.clip(np.rint(vectors * HALF_RANGE), -127, 127).astype(np.int8)


def without_ranges(name, vectors):
    assert vectors.dtype == np.float32 and np.isfinite(vectors).all()
    codes, scales = symmetric(vectors)
    return {
        f"{name}.vectors": vectors, f"{name}.symmetric": codes, f"{name}.symmetric.scales": scales,
        f"{name}.symmetric.values": codes * scales[:, None], f"{name}.unit": unit(vectors),
        f"{name}.unit.values": unit(vectors) * (ONE / HALF_RANGE)} | bits(name, vectors)


def bits(name, vectors):
    return {f"{name}.{precision}": quantize_embeddings(vectors, precision) for precision in ("binary", "ubinary")}


def with_ranges(name, vectors, ranges=None, calibration=None):
    tensors = {f"{name}.vectors": vectors} | bits(name, vectors)
    if calibration is not None:
        tensors[f"{name}.calibration"] = calibration
    for precision in ("int8", "uint8"):
        codes = quantize_embeddings(vectors, precision, ranges=ranges, calibration_embeddings=calibration)
        used = _get_quantization_ranges(vectors, precision, calibration) if ranges is None else ranges
        values = _dequantize_embeddings(codes, precision, used).astype(np.float32)
        tensors |= {f"{name}.{precision}": codes, f"{name}.{precision}.values": values, f"{name}.ranges": used}
    return tensors


def check(tensors):
    """Stops unless similar rules would give other codes or values."""
    def differs(name, other):
        expected = tensors[name]
        assert other.shape == expected.shape and not np.array_equal(other.astype(expected.dtype), expected), name

    def codes(places, rounded=np.floor):
        return np.clip(rounded(np.nan_to_num(places, nan=0)), 0, 255).astype(np.uint8)

    vectors, (minimums, maximums) = tensors["edges.vectors"], tensors["edges.ranges"]
    steps = (maximums - minimums) / BYTE
    flat, steps = steps == 0, np.where(steps == 0, ONE, steps)
    places = (vectors - minimums) / steps
    numbers = ~np.isnan(vectors)
    assert np.array_equal(codes(places)[numbers], tensors["edges.uint8"][numbers])
    differs("edges.uint8", codes(places, np.rint))
    x, low, high = (array.astype(np.float64) for array in (vectors, minimums, maximums))
    differs("edges.uint8", codes((x - low) / np.where(flat, 1, (high - low) / 255)))
    differs("edges.uint8", codes((vectors - minimums) * (ONE / steps)))
    differs("edges.uint8.values", tensors["edges.uint8"] * steps + minimums)
    differs("edges.ubinary", np.packbits(vectors > 0, axis=-1, bitorder="little"))
    differs("edges.ubinary", np.packbits(vectors >= 0, axis=-1))

    vectors, scales = tensors["small_and_large.vectors"], tensors["small_and_large.symmetric.scales"]
    quotients = vectors / np.where(scales == 0, np.float32(np.inf), scales)[:, None]
    for name, numbers in ("symmetric", quotients), ("unit", vectors * HALF_RANGE):
        clipped = np.clip(numbers, -127, 127)
        differs(f"small_and_large.{name}", np.trunc(clipped))
        differs(f"small_and_large.{name}", np.trunc(clipped + np.copysign(np.float32(0.5), clipped)))
        differs(f"small_and_large.{name}", np.clip(np.rint(numbers), -128, 127))
    differs("small_and_large.unit", np.clip(np.rint(vectors / (ONE / HALF_RANGE)), -127, 127))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output", type=pathlib.Path, default=FIXTURES)
    output = parser.parse_args().output
    rng = np.random.default_rng(0)
    # Overflow, and NaN as an integer, are among the cases.
    with np.errstate(all="ignore"):
        sample = rng.normal(size=(120, 19)).astype(np.float32)
        units = rng.normal(size=(40, 100))
        units = (units / np.linalg.norm(units, axis=1, keepdims=True)).astype(np.float32)
        tensors = with_ranges("edges", edges(), ranges=RANGES)
        tensors |= with_ranges("own", sample[:, :8])
        tensors |= with_ranges("calibrated", (1.5 * rng.normal(size=(60, 19))).astype(np.float32), calibration=sample)
        tensors |= with_ranges("one", sample[:5, :1], calibration=sample[:, :1])
        tensors |= without_ranges("small_and_large", small_and_large()) | without_ranges("units", units)
        check(tensors)
    output.mkdir(parents=True, exist_ok=True)
    save_file({name: np.ascontiguousarray(tensor) for name, tensor in tensors.items()}, output / "expected.safetensors")


if __name__ == "__main__":
    main()
