"""CSV files: the columns asked for, in batches large enough to count, and errors that say where."""

from __future__ import annotations

import gzip
from pathlib import Path

import pyarrow as pa
import pytest

from airflow_ml_monitor.data import Files
from airflow_ml_monitor.errors import DataError

ROWS = 300_000


@pytest.fixture
def large(tmp_path: Path) -> Path:
    """A file of several blocks of Arrow's."""
    path = tmp_path / "large.csv"
    path.write_text("x,y,text\n" + "".join(f"{row},,text {row % 7}\n" for row in range(ROWS)))
    return path


def content(path: Path, columns: list[str] | None = None) -> pa.Table:
    return pa.Table.from_batches(Files(str(path)).open().batches(columns))


def test_all_rows_in_their_order(large: Path) -> None:
    assert content(large, ["x"]).column("x").to_pylist() == list(range(ROWS))


def test_blocks_are_joined(large: Path) -> None:
    *batches, _ = [batch.num_rows for batch in Files(str(large)).open().batches(["x"])]
    assert min(batches) >= 100_000


def test_columns_come_as_asked_for(large: Path) -> None:
    assert content(large, ["text", "x"]).schema.names == ["text", "x"]


def test_no_column_has_all_the_rows(large: Path) -> None:
    assert sum(batch.num_rows for batch in Files(str(large)).open().batches([])) == ROWS


def test_packed(tmp_path: Path) -> None:
    (tmp_path / "x.csv.gz").write_bytes(gzip.compress(b"x,y\n1,a\n"))
    assert content(tmp_path / "x.csv.gz").to_pydict() == {"x": [1], "y": ["a"]}


def test_tabs(tmp_path: Path) -> None:
    (tmp_path / "x.tsv").write_text("x\ty\n1\ta,b\n")
    assert content(tmp_path / "x.tsv").to_pydict() == {"x": [1], "y": ["a,b"]}


def test_a_line_may_end_within_quotes(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text('x,y\n1,"a\nb"\n')
    assert content(tmp_path / "x.csv").to_pydict() == {"x": [1], "y": ["a\nb"]}


def test_a_value_that_does_not_fit_is_named_with_column_row_and_file(large: Path) -> None:
    (large.parent / "a.csv").write_text("x,y,text\n1,,text\n")
    large.write_text(large.read_text() + "1.5,,text\n")
    with pytest.raises(
        DataError, match=rf"large\.csv of files .*: column 'x': Row #{ROWS + 2}: .*invalid value '1\.5'"
    ):
        content(large.parent / "*.csv")


@pytest.mark.parametrize(
    ("cell", "kind", "value"),
    [("2.5", pa.float64(), 2.5), ('late, "quoted"', pa.string(), 'late, "quoted"'), ("true", pa.bool_(), True)],
    ids=["number", "text", "boolean"],
)
def test_a_column_whose_first_value_is_far_down_is_read(
    large: Path, cell: str, kind: pa.DataType, value: object
) -> None:
    quoted = '"' + cell.replace('"', '""') + '"'
    large.write_text(large.read_text() + f"1,{quoted},text\n")
    column = content(large, ["y"]).column("y")
    assert (column.type, column.null_count, column[-1].as_py()) == (kind, ROWS, value)


def test_an_empty_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("")
    with pytest.raises(DataError, match=r"x\.csv cannot be read as csv: Empty CSV file; check the file"):
        content(tmp_path / "x.csv")
