"""What every picture of a card is drawn on: panels of a fixed width, a legend below, a small PNG at the end."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from hot_core.errors import ModelError
from hot_core.figures.style import INK, MUTED

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WIDTH, DPI = 800, 100
LARGEST = 80_000
"""Bytes of a picture; the colours are thinned out until it fits."""


def panels_of(height: int, columns: int = 1, ratios: Sequence[float] | None = None) -> tuple[Figure, list[Axes]]:
    """A white sheet with panels side by side.

    The figure knows no window and no global state (pyplot is not used), so that drawing leaves nothing behind.

    Args:
        height: in pixels; the width is 800.
        columns: number of panels.
        ratios: their relative widths.

    Returns:
        The figure and its panels from left to right.

    Raises:
        ModelError: when matplotlib is not installed.
    """
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise ModelError(
            "The pictures of a model card need matplotlib, which is not installed. Install requirements-dev.txt."
        ) from error
    figure = Figure(figsize=(WIDTH / DPI, height / DPI), dpi=DPI, layout="constrained", facecolor="white")
    panels = figure.subplots(1, columns, squeeze=False, width_ratios=ratios)[0]
    for panel in panels:
        panel.tick_params(colors=INK, labelsize=8)
        panel.spines[:].set_color(MUTED)
    return figure, list(panels)


def legend(figure: Figure, looks: Mapping[str, Mapping[str, Any]]) -> None:
    """A legend of lines below all panels.

    Args:
        figure: the sheet.
        looks: for every name, how its line looks, in matplotlib's words.
    """
    from matplotlib.lines import Line2D

    handles = [Line2D([], [], label=name, **({"linewidth": 2} | dict(look))) for name, look in looks.items()]
    figure.legend(handles=handles, loc="outside lower center", ncols=len(handles), fontsize=9, frameon=False)


def png(figure: Figure) -> bytes:
    """The sheet as a PNG with a palette: 256 colours, or fewer until it is small enough.

    Args:
        figure: the sheet.

    Returns:
        The bytes of the file.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    picture = Image.fromarray(np.asarray(canvas.buffer_rgba())[..., :3])
    for colours in (256, 128, 64, 32, 16):
        buffer = io.BytesIO()
        picture.quantize(colours, dither=Image.Dither.NONE).save(buffer, "PNG", optimize=True)
        if buffer.tell() <= LARGEST:
            break
    return buffer.getvalue()
