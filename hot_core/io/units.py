"""Units that a table itself gives: in brackets, at the end of a name, in a row below the header; never guessed."""

from __future__ import annotations

import re

import pandas as pd

from hot_core.io.table_numbers import is_missing, to_numbers

_SQUARE = re.compile(r"^(?P<name>.*\S)\s*\[(?P<unit>[^\[\]]*)\]$")
_ROUND = re.compile(r"^(?P<name>.*\S)\s*\((?P<unit>[^()]*)\)$")
_WRITTEN = (
    "°C", "°F", "degC", "degF", "degK", "celsius", "fahrenheit", "hPa", "kPa", "Pa", "mbar", "mmHg", "%", "percent",
    "pct", "m/s", "km/h", "kmh", "mph", "kn", "mm", "cm", "W/m2", "W/m²", "kW", "kWh", "MW", "MWh", "GWh", "µg/m3",
    "µg/m³", "μg/m3", "μg/m³", "ug/m3", "ugm3", "mg/m3", "mg/m³", "ppm", "ppb", "EUR", "USD", "EUR/MWh",
)  # fmt: skip
"""Units that are taken from the end of a name: each means one thing only. "temp_c" and "t_min" do not."""
_SUFFIX = re.compile(rf"^(?P<name>.*[^\s_,])(?:_|\s*,\s*|\s+)(?P<unit>{'|'.join(map(re.escape, _WRITTEN))})$")
_ALONE = frozenset(
    (
        *_WRITTEN, "K", "°", "deg", "m", "km", "mi", "ft", "in", "W", "J", "kJ", "g", "kg", "t", "s", "min", "h", "d",
        "l", "L", "m3", "m³", "kt", "knots", "mb", "bar", "V", "A", "Hz", "€", "$", "EUR", "W m-2", "m s-1", "kg m-3",
    )
)  # fmt: skip
"""Units that are known when they stand alone in a cell."""
_WORDS = (
    "℃", "℉", "degrees", "deg C", "deg F", "°N", "°E", "hr", "hrs", "yr", "sec", "seconds", "minutes", "hours", "days",
    "years", "inch", "inches", "feet", "miles", "ha", "psi", "inHg", "kph", "ppt", "ppmv", "psu", "PSU", "dB", "dBm",
    "dBZ", "rpm", "bpm", "DU", "GBP", "CHF", "JPY", "US$", "£", "¥", "Ω", "rad", "sr", "lx", "lm", "C", "F", "-", "‰",
    "Bq", "Gy", "Sv", "mSv", "µSv", "nSv", "kB", "MB", "GB", "TB", "VA", "kVA", "VAr", "cal", "kcal", "tonnes", "Wh",
    "TWh", "GW", "TW", "MJ", "GJ", "TJ", "PJ", "kN", "eV", "keV", "mol", "mmol", "µmol", "Mt", "Gt", "kt",
)  # fmt: skip
_SYMBOLS = "|".join(map(re.escape, sorted({*_ALONE, *_WORDS}, key=len, reverse=True)))
_PREFIXED = "[nµμumcdk]?m|[nµμum]?s|[pnµμumkMGT]?g|[nµμumcdkM]?[lL]|[µμumk]?A|[µμumkM]?V|[mkMG]?Hz"
_PART = rf"(?:{_SYMBOLS}|{_PREFIXED})(?:\s?(?:\^|\*\*)?\s?[-\u2212+]?\d{{1,2}}|[⁺⁻]?[⁰¹²³⁴⁵⁶⁷⁸⁹]+)?"
_UNIT = re.compile(rf"^(?:(?:10\^\d+|1,?000)\s|1(?=/))?(?:{_PART})?(?:\s?[/*·⋅× .]\s?{_PART})*$")
"""What is a unit in round brackets: known symbols, their powers, products and quotients: no "max", "2m", "2015"."""
_LONGEST = 24
_NONE = frozenset(("", "-", "--", "none", "n/a", "1"))


def split_unit(label: str) -> tuple[str, str]:
    """A column's name without its unit, and the unit.

    Square brackets always hold a unit, round ones where it is written as one.

    Returns:
        ("temp", "°C") for "temp [°C]", "temp (°C)"; ("temp", "degC") for "temp_degC"; ("temp (max)", "") and any
        other label and "" without one.
    """
    found = _SQUARE.match(label) or _round(label) or _SUFFIX.match(label)
    return (found["name"], found["unit"].strip()) if found else (label, "")


def in_round_brackets(label: str) -> tuple[str, bool] | None:
    """The name before a round bracket, and whether the bracket holds a unit; None without one."""
    found = _ROUND.match(label)
    return (found["name"], _round(label) is not None) if found else None


def _round(label: str) -> re.Match[str] | None:
    """The match of a label that ends with a unit in round brackets."""
    found = _ROUND.match(label)
    return found if found and len(found["unit"]) <= _LONGEST and _UNIT.match(found["unit"].strip()) else None


def take_units_row(cells: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    """Move a row of units below the header into the names of the columns.

    It is one where no cell holds a number, every cell above numbers is a unit or empty, and at least one is a unit.

    Args:
        cells: stripped text.

    Returns:
        The cells below it, their columns named "temp [°C]", and a note; the cells as they were without such a row.
    """
    if len(cells) < 3:
        return cells, []
    first, below = cells.iloc[0], cells.iloc[1:201]
    units: dict[str, str] = {}
    for label in cells.columns:
        text = _bare(str(first[str(label)]))
        values, odd = to_numbers(below[str(label)], ".")
        numbers = bool(values.notna().any()) and not bool(odd.any())
        if text.lower() in _NONE:
            continue
        if bool(to_numbers(pd.Series([text]), ".")[0].notna().all()) or (numbers and text not in _ALONE):
            return cells, []
        if numbers:
            units[str(label)] = text
        elif str(first[str(label)]) in set(below[str(label)]) or any(c.isdigit() for c in text):
            return cells, []
    if not units:
        return cells, []
    names = [f"{label} [{units[str(label)]}]" if str(label) in units else str(label) for label in cells]
    rest = cells.iloc[1:].reset_index(drop=True).set_axis(names, axis=1)
    some = ", ".join(f"{label} {unit}" for label, unit in list(units.items())[:3])
    more = f" and {len(units) - 3} more" if len(units) > 3 else ""
    return rest, [f"The row below the header holds units: {some}{more}. Data rows are counted below it."]


def _bare(text: str) -> str:
    """A unit without its brackets; "" for a cell that says there is none."""
    inside = re.fullmatch(r"[\[(]\s*(.*?)\s*[\])]", text.strip())
    bare = inside[1] if inside else text.strip()
    return "" if bool(is_missing(pd.Series([bare])).all()) else bare
