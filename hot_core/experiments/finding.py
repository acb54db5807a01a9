"""What an experiment is asked with, and what it finds: a table, a figure, and an answer made from their numbers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import plotly.graph_objects as go

Cell = str | int | float
"""A cell of a table; numbers are written with as many digits as their column says."""


def silent(_: str) -> None:
    """Tells nobody."""


@dataclass(frozen=True)
class Plan:
    """How an experiment is to be run.

    Attributes:
        seeds: one run for each; weights, data and batches follow from it.
        quick: sizes and steps so small that the road is proved in seconds; the numbers then mean nothing.
        told: hears a line for each piece of work that is done.
    """

    seeds: tuple[int, ...] = (0, 1, 2)
    quick: bool = False
    told: Callable[[str], None] = silent


@dataclass(frozen=True)
class Column:
    """One column of a table.

    Attributes:
        title: its heading, with the unit in brackets where it has one.
        digits: a format for its numbers, as in ".3f".
    """

    title: str
    digits: str = ""

    def text(self, cell: Cell) -> str:
        """A cell as it is written; words stay."""
        return format(cell, self.digits) if self.digits and not isinstance(cell, str) else str(cell)


@dataclass(frozen=True)
class Table:
    """A further table of a finding, under a heading of its own.

    Attributes:
        title: its heading.
        columns: of the table.
        rows: of the table, one cell for each column.
    """

    title: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]


@dataclass(frozen=True)
class Finding:
    """What came out.

    Attributes:
        answer: the question's answer in one or two sentences, made from the numbers below.
        columns: of the table.
        rows: of the table, one cell for each column.
        figure: the same numbers as a picture.
        alt: the picture in words.
        notes: what was held equal, what was left out, what the numbers cannot say; one sentence each.
        settings: every size and constant that the numbers depend on.
        more: further tables, written below the first; NAME.csv holds the first, NAME.json all of them.
    """

    answer: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    figure: go.Figure
    alt: str
    notes: tuple[str, ...] = ()
    settings: dict[str, Cell] = field(default_factory=dict)
    more: tuple[Table, ...] = ()


@dataclass(frozen=True)
class Experiment:
    """A question to a form of attention that has an answer in numbers.

    Attributes:
        name: as on the command line.
        title: a few words.
        question: what is asked, a sentence.
        source: the paper and section that asks it first.
        run: answers it.
    """

    name: str
    title: str
    question: str
    source: str
    run: Callable[[Plan], Finding]
