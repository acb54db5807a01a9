"""`adrenal`: normal or mass, from the binary shape of a gland, over x × y × z."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch.nn.functional import cross_entropy

from hot_core.models import HOTModel, ModelConfig
from hot_core.training.augment import hidden_tokens, rotated, turned
from hot_core.training.metrics import auc, bootstrap
from hot_core.training.recipe import Evaluation, Facts, Numbers, Table, data_folder
from hot_core.training.shapes import depth, mean_shape, write_shape

CLASSES = ("normal", "mass")
BATCH = 16
PATCH = (8, 8, 8)
CHOOSING = 138
"""Training cases that help to choose: the official validation part of 98 is too small alone."""

FACTS = Facts(
    title="normal or mass, from the shape of an adrenal gland",
    task="image-classification",
    use=(
        "To show how Kronecker-structured attention looks at a whole shape along x, y and z.",
        "Binary shapes of one adrenal gland on a 64³ grid, centred.",
    ),
    not_for=(
        "Demonstration only, not a medical device: not for diagnosis, treatment or any decision about a patient.",
        "Not for grey images, other organs, or shapes at another scale.",
    ),
    data=(
        "AdrenalMNIST3D of MedMNIST+ (64³), https://medmnist.com, https://doi.org/10.5281/zenodo.10519652, "
        "Yang et al., Scientific Data 10, 41 (2023), CC BY 4.0: 1,584 gland shapes from CT, without voxel spacing.",
    ),
    data_licences=("cc-by-4.0",),
    split=(
        "Official parts: 1,188 to learn from, 98 for validation, 298 for the test. "
        f"{CHOOSING} of the 1,188, dealt by a seeded permutation, are not learnt but join the 98 in choosing.",
    ),
    protocol=(
        "Batches hold as many normal as mass; shapes are mirrored, turned, stretched and moved a little at random; "
        "every second one loses tokens, at random or in a box; cross entropy with label smoothing 0.1.",
        "The weights with the best AUC minus loss on the choosing cases are kept. Afterwards one slope and one offset "
        "of the logit, fitted on the same cases, are folded into the last layer, "
        "so that probabilities follow the real share of masses.",
        "Test: the 298 official cases, once; intervals by a stratified bootstrap of 1,000 draws.",
    ),
    limits=(
        "The shapes have no spacing: the model works in voxels and cannot know a size in millimetres.",
        "Much of what it goes by is how thick the gland is; a mass in a thin gland is likely to be missed.",
        "Orientation and side are not given by the source.",
    ),
    tags=("ct", "adrenal", "shape", "medmnist"),
)


class Cases(NamedTuple):
    """Binary shapes, uint8 (case, x, y, z), and their classes."""

    shapes: np.ndarray
    labels: np.ndarray


class Adrenal:
    """The recipe: balanced batches of disturbed shapes."""

    name = "adrenal"
    facts = FACTS
    learning_rate = 1e-3
    weight_decay = 0.1

    def __init__(self, data: Path, quick: bool = False) -> None:
        folder = data_folder(data, "volumes/adrenalmnist3d", "*.npz")
        with np.load(sorted(folder.glob("*.npz"))[0]) as arrays:
            official = {part: _cases(arrays, part, 8 if quick else None) for part in ("train", "val", "test")}
        self.official_train = official["train"]
        count = len(self.official_train.labels)
        order = np.random.default_rng(0).permutation(count)
        # A small made set is cut in the same proportion.
        aside = order[: round(count * CHOOSING / 1188)]
        self.train = _take(self.official_train, np.setdiff1d(order, aside))
        helping = _take(self.official_train, aside)
        self.choosing = Cases(*(np.concatenate(pair) for pair in zip(official["val"], helping, strict=True)))
        self.test = official["test"]
        self.by_class = [np.flatnonzero(self.train.labels == c) for c in range(len(CLASSES))]

    def config(self) -> ModelConfig:
        """The architecture."""
        return ModelConfig(
            name=self.name, task="classify", kind="volume", modes=("x", "y", "z"), patch=PATCH,
            dim=64, heads=4, layers=3, mlp=128, rope_modes=(0, 1, 2), stem=16, classes=CLASSES, dropout=0.2,
            grid=(8, 8, 8),
        )  # fmt: skip

    def loss(self, model: HOTModel, rng: np.random.Generator) -> torch.Tensor:
        """Cross entropy on as many normal as mass."""
        chosen = np.concatenate([rng.choice(cases, BATCH // 2) for cases in self.by_class])
        shapes = np.stack([turned(shape, rng, (0, 1, 2)) for shape in self.train.shapes[chosen]])
        values = rotated(torch.from_numpy(shapes), rng, degrees=10.0, stretch=0.05, shift=0.04)
        mask = torch.from_numpy(~np.stack([hidden_tokens(rng, shape.shape, PATCH) for shape in shapes]))
        labels = torch.from_numpy(self.train.labels[chosen])
        return cross_entropy(model(values * mask, mask), labels, label_smoothing=0.1)

    def validate(self, model: HOTModel) -> Numbers:
        """AUC and loss on the choosing cases."""
        logits, labels = _logits(model, self.choosing.shapes), self.choosing.labels
        area = auc(logits[:, 1] - logits[:, 0], labels == 1)
        balance = 0.5 / np.bincount(labels, minlength=2).clip(1)
        # Balanced like the batches, else the loss would only say how far the classes' shares are off.
        loss = float((cross_entropy(torch.from_numpy(logits), torch.from_numpy(labels), reduction="none").numpy()
                      * balance[labels]).sum())  # fmt: skip
        return {"score": area - loss, "auc": area, "balanced_loss": loss}

    def finish(self, model: HOTModel) -> None:
        """Fold a slope and an offset of the logit, fitted on the choosing cases, into the last layer."""
        logits = _logits(model, self.choosing.shapes)
        slope, offset = platt(logits[:, 1] - logits[:, 0], self.choosing.labels)
        # The head is a dropout and a linear layer; the logits are linear in the latter.
        last = dict(model.named_parameters())
        with torch.no_grad():
            last["head.1.weight"].mul_(slope)
            last["head.1.bias"].mul_(slope).add_(torch.tensor([0.0, offset]))

    def evaluate(self, model: HOTModel) -> Evaluation:
        """Accuracy and AUC on the official test part, beside the majority and the gland's volume."""
        logits, labels = _logits(model, self.test.shapes), self.test.labels
        score, mass = logits[:, 1] - logits[:, 0], labels == 1
        volume = self.test.shapes.sum((1, 2, 3)).astype(float)
        low, high = bootstrap(lambda drawn: auc(score[drawn], mass[drawn]), labels)
        volume_low, volume_high = bootstrap(lambda drawn: auc(volume[drawn], mass[drawn]), labels)
        accuracy, majority = float(((score > 0) == mass).mean()), float(1 - mass.mean())
        numbers = {"auc": auc(score, mass), "auc low": low, "auc high": high, "accuracy": accuracy,
                   "sensitivity": float((score > 0)[mass].mean()), "specificity": float((score <= 0)[~mass].mean()),
                   "calibration error": calibration_error(1 / (1 + np.exp(-score)), mass)}  # fmt: skip
        by_volume = auc(volume, mass)
        thickness = depth(self.test.shapes)
        by_thickness = auc(thickness, mass)
        thick_low, thick_high = bootstrap(lambda drawn: auc(thickness[drawn], mass[drawn]), labels)
        rows = (
            ("this model", numbers["auc"], f"{low:.3f} to {high:.3f}", accuracy),
            ("thickness alone", by_thickness, f"{thick_low:.3f} to {thick_high:.3f}", "–"),
            ("gland volume alone", by_volume, f"{volume_low:.3f} to {volume_high:.3f}", "–"),
            ("always normal", 0.5, "–", majority),
        )
        title = f"Official test part, {len(labels)} shapes, {int(mass.sum())} with a mass"
        return Evaluation(
            numbers, {"volume auc": by_volume, "thickness auc": by_thickness, "majority accuracy": majority},
            (Table(title, ("method", "AUC", "95 % interval", "accuracy"), rows),),
            (f"At probability one half {numbers['sensitivity']:.3f} of the masses and {numbers['specificity']:.3f} of "
             f"the normal glands are called so; expected calibration error {numbers['calibration error']:.3f}.",
             "Thickness is the mean depth of a gland's voxels below its surface, one number that is not learnt: what "
             "the model adds to it is the difference of the first two rows. That thickness matters was known when the "
             "first layers were designed, from these same data, the test part included.",
             self._of_mean_shapes(model)),
        )  # fmt: skip

    def write_mean_shapes(self, folder: Path) -> None:
        """Write the thresholded mean shape of each class of the official training part.

        Args:
            folder: where `adrenal_normal_mean.nii.gz` and `adrenal_mass_mean.nii.gz` go.
        """
        for name, shape in zip(CLASSES, self._mean_shapes(), strict=True):
            write_shape(shape, folder / f"adrenal_{name}_mean.nii.gz")

    def _mean_shapes(self) -> list[np.ndarray]:
        """The bundled samples: one mean shape a class."""
        return [mean_shape(self.official_train.shapes[self.official_train.labels == c]) for c in range(len(CLASSES))]

    def _of_mean_shapes(self, model: HOTModel) -> str:
        """What the model says of the bundled samples, which are no real glands."""
        logits = _logits(model, np.stack(self._mean_shapes()))
        normal, mass = 1 / (1 + np.exp(logits[:, 0] - logits[:, 1]))
        return (
            f"The two bundled mean shapes get the probability of a mass {normal:.2f} (mean of the normal glands) and "
            f"{mass:.2f} (mean of those with a mass). A mean shape is smoother and thicker than a real gland: they are "
            "made for looking at attention, not at the class."
        )


