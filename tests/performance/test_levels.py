"""Columns by their different values: codes, counts and numbers are those of pandas."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_ml_monitor.errors import DataError
from airflow_ml_monitor.performance.columns import numbers
from airflow_ml_monitor.performance.levels import Levels, crossed
from airflow_ml_monitor.performance.segment_levels import level_names

TEXTS = st.lists(st.none() | st.sampled_from(["a", "b", "c", "1", ""]), max_size=30)
FLOATS = st.lists(st.none() | st.sampled_from([0.0, -0.0, 1.0, 2.5, float("nan"), float("inf")]), max_size=30)


def column(values: list[Any], kind: pa.DataType | None = None) -> pa.ChunkedArray:
    half = len(values) // 2
    known = pa.array(values, kind).type
    return pa.chunked_array([pa.array(values[:half], known), pa.array(values[half:], known)])


@given(TEXTS.map(lambda values: column(values, pa.string())) | FLOATS.map(lambda values: column(values, pa.float64())))
def test_codes_and_counts_are_those_of_pandas(made: pa.ChunkedArray) -> None:
    found, theirs = Levels.of(made, "x"), made.to_pandas()
    assert found.codes.tolist() == pd.factorize(theirs)[0].tolist()
    assert list(found.counts().items()) == list(theirs.value_counts().items())
    assert found.here.tolist() == theirs.notna().tolist()


@given(TEXTS, st.integers(0, 2**30 - 1))
def test_counts_of_some_rows_are_those_of_pandas(values: list[str | None], bits: int) -> None:
    made, rows = column(values, pa.string()), np.array([bits >> place & 1 == 1 for place in range(len(values))], bool)
    counts = Levels.of(made, "x").take(rows).counts()
    assert list(counts.items()) == list(made.to_pandas()[rows].value_counts().items())


@pytest.mark.parametrize(
    "kind", [pa.string(), pa.large_string(), pa.string_view(), pa.dictionary(pa.int8(), pa.string())], ids=str
)
def test_texts_of_any_type_are_levels(kind: pa.DataType) -> None:
    found = Levels.of(pa.chunked_array([pa.array(["b", None, "a", "b"]).cast(kind)]), "x")
    assert (found.values, found.codes.tolist()) == (("b", "a"), [0, -1, 1, 0])


def test_lists_are_no_levels() -> None:
    with pytest.raises(DataError, match="column 'tags' holds list"):
        Levels.of(column([["a"], ["b"]]), "tags")


@given(TEXTS, st.data())
def test_crossed_levels_are_those_of_each_row(values: list[str | None], data: st.DataObject) -> None:
    others = data.draw(st.lists(st.sampled_from([1, 2, 3]), min_size=len(values), max_size=len(values)))
    parts = [level_names(column(values, pa.string()), "x"), level_names(column(others, pa.int64()), "y")]
    found = crossed(parts, " x ".join)
    wanted = [f"{'(missing)' if one is None else one} x {two}" for one, two in zip(values, others, strict=True)]
    assert [found.values[code] for code in found.codes] == wanted


@pytest.mark.parametrize(
    ("values", "names"),
    [
        ([1, None], ["1", "(missing)"]),
        ([1.0, float("nan")], ["1", "(missing)"]),
        ([1.0, 2.5], ["1.0", "2.5"]),
        ([True, None], ["True", "(missing)"]),
        ([date(2026, 1, 2)], ["2026-01-02"]),
        ([datetime(2026, 1, 2, 3)], ["2026-01-02 03:00:00"]),
        ([Decimal("1.50")], ["1.50"]),
        (["(missing)", None], ["(missing)", "(missing)"]),
        ([None], ["(missing)"]),
    ],
)
def test_names_of_levels(values: list[Any], names: list[str]) -> None:
    found = level_names(column(values), "x")
    assert [found.values[code] for code in found.codes] == names
    assert sum(found.counts().values()) == len(values)


@pytest.mark.parametrize(
    "values",
    [
        [1, None, 3],
        [1.5, float("nan"), float("inf")],
        [True, False],
        [True, None],
        ["1.5", " 2 ", "x", "", None, "1e3", "inf", "1_000"],
        [Decimal("0.1"), None, Decimal("12345678901234567.89")],
        [None, None],
        [date(2026, 1, 2)],
        [datetime(2026, 1, 2)],
    ],
)
def test_numbers_are_those_of_pandas(values: list[Any]) -> None:
    made = column(values)
    theirs = pd.to_numeric(made.to_pandas(), errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)
    np.testing.assert_equal(numbers(made), theirs)
