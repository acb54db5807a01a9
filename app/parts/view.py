"""What is looked at on an inspection page: one analysis, layer, head, direction and query."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import xarray as xr

from hot_core.kronecker import KroneckerMap, KroneckerMixture
from hot_core.modes import Kind
from hot_core.pipeline import Analysis

Direction = Literal["row", "column"]


@dataclass(frozen=True)
class View:
    """The choices that every picture of a page follows.

    Attributes:
        kind: the page.
        analysis: what is shown.
        layer: from 0.
        head: from 0; None for all heads together.
        direction: "row": where the query looks; "column": who looks at it.
        query: the chosen token.
        credit: whose data it is.
    """

    kind: Kind
    analysis: Analysis
    layer: int
    head: int | None
    direction: Direction
    query: tuple[int, ...]
    credit: str = ""

    @property
    def map(self) -> KroneckerMap | KroneckerMixture:
        """The Kronecker map of the chosen head, or of all heads."""
        return self.analysis.kronecker_map(self.layer, self.head)

    @property
    def field(self) -> xr.DataArray:
        """The query's row (or column) over the data."""
        return self.analysis.field(self.layer, self.head, self.query, self.direction)

    @property
    def uniform(self) -> float:
        """The weight each key would get if all were looked at alike: the sum of a row over the number of keys."""
        row = self.map.row(self.query)
        return float(row.sum()) / row.numel()

    @property
    def reading(self) -> str:
        """The query's row (or column) in words."""
        return self.analysis.reading(self.layer, self.head, self.query, self.direction)

    @property
    def flat(self) -> int:
        """The query's position on the axes of the Kronecker map."""
        return int(np.ravel_multi_index(self.query, self.analysis.grid.shape))

    @property
    def heads(self) -> list[int]:
        """The heads whose matrices are drawn."""
        return [self.head] if self.head is not None else list(range(self.analysis.record.num_heads))

    @property
    def head_words(self) -> str:
        """Which head or heads the pictures show."""
        if self.head is not None:
            return f"head {self.head}"
        return f"mean of {self.analysis.record.num_heads} heads"
