"""Threads that each read and count some columns: the same profile as one thread makes that reads them all."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_ml_monitor.data import Files
from airflow_ml_monitor.data.files import FileRows
from airflow_ml_monitor.data.frame import FrameRows
from airflow_ml_monitor.errors import DataError
from airflow_ml_monitor.profile import Profile, build_reference, profile_like
from airflow_ml_monitor.profile.arrays import index_counts
from airflow_ml_monitor.profile.columns import counter_for
from airflow_ml_monitor.window import Window

ROWS = 60_000
SUMMED = ("moments", "clipped")


def table(seed: int) -> pa.Table:
    random = np.random.default_rng(seed)
    gone = random.random(ROWS) < 0.03
    levels = np.array([f"level {place}" for place in range(900)])
    return pa.table(
        {
            "x": pa.array(random.normal(size=ROWS), mask=gone),
            "whole": pa.array(random.poisson(3, ROWS), mask=gone),
            "rare": pa.array(levels[random.zipf(1.3, ROWS) % 900], mask=gone),
            "flag": random.random(ROWS) < 0.2,
            "time": pa.array(random.integers(0, 10**9, ROWS), pa.timestamp("ms")),
            "nothing": pa.nulls(ROWS, pa.string()),
        }
    )


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Files:
    folder: Path = tmp_path_factory.mktemp("two")
    for seed in (1, 2):
        pq.write_table(table(seed), folder / f"{seed}.parquet", row_group_size=20_000)
    return Files(path=str(folder / "*.parquet"))


def test_threads_by_column_count_what_one_thread_does(files: Files, monkeypatch: pytest.MonkeyPatch) -> None:
    assert files.open(None).at_once
    reference = build_reference(files)
    current = profile_like(reference, pa.concat_tables([table(3), table(4)]))
    for rows in (FileRows, FrameRows):
        monkeypatch.setattr(rows, "at_once", False)
    assert list(build_reference(files).columns) == list(reference.columns)
    assert_same(build_reference(files), reference)
    assert_same(profile_like(reference, pa.concat_tables([table(3), table(4)])), current)


def assert_same(one: Profile, other: Profile) -> None:
    """Compare counts exactly, and sums but for the order in which batches of other sizes add up."""
    assert (one.rows, one.types, set(one.columns)) == (other.rows, other.types, set(other.columns))
    for name, column in one.columns.items():
        header, arrays = column.to_parts()
        wanted_header, wanted = other.columns[name].to_parts()
        for key in header:
            assert header[key] == (pytest.approx(wanted_header[key]) if key in SUMMED else wanted_header[key])
        for key in arrays:
            if key == "sums":
                np.testing.assert_allclose(arrays[key], wanted[key], rtol=1e-12, atol=1e-6)
            else:
                np.testing.assert_array_equal(arrays[key], wanted[key])


def test_small_files_and_windows_are_read_by_one_thread(tmp_path: Path, files: Files) -> None:
    pq.write_table(table(1).slice(0, 100), tmp_path / "few.parquet")
    assert not Files(path=str(tmp_path / "few.parquet")).open(None).at_once
    timed = replace(files, time_column="time", timezone="UTC")
    assert timed.open(None).at_once
    assert not timed.open(Window(datetime(1970, 1, 1, tzinfo=UTC), datetime(1970, 1, 2, tzinfo=UTC))).at_once


def test_an_error_in_one_of_the_threads_is_raised(tmp_path: Path) -> None:
    texts = table(1).append_column("text", pa.array(["1"] * (ROWS - 1) + ["one"]))
    pq.write_table(texts, tmp_path / "texts.parquet")
    with pytest.raises(DataError, match="column 'text' cannot be read as numbers"):
        build_reference(Files(path=str(tmp_path / "texts.parquet")), kinds={"text": "numeric"})


@given(st.lists(st.one_of(st.none(), st.integers(0, 4)), max_size=40), st.integers(0, 5))
def test_null_indices_are_no_rows_of_any_value(indices: list[int | None], skipped: int) -> None:
    array = pa.DictionaryArray.from_arrays(pa.array(indices, pa.int8()), pa.array(list("abcde"))).slice(skipped)
    wanted = [sum(index == place for index in indices[skipped:]) for place in range(5)]
    assert index_counts(array).tolist() == wanted


@given(st.lists(st.lists(st.sampled_from([None, *"abcdefgh"]), min_size=1, max_size=12), min_size=1, max_size=5))
def test_dictionaries_that_change_count_as_plain_texts_do(batches: list[list[str | None]]) -> None:
    reference = build_reference(pa.table({"text": ["a", "b", "c", None] * 5}))
    encoded, plain = (counter_for(reference.columns["text"].empty(), "text") for _ in range(2))
    for batch in batches:
        plain.update(pa.array(batch, pa.string()))
        encoded.update(pa.array(batch, pa.string()).dictionary_encode())
        values = pa.array([*dict.fromkeys(batch)], pa.string())  # null may be one of the values, too
        places = pa.array([list(dict.fromkeys(batch)).index(each) for each in batch], pa.int32())
        encoded.update(pa.DictionaryArray.from_arrays(places, values))
        plain.update(pa.array(batch, pa.string()))
    assert encoded.finish().to_parts()[0] == plain.finish().to_parts()[0]
    np.testing.assert_array_equal(encoded.finish().counts, plain.finish().counts)
