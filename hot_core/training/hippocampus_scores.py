"""What the held-out subjects say about `hippocampus`: overlap, volumes, other crops, hidden tokens, the worst two."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch

from hot_core.models import HOTModel
from hot_core.training.agreement import Agreement, agreement
from hot_core.training.metrics import bootstrap, dice
from hot_core.training.pictures import volume_case
from hot_core.training.recipe import Picture, Table
from hot_core.training.volumes import interval, share_hidden

CLASSES = ("background", "anterior", "posterior")
HIDDEN = (0.1, 0.3, 0.5)
DICE_COLUMNS = ("anterior", "95 % interval", "posterior", "95 % interval of it", "both", "lowest")


class Scan(NamedTuple):
    """One subject.

    Attributes:
        values: float32 (x, y, z), scaled as the page scales a crop.
        labels: int64 of the same shape, 0 … 2.
        raw: the grey values of the file, RAS+.
        affine: voxel to mm, 4 × 4.
        name: of the file.
    """

    values: np.ndarray
    labels: np.ndarray
    raw: np.ndarray
    affine: np.ndarray
    name: str

    @property
    def zooms(self) -> tuple[float, ...]:
        """Sides of a voxel in mm."""
        return tuple(float(side) for side in np.linalg.norm(self.affine[:3, :3], axis=0))


@torch.no_grad()
def answer(model: HOTModel, values: np.ndarray, hidden: np.ndarray | None = None) -> np.ndarray:
    """The class of every voxel of a scaled crop, of hidden ones too.

    Args:
        model: in evaluation mode.
        values: (x, y, z).
        hidden: bool of the same shape, True where hidden; None hides nothing.

    Returns:
        int64 (x, y, z).
    """
    given = torch.from_numpy(np.ascontiguousarray(values))[None]
    mask = torch.ones_like(given, dtype=torch.bool) if hidden is None else ~torch.from_numpy(hidden)[None]
    return model(given * mask, mask)[0].argmax(0).numpy()


def both_dice(predicted: np.ndarray, labels: np.ndarray) -> tuple[float, float]:
    """Dice of anterior and posterior."""
    return dice(predicted, labels, 1), dice(predicted, labels, 2)


def dice_row(name: str, scores: np.ndarray) -> tuple[str | float, ...]:
    """Mean Dice of each part over subjects with bootstrap intervals, of both together, and the lowest of all.

    Args:
        name: heads the row.
        scores: (subject, part).

    Returns:
        Cells under a first column and `DICE_COLUMNS`.
    """
    cells: list[str | float] = [name]
    for part in scores.T:
        cells += [float(part.mean()), interval(*over_subjects(part))]
    return (*cells, float(scores.mean()), float(scores.min()))


def over_subjects(scores: np.ndarray) -> tuple[float, float]:
    """95 % bootstrap interval of a mean over subjects."""
    return bootstrap(lambda drawn: float(scores[drawn].mean()), np.zeros(len(scores)))


def hidden_table(model: HOTModel, scans: list[Scan]) -> Table:
    """Dice over whole crops, hidden voxels included, when a share of the tokens is hidden at random."""
    rows = []
    for share in HIDDEN:
        rng = np.random.default_rng(0)
        hidden = [share_hidden(scan.values.shape, model.config.patch, share, rng) for scan in scans]
        scores = [both_dice(answer(model, s.values, h), s.labels) for s, h in zip(scans, hidden, strict=True)]
        rows.append(dice_row(f"{share:.0%} of the tokens hidden", np.array(scores)))
    title = f"The same {len(scans)} subjects with tokens hidden at random, hidden voxels scored too"
    return Table(title, ("input", *DICE_COLUMNS), tuple(rows))


def volumes(predicted: list[np.ndarray], scans: list[Scan]) -> tuple[Agreement, Agreement]:
    """Predicted against the expert's mm³ of anterior and posterior; the voxel's size is the header's."""
    voxel = np.array([abs(np.linalg.det(scan.affine[:3, :3])) for scan in scans])
    found = []
    for part in (1, 2):
        measured = np.array([(labels == part).sum() for labels in predicted]) * voxel
        found.append(agreement(measured, np.array([(scan.labels == part).sum() for scan in scans]) * voxel))
    return found[0], found[1]


