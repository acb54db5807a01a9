"""Monomials of several variables up to a degree, and the Taylor polynomial of `exp` that is a product of them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache

import torch
from torch import Tensor


@dataclass(frozen=True, eq=False)
class Monomials:
    """The `C(d+g, g)` monomials in `d` variables of total degree at most `g`, by degree.

    A monomial of degree `t` is one of degree `t − 1` times a variable not before that one's last; that is how all
    columns are made with one multiplication each.

    Attributes:
        parents: for each degree from 1 on, where among those of one degree less each monomial comes from.
        variables: for each degree from 1 on, the variable that it adds.
        coefficients: `1/α!` of every monomial `x^α`, so that `Σ s^|α| / α! · p^α = Σ_t (s Σ_l p_l)^t / t!`.
        degrees: `|α|` of every monomial.
    """

    parents: tuple[Tensor, ...]
    variables: tuple[Tensor, ...]
    coefficients: Tensor
    degrees: Tensor

    def of(self, x: Tensor) -> Tensor:
        """Every monomial of every row.

        Args:
            x: [..., n, d].

        Returns:
            [..., n, C(d+g, g)]; the first column is 1.
        """
        levels = [torch.ones_like(x[..., :1])]
        for parent, variable in zip(self.parents, self.variables, strict=True):
            levels.append(levels[-1][..., parent.to(x.device)] * x[..., variable.to(x.device)])
        return torch.cat(levels, -1)

    def weighted(self, x: Tensor, scale: float) -> Tensor:
        """`scale^|α| / α! · x^α`: the side that carries the series' coefficients."""
        weights = self.coefficients * scale**self.degrees
        return self.of(x) * weights.to(x)


def columns_of(width: int, degree: int) -> int:
    """`C(d+g, g)`: monomials in `d` variables of degree at most `g`."""
    return math.comb(width + degree, degree)


@cache
def monomials(width: int, degree: int) -> Monomials:
    """Enumerate them.

    Args:
        width: `d`, from 1.
        degree: `g`, from 0.

    Returns:
        The monomials; kept, since they depend on nothing else.
    """
    level: list[tuple[int, ...]] = [()]
    all_of: list[tuple[int, ...]] = [()]
    parents, variables = [], []
    for _ in range(degree):
        grown = [
            (parent, variable, (*chosen, variable))
            for parent, chosen in enumerate(level)
            for variable in range(chosen[-1] if chosen else 0, width)
        ]
        parents.append(torch.tensor([parent for parent, _, _ in grown]))
        variables.append(torch.tensor([variable for _, variable, _ in grown]))
        level = [chosen for _, _, chosen in grown]
        all_of += level
    counts = [math.prod(math.factorial(chosen.count(one)) for one in set(chosen)) for chosen in all_of]
    return Monomials(
        tuple(parents),
        tuple(variables),
        1.0 / torch.tensor(counts, dtype=torch.float64),
        torch.tensor([len(chosen) for chosen in all_of], dtype=torch.float64),
    )
