"""Which band is blue, red, near infrared: from what the file says, never from the order of its bands.

Words in a band's description decide first ("B4 nir", "swir16"). Codes such as "B04" mean different
colours on different sensors; they decide only when the sensor is known, by the file's metadata or by
a code that only one sensor has (band 12 or 8A: Sentinel-2).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from hot_core.io.limits import refuse

ROLES = ("blue", "green", "red", "nir", "swir1", "swir2")
IGNORE = "-"

_WORDS = {
    "blue": "blue",
    "green": "green",
    "red": "red",
    "nir": "nir",
    "nir08": "nir",
    "nearinfrared": "nir",
    "swir1": "swir1",
    "swir16": "swir1",
    "swir2": "swir2",
    "swir22": "swir2",
}
_SENSORS: Mapping[str, Mapping[str, str]] = {
    "Sentinel-2": {"2": "blue", "3": "green", "4": "red", "8": "nir", "11": "swir1", "12": "swir2"},
    "Landsat 4–7": {"1": "blue", "2": "green", "3": "red", "4": "nir", "5": "swir1", "7": "swir2"},
    "Landsat 8–9": {"2": "blue", "3": "green", "4": "red", "5": "nir", "6": "swir1", "7": "swir2"},
}
_NAMES: tuple[tuple[str, str], ...] = (
    (r"sentinel[-_ ]?2|\bS2[ABC]\b|\bS2[ABC]_MSI", "Sentinel-2"),
    (r"landsat[-_ ]?[89]|\bL[CO]0[89]\b|\bL[CO]0[89]_", "Landsat 8–9"),
    (r"landsat[-_ ]?[4567]|\bL[ET]0[4-7]\b|\bL[ET]0[4-7]_|\bETM\+?", "Landsat 4–7"),
)
_CODE = re.compile(r"^(?:sr_|toa_)?b(?:and)?[ _-]?0?(\d{1,2}|8a)$", re.IGNORECASE)


def sensor_of(tags: Mapping[str, str], codes: Iterable[str]) -> str | None:
    """The sensor that took the picture, when metadata or band codes prove it.

    Args:
        tags: the file's metadata.
        codes: band codes without "B" and leading zeros, as "8a" or "11".

    Returns:
        A key of the table of sensors, or None.
    """
    text = " ".join(str(value) for value in tags.values())
    named = {sensor for pattern, sensor in _NAMES if re.search(pattern, text, re.IGNORECASE)}
    if len(named) == 1:
        return named.pop()
    return "Sentinel-2" if not named and {"12", "8a"} & set(codes) else None


def codes_of(descriptions: Sequence[str]) -> list[str]:
    """The band code in each description without "B" and leading zeros, "" where there is none: "B08" gives "8"."""
    return [match[1].lower() if (match := _CODE.match(text.strip())) else "" for text in descriptions]


def find_roles(descriptions: Sequence[str], tags: Mapping[str, str]) -> tuple[tuple[str, ...], str]:
    """The role of every band, "-" for a band without one.

    Args:
        descriptions: one per band, "" where the file has none.
        tags: the file's metadata.

    Returns:
        The roles and a sentence on what they rest on; ((), "") when nothing is known or two bands claim one role.
    """
    words = [_by_word(text) for text in descriptions]
    codes = codes_of(descriptions)
    if any(words):
        roles, why = [word or IGNORE for word in words], "the band descriptions"
    else:
        sensor = sensor_of(tags, codes)
        if sensor is None:
            return (), ""
        roles, why = [_SENSORS[sensor].get(code, IGNORE) for code in codes], f"the band codes of {sensor}"
    named = [role for role in roles if role != IGNORE]
    if not named or len(set(named)) < len(named):
        return (), ""
    return tuple(roles), f"Band roles are taken from {why}."


def _by_word(description: str) -> str | None:
    """The one role that a description names; "red edge" is not red, "narrow NIR" is not the NIR band."""
    text = re.sub(r"(short[- ]?wave[- ]?(infra[- ]?red|ir)|swir)[ _-]*([12])(?!\d)", r"swir\3", description.lower())
    text = re.sub(r"near[- _]?infra[- ]?red", "nir", text)
    if re.search(r"edge|narrow|vapou?r", text):
        return None
    found = {_WORDS[token] for token in re.split(r"[^a-z0-9]+", text) if token in _WORDS}
    return found.pop() if len(found) == 1 else None


def assign_roles(bands: Sequence[str], descriptions: Sequence[str], name: str) -> tuple[str, ...]:
    """The roles that a person gives, in the file's order.

    Returns:
        One role, or "-", for each band.

    Raises:
        ReadError: when the number of bands, or a word, does not fit.
    """
    roles = tuple(str(band).strip().lower() for band in bands)
    words = ", ".join(ROLES)
    if len(roles) != len(descriptions):
        raise refuse(
            name,
            f"{len(roles)} band roles are given, the file has {len(descriptions)} bands",
            f'Name each band in the file\'s order ({words}), "-" for one without a role',
        )
    unknown = [role for role in roles if role not in {*ROLES, IGNORE}]
    if unknown:
        raise refuse(
            name, f"the band role {unknown[0]!r} is not known", f'Use {words}, or "-" for a band without a role'
        )
    named = [role for role in roles if role != IGNORE]
    if len(set(named)) < len(named):
        twice = next(role for role in named if named.count(role) > 1)
        raise refuse(name, f"the band role {twice!r} is given twice", "Give each role to one band")
    if not named:
        raise refuse(name, "no band has a role", f"Give at least one band a role: {words}")
    return roles
