"""Columns as trees want them."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from airflow_ml_monitor.errors import DataError
from airflow_ml_monitor.performance.estimation.features import Encoder

REFERENCE = pa.table(
    {"n": [1.0, np.nan, np.inf], "level": ["a", "b", "a"], "flag": [True, False, None], "on": [True, False, True]}
)


def test_levels_are_ranked_by_the_reference_and_unknown_ones_are_missing() -> None:
    encoder = Encoder.of(REFERENCE, ["n", "level", "on"])
    assert encoder.leveled == [1]
    current = pa.table({"n": [2], "level": ["new"], "on": [False]})
    np.testing.assert_equal(encoder.encode(current), [[2.0, np.nan, 0.0]])
    assert encoder.encode(REFERENCE)[:, 1].tolist() == [0.0, 1.0, 0.0]


def test_infinite_numbers_stay_apart_from_missing_ones() -> None:
    found = Encoder.of(REFERENCE, ["n"]).encode(REFERENCE)[:, 0]
    assert np.isnan(found[1])
    assert np.isfinite(found[2])
    assert found[2] > 1e300


def test_flags_with_missing_values_are_levels() -> None:
    found = Encoder.of(REFERENCE, ["flag"]).encode(REFERENCE)[:, 0]
    assert np.isnan(found).tolist() == [False, False, True]


def test_levels_beyond_the_200_of_the_most_rows_are_missing() -> None:
    many = pa.table({"level": [str(number) for number in range(300)]})
    assert np.isnan(Encoder.of(many, ["level"]).encode(many)).sum() == 100


def test_lists_are_no_feature() -> None:
    with pytest.raises(DataError, match="column 'tags' holds list.* neither numbers nor levels"):
        Encoder.of(pa.table({"tags": [["a"], ["b"]]}), ["tags"])
