"""Closed formulas: multiply–adds and attention weights of every form of attention.

Symbols: `D` dim, `d = D/H` head width, `N = ∏ n_i` tokens, `k` modes, `m` features. Counted are the
products that matter: projections, q·k, weights times values, mode products, features. Not counted:
additions (pooling among them), biases, norms, rotations, exponentials and divisions.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from hot_core.attention.factors import CAUSAL_CHUNK


@dataclass(frozen=True)
class Setting:
    """What the formulas need to know of one attention layer.

    Attributes:
        dim, heads: `D` and `H`.
        sizes: the token grid `(n_1, …, n_k)`.
        share_qk: whether the modes share one query and one key projection.
        features: `m`, of linear factors.
        causal_modes: the modes in which a linear factor looks back only.
        groups: the modes of each step of divided attention.
        order: keys and query together, of attention over tuples.
    """

    dim: int
    heads: int
    sizes: tuple[int, ...]
    share_qk: bool = False
    features: int = 0
    causal_modes: tuple[int, ...] = ()
    groups: tuple[tuple[int, ...], ...] = ()
    order: int = 2

    @property
    def tokens(self) -> int:
        """`N`."""
        return math.prod(self.sizes)

    @property
    def slabs(self) -> list[int]:
        """How many tokens each step of divided attention looks at."""
        groups = self.groups or [(mode,) for mode in range(len(self.sizes))]
        return [math.prod(self.sizes[mode] for mode in group) for group in groups]


def full_macs(s: Setting) -> int:
    """`4 N D² + 2 N² D`: four projections, q·k and weights times values."""
    return 4 * s.tokens * s.dim**2 + 2 * s.tokens**2 * s.dim


def project_first_macs(s: Setting) -> int:
    """`(2k + 2) N D² + D Σ n_i² + N D Σ n_i`: every token is projected for every mode."""
    projections = 2 + 2 * (1 if s.share_qk else len(s.sizes))
    return projections * s.tokens * s.dim**2 + logits(s) + s.tokens * s.dim * sum(s.sizes)


def kronecker_macs(s: Setting) -> int:
    """`2 N D² + 2 D² Σ n_i + D Σ n_i² + N D Σ n_i`: only pooled slices are projected to queries and keys."""
    return 2 * (s.tokens + sum(s.sizes)) * s.dim**2 + logits(s) + s.tokens * s.dim * sum(s.sizes)


def linear_macs(s: Setting) -> int:
    """`2 N D² + 2 D² Σ n_i + 2 m D Σ n_i + 2 k m N D`: features instead of q·k, two thin products a mode.

    A causal mode adds, for chunks of `c` positions, `Σ c² (m H + D N/n_i)` within the chunks.

    Returns:
        Multiply–adds for one element of the batch.
    """
    projections = 2 * (s.tokens + sum(s.sizes)) * s.dim**2
    products = 2 * s.features * s.dim * (sum(s.sizes) + len(s.sizes) * s.tokens)
    within = sum(
        chunk_squares(s.sizes[mode]) * (s.features * s.heads + s.dim * s.tokens // s.sizes[mode])
        for mode in s.causal_modes
    )
    return projections + products + within


def axial_macs(s: Setting) -> int:
    """`(2k + 2) N D² + 2 N D Σ n_i`: queries and keys for every mode, q·k and values on every line."""
    return (2 * len(s.sizes) + 2) * s.tokens * s.dim**2 + 2 * s.tokens * s.dim * sum(s.sizes)


def divided_macs(s: Setting) -> int:
    """`Σ_steps (4 N D² + 2 N g D)`, `g` the tokens of the step's slab."""
    return sum(4 * s.tokens * s.dim**2 + 2 * s.tokens * slab * s.dim for slab in s.slabs)


def tensor_macs(s: Setting) -> int:
    """`2 o N D² + 2 N^o D` at order `o`: query, output, `o − 1` keys and values; logits and values of all tuples."""
    return 2 * s.order * s.tokens * s.dim**2 + 2 * s.tokens**s.order * s.dim


def logits(s: Setting) -> int:
    """`D Σ n_i²`: q·k of the mode-wise factors, all heads together."""
    return s.dim * sum(n * n for n in s.sizes)


def chunk_squares(size: int) -> int:
    """`Σ c²` over the chunks in which a causal linear factor is applied."""
    whole, rest = divmod(size, CAUSAL_CHUNK)
    return whole * CAUSAL_CHUNK**2 + rest**2


def factor_weights(s: Setting) -> int:
    """`Σ n_i²`."""
    return sum(n * n for n in s.sizes)


Formula = Callable[[Setting], int]

MACS: Mapping[str, Formula] = {
    "full": full_macs,
    "project-first": project_first_macs,
    "product": kronecker_macs,
    "sum": kronecker_macs,
    "linear": linear_macs,
    "axial": axial_macs,
    "divided": divided_macs,
    "tensor": tensor_macs,
}
"""Multiply–adds of one attention layer for one element of the batch."""

COEFFICIENTS: Mapping[str, Formula] = {
    "full": lambda s: s.tokens**2,
    "project-first": factor_weights,
    "product": factor_weights,
    "sum": factor_weights,
    "linear": lambda s: 2 * s.features * sum(s.sizes),
    "axial": lambda s: s.tokens * sum(s.sizes),
    "divided": lambda s: s.tokens * sum(s.slabs),
    "tensor": lambda s: s.tokens**s.order,
}
"""Numbers that one head's attention consists of, whether they are ever stored together or not.

`N²` full, `Σ n_i²` mode-wise, `N Σ n_i` axial, `N Σ g` divided, `N^order` over tuples; linear factors consist of the
features of queries and keys, `2 m Σ n_i`.
"""
