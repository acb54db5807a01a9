"""`hippocampus`: anterior and posterior hippocampus in T1 crops, over x × y × z."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import nibabel as nib
import numpy as np
import torch
from torch.nn.functional import cross_entropy

from hot_core.models import HOTModel, ModelConfig
from hot_core.training.augment import cropped, hidden_tokens, intensity, warped
from hot_core.training.hippocampus_elsewhere import crop_table, nowhere_table, spacing_table, template_table
from hot_core.training.hippocampus_scores import (
    CLASSES,
    DICE_COLUMNS,
    Scan,
    answer,
    both_dice,
    dice_row,
    failures,
    hidden_table,
    mean_shape,
    of_mean_shape,
    over_subjects,
    volume_table,
    volumes,
)
from hot_core.training.recipe import Evaluation, Example, Facts, Numbers, Part, Table, data_folder
from hot_core.training.splits import by_subject
from hot_core.training.volumes import evenly
from hot_core.transforms.normalise import percentile_scale

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
        "side), every second one turned and stretched a little, random brightness, contrast, gamma and noise; every "
        "second one loses tokens, at random or in a box; loss: cross entropy plus Dice.",
        "Test: whole crops, no test-time augmentation; Dice of each volume, then the mean over the held-out subjects; "
        "intervals by a bootstrap of 1,000 draws of subjects. Volumes count the voxels of a class, as the page does.",
        "The test part is not wholly unseen: an earlier version of this recipe was measured on it too.",
    ),
    limits=(
        "The training affines are placeholders: the other side has been seen only as a mirror image.",
        "Scans at other voxel sizes were made from the same scans at 1 mm, with no scanner's own noise and contrast. "
        "Voxels of .7 mm and less are outside what it was trained for, and the page says so.",
        "It has never seen a crop without a hippocampus, and draws pieces of one where there is none, some as large as "
        "most of a posterior part (last table of the scores).",
    ),
    tags=("mri", "brain", "hippocampus"),
)

REMARKS = (
    "The mean shape puts the most frequent label of the training crops, centred, on every crop. "
    "Specialised methods are reported at about .90 / .89 in this task (not measured here).",
    "After ten CPU minutes of training, most runs still improving, this attention had the highest mean Dice of three "
    "seeds (0.857): above axial attention (0.848) and a 3-D U-Net (0.830) in each of them, not told apart from a "
    "Kronecker sum (0.853), full attention (0.849) and linear factors (0.847): `docs/peers.md`.",
    "The size of a voxel is read from the header: 1 mm in all of these scans, so that a voxel is 1 mm³. Limits of "
    "agreement are the bias ∓ 1.96 standard deviations of the differences.",
    "For the template, the expected places are about those of the head and the tail in MNI space, round numbers "
    "without an atlas behind them; the posterior part that was learnt is body and tail, so its middle is expected "
    "further forward. The template is the same on both sides, and what differs between them "
    "comes from the model. It has no expert labels here: this says where, not how well. Brains fitted to an MNI "
    "template came out larger than by landmarks in Talairach's coordinates (Lancaster et al., Human Brain Mapping 28, "
    "1194, 2007); the volumes drawn in it are not those of a person.",
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
        batch = [_disturbed(scan.values, scan.labels, size, rng) for scan in chosen]
        values, mask, labels = (torch.from_numpy(np.stack(parts)) for parts in zip(*batch, strict=True))
        logits = model(values, mask)
        return cross_entropy(logits, labels, self.weights, ignore_index=-1) + dice_loss(logits, labels)

    def validate(self, model: HOTModel) -> Numbers:
        """Mean Dice of both parts on the validation subjects."""
        return self.measure(model, "validation")

    def measure(self, model: HOTModel, part: Part) -> Numbers:
        """Mean Dice of each part over the subjects; `score` is the mean of the two."""
        scores = [both_dice(answer(model, scan.values), scan.labels) for scan in self._part(part)]
        anterior, posterior = np.mean(scores, axis=0)
        return {"score": float(anterior + posterior) / 2, "anterior": float(anterior), "posterior": float(posterior)}

    def examples(self, part: Part, most: int) -> Iterator[Example]:
        """Whole crops, undisturbed."""
        scans = self._part(part)
        for place in evenly(len(scans), most):
            values = torch.from_numpy(scans[place].values)
            yield Example(values, torch.ones_like(values, dtype=torch.bool))

    def finish(self, model: HOTModel) -> None:
        """Nothing to calibrate."""

    def evaluate(self, model: HOTModel) -> Evaluation:
        """Dice and volumes on the held-out subjects and on what the page may be given instead."""
        predicted = [answer(model, scan.values) for scan in self.test]
        scores = np.array([both_dice(p, scan.labels) for p, scan in zip(predicted, self.test, strict=True)])
        mirrored = np.array([both_dice(answer(model, scan.values[::-1]), scan.labels[::-1]) for scan in self.test])
        shape = mean_shape([scan.labels for scan in self.train])
        naive = np.array([both_dice(of_mean_shape(shape, s.labels.shape), s.labels) for s in self.test])
        found, count = volumes(predicted, self.test), len(self.test)
        rows = (dice_row("this model", scores), dice_row("this model, mirrored crops", mirrored),
                dice_row("mean shape", naive))  # fmt: skip
        numbers = {"dice": scores.mean(), "mirrored dice": mirrored.mean()}
        for i, part in enumerate(CLASSES[1:]):
            low, high = over_subjects(scores[:, i])
            numbers |= {f"dice {part}": scores[:, i].mean(), f"dice {part} low": low, f"dice {part} high": high,
                        f"volume bias {part}": found[i].bias, f"volume error {part}": found[i].absolute,
                        f"relative volume error {part}": found[i].relative}  # fmt: skip
        return Evaluation(
            scores=numbers, yardsticks={"mean shape dice": naive.mean()},
            tables=(Table(f"Dice, mean over {count} held-out subjects", ("method", *DICE_COLUMNS), rows),
                    volume_table(found, count), crop_table(model, self.test), spacing_table(model, self.test),
                    hidden_table(model, self.test), template_table(model), nowhere_table(model)),
            remarks=REMARKS, pictures=failures(predicted, self.test, scores, naive),
        )  # fmt: skip

    def _part(self, part: Part) -> list[Scan]:
        return {"train": self.train, "validation": self.validation, "test": self.test}[part]


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


def _load(folder: Path, name: str) -> Scan:
    image = nib.as_closest_canonical(nib.load(folder / "images" / name))
    labels = nib.as_closest_canonical(nib.load(folder / "labels" / name))
    raw = image.get_fdata(dtype=np.float32)
    classes = np.asarray(labels.dataobj).astype(np.int64)
    return Scan(percentile_scale(raw), classes, raw, image.affine, name.removesuffix(".nii.gz"))


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
