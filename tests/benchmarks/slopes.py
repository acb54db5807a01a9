"""How time grows with the number of tokens: the slope of a line through log time against log N."""

import math
import statistics

import torch

from hot_core.attention import FullAttention, KroneckerAttention
from hot_core.cost import cost
from tests.benchmarks.settings import words

SLOPE = "slope"


def slope_cases(settings, device):
    """One forward for every grid of every series."""
    return {
        (SLOPE, series.name, words(sizes)): forward(series.form, sizes, settings, device)
        for series in settings.series
        for sizes in series.grids
    }


def layer(form, modes, settings):
    if form == "full":
        return FullAttention(settings.dim, settings.heads)
    kernel = "linear" if form == "linear" else "softmax"
    return KroneckerAttention(settings.dim, modes, settings.heads, "product", kernel=kernel)


def forward(form, sizes, settings, device):
    module = layer(form, len(sizes), settings).to(device).eval()
    x = torch.randn(1, *sizes, settings.dim, device=device)

    def call():
        with torch.inference_mode():
            return module(x)

    return call


def time_slope(series, timings):
    """The fitted exponent of N."""
    times = [timings[SLOPE, series.name, words(sizes)].median for sizes in series.grids]
    return slope([math.prod(sizes) for sizes in series.grids], times)


def macs_slope(series, settings):
    """What the multiply–adds alone would give."""
    return slope(*counted(series, settings, "macs"))


def memory_slope(series, settings):
    """The exponent of the peak memory, by a dry run."""
    return slope(*counted(series, settings, "peak_bytes"))


def counted(series, settings, what):
    tokens = [math.prod(sizes) for sizes in series.grids]
    costs = [cost(layer(series.form, len(sizes), settings), sizes, forms=[]) for sizes in series.grids]
    return tokens, [getattr(found, what) for found in costs]


def slope(x, y):
    """Least squares through the logarithms."""
    return statistics.linear_regression([math.log(v) for v in x], [math.log(v) for v in y]).slope
