"""What a model is, in one checked record that lies beside its weights."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, field_validator

from hot_core.kronecker import Combine
from hot_core.modes import Kind


class ModelConfig(BaseModel):
    """The architecture of a bundled model.

    Attributes:
        name: the model's name, also its folder.
        task: "forecast", "segment" or "classify".
        kind: the kind of data it takes.
        modes: the names of the modes it attends over, in the order of the data's dims.
        patch: native positions per token along each mode.
        dim, heads, layers: width, heads and depth of the trunk.
        mlp: hidden width of the SwiGLU.
        combine: "product" or "sum" of the mode-wise factors.
        rope_modes: indices of the modes with an order.
        dropout: probability of dropping features of a residual branch while training.
        stem: channels of the fine features beside the tokens (volumes and rasters).
        lookback, horizon: steps seen and steps foretold (series).
        quantiles: the two quantiles that a forecast's interval runs between, () for a forecast without one.
        roles: the bands known to the model (rasters).
        classes: the names of the classes (segmentation, classification).
        grid: tokens along each mode for which positions are learnt, () for any size.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    task: Literal["forecast", "segment", "classify"]
    kind: Kind
    modes: tuple[str, ...]
    patch: tuple[int, ...]
    dim: int = 64
    heads: int = 4
    layers: int = 3
    mlp: int = 128
    combine: Combine = "product"
    rope_modes: tuple[int, ...] = ()
    dropout: float = 0.0
    stem: int = 16
    lookback: int = 0
    horizon: int = 0
    quantiles: tuple[float, ...] = ()
    roles: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()
    grid: tuple[int, ...] = ()

    @field_validator("quantiles")
    @classmethod
    def _one_interval(cls, value: tuple[float, ...]) -> tuple[float, ...]:
        if value and not (len(value) == 2 and 0 < value[0] < 0.5 < value[1] < 1):
            raise ValueError(f"quantiles are () or one below and one above a half, not {value}.")
        return value

    def native_sizes(self, grid: tuple[int, ...]) -> tuple[int, ...]:
        """The native sizes that a token grid covers, one for each mode.

        Returns:
            Tokens times native positions per token.
        """
        return tuple(tokens * step for tokens, step in zip(grid, self.patch, strict=True))
