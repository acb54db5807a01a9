"""Are there seams? Classes and probabilities across window borders, beside the same places under shifted windows.

`python -m tests.seams` prints the table for the bundled scenes and a mosaic of 1,000 × 1,000 pixels.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from hot_core.models import HOTModel, load_model
from hot_core.pipeline import analyse
from hot_core.scene import predict_scene
from hot_core.transforms import Segmentation, Settings
from hot_core.transforms.tiles import Interval, intervals
from tests.makers_scenes import bands_of, mosaic, sample_of
from tests.oracles_scenes import seam_ratio, steps

ROOT = Path(__file__).resolve().parent.parent
Windows = Callable[[int], tuple[Interval, ...]]
Seams = dict[str, tuple[float, float, float]]


def blended(values: np.ndarray, model: HOTModel, window: int, overlap: int) -> tuple[np.ndarray, Windows]:
    """Probabilities by blended windows, and where the windows lie along an axis."""
    shares = predict_scene(sample_of(values), model, window=window, overlap=overlap).probabilities.values
    return shares, lambda size: intervals(size, model.config.patch[0], window, overlap)


def butted(values: np.ndarray, model: HOTModel, window: int, overlap: int = 0) -> tuple[np.ndarray, Windows]:
    """The same by windows that lie side by side and are not blended."""

    def side_by_side(size: int) -> tuple[Interval, ...]:
        return tuple((start, min(start + window, size)) for start in range(0, size, window))

    sample = sample_of(values)
    shares = np.full((len(model.config.classes), *values.shape[:2]), np.nan, np.float32)
    for rows in side_by_side(values.shape[0]):
        for columns in side_by_side(values.shape[1]):
            inside = (slice(None), slice(*rows), slice(*columns))
            if np.isfinite(values[inside[1:]]).any():
                found = analyse(sample, model, Settings(region=(rows, columns))).prediction
                assert isinstance(found, Segmentation)
                shares[inside] = found.probabilities.values[inside]
    return shares, side_by_side


def seams(
    way: Callable[[np.ndarray, HOTModel, int, int], tuple[np.ndarray, Windows]],
    values: np.ndarray, model: HOTModel, window: int, overlap: int,
) -> tuple[Seams, float]:  # fmt: skip
    """The ratio at the borders for classes and probabilities, and the share of pixels whose class the shift changes.

    The windows are shifted by rows and columns of nothing before the scene.
    """
    shift, sizes = 3 * window // 8, values.shape[:2]
    moved = np.full((sizes[0] + shift, sizes[1] + shift, values.shape[2]), np.nan, np.float32)
    moved[shift:, shift:] = values
    first, windows = way(values, model, window, overlap)
    second = way(moved, model, window, overlap)[0][:, shift:, shift:]
    ratios = {}
    for of in ("class", "probability"):
        maps = []
        for axis in (0, 1):
            a, b = (steps(m if axis == 0 else m.swapaxes(1, 2), of) for m in (first, second))
            here, there = (
                {edge - by for pair in windows(sizes[axis] + by) for edge in pair if by < edge < sizes[axis] + by}
                for by in (0, shift)
            )
            maps += [(a, b, sorted(here - there)), (b, a, sorted(there - here))]
        ratios[of] = seam_ratio(maps)
    return ratios, float((first.argmax(axis=0) != second.argmax(axis=0)).mean())


def main() -> None:
    """Print the table."""
    model, folder = load_model("land-cover"), ROOT / "sample_data"
    scenes = {
        "Landsat mosaic, 1000 × 1000": (mosaic(folder, 1000, 1000), 256),
        "Olinda, 352 × 349": (bands_of(folder / "L7_ETMs.tif"), 128),
        "Brandenburg, 256 × 256": (bands_of(folder / "s2_brandenburg_256_6band.tif"), 128),
    }
    print("| scene | windows | class changes | probability steps | moved by a shift | time (two maps) |")
    print("|---|---|---|---|---|---|")
    for name, (values, window) in scenes.items():
        for label, way, overlap in (("blended", blended, window // 4), ("side by side", butted, 0)):
            begin = time.perf_counter()
            found, moved = seams(way, values, model, window, overlap)
            cells = [f"{ratio:.3f} [{low:.3f}, {high:.3f}]" for ratio, low, high in found.values()]
            took = f"{time.perf_counter() - begin:.0f} s"
            print(f"| {name} | {window}, {label} | {' | '.join(cells)} | {moved:.1%} | {took} |", flush=True)


if __name__ == "__main__":
    main()
