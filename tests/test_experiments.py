"""The experiments `planted`, `small`, `rank`, `sparse`: their parts against slow twins, and each of them run small."""

import csv
import json
import math
from itertools import product as pairs
from pathlib import Path

import numpy as np
import plotly.graph_objects as go
import pytest
import torch
from torch import Tensor

from hot_core.errors import SelectionError
from hot_core.experiments import Column, Experiment, Finding, Plan, Table, find, run
from hot_core.experiments.fit import fit, one_cycle, r_squared, relative_error, spread
from hot_core.experiments.grid_model import Places, attention
from hot_core.experiments.noisy_map import expected_error, noisy_maps
from hot_core.experiments.page import markdown, write
from hot_core.experiments.series import carried, linear_forecast, linear_map, persistence, seasonal, weather
from hot_core.experiments.small_tasks import CODE, TASKS, channels, draw
from hot_core.experiments.sparse import hide
from hot_core.experiments.sparse_models import Dense, Listed, between, completed, listed, series_mean
from hot_core.experiments.teachers import dense, fixed_teacher, following_teacher
from hot_core.figures.experiments import Curve, Panel, panels


def rng(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


# ---- each experiment, small


@pytest.mark.parametrize(("name", "rows"), [("planted", 11), ("small", 12), ("rank", 6), ("sparse", 14)])
def test_a_quick_run_writes_all_its_files(name: str, rows: int, tmp_path: Path) -> None:
    page = run(name, Plan((0,), quick=True), tmp_path)
    record = json.loads((tmp_path / f"{name}.json").read_text())
    assert len(record["rows"]) == rows
    assert record["quick"]
    assert record["seeds"] == [0]
    assert "its numbers mean nothing" in page
    assert record["answer"] in page
    assert "--seed 0 --quick" in page
    assert (tmp_path / f"{name}.html").stat().st_size > 1e6  # plotly is inside: it opens without a network
    numbers = [cell for row in record["rows"] for cell in row if isinstance(cell, float)]
    assert numbers
    assert np.isfinite(numbers).all()


def test_the_same_seed_gives_the_same_numbers() -> None:
    first, again, other = (find("planted").run(Plan((seed,), quick=True)).rows for seed in (3, 3, 4))
    assert first == again
    assert first != other


# ---- the frame


FINDING = Finding(
    answer="It is so.", columns=(Column("what"), Column("how much (m)", ".2f")), rows=(("a", 1.0), ("b", 2.345)),
    figure=go.Figure(), alt="two dots.", notes=("A note.",), settings={"size": 3},
    more=(Table("More of it", (Column("n", "d"),), ((7,),)),),
)  # fmt: skip
EXPERIMENT = Experiment("named", "A title", "Is it so?", "a paper", lambda _: FINDING)


def test_the_page_holds_question_answer_tables_and_command() -> None:
    lines = markdown(EXPERIMENT, Plan((2, 5)), FINDING, 61.4).splitlines()
    assert lines[:5] == ["# A title", "", "Is it so?", "", "It is so."]
    assert "| what | how much (m) |" in lines
    assert "|---|---:|" in lines
    assert "| b | 2.35 |" in lines
    assert lines[lines.index("## More of it") + 2 : lines.index("## More of it") + 5] == ["| n |", "|---:|", "| 7 |"]
    assert any("experiment named --seed 2 --seed 5` in 61 s" in line for line in lines)
    assert "- Settings: size 3." in lines
    assert not any("quick" in line for line in lines)


def test_the_files_hold_every_digit(tmp_path: Path) -> None:
    write(EXPERIMENT, Plan((0,)), FINDING, tmp_path / "new", 1.0)
    with (tmp_path / "new" / "named.csv").open(newline="") as file:
        assert list(csv.reader(file)) == [["what", "how much (m)"], ["a", "1.0"], ["b", "2.345"]]
    record = json.loads((tmp_path / "new" / "named.json").read_text())
    assert record["more"] == [{"title": "More of it", "columns": ["n"], "rows": [[7]]}]


def test_what_cannot_be_run_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SelectionError, match=r"no experiment 'plantet'. Choose one of planted, small"):
        run("plantet", Plan(), tmp_path)
    with pytest.raises(SelectionError, match=r"given no seed. Give one or more"):
        run("planted", Plan(()), tmp_path)
    with pytest.raises(SelectionError, match="no form of attention 'ful'"):
        attention("ful", 8, 2, 1)
    with pytest.raises(SelectionError, match="15 tokens can not be put in pairs"):
        draw("partner", 1, (3, 5), 2, rng())
    with pytest.raises(SelectionError, match=r"no task 'mark'. Choose one of marked"):
        draw("mark", 1, (3, 5), 2, rng())


