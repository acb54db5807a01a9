"""What a bundle says about where its arrays lie: the part of the manifest that programs read."""

from __future__ import annotations

from typing import Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, FiniteFloat, NonNegativeInt, PositiveInt

SUFFIX = ".hotlens"
VERSION = 1

Pair: TypeAlias = tuple[FiniteFloat, FiniteFloat]


class _Plain(BaseModel):
    """Frozen, and strict about names: a bundle of a later version is refused, not half understood."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Axis(_Plain):
    """One axis of the data; native position `i` has the coordinate `first + step · i`.

    Attributes:
        name: the mode's name, "x", "row", "variable".
        unit: of the coordinates: "mm", "voxel", the map's unit, "hour"; None for names and counted steps.
        first: the coordinate of native position 0.
        step: from one position to the next; negative where rows run southwards.
        origin: where "hour" counts from, an ISO stamp (with a Z where the times are known as UTC); for other axes None.
        names: what the positions are called, where they are called something.
        units: the unit of each variable, None where the file gives none.
        roles: the role of each band, () while unknown.
    """

    name: str
    unit: str | None = None
    first: FiniteFloat = 0.0
    step: FiniteFloat = 1.0
    origin: str | None = None
    names: tuple[str, ...] | None = None
    units: tuple[str | None, ...] = ()
    roles: tuple[str, ...] = ()


class Held(_Plain):
    """One array over the data.

    Attributes:
        dims: its axes in order; "layer" counts the model's layers, all others are names of `Axis`.
        start: the native position that each of them begins at.
        limits: lowest and highest value to colour; one pair, or one for each band or variable.
        meaning: in words.
    """

    dims: tuple[str, ...]
    start: tuple[NonNegativeInt, ...]
    limits: tuple[Pair, ...]
    meaning: str


class Query(_Plain):
    """The chosen position.

    Attributes:
        token: one index for each mode.
        position: the native position in its middle; None where the token lies before the data begin.
    """

    token: tuple[NonNegativeInt, ...]
    position: tuple[NonNegativeInt, ...] | None


class Chosen(_Plain):
    """What of the attention was chosen.

    Attributes:
        layer: from 0; None for the whole model, by rollout.
        head: from 0; None mixes all heads.
        direction: "row": where the query looks; "column": who looks at it.
        title: "Layer 2, head 3".
        reading: the same in a sentence, with coordinates and times uniform.
    """

    layer: NonNegativeInt | None
    head: NonNegativeInt | None
    direction: Literal["row", "column"]
    title: str
    reading: str


class About(_Plain):
    """Where everything in a bundle lies.

    Attributes:
        version: of this form.
        kind: what was analysed.
        axes: of the data, in the order of the arrays' dims.
        upwards: whether the second axis of the picture is drawn upwards, as maps and heads are.
        note: what a reader of coordinates must know, or "".
        affine: volumes: 4×4, native position of the image to world mm.
        transform: rasters: x = a·column + b·row + c, y = d·column + e·row + f, of pixel corners.
        crs: rasters: the reference system as well-known text, "" without one.
        arrays: by name: "image", "attention", "depth", and "labels" or "forecast" where there is one.
        classes: of the labels, () without.
        query: the chosen position.
        chosen: what of the attention was chosen.
        uniform: for each layer what every token would get if all were looked at alike.
        layers: how many the model has.
        heads: of the first layer.
        factor_limits: by mode, the lowest and highest weight to colour, alike in all layers and heads.
    """

    version: Literal[1] = 1
    kind: Literal["series", "volume", "raster"]
    axes: tuple[Axis, ...]
    upwards: bool
    note: str
    affine: tuple[tuple[FiniteFloat, ...], ...] | None = None
    transform: tuple[FiniteFloat, ...] | None = None
    crs: str = ""
    arrays: dict[str, Held]
    classes: tuple[str, ...]
    query: Query
    chosen: Chosen
    uniform: tuple[FiniteFloat, ...]
    layers: PositiveInt
    heads: PositiveInt
    factor_limits: dict[str, Pair]
