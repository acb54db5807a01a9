"""What the answers of the experiments rest on: draws apart, gaps left out, words from numbers and their spread."""

import math
from pathlib import Path

import plotly.graph_objects as go
import pytest
import torch
from torch import Tensor

from hot_core.errors import SelectionError
from hot_core.experiments import (
    Column,
    Experiment,
    Finding,
    Plan,
    bounded,
    factorisations,
    joint,
    planted,
    rank,
    reader,
    small,
    sparse,
    triples,
)
from hot_core.experiments import match3 as match3_experiment
from hot_core.experiments.fit import UNTUNED, apart
from hot_core.experiments.formats import FORMATS
from hot_core.experiments.grid_model import FORMS, GridModel
from hot_core.experiments.page import write
from hot_core.experiments.series import Series
from hot_core.lessons import cost as cost_lesson
from hot_core.lessons import match3
from hot_core.lessons import rank as rank_lesson

NONE = float("nan")


# ---- the page and the rule


def test_the_page_shows_the_picture_that_lies_beside_it_and_else_links_the_figure(tmp_path: Path) -> None:
    finding = Finding("So.", (Column("what"),), (("a",),), go.Figure(), "two dots.")
    one = Experiment("named", "A title", "Is it so?", "a paper", lambda _: finding)
    assert (
        "- Figure: [named.html](named.html), two dots." in write(one, Plan((0,)), finding, tmp_path, 1.0).splitlines()
    )
    (tmp_path / "other.png").write_bytes(b"")
    assert "named.html" in write(one, Plan((0,)), finding, tmp_path, 1.0)
    (tmp_path / "named.png").write_bytes(b"")
    assert "- Figure: ![named](named.png) two dots." in write(one, Plan((0,)), finding, tmp_path, 1.0).splitlines()


def test_means_are_apart_beyond_twice_the_larger_spread_and_never_for_one_seed() -> None:
    # spreads 1 and 2 exactly, so the means must be more than 4 apart
    low, high = [-1.0, 0.0, 1.0], [-2.0, 0.0, 2.0]
    assert not apart(low, [value + 3.9 for value in high])
    assert apart(low, [value + 4.1 for value in high])
    assert apart([value + 4.1 for value in high], low)
    assert not apart([0.0], [9.0])
    assert not apart([0.9999, 0.9999], [1.0, 1.0])


# ---- planted


def runs_of_planted(own: float, other: float) -> dict[tuple[str, float, str], list[planted.Learnt]]:
    """Every teacher with every student: the factors' errors of the own and of other structures, uniform's is 1."""
    return {
        (teacher, 0.0, student): [
            planted.Learnt(
                0.9, NONE if student == "full" else own if student == planted.OWN[teacher] else other, 1.0, 0.5
            )
        ]
        for teacher in planted.TEACHERS
        for student in planted.STUDENTS
    }


@pytest.mark.parametrize(
    ("own", "word"), [(0.09, "Yes:"), (0.11, "In part:"), (0.49, "In part:"), (0.51, "No:"), (1.2, "No:")]
)
def test_planted_says_yes_below_a_tenth_of_the_uniform_error_alone(own: float, word: str) -> None:
    assert planted.answer(runs_of_planted(own, 2.0), []).startswith(word)


def test_planted_says_from_the_numbers_how_wrong_structures_stand_to_uniform() -> None:
    above, below = (planted.without_counterpart(runs_of_planted(0.1, other)) for other in (1.25, 0.515))
    assert above.count("1.250, not below uniform's 1.000") == 3
    assert below.count("0.515, below uniform's 1.000") == 3


