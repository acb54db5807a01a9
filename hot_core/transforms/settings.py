"""What a person may choose about one analysis; frozen, checked on the way in, kept in the provenance."""

from __future__ import annotations

from typing import TypeAlias

from pydantic import BaseModel, ConfigDict, Field

Box: TypeAlias = tuple[tuple[int, int], ...]
"""A part of the data: one half-open interval of native positions for each mode."""


class Settings(BaseModel):
    """Choices for one analysis; every default is what a first look needs.

    Attributes:
        seed: seed of everything random in an analysis.
        device: where the model runs, "cpu" or "cuda".
        window: series: index of the first step of the look-back window. None leaves room for the
            forecast horizon at the end of the file, so that the forecast can be compared with what happened.
        entities: series: the names of those that are analysed, in the file's order; None takes all.
        variables: series: likewise.
        region: volumes and rasters: half-open native interval of each spatial mode. None is a stated guess.
        bands: rasters: the role of every band in the order of the data ("-" leaves a band out);
            None takes the roles that the reader found.
        volume: which volume of a 4-D file.
        hidden: parts of the data that the model is not to see, each with one half-open interval of native positions
            for every mode (entity, variable, time; x, y, z; row, column, band), counted in the data that is analysed:
            where entities or variables are chosen, among the chosen ones.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    seed: int = 0
    device: str = "cpu"
    window: int | None = None
    entities: tuple[str, ...] | None = None
    variables: tuple[str, ...] | None = None
    region: tuple[tuple[int, int], ...] | None = None
    bands: tuple[str, ...] | None = None
    volume: int = Field(default=0, ge=0)
    hidden: tuple[Box, ...] = ()
