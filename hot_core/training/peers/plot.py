"""Score against multiply–adds, one point with its scatter for each kind, as an SVG for the page of results."""

from __future__ import annotations

import importlib.util
import io
import statistics
from collections.abc import Mapping
from typing import Any

from hot_core.errors import ModelError
from hot_core.figures.style import ACCENT, INK, QUERY
from hot_core.training.peers.findings import numbers
from hot_core.training.peers.kinds import KINDS, REFERENCE
from hot_core.training.peers.pace import Paces
from hot_core.training.peers.paired import deviation
from hot_core.training.peers.scores import TASKS
from hot_core.training.peers.store import Result

MARKERS = "oDs^vP<>XhpdH*"
MODE_WISE = ("sum", "linear-factors")


def require_matplotlib() -> None:
    """Ask for it before hours of training and not behind the first run.

    Raises:
        ModelError: when matplotlib is not installed.
    """
    if importlib.util.find_spec("matplotlib") is None:
        raise ModelError("The plot of scores needs matplotlib, which is not installed. Install requirements-dev.txt.")


def score_against_macs(dataset: str, found: Mapping[str, dict[int, Result]], paces: Paces) -> str:
    """Draw every kind that has been run, other heads left out: mean over seeds, standard deviation as a bar, log MACs.

    Args:
        dataset: which.
        found: its results, kind → seed → result.
        paces: its costs.

    Returns:
        The SVG as text, the same for the same numbers.

    Raises:
        ModelError: when matplotlib is not installed.
    """
    require_matplotlib()
    import matplotlib as mpl
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    buffer = io.StringIO()
    # Text stays text, and ids come from a fixed salt: the same numbers give the same file.
    with mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": "peers", "font.family": "sans-serif"}):
        figure = Figure(figsize=(8, 4.2), layout="constrained", facecolor="white")
        axes = figure.subplots()
        _draw(axes, dataset, found, paces)
        _plain_ticks(axes)
        FigureCanvasSVG(figure).print_svg(buffer, metadata={"Date": None})
    return "\n".join(line.rstrip() for line in buffer.getvalue().splitlines()) + "\n"


def _draw(axes: Any, dataset: str, found: Mapping[str, dict[int, Result]], paces: Paces) -> None:
    task = TASKS[dataset]
    for kind, marker in zip(KINDS[dataset], MARKERS, strict=False):
        values = list(numbers(task, found.get(kind.name, {})).values())
        if not values or kind.heads:
            # Other numbers of heads have the same multiply–adds: they would hide each other.
            continue
        own = kind.name == REFERENCE
        colour = QUERY if own else ACCENT if kind.name in MODE_WISE else INK
        axes.errorbar(
            paces.kinds[kind.name].macs / 1e6, statistics.fmean(values), deviation(values) or 0.0,
            fmt=marker, color=colour, capsize=3, markersize=8 if own else 6, label=kind.title,
        )  # fmt: skip
    axes.set_xscale("log")
    axes.set_xlabel("multiply–adds of one inference, millions")
    axes.set_ylabel(f"{task.main_title} ({'lower' if task.lower else 'higher'} is better)")
    axes.grid(alpha=0.25)
    axes.legend(
        loc="center left", bbox_to_anchor=(1.01, 0.5), fontsize=8, frameon=False, title_fontsize=8,
        title="mean and standard\ndeviation over the seeds",
    )  # fmt: skip


def _plain_ticks(axes: Any) -> None:
    """Numbers and not powers of ten: every decade, or every first digit where there is less than one."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    low, high = axes.get_xlim()
    axes.xaxis.set_major_locator(LogLocator(subs=(1.0,) if high > 10 * low else tuple(range(1, 10))))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,g}"))
    axes.xaxis.set_minor_formatter(NullFormatter())