# ---- how they train and add up


def test_measures_are_those_of_the_books() -> None:
    found, wanted = torch.randn(7, generator=rng(1)), torch.randn(7, generator=rng(2))
    f, w = found.double().tolist(), wanted.double().tolist()
    mean = sum(w) / 7
    left, all_ = sum((a - b) ** 2 for a, b in zip(f, w, strict=True)), sum((b - mean) ** 2 for b in w)
    assert r_squared(found, wanted) == pytest.approx(1 - left / all_, abs=1e-6)
    assert r_squared(wanted, wanted) == 1
    assert relative_error(found, wanted) == pytest.approx(math.sqrt(left / sum(b * b for b in w)), abs=1e-6)
    assert spread([1.0, 2.0, 6.0]) == pytest.approx((3.0, math.sqrt((4 + 1 + 9) / 2)))
    assert spread([5.0]) == (5.0, 0.0)


def test_the_rate_rises_then_falls_to_nothing() -> None:
    rates = [one_cycle(step, 100) for step in range(101)]
    assert rates[:10] == pytest.approx([0.1 * (n + 1) for n in range(10)])
    assert rates[10:] == sorted(rates[10:], reverse=True)
    assert rates[55] == pytest.approx(0.5)
    assert rates[100] < 1e-12


def test_a_fit_finds_a_line() -> None:
    torch.manual_seed(0)
    line, x = torch.nn.Linear(1, 1), torch.linspace(-1, 1, 11)[:, None]
    fit(line, lambda: (line(x) - 3 * x - 1).square().mean(), 200, 0.1)
    assert not line.training
    assert (line.weight.item(), line.bias.item()) == pytest.approx((3, 1), abs=0.05)


def test_places_add_one_vector_a_mode() -> None:
    places, x = Places((2, 3, 5), 4), torch.randn(7, 2, 3, 5, 4)
    out = places(x)
    for at in pairs(range(2), range(3), range(5)):
        wanted = x[:, *at] + sum(v[i] for v, i in zip(places.of_mode, at, strict=True))
        torch.testing.assert_close(out[:, *at], wanted)


# ---- planted


def whole(factors: list[Tensor], combine: str) -> Tensor:
    """The N×N map from torch.kron, the sum divided by the modes."""
    if combine == "product":
        out = torch.ones(1, 1, dtype=torch.float64)
        for factor in factors:
            out = torch.kron(out, factor.double())
        return out
    total = 0
    for mode in range(len(factors)):
        out = torch.ones(1, 1, dtype=torch.float64)
        for other, factor in enumerate(factors):
            out = torch.kron(out, factor.double() if other == mode else torch.eye(len(factor), dtype=torch.float64))
        total = total + out
    return total / len(factors)


@pytest.mark.parametrize("kind", ["product", "sum", "following"])
def test_a_teacher_says_what_its_whole_map_says(kind: str) -> None:
    sizes, channels_ = (2, 3, 5), 7
    made = following_teacher(3, channels_, rng()) if kind == "following" else fixed_teacher(sizes, 7, kind, rng())
    x = torch.randn(4, *sizes, channels_, generator=rng(1))
    factors, answers = made.factors(x), made.answer(x)
    for element in range(4):
        own = [factor[element] for factor in factors]
        for factor in own:
            torch.testing.assert_close(factor.sum(-1), torch.ones(len(factor)))
        map_ = whole(own, made.combine)
        wanted = map_ @ x[element].reshape(30, 7).double() @ made.mix.double()
        torch.testing.assert_close(answers[element].reshape(30, 7).double(), wanted, atol=1e-5, rtol=1e-5)
        torch.testing.assert_close(dense(factors, made.combine)[element].double(), map_, atol=1e-6, rtol=1e-5)


def test_a_following_teachers_factors_follow_the_input_of_their_slices() -> None:
    made, x = following_teacher(2, 3, rng()), torch.randn(1, 2, 5, 3, generator=rng(1))
    means = x[0].mean(0)  # over the first mode: what the second mode's factor sees
    q, k = means @ made.query[1], means @ made.key[1]
    q, k = ((t - t.mean(-1, keepdim=True)) / (t.var(-1, unbiased=False, keepdim=True) + 1e-5).sqrt() for t in (q, k))
    logits = torch.tensor([[made.sharp * float(a @ b) / math.sqrt(3) for b in k] for a in q])
    torch.testing.assert_close(made.factors(x)[1][0], logits.softmax(-1), atol=1e-5, rtol=1e-4)


