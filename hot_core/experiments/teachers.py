"""Attention whose factors are known: what the students of the experiment `planted` are to find again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import layer_norm

from hot_core.kronecker import Combine


@dataclass(frozen=True, eq=False)
class Teacher:
    """`y = (A_1 ⊗ … ⊗ A_k) X W`, or the mean `(A_1 ⊕ … ⊕ A_k) X W / k`.

    Attributes:
        combine: "product" or "sum".
        mix: `W`, (channel, channel), orthogonal.
        fixed: `A_i`, (n_i, n_i), the same for every input; () where they depend on it.
        query, key: (channel, channel) for each mode, of factors that depend on the input:
            `A_i = softmax(sharp · norm(m_i Q_i) norm(m_i K_i)ᵀ / √channel)`, `m_i` the means over all other modes.
        sharp: see there.
    """

    combine: Combine
    mix: Tensor
    fixed: tuple[Tensor, ...] = ()
    query: tuple[Tensor, ...] = ()
    key: tuple[Tensor, ...] = ()
    sharp: float = 1.0

    def factors(self, x: Tensor) -> list[Tensor]:
        """The factors for inputs (batch, n_1, …, n_k, channel).

        Returns:
            One (batch, n_i, n_i) for each mode; rows sum to 1.
        """
        if self.fixed:
            return [factor.expand(x.shape[0], -1, -1) for factor in self.fixed]
        modes, channels = x.ndim - 2, x.shape[-1]
        found = []
        for mode in range(modes):
            means = x.mean([axis + 1 for axis in range(modes) if axis != mode])
            query = layer_norm(means @ self.query[mode], (channels,))
            key = layer_norm(means @ self.key[mode], (channels,))
            found.append((self.sharp * query @ key.transpose(1, 2) / channels**0.5).softmax(-1))
        return found

    def answer(self, x: Tensor) -> Tensor:
        """What a student is to say: the shape of `x`, (batch, n_1, …, n_k, channel)."""
        factors, values = self.factors(x), x @ self.mix
        if self.combine == "sum":
            return sum((along(f, values, mode) for mode, f in enumerate(factors)), start=0 * values) / len(factors)
        for mode, factor in enumerate(factors):
            values = along(factor, values, mode)
        return values


def along(factor: Tensor, x: Tensor, mode: int) -> Tensor:
    """`x ×_mode factor` for factors (batch, n, n) and tokens (batch, n_1, …, n_k, channel)."""
    front = x.movedim(mode + 1, 1)
    return (factor @ front.flatten(2)).reshape(front.shape).movedim(1, mode + 1)


def fixed_teacher(sizes: Sequence[int], channels: int, combine: Combine, rng: torch.Generator) -> Teacher:
    """Factors drawn once: the softmax of normal numbers of standard deviation 2, so that rows have a few large weights.

    Args:
        sizes: tokens along each mode.
        channels: numbers of a token.
        combine: "product" or "sum".
        rng: draws them.

    Returns:
        The teacher.
    """
    factors = tuple((2 * torch.randn(n, n, generator=rng)).softmax(-1) for n in sizes)
    return Teacher(combine, orthogonal(channels, rng), factors)


def following_teacher(modes: int, channels: int, rng: torch.Generator, sharp: float = 3.0) -> Teacher:
    """A product whose factors follow the input, made as those of HOT are."""
    query, key = (tuple(orthogonal(channels, rng) for _ in range(modes)) for _ in range(2))
    return Teacher("product", orthogonal(channels, rng), (), query, key, sharp)


def orthogonal(size: int, rng: torch.Generator) -> Tensor:
    """A random rotation or reflection, (size, size)."""
    return torch.linalg.qr(torch.randn(size, size, generator=rng))[0]


def dense(factors: Sequence[Tensor], combine: str) -> Tensor:
    """The whole maps (batch, N, N) of factors (batch, n_i, n_i), the sum divided by the number of modes."""
    whole = factors[0]
    for factor in factors[1:]:
        here, there = torch.eye(whole.shape[-1]), torch.eye(factor.shape[-1])
        whole = kron(whole, factor) if combine == "product" else kron(whole, there) + kron(here, factor)
    return whole if combine == "product" else whole / len(factors)


def kron(left: Tensor, right: Tensor) -> Tensor:
    """The Kronecker product of matrices, for each element of the batch: (…, a, a), (…, b, b) → (…, ab, ab)."""
    out = left[..., :, None, :, None] * right[..., None, :, None, :]
    return out.flatten(-4, -3).flatten(-2)


def teacher_of(kind: str, sizes: Sequence[int], channels: int, rng: torch.Generator) -> Teacher:
    """A teacher by its name: "following", or with fixed factors "product" or "sum"."""
    if kind == "following":
        return following_teacher(len(sizes), channels, rng)
    return fixed_teacher(sizes, channels, "sum" if kind == "sum" else "product", rng)
