"""Columns that folders name, with Arrow's own reading of such folders as the oracle."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from airflow_ml_monitor.data import Files
from airflow_ml_monitor.errors import DataError

VALUES = st.one_of(
    st.integers(-(1 << 33), 1 << 33).map(str),
    st.sampled_from(["", "007", "-0", "+5", "0x1F", "0xffffffff", "1.5", "1e3", "a%20b", "%31", "b=c", "%zz", "é"]),
    st.just("__HIVE_DEFAULT_PARTITION__"),
)


def write(root: Path, folders: list[str]) -> None:
    for row, folder in enumerate(folders):
        (root / folder).mkdir(parents=True, exist_ok=True)
        pq.write_table(pa.table({"row": [row]}), root / folder / "part.parquet")


def content(path: Path | str) -> pa.Table:
    return pa.Table.from_batches(Files(str(path)).open().batches())


@settings(max_examples=40)
@given(values=st.lists(st.tuples(VALUES, VALUES), min_size=1, max_size=4))
@example(values=[("1", "__HIVE_DEFAULT_PARTITION__"), ("2147483648", "-2147483648")])
def test_as_arrow_reads_them(values: list[tuple[str, str]]) -> None:
    with tempfile.TemporaryDirectory() as root:
        # The first folder gives both columns a value: without any, Arrow refuses to guess a type.
        write(Path(root), ["carrier=3/day%20=4", *(f"carrier={carrier}/day%20={day}" for carrier, day in values)])
        oracle = ds.dataset(root, partitioning="hive").to_table()
        assert content(root).sort_by("row").equals(oracle.sort_by("row"))


def test_a_column_without_any_value_has_no_type(tmp_path: Path) -> None:
    write(tmp_path, ["day=__HIVE_DEFAULT_PARTITION__"])
    assert content(tmp_path).to_pydict() == {"row": [0], "day": [None]}


def test_a_file_that_is_in_no_such_folder_has_no_value(tmp_path: Path) -> None:
    write(tmp_path, ["day=1", "other"])
    assert content(tmp_path).to_pydict() == {"row": [0, 1], "day": [1, None]}


def test_the_outermost_of_two_folders_counts(tmp_path: Path) -> None:
    write(tmp_path, ["day=1/day=2"])
    assert content(tmp_path).to_pydict() == {"row": [0], "day": [1]}


@pytest.mark.parametrize("columns", [["day"], ["day", "row"], ["row"]], ids=str)
def test_columns_come_as_asked_for(tmp_path: Path, columns: list[str]) -> None:
    write(tmp_path, ["day=1"])
    (batch,) = Files(str(tmp_path)).open().batches(columns)
    assert batch.schema.names == columns


def test_a_name_that_is_no_text(tmp_path: Path) -> None:
    write(tmp_path, ["day=%ff"])
    with pytest.raises(DataError, match=r"folder '%ff' of .*part\.parquet is no UTF-8 text once decoded; rename it"):
        content(tmp_path)
