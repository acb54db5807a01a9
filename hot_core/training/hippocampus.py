"""`hippocampus`: anterior and posterior hippocampus in T1 crops, over x × y × z."""

from __future__ import annotations

from pathlib import Path

import nibabel as nib
import numpy as np
import torch
from torch.nn.functional import cross_entropy

from hot_core.models import HOTModel, ModelConfig
from hot_core.training.augment import cropped, hidden_tokens, intensity, warped
from hot_core.training.metrics import dice
from hot_core.training.recipe import Evaluation, Facts, Numbers, Table, data_folder
from hot_core.training.splits import by_subject
from hot_core.transforms.normalise import percentile_scale

CLASSES = ("background", "anterior", "posterior")
PATCH = (4, 4, 4)
BATCH = 2
SIZES = ((28, 40), (36, 52), (28, 40))
"""Smallest and largest side of a training crop along x, y, z, in voxels."""

FACTS = Facts(
    title="anterior and posterior hippocampus in T1-weighted MR crops",
    task="image-segmentation",
    use=(
        "To show how Kronecker-structured attention looks along x, y and z of a volume.",
        "T1-weighted crops around one hippocampus at about 1 mm.",
    ),
    not_for=(
        "Demonstration only, not a medical device: not for diagnosis, treatment or any decision about a patient.",
        "Not for whole heads, other contrasts or other structures.",
    ),
    data=(
        "Medical Segmentation Decathlon, Task04 Hippocampus, http://medicaldecathlon.com, "
        "Antonelli et al., Nature Communications 13, 4128 (2022), CC BY-SA 4.0: 260 T1 crops of about 35×50×36 "
        "voxels at 1 mm with expert labels. The data are not part of this project.",
    ),
    data_licences=("cc-by-sa-4.0",),
    split=("By subject, dealt by one seeded permutation: 180 are learnt, 20 choose the weights, 60 are the test.",),
    protocol=(
        "Every volume is scaled by its own 1st and 99th percentile.",
        "While training: random crops of 28 to 52 voxels a side, mirrored along x half the time (all the data show one "
        "side), random brightness, contrast, gamma and noise, blocks of voxels hidden now and then; "
        "loss: cross entropy plus Dice.",
        "Test: whole crops, no test-time augmentation; Dice of each volume, then the mean over the held-out subjects.",
    ),
    limits=(
        "The training affines are placeholders: the other side has been seen only as a mirror image.",
        "Other voxel sizes than about 1 mm have not been measured.",
        "It has never seen a crop without a hippocampus, and may draw one where there is none.",
    ),
    tags=("mri", "brain", "hippocampus"),
)


