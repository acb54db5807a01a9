"""What is shown for a head, a layer and the whole model: mixtures, levels, sentences and the rollout's panels."""

import math
import re
import subprocess
import sys
from dataclasses import replace
from functools import partial

import numpy as np
import pytest
import torch

import hot_core as hot
from hot_core.analysis.reading import even_level, rollout_words, strongest
from hot_core.analysis.words import number, position_words
from hot_core.errors import SelectionError
from hot_core.figures.axes import token_axis
from hot_core.figures.composition import formula, what
from hot_core.figures.picking import Click
from hot_core.figures.rollout import ACCENT, OWN, QUERY, pick_profile, rollout_profiles_figure
from hot_core.figures.style import KEY
from hot_core.modes import Mode, TokenGrid
from hot_core.record import AttentionRecord
from tests.makers_samples import forecaster
from tests.test_pipeline import CASES, series
from tests.test_rollout import shifted

SHARES = (0.5, 0.2, 0.3)


def made_of(analysis, combine="product", *, heads=3, layers=2, shares=SHARES, valid=None, normalize=False, seed=0):
    """The analysis with random factors, all of different sizes, and known shares of the heads."""
    rng = np.random.default_rng(seed)
    record = AttentionRecord(analysis.grid.modes, shares=True)
    for _ in range(layers):
        factors = [torch.tensor(rng.dirichlet(np.ones(n), (1, heads, n))) for n in analysis.grid.shape]
        mask = None if valid is None else torch.tensor(valid)[None]
        kept = None if shares is None else partial(torch.tensor, [shares], dtype=torch.float64)
        record.add_factors(factors, combine, normalize, mask, kept)
    return replace(analysis, record=record)


@pytest.fixture(scope="module")
def plain():
    return hot.analyse(series(), forecaster())


def gaps(plain, seed=5):
    valid = np.random.default_rng(seed).random(plain.grid.shape) > 0.2
    valid[0, 1, 13] = valid[2, 4, 5] = True
    return valid


@pytest.mark.parametrize("direction", ["row", "column"])
@pytest.mark.parametrize("combine", ["product", "sum"])
def test_a_layer_by_output_is_its_heads_by_their_shares(plain, combine, direction):
    analysis, query = made_of(plain, combine), (0, 1, 13)
    heads = [analysis.field(1, head, query, direction).values for head in range(3)]
    found = analysis.field(1, None, query, direction, weights="output")
    expected = sum(share * head for share, head in zip(SHARES, heads, strict=True))
    np.testing.assert_allclose(found.values, expected, rtol=1e-5)
    words = "3 heads weighted by their share of the output (0.50, 0.20, 0.30)"
    assert found.attrs["weights"] == words
    assert analysis.reading(1, None, query, direction, weights="output").startswith(f"Layer 1, {words}: ")
    equal = analysis.field(1, None, query, direction)
    np.testing.assert_allclose(equal.values, np.mean(heads, axis=0), rtol=1e-5)
    assert equal.attrs["weights"] == "mean of 3 heads"
    assert analysis.reading(1, None, query, direction).startswith("Layer 1, mean of 3 heads: ")
    assert analysis.field(1, 2, query, weights="output").attrs["weights"] == "head 2"
    assert np.nanmax(np.abs(found.values - equal.values)) > 1e-4


def test_every_part_that_takes_weights_uses_them(plain):
    """The heads differ in their row sums, so that the level and the pair tell one mixture from the other."""
    analysis, query, key = made_of(plain), (0, 1, 13), (2, 4, 5)
    for head, factor in enumerate(analysis.record.layers[0].factors[0][0]):
        factor *= head + 1
    entries = [analysis.kronecker_map(0, head).entry(query, key) for head in range(3)]
    for weights, shares in (("output", SHARES), ("equal", (1 / 3,) * 3)):
        sums = sum(share * (head + 1) for head, share in enumerate(shares))
        weight = sum(share * entry for share, entry in zip(shares, entries, strict=True))
        assert analysis.uniform(0, None, query, weights=weights) == pytest.approx(sums / 360, rel=1e-12)
        ratio = number(weight * 360 / sums, 2)
        words = analysis.pair_words(0, None, query, key, weights=weights)
        assert words.endswith(f": {number(weight)}, {ratio} times uniform")


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("direction", ["row", "column"])
@pytest.mark.parametrize("combine", ["product", "sum"])
def test_reading_pair_and_level_use_one_number(plain, combine, direction, masked):
    valid = gaps(plain) if masked else None
    analysis, query = made_of(plain, combine, valid=valid), (0, 1, 13)
    kmap = analysis.kronecker_map(1, None)
    count = 360 if valid is None else int(valid.sum())
    row_sum = sum(kmap.entry(query, key) for key in np.ndindex(*plain.grid.shape))
    level = analysis.uniform(1, None, query)
    assert level == pytest.approx(row_sum / count, rel=1e-12)
    assert level == pytest.approx((1 if combine == "product" else 3) / count, rel=1e-12)
    assert even_level(kmap, query, valid) == level
    found = strongest(kmap, query, direction, valid)
    assert found.times_uniform == found.weight / level
    words = analysis.pair_words(1, None, query, found.token, direction)
    assert re.search(r", [\d.,]+ times uniform", words).group() in analysis.reading(1, None, query, direction)


