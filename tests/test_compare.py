"""Two maps beside each other against slow literal twins; the same place in another file; what two models predict."""

import io
import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch
import xarray as xr
from rasterio.transform import Affine

import hot_core as hot
from hot_core.analysis.counterpart import counterpart, shared_place
from hot_core.analysis.outcomes import Outcome, outcomes, same_classes
from hot_core.evidence.compare import NO_PLACE, by_token, compare, overlap, total_variation
from hot_core.figures.evidence_fields import Ground
from hot_core.figures.evidence_sides import Side, sides_figures
from hot_core.figures.style import QUERY
from hot_core.models import build_model
from hot_core.modes import Mode, TokenGrid
from hot_core.record import AttentionRecord
from hot_core.transforms import Classification
from tests import makers_samples as makers

SIZES = (5, 7, 11)
NAMES = ("entity", "variable", "time")


def field(values, **attrs):
    coords = {name: np.arange(size) * 2.0 for name, size in zip(NAMES, values.shape, strict=True)}
    return xr.DataArray(values, dims=NAMES, coords=coords, attrs=attrs)


def row(seed, sizes=SIZES):
    values = np.random.default_rng(seed).random(sizes) ** 4
    return values / values.sum()


def slow_total_variation(one, other):
    """Half of Σ |q − p| of two flat lists, each divided by its sum."""
    total = 0.0
    for p, q in zip(one, other, strict=True):
        total += abs(q / math.fsum(other) - p / math.fsum(one))
    return total / 2


def slow_overlap(one, other, count):
    """The mean of the shared share over all ways of breaking ties is what equal parts of the last places add up to."""
    shares = []
    for values in (one, other):
        ordered = sorted(values, reverse=True)
        last = ordered[count - 1]
        sure = sum(value > last for value in values)
        tied = sum(value == last for value in values)
        shares.append([1.0 if value > last else (count - sure) / tied if value == last else 0.0 for value in values])
    return sum(min(a, b) for a, b in zip(*shares, strict=True)) / count


def grid(patch=(1, 1, 4), window=((0, 5), (0, 7), (0, 11))):
    modes = [Mode(name, np.arange(size) * 2.0) for name, size in zip(NAMES, SIZES, strict=True)]
    return TokenGrid.regular(modes, patch, window)


def test_numbers_are_those_of_the_twins():
    one, other = row(1), row(2)
    found = compare(field(one), field(other))
    assert found.tokens == 385
    assert found.top == 39
    assert found.distance == pytest.approx(slow_total_variation(one.ravel(), other.ravel()), abs=1e-12)
    assert found.overlap == pytest.approx(slow_overlap(one.ravel(), other.ravel(), 39), abs=1e-12)
    ranks = [np.argsort(np.argsort(values.ravel())) for values in (one, other)]
    assert found.agreement.rho == pytest.approx(np.corrcoef(*ranks)[0, 1], abs=1e-12)
    assert found.agreement.low < found.agreement.rho < found.agreement.high
    for place in np.ndindex(SIZES):
        assert found.difference.values[place] == other[place] - one[place]
    assert found.limit == max(one.max(), other.max())
    assert found.reach == np.abs(other - one).max()


@pytest.mark.parametrize("count", [1, 3, 4, 11])
def test_ties_share_the_last_places(count):
    one, other = np.array([3.0, 1, 1, 1, 0, 2, 1, 0, 0, 1, 5]), np.array([0.0, 1, 1, 0, 1, 5, 3, 0, 1, 1, 1])
    assert overlap(one, other, count) == pytest.approx(slow_overlap(one, other, count), abs=1e-12)
    assert overlap(one, one, count) == pytest.approx(1)
    flat, distinct = np.full(11, 0.5), np.arange(11.0)
    assert overlap(flat, distinct, count) == pytest.approx(count / 11)


def test_total_variation_runs_from_nothing_to_everything():
    assert total_variation(np.array([0.2, 0.8, 0]), np.array([0.1, 0.4, 0])) == pytest.approx(0)
    assert total_variation(np.array([1.0, 0, 0]), np.array([0.0, 0.5, 0.5])) == 1
    assert total_variation(np.zeros(3), np.ones(3)) is None


