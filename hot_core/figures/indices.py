"""NDVI and its kin as pictures: normalised differences of two bands, by spyndex, all on one scale from −1 to 1.

Only normalised differences are offered: `(A − B) / (A + B)` does not change when both bands are multiplied by one
number, as reflectance stored in ten-thousandths is. Indices with constants for reflectance (EVI, SAVI, BAI) would
silently be wrong on such files.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import spyndex
import xarray as xr
from plotly.colors import diverging, unlabel_rgb

from hot_core.analysis.words import number
from hot_core.figures.composite import Composite, thinned
from hot_core.figures.style import Part

SYMBOLS = {"blue": "B", "green": "G", "red": "R", "nir": "N", "swir1": "S1", "swir2": "S2"}
"""Our roles as Awesome Spectral Indices names bands."""

OFFERED = ("NDVI", "GNDVI", "NDMI", "NDWI", "MNDWI", "NBR", "NDBI")
SCALE = diverging.BrBG
"""Brown below zero, teal above, white at zero: told apart by people who do not see red and green as different."""


def index_names(roles: Sequence[str]) -> tuple[str, ...]:
    """The indices whose bands are there."""
    have = {SYMBOLS[role] for role in roles if role in SYMBOLS}
    return tuple(name for name in OFFERED if set(spyndex.indices[name].bands) <= have)


def index_title(name: str) -> str:
    """The index and what it is for: NDVI · vegetation."""
    return f"{name} · {spyndex.indices[name].application_domain}"


def index_values(values: np.ndarray, roles: Sequence[str], name: str) -> np.ndarray:
    """An index of every pixel.

    Args:
        values: (…, band).
        roles: the role of every band.
        name: one of `index_names`.

    Returns:
        float64 without the band axis; NaN where a band is missing or both add up to nothing or less.
    """
    wanted = [role for role, symbol in SYMBOLS.items() if symbol in spyndex.indices[name].bands]
    bands = {role: values[..., list(roles).index(role)].astype(np.float64) for role in wanted}
    with np.errstate(divide="ignore", invalid="ignore"):
        found = np.asarray(spyndex.computeIndex(name, {SYMBOLS[role]: band for role, band in bands.items()}))
    return np.where(sum(bands.values()) > 0, found, np.nan)


def index_picture(data: xr.DataArray, roles: Sequence[str], name: str) -> Composite:
    """An index as a picture with its legend, always from −1 to 1.

    Args:
        data: the raster (row, column, band).
        roles: the role of every band.
        name: one of `index_names`.

    Returns:
        The picture; where the index is not known it is transparent.
    """
    values = index_values(thinned(data), roles, name)
    known = np.isfinite(values)
    stops = np.array([unlabel_rgb(colour) for colour in SCALE], dtype=float)
    at = (np.clip(np.where(known, values, 0), -1, 1) + 1) / 2 * (len(stops) - 1)
    rgba = np.zeros((*values.shape, 4), dtype=np.uint8)
    for channel in range(3):
        rgba[..., channel] = np.rint(np.interp(at, np.arange(len(stops)), stops[:, channel]))
    rgba[..., 3] = np.where(known, 255, 0)
    about = spyndex.indices[name]
    names = {SYMBOLS[role]: str(data.coords["band"].values[i]) for i, role in enumerate(roles) if role in SYMBOLS}
    bands = ", ".join(f"{symbol} = {names[symbol]}" for symbol in about.bands)
    span = f" Here {number(float(values[known].min()))} to {number(float(values[known].max()))}." if known.any() else ""
    words = (
        f"{name}, {about.long_name}: {about.formula} with {bands}, without a unit, from the file's own numbers "
        f"(comparable between scenes only where these are reflectances).{span}"
    )
    return Composite(rgba, words, _legend(name))


def _legend(name: str) -> Part:
    """A colour axis from −1 to 1, its bar beside the map."""
    bar = {
        "title": {"text": name, "side": "top", "font": {"size": 11}}, "thickness": 9, "len": 0.6, "x": 1.01,
        "xanchor": "left", "y": 0.5, "tickvals": [-1, -0.5, 0, 0.5, 1], "ticktext": ["−1", "−0.5", "0", "0.5", "1"],
        "tickfont": {"size": 11}, "ticks": "outside", "ticklen": 3, "outlinewidth": 0,
    }  # fmt: skip
    return {"colorscale": SCALE, "cmin": -1.0, "cmax": 1.0, "colorbar": bar}
