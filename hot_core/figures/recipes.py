"""Which three bands are shown as red, green and blue: presets by what the bands are, named as analysts name them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from hot_core.io.band_roles import codes_of


@dataclass(frozen=True)
class Recipe:
    """Three bands for red, green and blue.

    Attributes:
        name: "Natural colour", "Colour infrared", …
        bands: indexes into the bands of the data; the same one three times for grey.
        about: what it is good for.
    """

    name: str
    bands: tuple[int, int, int]
    about: str = ""


_PRESETS: tuple[tuple[str, tuple[str, str, str], str], ...] = (
    ("Natural colour", ("red", "green", "blue"), "as the eye would see it"),
    ("Colour infrared", ("nir", "red", "green"), "vegetation is red, the brighter the denser"),
    ("Agriculture", ("swir1", "nir", "blue"), "vigorous crops are bright green, bare soil magenta"),
    (
        "Short-wave infrared",
        ("swir2", "nir", "red"),
        "vegetation green, bare and burnt ground red, water dark",
    ),
    ("Vegetation", ("swir1", "nir", "red"), "healthy vegetation green, stressed yellow to brown"),
    ("Land and water", ("nir", "swir1", "red"), "water black to blue against orange and green land"),
    ("Urban", ("swir2", "swir1", "red"), "built-up land violet and grey, vegetation green"),
    ("Geology", ("swir2", "swir1", "blue"), "rocks and soils apart by their short-wave infrared"),
)
_BY_CODE: dict[str, tuple[tuple[str, tuple[str, str, str], str], ...]] = {
    "Sentinel-2": (
        ("Red edge", ("7", "6", "5"), "differences in chlorophyll"),
        ("Bathymetric", ("4", "3", "1"), "shallow water"),
    ),
    "Landsat 8–9": (("Bathymetric", ("4", "3", "1"), "shallow water"),),
}
"""Presets with bands that have no role here, by the code that they bear on their sensor."""


def presets(roles: Sequence[str], names: Sequence[str], sensor: str = "") -> tuple[Recipe, ...]:
    """The presets that the bands allow; the first one is shown when nobody chooses.

    Args:
        roles: the role of every band, () while unknown.
        names: their names.
        sensor: the sensor, where the file proves it: it adds presets with bands that only it has.

    Returns:
        Recipes; where no preset fits, the first three bands, last first, or one band as grey, and named so.
    """
    found = [
        Recipe(name, tuple(list(roles).index(role) for role in wanted), about)  # type: ignore[arg-type]
        for name, wanted, about in _PRESETS
        if set(wanted) <= set(roles)
    ]
    codes = codes_of(names)
    found += [
        Recipe(name, tuple(codes.index(code) for code in wanted), about)  # type: ignore[arg-type]
        for name, wanted, about in _BY_CODE.get(sensor, ())
        if set(wanted) <= set(codes)
    ]
    if found:
        return tuple(found)
    if len(names) < 3:
        return (Recipe("One band as grey", (0, 0, 0)),)
    return (Recipe("False colour", (2, 1, 0), "the first three bands, last first; what they are is not known"),)