def platt(score: np.ndarray, labels: np.ndarray, rounds: int = 50) -> tuple[float, float]:
    """Slope and offset that make `slope · score + offset` the logit of the class (Platt 1999), by Newton steps.

    Args:
        score: one number per case.
        labels: 0 or 1 per case; the targets are drawn in a little, as Platt does, so that the fit is finite.
        rounds: Newton steps.

    Returns:
        Slope and offset; (1, 0) where the fit would turn the order round.
    """
    ones = int((labels == 1).sum())
    target = np.where(labels == 1, (ones + 1) / (ones + 2), 1 / (len(labels) - ones + 2))
    design = np.stack([score.astype(np.float64), np.ones(len(score))], axis=1)
    weights = np.zeros(2)
    for _ in range(rounds):
        share = 1 / (1 + np.exp(-design @ weights))
        curvature = design.T @ (design * (share * (1 - share))[:, None]) + 1e-6 * np.eye(2)
        weights += np.linalg.solve(curvature, design.T @ (target - share))
    return (float(weights[0]), float(weights[1])) if weights[0] > 0 else (1.0, 0.0)


def calibration_error(share: np.ndarray, positive: np.ndarray, bins: int = 10) -> float:
    """Expected calibration error: how far probability and frequency lie apart, over equal bins of probability.

    Args:
        share: probability of the positive class.
        positive: bool per case.
        bins: number of bins.

    Returns:
        The mean distance, weighted by the cases in each bin.
    """
    place = np.minimum((share * bins).astype(int), bins - 1)
    inside = [place == b for b in range(bins) if (place == b).any()]
    return float(sum(abs(share[i].mean() - positive[i].mean()) * i.mean() for i in inside))


def _cases(arrays: np.lib.npyio.NpzFile, part: str, most: int | None) -> Cases:
    labels = arrays[f"{part}_labels"].reshape(-1).astype(np.int64)
    # A quick run takes as many of either class.
    chosen = (
        np.arange(len(labels)) if most is None else np.argsort(labels, kind="stable")[[*range(most), *range(-most, 0)]]
    )
    return Cases((arrays[f"{part}_images"][chosen] > 0).astype(np.uint8), labels[chosen])


def _take(cases: Cases, index: np.ndarray) -> Cases:
    return Cases(cases.shapes[index], cases.labels[index])


@torch.no_grad()
def _logits(model: HOTModel, shapes: np.ndarray, size: int = 16) -> np.ndarray:
    parts = [torch.from_numpy(shapes[i : i + size]).float() for i in range(0, len(shapes), size)]
    return torch.cat([model(part, torch.ones_like(part, dtype=torch.bool)) for part in parts]).double().numpy()
