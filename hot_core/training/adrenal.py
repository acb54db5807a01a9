"""`adrenal`: normal or mass, from the binary shape of a gland, over x × y × z."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from torch.nn.functional import cross_entropy

from hot_core.models import HOTModel, ModelConfig
from hot_core.training.adrenal_scores import (
    Cases,
    auc_lead,
    auc_row,
    calibration_table,
    hidden_table,
    logits_of,
    mass_score,
    pictures_of,
    share_of,
)
from hot_core.training.augment import hidden_tokens, rotated, turned
from hot_core.training.calibration import brier, calibration_error, platt
from hot_core.training.forest import check_forest, forest_shares
from hot_core.training.metrics import auc, bootstrap
from hot_core.training.recipe import Evaluation, Example, Facts, Numbers, Part, Table, data_folder
from hot_core.training.shapes import depth, mean_shape, write_shape
from hot_core.training.volumes import evenly

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
        "Test: the 298 official cases, measured at every version of the recipe (two so far) and never used to choose "
        "weights; intervals by a stratified bootstrap of 1,000 draws.",
    ),
    limits=(
        "The shapes have no spacing: the model works in voxels and cannot know a size in millimetres.",
        "Much of what it goes by is how thick the gland is; a mass in a thin gland is likely to be missed.",
        "Orientation and side are not given by the source.",
    ),
    tags=("ct", "adrenal", "shape", "medmnist"),
)


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
        check_forest(self.name)
        self.by_class = [np.flatnonzero(self.train.labels == c) for c in range(len(CLASSES))]

    def _part(self, part: Part) -> Cases:
        return {"train": self.train, "validation": self.choosing, "test": self.test}[part]

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
        """AUC minus loss on the choosing cases."""
        numbers = self.measure(model, "validation")
        return {"score": numbers["auc"] - numbers["balanced_loss"]} | numbers

    def measure(self, model: HOTModel, part: Part) -> Numbers:
        """AUC, loss with either class counted half, accuracy and Brier score."""
        cases = self._part(part)
        logits, mass = logits_of(model, cases.shapes), cases.labels == 1
        score = mass_score(logits)
        balance = 0.5 / np.bincount(cases.labels, minlength=2).clip(1)
        # Balanced like the batches, else the loss would only say how far the classes' shares are off.
        loss = cross_entropy(torch.from_numpy(logits), torch.from_numpy(cases.labels), reduction="none").numpy()
        return {"auc": auc(score, mass), "balanced_loss": float((loss * balance[cases.labels]).sum()),
                "accuracy": float(((score > 0) == mass).mean()), "brier": brier(share_of(score), mass)}  # fmt: skip

    def examples(self, part: Part, most: int) -> Iterator[Example]:
        """Whole shapes, nothing hidden."""
        cases = self._part(part)
        for case in evenly(len(cases.labels), most):
            values = torch.from_numpy(cases.shapes[case]).float()
            yield Example(values, torch.ones_like(values, dtype=torch.bool))

    def finish(self, model: HOTModel) -> None:
        """Fold a slope and an offset of the logit, fitted on the choosing cases, into the last layer."""
        score = mass_score(logits_of(model, self.choosing.shapes))
        slope, offset = platt(score, self.choosing.labels)
        # The head is a dropout and a linear layer; the logits are linear in the latter.
        last = dict(model.named_parameters())
        with torch.no_grad():
            last["head.1.weight"].mul_(slope)
            last["head.1.bias"].mul_(slope).add_(torch.tensor([0.0, offset]))

    def evaluate(self, model: HOTModel) -> Evaluation:
        """Accuracy, AUC and calibration on the official test part, beside forest, thickness, volume and majority."""
        shapes, labels = self.test
        score, mass = mass_score(logits_of(model, shapes)), labels == 1
        share, prior = share_of(score), float((self.choosing.labels == 1).mean())
        forest = forest_shares(self.official_train.shapes, self.official_train.labels, shapes)
        thickness, volume = depth(shapes), shapes.sum((1, 2, 3)).astype(float)
        rows = (
            auc_row("this model", score, labels, 0.0),
            auc_row("random forest on 16³ occupancies", forest, labels, 0.5),
            auc_row("thickness alone", thickness, labels),
            auc_row("gland volume alone", volume, labels),
            ("always normal", 0.5, "–", float(1 - mass.mean())),
        )
        lead, least, most = auc_lead(score, thickness, labels)
        title = f"Official test part, {len(labels)} shapes, {int(mass.sum())} with a mass"
        low, high = bootstrap(lambda drawn: auc(score[drawn], mass[drawn]), labels)
        numbers = {"auc": auc(score, mass), "auc low": low, "auc high": high, "lead over thickness": lead,
                   "lead over thickness low": least, "lead over thickness high": most,
                   "accuracy": float(((score > 0) == mass).mean()), "sensitivity": float((score > 0)[mass].mean()),
                   "specificity": float((score <= 0)[~mass].mean()), "brier": brier(share, mass),
                   "calibration error": calibration_error(share, mass)}  # fmt: skip
        yardsticks = {"forest auc": auc(forest, mass), "thickness auc": auc(thickness, mass),
                      "volume auc": auc(volume, mass),
                      "majority accuracy": float(1 - mass.mean()), "majority brier": brier(np.zeros(1), mass),
                      "prior brier": brier(np.full(1, prior), mass)}  # fmt: skip
        return Evaluation(
            numbers, yardsticks,
            (Table(title, ("method", "AUC", "95 % interval", "accuracy"), rows), hidden_table(model, self.test),
             calibration_table(share, forest, self.test, prior)),
            (*_remarks(numbers), self._of_mean_shapes(model)), pictures_of(share, self.test, self.train),
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
        normal, mass = share_of(mass_score(logits_of(model, np.stack(self._mean_shapes()))))
        return (
            f"The two bundled mean shapes get the probability of a mass {normal:.2f} (mean of the normal glands) and "
            f"{mass:.2f} (mean of those with a mass). A mean shape is smoother and thicker than a real gland: they are "
            "made for looking at attention, not at the class."
        )


def _remarks(numbers: Numbers) -> tuple[str, ...]:
    lead, low, high = (numbers[f"lead over thickness{end}"] for end in ("", " low", " high"))
    return (
        f"At probability one half {numbers['sensitivity']:.1%} of the masses are found (sensitivity) and "
        f"{1 - numbers['sensitivity']:.1%} missed; {numbers['specificity']:.1%} of the normal glands are called normal "
        f"(specificity). The expected calibration error is {numbers['calibration error']:.3f} over ten "
        "equal bins. Drawing cases again makes this error larger by itself, so its interval leans upwards; a constant "
        "keeps it small without telling any gland from another: read it beside the Brier score.",
        "The forest is fitted on all of the official training part: it has nothing to choose. Thickness is the mean "
        "depth of a gland's voxels below its surface, one number that is not learnt. The model's AUC less that of "
        f"thickness is {lead:+.3f} (95 % interval {low:+.3f} to {high:+.3f}, the same drawn shapes for both)"
        f"{'' if low > 0 or high < 0 else ': they are not told apart'}. That thickness matters was known when the "
        "first layers were designed, from these same data, the test part included.",
    )


def _cases(arrays: np.lib.npyio.NpzFile, part: str, most: int | None) -> Cases:
    labels = arrays[f"{part}_labels"].reshape(-1).astype(np.int64)
    # A quick run takes as many of either class.
    chosen = (
        np.arange(len(labels)) if most is None else np.argsort(labels, kind="stable")[[*range(most), *range(-most, 0)]]
    )
    return Cases((arrays[f"{part}_images"][chosen] > 0).astype(np.uint8), labels[chosen])


def _take(cases: Cases, index: np.ndarray) -> Cases:
    return Cases(cases.shapes[index], cases.labels[index])
