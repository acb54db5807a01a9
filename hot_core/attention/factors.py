"""One mode's attention while it is at work: as a matrix (softmax) or as features (linear), behind one face."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import torch
from torch import Tensor

from hot_core.record import AttentionRecord, edited

CAUSAL_CHUNK = 64
"""Positions that a causal linear factor handles at once: small enough to stay linear, large enough to be fast."""


@dataclass(frozen=True, eq=False)
class SoftmaxFactor:
    """A factor held as its weights. `head` counts batch elements × heads, here and below.

    Attributes:
        weights: (head, query, key).
        applied: what the values are multiplied by: the weights, after dropout while training.
    """

    weights: Tensor
    applied: Tensor

    def matrix(self) -> Tensor:
        """The weights before dropout."""
        return self.weights

    def times(self, values: Tensor) -> Tensor:
        """`A V` for values (head, key, column); the result is (head, query, column)."""
        return torch.bmm(self.applied, values)


@dataclass(frozen=True, eq=False)
class LinearFactor:
    """A factor `A = φ(Q) φ(K)ᵀ / rows` held as features: linear in the number of positions.

    Attributes:
        query: features of the queries, divided by the row sums; (head, query, feature).
        key: features of the keys, (head, key, feature).
        applied: `key`, after dropout while training.
        causal: queries look at earlier keys and at themselves only.
    """

    query: Tensor
    key: Tensor
    applied: Tensor
    causal: bool

    @classmethod
    def normalised(cls, query: Tensor, key: Tensor, applied: Tensor, causal: bool) -> LinearFactor:
        """Divide by the row sums, so that rows add up to 1; a row that sees no key, or only vanished ones, stays 0.

        Returns:
            The factor.
        """
        seen = key.cumsum(-2) if causal else key.sum(-2, keepdim=True)
        rows = (query * seen).sum(-1, keepdim=True)
        some = rows > 0
        return cls(query * some / torch.where(some, rows, 1.0), key, applied, causal)

    def matrix(self) -> Tensor:
        """The weights, formed for a record only."""
        weights = self.query @ self.key.transpose(-1, -2)
        return weights.tril() if self.causal else weights

    def times(self, values: Tensor) -> Tensor:
        """`A V = φ(Q) (φ(K)ᵀ V)`; the `n × n` matrix is never formed."""
        if not self.causal:
            return torch.bmm(self.query, torch.bmm(self.applied.transpose(1, 2), values))
        return causal_product(self.query, self.applied, values)


def causal_product(query: Tensor, key: Tensor, values: Tensor) -> Tensor:
    """`tril(φ(Q) φ(K)ᵀ) V`, chunk after chunk: weights within a chunk, one state for all before it.

    Args:
        query: (head, n, feature).
        key: (head, n, feature).
        values: (head, n, column).

    Returns:
        (head, n, column).
    """
    parts: list[Tensor] = []
    state = values.new_zeros(values.shape[0], key.shape[-1], values.shape[-1])
    for start in range(0, query.shape[1], CAUSAL_CHUNK):
        q, k, v = (t[:, start : start + CAUSAL_CHUNK] for t in (query, key, values))
        parts.append(torch.bmm(torch.bmm(q, k.transpose(1, 2)).tril(), v) + torch.bmm(q, state))
        state = state + torch.bmm(k.transpose(1, 2), v)
    return torch.cat(parts, 1)


Factor: TypeAlias = SoftmaxFactor | LinearFactor


def replaced(factors: list[Factor], heads: int, record: AttentionRecord) -> list[Factor]:
    """The factors that a record's edit makes of those of the next layer; see `hot_core.record.edit`."""
    if record.edit is None:
        return factors
    matrices = [factor.matrix().unflatten(0, (-1, heads)) for factor in factors]
    wanted = [matrix.flatten(0, 1) for matrix in edited(record.edit, record.num_layers, matrices)]
    return [SoftmaxFactor(weights, weights) for weights in wanted]
