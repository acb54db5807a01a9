"""From column names to entities, variables and units; from a text column to entities."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from hot_core.io.limits import refuse
from hot_core.io.table_numbers import is_missing
from hot_core.io.units import in_round_brackets, split_unit

SINGLE = "series"
ENTITY = "entity"
"""What exports call the column of the entities."""
ENTITY_WORDS = frozenset(
    (
        "entity", "station", "station_id", "station_name", "site", "site_id", "location", "place", "city", "region",
        "country", "origin", "airport", "sensor", "sensor_id", "device", "id", "unique_id", "item", "item_id",
        "name", "series", "series_id", "group", "subject", "stop", "zone",
    )
)  # fmt: skip


@dataclass(frozen=True)
class Heading:
    """What a column's name says: a name without its unit, and the unit ("" when it names none)."""

    label: str
    name: str
    unit: str


@dataclass(frozen=True)
class WideLayout:
    """Entities × variables, the unit of each variable, and the column of each pair."""

    entities: tuple[str, ...]
    variables: tuple[str, ...]
    units: tuple[str, ...]
    columns: dict[tuple[str, str], str]


def headings(labels: Sequence[str]) -> list[Heading]:
    """Split units from names; names that would become equal keep theirs.

    Beside "temp (max)" the min of "temp (min)" is no minute: one bracket without a unit tells what the others are.

    Returns:
        One heading a label.
    """
    brackets = [in_round_brackets(label) for label in labels]
    told = {found[0] for found in brackets if found and not found[1]}
    split = [
        Heading(label, label, "") if found and found[0] in told else Heading(label, *split_unit(label))
        for label, found in zip(labels, brackets, strict=True)
    ]
    names = [heading.name for heading in split]
    return [h if names.count(h.name) == 1 else Heading(h.label, h.label, h.unit) for h in split]


def wide_layout(labels: Sequence[str], name: str) -> WideLayout:
    """Entities and variables of a wide table.

    Names such as `EWR_temp [°F]` are split into entity and variable when one split gives every entity
    every variable, at least two entities; otherwise all columns are variables of one entity, "series".

    Returns:
        Entities, variables, units, and the column of each pair.

    Raises:
        ReadError: when one variable has different units for different entities.
    """
    columns = headings(labels)
    pairs = _full_grid([heading.name for heading in columns])
    if pairs is None:
        return WideLayout(
            (SINGLE,),
            tuple(heading.name for heading in columns),
            tuple(heading.unit for heading in columns),
            {(SINGLE, heading.name): heading.label for heading in columns},
        )
    entities = tuple(dict.fromkeys(entity for entity, _ in pairs))
    variables = tuple(dict.fromkeys(variable for _, variable in pairs))
    units: dict[str, str] = {}
    for heading, (_, variable) in zip(columns, pairs, strict=True):
        known = units.get(variable, "")
        if known and heading.unit and known != heading.unit:
            raise refuse(
                name,
                f"variable '{variable}' is given in {known} and in {heading.unit}",
                "Convert it to one unit, or give the columns different names",
            )
        units[variable] = known or heading.unit
    places = {pair: heading.label for pair, heading in zip(pairs, columns, strict=True)}
    return WideLayout(entities, variables, tuple(units[variable] for variable in variables), places)


def _full_grid(names: Sequence[str]) -> list[tuple[str, str]] | None:
    """(entity, variable) for every name when a split at an underscore gives a full grid; short entities first."""
    words = names[0].split("_") if names else []
    for cut in range(1, len(words)):
        first = "_".join(words[:cut])
        variables = {name.removeprefix(f"{first}_") for name in names if name.startswith(f"{first}_")}
        pairs = [_split(name, variables) for name in names]
        known = [pair for pair in pairs if pair is not None]
        entities = {entity for entity, _ in known}
        full = len(known) == len(names) == len(set(known)) == len(entities) * len(variables)
        if full and len(entities) > 1:
            return known
    return None


def _split(name: str, variables: set[str]) -> tuple[str, str] | None:
    """The split whose end is a known variable, the longest of them."""
    words = name.split("_")
    for cut in range(1, len(words)):
        variable = "_".join(words[cut:])
        if variable in variables:
            return "_".join(words[:cut]), variable
    return None


def entity_column(cells: pd.DataFrame, texts: Sequence[str], stamps: pd.Series | None) -> str | None:
    """The column that names the entity of each row, or None for a wide table.

    A text column called station, site, … is one. Otherwise, where time stamps repeat, the first text
    column that makes each (entity, time) unique; an `id` of numbers counts when stamps repeat. A column called
    "entity", as exports write it, counts with numbers, too, where one name fills it: the only entity may be "1".

    Returns:
        The label of the column, or None.
    """
    named = [label for label in texts if label.lower() in ENTITY_WORDS]
    if stamps is None:
        # Without dates only rows that come back to an entity make a series of it; a list of places is none.
        named = [label for label in named if 2 * cells[label].nunique() <= len(cells)]
    if named:
        return max(named, key=lambda label: _distinct(cells, label, stamps))
    if ENTITY in cells and cells[ENTITY].nunique() == 1 and not bool(is_missing(cells[ENTITY]).any()):
        return ENTITY
    if stamps is None or not bool(stamps.duplicated().any()):
        return None
    numbered = [str(label) for label in cells if str(label).lower() in ENTITY_WORDS]
    for label in (*texts, *numbered):
        if not bool(pd.DataFrame({"entity": cells[label], "time": stamps}).duplicated().any()):
            return label
    return numbered[0] if numbered else None


def _distinct(cells: pd.DataFrame, label: str, stamps: pd.Series | None) -> int:
    """How many (entity, time) pairs a column tells apart."""
    if stamps is None:
        return int(cells[label].nunique())
    return len(pd.DataFrame({"entity": cells[label], "time": stamps}).drop_duplicates())
