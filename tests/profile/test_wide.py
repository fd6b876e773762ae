"""Data of many columns is read a few at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from airflow_ml_monitor.data import Files, Frame
from airflow_ml_monitor.data.frame import FrameRows
from airflow_ml_monitor.errors import DataError
from airflow_ml_monitor.profile import build_reference, profile_like
from airflow_ml_monitor.profile.stream import MOST_COLUMNS


def wide(rows: int = 300) -> pa.Table:
    random = np.random.default_rng(0)
    columns = {f"x{place}": random.normal(place, 1, rows) for place in range(2 * MOST_COLUMNS + 3)}
    return pa.table(columns | {"level": random.choice(list("abc"), rows), "gone": pa.nulls(rows)})


@pytest.fixture
def file(tmp_path: Path) -> Files:
    pq.write_table(wide(), tmp_path / "wide.parquet")
    return Files(path=str(tmp_path / "wide.parquet"))


def test_each_column_is_counted_as_it_is_alone(file: Files) -> None:
    reference = build_reference(file)
    assert list(reference.columns) == wide().column_names
    assert reference.rows == 300
    for name in ("x0", f"x{MOST_COLUMNS}", "level", "gone"):
        alone = build_reference(file, columns=[name])
        assert reference.columns[name].to_parts()[0] == alone.columns[name].to_parts()[0]


def test_files_and_frames_are_counted_alike(file: Files) -> None:
    reference = build_reference(file)
    assert build_reference(wide()).digest == reference.digest
    assert profile_like(reference, file).digest == profile_like(reference, wide()).digest


def test_rows_are_kept_whole_where_they_are_wanted(file: Files) -> None:
    sample = build_reference(file, sample=50).sample
    assert sample is not None
    table = sample.finish()
    assert (table.num_rows, set(table.column_names)) == (50, set(wide().column_names))


class Shrinking(Frame):
    """Rows of which one is lost whenever they are read."""

    def open(self, *args: Any, **kwargs: Any) -> FrameRows:
        return _ShrinkingRows(self, None, None)


class _ShrinkingRows(FrameRows):
    def scan(self, columns: Sequence[str], *args: Any, **kwargs: Any) -> Iterator[pa.RecordBatch]:
        self.table = self.table.slice(1)
        return super().scan(columns, *args, **kwargs)


def test_rows_that_change_while_they_are_read_are_an_error() -> None:
    with pytest.raises(DataError, match=r"changed while it was read: 29\d rows, then 29\d"):
        build_reference(Shrinking(wide))
