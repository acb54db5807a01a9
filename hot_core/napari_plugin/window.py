"""A napari window on a bundle."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from textwrap import wrap
from typing import TYPE_CHECKING

from hot_core.errors import HotError
from hot_core.export.bundle import Bundle, read_bundle
from hot_core.napari_plugin.layers import layers
from hot_core.napari_plugin.world import World, world

if TYPE_CHECKING:
    from napari import Viewer

MARGIN = 0.18
"""Room around the picture for what is written there, as a share of the canvas."""
COLUMNS = 80
NAMED = 12
"""So many bands or variables are listed by name."""


def screen_there() -> bool:
    """Whether this computer has a screen that a window can open on."""
    if not sys.platform.startswith("linux"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def open_viewer(path: Path) -> Viewer:
    """Open napari on a bundle: upright, the sliders at the query and the chosen layer.

    Args:
        path: the bundle.

    Returns:
        The viewer; `napari.run()` lets it live.

    Raises:
        HotError: when the file is no bundle, there is no screen, or napari is not installed.
    """
    bundle = read_bundle(path)
    if not screen_there():
        raise HotError("napari needs a screen, and this computer has none. Take the file to a computer that has one.")
    try:
        import napari
    except ImportError as error:
        raise HotError("napari is not installed here. Install requirements.txt, or pip install hot-lens.") from error
    viewer = napari.Viewer(title=f"HOT Lens · {bundle.manifest['model']} · demonstration, not a medical device")
    for values, settings, kind in layers(bundle):
        viewer.add_layer(napari.layers.Layer.create(values, settings, kind))
    arrange(viewer, bundle, world(bundle))
    return viewer


def turn(viewer: Viewer, place: World) -> None:
    """Draw heads and maps upwards: anterior and north on top."""
    if place.upwards:
        viewer.scene.camera.orientation2d = ("up", "right")


def arrange(viewer: Viewer, bundle: Bundle, place: World) -> None:
    """Go to the query and the chosen layer, and put words, scale and colour bar beside the picture."""
    turn(viewer, place)
    chosen, position = bundle.about.chosen, bundle.about.query.position
    at = {"head": chosen.head or 0, "layer": chosen.layer or 0}
    if position is not None:
        at |= dict(zip([axis.name for axis in bundle.about.axes], position, strict=True))
    for axis, name in enumerate(("head", "layer", *place.order)):
        if name in at:
            viewer.dims.set_point(axis, place.lines[name].at(at[name]))
    shown = next(layer for layer in viewer.layers if layer.name.startswith("attention") and layer.visible)
    shown.colorbar.size, shown.colorbar.font_size, shown.colorbar.visible = (12, 80), 8, True
    viewer.layers.selection.active = shown
    down, right = (place.lines[name].unit for name in place.order[1:])
    viewer.canvas.overlays.scale_bar.visible = down == right  # names down and hours across have no common scale
    viewer.canvas.overlays.axes.visible = bundle.about.kind == "volume"
    write(viewer, chosen.reading, legend(bundle, place), bundle.about.note, bundle.manifest["limits"])
    viewer.reset_view(margin=MARGIN)


def write(viewer: Viewer, *sentences: str) -> None:
    """Sentences below the picture, and where the sliders stand above it."""
    overlays = viewer.canvas.overlays
    overlays.text.text = "\n".join(line for sentence in sentences if sentence for line in wrap(sentence, COLUMNS))
    overlays.text.position, overlays.text.font_size = "bottom_left", 8
    overlays.current_slice.position, overlays.current_slice.font_size = "top_left", 8
    overlays.axes.position, overlays.scale_bar.position = "bottom_right", "bottom_right"
    overlays.text.visible = overlays.current_slice.visible = True


def legend(bundle: Bundle, place: World) -> str:
    """What the numbers on the axes count, and what stands beside the picture."""
    words = []
    for name in place.order:
        names = bundle.axis(name).names or ()
        listed = [f"{at} {called}" for at, called in enumerate(names[:NAMED])] + ["…"] * (len(names) > NAMED)
        words += [f"{name}: {', '.join(listed)}."] if names else []
    time = place.lines.get("time")
    words += [f"Across: {time.unit}s, {time.label}."] if time is not None and time.unit == "hour" else []
    beside = ", ".join(axis.name for axis in bundle.about.axes)
    return " ".join([*words, f"Beside, from the top: factors {beside}; a row is a query, a column a key."])


def show(path: Path, discard: bool = False) -> None:
    """Open a window on a bundle and stay until it is closed.

    Args:
        path: the bundle.
        discard: delete it once the window is there, a copy made for this window alone.

    Raises:
        HotError: when the window cannot be opened.
    """
    open_viewer(path)
    import napari

    if discard:
        path.unlink()
    napari.run()