@pytest.mark.parametrize(("kind", "placed"), [("product", True), ("sum", True), ("following", False)])
def test_students_have_places_but_where_the_factors_follow_the_input(
    kind: str, placed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[GridModel] = []

    def kept(*args: object, **more: object) -> GridModel:
        made.append(GridModel(*args, **more))
        return made[-1]

    monkeypatch.setattr(planted, "GridModel", kept)
    for form in planted.STUDENTS:
        planted.teach(kind, form, 0.0, 0, planted.QUICK)
    for model in made:
        x = torch.randn(1, 2, 3, 2)
        same = x[:, :1, :1].expand_as(x)  # equal tokens differ by their places alone
        out = model(same)
        assert bool((out - out[:, :1, :1]).abs().max() > 1e-4) is placed


# ---- small, sparse, rank, joint


def test_small_says_ahead_only_beyond_twice_the_spread() -> None:
    def said(gap: float) -> str:
        scores = {"product": 0.8 + gap, "sum": 0.3, "axial": 0.5, "full": 0.8}
        runs = {
            (task, form): [small.Trained(scores[form] + noise, 7, 1.0) for noise in (-0.05, 0.0, 0.05)]
            for task in small.TASKS
            for form in FORMS
        }
        return small.answer(runs, dict.fromkeys(FORMS, 5))

    assert f"{FORMS['product']} is level with full" in said(0.09)
    assert f"{FORMS['product']} is ahead of full" in said(0.11)
    assert "ahead of" not in said(0.09)
    assert "is behind full" in said(-0.11)


def test_sparse_names_who_is_level_with_the_best() -> None:
    means = dict(zip(sparse.NAMES, (0.70, 0.5, 0.79, 0.3, 0.2, 0.1, 0.0), strict=True))
    runs = {
        (name, share): [sparse.Filled(mean + noise, 0.1) for noise in (-0.05, 0.0, 0.05)]
        for name, mean in means.items()
        for share in sparse.QUICK.shares
    }
    text = sparse.answer(runs, sparse.QUICK)
    assert "full, seen tokens fills best, level with HOT, masked (R² 0.790; the better HOT (HOT, masked) 0.700)" in text
    for name in ("HOT, masked", "HOT, hidden tokens kept"):
        for share in sparse.QUICK.shares:
            runs[name, share] = [sparse.Filled(0.5 + noise, 0.1) for noise in (-0.05, 0.0, 0.05)]
    assert "level with" not in sparse.answer(runs, sparse.QUICK)


def test_the_table_of_sparse_counts_each_network_s_parameters() -> None:
    finding = sparse.run(Plan((0,), quick=True))
    for row in finding.rows:
        if row[1] in sparse.LEARNT:
            network = sparse.network(str(row[1]), sparse.QUICK, (3, 6, sparse.QUICK.steps_of_time))
            assert row[-1] == sum(math.prod(p.shape) for p in network.parameters())
        else:
            assert row[-1] == "–"


def test_rank_tells_the_range_over_head_counts_and_picks_no_best() -> None:
    errors = {"HOT, 1 head": 0.50, "HOT, 2 heads": 0.40, "HOT, 4 heads": 0.45, "full, 4 heads": 0.42}
    runs = {
        name: [rank.Scored(error + noise, 1000 + 11 * at) for noise in (-0.01, 0.0, 0.01)]
        for at, (name, error) in enumerate(errors.items())
    }
    text = rank.answer(runs, {"persistence (last value)": 0.6}, {"trained": [[0.5, 0.1]], "untrained": [[0.5, 0.1]]})
    assert "from 0.4000 (HOT, 2 heads) to 0.5000 (HOT, 1 head), a difference of 0.1000, more than twice" in text
    assert "lowest" not in text
    assert "Full attention, with 1,033, comes to 0.4200" in text


def test_the_error_of_a_forecast_counts_known_hours_behind_the_lookback_alone() -> None:
    size = rank.QUICK
    random = torch.Generator().manual_seed(0)
    values = torch.randn(3, 2, 5, size.lookback + size.horizon, generator=random)
    valid = torch.rand(values.shape, generator=random) < 0.6
    forecast = torch.randn(3, 2, 5, size.horizon, generator=random)
    errors = [
        abs(float(forecast[w, a, v, h]) - float(values[w, a, v, size.lookback + h]))
        for w, a, v, h in torch.ones_like(forecast).nonzero().tolist()
        if valid[w, a, v, size.lookback + h]
    ]
    expected = math.fsum(errors) / len(errors)
    assert rank.mean_error(forecast, values, valid, size) == pytest.approx(expected, rel=1e-6)
    assert rank.mean_error(forecast, torch.where(valid, values, 1e6), valid, size) == pytest.approx(expected, rel=1e-6)


def test_joint_answers_for_every_number_of_terms() -> None:
    ranks = (1, 2, 4)
    found = {("product", heads, terms): (0.1 * heads * terms, 0.0) for heads in (1, 2) for terms in ranks}
    text = joint.answer(found, {terms: [0.5, 0.25] for terms in ranks}, ranks)
    for said in ("1 term: heads 0.100 with 1", "2 terms: heads 0.200 with 1", "4 terms: heads 0.400 with 1"):
        assert said in text


@pytest.mark.parametrize("name", ["planted", "small", "rank", "sparse", "joint"])
def test_who_compares_forms_at_one_rate_says_so(name: str) -> None:
    module = {"planted": planted, "small": small, "rank": rank, "sparse": sparse, "joint": joint}[name]
    assert UNTUNED in module.run(Plan((0,), quick=True)).notes


# ---- factorisations


def test_a_format_is_ahead_only_beyond_twice_the_spread_of_the_difference() -> None:
    # the maps differ much (0.1 … 0.9), the difference on each map has mean 3 and deviation 1 in units of 0.01
    other = [0.1, 0.5, 0.9]
    assert factorisations.ahead([b - gain for b, gain in zip(other, (0.02, 0.03, 0.04), strict=True)], other)
    assert not factorisations.ahead([b - gain for b, gain in zip(other, (0.0, 0.02, 0.04), strict=True)], other)
    assert not factorisations.ahead(other, other)
    assert not factorisations.ahead([0.1], [0.9])


def test_the_answer_of_the_factorisations_counts_who_is_ahead_level_and_behind() -> None:
    kinds = list(FORMATS)
    gains = dict.fromkeys(kinds, 0.0) | {kinds[1]: 0.05, kinds[2]: -0.05, kinds[3]: -0.06}
    runs = [
        {kind: [factorisations.Point(1, 5, 0.5 + noise - gains[kind], 0.1)] for kind in kinds}
        for noise in (0.0, 0.1, 0.2)
    ]
    text = factorisations.answer(runs, (1,))
    assert "no other of 9 formats is ahead of Kronecker terms at 0 of 1 budgets" in text
    assert "Tensor Train on pairs 0.550, Kronecker terms 0.600 (of the others 1 ahead of Kronecker terms, 5 level, 2 " \
        "behind)" in text  # fmt: skip


# ---- bounded, match3


def test_the_weakest_promise_of_the_seeds_decides_whether_strict_answers() -> None:
    runs = [bounded.Measured(1e-3, 1e-2, promised, 35) for promised in (0.01, 0.5)]
    columns, gap, _, relative, promised, says = bounded.summed(runs)
    assert (columns, gap, relative, promised, says) == (35, 1e-3, 1e-2, 0.5, "refused")
    assert bounded.summed(runs[:1])[-1] == "answered"


def test_the_bounded_form_is_measured_with_three_keys_too() -> None:
    orders = {order for *_, order in bounded.CASES}
    assert orders == set(bounded.TOKENS) == {3, 4}
    query, keys, values = bounded.entries(5, 3, 2.0, 0, order=4)
    assert (len(keys), len(values), query.shape) == (3, 3, (5, 3))
    assert 1.5 < max(float(part.abs().max()) for part in (query, *keys, *values)) <= 2
    four, six = (bounded.compared(24, 3, 1.0, degree, 0, 4) for degree in (4, 6))
    assert four.columns == math.comb(7, 4)
    assert six.largest < four.largest < four.promised


def test_promise_and_refusal_of_match3_are_those_of_the_worst_sample() -> None:
    modulus, beta, samples = 37, 2.0, 7
    found = match3_experiment.scored(modulus, beta, samples, 5)
    random = torch.Generator().manual_seed(5)
    draws = [torch.randint(0, modulus, (match3_experiment.TOKENS,), generator=random) for _ in range(samples)]
    bounds = [match3_experiment.by_bounded(numbers, modulus, beta).error_bound for numbers in draws]
    assert len(set(bounds)) > 1
    assert found.bound == max(bounds)
    assert torch.equal(found.worst, draws[bounds.index(max(bounds))])
    right = [(match3.head(x, modulus, beta) > 0.5) == match3.truth(x, modulus) for x in draws]
    assert found.exact == pytest.approx(float(torch.stack(right).double().mean()))


# ---- triples


def test_weights_choice_and_score_of_triples_see_different_draws(monkeypatch: pytest.MonkeyPatch) -> None:
    task, seen = triples.Task(3, 7, 2), []

    def kept(self: triples.Task, many: int, random: torch.Generator) -> tuple[Tensor, Tensor]:
        seen.append((many, random.initial_seed()))
        numbers = torch.randint(0, self.modulus, (many, self.numbers), generator=random)
        return numbers, match3.truths(numbers, self.modulus)

    monkeypatch.setattr(triples.Task, "draw", kept)
    for seed in (0, 1, 2):
        triples.learnt(triples.CONTENDERS[1], task, 1, 1e-3, seed)
    assert [many for many, _ in seen] == [triples.BATCH, 2000, 2000] * 3
    assert len({seed for _, seed in seen}) == 9


def test_triples_chooses_its_rate_by_the_samples_to_choose_by(monkeypatch: pytest.MonkeyPatch) -> None:
    def told(one: object, task: object, steps: int, rate: float, seed: int) -> triples.Learnt:
        best = rate == 3e-3  # best to choose by, worst by the score
        return triples.Learnt(0.9 if best else 0.6, 0.7 if best else 0.8, 0.1, 5)

    monkeypatch.setattr(triples, "learnt", told)
    monkeypatch.setattr(triples, "share_of_majority", lambda task: 0.5)
    for row in triples.run(Plan((0, 1, 2))).rows[1:]:
        assert row[2] == "0.003"
        assert row[3] == pytest.approx(0.7)


# ---- the reader


def test_a_reader_is_scored_and_read_where_it_was_not_trained_and_no_gap_is_truth(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # values: 0 to 1 in the part to learn from, 10 to 11 behind it, 77 in every gap
    tokens, length = 2, 2 * reader.PATCH
    random = torch.Generator().manual_seed(0)
    valid = torch.rand(2, 3, 12 * length, generator=random) < 0.7
    cut = 8 * length
    values = torch.rand(valid.shape, generator=random) + 10 * (torch.arange(12 * length) >= cut)
    series = Series(torch.where(valid, values, 77.0), valid, cut)
    taught: list[Tensor] = []
    scored: list[Tensor] = []
    mapped: list[Tensor] = []
    true_missed, true_maps = reader.missed, reader.Reader.maps

    def missed(model: reader.Reader, patches: Tensor, known: Tensor, hidden: Tensor) -> Tensor:
        taught.append(patches[known])
        return true_missed(model, patches, known, hidden)

    def r_squared(found: Tensor, wanted: Tensor) -> float:
        scored.append(wanted)
        return 0.5

    def maps(self: reader.Reader, patches: Tensor) -> tuple[Tensor, Tensor]:
        mapped.append(patches)
        return true_maps(self, patches)

    monkeypatch.setattr(reader, "weather", lambda share: series)
    monkeypatch.setattr(reader, "missed", missed)
    monkeypatch.setattr(reader, "r_squared", r_squared)
    monkeypatch.setattr(reader.Reader, "maps", maps)
    assert reader.trained(0, tokens=tokens, steps=3, dim=8).score == 0.5
    assert len(taught) == 3
    assert max(float(part.max()) for part in taught) <= 1
    assert len(scored[0]) > 100
    assert 10 <= float(scored[0].min()) <= float(scored[0].max()) <= 11
    assert float(mapped[0].min()) >= 10


def test_the_loss_of_a_reader_is_over_known_hours_of_hidden_tokens() -> None:
    random = torch.Generator().manual_seed(1)
    shape = (2, 3, 5, reader.PATCH)
    patches, answers = (torch.randn(shape, generator=random) for _ in range(2))
    valid, hidden = torch.rand(shape, generator=random) < 0.6, torch.rand(shape[:-1], generator=random) < 0.4
    squares = [
        (float(answers[at]) - float(patches[at])) ** 2
        for at in map(tuple, torch.ones(shape).nonzero().tolist())
        if valid[at] and hidden[at[:-1]]
    ]
    loss = float(reader.missed(lambda _patches, _hidden: answers, patches, valid, hidden))
    assert loss == pytest.approx(math.fsum(squares) / len(squares), rel=1e-5)


# ---- lessons


def test_a_verdict_is_of_the_block_whatever_the_layer_saves() -> None:
    def said(layer: float, block: float) -> str:
        full = cost_lesson.Row("full", 100, 10_000, 10_000, 1, 1)
        own = cost_lesson.Row("product", 200, round(10_000 / layer), round(10_000 / block), 1, 1)
        return cost_lesson.verdict([full, own])

    assert "Not worth it here" in said(9.0, 1.05)
    assert "Nothing to promise here" in said(9.0, 1.5)
    assert "**Worth it here**" in said(1.05, 2.5)


@pytest.mark.parametrize("terms", [-1, 0, 17, 99])
def test_terms_that_are_not_there_are_refused_in_a_sentence(terms: int) -> None:
    with pytest.raises(SelectionError, match=rf"{terms} terms are asked for; with sizes \(4, 5\) there are 1 to 16"):
        rank_lesson.approximate(rank_lesson.random_attention(0, 1.0), terms)