def test_nothing_valid_has_no_level(plain):
    analysis = made_of(plain, valid=np.zeros(plain.grid.shape, dtype=bool))
    assert analysis.uniform(0, 0, (0, 1, 13)) == 0
    assert strongest(analysis.kronecker_map(0, 0), (0, 1, 13), "row", analysis.record.valid).times_uniform == 0
    for direction in ("row", "column"):
        words = analysis.pair_words(0, 0, (0, 1, 13), (2, 4, 5), direction)
        assert re.search(r": [\d.e-]+(; data are missing there, so it is lost)?$", words)
        assert "uniform" not in words + analysis.reading(0, 0, (0, 1, 13), direction)  # a ratio to nothing


@pytest.mark.parametrize("name", CASES)
def test_the_arrow_begins_at_the_token_that_looks(name):
    make, build, _ = CASES[name]
    analysis = hot.analyse(make(), build())
    query, key = analysis.default_query(), tuple(n - 1 for n in analysis.grid.shape)
    words = [position_words(analysis.grid, token, analysis.sample.geometry) for token in (query, key)]
    for direction, (start, end) in (("row", words), ("column", words[::-1])):
        looks, there = (query, key) if direction == "row" else (key, query)
        entry = analysis.kronecker_map(1, 1).entry(looks, there)
        pair = analysis.pair_words(1, 1, query, key, direction)
        assert pair.startswith(f"{start} → {end}: {number(entry)}, ")
        assert analysis.rollout_pair_words(query, key, direction).startswith(f"{start} → {end}: ")


def test_a_weight_on_missing_data_is_lost_and_it_is_said(plain):
    valid = gaps(plain)
    gone = tuple(int(at) for at in np.argwhere(~valid)[0])
    analysis, query = made_of(plain, valid=valid), (0, 1, 13)
    assert analysis.pair_words(0, 0, query, gone).endswith("times uniform; data are missing there, so it is lost")
    assert "missing" not in analysis.pair_words(0, 0, query, (2, 4, 5))
    assert "missing" not in analysis.pair_words(0, 0, query, gone, "column")  # it is the one that looks


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("direction", ["row", "column"])
def test_the_rollout_in_words_is_its_dense_row_or_column(plain, direction, masked):
    from hot_core.analysis.rollout import rollout_maps, rollout_matrix

    valid = gaps(plain) if masked else None
    analysis, query = made_of(plain, valid=valid, layers=3), (0, 1, 13)
    dense = rollout_matrix(rollout_maps(analysis.record), valid=None if valid is None else torch.tensor(valid)).numpy()
    flat = int(np.ravel_multi_index(query, plain.grid.shape))
    line = dense[flat] if direction == "row" else dense[:, flat]
    tokens = analysis.rollout_tokens(query, direction)
    assert tokens.shape == plain.grid.shape
    np.testing.assert_allclose(tokens.flatten(), line, rtol=0, atol=1e-12)
    others = {at: v for at, v in enumerate(line) if at != flat and (valid is None or valid.flatten()[at])}
    best = max(others, key=others.get)
    count = 360 if valid is None else int(valid.sum())
    assert analysis.rollout_uniform() == 1 / count
    there = position_words(plain.grid, tuple(int(i) for i in np.unravel_index(best, plain.grid.shape)))
    here = position_words(plain.grid, query)
    ratio, own = number(others[best] * count, 2), number(100 * line[flat], 2)
    verb, rest = {
        "row": ("is made most of", f"{own} % is its own"),
        "column": ("goes most into", f"of its own place it still makes up {own} %"),
    }[direction]
    sentence = analysis.rollout_reading(query, direction)
    lead = "Whole model (attention rollout over 3 layers): apart from itself"
    assert sentence.startswith(f"{lead}, {here} {verb} {there}, {ratio} times uniform; {rest}. Rollout mixes heads ")
    assert sentence.endswith("and ignores values, MLPs and norms.")
    key = (2, 4, 5)
    weight = line[int(np.ravel_multi_index(key, plain.grid.shape))]
    pair = analysis.rollout_pair_words(query, key, direction)
    assert pair.endswith(f": {number(weight)} by rollout, {number(weight * count, 2)} times uniform")


