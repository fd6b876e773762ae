"""``measure`` on whole rows, and MMD of one column."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from airflow_ml_monitor.drift import measure
from airflow_ml_monitor.drift.registry import Measurement, find_method
from airflow_ml_monitor.drift.rows import ROW_METHODS


def _relation_broken() -> tuple[np.ndarray, np.ndarray]:
    """Return correlated rows, and rows of the very same values in each column, paired the other way round."""
    random = np.random.default_rng(0)
    first = random.normal(size=400)
    one = np.column_stack((first, first + 0.3 * random.normal(size=400)))
    other = one.copy()
    other[np.argsort(one[:, 0]), 1] = np.sort(one[:, 1])[::-1]
    return one, other


QUICK = [name for name in ROW_METHODS if name != "domain_classifier"]
"""A hundred trees in five folds wait long for the processors of a busy machine; they take the same way in."""


class TestRows:
    @pytest.mark.parametrize("name", QUICK)
    @pytest.mark.parametrize(
        "make",
        [
            lambda rows: pd.DataFrame(rows, columns=["a", "b"]),
            lambda rows: pl.DataFrame(rows, schema=["a", "b"]),
            lambda rows: pa.table({"a": rows[:, 0], "b": rows[:, 1]}),
        ],
        ids=["pandas", "polars", "arrow"],
    )
    def test_a_frame_gives_what_an_array_does(self, name: str, make: Callable[[np.ndarray], Any]) -> None:
        one, other = _relation_broken()
        found = measure(name, make(one), make(other))
        assert isinstance(found, Measurement)
        assert found[:4] == pytest.approx(measure(name, one, other)[:4])

    @pytest.mark.parametrize("name", ROW_METHODS)
    def test_a_broken_relation_is_found_that_no_column_shows(self, name: str) -> None:
        one, other = _relation_broken()
        found = measure(name, one, other)
        assert (found.p_value or 1.0) < 1e-3
        assert find_method(name).effect(found) >= find_method(name).limit
        assert [measure("ks", one[:, place], other[:, place]).value for place in range(2)] == [0.0, 0.0]

    @pytest.mark.parametrize("name", QUICK)
    def test_integers_are_numbers(self, name: str) -> None:
        rows = np.random.default_rng(0).integers(0, 9, (100, 2))
        assert measure(name, rows, rows[::-1]) == measure(name, rows.astype(float), rows[::-1].astype(float))


@pytest.mark.parametrize("name", ["domain_classifier", "pca_reconstruction"])
def test_values_without_columns_are_a_table_of_one(name: str) -> None:
    random = np.random.default_rng(0)
    one, other = random.normal(size=200), random.normal(1, 1, 200)
    assert measure(name, one, other) == measure(name, one[:, None], other[:, None])


class TestMmdOfAColumn:
    def test_is_the_unbiased_estimate_of_all_pairs(self) -> None:
        random = np.random.default_rng(0)
        one, other = random.normal(size=150), random.normal(0.6, 1, 120)
        both = np.concatenate((one, other))
        apart = np.abs(both[:, None] - both[None, :])
        width = np.median(apart[np.triu_indices(len(both), 1)])
        kernel = np.exp(-np.square(apart) / (2 * width**2))
        np.fill_diagonal(kernel, 0.0)
        n, m = len(one), len(other)
        within, among, across = kernel[:n, :n].sum(), kernel[n:, n:].sum(), kernel[:n, n:].sum()
        square = within / (n * (n - 1)) + among / (m * (m - 1)) - 2 * across / (n * m)
        assert measure("mmd", one, other).value == pytest.approx(np.sqrt(square), rel=1e-3)

    def test_is_near_that_of_rows_of_one_column(self) -> None:
        random = np.random.default_rng(0)
        one, other = random.uniform(size=600), random.uniform(0.2, 1.2, 500)
        column, rows = measure("mmd", one, other), measure("mmd", one[:, None], other[:, None])
        assert column.value == pytest.approx(rows.value, rel=0.03)
