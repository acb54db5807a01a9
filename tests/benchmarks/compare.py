"""Ratios of a run: how much longer others take, and what a record costs."""

import statistics

from tests.benchmarks.rivals import FORWARD, OURS, RECORDING


def gain(results, kind, grid, name):
    """How many times longer another takes than pool-first, by medians."""
    return results.timings[kind, grid.name, name].median / results.timings[kind, grid.name, OURS].median


def recording_cost(results, grid):
    """Per cent more time with a record than without: the median over pairs of the same round."""
    without, with_record = (results.timings[FORWARD, grid.name, name].seconds for name in (OURS, RECORDING))
    return 100 * (statistics.median(b / a for a, b in zip(without, with_record, strict=False)) - 1)