def test_theory_of_the_noisy_map() -> None:
    # two modes of 2 and 3: rank-one 4×9 matrices are a surface of dimension 4 + 9 − 1 in 36
    assert expected_error((2, 3), 0.5) == pytest.approx(0.5 * math.sqrt(12 / 36))
    assert expected_error((7,), 0.3) == pytest.approx(0.3)  # one mode: nothing can be cleaned away
    small, large = noisy_maps((3, 5), (0.01, 100.0), range(5))
    assert small.error == pytest.approx(small.theory, rel=0.15)
    assert small.left**2 + small.error**2 == pytest.approx(0.01**2, rel=0.01)  # at right angles to first order
    assert large.error > 1


# ---- small


@pytest.mark.parametrize("task", TASKS)
def test_tasks_mean_what_they_say(task: str) -> None:
    sizes, values = (2, 3, 5), 2
    x, wanted = draw(task, 3, sizes, values, rng())
    assert x.shape == (3, *sizes, channels(task, values))
    assert wanted.shape == (3, *sizes, values)
    places = list(pairs(*(range(n) for n in sizes)))
    for element, place in pairs(range(3), places):
        if task == "marked":
            marked = [p for p in places if x[element][p][-1] != 0]
            assert len(marked) == 1
            others = marked
        elif task == "shift":
            others = [tuple((p + 1) % n for p, n in zip(place, sizes, strict=True))]
        else:
            others = [p for p in places if torch.equal(x[element][p][-CODE:], x[element][place][-CODE:])]
            assert len(others) == 2
            assert place in others
        mean = sum(x[element][p][:values].double() for p in others) / len(others)
        torch.testing.assert_close(wanted[element][place].double(), mean)


# ---- series


def test_gaps_are_carried_and_simple_forecasts_follow() -> None:
    values, valid = torch.randn(3, 29, generator=rng()), torch.rand(3, 29, generator=rng(1)) < 0.4
    valid[1] = False
    valid[2, :5] = False
    filled = carried(values, valid)
    for row in range(3):
        known = [t for t in range(29) if valid[row, t]]
        for step in range(29):
            before = [t for t in known if t <= step]
            source = before[-1] if before else known[0] if known else None
            assert filled[row, step] == (0 if source is None else values[row, source])
    torch.testing.assert_close(persistence(values, valid, 3), filled[:, -1:].repeat(1, 3))
    torch.testing.assert_close(seasonal(values, valid, 31), torch.cat([filled[:, -24:], filled[:, -24:-17]], 1))


def test_the_linear_map_is_ridge_regression() -> None:
    values, target = torch.randn(11, 3, generator=rng()), torch.randn(11, 2, generator=rng(1))
    valid, known = torch.ones(11, 3, dtype=torch.bool), torch.ones(11, 2, dtype=torch.bool)
    known[4, 0] = False
    weights = linear_map(values, valid, target, known, ridge=0.7)
    kept = [n for n in range(11) if n != 4]
    left = torch.tensor([[*(v - values[n, 2] for v in values[n]), 1.0] for n in kept], dtype=torch.float64)
    right = (target - values[:, 2:])[kept].double()
    tall = torch.cat([left, math.sqrt(0.7) * torch.eye(4, dtype=torch.float64)])
    best = torch.linalg.lstsq(tall, torch.cat([right, torch.zeros(4, 2, dtype=torch.float64)])).solution
    torch.testing.assert_close(weights, best, atol=1e-6, rtol=1e-5)
    forecast = linear_forecast(weights, values[:1], valid[:1])[0].double()
    torch.testing.assert_close(forecast, left[0] @ best + values[0, 2].double(), atol=1e-5, rtol=1e-5)


def test_the_series_is_scaled_by_its_first_part_alone() -> None:
    series = weather()
    assert series.values.shape[:2] == (3, 6)
    first = torch.where(series.valid, series.values, torch.nan)[..., : series.cut].double()
    assert first.nanmean(-1).abs().max() < 1e-5
    assert (first.square().nanmean(-1).sqrt() - 1).abs().max() < 1e-5
    values, valid = series.tests(48, 7)
    assert values.shape == valid.shape == (7, 3, 6, 48)
    torch.testing.assert_close(values[0], series.values[..., series.cut : series.cut + 48])
    torch.testing.assert_close(values[-1], series.values[..., -48:])