def test_a_token_without_data_is_never_named(plain):
    """In a column, tokens without data hold shares too: they look, though nobody looks at them."""
    share, valid = np.full((3, 5, 24), 0.001), np.ones((3, 5, 24), dtype=bool)
    share[1, 2, 3], share[2, 4, 5], valid[1, 2, 3] = 0.5, 0.25, False
    words = rollout_words(share, plain.grid, (0, 1, 13), layers=2, direction="column", valid=valid)
    assert f"goes most into {position_words(plain.grid, (2, 4, 5))}, {number(0.25 * 359, 2)} times uniform" in words


def test_rollout_of_attention_that_stays_where_it_is(plain):
    still = shifted(plain, (0, 0, 0), layers=1)
    here = position_words(plain.grid, (0, 1, 13))
    made = still.rollout_reading((0, 1, 13))
    assert made.startswith(
        f"Whole model (attention rollout over 1 layer): {here} is made of nothing but itself. Rollout"
    )
    gone = still.rollout_reading((0, 1, 13), "column")
    assert gone.startswith(f"Whole model (attention rollout over 1 layer): {here} goes nowhere but to itself. Rollout")


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda a: a.reading(0, None, (0, 0, 0), weights="output"), "Layer 0 kept no shares of its heads"),
        (lambda a: a.pair_words(0, 0, (0, 0, 0), (0, 0, 24)), r"Position \(0, 0, 24\) lies outside the token grid"),
        (lambda a: a.pair_words(0, 0, (0, 0, 0), (0, -1, 2)), r"Position \(0, -1, 2\) lies outside the token grid"),
        (lambda a: a.uniform(0, 0, (3, 0, 0)), r"Position \(3, 0, 0\) lies outside the token grid"),
        (lambda a: a.rollout_pair_words((0, 0, 0), (0, -1, 2)), r"Position \(0, -1, 2\) lies outside the token grid"),
        (lambda a: a.rollout_reading((0, 0, 24)), r"Position \(0, 0, 24\) lies outside the token grid"),
    ],
)
def test_what_does_not_exist_is_refused(plain, call, message):
    with pytest.raises(SelectionError, match=message):
        call(made_of(plain, shares=None))


WORDS_OUTSIDE = """
import torch
from hot_core.analysis.result import Analysis
from hot_core.analysis.rollout import rollout
from hot_core.errors import SelectionError
from hot_core.kronecker import KroneckerMap
from hot_core.record import AttentionRecord
record = AttentionRecord(shares=True)
record.add_factors([torch.eye(3)[None, None]], "product", False, None)
for call in (
    lambda: record.kronecker_map(0, weights="norm"),
    lambda: record.kronecker_map(0, 0, weights="norm"),
    lambda: rollout([KroneckerMap((torch.eye(3),))], (1,), "up"),
    lambda: Analysis.field(None, 0, 0, (1,), "up"),
    lambda: Analysis.pair_words(None, 0, 0, (1,), (1,), "up"),
):
    try:
        call()
    except SelectionError as error:
        print(error)
"""


def test_words_outside_the_type_are_refused():
    """Where no test watches the types, as in a notebook."""
    found = subprocess.run([sys.executable, "-c", WORDS_OUTSIDE], capture_output=True, text=True, check=True)
    weights = "Head weights 'norm' do not exist; choose 'equal' or 'output'."
    direction = "Direction 'up' does not exist; choose 'row' or 'column'."
    assert found.stdout.splitlines() == [weights] * 2 + [direction] * 3


def test_formulas_name_the_modes_and_the_form(plain):
    record = made_of(plain).record
    assert formula(record, "head") == "entity ⊗ variable ⊗ time"
    assert formula(record, "layer") == "Σ_h w_h (entity_h ⊗ variable_h ⊗ time_h), w_h = 1/3"
    assert formula(record, "layer", "output").endswith("⊗ time_h), w_h = share of the output")
    assert formula(record, "model") == "Ã_1 Ã_0, Ã_l = ½ (A_l + I)"
    assert formula(made_of(plain, layers=5).record, "model").startswith("Ã_4 ⋯ Ã_0, ")
    sums = made_of(plain, "sum", normalize=True).record
    assert formula(sums, "head") == "(entity ⊕ variable ⊕ time) / 3"
    assert formula(sums, "layer") == "Σ_h w_h (entity_h ⊕ variable_h ⊕ time_h) / 3, w_h = 1/3"
    single = AttentionRecord((Mode("time", np.arange(5)),))
    single.add_factors([torch.eye(5)[None, None]], "product", False, None)
    assert formula(single, "head") == "time"
    assert formula(single, "layer") == "Σ_h w_h time_h, w_h = 1/1"


