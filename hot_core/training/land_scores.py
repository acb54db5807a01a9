"""What the test blocks say about `land-cover`: methods beside each other, with intervals over blocks."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

import numpy as np
import torch

from hot_core.models import HOTModel
from hot_core.training.metrics import bootstrap, confusion, f1_scores
from hot_core.training.recipe import Table
from hot_core.training.scenes import BLOCK, CLASSES, ROLES, Scene
from hot_core.training.volumes import interval, share_hidden

ALL = tuple(range(len(ROLES)))
SUBSETS = {
    "red, green and blue only": (0, 1, 2),
    "red and NIR only": (2, 3),
    "without SWIR1 and SWIR2": (0, 1, 2, 3),
}
HIDDEN = (0.1, 0.3, 0.5)
PAGE, PAGE_STRIDE = 256, 192
"""Side of the windows that the page takes of a scene, and from one to the next."""


class Sight(NamedTuple):
    """How a scene is shown to the model.

    Attributes:
        window: side of the windows in pixels.
        stride: from one window to the next.
        bands: indices of the bands that are given.
        hidden: share of the tokens that are hidden at random.
    """

    window: int = PAGE
    stride: int = PAGE_STRIDE
    bands: tuple[int, ...] = ALL
    hidden: float = 0.0


@torch.no_grad()
def classify(model: HOTModel, scene: Scene, part: int, sight: Sight = Sight()) -> np.ndarray:  # noqa: B008
    """Classify the windows of a scene that hold labels of a part, averaging the probabilities where they overlap.

    Args:
        model: the model.
        scene: the scene.
        part: windows without a labelled pixel of this part are left out (their class is 0).
        sight: windows, bands, hidden tokens; which ones are hidden is drawn from the seed 0, the same for any model.

    Returns:
        Classes (row, column).
    """
    shape = scene.labels.shape
    total = np.zeros((len(CLASSES), *shape), np.float32)
    wanted = scene.labels_of(part) >= 0
    there = scene.valid[..., sight.bands]
    if sight.hidden:
        rng = np.random.default_rng(0)
        there = there & ~share_hidden(there.shape, model.config.patch, sight.hidden, rng)
    roles = [ROLES[band] for band in sight.bands]
    for row in offsets(shape[0], sight.window, sight.stride):
        for column in offsets(shape[1], sight.window, sight.stride):
            box = (slice(row, row + sight.window), slice(column, column + sight.window))
            if wanted[box].any():
                valid = torch.from_numpy(np.ascontiguousarray(there[box]))[None]
                values = torch.from_numpy(np.ascontiguousarray(scene.values[box][..., sight.bands]))[None]
                values = torch.where(valid, values, 0.0)
                total[(slice(None), *box)] += model(values, valid, roles=roles)[0].softmax(0).numpy()
    return total.argmax(0)


def offsets(size: int, window: int, stride: int) -> list[int]:
    """Starts of windows that cover the whole side; the last one ends at the end."""
    last = max(size - window, 0)
    return sorted({*range(0, last, stride), last})


def counts_by_block(predicted: np.ndarray, truth: np.ndarray, block: int = BLOCK) -> np.ndarray:
    """A confusion matrix of every block that holds a label.

    Args:
        predicted: classes (row, column).
        truth: classes of the same shape, -1 where nothing is asked.
        block: side of a block in pixels.

    Returns:
        int (block, truth, predicted); blocks without a label are left out.
    """
    found = []
    for row in range(0, truth.shape[0], block):
        for column in range(0, truth.shape[1], block):
            box = (slice(row, row + block), slice(column, column + block))
            keep = truth[box] >= 0
            if keep.any():
                found.append(confusion(predicted[box][keep], truth[box][keep], len(CLASSES)))
    return np.stack(found)


def macro_f1(counts: np.ndarray) -> float:
    """The mean of the classes' F1 from confusion matrices (block, truth, predicted), summed over the blocks."""
    return float(f1_scores(counts.sum(0)).mean())


def over_blocks(counts: np.ndarray) -> tuple[float, float]:
    """95 % interval of macro-F1 when whole blocks are drawn again."""
    return bootstrap(lambda drawn: macro_f1(counts[drawn]), np.zeros(len(counts)))