# ---- sparse


def test_what_is_asked_for_is_known_and_hidden() -> None:
    valid = torch.rand(5, 2, 3, 37, generator=rng()) < 0.8
    for share in (0.5, 0.1, 0.001):
        seen, wanted = hide(valid, share, 11, rng(1))
        assert (seen & ~valid).sum() == 0
        for s, v, at in zip(seen.flatten(1), valid.flatten(1), wanted, strict=True):
            assert len(set(at.tolist())) == 11
            assert v[at].all()
            assert not s[at].any()
            assert int(s.sum()) == max(1, round(share * 222))


def test_the_list_of_seen_entries() -> None:
    seen = torch.rand(5, 13, generator=rng()) < 0.3
    seen[2] = False
    order, valid = listed(seen)
    for row, at, known in zip(seen, order, valid, strict=True):
        assert at[known].tolist() == [n for n in range(13) if row[n]]
    assert listed(seen[2:3])[1].tolist() == [[False]]


@pytest.mark.parametrize("kind", ["masked", "kept", "list"])
def test_hidden_values_are_never_read(kind: str) -> None:
    torch.manual_seed(0)
    sizes = (2, 3, 5)
    model = Listed(sizes, 8, 2, 2) if kind == "list" else Dense(sizes, 8, 2, 2, masked=kind == "masked")
    values, seen = torch.randn(3, *sizes), torch.rand(3, *sizes) < 0.5
    wanted = torch.stack([(~s.flatten()).nonzero()[:4, 0] for s in seen])
    out = model(values, seen, wanted)
    torch.testing.assert_close(model(torch.where(seen, values, 1e9), seen, wanted), out)
    assert (model(torch.where(seen, values + 1, values), seen, wanted) - out).abs().max() > 1e-4
    one = model(values[:1], seen[:1], wanted[:1])
    torch.testing.assert_close(one, out[:1], atol=1e-5, rtol=1e-4)  # what fills up the list does not count


def test_lines_and_means_of_a_series() -> None:
    values = torch.tensor([[5.0, 1, 9, 9, 4, 9], [9, 9, 9, 9, 9, 9]])
    seen = torch.tensor([[False, True, False, False, True, False], [False] * 6])
    assert between(values, seen).tolist() == [[1, 1, 2, 3, 4, 4], [0] * 6]
    assert series_mean(values, seen).tolist() == [[2.5] * 6, [0] * 6]


def test_completion_finds_a_rank_one_tensor() -> None:
    lines = [torch.rand(n, generator=rng(n)) + 0.5 for n in (3, 5, 11)]
    true = torch.einsum("i,j,k->ijk", *lines)
    seen = torch.rand(true.shape, generator=rng(1)) < 0.6
    found = completed(torch.where(seen, true, 1e6), seen, 1, 200, 0)
    assert relative_error(found[~seen], true[~seen]) < 0.05
    assert not completed(true, torch.zeros_like(seen), 1, 5, 0).any()


# ---- the figure


def test_a_name_looks_the_same_in_every_panel() -> None:
    one, two = Curve("a<b", [1.0, 2.0], [3.0, 4.0], [0.1, 0.2]), Curve("c", [1.0, 10.0], [0.1, 1.0], dash=1)
    figure = panels([Panel("left", "x", "y", [one, two], "x"), Panel("right", "x", "y", [two], level=1.0)])
    a, c, again = figure.data
    assert a.name == "a&lt;b"
    assert list(a.error_y.array) == [0.1, 0.2]
    assert c.marker.color == again.marker.color != a.marker.color
    assert (c.showlegend, again.showlegend, again.xaxis) == (True, False, "x2")
    assert figure.layout.xaxis.type == "log"
    assert figure.layout.xaxis2.type is None
    assert figure.layout.shapes[0].y0 == 1.0
    assert figure.layout.shapes[0].yref == "y2"


def test_points_at_a_word_stand_beside_each_other() -> None:
    figure = panels([Panel("", "", "y", [Curve(name, ["p", "q"], [1.0, 1.0], line=False) for name in "ab"])])
    left, right = (list(trace.x) for trace in figure.data)
    assert left == pytest.approx([-0.06, 0.94])
    assert right == pytest.approx([0.06, 1.06])
    assert list(figure.layout.xaxis.ticktext) == ["p", "q"]
    assert list(figure.layout.xaxis.tickvals) == [0, 1]
