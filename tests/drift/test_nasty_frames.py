"""Frames of every nasty kind give findings, never an exception, and never a number that is not finite."""

from __future__ import annotations

import json
from datetime import date, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from airflow_ml_monitor.data import Files
from airflow_ml_monitor.drift import detect_drift
from airflow_ml_monitor.profile import Profile, build_reference
from airflow_ml_monitor.results import Status

N = 200
RANDOM = np.random.default_rng(0)
FRAMES: dict[str, Any] = {
    "one row": pd.DataFrame({"x": [1.0]}),
    "all missing": pd.DataFrame({"x": [np.nan] * N, "y": [None] * N, "z": pd.Series([pd.NaT] * N)}),
    "constant": pd.DataFrame({"x": [3.5] * N, "y": ["same"] * N, "z": [True] * N}),
    "infinite": pd.DataFrame({"x": [np.inf, -np.inf] * (N // 2), "y": [np.inf, *RANDOM.normal(size=N - 1)]}),
    "huge and tiny": pd.DataFrame(
        {"x": RANDOM.normal(size=N) * 1e307, "y": RANDOM.normal(size=N) * 1e149, "z": 1e-310}
    ),
    "widest integers": pd.DataFrame({"x": np.full(N, 2**63 - 1), "y": np.arange(N, dtype="uint64") + 2**63}),
    "mixed types": pd.DataFrame({"x": [1, "one", None, 2.5] * (N // 4)}),
    "nullable": pd.DataFrame(
        {
            "x": pd.array([1, None] * (N // 2), dtype="Int64"),
            "y": pd.array([True, None] * (N // 2), dtype="boolean"),
            "z": pd.array(["a", None] * (N // 2), dtype="string"),
        }
    ),
    "arrow dtypes": pd.DataFrame(
        {"x": pd.Series(range(N), dtype="int64[pyarrow]"), "y": pd.array([2.5] * N, "float32")}
    ),
    "times": pd.DataFrame(
        {
            "aware": pd.date_range("2013-03-01", periods=N, freq="h", tz="America/New_York"),
            "naive": pd.date_range("2013", periods=N),
            "date": [date(2013, 1, 1) + timedelta(days=i) for i in range(N)],
            "delta": pd.to_timedelta(range(N), unit="s"),
            "time": [time(i % 24) for i in range(N)],
        }
    ),
    "decimals": pd.DataFrame({"x": [Decimal(i) / 7 for i in range(N)]}),
    "categories": pd.DataFrame(
        {"x": pd.Categorical(["a", "b", None, "c"] * (N // 4)), "y": pd.Categorical([1, 2] * 100)}
    ),
    "100,000 levels": pd.DataFrame(
        {"x": [f"{i}" for i in range(100_000)], "y": [f"{i % 30_000}" for i in range(100_000)]}
    ),
    "unicode": pd.DataFrame({"ключ 🙂": ["🙂", ""] * (N // 2)}),
    "nested": pd.DataFrame({"x": [[1, 2], None] * (N // 2), "y": [{"a": 1}] * N}),
    "bytes": pd.DataFrame({"x": [b"\xff\x00", b"a"] * (N // 2)}),
    "numbered columns": pd.DataFrame(RANDOM.normal(size=(N, 2))),
    "repeated names": pd.DataFrame(RANDOM.normal(size=(N, 3)), columns=["x", "y", "x"]),
    "repeated names in Arrow": pa.table([pa.array([1, 2] * 100)] * 3, names=["x", "y", "x"]),
    "polars": pl.DataFrame({"x": pl.Series(["a", "b"] * 100, dtype=pl.Categorical), "y": ["a", None] * 100}),
}


def batches(data: Any) -> dict[str, Any]:
    rows = len(data)
    if isinstance(data, pa.Table):
        return {"itself": data, "none": data.slice(0, 0), "half": data.slice(0, rows // 2)}
    if isinstance(data, pl.DataFrame):
        return {"itself": data, "none": data.head(0), "half": data.head(rows // 2)}
    gone = data.astype(object).mask(RANDOM.random(data.shape) < 0.5)
    return {"itself": data, "none": data.iloc[:0], "half": data.iloc[: rows // 2], "holes": gone}


@pytest.mark.filterwarnings("error::RuntimeWarning")
@pytest.mark.parametrize("name", FRAMES)
def test_it_is_judged(name: str) -> None:
    reference = build_reference(FRAMES[name])
    assert Profile.from_bytes(reference.to_bytes()) == reference
    json.dumps(reference.to_dict(), allow_nan=False)
    for kind, current in batches(FRAMES[name]).items():
        report = detect_drift(reference, current)
        json.dumps(report.to_dict(), allow_nan=False)
        assert report.results
        assert report.status is not Status.ERROR
        if kind == "itself" and not name.startswith("repeated"):
            assert report.status in (Status.PASS, Status.INSUFFICIENT), report.summary()


def test_a_frame_without_rows_is_judged_on_both_sides() -> None:
    empty = pd.DataFrame({"x": pd.Series(dtype=float)})
    for reference, current in ((empty, empty), (empty, FRAMES["numbered columns"]), (pd.DataFrame(), pd.DataFrame())):
        assert detect_drift(reference, current).status is Status.INSUFFICIENT


def test_a_name_that_two_columns_have_is_named_and_the_others_are_compared() -> None:
    twice = FRAMES["repeated names"]
    single = twice.iloc[:, [0, 1]]
    for reference, current in ((single, twice), (twice, single), (twice, twice)):
        report = detect_drift(reference, current)
        assert any(result.column == "y" and result.metric == "ks" for result in report.results)
        repeated = [result for result in report.results if result.metric == "repeated"]
        assert [result.column for result in repeated] == (["x"] if current is twice else [])
        assert report.status is (Status.FAIL if current is twice else Status.PASS)


@pytest.mark.parametrize("written", ["parquet", "csv"])
def test_so_is_one_of_a_file(written: str, tmp_path: Path) -> None:
    twice = pa.table([pa.array(range(100))] * 3, names=["x", "y", "x"])
    path = tmp_path / f"twice.{written}"
    {"parquet": pq.write_table, "csv": pacsv.write_csv}[written](twice, path)
    report = detect_drift(pd.DataFrame({"x": range(100), "y": range(100)}), Files(path=str(path)))
    assert [one.column for one in report.results if one.metric == "repeated"] == ["x"]
    assert any(one.column == "y" and one.metric == "ks" for one in report.results)
    assert report.status is Status.FAIL


VALUES = st.one_of(
    st.lists(st.none() | st.floats(), min_size=1, max_size=60),
    st.lists(st.none() | st.integers(-(2**63), 2**63 - 1), min_size=1, max_size=60),
    st.lists(st.none() | st.text(max_size=3), min_size=1, max_size=60),
    st.lists(st.none() | st.booleans(), min_size=1, max_size=60),
    st.lists(st.none() | st.dates(date(1700, 1, 1), date(2200, 1, 1)), min_size=1, max_size=60),
)


@pytest.mark.filterwarnings("error::RuntimeWarning")
@settings(max_examples=60)
@given(VALUES, VALUES)
def test_any_column_against_any_other(one: list[Any], other: list[Any]) -> None:
    report = detect_drift(pl.DataFrame({"x": one * 3}), pl.DataFrame({"x": other * 3}))
    json.dumps(report.to_dict(), allow_nan=False)
    assert report.status is not Status.ERROR
