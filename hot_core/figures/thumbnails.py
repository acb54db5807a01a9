"""Small pictures of an analysis for the first page: the same drawing without axes to read."""

from __future__ import annotations

import plotly.graph_objects as go
import xarray as xr

from hot_core.figures.composite import composite
from hot_core.figures.fields import token_field
from hot_core.figures.planes import Look
from hot_core.figures.raster import tile_figure
from hot_core.figures.series import Shown, series_figure
from hot_core.figures.volume import slices_figure
from hot_core.modes import Sample, TokenGrid
from hot_core.transforms.results import Forecast, Prediction, Segmentation

HEIGHT = 250


def draw(
    sample: Sample, prediction: Prediction, grid: TokenGrid, query: tuple[int, ...], field: xr.DataArray
) -> go.Figure:
    """The picture that stands for a kind of data.

    Args:
        sample: what was read.
        prediction: what the model says.
        grid: the tokens.
        query: the chosen token.
        field: its attention over the native grid.

    Returns:
        A small figure: lines with strips, three planes, or a tile.
    """
    if isinstance(prediction, Forecast):
        shown = Shown(query[0], query[1])
        figure = series_figure(prediction, field, grid, query, shown, height=HEIGHT)
        words = figure.layout.yaxis.title.text
        figure.update_layout(showlegend=False)
        figure.update_yaxes(showticklabels=False, title_text="")
        figure.update_layout(yaxis={"showticklabels": True, "nticks": 4, "tickfont": {"size": 10}})
        # the name with its unit above the lines, where there is room for it
        figure.add_annotation(text=words, font={"size": 11}, showarrow=False, x=0, xref="x domain", xanchor="left",
            y=1, yref="y domain", yanchor="bottom")  # fmt: skip
    elif sample.kind == "volume":
        x, y, z = grid.centre_of(query)
        labels = prediction if isinstance(prediction, Segmentation) else None
        figure = slices_figure(
            sample.data, sample.modes, grid, Look((x, y, z)), query=query, field=field, prediction=labels, height=HEIGHT
        )
        figure.update_layout(coloraxis_showscale=False, coloraxis2_showscale=False)
        figure.update_xaxes(showticklabels=False, title_text="", ticks="")
        figure.update_yaxes(showticklabels=False, title_text="", ticks="")
    else:
        tokens = token_field(field, grid).sum("band")
        picture = composite(sample.data, sample.roles)
        figure = tile_figure(picture, sample.modes, grid, tokens=tokens, query=query, height=HEIGHT)
        figure.update_xaxes(showticklabels=False, title_text="", ticks="")
        figure.update_yaxes(showticklabels=False, title_text="", ticks="")
    series = isinstance(prediction, Forecast)
    beside = {"l": 30, "b": 36} if series else {"l": 4, "b": 4}  # values, and the year below the dates
    figure.update_layout(coloraxis_showscale=False, margin={"r": 4, "t": 18} | beside)
    return figure