def test_the_same_map_differs_nowhere():
    one = row(3)
    found = compare(field(one), field(one.copy()))
    assert found.same
    assert not found.difference.values.any()
    assert (found.reach, found.distance, found.agreement.rho) == (0, 0, pytest.approx(1))
    assert found.overlap == pytest.approx(1)
    assert found.words() == "A and B are the same at all 385 tokens: the difference is 0 everywhere."
    other = one.copy()
    other[4, 6, 10] += 1e-9
    assert not compare(field(one), field(other)).same


def test_where_one_has_no_value_nothing_is_made_up():
    one, other = row(1), row(2)
    one[2, 3, 5], other[4, 0, 1] = np.nan, np.nan
    found = compare(field(one), field(other))
    assert np.argwhere(np.isnan(found.difference.values)).tolist() == [[2, 3, 5], [4, 0, 1]]
    both = np.isfinite(one) & np.isfinite(other)
    assert found.tokens == 383
    assert found.distance == pytest.approx(slow_total_variation(one[both], other[both]))
    assert found.overlap == pytest.approx(slow_overlap(one[both], other[both], 39))
    empty = compare(field(np.full(SIZES, np.nan)), field(other))
    assert empty.difference is None
    assert empty.words() == "There is no token where both have a value."
    assert empty.reach == 0


def test_a_token_counts_once_however_many_positions_it_covers():
    tokens, patch = grid(), np.random.default_rng(4).random((2, 5, 7, 3))
    one, other = (tokens.spread(values) for values in patch)
    found = compare(one, other, (tokens, tokens))
    assert found.tokens == 105
    first, second = (values.astype(np.float32).astype(float).ravel() for values in patch)
    assert found.distance == pytest.approx(slow_total_variation(first, second), abs=1e-12)
    assert found.overlap == pytest.approx(slow_overlap(first, second, 11), abs=1e-12)
    np.testing.assert_array_equal(by_token(one, tokens), patch[0].astype(np.float32))


def test_a_token_before_the_data_has_no_value():
    tokens = grid()
    axis = replace(tokens.axes[2], starts=np.array([0, 0, 4]), stops=np.array([0, 4, 11]))
    short = TokenGrid((*tokens.axes[:2], axis))
    values = np.random.default_rng(5).random((5, 7, 3))
    back = by_token(short.spread(values), short)
    assert np.isnan(back[..., 0]).all()
    np.testing.assert_array_equal(back[..., 1:], values[..., 1:].astype(np.float32))


def test_other_sizes_places_or_tokens_are_not_subtracted():
    one = field(row(1))
    smaller = compare(one, field(row(2, (5, 7, 13))))
    assert smaller.difference is None
    assert smaller.words() == (
        "There is no difference to show: A has 5 × 7 × 11 positions, B 5 × 7 × 13. Both have the same scale."
    )
    moved = field(row(2)).assign_coords(time=np.arange(11) * 2.0 + 1)
    assert "A and B lie at other places along time" in compare(one, moved).words()
    assert compare(one, field(row(2)), apart=NO_PLACE).difference is None
    coarse = grid((1, 1, 3))
    pair = compare(grid().spread(row(1, (5, 7, 3))), coarse.spread(row(2, (5, 7, 4))), (grid(), coarse))
    assert "the tokens of A and B do not cover the same along time" in pair.words()
    assert pair.limit == max(float(pair.one.max()), float(pair.other.max()))


