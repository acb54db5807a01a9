"""Results → tables. Every number in them comes from the run; nothing is written by hand."""

import math
import statistics

from hot_core.attention import KroneckerAttention
from hot_core.cost import cost
from tests.benchmarks.compare import gain, recording_cost
from tests.benchmarks.rivals import FLOOR, FORWARD, OURS, RECORDING, RIVALS, TRAINING
from tests.benchmarks.settings import words
from tests.benchmarks.slopes import macs_slope, memory_slope, time_slope
from tests.benchmarks.tables import Table, megabytes, milliseconds, ratio, spread
from tests.benchmarks.targets import target_table

OTHERS = tuple(name for name in RIVALS if name != OURS)
LABELS = {"axial": "axial (ours)"}


def tables(results):
    """All tables of one device, the targets last."""
    found = []
    for kind in (FORWARD, TRAINING):
        found += [times(results, kind), ratios(results, kind), memory(results, kind)]
    found += [recording(results), slopes(results)]
    if results.device == "cpu":
        found += [views(results), target_table(results)]
    return [placed(table, results.device) for table in found]


def placed(table, device):
    return Table(f"{table.title} ({device.upper()})", table.header, table.rows, table.notes)


def grid_cells(grid):
    return [grid.name, str(grid.batch), f"{math.prod(grid.sizes):,}"]


GRID_HEADER = ["grid", "batch", "N"]


def times(results, kind):
    names = (*RIVALS, FLOOR)
    rows, fewer = [], []
    for grid in results.settings.grids:
        timings = [results.timings[kind, grid.name, name] for name in names]
        rows.append(grid_cells(grid) + [spread(timing) for timing in timings])
        counts = {name: len(timing.seconds) for name, timing in zip(names, timings, strict=True)}
        fewer += [f"{label(n)} on {grid.name} {c}" for n, c in counts.items() if c < results.settings.rounds]
    notes = [f"Medians with quartiles of {results.settings.rounds} rounds; of fewer: {', '.join(fewer) or 'none'}."]
    return Table(f"Time, {kind}, ms", GRID_HEADER + [label(name) for name in names], rows, notes)


def label(name):
    return LABELS.get(name, name)


def ratios(results, kind):
    rows = []
    for grid in results.settings.grids:
        layer = KroneckerAttention(results.settings.dim, len(grid.sizes), results.settings.heads)
        work = cost(layer, grid.sizes, forms=["full", "project-first"])
        against = [work.savings("project-first").macs, work.savings("full").macs]
        rows.append(
            grid_cells(grid)
            + [ratio(gain(results, kind, grid, name)) for name in OTHERS]
            + [ratio(1 / gain(results, kind, grid, FLOOR))]
            + [ratio(value) for value in against]
        )
    means = [
        statistics.geometric_mean(gain(results, kind, grid, name) for grid in results.settings.grids)
        for name in (*OTHERS, FLOOR)
    ]
    rows.append(["geometric mean", "", "", *map(ratio, means[:-1]), ratio(1 / means[-1]), "", ""])
    header = [
        *GRID_HEADER,
        *(f"{label(name)} / pool-first" for name in OTHERS),
        "pool-first / floor",
        "project-first / pool-first, MACs",
        "full / pool-first, MACs",
    ]
    note = "MACs: of a forward pass of the layer, by formula; what ratio of times they alone would give."
    return Table(f"Ratios of medians, {kind}", header, rows, [note])


def memory(results, kind):
    rows = [
        grid_cells(grid) + [megabytes(results.bytes[kind, grid.name, name]) for name in RIVALS]
        for grid in results.settings.grids
    ]
    return Table(f"Peak memory, {kind}, MB", GRID_HEADER + [label(name) for name in RIVALS], rows)


def recording(results):
    rows = [
        grid_cells(grid)
        + [milliseconds(results.timings[FORWARD, grid.name, name].median) for name in (OURS, RECORDING)]
        + [f"{recording_cost(results, grid):+.1f} %"]
        for grid in results.settings.grids
    ]
    note = "The per cent are the median over pairs of the same round, so they need not be the ratio of the medians."
    header = [*GRID_HEADER, "without, ms", "with a record, ms", "more"]
    return Table("What a record costs, forward", header, rows, [note])


def slopes(results):
    rows = []
    for series in results.settings.series:
        tokens = [math.prod(sizes) for sizes in series.grids]
        rows.append(
            [
                series.name,
                " ".join(words(sizes) for sizes in series.grids),
                f"{min(tokens):,} … {max(tokens):,}",
                f"{time_slope(series, results.timings):.2f}",
                f"{macs_slope(series, results.settings):.2f}",
                f"{memory_slope(series, results.settings):.2f}",
            ]
        )
    header = ["series", "grids", "N", "time", "MACs", "peak memory"]
    note = "Exponents of N: least squares through the logarithms; MACs and memory from `hot.cost`."
    return Table("Slopes against the number of tokens, forward, batch 1", header, rows, [note])


def views(results):
    rows = [
        [
            view.name,
            view.combine,
            str(view.heads),
            f"{view.entries:.1e}",
            spread(results.timings[view.key]),
            megabytes(results.bytes[view.key]),
        ]
        for view in results.settings.views
    ]
    pixels = results.settings.pixels
    header = ["map", "rule", "heads", "entries", "ms", "growth of the process, MB"]
    note = "The whole of each map; several heads: their equal mixture."
    return Table(f"KroneckerMap.view, {pixels} × {pixels} pixels", header, rows, [note])