def volume_table(found: tuple[Agreement, Agreement], count: int) -> Table:
    """The agreement as the card prints it."""
    rows = []
    for name, one in zip(CLASSES[1:], found, strict=True):
        correlation = "–" if np.isnan(one.correlation) else f"{one.correlation:.3f}"
        rows.append(
            (name, f"{one.mean:,.0f}", f"{one.bias:+,.0f}", interval(one.bias_low, one.bias_high, 0),
             f"{one.absolute:,.0f}", f"{one.relative:.1%}", interval(one.low, one.high, 0), correlation)
        )  # fmt: skip
    columns = ("mm³", "expert, mean", "bias", "95 % interval of it", "mean absolute error", "relative to the expert's",
               "limits of agreement", "correlation")  # fmt: skip
    return Table(f"Predicted volumes against the expert's, {count} held-out subjects", columns, tuple(rows))


def mean_shape(labels: list[np.ndarray]) -> np.ndarray:
    """Frequency of every class at every place of a 64³ grid, crops centred in it."""
    counts = np.zeros((len(CLASSES), 64, 64, 64))
    for one in labels:
        counts[(slice(None), *_centred(one.shape))] += one == np.arange(len(CLASSES))[:, None, None, None]
    return counts


def of_mean_shape(counts: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """The most frequent class at every place of a crop."""
    return counts[(slice(None), *_centred(shape))].argmax(0)


def _centred(shape: tuple[int, ...]) -> tuple[slice, ...]:
    return tuple(slice((64 - side) // 2, (64 - side) // 2 + side) for side in shape)


def failures(
    predicted: list[np.ndarray], scans: list[Scan], scores: np.ndarray, naive: np.ndarray
) -> tuple[Picture, ...]:
    """The two subjects with the lowest mean Dice, with what was measured about each.

    Args:
        predicted: classes of each subject.
        scans: the subjects.
        scores: Dice (subject, part).
        naive: Dice of the mean shape (subject, part): low where a shape or its place is unusual.

    Returns:
        Two pictures, the worst first.
    """
    sizes = np.array([float((scan.labels > 0).sum()) * float(np.prod(scan.zooms)) for scan in scans])
    made = []
    for place, case in enumerate(scores.mean(1).argsort()[:2], start=1):
        scan, (front, back) = scans[case], scores[case]
        title = f"{scan.name}: Dice {front:.3f} anterior, {back:.3f} posterior"
        caption = (
            f"Test subject {title}. {error_note(predicted[case], scan)} The expert's hippocampus has "
            f"{sizes[case]:,.0f} mm³, smaller than {(sizes > sizes[case]).sum()} of the other {len(scans) - 1}; the "
            f"mean shape reaches {naive[case].mean():.3f} on it ({naive.mean():.3f} on average): the lower, the more "
            "unusual."
        )
        png = volume_case(scan.values, scan.labels, predicted[case], CLASSES, title, step=scan.zooms)
        made.append(Picture(f"worst-{place}", caption, png))
    return tuple(made)


def error_note(predicted: np.ndarray, scan: Scan) -> str:
    """Of what kind the wrong voxels are, and how bright: missed, too much, or one part taken for the other.

    Args:
        predicted: classes (x, y, z).
        scan: the subject.

    Returns:
        Two sentences.
    """
    voxel, truth = float(np.prod(scan.zooms)), scan.labels
    missed, outside = (truth > 0) & (predicted == 0), (truth == 0) & (predicted > 0)
    kinds = {
        "missed": missed,
        "drawn outside": outside,
        "of one part taken for the other": (truth > 0) & (predicted > 0) & (truth != predicted),
    }
    sizes = {kind: float(wrong.sum()) * voxel for kind, wrong in kinds.items()}
    told = ", ".join(f"{size:,.0f} mm³ {kind}" for kind, size in sizes.items())
    places = {"found": (truth > 0) & (predicted > 0), "missed": missed, "drawn outside": outside}
    grey = ", ".join(f"{scan.values[where].mean():.2f} {name}" for name, where in places.items() if where.any())
    return (
        f"Wrong are {told}: mostly {max(sizes, key=lambda kind: sizes[kind])}. "
        f"Mean grey value (0 to 1 between the crop's 1st and 99th percentile): {grey}."
    )
