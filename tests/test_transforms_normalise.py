"""Normalisation: against the literal definition, with gaps, constants and nothing at all."""

import math

import numpy as np
import pytest

from hot_core.transforms.normalise import percentile_scale, zscore


def literal_zscore(row: list[float]) -> list[float]:
    present = [v for v in row if not math.isnan(v)]
    mean = sum(present) / len(present)
    deviation = math.sqrt(sum((v - mean) ** 2 for v in present) / len(present))
    return [(v - mean) / deviation for v in row]


def test_zscore_equals_the_definition_row_by_row() -> None:
    values = np.random.default_rng(0).normal(40, 7, (3, 5, 11))
    values[0, 1, 2:4] = np.nan
    scaled, centre, scale = zscore(values, axis=-1)
    for place in np.ndindex(3, 5):
        np.testing.assert_allclose(scaled[place], literal_zscore(values[place].tolist()), atol=1e-12)
    np.testing.assert_allclose(scaled * scale + centre, values, atol=1e-12)


def test_zscore_over_several_axes_leaves_one_scale_per_band() -> None:
    _, centre, scale = zscore(np.random.default_rng(0).normal(size=(7, 5, 3)), axis=(0, 1))
    assert centre.shape == scale.shape == (1, 1, 3)


@pytest.mark.parametrize("constant", [0.0, 1e-30, 3.7, 1e9])
def test_zscore_of_a_constant_is_zero_with_scale_one(constant: float) -> None:
    scaled, _, scale = zscore(np.full((2, 13), constant), axis=1)
    assert (scale == 1).all()
    np.testing.assert_allclose(scaled, 0, atol=1e-6)


def test_zscore_of_nothing_is_nothing() -> None:
    scaled, centre, scale = zscore(np.full((2, 3), np.nan), axis=1)
    assert np.isnan(scaled).all()
    assert (centre == 0).all()
    assert (scale == 1).all()


def test_percentile_scale_is_blind_to_the_unit_of_grey() -> None:
    volume = np.random.default_rng(0).gamma(2.0, size=(11, 13, 7))
    np.testing.assert_allclose(percentile_scale(volume), percentile_scale(volume * 1.7e6 + 5), atol=1e-5)


def test_percentile_scale_places_percentiles_and_clips() -> None:
    scaled = percentile_scale(np.r_[np.arange(101.0), 1e9])
    assert scaled.min() >= -0.5
    assert scaled.max() == 1.5
    assert percentile_scale(np.arange(101.0))[[1, 99]] == pytest.approx([0, 1])


def test_percentile_scale_keeps_gaps_and_survives_flat_and_empty() -> None:
    volume = np.arange(60.0).reshape(3, 4, 5)
    volume[1, 2, 3] = np.nan
    assert np.isnan(percentile_scale(volume)).sum() == 1
    assert (percentile_scale(np.full((2, 3), 9.0)) == 0).all()
    assert np.isnan(percentile_scale(np.full(4, np.nan))).all()


def test_zscore_of_tiny_units_is_not_taken_for_constant() -> None:
    values = 1e-15 * np.random.default_rng(0).normal(size=(1, 17))
    assert zscore(values, axis=1)[0].std() == pytest.approx(1)
