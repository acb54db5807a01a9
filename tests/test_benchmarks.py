"""The benchmark itself: a tiny run has every case, its tables hold what was measured, its verdicts are computed."""

import dataclasses
import platform
import re

import pytest
import torch

from hot_core.attention import KroneckerAttention
from hot_core.cost.project_first import ProjectFirstAttention
from tests.benchmarks import __main__ as bench
from tests.benchmarks import clock
from tests.benchmarks.clock import Timing
from tests.benchmarks.floor import Floor
from tests.benchmarks.memory import growth
from tests.benchmarks.report import tables
from tests.benchmarks.rivals import FLOOR, FORWARD, OURS, RECORDING, RIVALS, TRAINING
from tests.benchmarks.run import run
from tests.benchmarks.settings import FULL, GRIDS, MILLION, QUICK, TINY, Grid, View, words
from tests.benchmarks.slopes import slope
from tests.benchmarks.targets import targets
from tests.benchmarks.views import kronecker_map


@pytest.fixture(scope="module")
def results():
    return run(TINY, say=lambda _: None)


@pytest.fixture(scope="module")
def shown(results):
    return tables(results)


def test_a_run_times_every_case(results):
    for grid in TINY.grids:
        assert all((FORWARD, grid.name, name) in results.timings for name in (*RIVALS, FLOOR, RECORDING))
        assert all((TRAINING, grid.name, name) in results.timings for name in (*RIVALS, FLOOR))
        assert all(results.bytes[kind, grid.name, name] > 0 for kind in (FORWARD, TRAINING) for name in RIVALS)
        # a training step keeps at least the gradients of its weights, the forward pass none
        assert results.bytes[TRAINING, grid.name, OURS] > results.bytes[FORWARD, grid.name, OURS]
    for view in TINY.views:
        assert view.key in results.timings
        assert view.key in results.bytes
    assert all(1 <= len(timing.seconds) <= TINY.rounds for timing in results.timings.values())
    assert all(second > 0 for timing in results.timings.values() for second in timing.seconds)
    assert max(results.differences.values()) < 1e-5


def test_the_tables_hold_every_grid_and_the_verdicts(shown):
    titles = {table.title: table for table in shown}
    assert {name.split(",")[0].split(" (")[0] for name in titles} >= {
        "Time", "Ratios of medians", "Peak memory", "What a record costs", "Targets",
        "Slopes against the number of tokens", "KroneckerMap.view",
    }  # fmt: skip
    for table in titles.values():
        assert all(len(row) == len(table.header) for row in table.rows), table.title
    ratios = titles["Ratios of medians, forward (CPU)"]
    assert [row[0] for row in ratios.rows] == [*(grid.name for grid in TINY.grids), "geometric mean"]
    assert {row[-1] for row in titles["Targets (CPU)"].rows} <= {"met", "**missed**"}


def test_verdicts_follow_the_numbers(results):
    grids = (Grid((28, 28, 28)), Grid((128, 128)))
    series = TINY.series[:2]
    timings = {
        ("slope", one.name, words(sizes)): Timing((sizes[0] ** exponent / 1e3,))
        for one, exponent in zip(series, (4.1, 3.4), strict=True)  # of the side: 2.05 and 1.7 of N
        for sizes in one.grids
    }
    seconds = {OURS: 1.0, "project-first": 2.5, "full": 79.0, FLOOR: 0.4, RECORDING: 1.2}
    for grid in grids:
        timings |= {(FORWARD, grid.name, name): Timing((value,) * 3) for name, value in seconds.items()}
    timings[FORWARD, "128×128", "project-first"] = Timing((1.05,))
    settings = dataclasses.replace(TINY, grids=grids, series=series)
    made = dataclasses.replace(results, settings=settings, timings=timings, differences={"28×28×28": 2e-5})
    found = {target.what: (target.found, target.met) for target in targets(made)}
    assert found["outputs, pool-first − project-first"] == ("2.0e-05", False)
    assert found["against project-first, geometric mean of 2 grids"] == ("1.62×", False)
    assert found["against project-first, least"] == ("1.05× at 128×128", False)
    assert found["against fused full attention at 28×28×28"] == ("79.0×", False)
    assert found["against fused full attention at 128×128"] == ("79.0×", True)
    assert found["above the floor, most"] == ("2.50× at 28×28×28", False)
    assert found["a record costs, most"] == ("+20.0 % at 28×28×28", False)
    assert found["slope of time, full, 2-D"] == ("2.05", True)
    assert found["slope of time, product, 2-D"] == ("1.70", False)


