"""One run on one device: everything is built, then timed together, then measured for memory."""

from dataclasses import dataclass

from tests.benchmarks.clock import Timing, interleaved
from tests.benchmarks.memory import peaks
from tests.benchmarks.rivals import Bench
from tests.benchmarks.settings import Settings
from tests.benchmarks.slopes import slope_cases
from tests.benchmarks.views import view_cases, view_memory

Key = tuple[str, ...]


@dataclass(frozen=True)
class Results:
    """What a run found: seconds and bytes by (what, grid, who), and the differences of outputs by grid."""

    settings: Settings
    device: str
    timings: dict[Key, Timing]
    bytes: dict[Key, int]
    differences: dict[str, float]


def run(settings, device="cpu", say=print):
    """Measure; `say` hears how long it will take."""
    benches = [Bench(grid, settings, device) for grid in settings.grids]
    cases = slope_cases(settings, device)
    for bench in benches:
        cases |= bench.forward_cases() | bench.training_cases()
    on_cpu = device == "cpu"
    if on_cpu:
        cases |= view_cases(settings)
    timings = interleaved(cases, settings, device, say)
    used = {} if not on_cpu else view_memory(settings)
    for bench in benches:
        used |= peaks(bench, device)
    return Results(settings, device, timings, used, {bench.grid.name: bench.difference for bench in benches})
