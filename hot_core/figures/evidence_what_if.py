"""What a prediction was before a part of the input was hidden, and what it is after: a table, words and lines."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import xarray as xr

from hot_core.analysis.words import number
from hot_core.evidence.what_if import Change, WhatIf
from hot_core.figures.axes import native_edges, plain
from hot_core.figures.names import safe
from hot_core.figures.planes import PLANES
from hot_core.figures.series_lines import NO_UNIT, Shown, unit_of
from hot_core.figures.style import ACCENT, INK, MUTED, Part, assemble, frame, margins, title
from hot_core.modes import TokenGrid
from hot_core.transforms import Box, Forecast, Segmentation

NOTHING = "–"
HIDDEN = "rgba(152,163,179,0.28)"


def change_table(found: WhatIf) -> pd.DataFrame:
    """Every number before, after, and their difference, with units.

    Returns:
        One row for each class, or for each series with its mean forecast, its largest change at one step and its mean
        absolute errors; texts, "–" where there is no number.
    """
    changes = found.changes()
    if isinstance(found.before.prediction, Forecast):
        return pd.DataFrame([_series_row(change) for change in changes])
    unit = changes[0].unit or "%"
    scale = 1.0 if changes[0].unit else 100.0
    what = "probability" if not changes[0].unit else {"mm³": "volume", "voxels": "volume"}.get(unit, "area")
    rows = [
        {
            "class": change.name,
            f"{what} before ({unit})": said(scale * change.before, 5),
            f"{what} after ({unit})": said(scale * change.after, 5),
            f"difference ({unit if changes[0].unit else 'percentage points'})": signed(scale * change.difference),
        }
        for change in changes
    ]
    return pd.DataFrame(rows)


def _series_row(change: Change) -> Part:
    """One series in texts."""
    row = {
        "series": change.name, "unit": change.unit or NO_UNIT, "mean before": said(change.before, 4),
        "mean after": said(change.after, 4), "difference": signed(change.difference),
        "largest at one step": signed(math.nan if change.most is None else change.most),
    }  # fmt: skip
    if change.errors is not None:
        row |= {"MAE before": said(change.errors[0]), "MAE after": said(change.errors[1])}
    return row


def said(value: float, digits: int = 3) -> str:
    """A number of a table; "–" where there is none."""
    return number(value, digits) if math.isfinite(value) else NOTHING


def signed(value: float) -> str:
    """A difference with its sign; exactly none is "0"."""
    return f"+{said(value)}" if value > 0 else said(value)


def change_words(found: WhatIf, shown: Shown | None = None) -> str:
    """What hiding did to the prediction, in one or two sentences.

    Args:
        found: before and after.
        shown: forecasts: the series to speak of.

    Returns:
        "EWR · temp: the forecast of 24 steps moves by −1.2 °F on average and by −3.1 °F at most; its error (MAE) goes
        from 2.1 to 2.9 °F.", "213 of 8,424 voxels get another class (2.5 %).", or that nothing changes.
    """
    apart = found.predictions().values
    if not np.isnan(apart).all() and not apart[np.isfinite(apart)].any() and not _lost(found):
        return "Nothing changes: before and after are the same to the last bit."
    if isinstance(found.before.prediction, Forecast):
        shown = shown or Shown(0, 0)
        return _series_words(found, shown)
    places = found.places()
    if places is not None and isinstance(found.before.prediction, Segmentation):
        noun = "voxels" if found.before.sample.kind == "volume" else "pixels"
        moved, of = places
        return f"{moved:,} of {of:,} {noun} get another class ({number(100 * moved / max(of, 1))} %)."
    likely = max(found.changes(), key=lambda change: change.before)
    shares = [number(100 * share) for share in (likely.before, likely.after)]
    return (
        f"The probability of {likely.name} goes from {shares[0]} to {shares[1]} % "
        f"({signed(100 * likely.difference)} percentage points)."
    )


def _lost(found: WhatIf) -> bool:
    """Whether some series have a forecast before only."""
    return any(math.isfinite(change.before) != math.isfinite(change.after) for change in found.changes())


def _series_words(found: WhatIf, shown: Shown) -> str:
    """The sentence on one series."""
    changes = found.changes()
    change = changes[shown.entity * len(found.before.sample.modes[1]) + shown.variable]
    unit = f" {change.unit}" if change.unit else ""
    if not math.isfinite(change.after):
        why = "hidden along the whole window" if math.isfinite(change.before) else "without a value in the window"
        return f"{change.name}: no forecast, since this series is {why}."
    if change.most == 0:
        return f"{change.name}: its forecast does not change at all."
    steps = found.predictions().sizes["time"]
    words = (
        f"{change.name}: the forecast of {steps} steps moves by {signed(change.difference)}{unit} on average and by "
        f"{signed(change.most or 0.0)}{unit} at most"
    )
    if change.errors is None or not all(map(math.isfinite, change.errors)):
        return f"{words}."
    return f"{words}; its error (MAE) goes from {number(change.errors[0])} to {number(change.errors[1])}{unit}."


def forecast_figure(found: WhatIf, shown: Shown, height: int = 320) -> go.Figure:
    """One series: what the model saw, what was hidden of it, and its forecast before and after.

    Args:
        found: before and after, both forecasts.
        shown: which series.
        height: of the figure, in pixels.

    Returns:
        Lines over time; steps that were hidden from the model lie under a grey band.
    """
    before, after = found.before.prediction, found.after.prediction
    if not (isinstance(before, Forecast) and isinstance(after, Forecast)):
        return assemble([], height)
    lines: list[tuple[str, xr.DataArray | None, Part]] = [
        ("history", before.lookback, {"color": INK, "width": 1.8}),
        ("seasonal naive", before.naive, {"color": MUTED, "width": 1.6, "dash": "dot"}),
        ("observed", before.truth, {"color": INK, "width": 1.2}),
        ("forecast before", before.mean, {"color": ACCENT, "width": 2, "dash": "dash"}),
        ("forecast after", after.mean, {"color": ACCENT, "width": 3}),
    ]
    unit = safe(unit_of(before, shown))
    traces: list[Part] = [
        {"type": "scatter", "mode": "lines", "name": name, "line": line, "connectgaps": False,
         "x": shown.of(data)["time"].values, "y": shown.of(data).values.astype(np.float32),
         "hovertemplate": f"%{{x}}<br>{name} %{{y:.4g}} {unit}<extra></extra>"}
        for name, data, line in lines if data is not None
    ]  # fmt: skip
    spans = hidden_steps(found.hidden, found.after.grid, shown)
    legend = {"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom", "font": {"size": 10}, "entrywidth": 76}
    if spans:
        traces.append({
            "type": "scatter", "mode": "markers", "name": "hidden", "x": [None], "y": [None],
            "marker": {"symbol": "square", "size": 12, "color": HIDDEN},
        })  # fmt: skip
    return assemble(
        traces, height, margin=margins(62, 40, 74), showlegend=True, legend=legend,
        shapes=[_band(found.after.grid, span) for span in spans], hovermode="closest",
        xaxis={"title": title("time"), "showgrid": False, "nticks": 6},
        yaxis={"title": title(unit or NO_UNIT), "zeroline": False},
    )  # fmt: skip


def outlined(figures: Sequence[go.Figure], found: WhatIf, query: tuple[int, ...]) -> None:
    """Frame the hidden parts, fine and dotted, in pictures of fields over the data.

    Args:
        figures: as `panel_figures` draws them; the frames are added to them.
        found: before and after.
        query: volumes: the token that the planes go through; a part that a plane does not cut is not framed in it.
    """
    sample, grid = found.after.sample, found.after.grid
    edges = [native_edges(mode) for mode in sample.modes[:3]]
    shapes: list[Part] = []
    for box in found.hidden:
        if sample.kind == "series":
            shapes += _rows(box, grid, edges[2])
        elif sample.kind == "raster":
            shapes += _outline(edges[1], box[1], edges[0], box[0])
        else:
            shapes += _planes(box, edges, grid.centre_of(query))
    for figure in figures:
        figure.layout.shapes = [*figure.layout.shapes, *shapes]


def _rows(box: Box, grid: TokenGrid, times: np.ndarray) -> list[Part]:
    """A hidden part of series, one frame for each entity among the rows."""
    (e0, e1), (v0, v1), (start, stop) = box
    first, last = grid.window[2]
    start, stop, count = max(start, first), min(stop, last), len(grid.axes[1])
    if start >= stop:
        return []
    rows = [(entity * count + v0 - 0.5, entity * count + v1 - 0.5) for entity in range(e0, e1)]
    return [part for low, high in rows for part in _outline(times, (start, stop), np.array([low, high]), (0, 1))]


def _planes(box: Box, edges: Sequence[np.ndarray], at: tuple[int, ...]) -> list[Part]:
    """A hidden box in the planes through a voxel, where they cut it."""
    cutting = [plane for plane in PLANES if box[plane.through][0] <= at[plane.through] < box[plane.through][1]]
    return [
        part | {"xref": f"x{plane.panel}", "yref": f"y{plane.panel}"}
        for plane in cutting
        for part in _outline(edges[plane.across], box[plane.across], edges[plane.up], box[plane.up])
    ]


def _outline(x: np.ndarray, across: tuple[int, int], y: np.ndarray, up: tuple[int, int]) -> list[Part]:
    """A frame between native edges."""
    x0, x1, y0, y1 = (plain(each) for each in (x[across[0]], x[across[1]], y[up[0]], y[up[1]]))
    return frame(x0, x1, y0, y1, colour=INK, dash="2px,2px")


def hidden_steps(hidden: Sequence[Box], grid: TokenGrid, shown: Shown) -> list[tuple[int, int]]:
    """Which steps of one series are hidden: half-open native intervals within the window."""
    first, last = grid.window[2]
    spans = [
        (max(start, first), min(stop, last))
        for (e0, e1), (v0, v1), (start, stop) in hidden
        if e0 <= shown.entity < e1 and v0 <= shown.variable < v1
    ]
    return [(start, stop) for start, stop in spans if start < stop]


def _band(grid: TokenGrid, span: tuple[int, int]) -> Part:
    """Hidden steps as a band behind the lines, from the middle before the first to the middle after the last."""
    times = grid.axes[2].mode.coords
    half = (times[1] - times[0]) / 2
    ends = [times[span[0]] - half, times[span[1] - 1] + half]
    x0, x1 = (str(end.astype("datetime64[s]")) if isinstance(end, np.datetime64) else float(end) for end in ends)
    return {
        "type": "rect", "x0": x0, "x1": x1, "y0": 0, "y1": 1, "yref": "paper", "layer": "below", "line": {"width": 0},
        "fillcolor": HIDDEN,
    }  # fmt: skip
