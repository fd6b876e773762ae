"""Folders of files that are not all alike: every column is seen, and files that disagree are named."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import fsspec
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest

from airflow_ml_monitor import Window, validate
from airflow_ml_monitor.data import Files
from airflow_ml_monitor.errors import DataError

Write = Callable[..., str]


@pytest.fixture(params=["local", "memory"])
def write(request: pytest.FixtureRequest, tmp_path: Path) -> Write:
    """Write tables below a folder of the file system; returns the folder."""
    root = str(tmp_path / "run=5") if request.param == "local" else f"memory://{uuid.uuid4().hex}/run=5"

    def written(**files: pa.Table) -> str:
        for name, content in files.items():
            path = f"{root}/{name.replace('__', '/').replace('_is_', '=')}.parquet"
            with fsspec.open(path, "wb", auto_mkdir=True) as target:
                pq.write_table(content, target)
        return root

    return written


def content(path: str, columns: list[str] | None = None, **kwargs: Any) -> dict[str, list[Any]]:
    rows = Files(path, **kwargs).open()
    return pa.Table.from_batches(rows.batches(columns)).to_pydict()


def test_a_column_of_a_later_file_is_seen(write: Write) -> None:
    folder = write(a=pa.table({"x": [1, 2]}), b=pa.table({"x": [3], "late": [True]}))
    assert content(folder) == {"x": [1, 2, 3], "late": [None, None, True]}


def test_a_column_that_a_later_file_lacks_is_missing_there(write: Write) -> None:
    folder = write(a=pa.table({"x": [1], "late": [True]}), b=pa.table({"x": [3]}))
    assert content(folder) == {"x": [1, 3], "late": [True, None]}


def test_an_expectation_about_such_a_column(write: Write) -> None:
    folder = write(a=pa.table({"x": [1, 2, 3]}), b=pa.table({"x": [3], "late": [True]}))
    suite = [{"type": "expect_column_values_to_not_be_null", "kwargs": {"column": "late"}}]
    assert validate(Files(folder), suite).results[-1].value == 0.75


@pytest.mark.parametrize(
    ("one", "other", "together"),
    [
        (pa.int32(), pa.int64(), "int64"),
        (pa.int64(), pa.float64(), "double"),
        (pa.null(), pa.string(), "string"),
        (pa.string(), pa.large_string(), "large_string"),
        (pa.timestamp("ms"), pa.timestamp("us"), "timestamp[us]"),
        (pa.timestamp("us", "UTC"), pa.timestamp("ms", "America/New_York"), "timestamp[us, tz=UTC]"),
    ],
    ids=str,
)
def test_types_that_go_together(tmp_path: Path, one: pa.DataType, other: pa.DataType, together: str) -> None:
    values = [None] if pa.types.is_null(one) else [7]
    pq.write_table(pa.table({"x": pa.array(values).cast(one)}), tmp_path / "a.parquet")
    pq.write_table(pa.table({"x": pa.array([7]).cast(other)}), tmp_path / "b.parquet")
    rows = Files(str(tmp_path)).open()
    assert str(rows.full_schema.field("x").type) == together
    common = rows.full_schema.field("x").type
    expected = [*pa.array(values).cast(one).cast(common), *pa.array([7]).cast(other).cast(common)]
    assert pa.Table.from_batches(rows.batches()).column("x").to_pylist() == [value.as_py() for value in expected]


def test_levels_and_texts_go_together(write: Write) -> None:
    folder = write(a=pa.table({"x": pa.array(["p"]).dictionary_encode()}), b=pa.table({"x": ["q"]}))
    assert content(folder) == {"x": ["p", "q"]}


def test_a_window_over_times_of_two_units(write: Write) -> None:
    at = [datetime(2013, 1, day, tzinfo=UTC) for day in (1, 2)]
    folder = write(
        a=pa.table({"at": pa.array(at, pa.timestamp("ms", "UTC"))}),
        b=pa.table({"at": pa.array(at, pa.timestamp("ns", "UTC"))}),
    )
    window = Window("2013-01-02T00:00:00Z", "2013-01-03T00:00:00Z")
    assert sum(batch.num_rows for batch in Files(folder, time_column="at").open(window).batches()) == 2


def test_types_that_do_not_are_named_with_their_files(write: Write) -> None:
    folder = write(a=pa.table({"y": [1], "x": [1]}), b=pa.table({"x": [2]}), c=pa.table({"x": ["three"]}))
    with pytest.raises(DataError, match=r"column 'x' of files .* is int64 in \S*/a\.parquet and string in \S*/c\.parq"):
        content(folder)


def test_two_columns_of_one_name_are_named_with_their_file(write: Write) -> None:
    folder = write(a=pa.table({"x": [1]}), b=pa.Table.from_arrays([pa.array([1])] * 2, names=["x", "x"]))
    with pytest.raises(DataError, match=r"more than one column named 'x' \(in \S*/b\.parquet\)"):
        content(folder)


def test_folders_named_after_a_value_give_a_column(write: Write) -> None:
    folder = write(
        carrier_is_AA__day_is_2__part=pa.table({"x": [1]}), carrier_is_UA__day_is_3__part=pa.table({"x": [2]})
    )
    assert content(folder) == {"x": [1, 2], "carrier": ["AA", "UA"], "day": [2, 3]}


def test_a_glob_gives_the_columns_below_its_first_wildcard(write: Write) -> None:
    folder = write(carrier_is_AA__day_is_2__part=pa.table({"x": [1]}))
    assert content(f"{folder}/carrier=AA/*/*.parquet") == {"x": [1], "day": [2]}


def test_one_file_has_its_own_columns_only(write: Write) -> None:
    folder = write(carrier_is_AA__part=pa.table({"x": [1]}))
    assert content(f"{folder}/carrier=AA/part.parquet") == {"x": [1]}


def test_a_column_of_the_files_is_not_doubled_by_their_folders(write: Write) -> None:
    folder = write(day_is_2__part=pa.table({"x": [1], "day": ["2"]}))
    assert content(folder) == {"x": [1], "day": ["2"]}


def test_csv_types_are_guesses_that_texts_overrule(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("code,at,gone\n12,2013-01-01,\n")
    (tmp_path / "b.csv").write_text("code,at,gone\n1A,2013-01-01 05:00:00,x\n")
    assert content(str(tmp_path), format="csv") == {
        "code": ["12", "1A"],
        "at": [datetime(2013, 1, 1), datetime(2013, 1, 1, 5)],
        "gone": [None, "x"],
    }


def test_an_empty_cell_of_a_csv_is_missing_and_an_empty_text_is_not(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text('x,carrier\n1,UA\n2,\n3,""\n')
    assert content(str(tmp_path / "a.csv"))["carrier"] == ["UA", None, ""]


def test_a_day_is_no_time_in_parquet(write: Write) -> None:
    folder = write(a=pa.table({"at": [date(2013, 1, 1)]}), b=pa.table({"at": [datetime(2013, 1, 1, 5)]}))
    with pytest.raises(DataError, match=r"column 'at' .* is date32\[day\] in .* and timestamp\[us\] in"):
        content(folder)
