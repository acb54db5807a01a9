"""The largest entry of every block, where the factors give it exactly.

For a product of non-negative factors the maximum over a box is the product of the maxima over the
box in each mode, so that maxima follow the same steps as sums.

An entry of a Kronecker sum of non-negative factors is 0 where query and key differ in more than one mode,
`A_i[p_i, q_i]` where they differ in mode `i` alone, and `Σ_i A_i[p_i, p_i]` on the diagonal. Off the diagonal
only one term of the sum is not 0, so that the largest entry is the largest of its terms, each a product. On
the diagonal each term is at most the sum, and the maximum of the sum over a box is the sum of the maxima;
only the pixels that the diagonal crosses need that.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from hot_core.errors import SelectionError
from hot_core.kronecker.checks import check_finite
from hot_core.kronecker.cuts import cut
from hot_core.kronecker.ranges import MAX, range_table
from hot_core.kronecker.view import Axes, blocks


def block_maxima(factors: Sequence[Tensor], combine: str, axes: Axes) -> Tensor:
    """The largest entry of every block.

    Args:
        factors: one for each mode; non-negative, unless there is only one.
        combine: "product" or "sum".
        axes: what the picture shows.

    Returns:
        float64 of shape (row pixel, column pixel).

    Raises:
        SelectionError: when a factor holds NaN or infinite values, or one of several has negative entries.
    """
    check_finite("view: reduce='max'", factors)
    if len(factors) > 1 and any(bool((factor < 0).any()) for factor in factors):
        raise SelectionError(
            f"view: reduce='max' over blocks needs non-negative factors, and one of these {len(factors)} has negative "
            "entries, whose products cannot be ordered mode by mode. Ask for reduce='mean', or zoom in until "
            "a pixel is one entry."
        )
    if combine == "product" or len(factors) == 1:
        return blocks(factors, "product", axes, MAX)
    out = blocks(factors, "sum", axes, MAX)
    low = np.maximum(axes.row_edges[0][:, None], axes.col_edges[0])
    high = np.minimum(axes.row_edges[1][:, None], axes.col_edges[1])
    crossed = high > low
    if crossed.any():
        diagonals = [factor.detach().diagonal().double().cpu().numpy() for factor in factors]
        largest = torch.from_numpy(_largest_sums(diagonals, low[crossed], high[crossed]))
        where = torch.from_numpy(crossed)
        out[where] = torch.maximum(out[where], largest)
    return out


def _largest_sums(diagonals: Sequence[np.ndarray], low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """The maximum of `Σ_i d_i[p_i]` over each interval of flat indices, mode by mode from the last."""
    cuts = cut((low, high), [len(diagonal) for diagonal in diagonals])
    inner, behind = np.full(cuts.digit[0].shape, -np.inf), 0.0
    for mode in reversed(range(len(diagonals))):
        values, box = diagonals[mode], (cuts.low[mode], cuts.high[mode])
        table, index = range_table(values[:, None], *box, MAX)
        inside = table.numpy()[index.numpy(), 0].reshape(inner.shape) + behind
        inner = np.maximum(np.where(box[1] > box[0], inside, -np.inf), values[cuts.digit[mode]] + inner)
        behind += values.max()
    return inner.max(0)