def test_each_picture_says_what_it_is_and_what_it_is_not(plain):
    record = made_of(plain, layers=3).record
    head = what(record, "head", 1, 2)
    assert head.startswith(
        "Head 2 of layer 1: one Kronecker product, entity ⊗ variable ⊗ time. It is not the whole layer"
    )
    assert "adds 3 such terms, each acting on values of its own" in head
    equal = what(record, "layer", 1)
    assert equal.startswith(
        f"Layer 1, the mean of its 3 heads: {formula(record, 'layer')}. It is in general not one Kro"
    )
    output = what(record, "layer", 1, None, "output")
    assert "its 3 heads weighted by their share of the output (by norm" in output
    assert formula(record, "layer", "output") in output
    model = what(record, "model")
    assert model.startswith("Whole model, attention rollout over 3 layers: Ã_2 Ã_1 Ã_0, Ã_l = ½ (A_l + I), with")
    assert "values, MLPs and norms are ignored, and it is shown for the chosen position only" in model
    for text in (head, equal, output, model):
        assert len(re.findall(r"\. ", text)) == 1  # two sentences
        assert text.endswith(".")


def test_the_mixture_that_is_one_map_is_not_denied(plain):
    sums, lone = made_of(plain, "sum").record, made_of(plain, heads=1, shares=(1.0,)).record
    assert sums.kronecker_map(0).as_one() is not None
    assert "It is again one map of that form" in what(sums, "layer")
    assert "one Kronecker sum, entity ⊕ variable ⊕ time" in what(sums, "head", 0, 0)
    assert lone.kronecker_map(0).as_one() is not None
    for text in (what(lone, "layer"), what(lone, "head", 0, 0)):
        assert "not the layer's output: the values it moves are not shown" in text
        assert "in general" not in text
    many = made_of(plain).record
    assert many.kronecker_map(0).as_one() is None
    assert "in general not one Kronecker product" in what(many, "layer")


def literal_profile(share, valid, query, mode):
    """Bar by bar: the shares of valid tokens at a position of one mode, but for the chosen token."""
    bars, level, counted = [0.0] * share.shape[mode], [0.0] * share.shape[mode], 0
    for token in np.ndindex(*share.shape):
        if valid is None or valid[token]:
            counted += 1
            level[token[mode]] += 1
            bars[token[mode]] += 0.0 if token == query else float(share[token])
    return bars, [count / counted for count in level]


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("direction", ["row", "column"])
def test_panels_hold_the_sums_over_the_other_modes(plain, direction, masked):
    valid = gaps(plain) if masked else None
    analysis, query = made_of(plain, valid=valid), (2, 4, 5)
    share = analysis.rollout_tokens(query, direction)
    figure = rollout_profiles_figure(share, plain.grid, query, direction, valid=valid)
    assert len(figure.data) == 9
    for mode in range(3):
        others, own, level = figure.data[3 * mode : 3 * mode + 3]
        bars, even = literal_profile(share, valid, query, mode)
        np.testing.assert_allclose(others.y, bars, rtol=1e-6)
        assert list(own.y) == [share[query]]
        assert own.x[0] == others.x[query[mode]]
        np.testing.assert_allclose(level.y, np.repeat(even, 2), rtol=1e-12)
        assert (level.line.dash, own.marker.color) == ("dot", OWN)
        assert [at for at, colour in enumerate(others.marker.color) if colour == QUERY] == [query[mode]]
        assert set(others.marker.color) == {QUERY, ACCENT}
        name = "x" if mode == 0 else f"x{mode + 1}"
        assert {others.xaxis, own.xaxis, level.xaxis} == {name}
        top = figure.layout[name.replace("x", "yaxis")].range[1]
        assert top > max(*bars, *even)
        notes = [note.text for note in figure.layout.annotations if note.xref == f"{name} domain"]
        cut = ", bar cut off" if bars[query[mode]] + share[query] > top else ""
        assert notes[0] == f"itself {share[query]:.3g}{cut}"
        assert notes[1].startswith("┄ uniform ")
    assert any("cut off" in note.text for note in figure.layout.annotations)
    assert figure.layout.barmode == "stack"
    assert figure.layout.hovermode == "x"  # so that a click above a low bar is one on its token
    total = sum(figure.data[0].y) + figure.data[1].y[0]
    if direction == "row":
        assert total == pytest.approx(1, rel=1e-6)


