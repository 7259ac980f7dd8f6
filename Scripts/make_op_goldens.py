#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes Tests/SwiftletAutodiffTests/Fixtures/ops.safetensors: the ops and their gradients, PyTorch's in float64.

usage: make_op_goldens.py

Each case has CASE.NAME for each input tensor (float32), CASE.result, CASE.weights (float32, of the result's shape) and
CASE.gradient.NAME, the gradient of the sum of result times weights.
"""
import math
import pathlib
import zlib

import torch
from safetensors.torch import save_file
from torch.nn import functional

FIXTURES = pathlib.Path(__file__).resolve().parent.parent / "Tests" / "SwiftletAutodiffTests" / "Fixtures"
SEQUENCES = [1, 2, 17, 70]
RANGES = [(0, 1), (1, 5), (5, 23)]
ACTIVATIONS = {
    "identity": lambda x: x, "gelu": functional.gelu, "geluTanh": lambda x: functional.gelu(x, approximate="tanh"),
    "relu": functional.relu, "silu": functional.silu, "tanh": torch.tanh, "softplus": functional.softplus,
}
# Functions of the hidden states of one text's tokens, as in sentence-transformers' Pooling.
REDUCTIONS = {
    "first": lambda h: h[0], "last": lambda h: h[-1], "max": lambda h: h.max(0)[0], "mean": lambda h: h.mean(0),
    "meanSqrtLength": lambda h: h.sum(0) / math.sqrt(len(h)),
    "weightedMean": lambda h: (places(h) * h).sum(0) / places(h).sum(),
}


def places(h):
    return torch.arange(1, len(h) + 1, dtype=h.dtype)[:, None]


def linear(activation):
    def function(t):
        weight = torch.cat([t["query.weight"], t["key.weight"]])
        return ACTIVATIONS[activation](t["x"] @ weight.T + torch.cat([t["query.bias"], t["key.bias"]]))

    return function, {"x": [5, 9], "query.weight": [7, 9], "query.bias": [7], "key.weight": [7, 9], "key.bias": [7]}


def attention(heads, hidden):
    def function(t):
        results = []
        for projections in t["x"].split(SEQUENCES):
            q, k, v = projections.view(len(projections), 3, heads, -1).permute(1, 2, 0, 3)
            y = functional.scaled_dot_product_attention(q, k, v)
            results.append(y.transpose(0, 1).reshape(len(projections), hidden))
        return torch.cat(results)

    return function, {"x": [sum(SEQUENCES), 3 * hidden]}


def layer_norm(has_residual):
    def function(t):
        z = t["x"] + t["residual"] if has_residual else t["x"]
        return functional.layer_norm(z, [37], t["LayerNorm.weight"], t["LayerNorm.bias"], eps=1e-12)

    names = {"x": [6, 37], "LayerNorm.weight": [37], "LayerNorm.bias": [37]}
    return function, names | ({"residual": [6, 37]} if has_residual else {})


def embedding(t):
    words, types, positions = [6, 0, 3, 3, 6, 6, 1], [0, 0, 1, 1, 0, 0, 0], [0, 1, 2, 0, 1, 2, 0]
    return t["words.weight"][words] + t["types.weight"][types] + t["positions.weight"][positions]


def pooling(reduction):
    def function(t):
        return torch.stack([REDUCTIONS[reduction](t["x"][start:end]) for start, end in RANGES])

    return function, {"x": [RANGES[-1][1], 19]}


def identity_mask(rows, columns):
    return torch.eye(rows, columns, dtype=torch.bool)


# What losses are written with: a formula, and the shapes of its inputs by name.
FORMULAS = {
    "exponential": (lambda x: (3 * x).exp(), {"x": [5, 7]}),
    "logarithm": (lambda x: x.log(), {"x+": [5, 7]}),
    "squareRoot": (lambda x: x.sqrt(), {"x+": [5, 7]}),
    "absoluteValue": (lambda x: x.abs(), {"x": [5, 7]}),
    "quotient": (lambda x, y: x / y + 3 / y - x / 7, {"x": [5, 7], "y+": [5, 7]}),
    "wholePower": (lambda x: x**5 + x**-2, {"x": [5, 7]}),
    "power": (lambda x: x**2.5 + x**-1.5, {"x+": [5, 7]}),
    # Of equal numbers each has half of the gradient.
    "pointwiseMax": (lambda x, y: torch.maximum(x, y), {"x#": [5, 7], "y#": [5, 7]}),
    "pointwiseMin": (lambda x, y: torch.minimum(x, y), {"x#": [5, 7], "y#": [5, 7]}),
    "broadcasting": (lambda x, y, z: (x - y) * z, {"x": [5, 37], "y": [5, 1], "z": [37]}),
    "sum": (lambda x: x.sum(1), {"x": [3, 21, 5]}),
    "mean": (lambda x: x - x.mean(0, keepdim=True), {"x": [3, 21, 5]}),
    "max": (lambda x: x.max(1)[0], {"x": [3, 21, 5]}),
    "min": (lambda x: x.min(2)[0], {"x": [3, 21, 5]}),
    "masked": (lambda x: x.masked_fill(identity_mask(4, 6), -math.inf).logsumexp(1), {"x": [4, 6]}),
    "dotProducts": (lambda x, y: (x * y).sum(1), {"x": [5, 37], "y": [5, 37]}),
    "matrixProduct": (lambda x, y: x @ y, {"x": [9, 37], "y": [37, 20]}),
    "transposed": (lambda x: x.T @ x, {"x": [5, 7]}),
    "concatenated": (lambda x, y: torch.cat([x, y])[[0, 6, 6, 2]], {"x": [5, 7], "y": [3, 7]}),
}


def cases():
    for name in ACTIVATIONS:
        yield f"linear.{name}", *linear(name)
    for name in REDUCTIONS:
        yield f"pooling.{name}", *pooling(name)
    yield "attention", *attention(heads=2, hidden=10)
    yield "layerNorm", *layer_norm(has_residual=False)
    yield "layerNorm.residual", *layer_norm(has_residual=True)
    yield "embedding", embedding, {"words.weight": [7, 9], "types.weight": [2, 9], "positions.weight": [4, 9]}
    yield "normalization", lambda t: functional.normalize(t["x"]), {"x": [5, 37]}
    for name, (formula, shapes) in FORMULAS.items():
        yield f"formula.{name}", lambda t, formula=formula: formula(*t.values()), shapes


def draw(name, shape, generator):
    """Normally distributed numbers; with a + after the name between 0.2 and 1.8, with a # whole numbers."""
    numbers = torch.randn(shape, generator=generator)
    if name.endswith("+"):
        return 0.2 + 1.6 * torch.rand(shape, generator=generator)
    return (2 * numbers).round() if name.endswith("#") else numbers


def main():
    tensors = {}
    for case, function, shapes in cases():
        generator = torch.Generator().manual_seed(zlib.crc32(case.encode()))
        inputs = {name.rstrip("+#"): draw(name, shape, generator) for name, shape in shapes.items()}
        leaves = {name: tensor.double().requires_grad_() for name, tensor in inputs.items()}
        result = function(leaves)
        weights = torch.randn(result.shape, generator=generator)
        (result * weights).sum().backward()
        tensors |= {f"{case}.{name}": tensor for name, tensor in inputs.items()}
        tensors |= {f"{case}.gradient.{name}": leaf.grad for name, leaf in leaves.items()}
        tensors |= {f"{case}.result": result.detach(), f"{case}.weights": weights}
    save_file(tensors, FIXTURES / "ops.safetensors")


if __name__ == "__main__":
    main()
