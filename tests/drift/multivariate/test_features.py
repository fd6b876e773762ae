"""How tables become numbers: what is read, what is left out and why, and that both sides are treated alike."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from airflow_ml_monitor.drift.multivariate.features import MOST_FEATURES, Features, read_features
from airflow_ml_monitor.drift.multivariate.standardised import standardised
from airflow_ml_monitor.errors import ConfigurationError
from tests.drift.multivariate.made_rows import mixed, split


def read(reference: Any, current: Any, most_rows: int = 1_000) -> Features:
    return read_features(reference, current, most_rows=most_rows)


def of(values: Any, now: Any = None, kind: pa.DataType | None = None) -> Features:
    return read(
        pa.table({"x": pa.array(values, kind)}), pa.table({"x": pa.array(values if now is None else now, kind)})
    )


class TestNumbers:
    @pytest.mark.parametrize(
        ("values", "kind", "expected"),
        [
            ([1, None, 3], pa.int16(), [1.0, np.nan, 3.0]),
            ([True, False, None], pa.bool_(), [1.0, 0.0, np.nan]),
            ([np.inf, -np.inf, np.nan], pa.float64(), [1e150, -1e150, np.nan]),
            ([Decimal("1.50"), None, Decimal("2.25")], pa.decimal128(5, 2), [1.5, np.nan, 2.25]),
            ([timedelta(seconds=90), timedelta(0), None], pa.duration("ms"), [90.0, 0.0, np.nan]),
        ],
    )
    def test_they_are_read_as_they_are(self, values: list[Any], kind: pa.DataType, expected: list[float]) -> None:
        feature = of(values, kind=kind).features[0]
        assert feature.levels == 0
        np.testing.assert_array_equal(feature.values, expected + expected)

    def test_booleans_that_became_numbers_are_numbers(self) -> None:
        assert of([True, False], [0, 2]).features[0].values.tolist() == [1.0, 0.0, 0.0, 2.0]

    def test_a_side_without_values_is_missing(self) -> None:
        table = pa.table({"x": pa.nulls(2)})
        feature = read(pa.table({"x": [1.0, 2.0]}), table).features[0]
        np.testing.assert_array_equal(feature.values, [1.0, 2.0, np.nan, np.nan])


class TestLevels:
    def test_they_are_ranked_by_both_sides_and_rare_ones_are_one(self) -> None:
        feature = of(["a"] * 12 + ["b"] * 4 + ["rare"], ["b"] * 20 + [None]).features[0]
        assert feature.levels == 3
        expected = [1.0] * 12 + [0.0] * 4 + [2.0] + [0.0] * 20 + [np.nan]
        np.testing.assert_array_equal(feature.values, expected)

    @pytest.mark.parametrize(
        "kind",
        [pa.large_string(), pa.string_view(), pa.binary(), pa.binary_view(), pa.dictionary(pa.int8(), pa.string())],
    )
    def test_every_way_to_hold_them_gives_the_same(self, kind: pa.DataType) -> None:
        plain = pa.array(["a", "b", None, "a"] * 10)
        array = plain.dictionary_encode() if pa.types.is_dictionary(kind) else plain.cast(kind)
        found = read(pa.table({"x": plain}), pa.table({"x": array}), most_rows=30).features[0]
        assert found.levels == 3
        np.testing.assert_array_equal(found.values[:30], found.values[30:])


class TestLeftOut:
    @pytest.mark.parametrize(
        ("was", "now", "why"),
        [
            ([datetime(2013, 1, 1, tzinfo=UTC)] * 2, None, "datetime values are not compared"),
            ([[1], [2]], None, "other values are not compared"),
            ([None, None], None, "without values"),
            ([7, 7], None, "constant"),
            ([1.0, 2.0], ["a", "b"], "numeric in the reference and categorical now"),
            ([f"id {place}" for place in range(99)], None, "nearly as many levels as rows (99)"),
        ],
    )
    def test_the_reason_is_named(self, was: list[Any], now: list[Any] | None, why: str) -> None:
        found = of(was, now)
        assert not found.features
        assert found.left_out == {"x": why}

    def test_columns_of_one_side_are(self) -> None:
        found = read(pa.table({"x": [1, 2], "gone": [1, 2]}), pa.table({"x": [1, 2], "new": [1, 2]}))
        assert found.names == ["x"]
        assert found.left_out == {"gone": "absent now", "new": "absent in the reference"}

    def test_columns_of_one_name_are(self) -> None:
        twice = pa.table([pa.array([1, 2]), pa.array([3, 4])], ["x", "x"])
        assert read(twice, twice).left_out == {"x": "there is more than one column of that name"}

    def test_columns_beyond_a_thousand_are(self) -> None:
        wide = pa.table({f"x{place}": [1.0, 2.0] for place in range(MOST_FEATURES + 2)})
        assert list(read(wide, wide).left_out) == [f"x{MOST_FEATURES}", f"x{MOST_FEATURES + 1}"]


def test_of_many_rows_the_same_sample_is_read_every_time() -> None:
    table = pa.table({"x": np.arange(5_000.0)})
    one, other = (read(table, table.slice(0, 10), most_rows=100) for _ in range(2))
    assert (one.n, one.m) == (100, 10)
    np.testing.assert_array_equal(one.features[0].values, other.features[0].values)


def test_arrays_of_different_widths_are_refused() -> None:
    with pytest.raises(ConfigurationError, match="3 and 2 columns"):
        read(np.zeros((5, 3)), np.zeros((5, 2)))


@settings(max_examples=10)
@given(st.integers(0, 1_000), st.integers(10, 200))
def test_neither_side_is_treated_differently(seed: int, rows: int) -> None:
    one, other = split(rows, seed)
    forth, back = read(one, other), read(other, one)
    assert forth.names == back.names
    everything = np.arange(2 * rows)
    swapped = np.roll(everything, rows)
    np.testing.assert_array_equal(forth.codes(), back.codes()[swapped])
    here, there = (standardised(each, everything).values for each in (forth, back))
    np.testing.assert_allclose(here, there[swapped], atol=1e-9)


class TestStandardised:
    def test_every_column_weighs_about_the_same(self) -> None:
        features = read(*split(500, 3))
        matrix = standardised(features, np.arange(1_000))
        variance = np.bincount(matrix.origin, weights=matrix.values.var(axis=0))
        assert variance == pytest.approx(np.ones(len(features.features)), abs=0.1)

    @settings(max_examples=20)
    @given(st.floats(-1e6, 1e6).filter(lambda scale: abs(scale) > 1e-3), st.floats(-1e6, 1e6))
    def test_units_and_offsets_do_not_matter(self, scale: float, offset: float) -> None:
        values = np.random.default_rng(1).normal(size=(100, 1))
        plain, other = (
            standardised(read(each[:60], each[60:]), np.arange(100)).values
            for each in (values, scale * values + offset)
        )
        if scale < 0:
            # The percentiles are values, so that those of mirrored values are their neighbours.
            assert np.corrcoef(-plain[:, 0], other[:, 0])[0, 1] > 0.99
        else:
            np.testing.assert_allclose(plain, other, atol=1e-4)

    def test_one_value_far_off_does_not_squeeze_the_others(self) -> None:
        values = np.random.default_rng(1).normal(size=(400, 1))
        wild = values.copy()
        wild[7] = 1e12
        plain, other = (standardised(read(v[:200], v[200:]), np.arange(400)).values for v in (values, wild))
        kept = np.arange(400) != 7
        np.testing.assert_allclose(plain[kept], other[kept], atol=0.2)

    def test_missing_values_stand_in_the_middle_and_are_told(self) -> None:
        values = np.array([[1.0], [2.0], [3.0], [np.nan], [2.0]])
        matrix = standardised(read(values[:3], values[3:]), np.arange(5)).values
        assert matrix[3, 0] == matrix[4, 0]
        assert matrix[:, 1].tolist() == [0, 0, 0, 1, 0]

    def test_the_largest_numbers_stay_finite(self) -> None:
        values = np.array([[1e300], [-np.inf], [np.inf], [-1e300], [0.0]] * 10)
        assert np.isfinite(standardised(read(values[:25], values[25:]), np.arange(50)).values).all()

    def test_a_thousand_columns_of_levels_are_few_enough_to_compute(self) -> None:
        table = mixed(60, 1).select(["many"])
        wide = pa.table({f"x{place}": table.column("many") for place in range(MOST_FEATURES)})
        assert standardised(read(wide, wide), np.arange(120)).values.shape[1] <= 4 * MOST_FEATURES