def lead_over(counts: np.ndarray, other: np.ndarray) -> tuple[float, float, float]:
    """How far macro-F1 lies above that of another method, with its 95 % interval over the same drawn blocks.

    Args:
        counts: confusion matrices (block, truth, predicted).
        other: those of the other method, of the same blocks.

    Returns:
        The difference, its 2.5th and its 97.5th percentile.
    """
    low, high = bootstrap(lambda drawn: macro_f1(counts[drawn]) - macro_f1(other[drawn]), np.zeros(len(counts)))
    return macro_f1(counts) - macro_f1(other), low, high


def lead_words(name: str, lead: float, low: float, high: float) -> str:
    """A lead as a sentence that says so when the interval cannot tell which is better."""
    told = "" if low > 0 or high < 0 else ": not told apart"
    return (
        f"The model's macro-F1 less that of the {name} is {lead:+.3f} (95 % interval {low:+.3f} to {high:+.3f}){told}."
    )


def method_row(name: str, counts: np.ndarray) -> tuple[str | float, ...]:
    """One row of a table: name, macro-F1, its interval, accuracy, F1 of every class."""
    total = counts.sum(0)
    low, high = over_blocks(counts)
    accuracy = float(np.trace(total) / total.sum())
    return name, macro_f1(counts), interval(low, high), accuracy, *(float(f) for f in f1_scores(total))


COLUMNS = ("method", "macro-F1", "95 % interval", "accuracy", *CLASSES)


@contextmanager
def without_attention(model: HOTModel, layers: tuple[int, ...]) -> Iterator[HOTModel]:
    """The model with the attention of some layers giving 0, so that their tokens learn nothing from each other.

    Args:
        model: it is as it was afterwards.
        layers: indices of the layers.

    Yields:
        The model.
    """
    parts = dict(model.trunk.named_modules())
    hooks = [parts[f"blocks.{layer}.attention"].register_forward_hook(lambda module, given, out: torch.zeros_like(out))
             for layer in layers]  # fmt: skip
    try:
        yield model
    finally:
        for hook in hooks:
            hook.remove()


def confusion_words(counts: np.ndarray, most: int = 3) -> str:
    """The largest confusions of a scene as one sentence, by their share of the pixels labelled so.

    Args:
        counts: confusion matrices (block, truth, predicted).
        most: how many are told.

    Returns:
        The sentence.
    """
    total = counts.sum(0)
    share = total / np.maximum(total.sum(1, keepdims=True), 1)
    wrong = sorted(((share[t, p], t, p) for t, p in zip(*np.nonzero(~np.eye(len(CLASSES), dtype=bool)), strict=True)),
                   reverse=True)[:most]  # fmt: skip
    told = "; ".join(f"{part:.0%} of the pixels labelled {CLASSES[t]} are called {CLASSES[p]}" for part, t, p in wrong)
    return f"Confused most: {told}."


def hidden_words(share: float) -> str:
    """How a table names a share of hidden tokens."""
    return f"{share:.0%} of the tokens hidden"


def parts_table(model: HOTModel, scene: Scene, part: int) -> tuple[Table, dict[str, float]]:
    """What is lost when the model is given less: fewer bands, hidden tokens, layers without attention.

    Args:
        model: in evaluation mode.
        scene: the scene.
        part: which part's labels are asked.

    Returns:
        The table and macro-F1 by the name of its row.
    """
    truth = scene.labels_of(part)

    def row(name: str, sight: Sight = Sight()) -> tuple[str | float, ...]:  # noqa: B008
        return method_row(name, counts_by_block(classify(model, scene, part, sight), truth))

    rows = [row("everything")]
    rows += [row(name, Sight(bands=bands)) for name, bands in SUBSETS.items()]
    rows += [row(hidden_words(share), Sight(hidden=share)) for share in HIDDEN]
    every = tuple(range(model.config.layers))
    for layers in (*((layer,) for layer in every), every):
        words = "all layers" if layers == every else f"layer {layers[0] + 1}"
        with without_attention(model, layers):
            rows.append(row(f"attention of {words} switched off"))
    title = f"{scene.name}, windows of {PAGE} pixels: what is lost with less"
    return Table(title, ("given", *COLUMNS[1:]), tuple(rows)), {str(r[0]): float(r[1]) for r in rows}