def test_a_sum_beside_a_product_is_divided_by_its_modes():
    one, other = field(row(1), combine="product"), field(3 * row(2), combine="sum", row_sum=3.0)
    found = compare(one, other)
    np.testing.assert_allclose(found.other.values, row(2), rtol=1e-12)
    assert found.scales == (1, 1 / 3)
    assert found.note == ("Rows of a Kronecker sum of 3 modes add up to 3: the weights of B are divided by it.")
    turned = compare(other, one)
    assert turned.scales == (1 / 3, 1)
    np.testing.assert_allclose(turned.difference.values, -found.difference.values)
    assert "weights of A" in turned.note
    both = compare(other, other)
    assert (both.scales, both.note) == ((1, 1), "")
    rolled = field(row(2), combine="sum", method="attention rollout")
    assert compare(one, rolled).scales == (1, 1)


@pytest.mark.parametrize(("combine", "divide", "total"), [("sum", False, 3), ("sum", True, 1), ("product", False, 1)])
def test_only_a_sum_that_is_not_divided_yet_is_divided(combine, divide, total):
    analysis = series()
    record = AttentionRecord(analysis.grid.modes)
    factors = [torch.rand(1, 2, n, n, generator=torch.Generator().manual_seed(n)) for n in analysis.grid.shape]
    record.add_factors([f / f.sum(-1, keepdim=True) for f in factors], combine, divide, None)
    made, query = replace(analysis, record=record), analysis.default_query()
    one, other = analysis.field(0, 0, query), made.field(0, 0, query)
    assert by_token(other, analysis.grid).sum() == pytest.approx(total, rel=1e-5)
    found = compare(one, other, (analysis.grid, analysis.grid))
    assert found.scales == (1, 1 / total)
    assert by_token(found.other, analysis.grid).sum() == pytest.approx(1, rel=1e-5)
    assert ("Rows of a Kronecker sum of 3 modes" in found.note) == (total == 3)


def test_columns_are_no_distributions():
    one, other = field(row(1), direction="column"), field(row(2), direction="column")
    found = compare(one, other)
    assert found.distance is None
    assert "total variation" not in found.words()
    assert found.agreement is not None


def test_the_words_name_numbers_and_places():
    tokens = grid()
    values = np.full((5, 7, 3), 0.01)
    one, other = values.copy(), values.copy()
    one[1, 2, 0], other[3, 4, 2] = 0.51, 0.26
    found = compare(tokens.spread(one), tokens.spread(other), (tokens, tokens))
    words = found.words(tokens)
    assert "Over 105 tokens: rank correlation" in words
    assert "of the strongest 10 % (11 tokens) A and B share" in words
    expected = 100 * slow_total_variation(one.ravel(), other.ravel())
    assert f"{expected:.0f} % of B's weight lies elsewhere than A's (total variation distance)" in words
    assert "B has at most 0.25 more at 6 · 8 · steps 16.0–20.0, and 0.5 less at 2 · 4 · steps 0.0–6.0." in words
    more = compare(tokens.spread(values), tokens.spread(other), (tokens, tokens)).words(tokens)
    assert "less at" not in more


# --- the same place in another file


def volume(affine, shape=(17, 19, 23), seed=0, sform=2):
    values = np.random.default_rng(seed).random(shape).astype(np.float32)
    return hot.analyse(hot.read(makers.nifti(values, affine, sform=sform), "a.nii"), makers.segmenter())


def shifted(x, y, z, size=1.0):
    affine = np.diag([size, size, size, 1.0])
    affine[:3, 3] = x, y, z
    return affine


def test_a_voxel_is_found_by_its_world_place():
    one, two = volume(shifted(0, 0, 0)), volume(shifted(-1.9, 2.9, 0), seed=1)
    assert shared_place(one.sample, two.sample)
    for token in np.ndindex(one.grid.shape):
        middle = [(part.start + part.stop - 1) / 2 for part in one.grid.native_of(token)]
        there = [middle[0] + 1.9, middle[1] - 2.9, middle[2]]  # near the rims of tokens
        expected, inside = [], True
        for at, axis in zip(there, two.grid.axes, strict=True):
            distance = [
                max(start - 0.5 - at, at - stop + 0.5, 0) for start, stop in zip(axis.starts, axis.stops, strict=True)
            ]
            expected.append(int(np.argmin(distance)))
            inside &= min(distance) == 0
        found = counterpart(token, one, two)
        assert found.token == tuple(expected)
        assert (found.words == "") == inside
    assert "The chosen place is not in B: the nearest one, (" in counterpart((0, 0, 0), one, two).words


