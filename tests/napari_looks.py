"""Opens bundles in a real napari window and writes down what it shows: `python -m tests.napari_looks FOLDER`.

A process of its own: Qt wants one, and warnings and the end of the process are part of what is tested.
"""

from __future__ import annotations

import json
import sys
import warnings
from pathlib import Path
from typing import Any

import numpy as np

HIDDEN = ("attention", "prediction", "query")


def pixel(viewer: Any, shape: tuple[int, ...], down: float, right: float) -> tuple[int, int]:
    """The pixel of the canvas at which a world position is drawn, from the camera alone."""
    camera = viewer.scene.camera
    sign = -1 if camera.orientation2d[0] == "up" else 1
    row = shape[0] / 2 + sign * (down - camera.center[1]) * camera.zoom
    column = shape[1] / 2 + (right - camera.center[2]) * camera.zoom
    return round(row), round(column)


def shot(viewer: Any) -> np.ndarray:
    """The canvas without what is written on it."""
    for overlay in viewer.canvas.overlays.values():
        overlay.visible = False
    return np.asarray(viewer.screenshot(canvas_only=True, flash=False))[..., :3]


def colours(viewer: Any, places: dict[str, list[float]]) -> dict[str, list[int]]:
    """The colour of the canvas at places given as (down, right)."""
    picture = shot(viewer)
    return {name: picture[pixel(viewer, picture.shape, *place)].tolist() for name, place in places.items()}


def told(viewer: Any) -> dict[str, Any]:
    """What the window says about its layers."""
    return {
        "layers": [layer.name for layer in viewer.layers],
        "shown": [layer.name for layer in viewer.layers if layer.visible],
        "units": [str(unit) for unit in viewer.layers.units],
        "axes": list(viewer.dims.axis_labels),
        "point": list(viewer.dims.point),
        "upwards": viewer.scene.camera.orientation2d[0] == "up",
        "title": viewer.title,
        "words": viewer.canvas.overlays.text.text,
        "black": float((shot(viewer).max(axis=-1) == 0).mean()),
    }


def volume(viewer: Any, asked: dict[str, Any]) -> dict[str, Any]:
    """A bright voxel, where the query looks in each layer, and the way through the layers."""
    found: dict[str, Any] = {"query": colours(viewer, asked["places"])}
    z, y, x = asked["mark"]
    image, depth = viewer.layers["image"], viewer.layers["attention by layer"]
    index = tuple(asked["mark index"])
    found["world"] = [float(v) for v in image.data_to_world(index)]
    found["depth world"] = [float(v) for v in depth.data_to_world((1, *index))]
    viewer.dims.set_point(2, z)
    found["values"] = [float(layer.get_value((0, 1, z, y, x), world=True)) for layer in (image, depth)]
    pictures = []
    for layer in (0, 1):
        viewer.dims.set_point(1, layer)
        found[f"layer {layer}"] = colours(viewer, asked["places"])
        pictures.append(shot(viewer))
    found["changed"] = float((pictures[0] != pictures[1]).any(axis=-1).mean())
    for layer in viewer.layers:
        layer.visible = layer.visible and not layer.name.startswith(HIDDEN)
    found["bare"] = colours(viewer, asked["places"])
    before = sys.getrefcount(None)
    for step in range(40):
        viewer.dims.set_point(2, asked["steps"][step % len(asked["steps"])])
        shot(viewer)
    found["references to None"] = sys.getrefcount(None) - before
    return found


def raster(viewer: Any, asked: dict[str, Any]) -> dict[str, Any]:
    """A hot pixel."""
    for layer in viewer.layers:
        layer.visible = layer.visible and not layer.name.startswith(HIDDEN)
    found = {"bare": colours(viewer, asked["places"])}
    picture = shot(viewer)
    found["pixel"] = {name: list(pixel(viewer, picture.shape, *place)) for name, place in asked["places"].items()}
    return found | {"canvas": list(picture.shape)}


def looks(folder: Path) -> dict[str, Any]:
    """Everything, by the names of the bundles."""
    import napari

    from hot_core.napari_plugin.window import open_viewer

    asked = json.loads((folder / "asked.json").read_text())
    found: dict[str, Any] = {}
    for name, look in (("volume", volume), ("raster", raster), ("series", lambda viewer, asked: {})):
        viewer = open_viewer(folder / f"{name}.hotlens")
        found[name] = {"told": told(viewer)} | look(viewer, asked.get(name, {}))
        viewer.close()
    viewer = napari.Viewer()
    viewer.open(folder / "volume.hotlens", plugin="hot-lens")
    found["dropped"] = told(viewer)
    viewer.close()
    return found


if __name__ == "__main__":
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        result = looks(Path(sys.argv[1]))
    # what napari and npe2 say of pydantic while they are imported is theirs; all else would be ours
    ours = [w for w in caught if "Pydantic" not in w.category.__name__]
    result["warnings"] = [f"{w.category.__name__} {w.filename}:{w.lineno}: {w.message}" for w in ours]
    print(json.dumps(result))