def test_the_keys_bar_is_framed_in_every_panel(plain):
    share, key = np.full(plain.grid.shape, 1 / 360), (2, 0, 5)
    figure = rollout_profiles_figure(share, plain.grid, (0, 1, 13), key=key)
    found = [shape for shape in figure.layout.shapes if shape.line.color == KEY]
    assert [(shape.xref, shape.yref) for shape in found] == [(f"x{n}", f"y{n} domain") for n in ("", 2, 3)]
    assert all(shape.line.dash and (shape.y0, shape.y1) == (0, 1) for shape in found)
    for mode, shape in enumerate(found):
        place = figure.data[3 * mode].x[key[mode]]
        first, middle, last = (str(at) if mode == 2 else float(at) for at in (shape.x0, place, shape.x1))
        assert first < middle < last
        inside = [at for at in figure.data[3 * mode].x if shape.x0 < at < shape.x1]
        assert inside == [place]
    assert not rollout_profiles_figure(share, plain.grid, (0, 1, 13)).layout.shapes


def test_a_small_share_of_its_own_is_not_said_to_be_cut(plain):
    share = np.full(plain.grid.shape, 1 / 360)
    texts = [note.text for note in rollout_profiles_figure(share, plain.grid, (0, 1, 13)).layout.annotations]
    assert texts == [
        "itself 0.00278", "┄ uniform 0.333", "itself 0.00278", "┄ uniform 0.2", "itself 0.00278", "┄ uniform 0.0417",
    ]  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_a_click_on_any_bar_chooses_its_token(name):
    make, build, _ = CASES[name]
    analysis = hot.analyse(make(), build())
    query = analysis.default_query()
    figure = rollout_profiles_figure(analysis.rollout_tokens(query), analysis.grid, query)
    for mode, axis in enumerate(analysis.grid.axes):
        bars, plot = figure.data[3 * mode], token_axis(axis)
        assert len(bars.x) == len(plot)
        for at, place in enumerate(bars.x):
            said = str(place).replace("T", " ") if isinstance(place, str) else float(place)  # as plotly reports it
            picked = pick_profile(Click(said, 0.1, bars.xaxis), analysis.grid, query)
            assert picked == (*query[:mode], plot.first + at, *query[mode + 1 :])
    assert pick_profile(Click(0.0, 0.0, "x9"), analysis.grid, query) == query


def test_bars_stand_on_their_own_coordinates():
    """Tokens of 4 steps of 1 mm, the last one of 3; steps before the data cover nothing and get no bar."""
    modes = (Mode("x", 10.0 + np.arange(11), "mm"), Mode("band", np.array(["red", "nir"])))
    grid = TokenGrid.regular(modes, (4, 1), ((0, 11), (0, 2)))
    figure = rollout_profiles_figure(np.full((3, 2), 1 / 6), grid, (1, 0), height=300)
    assert list(figure.data[0].x) == [11.5, 15.5, 19.0]
    np.testing.assert_allclose(figure.data[0].width, [3.6, 3.6, 2.7])
    assert list(figure.data[3].customdata) == ["red", "nir"]
    assert list(figure.layout.xaxis2.ticktext) == ["red", "nir"]
    assert figure.layout.xaxis.title.text == "x (mm)"
    assert figure.layout.height == 300
    assert figure.layout.yaxis.title.text == "share in the chosen token"
    assert math.isclose(figure.layout.yaxis.range[1], 1.3 / 3)


def test_a_short_series_has_no_bars_before_its_data(plain):
    steps = hot.analyse(series(), forecaster()).grid.axes[2]
    starts, stops = steps.starts.copy(), steps.stops.copy()
    starts[:3] = stops[:3] = starts[3]
    short = TokenGrid((*plain.grid.axes[:2], replace(steps, starts=starts, stops=stops)))
    share = np.arange(360.0).reshape(3, 5, 24) / 64620
    figure = rollout_profiles_figure(share, short, (0, 1, 5), "column")
    times, own = figure.data[6], figure.data[7]
    assert len(times.x) == 21
    np.testing.assert_allclose(times.y[0], share[:, :, 3].sum(), rtol=1e-6)
    assert own.x[0] == times.x[2]
    assert figure.layout.yaxis.title.text == "share of the chosen token"
    framed = rollout_profiles_figure(share, short, (0, 1, 5), key=(1, 2, 1)).layout.shapes
    assert {shape.xref for shape in framed} == {"x", "x2"}  # the key's step covers no data
    assert pick_profile(Click(times.x[2], 0.0, "x3"), short, (0, 1, 9)) == (0, 1, 5)