def test_an_oblique_affine_is_gone_through():
    turn = np.eye(4)
    turn[:2, :2] = [[0.8, -0.6], [0.6, 0.8]]
    one, two = volume(shifted(0, 0, 0)), volume(turn, seed=1)
    token = (3, 2, 4)
    middle = [(part.start + part.stop - 1) / 2 for part in one.grid.native_of(token)]
    x, y = 0.8 * middle[0] + 0.6 * middle[1], -0.6 * middle[0] + 0.8 * middle[1]
    found = counterpart(token, one, two)
    assert found.token == two.grid.token_of([round(x), round(y), round(middle[2])])


def test_voxels_without_a_world_are_counted_and_it_is_said():
    one, two = volume(np.eye(4), sform=0), volume(np.eye(4), seed=1, sform=0)
    assert not shared_place(one.sample, two.sample)
    found = counterpart((1, 2, 3), one, two)
    assert found.token == (1, 2, 3)
    assert "name no common coordinates: taken is the token with the same number" in found.words
    large = volume(np.eye(4), shape=(29, 19, 23), seed=2, sform=0)
    other = counterpart((1, 2, 3), one, large)
    assert other.token == large.default_query()
    assert "The two files have no coordinates in common: where B opens, (" in other.words


def raster(left=500_000.0, top=5_800_000.0, crs="EPSG:32633", bands=makers.ROLES, seed=0, pixel=10.0):
    values = np.random.default_rng(seed).random((31, 37, len(bands))).astype(np.float32)
    tif = makers.geotiff(values, Affine(pixel, 0, left, 0, -pixel, top), crs=crs, descriptions=bands)
    return hot.analyse(hot.read(tif, "a.tif"), makers.land_cover())


def test_a_pixel_is_found_by_the_map_and_a_band_by_its_name():
    one, two = raster(), raster(left=500_080.0, top=5_800_040.0, seed=1)
    found = counterpart((3, 5, 4), one, two)
    assert (found.token, found.words) == ((4, 3, 4), "")
    near = raster(left=500_019.0, top=5_799_981.0, seed=4)  # 1.9 pixels away: the middles lie just inside tokens
    assert counterpart((3, 5, 4), one, near).token == (3, 5, 4)
    beside = counterpart((3, 0, 4), one, two)
    assert beside.token == (4, 0, 4)
    assert beside.words.startswith("The chosen place is not in B: the nearest one, x 500,100")
    coarse = raster(pixel=20.0, seed=2)  # the middle, 60 m down and 100 m across, lies in its pixels 2 … 3 and 4 … 5
    assert counterpart((1, 2, 0), one, coarse).token == (0, 1, 0)
    far = raster(crs="EPSG:32632", seed=3)
    assert not shared_place(one.sample, far.sample)
    other = counterpart((3, 5, 4), one, far)
    assert other.token == (*far.default_query()[:2], 4)
    assert "no coordinates in common: where B opens" in other.words


def series(start="2013-03-01 05:00", entities=("A", "B"), variables=("t", "p", "h"), seed=0, steps=130):
    values = np.random.default_rng(seed).random((len(entities), len(variables), steps))
    table = pd.read_csv(io.BytesIO(makers.wide_csv(values, entities, dict.fromkeys(variables, "K"))))
    table["time_hour"] = makers.hours(steps, start)
    return hot.analyse(hot.read(table.to_csv(index=False).encode(), "a.csv"), makers.forecaster())


