"""What was aimed at, and whether this run met it; computed, whatever comes out."""

import statistics
from dataclasses import dataclass

from tests.benchmarks.compare import gain, recording_cost
from tests.benchmarks.rivals import FLOOR, FORWARD
from tests.benchmarks.settings import MILLION, View
from tests.benchmarks.slopes import memory_slope, time_slope
from tests.benchmarks.tables import Table, megabytes, milliseconds, ratio

LINEAR_GROWTH = 1.1
"""Peak memory grows as N when its exponent is not above this; N² would give 2."""
LARGE = range(10**12 - 10**10, 10**12 + 10**10)
"""Entries of the maps whose views are judged: 10¹², give or take 1 %, so that 1009 × 991 tokens count."""


@dataclass(frozen=True)
class Target:
    what: str
    wanted: str
    found: str
    met: bool


def target_table(results):
    rows = [[t.what, t.wanted, t.found, "met" if t.met else "**missed**"] for t in targets(results)]
    return Table("Targets", ["what", "wanted", "found", "verdict"], rows, ["Forward passes; set for two cores."])


def targets(results):
    return [*against_project_first(results), *against_full(results), *others(results), *grown(results), *drawn(results)]


def against_project_first(results):
    grids = results.settings.grids
    gains = {grid.name: gain(results, FORWARD, grid, "project-first") for grid in grids}
    mean, (where, least) = statistics.geometric_mean(gains.values()), min(gains.items(), key=lambda item: item[1])
    off = max(results.differences.values())
    return [
        Target("outputs, pool-first − project-first", "≤ 1e-5", f"{off:.1e}", off <= 1e-5),
        Target(f"against project-first, geometric mean of {len(grids)} grids", "≥ 2.0×", ratio(mean), mean >= 2.0),
        Target("against project-first, least", "≥ 1.1×", f"{ratio(least)} at {where}", least >= 1.1),
    ]


def against_full(results):
    wanted = {"28×28×28": 80, "128×128": 40}
    grids = [grid for grid in results.settings.grids if grid.name in wanted]
    found = {grid.name: gain(results, FORWARD, grid, "full") for grid in grids}
    return [
        Target(f"against fused full attention at {name}", f"≥ {wanted[name]}×", ratio(value), value >= wanted[name])
        for name, value in found.items()
    ]


def others(results):
    above = {grid.name: 1 / gain(results, FORWARD, grid, FLOOR) for grid in results.settings.grids}
    where, most = max(above.items(), key=lambda item: item[1])
    costs = {grid.name: recording_cost(results, grid) for grid in results.settings.grids}
    dearest, record = max(costs.items(), key=lambda item: item[1])
    return [
        Target("above the floor, most", "≤ 2×", f"{ratio(most)} at {where}", most <= 2),
        Target("a record costs, most", "< 10 %", f"{record:+.1f} % at {dearest}", record < 10),
    ]


def grown(results):
    for series in results.settings.series:
        time = time_slope(series, results.timings)
        if series.form == "full":
            yield Target(f"slope of time, {series.name}", "2 ± 0.2", f"{time:.2f}", abs(time - 2) <= 0.2)
            continue
        yield Target(f"slope of time, {series.name}", f"≤ {series.at_most}", f"{time:.2f}", time <= series.at_most)
        memory = memory_slope(series, results.settings)
        met = memory <= LINEAR_GROWTH
        yield Target(f"slope of peak memory, {series.name}", f"≤ {LINEAR_GROWTH}", f"{memory:.2f}", met)


def drawn(results):
    """Verdicts on the views of 10¹² entries: the cube by itself, then the worst of each kind of map."""
    large = [view for view in results.settings.views if view.entries in LARGE]
    groups = {"100×100×100, product": [view for view in large if view == View(MILLION)]}
    for form, what in (("product", "worst product"), ("sum", "worst sum"), ("mixture", "mixture of heads")):
        groups[what] = [view for view in large if view.form == form]
    for what, found in groups.items():
        if found:
            yield from judged(what, found, results)


def judged(what, found, results):
    """Time and memory of the worst of some views."""
    slow = max(found, key=lambda view: results.timings[view.key].median)
    big = max(found, key=lambda view: results.bytes[view.key])
    seconds, used = results.timings[slow.key].median, results.bytes[big.key]
    time, space = f"{milliseconds(seconds)} ms at {slow.name}", f"{megabytes(used)} MB at {big.name}"
    yield Target(f"view of 10¹² entries, {what}, time", "< 50 ms", time, seconds < 0.05)
    yield Target(f"view of 10¹² entries, {what}, memory", "< 100 MB", space, used < 1e8)
