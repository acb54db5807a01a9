"""What the options of the command line mean: texts as tokens, parts, divisors and directions."""

from __future__ import annotations

from typing import Annotated, TypeAlias

import typer

from hot_core.analysis.reading import Direction
from hot_core.errors import SelectionError
from hot_core.evidence.target import Area
from hot_core.io import Scaled
from hot_core.transforms import Box

Hide: TypeAlias = Annotated[
    list[str] | None,
    typer.Option(help="What if it were hidden: start:stop for each mode, as in 0:1,0:6,0:96; may come again."),
]
WholeScene: TypeAlias = Annotated[
    bool, typer.Option("--whole-scene", help="Raster: scene.tif, the class of every pixel.")
]
TargetToken: TypeAlias = Annotated[
    str | None, typer.Option(help="Explain the forecast of this token's series, or this place; else the query's.")
]
TargetArea: TypeAlias = Annotated[
    Area, typer.Option(help="Explain the class at the token (token), where it is found (class) or everywhere (all).")
]

WAYS: dict[str, Direction] = {"row": "row", "column": "column"}


def names(text: str) -> tuple[str, ...]:
    """Comma-separated words."""
    return tuple(part.strip() for part in text.split(","))


def way(text: str) -> Direction:
    """A direction by its name.

    Returns:
        "row" or "column".

    Raises:
        SelectionError: when it is neither.
    """
    if text in WAYS:
        return WAYS[text]
    raise SelectionError(f"--direction {text} does not exist; choose row or column.")


def indices(text: str, option: str = "--query") -> tuple[int, ...]:
    """Comma-separated whole numbers.

    Returns:
        One for each mode.

    Raises:
        SelectionError: when one is not a whole number.
    """
    try:
        return tuple(int(part) for part in text.split(","))
    except ValueError:
        remedy = "give one whole number for each mode, as in 3,4,5"
        raise SelectionError(f"{option} {text} is not a token: {remedy}.") from None


def divided(text: str) -> Scaled:
    """Which series to divide by what, as in B:level:1000.

    Returns:
        Entity, variable and divisor; only the entity's name may hold a colon.

    Raises:
        SelectionError: when there are no three parts, or the last is not a number.
    """
    try:
        entity, variable, divisor = text.rsplit(":", 2)
        return entity, variable, float(divisor)
    except ValueError:
        remedy = "give entity:variable:divisor, as in B:level:1000"
        raise SelectionError(f"--scale {text} divides no series; {remedy}.") from None


def hidden_parts(texts: list[str], whole_scene: bool) -> tuple[Box, ...]:
    """What is hidden from the model.

    Returns:
        One part for each text.

    Raises:
        SelectionError: when one is none, or the whole scene is wanted, which knows nothing of hidden parts.
    """
    if texts and whole_scene:
        raise SelectionError(
            "--hide is about the analysed region, --whole-scene about every pixel of the file. Give one of them."
        )
    return tuple(pairs(text, "--hide", "a part to hide", "0:1,0:6,0:96") for text in texts)


def intervals(text: str | None) -> tuple[tuple[int, int], ...] | None:
    """The analysed region.

    Returns:
        One half-open interval for each axis, None for no text.
    """
    return None if text is None else pairs(text, "--region", "a region", "0:36,0:52,0:36")


def pairs(text: str, option: str, what: str, example: str) -> tuple[tuple[int, int], ...]:
    """Comma-separated start:stop pairs.

    Returns:
        One half-open interval for each of them.

    Raises:
        SelectionError: when one is not a pair of whole numbers.
    """
    try:
        found = [tuple(int(edge) for edge in part.split(":")) for part in text.split(",")]
        return tuple((start, stop) for start, stop in found)
    except ValueError:
        remedy = f"give start:stop for each axis, as in {example}"
        raise SelectionError(f"{option} {text} is not {what}: {remedy}.") from None