def test_a_series_is_found_by_its_name_and_a_time_by_its_date():
    one, two = series(), series("2013-03-01 13:00", ("B", "C", "A"), ("h", "t"), seed=1)
    token = (1, 2, 9)
    found = counterpart(token, one, two)
    assert found.token[:2] == (0, 0)
    when, axis = one.grid.axes[2].coords[9], two.grid.axes[2]
    begin, end = (axis.mode.coords[at] for at in (axis.starts[found.token[2]], axis.stops[found.token[2]] - 1))
    assert begin <= when <= end
    assert found.words == ""
    unknown = counterpart((0, 1, 9), one, two)
    assert unknown.words.startswith("The variable p is not in B: where B opens, A · ")
    zoned = hot.analyse(replace(two.sample, geometry=replace(two.sample.geometry, zoned=True)), makers.forecaster())
    assert "The times of the two files cannot be compared" in counterpart(token, one, zoned).words
    early = counterpart((1, 2, 0), one, two)
    assert early.token[2] == 0
    assert early.words.startswith("The chosen time is not in B: the nearest one, B · h · ")


def test_the_same_tokens_are_the_same_place():
    one = series()
    again = hot.analyse(one.sample, makers.forecaster())
    assert counterpart((1, 2, 0), one, again) == counterpart((1, 2, 0), one, one)
    assert counterpart((1, 2, 0), one, again).token == (1, 2, 0)
    coarse = hot.analyse(one.sample, build_model(makers.forecaster().config.model_copy(update={"patch": (1, 1, 8)})))
    found = counterpart((1, 2, 9), one, coarse)
    assert found.token == (1, 2, 4)
    assert found.words == ""


# --- predictions


def test_forecasts_beside_each_other():
    one = series()
    two = hot.analyse(one.sample, build_model(makers.forecaster().config, seed=9).eval())
    found = {outcome.what: outcome for outcome in outcomes(one, two, (1, 2, 0))}
    lines = [analysis.prediction.mean.values[1, 2] for analysis in (one, two)]
    mean = found["B · h, mean of the next 24 steps"]
    assert (mean.one, mean.other, mean.unit) == (
        pytest.approx(math.fsum(lines[0]) / 24), pytest.approx(math.fsum(lines[1]) / 24), "K",
    )  # fmt: skip
    apart = [abs(b - a) for a, b in zip(*lines, strict=True)]
    step = apart.index(max(apart))
    widest = found[f"B · h, step {step + 1}, where they differ most"]
    assert widest.difference == pytest.approx(lines[1][step] - lines[0][step])
    truth = one.prediction.truth.values[1, 2]
    error = found["B · h, mean absolute error over 24 known steps"]
    assert error.other == pytest.approx(sum(abs(b - t) for b, t in zip(lines[1], truth, strict=True)) / 24)
    assert len(outcomes(one, one, (1, 2, 0))) == 2


def test_forecasts_of_other_lengths_meet_at_their_dates():
    one = series()
    short = build_model(makers.forecaster().config.model_copy(update={"horizon": 12}), seed=9).eval()
    two = hot.analyse(one.sample, short)
    tables = []
    for analysis in (one, two):
        line, truth = (data[1, 2] for data in (analysis.prediction.mean, analysis.prediction.truth))
        tables.append(dict(zip(line.time.values, zip(line.values, truth.values, strict=True), strict=True)))
    dates = [date for date in tables[0] if date in tables[1]]
    assert len(dates) == 12
    assert list(tables[0]).index(dates[0]) == 12  # A's thirteenth step is B's first
    for pair, known in ((one, two), tables), ((two, one), tables[::-1]):
        found = {outcome.what: outcome for outcome in outcomes(*pair, (1, 2, 0))}
        mean = found["B · h, mean of the 12 steps that both foretell"]
        error = found["B · h, mean absolute error over 12 known steps"]
        for mine, table in zip(("one", "other"), known, strict=True):
            assert getattr(mean, mine) == pytest.approx(math.fsum(table[date][0] for date in dates) / 12)
            gaps = [abs(table[date][0] - table[date][1]) for date in dates]
            assert getattr(error, mine) == pytest.approx(math.fsum(gaps) / 12)
    date = max(dates, key=lambda date: abs(tables[1][date][0] - tables[0][date][0]))
    steps = [list(table).index(date) + 1 for table in tables]
    widest = next(outcome for outcome in outcomes(one, two, (1, 2, 0)) if "differ most" in outcome.what)
    assert widest.what == f"B · h, step {steps[0]} of A and {steps[1]} of B, where they differ most"
    assert (widest.one, widest.other) == tuple(pytest.approx(table[date][0]) for table in tables)


