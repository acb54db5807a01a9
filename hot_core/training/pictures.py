"""The pictures of the cards, drawn with matplotlib: what failed, how probabilities hold, how the training went.

Every function gives the bytes of a PNG, 800 pixels wide and at most 80 kB, in the colours of the page. matplotlib is
needed for training alone and is imported when something is drawn.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from hot_core.figures.style import ACCENT, INK, MUTED, QUERY, class_colours
from hot_core.training.canvas import legend, panels_of, png
from hot_core.training.recipe import Numbers

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def volume_case(
    values: np.ndarray, truth: np.ndarray, predicted: np.ndarray, classes: tuple[str, ...], title: str, *,
    step: Sequence[float] = (1.0, 1.0, 1.0), unit: str = "mm",
) -> bytes:  # fmt: skip
    """Three planes through the worst place, the classes of truth and prediction outlined.

    The worst place is the voxel with the most wrong voxels around it (a cube of five), see `worst_place`.

    Args:
        values: what the model saw (x, y, z).
        truth: classes of the same shape, -1 where unknown.
        predicted: classes of the same shape.
        classes: their names; class 0 is the background and is not outlined.
        title: above the picture.
        step: size of a voxel along x, y, z.
        unit: of `step`.

    Returns:
        A PNG.
    """
    place = worst_place(truth, predicted)
    colours = class_colours(("background", *classes[1:]))
    low, high = np.percentile(values, (1, 99))
    figure, panels = panels_of(350, 3)
    for panel, across, name in zip(panels, (2, 1, 0), "zyx", strict=True):
        first, second = (axis for axis in range(3) if axis != across)
        grey, real, guess = (array.take(place[across], across).T for array in (values, truth, predicted))
        ends = (0.0, grey.shape[1] * step[first], 0.0, grey.shape[0] * step[second])
        panel.imshow(grey, cmap="gray", vmin=low, vmax=high, origin="lower", extent=ends, interpolation="nearest")
        for index, label in enumerate(classes[1:], start=1):
            _outline(panel, real == index, ends, colours[label] or INK, "solid")
            _outline(panel, guess == index, ends, colours[label] or INK, (0, (2.2, 1.4)))
        panel.set_title(f"{name} = {(place[across] + 0.5) * step[across]:.3g} {unit}", fontsize=9, color=INK)
        panel.set_xlabel(f"{'xyz'[first]} ({unit})", fontsize=8, color=INK)
        panel.set_ylabel(f"{'xyz'[second]} ({unit})", fontsize=8, color=INK)
    lines = {label: {"color": colours[label]} for label in classes[1:]}
    legend(figure, lines | {"truth": {"color": INK}, "prediction": {"color": INK, "linestyle": (0, (2.2, 1.4))}})
    figure.suptitle(title, fontsize=11)
    return png(figure)


def worst_place(truth: np.ndarray, predicted: np.ndarray, side: int = 5) -> tuple[int, ...]:
    """The voxel with the most wrong voxels in the cube around it; the first of several.

    Args:
        truth: classes (x, y, z), -1 where unknown, which is never wrong.
        predicted: classes of the same shape.
        side: of the cube, odd; it is cut at the borders.

    Returns:
        Its index.
    """
    wrong = ((truth != predicted) & (truth >= 0)).astype(np.int64)
    for axis in range(wrong.ndim):
        total = np.cumsum(wrong, axis)
        total = np.insert(total, 0, 0, axis)
        size = wrong.shape[axis]
        ends = np.minimum(np.arange(size) + side // 2 + 1, size)
        starts = np.maximum(np.arange(size) - side // 2, 0)
        wrong = total.take(ends, axis) - total.take(starts, axis)
    return tuple(int(i) for i in np.unravel_index(wrong.argmax(), wrong.shape))


def _outline(panel: Axes, inside: np.ndarray, ends: tuple[float, float, float, float], colour: str, style: Any) -> None:
    if inside.any() and not inside.all():
        panel.contour(inside, [0.5], colors=[colour], linestyles=[style], linewidths=1.6, extent=ends, origin="lower")


def series_case(
    seen: np.ndarray, seen_valid: np.ndarray, truth: np.ndarray, forecast: np.ndarray, low: np.ndarray | None,
    high: np.ndarray | None, title: str, unit: str,
) -> bytes:  # fmt: skip
    """One series: the lookback with its gaps, then truth and forecast with the interval.

    Args:
        seen: the lookback.
        seen_valid: bool, where it was measured; gaps stay gaps.
        truth: the horizon as measured, NaN where missing.
        forecast: as foretold.
        low: lower end of the interval at each step, or None.
        high: upper end, or None.
        title: above the picture.
        unit: of the values.

    Returns:
        A PNG.
    """
    figure, (panel,) = panels_of(330)
    before, after = np.arange(1 - len(seen), 1), np.arange(1, len(forecast) + 1)
    panel.plot(before, np.where(seen_valid, seen, np.nan), color=INK, label="seen")
    panel.plot(after, truth, color="black", label="what came")
    panel.plot(after, forecast, color=QUERY, label="forecast")
    if low is not None and high is not None:
        panel.fill_between(after, low, high, color=QUERY, alpha=0.25, linewidth=0, label="interval")
    panel.axvline(0.5, color=MUTED, linestyle="dotted")
    panel.set_xlim(before[0], after[-1])
    panel.set_xlabel("steps from the last one seen", fontsize=9, color=INK)
    panel.set_ylabel(unit, fontsize=9, color=INK)
    panel.legend(fontsize=9, frameon=False, loc="upper left")
    panel.set_title(title, fontsize=11)
    return png(figure)


def map_case(
    composite: np.ndarray, truth: np.ndarray, predicted: np.ndarray, classes: tuple[str, ...], title: str
) -> bytes:
    """A scene as it looks, as it is labelled and as it is predicted.

    Args:
        composite: RGB from 0 to 1 (row, column, 3).
        truth: classes (row, column), -1 where unknown: white.
        predicted: classes (row, column), -1 where there are none.
        classes: their names.
        title: above the picture.

    Returns:
        A PNG.
    """
    from matplotlib.colors import to_rgb

    colours = class_colours(classes)
    palette = np.array([*(to_rgb(colours[name] or "#000000") for name in classes), (1.0, 1.0, 1.0)])
    figure, panels = panels_of(350, 3)
    pictures = {"as it looks": np.clip(composite, 0, 1), "labels": palette[truth], "prediction": palette[predicted]}
    for panel, (name, picture) in zip(panels, pictures.items(), strict=True):
        panel.imshow(picture, interpolation="nearest")
        panel.set_title(name, fontsize=9, color=INK)
    panels[0].set_xlabel("column", fontsize=8, color=INK)
    panels[0].set_ylabel("row", fontsize=8, color=INK)
    look = {name: {"color": colours[name], "linewidth": 6} for name in classes}
    legend(figure, look | {"unlabelled: white": {"color": "none"}})
    figure.suptitle(title, fontsize=11)
    return png(figure)


def shape_case(shape: np.ndarray, title: str) -> bytes:
    """A binary shape from three sides, each pixel as dark as the shape is deep there.

    Args:
        shape: (x, y, z), 0 or 1.
        title: above the picture.

    Returns:
        A PNG.
    """
    figure, panels = panels_of(330, 3)
    views = [(axis, shape.sum(axis, dtype=np.float64).T) for axis in (2, 1, 0)]
    deepest = max(float(view.max()) for _, view in views) or 1.0
    for panel, (across, view) in zip(panels, views, strict=True):
        first, second = (name for axis, name in enumerate("xyz") if axis != across)
        drawn = panel.imshow(view, cmap="Greys", vmin=0, vmax=deepest, origin="lower", interpolation="nearest")
        panel.set_title(f"along {'xyz'[across]}", fontsize=9, color=INK)
        panel.set_xlabel(f"{first} (voxels)", fontsize=8, color=INK)
        panel.set_ylabel(f"{second} (voxels)", fontsize=8, color=INK)
    figure.colorbar(drawn, ax=panels, label="voxels along the line of sight", shrink=0.7)
    figure.suptitle(title, fontsize=11)
    return png(figure)


def reliability(bins: Sequence[tuple[float, float, int]], title: str) -> bytes:
    """What happened against what was foretold; on the diagonal the probabilities hold.

    Args:
        bins: rows (mean probability, frequency, count); empty ones are left out.
        title: above the picture.

    Returns:
        A PNG.
    """
    filled = [row for row in bins if row[2] > 0]
    figure, (curve, counts) = panels_of(360, 2, (2.0, 1.0))
    curve.plot([0, 1], [0, 1], color=MUTED, linestyle="dotted")
    curve.plot([row[0] for row in filled], [row[1] for row in filled], color=ACCENT, marker="o")
    curve.set(xlim=(0, 1), ylim=(0, 1), xlabel="probability given", ylabel="how often it was so")
    curve.set_title(title, fontsize=11)
    counts.barh([row[0] for row in filled], [row[2] for row in filled], height=0.06, color=ACCENT)
    for given, _, count in filled:
        counts.annotate(f" {count:,}", (count, given), va="center", fontsize=8, color=INK)
    counts.set(ylim=(0, 1), xlabel="cases", ylabel="probability given")
    counts.margins(x=0.25)
    return png(figure)


def training_curve(curve: Sequence[Numbers], score_name: str) -> bytes:
    """Loss and validation score over the steps; the step whose weights were kept is marked.

    Args:
        curve: lines with `step`, `loss` and `score`, as the log has them.
        score_name: what the validation score is.

    Returns:
        A PNG.
    """
    figure, (loss, score) = panels_of(320, 2)
    steps = [line["step"] for line in curve]
    for panel, name, label in ((loss, "loss", "training loss"), (score, "score", score_name)):
        panel.plot(steps, [line[name] for line in curve], color=ACCENT, marker=".")
        panel.set_xlabel("step", fontsize=9, color=INK)
        panel.set_title(label, fontsize=10)
    if curve:
        best = max(curve, key=lambda line: line["score"])
        score.plot([best["step"]], [best["score"]], "o", color=QUERY, label=f"kept: step {best['step']:,}")
        score.legend(fontsize=9, frameon=False)
    return png(figure)
