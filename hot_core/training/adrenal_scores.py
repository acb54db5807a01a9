"""What the test part says about `adrenal`: with tokens hidden, as probabilities, and where it fails most."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch

from hot_core.models import HOTModel
from hot_core.training.calibration import brier, calibration_error, reliability_bins
from hot_core.training.metrics import auc, bootstrap
from hot_core.training.pictures import reliability, shape_case
from hot_core.training.recipe import Picture, Table
from hot_core.training.shapes import depth
from hot_core.training.volumes import evenly, interval, share_hidden

HIDDEN = (0.1, 0.3, 0.5)
COMPARED = 100
"""Learnt shapes of each class whose thickness a failure is compared with."""


class Cases(NamedTuple):
    """Binary shapes, uint8 (case, x, y, z), and their classes (0 normal, 1 mass)."""

    shapes: np.ndarray
    labels: np.ndarray


@torch.no_grad()
def logits_of(model: HOTModel, shapes: np.ndarray, hidden: np.ndarray | None = None, size: int = 16) -> np.ndarray:
    """What the model says of shapes.

    Args:
        model: in evaluation mode.
        shapes: (case, x, y, z), 0 or 1.
        hidden: bool of the same shape, True where a voxel is hidden; None hides nothing.
        size: shapes in one batch.

    Returns:
        float64 (case, class).
    """
    parts = []
    for start in range(0, len(shapes), size):
        values = torch.from_numpy(shapes[start : start + size]).float()
        mask = torch.ones_like(values, dtype=torch.bool)
        if hidden is not None:
            mask &= ~torch.from_numpy(hidden[start : start + size])
        parts.append(model(values * mask, mask))
    return torch.cat(parts).double().numpy()


def mass_score(logits: np.ndarray) -> np.ndarray:
    """The logit of a mass, one number per case."""
    return logits[:, 1] - logits[:, 0]


def share_of(score: np.ndarray) -> np.ndarray:
    """The probability that a logit stands for."""
    return 1 / (1 + np.exp(-score))


def auc_row(name: str, score: np.ndarray, labels: np.ndarray, cut: float | None = None) -> tuple[str | float, ...]:
    """One row of a table: name, AUC, its interval, and the accuracy above `cut` where one is given."""
    mass = labels == 1
    low, high = bootstrap(lambda drawn: auc(score[drawn], mass[drawn]), labels)
    accuracy = "–" if cut is None else float(((score > cut) == mass).mean())
    return name, auc(score, mass), interval(low, high), accuracy


def auc_lead(score: np.ndarray, other: np.ndarray, labels: np.ndarray) -> tuple[float, float, float]:
    """How far the AUC lies above that of another method, with its 95 % interval over the same drawn cases.

    Args:
        score: one number per case, higher means more like a mass.
        other: those of the other method.
        labels: 0 or 1 of each case.

    Returns:
        The difference, its 2.5th and its 97.5th percentile.
    """
    mass = labels == 1

    def lead(drawn: np.ndarray) -> float:
        return auc(score[drawn], mass[drawn]) - auc(other[drawn], mass[drawn])

    return lead(np.arange(len(labels))), *bootstrap(lead, labels)


def hidden_table(model: HOTModel, cases: Cases) -> Table:
    """AUC and accuracy when a share of the tokens is hidden at random, from every shape a different one."""
    rows = []
    for share in HIDDEN:
        rng = np.random.default_rng(0)
        hidden = np.stack([share_hidden(s.shape, model.config.patch, share, rng) for s in cases.shapes])
        score = mass_score(logits_of(model, cases.shapes, hidden))
        rows.append(auc_row(f"{share:.0%} of the tokens hidden", score, cases.labels, 0.0))
    title = f"The same {len(cases.labels)} shapes with tokens hidden at random"
    return Table(title, ("input", "AUC", "95 % interval", "accuracy"), tuple(rows))


def calibration_table(share: np.ndarray, forest: np.ndarray, cases: Cases, prior: float) -> Table:
    """Brier score and calibration error beside two constants.

    Args:
        share: the model's probabilities of a mass.
        forest: the forest's.
        cases: the test part.
        prior: the share of masses where the model was chosen.

    Returns:
        The table, every number with its bootstrap interval.
    """
    mass = cases.labels == 1
    rows = []
    for name, given in (
        ("this model", share),
        ("random forest", forest),
        (f"always {prior:.3f}, the share of masses in the choosing cases", np.full(len(mass), prior)),
        ("always normal", np.zeros(len(mass))),
    ):
        cells: list[str | float] = [name]
        for measure in (brier, calibration_error):
            low, high = bootstrap(lambda drawn, m=measure, g=given: m(g[drawn], mass[drawn]), cases.labels)  # type: ignore[misc]
            cells += [measure(given, mass), interval(low, high)]
        rows.append(tuple(cells))
    columns = ("probabilities", "Brier score", "95 % interval", "calibration error", "95 % interval of it")
    return Table("How far the probabilities hold, lower is better", columns, tuple(rows))


def pictures_of(share: np.ndarray, cases: Cases, learnt: Cases) -> tuple[Picture, ...]:
    """The reliability curve, the mass that was missed most and the normal gland that was called a mass most.

    Args:
        share: the model's probabilities of a mass.
        cases: the test part.
        learnt: what thickness is compared with.

    Returns:
        Three pictures with their captions.
    """
    mass = cases.labels == 1
    bins = reliability_bins(share, mass)
    missed = int(np.where(mass, share, np.inf).argmin())
    alarm = int(np.where(mass, -np.inf, share).argmax())
    return (
        Picture("reliability", f"How often a test shape was a mass, against the probability given ({len(mass)} "
                "shapes in ten equal bins; on the dotted line the probabilities hold).",
                reliability(bins, "Probability of a mass"), "calibration"),
        _failure("missed-mass", missed, "The mass that was missed most", share, cases, learnt),
        _failure("false-alarm", alarm, "The normal gland that was called a mass most", share, cases, learnt),
    )  # fmt: skip


def _failure(name: str, case: int, words: str, share: np.ndarray, cases: Cases, learnt: Cases) -> Picture:
    shape = cases.shapes[case]
    caption = f"{words} (test shape {case}): probability of a mass {share[case]:.3f}. {thickness_note(shape, learnt)}"
    return Picture(name, caption, shape_case(shape, f"{words}, probability {share[case]:.3f}"))


def thickness_note(shape: np.ndarray, learnt: Cases) -> str:
    """How thick and how large a shape is beside those that were learnt, and which class that speaks for.

    Args:
        shape: (x, y, z), 0 or 1.
        learnt: shapes and classes; up to 100 of each class are compared.

    Returns:
        Two sentences.
    """
    own = float(depth(shape[None])[0])
    below, middle = [], []
    for label in (0, 1):
        places = np.flatnonzero(learnt.labels == label)
        others = depth(learnt.shapes[places[evenly(len(places), COMPARED)]])
        below.append(float((others < own).mean()))
        middle.append(float(np.median(others)))
    nearer = "a normal gland" if abs(own - middle[0]) < abs(own - middle[1]) else "one with a mass"
    return (
        f"Mean depth {own:.2f} voxels, more than {below[0]:.0%} of the normal glands and {below[1]:.0%} of those with "
        f"a mass among the learnt shapes (medians {middle[0]:.2f} and {middle[1]:.2f}); {int(shape.sum()):,} voxels. "
        f"By thickness alone it is nearer to {nearer}."
    )