class Hippocampus:
    """The recipe: random crops of scaled volumes, mirrored and disturbed."""

    name = "hippocampus"
    facts = FACTS
    learning_rate = 2e-3
    weight_decay = 0.02

    def __init__(self, data: Path, quick: bool = False) -> None:
        folder = data_folder(data, "volumes/msd_hippocampus", "images/*.nii.gz")
        names = [path.name for path in folder.glob("images/*.nii.gz")]
        count = len(names)
        # The real set gives 180/20/60; a small made set is cut in the same proportions.
        self.parts = by_subject(names, validation=max(count // 13, 1), test=max(round(count * 3 / 13), 1))
        most = 2 if quick else None
        self.train = [_load(folder, name) for name in self.parts.train[:most]]
        self.validation = [_load(folder, name) for name in self.parts.validation[:most]]
        self.test = [_load(folder, name) for name in self.parts.test[:most]]
        self.weights = torch.tensor([0.5, 1.0, 1.0])

    def config(self) -> ModelConfig:
        """The architecture."""
        return ModelConfig(
            name=self.name, task="segment", kind="volume", modes=("x", "y", "z"), patch=PATCH,
            dim=96, heads=4, layers=3, mlp=192, rope_modes=(0, 1, 2), stem=16, classes=CLASSES, dropout=0.05,
        )  # fmt: skip

    def loss(self, model: HOTModel, rng: np.random.Generator) -> torch.Tensor:
        """Cross entropy plus Dice loss on random crops."""
        size = tuple(int(rng.integers(low // 4, high // 4 + 1)) * 4 for low, high in SIZES)
        chosen = [self.train[i] for i in rng.integers(len(self.train), size=BATCH)]
        batch = [_disturbed(values, labels, size, rng) for values, labels in chosen]
        values, mask, labels = (torch.from_numpy(np.stack(parts)) for parts in zip(*batch, strict=True))
        logits = model(values, mask)
        return cross_entropy(logits, labels, self.weights, ignore_index=-1) + dice_loss(logits, labels)

    def validate(self, model: HOTModel) -> Numbers:
        """Mean Dice of both parts on the validation subjects."""
        anterior, posterior = np.mean([_scores(model, *case) for case in self.validation], axis=0)
        return {"score": float(anterior + posterior) / 2, "anterior": float(anterior), "posterior": float(posterior)}

    def finish(self, model: HOTModel) -> None:
        """Nothing to calibrate."""

    def evaluate(self, model: HOTModel) -> Evaluation:
        """Dice on the held-out subjects, beside the mean shape of the training labels at the same place."""
        scores = np.array([_scores(model, *case) for case in self.test])
        mirrored = np.array([_scores(model, values[::-1], labels[::-1]) for values, labels in self.test])
        shape = _mean_shape([labels for _, labels in self.train])
        naive = np.array([_shape_scores(shape, labels) for _, labels in self.test])
        rows = [
            (name, *a.mean(0), a.mean(), a.min())
            for name, a in (("this model", scores), ("this model, mirrored crops", mirrored), ("mean shape", naive))
        ]
        return Evaluation(
            scores={"dice anterior": scores[:, 0].mean(), "dice posterior": scores[:, 1].mean(),
                    "dice": scores.mean(), "mirrored dice": mirrored.mean()},
            yardsticks={"mean shape dice": naive.mean()},
            tables=(Table(f"Dice, mean over {len(scores)} held-out subjects",
                          ("method", "anterior", "posterior", "both", "lowest"), tuple(rows)),),
            remarks=("The mean shape puts the most frequent label of the training crops, centred, on every crop. "
                     "Methods at the level of human raters reach about .90 / .89 (literature).",),
        )  # fmt: skip


def dice_loss(logits: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """One minus the soft Dice of the foreground classes, over the batch.

    Args:
        logits: [batch, class, …].
        labels: [batch, …], -1 where unknown.

    Returns:
        A scalar.
    """
    known = (labels >= 0)[:, None]
    shares = logits.softmax(1) * known
    truth = torch.nn.functional.one_hot(labels.clamp(min=0), logits.shape[1]).movedim(-1, 1) * known
    axes = (0, *range(2, logits.ndim))
    overlap, total = (shares * truth).sum(axes), (shares + truth).sum(axes)
    return 1 - ((2 * overlap + 1) / (total + 1))[1:].mean()


def _load(folder: Path, name: str) -> tuple[np.ndarray, np.ndarray]:
    image = nib.as_closest_canonical(nib.load(folder / "images" / name))
    labels = nib.as_closest_canonical(nib.load(folder / "labels" / name))
    return percentile_scale(image.get_fdata(dtype=np.float32)), np.asarray(labels.dataobj).astype(np.int64)


def _disturbed(
    values: np.ndarray, labels: np.ndarray, size: tuple[int, ...], rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A random crop with its mask and labels; hidden voxels keep their label, padding has none."""
    if rng.random() < 0.5:
        values, labels = values[::-1], labels[::-1]
    if rng.random() < 0.5:
        values, labels = warped(values, labels, rng, degrees=8.0, stretch=0.08)
    values, mask, labels = cropped(values, labels, size, rng)
    values = intensity(values, rng)
    mask &= ~hidden_tokens(rng, size, PATCH)
    return np.where(mask, values, 0.0).astype(np.float32), mask, labels


@torch.no_grad()
def _scores(model: HOTModel, values: np.ndarray, labels: np.ndarray) -> tuple[float, float]:
    given = torch.from_numpy(np.ascontiguousarray(values))[None]
    predicted = model(given, torch.ones_like(given, dtype=torch.bool))[0].argmax(0).numpy()
    return dice(predicted, labels, 1), dice(predicted, labels, 2)


def _mean_shape(labels: list[np.ndarray]) -> np.ndarray:
    """Frequency of every class at every place of a 64³ grid, crops centred in it."""
    counts = np.zeros((len(CLASSES), 64, 64, 64))
    for one in labels:
        counts[(slice(None), *_centred(one.shape))] += one == np.arange(len(CLASSES))[:, None, None, None]
    return counts


def _shape_scores(counts: np.ndarray, labels: np.ndarray) -> tuple[float, float]:
    predicted = counts[(slice(None), *_centred(labels.shape))].argmax(0)
    return dice(predicted, labels, 1), dice(predicted, labels, 2)


def _centred(shape: tuple[int, ...]) -> tuple[slice, ...]:
    return tuple(slice((64 - side) // 2, (64 - side) // 2 + side) for side in shape)
