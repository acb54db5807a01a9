"""What attention costs on a grid of a student's own choice: a table of all forms, a curve over the size, a verdict.

Every number comes from `hot_core.cost`; here they are put side by side, so that the layer alone is never shown
without the block around it, nor the work that is saved without the parameters that are spent.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import torch

from hot_core.attention import KroneckerAttention
from hot_core.cost import cost
from hot_core.cost.formulas import MACS, Setting
from hot_core.errors import ShapeError

FORMS = ("full", "product", "sum", "linear", "axial")
"""The forms of the table, in its order."""
MIXING = 4
"""The block's SwiGLU is so many times as wide as its tokens."""
LITTLE, SOME = 1.1, 2.0
"""Below the first ratio of a whole block there is no saving, below the second none to promise: our own rule."""
REACH = (10.0, 1e7)
"""The curve's sizes grow through this many tokens."""
STEPS = 49
RAISED = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")


@dataclass(frozen=True)
class Row:
    """One form of attention on the chosen grid.

    Attributes:
        form: its name, see `hot_core.cost.forms.FORMS`.
        parameters: of the attention layer.
        layer_macs, block_macs: multiply–adds of the layer alone, and of the whole block around it.
        coefficients: attention weights a head.
        peak_bytes: the most bytes alive at once in a forward pass of the layer in float32, above weights and input.
    """

    form: str
    parameters: int
    layer_macs: int
    block_macs: int
    coefficients: int
    peak_bytes: int


@dataclass(frozen=True)
class Curve:
    """How many times less work than full attention, over the number of tokens, all sizes growing in step.

    Attributes:
        tokens: `N` of every step, rising.
        ratios: by (form, "layer" or "block"), full over this form in multiply–adds, one for each step.
    """

    tokens: tuple[int, ...]
    ratios: dict[tuple[str, str], tuple[float, ...]]


def check(sizes: Sequence[int], dim: int, heads: int) -> None:
    """Refuse a width that the heads cannot share in even parts, and other than 2 to 4 modes.

    Raises:
        ShapeError: when so.
    """
    if not 2 <= len(sizes) <= 4 or min(sizes) < 1:
        raise ShapeError(f"lesson cost: sizes={tuple(sizes)}; give 2 to 4 whole sizes of at least 1.")
    if dim % (2 * heads):
        raise ShapeError(
            f"{heads} heads cannot share a width of {dim} in even parts; choose a width that {2 * heads} divides."
        )


@lru_cache(maxsize=64)
def table(sizes: tuple[int, ...], dim: int, heads: int) -> tuple[Row, ...]:
    """The cost of every form on a grid, the same answer for the same sizes without counting again.

    Args:
        sizes: the token grid `(n_1, …, n_k)`, 2 to 4 modes.
        dim: width of the tokens, `D`.
        heads: number of heads.

    Returns:
        One row for each of `FORMS`.

    Raises:
        ShapeError: when sizes and heads cannot be.
    """
    check(sizes, dim, heads)
    with torch.device("meta"):
        attention = KroneckerAttention(dim, len(sizes), heads)
    counted = cost(attention, sizes, forms=FORMS).forms
    around = around_macs(math.prod(sizes), dim)
    return tuple(
        Row(form, each.parameters, each.macs, each.macs + around, each.coefficients, each.peak_bytes)
        for form, each in ((form, counted[form]) for form in FORMS)
    )


def around_macs(tokens: int, dim: int) -> int:
    """What a block takes besides its attention: every token passes three matrices `D × 4D` of its SwiGLU."""
    return 3 * tokens * dim * MIXING * dim


def ratio(rows: Sequence[Row], form: str, what: str) -> float:
    """How many times less than full attention a form takes of `what`, a number of `Row`; below 1 it takes more."""
    full, own = (next(row for row in rows if row.form == name) for name in ("full", form))
    return float(getattr(full, what) / getattr(own, what))


def curve(sizes: tuple[int, ...], dim: int, heads: int) -> Curve:
    """The ratio of multiply–adds while all sizes grow in step; the chosen grid is one of its points.

    Args:
        sizes: the token grid; the other points multiply each size by one number and round it.
        dim: width of the tokens.
        heads: number of heads.

    Returns:
        Ratios of product, linear and axial attention, of the layer and of the block.
    """
    check(sizes, dim, heads)
    chosen, modes = math.prod(sizes), len(sizes)
    low, high = (math.log(end) for end in REACH)
    wanted = [math.exp(low + (high - low) * step / (STEPS - 1)) for step in range(STEPS)]
    grids = {tuple(max(1, round(n * (t / chosen) ** (1 / modes))) for n in sizes) for t in wanted} | {sizes}
    found = sorted((math.prod(grid), grid) for grid in grids)
    ratios: dict[tuple[str, str], tuple[float, ...]] = {}
    for form in ("product", "linear", "axial"):
        pairs = [_pair(_setting(grid, dim, heads), form) for _, grid in found]
        ratios[form, "layer"], ratios[form, "block"] = (tuple(part) for part in zip(*pairs, strict=True))
    return Curve(tuple(tokens for tokens, _ in found), ratios)


