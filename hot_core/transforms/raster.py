"""Rasters: a region of the scene, bands by their roles, and the class map back on the file's grid."""

from __future__ import annotations

from functools import partial

import numpy as np

from hot_core.errors import ModelError, SelectionError
from hot_core.modes import Mode, RasterGeometry, Sample, TokenAxis, TokenGrid
from hot_core.transforms.areas import class_areas, pixel_areas
from hot_core.transforms.guess import moved_around
from hot_core.transforms.inputs import (
    Config,
    ModelInput,
    central,
    check_present,
    check_region,
    check_tokens,
    geometry_of,
    masked,
)
from hot_core.transforms.normalise import zscore
from hot_core.transforms.results import Segmentation
from hot_core.transforms.settings import Settings
from hot_core.transforms.volume import whole

REGION = 256
"""Rows and columns of the part that is analysed when nobody chose one."""


def to_input(sample: Sample, config: Config, settings: Settings) -> ModelInput:
    """Take a region, keep the bands whose role the model knows, scale each over the whole scene.

    Returns:
        The input (row, column, band) and the way back.

    Raises:
        ModelError: when no role is known, one is named twice, or every pixel is missing.
        SelectionError: when the region leaves the scene or makes too many tokens.
    """
    roles = band_roles(sample, config, settings)
    kept = [i for i, role in enumerate(roles) if role in config.roles]
    region, notes = choose_region(sample, settings)
    centre, scale = scene_scale(sample, kept)
    inside = tuple(slice(*interval) for interval in region)
    values, mask = masked((known(sample.data.values[inside], kept) - centre) / scale)
    check_present(mask, config.name)
    grid = token_grid(sample, config, region, kept)
    check_tokens(grid, config.name)
    if len(kept) < len(config.roles):
        missing = ", ".join(role for role in config.roles if role not in roles)
        notes.append(f"The file has {len(kept)} of the model's {len(config.roles)} bands; without {missing}.")
    seen = np.asarray(mask.any(axis=-1))
    geometry = geometry_of(sample, RasterGeometry)
    said = pixel_areas(geometry, sample.data.shape[:2])[2] if config.classes else ""
    notes += [said] if said else []
    back = partial(to_segmentation, config, sample.modes[:2], region, seen, geometry)
    return ModelInput(values, mask, grid, back, tuple(roles[i] for i in kept), tuple(notes))


def known(values: np.ndarray, kept: list[int]) -> np.ndarray:
    """Some bands as float64, NaN where there is no number."""
    taken = values[..., kept].astype(np.float64)
    return np.where(np.isfinite(taken), taken, np.nan)


def scene_scale(sample: Sample, kept: list[int]) -> tuple[np.ndarray, np.ndarray]:
    """Mean and deviation of each band over the whole scene, as the models were trained.

    Of a file that is too large to be read whole, over the samples of its overview: they hold for every window of it.

    Returns:
        Two float64 arrays (1, 1, band).
    """
    whole = sample.data.values if sample.overview is None else sample.overview.samples[:, None]
    _, centre, scale = zscore(known(whole, kept), axis=(0, 1))
    return centre, scale


def band_roles(sample: Sample, config: Config, settings: Settings) -> tuple[str, ...]:
    """The role of every band of the data: as chosen, or as the reader found; never guessed.

    Returns:
        One role for each band, "" for a band to leave out.

    Raises:
        ModelError: when nothing is known, the number does not fit, or a role is unknown or named twice.
    """
    chosen = settings.bands if settings.bands is not None else sample.roles
    roles = tuple("" if role == "-" else role for role in chosen)
    count, known = len(sample.modes[2]), ", ".join(config.roles)
    remedy = f"Say what the {count} bands are, in the file's order (--bands, or the page's choice), from: {known}."
    if not roles:
        raise ModelError(f"{config.name}: the file does not say which band is which. {remedy}")
    if len(roles) != count:
        raise ModelError(f"{config.name}: {len(roles)} roles for {count} bands. {remedy}")
    used = [role for role in roles if role in config.roles]
    unknown = [role for role in roles if settings.bands is not None and role and role not in config.roles]
    if unknown or not used or len(set(used)) < len(used):
        raise ModelError(f"{config.name}: the roles {', '.join(roles)} are unknown, missing or repeated. {remedy}")
    return roles


def choose_region(sample: Sample, settings: Settings) -> tuple[tuple[tuple[int, int], ...], list[str]]:
    """The half-open rows and columns to analyse, and what to say about them."""
    modes = sample.modes[:2]
    if settings.region is not None:
        if len(settings.region) == 3 and tuple(settings.region[2]) != (0, len(sample.modes[2])):
            raise SelectionError("A region of a raster is rows and columns; leave bands out by their roles.")
        return check_region(settings.region[:2], modes), []
    region = tuple(central(len(mode), REGION) for mode in modes)
    if all(len(mode) <= REGION for mode in modes):
        return region, []
    sizes = " × ".join(str(len(mode)) for mode in modes)
    moved = around_data(sample.data.values, region)
    if moved != region:
        words = f"the {REGION} × {REGION} pixels around the data nearest to it are analysed; choose another region"
        return moved, [f"The middle of {sizes} pixels holds no data: {words} if needed."]
    return region, [f"The middle {REGION} × {REGION} pixels of {sizes} are analysed; choose another region if needed."]


def around_data(values: np.ndarray, region: tuple[tuple[int, int], ...]) -> tuple[tuple[int, int], ...]:
    """A region as it is when it holds any data; otherwise moved around the nearest pixel that does.

    Args:
        values: (row, column, band).
        region: half-open rows and columns.

    Returns:
        A region of the same size, inside the raster.
    """
    (top, bottom), (left, right) = region
    if np.isfinite(values[top:bottom, left:right]).any():
        return region
    places = np.argwhere(np.isfinite(values).any(axis=-1))
    if not len(places):
        return region
    middle = np.array([(top + bottom) / 2, (left + right) / 2])
    nearest = places[((places - middle) ** 2).sum(axis=1).argmin()]
    return moved_around(region, nearest.tolist(), values.shape[:2])


def token_grid(sample: Sample, config: Config, region: tuple[tuple[int, int], ...], kept: list[int]) -> TokenGrid:
    """Tokens over the region; a band that is left out has none."""
    space = TokenGrid.regular(sample.modes[:2], config.patch[:2], region)
    bands = np.array(kept)
    return TokenGrid((*space.axes, TokenAxis(sample.modes[2], bands, bands + 1)))


def to_segmentation(
    config: Config,
    modes: tuple[Mode, ...],
    region: tuple[tuple[int, int], ...],
    seen: np.ndarray,
    geometry: RasterGeometry,
    output: np.ndarray,
) -> Segmentation:
    """Logits (class, row, column) as labels and probabilities over the whole scene, with areas.

    Returns:
        The segmentation; areas in hectares, true ones where the map's own are not; in pixels where it has no place.
    """
    labels, shares = whole(config, modes, region, seen, output)
    areas, unit, _ = pixel_areas(geometry, labels.shape)
    found = class_areas(labels.values, areas, len(config.classes))
    amounts = {name: float(area) for name, area in zip(config.classes, found, strict=True)}
    return Segmentation(tuple(config.classes), labels, shares, amounts, unit)
