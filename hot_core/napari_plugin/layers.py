"""A bundle as napari's layers, as plain tuples of data, settings and kind; from the bottom up."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeAlias

import numpy as np
import pandas as pd

from hot_core.export.bundle import Bundle
from hot_core.figures.style import QUERY, class_colours, overlay_scale
from hot_core.napari_plugin.factors import factor_layers
from hot_core.napari_plugin.world import World, world

LayerData: TypeAlias = tuple[np.ndarray, dict[str, Any], str]

COMPOSITE = ("red", "green", "blue")
QUERY_SIZE = 0.03
"""The query's diameter as a share of the picture's longer side."""


def layers(bundle: Bundle) -> list[LayerData]:
    """Data, prediction, attention, attention by layer of the model, factors, query.

    Args:
        bundle: what was read.

    Returns:
        Tuples for `napari.layers.Layer.create`; all lie in the world that `world` describes.
    """
    place = world(bundle)
    found = [
        *_pictures(bundle, place), *_prediction(bundle, place), *_attention(bundle, place),
        *factor_layers(bundle, place), *_query(bundle, place),
    ]  # fmt: skip
    return [(values, settings | {"metadata": _about(bundle, settings)}, kind) for values, settings, kind in found]


def _about(bundle: Bundle, settings: dict[str, Any]) -> dict[str, Any]:
    """What a layer says about itself in napari's metadata."""
    manifest = {key: value for key, value in bundle.manifest.items() if key != "bundle"}
    return {"hot_lens": manifest | {"note": bundle.about.note, **settings.get("metadata", {})}}


def _pictures(bundle: Bundle, place: World) -> Iterator[LayerData]:
    """The data: a volume, a layer for each band of a raster, one for each variable of a series and its forecast."""
    if bundle.about.kind == "volume":
        held = bundle.about.arrays["image"]
        values, where = place.turned(bundle.arrays["image"], held)
        yield values, where | _grey("image", held.limits[0]) | _means(held.meaning), "image"
    elif bundle.about.kind == "raster":
        yield from _bands(bundle, place)
    else:
        yield from _variables(bundle, place, "image", "")
        yield from _variables(bundle, place, "forecast", " forecast")


def _grey(name: str, limits: tuple[float, float]) -> dict[str, Any]:
    return {"name": name, "colormap": "gray", "contrast_limits": limits, "blending": "additive"}


def _means(words: str) -> dict[str, Any]:
    return {"metadata": {"meaning": words}}


def _bands(bundle: Bundle, place: World) -> Iterator[LayerData]:
    """Bands as channels: red, green and blue add up to true colour, the others wait; without these the first in grey.

    They have no band axis, so that they stay when the slider of the attention's bands is moved.

    Yields:
        A layer for each band.
    """
    held, axis = bundle.about.arrays["image"], bundle.axis("band")
    roles = axis.roles or ("",) * len(axis.names or ())
    true = set(COMPOSITE) <= set(roles)
    where = place.settings(("row", "column"), held.start[:2])
    for at, (name, role) in enumerate(zip(axis.names or (), roles, strict=True)):
        colour = role if true and role in COMPOSITE else "gray"
        shown = role in COMPOSITE if true else at == 0
        looks = _grey(f"band {name}", held.limits[at]) | {"colormap": colour, "visible": shown}
        yield bundle.arrays["image"][..., at], where | looks | _means(held.meaning), "image"


def _variables(bundle: Bundle, place: World, which: str, word: str) -> Iterator[LayerData]:
    """A layer for each variable, in its own unit and colours, where the slider of variables has its number."""
    if which not in bundle.arrays:
        return
    held, axis = bundle.about.arrays[which], bundle.axis("variable")
    for at, name in enumerate(axis.names or ()):
        unit = axis.units[at] if axis.units else None
        part = held.model_copy(update={"start": (held.start[0], at, held.start[2])})
        values, where = place.turned(bundle.arrays[which][:, at : at + 1], part)
        looks = _grey(f"{name}{word}" + (f" ({unit})" if unit else ""), held.limits[at])
        yield values, where | looks | _means(held.meaning), "image"


def _prediction(bundle: Bundle, place: World) -> Iterator[LayerData]:
    """The class of every voxel or pixel, in the page's colours, with the class's name under the pointer."""
    if "labels" not in bundle.arrays:
        return
    held, classes = bundle.about.arrays["labels"], bundle.about.classes
    values, where = place.turned(bundle.arrays["labels"], held)
    colours = {at: colour or "transparent" for at, colour in enumerate(class_colours(classes).values())}
    looks = {
        "name": "prediction", "opacity": 0.3, "colormap": colours | {None: "transparent"},
        "visible": bundle.about.kind == "volume",
        "features": pd.DataFrame({"index": range(len(classes)), "class": classes}),
    }  # fmt: skip
    yield values, where | looks | _means(held.meaning), "labels"


def _attention(bundle: Bundle, place: World) -> Iterator[LayerData]:
    """The chosen field, and the same query through the layers of the model, along an axis of its own.

    At the chosen layer the second shows the same as the first, so it alone is visible; of a rollout the first is.

    Yields:
        Both layers.
    """
    rollout = bundle.about.chosen.layer is None
    for which, name, shown in (
        ("attention", f"attention: {bundle.about.chosen.title}", rollout),
        ("depth", "attention by layer", not rollout),
    ):
        held = bundle.about.arrays[which]
        values, where = place.turned(bundle.arrays[which], held)
        looks = {
            "name": name, "colormap": fading(), "contrast_limits": held.limits[0], "blending": "translucent",
            "visible": shown, "interpolation3d": "nearest",
        }  # fmt: skip
        yield values, where | looks | _means(held.meaning), "image"


def fading() -> dict[str, Any]:
    """The page's colours of attention: viridis that fades in from transparent."""
    parts = [[float(part) for part in colour[5:-1].split(",")] for _, colour in overlay_scale()]
    colours = np.array(parts) / (255, 255, 255, 1)
    return {"name": "HOT Lens attention", "colors": colours.tolist()}


def _query(bundle: Bundle, place: World) -> Iterator[LayerData]:
    """The chosen position, orange."""
    position = bundle.about.query.position
    if position is None:
        return
    at = {axis.name: place.lines[axis.name].at(p) for axis, p in zip(bundle.about.axes, position, strict=True)}
    sizes = dict(zip(bundle.about.arrays["image"].dims, bundle.arrays["image"].shape, strict=True))
    side = max(sizes[name] * abs(place.lines[name].step) for name in place.order[1:])
    where = place.settings(place.order, (0, 0, 0))
    scale = np.abs(where["scale"])  # a voxel's, or the sliders would take other steps; a negative one hides the dot
    looks = {
        "name": "query", "face_color": QUERY, "border_color": "white", "border_width": 0.1,
        "scale": scale.tolist(), "translate": [0.0] * 3, "size": QUERY_SIZE * side / scale[-1],
    }  # fmt: skip
    words = f"the chosen position; {bundle.about.chosen.reading}"
    yield np.array([[at[name] for name in place.order]]) / scale, where | looks | _means(words), "points"