def test_views_are_judged_by_the_worst_of_their_kind(results):
    measured = {  # ms, MB
        View(MILLION): (30, 20),
        View((1009, 991)): (60, 10),
        View(MILLION, "sum"): (20, 120),
        View((1009, 991), "sum"): (40, 30),
        View(MILLION, heads=8): (51, 40),
        View((28, 28, 28)): (999, 999),
    }
    settings = dataclasses.replace(TINY, views=tuple(measured))
    timings = results.timings | {view.key: Timing((ms / 1e3,)) for view, (ms, _) in measured.items()}
    sizes = results.bytes | {view.key: mb * 10**6 for view, (_, mb) in measured.items()}
    made = dataclasses.replace(results, settings=settings, timings=timings, bytes=sizes)
    found = {target.what: (target.found, target.met) for target in targets(made) if target.what.startswith("view of")}
    assert found == {
        "view of 10¹² entries, 100×100×100, product, time": ("30.0 ms at 100×100×100", True),
        "view of 10¹² entries, 100×100×100, product, memory": ("20.0 MB at 100×100×100", True),
        "view of 10¹² entries, worst product, time": ("60.0 ms at 1009×991", False),
        "view of 10¹² entries, worst product, memory": ("20.0 MB at 100×100×100", True),
        "view of 10¹² entries, worst sum, time": ("40.0 ms at 1009×991", True),
        "view of 10¹² entries, worst sum, memory": ("120 MB at 100×100×100", False),
        "view of 10¹² entries, mixture of heads, time": ("51.0 ms at 100×100×100", False),
        "view of 10¹² entries, mixture of heads, memory": ("40.0 MB at 100×100×100", True),
    }


def test_a_view_is_of_the_map_that_it_names():
    assert kronecker_map(View((3, 5), "sum")).combine == "sum"
    assert kronecker_map(View((3, 5))).combine == "product"
    mixed = kronecker_map(View((3, 5), heads=2))
    assert mixed.shape == (15, 15)
    assert len(mixed.maps) == 2


def test_the_full_run_has_every_view_and_both_ranges_of_linear_factors():
    cubes = {View((28, 28, 28)), View((28, 28, 28), heads=8), View(MILLION, heads=8)}
    flat = {View(sizes, combine) for sizes in (MILLION, (1009, 991)) for combine in ("product", "sum")}
    assert set(FULL.views) == cubes | flat
    largest = {  # MB of a tensor of tokens in float32
        series.name: 4 * FULL.dim * max(a * b for a, b in series.grids) / 1e6
        for series in FULL.series
        if series.form == "linear"
    }
    assert largest == {
        "linear factors, 2-D, tensors below 32 MB": pytest.approx(25.7, abs=0.1),
        "linear factors, 2-D, to 75 MB": pytest.approx(75.5, abs=0.1),
    }


def test_the_document_says_how_it_was_made_and_names_no_host(tmp_path, capsys, monkeypatch, results, shown):
    monkeypatch.setattr(bench.torch.cuda, "is_available", lambda: False)
    asked = []
    monkeypatch.setattr(bench, "run", lambda settings, device: asked.append((settings, device)) or results)
    monkeypatch.setattr(bench, "tables", lambda found: shown if found is results else None)
    path = tmp_path / "benchmarks.md"
    options = bench.arguments(["--grids", "2:3x5", "--rounds", "2", "--markdown", str(path)])
    settings = dataclasses.replace(TINY, grids=bench.settings_of(options).grids, rounds=2)
    bench.main(options, settings)
    assert asked == [(settings, "cpu")]
    said, text = capsys.readouterr().out, path.read_text(encoding="utf-8")
    assert text.startswith("# Benchmarks\n\nMade by `make bench ARGS='--grids 2:3x5 --rounds 2 --markdown ")
    assert torch.__version__ in text
    assert "| 3×5 | 2 | 15 |" in text
    assert not re.search(rf"\b{re.escape(platform.node())}\b", text)
    for part in ("## Machine", "## How to read this", "## Targets (CPU)", "## Limits"):
        assert part in text
    assert "Time, forward, ms (CPU)" in said
    assert "No GPU was at hand" in text
    assert "No GPU was at hand" in said


