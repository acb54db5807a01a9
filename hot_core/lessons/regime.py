"""The bounded regime live: the near-linear algorithm's error beside its promise, and its refusal in its own words.

Source: Alman and Song, arXiv 2310.04064; the rule for refusing is that of `hot_core.attention.bounded`.
"""

from __future__ import annotations

import math
import warnings
from dataclasses import dataclass
from functools import lru_cache

import torch
from torch import Tensor

from hot_core.attention import bounded_tensor_attention, tensor_attention
from hot_core.attention.bounded import RegimeWarning
from hot_core.attention.promise import promised
from hot_core.errors import HotError

TOKENS, WIDTH = 40, 4
"""Of the random tokens; there are 64,000 triples of them, few enough to compute all."""
TOLERANCE = 0.1
RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
SIZES = tuple(step / 10 for step in range(2, 31, 2))
"""Where the curves are computed."""


@dataclass(frozen=True)
class Regime:
    """The bounded algorithm at one size of the entries.

    Attributes:
        size: `B`; queries and keys are uniform between −B and B, values between −1 and 1.
        degree: of the Taylor polynomial.
        columns: `r = C(d + g, g)`.
        tokens: `Σ n_j` over the keys, whose sums are rounded.
        largest_logit: `M`, which no logit exceeds.
        promised: the bound of the relative error of a weight before normalisation; infinite where it overflows.
        weight_error: the largest relative error of any such weight, by computing them all.
        output_error: the largest difference of any output from the exact one; values lie within ±1.
    """

    size: float
    degree: int
    columns: int
    tokens: int
    largest_logit: float
    promised: float
    weight_error: float
    output_error: float


def parts(size: float, seed: int) -> tuple[Tensor, tuple[Tensor, Tensor], tuple[Tensor, Tensor]]:
    """Queries, two keys (n, 4) uniform in ±B and two values (n, 4) uniform in ±1; the same draw for every B."""
    generator = torch.Generator().manual_seed(seed)
    q, k1, k2, v1, v2 = 2 * torch.rand(5, TOKENS, WIDTH, generator=generator, dtype=torch.float64) - 1
    return size * q, (size * k1, size * k2), (v1, v2)


@lru_cache(maxsize=512)
def regime(size: float, degree: int, seed: int = 0) -> Regime:
    """Run the bounded algorithm and the exact one on the same entries.

    Args:
        size: `B`, above 0.
        degree: of the Taylor polynomial, even.
        seed: of the entries.

    Returns:
        What is promised and what is measured.

    Raises:
        ShapeError: when the degree is odd.
    """
    q, keys, values = parts(size, seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RegimeWarning)
        found = bounded_tensor_attention(q, keys, values, degree, tolerance=TOLERANCE, strict=False)
    exact = tensor_attention(q, keys, values)
    return Regime(
        size, degree, found.columns, sum(len(key) for key in keys), found.largest_logit, found.error_bound,
        weight_error(q, keys, degree), float((found.output - exact).abs().max()),
    )  # fmt: skip


def weight_error(q: Tensor, keys: tuple[Tensor, Tensor], degree: int) -> float:
    """`max |T_g(x) − e^x| / e^x` over the logits `x` of all triples, `T_g` the Taylor polynomial."""
    logits = torch.einsum("il,jl,kl->ijk", q, *keys) / q.shape[-1]
    term = torch.ones_like(logits)
    polynomial = term.clone()
    for power in range(1, degree + 1):
        term = term * logits / power
        polynomial += term
    return float(((polynomial - logits.exp()) / logits.exp()).abs().max())


def sweep(degree: int, seed: int = 0) -> tuple[Regime, ...]:
    """The same at every size of the curve."""
    return tuple(regime(size, degree, seed) for size in SIZES)


def refused_from(degree: int, seed: int = 0) -> float:
    """The size of the entries at which the promise passes the tolerance; logits grow with its third power."""
    at_one, low, high = regime(1.0, degree, seed), 0.0, 10.0
    for _ in range(50):
        middle = (low + high) / 2
        found = promised(at_one.largest_logit * middle**3, degree, at_one.columns, at_one.tokens)
        low, high = (low, middle) if found > TOLERANCE else (middle, high)
    return high


def refusal(size: float, degree: int, seed: int = 0) -> str:
    """What the algorithm says when it is asked to keep its promise, or for an odd degree; empty where it is content."""
    q, keys, values = parts(size, seed)
    try:
        bounded_tensor_attention(q, keys, values, degree, tolerance=TOLERANCE)
    except HotError as error:
        return str(error)
    return ""


def words(value: float) -> str:
    """An error as a page writes it: "0.25", "7.1 · 10⁻⁸", "∞"."""
    if not math.isfinite(value):
        return "∞"
    if value == 0 or 0.01 <= value < 100:
        return f"{value:.2g}"
    mantissa, power = f"{value:.1e}".split("e")
    return f"{mantissa} · 10{str(int(power)).translate(RAISED)}"


def tex(value: float) -> str:
    """The same as LaTeX."""
    if not math.isfinite(value):
        return r"\infty"
    if value == 0 or 0.01 <= value < 100:
        return f"{value:.2g}"
    mantissa, power = f"{value:.1e}".split("e")
    return rf"{mantissa}\cdot 10^{{{int(power)}}}"