def worked(sizes: Sequence[int], dim: int) -> tuple[str, str]:
    """The two counts that a student can repeat, as LaTeX with the present numbers: full attention and the product.

    Returns:
        `4 N D² + 2 N² D = …`, and `2 (N + Σn) D² + D Σn² + N D Σn = …`, each in a few lines.
    """
    tokens, total, squares = math.prod(sizes), sum(sizes), sum(n * n for n in sizes)
    setting = _setting(tuple(sizes), dim, 1)
    full = (
        rf"&4ND^2 + 2N^2D \\ &= 4\cdot{tex(tokens)}\cdot{dim}^2 \\ &\quad + 2\cdot{tex(tokens)}^2\cdot{dim}"
        rf" \\ &= {tex(MACS['full'](setting))}"
    )
    own = (
        rf"&2(N+\Sigma n)D^2 \\ &\quad + D\,\Sigma n^2 + ND\,\Sigma n \\ &= 2\cdot{tex(tokens + total)}\cdot{dim}^2"
        rf" \\ &\quad + {dim}\cdot{tex(squares)} \\ &\quad + {tex(tokens)}\cdot{dim}\cdot{total}"
        rf" \\ &= {tex(MACS['product'](setting))}"
    )
    return aligned(full), aligned(own)


def aligned(lines: str) -> str:
    """Lines of LaTeX one below the other, so that a narrow screen shows them whole."""
    return rf"\begin{{aligned}}{lines}\end{{aligned}}"


def verdict(rows: Sequence[Row]) -> str:
    """Whether the product form is worth it on this grid, judged by the whole block, in two or three sentences."""
    layer, block = (ratio(rows, "product", what) for what in ("layer_macs", "block_macs"))
    spent = 1 / ratio(rows, "product", "parameters")
    start = f"The layer alone takes {times(layer)}, the whole block {times(block)}; "
    price = f"the attention layer has {spent:.2f} times the parameters of full attention."
    if block < LITTLE:
        end = " **Not worth it here**: there is nothing to gain."
    elif block < SOME:
        end = (
            " **Nothing to promise here**: below 2 the gain is easily lost to what multiply–adds do not count, "
            "and full attention lets every pair of tokens have a weight of its own."
        )
    else:
        end = " **Worth it here**, if a sum of Kronecker products is what the data need."
    return start + price + end


def times(value: float) -> str:
    """A ratio in words: "15.9 times less work", "1.06 times more work"."""
    if value < 1:
        return f"{1 / value:.2f} times more work"
    return f"{value:.2f} times less work" if value < 9.995 else f"{value:,.1f} times less work"


def in_short(count: int) -> str:
    """A whole number in at most three digits and a letter: "117,649", "52.6 M", "6.74 G", "1.2 · 10¹³"."""
    if count < 1_000_000:
        return f"{count:,}"
    for power, letter in ((4, "T"), (3, "G"), (2, "M")):
        if 1000**power <= count < 1000 ** (power + 1):
            return f"{count / 1000**power:.3g} {letter}"
    mantissa, power_of_ten = f"{count:.2e}".split("e")
    return f"{mantissa} · 10{str(int(power_of_ten)).translate(RAISED)}"


def in_bytes(count: int) -> str:
    """Bytes in the largest unit that leaves a number of at least 1: "3.2 MB"."""
    for power, unit in ((4, "TB"), (3, "GB"), (2, "MB"), (1, "kB")):
        if count >= 1000**power:
            return f"{count / 1000**power:,.3g} {unit}"
    return f"{count} B"


def tex(count: int) -> str:
    r"""A whole number with thin spaces between thousands, as LaTeX: `1\,234`."""
    return f"{count:,}".replace(",", r"\,")


def _setting(sizes: tuple[int, ...], dim: int, heads: int) -> Setting:
    """What the formulas ask; the features of linear factors are the library's usual `2 D/H`."""
    return Setting(dim, heads, sizes, features=2 * (dim // heads))


def _pair(setting: Setting, form: str) -> tuple[float, float]:
    """The ratio of the layer, and of the block."""
    around = around_macs(setting.tokens, setting.dim)
    full, own = MACS["full"](setting), MACS[form](setting)
    return full / own, (full + around) / (own + around)