def test_options():
    assert bench.settings_of(bench.arguments([])) == FULL
    assert bench.settings_of(bench.arguments(["--quick"])) == QUICK
    assert FULL.grids == GRIDS
    some = bench.settings_of(bench.arguments(["--grids", "7x7x7", "4:66x66", "5×3", "--rounds", "3"]))
    assert some.grids == (Grid((7, 7, 7), 8), Grid((66, 66), 4), Grid((5, 3), 1))
    assert some.rounds == 3


def test_rounds_are_interleaved_and_long_cases_take_part_in_fewer(monkeypatch):
    heard, now = [], [0.0]
    monkeypatch.setattr(clock.time, "perf_counter", lambda: now[0])

    def case(name, seconds):
        def call():
            heard.append(name)
            now[0] += seconds

        return call

    settings = dataclasses.replace(TINY, rounds=6, fewest=3, budget=12.0)
    cases = {("a",): case("a", 0.5), ("b",): case("b", 4.0), ("c",): case("c", 0.001)}
    found = clock.interleaved(cases, settings, "cpu", say=lambda _: None)
    assert {key[0]: len(timing.seconds) for key, timing in found.items()} == {"a": 6, "b": 3, "c": 6}
    assert {key[0]: timing.median for key, timing in found.items()} == pytest.approx({"a": 0.5, "b": 4.0, "c": 0.001})
    turns = "".join(name for name, before in zip(heard, [None, *heard], strict=False) if name != before)
    assert "aa" not in turns
    assert turns.count("a") >= 6  # one a round: never two of a round's turns together
    assert re.search("b.+b.+b", turns)


def test_every_round_has_all_cases_in_an_order_of_its_own(monkeypatch):
    heard, names = [], "abcde"
    monkeypatch.setattr(clock, "one_turn", lambda call, repeats, device, warm: call() or 1.0)
    cases = {(name,): lambda name=name: heard.append(name) for name in names}
    clock.interleaved(cases, dataclasses.replace(TINY, rounds=6, budget=99.0), "cpu", say=lambda _: None)
    rounds = ["".join(heard[start : start + 5]) for start in range(len(heard) - 30, len(heard), 5)]
    assert {"".join(sorted(order)) for order in rounds} == {names}
    assert len(set(rounds)) > 3


def test_spread_is_told_by_quartiles():
    timing = Timing((5.0, 1.0, 4.0, 2.0, 3.0))
    assert (timing.median, timing.quartiles) == (3.0, (2.0, 4.0))
    assert Timing((7.0,)).quartiles == (7.0, 7.0)


def test_slope_of_a_power_is_its_exponent():
    assert slope([10, 100, 1000], [3 * n**1.25 for n in (10, 100, 1000)]) == pytest.approx(1.25)


def test_growth_is_at_least_what_a_call_fills():
    assert growth(lambda: torch.ones(40_000_000)) > 150e6
    assert growth(lambda: torch.ones(1000)) < 10e6


@pytest.mark.parametrize("sizes", [(5,), (3, 7), (2, 3, 5)])
def test_the_floor_takes_the_products_of_the_layer_and_no_others(sizes):
    taken = []
    floor = Floor(2, sizes, 24, 3, "cpu")
    tokens = 2
    for n in sizes:
        tokens *= n
    for product in floor.products:
        rows, inner = product.left.shape[-2:]
        heads = product.left.shape[0] if product.left.ndim == 3 else 1
        taken.append(heads * rows * inner * product.right.shape[-1])
    assert taken == [tokens * 24 * 24] * 2 + [tokens * n * 24 for n in sizes]
    floor.training()


@pytest.mark.parametrize("sizes", [(7, 7, 7), (21, 24)])
def test_both_orders_of_work_agree_at_the_width_that_is_timed(sizes):
    torch.manual_seed(0)
    ours = KroneckerAttention(128, len(sizes), 8)
    x = torch.randn(2, *sizes, 128)
    with torch.inference_mode():
        single = ProjectFirstAttention.like(ours)(x) - ours(x)
        double = ProjectFirstAttention.like(ours.double())(x.double()) - ours(x.double())
    assert float(single.abs().max()) < 1e-5
    assert float(double.abs().max()) < 1e-12