def test_forecasts_without_a_common_date_say_so():
    one = series()
    late = replace(one.prediction, mean=one.prediction.mean.assign_coords(time=makers.hours(24, "2031-01-01")))
    (found,) = outcomes(one, replace(one, prediction=late), (1, 2, 0))
    assert found.row == ("B · h: the two forecasts have no date in common", "–", "–", "–")


def test_classes_beside_each_other():
    one = volume(shifted(0, 0, 0))
    two = hot.analyse(one.sample, build_model(makers.segmenter().config, seed=9).eval())
    found = outcomes(one, two, (0, 0, 0))
    assert [outcome.what for outcome in found] == ["anterior", "posterior"]
    assert found[1].other == two.prediction.amounts["posterior"]
    assert found[1].unit == "mm³"
    pairs = zip(one.prediction.labels.values.ravel(), two.prediction.labels.values.ravel(), strict=True)
    known = [a == b for a, b in pairs if a >= 0 and b >= 0]
    share = 100 * sum(known) / len(known)
    words = same_classes(one, two)
    assert words.endswith(f" % of the {len(known):,} places that both classify.")
    assert float(words.split("class in ")[1].split(" %")[0]) == pytest.approx(share, rel=0.01)
    assert same_classes(series(), series()) == ""


def test_probabilities_beside_each_other():
    one = volume(shifted(0, 0, 0))
    sure = [
        replace(one, prediction=Classification(("normal", "mass"), {"normal": 1 - p, "mass": p})) for p in (0.25, 0.75)
    ]
    found = outcomes(sure[0], sure[1], (0, 0, 0))
    assert [outcome.row for outcome in found] == [
        ("probability of normal", "75 %", "25 %", "−50 %"),
        ("probability of mass", "25 %", "75 %", "+50 %"),
    ]
    assert outcomes(sure[0], one, (0, 0, 0)) == ()
    assert Outcome("x", 1.0, math.nan, "ha").row == ("x", "1 ha", "–", "–")


# --- pictures


@pytest.mark.parametrize("make", [series, lambda: volume(shifted(0, 0, 0)), raster])
def test_both_sides_have_one_scale_and_the_difference_is_around_zero(make):
    analysis = make()
    query = analysis.default_query()
    one, other = (analysis.field(0, head, query) for head in (0, 1))
    found = compare(one, other * 3, (analysis.grid, analysis.grid))
    ground = Ground(analysis.sample, analysis.grid)
    sides = [Side(name, ground, query, 1e-4) for name in ("first", "second")]
    figures = sides_figures(found, *sides)
    assert len(figures) == 3
    name = "coloraxis2" if analysis.sample.kind == "volume" else "coloraxis"
    axes = [figure.layout[name] for figure in figures]
    assert axes[0].cmax == axes[1].cmax > 0
    assert axes[0].cmin == axes[1].cmin == 0
    assert axes[2].cmin == -axes[2].cmax < 0
    for figure in figures:
        assert any(shape.line.color == QUERY for shape in figure.layout.shapes)
    assert len(sides_figures(compare(one, other, apart=NO_PLACE), *sides)) == 2


def test_the_uniform_level_is_divided_with_the_weights():
    analysis = series()
    query = analysis.default_query()
    one = analysis.field(0, 0, query)
    other = (3 * analysis.field(0, 1, query)).assign_attrs(combine="sum", row_sum=3.0)
    ground = Ground(analysis.sample, analysis.grid)
    sides = [Side("one", ground, query, 0.004), Side("other", ground, query, 0.012)]
    for figure in sides_figures(compare(one, other, (analysis.grid, analysis.grid)), *sides)[:2]:
        assert "uniform 0.004<" in figure.layout.coloraxis.colorbar.title.text
