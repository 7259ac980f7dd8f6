#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Fits the polynomials of Sources/CSwiftletKernels/elementary.inc and prints their coefficients, lowest power first.

usage: fit_polynomials.py            (needs mpmath and numpy)

Each fit is a weighted least squares over Chebyshev nodes, computed with 60 digits, re-weighted toward the worst
nodes until the error is level (Lawson's algorithm), so that it is close to minimax in relative error. The constants
are then rounded to float32. The error that remains in float32 arithmetic is stated in elementary.inc and tested.
"""
import mpmath as mp
import numpy as np

mp.mp.dps = 60


def fit(f, low, high, degree, weight, name, nodes=160, rounds=40):
    """Fits p(x) ~ f(x) on [low, high] so that |p - f| * weight is level."""
    t = [mp.cos(mp.pi * (2 * i + 1) / (2 * nodes)) for i in range(nodes)]
    x = [(low + high) / 2 + (high - low) / 2 * ti for ti in t]
    y = [f(xi) for xi in x]
    w = [weight(xi) for xi in x]
    lawson = [mp.mpf(1)] * nodes
    for _ in range(rounds):
        rows, right = mp.matrix(nodes, degree + 1), mp.matrix(nodes, 1)
        for i in range(nodes):
            s = w[i] * mp.sqrt(lawson[i])
            right[i] = y[i] * s
            for j in range(degree + 1):
                rows[i, j] = x[i] ** j * s
        c = mp.lu_solve(rows.T * rows, rows.T * right)
        error = [abs(mp.polyval(list(c)[::-1], x[i]) - y[i]) * w[i] for i in range(nodes)]
        worst = max(error)
        lawson = [l * (e / worst + mp.mpf("1e-3")) for l, e in zip(lawson, error)]
    print(f"{name}: degree {degree}, error {mp.nstr(worst, 3)} (2^{mp.nstr(mp.log(worst, 2), 4)})")
    print("  ", ", ".join(f"{np.float32(float(ci))!s}f" for ci in c))


half_ln2 = mp.log(2) / 2
# exp(r) = 1 + r + r^2 p(r)
fit(lambda r: (mp.exp(r) - 1 - r) / r**2 if r else mp.mpf(1) / 2, -half_ln2 * mp.mpf("1.01"), half_ln2 * mp.mpf("1.01"), 4,
    lambda r: r**2 / mp.exp(r) if r else mp.mpf("1e-9"), "exp")
# 2^f = 1 + f p(f)
fit(lambda f: (mp.mpf(2) ** f - 1) / f if f else mp.log(2), mp.mpf("-0.5"), mp.mpf("0.5"), 4,
    lambda f: abs(f) or mp.mpf("1e-9"), "exp2")


def normal_tail(a):
    return mp.erfc(a / mp.sqrt(2)) / 2


# The normal distribution's tail as 2^p(a): an error e of p is an error ln 2 tail(a) e of the result. The far tail, where
# that is almost 0, gets some more weight.
fit(lambda a: mp.log(normal_tail(a), 2), mp.mpf(0), mp.mpf("5.6"), 8,
    lambda a: normal_tail(a) ** mp.mpf("0.8") * mp.log(2), "normal tail", nodes=120, rounds=60)
# The same tail at once. GELU is off by a times its error; near 0 the error itself must be small too.
fit(normal_tail, mp.mpf(0), mp.mpf(4), 8, lambda a: a + mp.mpf("0.4"), "normal tail, 8 bits", nodes=120, rounds=60)
# tanh(x) = x + x^3 p(x^2) on |x| <= 0.625
fit(lambda u: (mp.tanh(mp.sqrt(u)) / mp.sqrt(u) - 1) / u, mp.mpf("1e-12"), mp.mpf("0.625") ** 2, 4,
    lambda u: u * mp.sqrt(u) / mp.tanh(mp.sqrt(u)), "tanh, small")
# log(1 + f) = f - f^2 / 2 + f^3 p(f) for 1 + f between the square roots of 1/2 and 2
root = mp.sqrt(2)
fit(lambda f: (mp.log(1 + f) - f + f**2 / 2) / f**3 if abs(f) > 1e-9 else mp.mpf(1) / 3, 1 / root - 1, root - 1, 8,
    lambda f: abs(f**3 / mp.log(1 + f)) if abs(f) > 1e-9 else mp.mpf("1e-18"), "log")
print("ln 2:", float(mp.log(2)).hex(), " split: 0x1.62e4p-1 +", float(mp.log(2) - mp.mpf(float.fromhex("0x1.62e4p-1"))).hex())
