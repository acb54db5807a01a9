"""Reading a bundle again: nothing is believed before it is checked, and what is wrong is said in one sentence."""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from hot_core.export.bundle.about import VERSION, About, Axis
from hot_core.io.limits import foreign, refuse

MOST_BYTES = 2 * 1024**3
"""What a bundle may unpack to."""
MEASURED = {"image", "forecast", "forecast_low", "forecast_high"}
OVER_DATA = MEASURED | {"attention", "depth", "labels"}
AGAIN = "Save it again under “Keep” on the page"


@dataclass(frozen=True, eq=False)
class Bundle:
    """A bundle that was read.

    Attributes:
        about: where its arrays lie.
        arrays: by name.
        manifest: what every export says about itself: model, weights, versions, notes, limits.
    """

    about: About
    arrays: dict[str, np.ndarray]
    manifest: dict[str, Any]

    def axis(self, name: str) -> Axis:
        """The axis of a mode."""
        return next(axis for axis in self.about.axes if axis.name == name)

    def factor(self, layer: int, mode: str) -> np.ndarray:
        """One mode's matrices (head, query, key) in one layer."""
        return self.arrays[f"layer{layer}_{mode}"]


def read_bundle(source: Path | bytes, most: int = MOST_BYTES) -> Bundle:
    """Read and check a bundle.

    Args:
        source: the file, or what is in it.
        most: bytes that it may unpack to.

    Returns:
        The bundle.

    Raises:
        ReadError: when it is not there, no bundle, damaged, of another version or too large.
    """
    name = source.name if isinstance(source, Path) else "The bundle"
    if isinstance(source, Path) and not source.is_file():
        raise refuse(name, "there is no such file", "Give the path of a .hotlens file")
    with foreign(name, "this is no bundle of HOT Lens, or it is damaged", AGAIN):
        content = source.read_bytes() if isinstance(source, Path) else source
        arrays = _arrays(content, name, most)
        manifest = json.loads(arrays.pop("manifest").item())
        version = manifest["bundle"]["version"]
        if version != VERSION:
            found = f"it is of version {version!r}, and this HOT Lens reads version {VERSION}"
            raise refuse(name, found, f"{AGAIN}, with this HOT Lens")
        bundle = Bundle(About.model_validate(manifest["bundle"]), arrays, manifest)
        _check_arrays(bundle)
        _check_names(bundle)
        _check_factors(bundle)
    return bundle


def _arrays(content: bytes, name: str, most: int) -> dict[str, np.ndarray]:
    """Every array, after a look at how large they say they are."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        size = sum(entry.file_size for entry in archive.infolist())
    if size > most:
        raise refuse(name, f"it would unpack to {size:,} bytes, above the limit of {most:,}", "Choose a smaller region")
    with np.load(io.BytesIO(content), allow_pickle=False) as file:
        return {key: file[key] for key in file.files}


def _check_arrays(bundle: Bundle) -> None:
    """Whether the arrays over the data are what the manifest says.

    Raises:
        ValueError: when they are not.
    """
    about = bundle.about
    names = {axis.name for axis in about.axes}
    if any(axis.step == 0 for axis in about.axes) or not {"image", "attention", "depth"} <= set(about.arrays):
        raise ValueError("an axis without a step, or an array that is missing")
    for name, held in about.arrays.items():
        values = bundle.arrays[name]
        known = set(held.dims) <= names | {"layer"} and len(set(held.dims)) == len(held.dims)
        fits = known and len(held.dims) == len(held.start) == values.ndim
        if not fits or values.dtype.kind not in "iuf" or not values.size:
            raise ValueError(f"{name} does not lie where the manifest says")


def _check_names(bundle: Bundle) -> None:
    """Whether every array over the data is described, and names, units, roles and limits are as many as it has.

    Raises:
        ValueError: when not.
    """
    about = bundle.about
    if not OVER_DATA & set(bundle.arrays) <= set(about.arrays):
        raise ValueError("an array that the manifest does not describe")
    for name, held in about.arrays.items():
        sizes = dict(zip(held.dims, bundle.arrays[name].shape, strict=True))
        each = next((sizes[dim] for dim in ("band", "variable") if dim in sizes), 1)
        if len(held.limits) != (each if name in MEASURED else 1):
            raise ValueError(f"{name} has other limits than bands or variables")
    image = about.arrays["image"]
    for dim, start, size in zip(image.dims, image.start, bundle.arrays["image"].shape, strict=True):
        axis = bundle.axis(dim)
        count = start + size if axis.names is None and dim != "band" else len(axis.names or ())
        if count != start + size or {len(axis.units), len(axis.roles)} - {0, count}:
            raise ValueError(f"{dim} has other names than positions")


def _check_factors(bundle: Bundle) -> None:
    """Whether every layer and mode has its matrices, and query and limits belong to these modes.

    Raises:
        ValueError: when not.
    """
    about = bundle.about
    names = [axis.name for axis in about.axes]
    for mode in names:
        stacks = [bundle.factor(layer, mode) for layer in range(about.layers)]
        shape = stacks[0].shape
        square = len(shape) == 3 and shape[1] == shape[2] > 0
        if not square or any(stack.shape != shape or stack.dtype.kind != "f" for stack in stacks):
            raise ValueError(f"the factors of {mode} are no stacks of matrices")
    position = about.query.position
    if set(about.factor_limits) != set(names) or (position is not None and len(position) != len(names)):
        raise ValueError("query or limits do not fit the axes")
