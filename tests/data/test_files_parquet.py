"""Parquet files: only what is needed is read, in batches of a bounded size, texts as dictionaries where asked."""

from __future__ import annotations

import tempfile
import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path

import fsspec
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from fsspec.implementations.memory import MemoryFile
from hypothesis import given, settings
from hypothesis import strategies as st

from airflow_ml_monitor import Window
from airflow_ml_monitor.data import Files
from airflow_ml_monitor.errors import DataError, SourceError

START = datetime(2013, 1, 1, tzinfo=UTC)
TYPES = [pa.timestamp(unit, zone) for unit in ("s", "ms", "us", "ns") for zone in (None, "America/New_York")]


def content(path: Path | str, columns: list[str] | None = None, *, encoded: bool = False) -> pa.Table:
    return pa.Table.from_batches(Files(str(path)).open().batches(columns, encoded=encoded))


def spoil(path: Path, column: int, group: int) -> None:
    """Overwrite a column's values in a row group, so that who reads them fails."""
    chunk = pq.ParquetFile(path).metadata.row_group(group).column(column)
    first = min(chunk.data_page_offset, chunk.dictionary_page_offset or chunk.data_page_offset)
    with path.open("r+b") as file:
        file.seek(first)
        file.write(b"\xff" * chunk.total_compressed_size)


def dictionary_address(batch: pa.RecordBatch) -> int:
    return int(batch.column("text").dictionary.buffers()[2].address)


class TestOnlyWhatIsNeeded:
    @pytest.fixture
    def path(self, tmp_path: Path) -> Path:
        hours = [START + timedelta(hours=hour) for hour in range(300)]
        pq.write_table(pa.table({"at": hours, "x": range(300)}), tmp_path / "x.parquet", row_group_size=100)
        return tmp_path / "x.parquet"

    def test_row_groups_outside_the_window_are_skipped(self, path: Path) -> None:
        for group in (0, 2):
            spoil(path, 1, group)
        window = Window(START + timedelta(hours=110), START + timedelta(hours=120))
        rows = Files(str(path), time_column="at").open(window)
        assert pa.Table.from_batches(rows.batches(["x"])).to_pydict() == {"x": list(range(110, 120))}

    def test_row_groups_inside_are_read(self, path: Path) -> None:
        spoil(path, 1, 1)
        window = Window(START + timedelta(hours=110), START + timedelta(hours=120))
        with pytest.raises(SourceError, match=r"x\.parquet cannot be read now"):
            list(Files(str(path), time_column="at").open(window).batches(["x"]))

    def test_other_columns_are_not_read(self, path: Path) -> None:
        spoil(path, 0, 0)
        assert content(path, ["x"]).to_pydict() == {"x": list(range(300))}


@settings(max_examples=40)
@given(
    kind=st.sampled_from([*TYPES, pa.date32()]),
    days=st.lists(st.one_of(st.none(), st.integers(-1000, 1000)), min_size=1, max_size=40),
    group=st.integers(1, 10),
    first=st.integers(-1000, 1000),
    length=st.integers(1, 1000),
)
def test_a_window_has_the_rows_that_lie_in_it(
    kind: pa.DataType, days: list[int | None], group: int, first: int, length: int
) -> None:
    seconds = pa.array([None if day is None else day * 86_400 for day in days], pa.int64()).cast(pa.timestamp("s"))
    window = Window(START.fromtimestamp(first * 86_400, UTC), START.fromtimestamp((first + length) * 86_400, UTC))
    with tempfile.TemporaryDirectory() as folder:
        table = pa.table({"at": seconds.cast(kind), "row": range(len(days))})
        pq.write_table(table, f"{folder}/x.parquet", row_group_size=group)
        rows = Files(folder, time_column="at", timezone="UTC").open(window)
        found = [row for batch in rows.batches(["row"]) for row in batch.column(0).to_pylist()]
    assert found == [row for row, day in enumerate(days) if day is not None and first <= day < first + length]


class TestEncoded:
    @pytest.fixture
    def levels(self) -> pa.Array:
        return pa.array(["AA", "UA", None, "DL"] * 75_000)

    def test_few_texts_come_as_dictionaries(self, tmp_path: Path, levels: pa.Array) -> None:
        pq.write_table(pa.table({"text": levels}), tmp_path / "x.parquet")
        found = content(tmp_path, encoded=True).column("text")
        assert pa.types.is_dictionary(found.type)
        assert found.cast(pa.string()).combine_chunks().equals(levels)

    def test_only_where_asked(self, tmp_path: Path, levels: pa.Array) -> None:
        pq.write_table(pa.table({"text": levels}), tmp_path / "x.parquet")
        assert content(tmp_path).column("text").type == pa.string()

    @pytest.mark.parametrize("kind", [pa.string(), pa.large_string()], ids=str)
    def test_batches_share_a_dictionary_of_the_columns_own_type(
        self, tmp_path: Path, levels: pa.Array, kind: pa.DataType
    ) -> None:
        pq.write_table(pa.table({"text": levels.cast(kind)}), tmp_path / "x.parquet", row_group_size=150_000)
        batches = list(Files(str(tmp_path)).open().batches(encoded=True))
        assert len(batches) > 2
        assert len({dictionary_address(batch) for batch in batches}) == 1
        assert batches[0].column("text").type.value_type == kind

    def test_another_dictionary_replaces_it(self, tmp_path: Path, levels: pa.Array) -> None:
        pq.write_table(pa.table({"text": levels}), tmp_path / "a.parquet")
        pq.write_table(pa.table({"text": pa.array(["B6"] * 20_000)}), tmp_path / "b.parquet")
        found = content(tmp_path, encoded=True).column("text").cast(pa.string())
        assert found.to_pylist() == [*levels.to_pylist(), *["B6"] * 20_000]

    @pytest.mark.parametrize("rows", [40_000, 200_000], ids=["dictionary", "dictionary given up"])
    def test_texts_that_hardly_repeat_stay_texts(self, tmp_path: Path, rows: int) -> None:
        pq.write_table(pa.table({"text": [f"customer {row}" for row in range(rows)]}), tmp_path / "x.parquet")
        assert content(tmp_path, encoded=True).column("text").type == pa.string()

    def test_small_row_groups_are_joined_rather_than_encoded(self, tmp_path: Path, levels: pa.Array) -> None:
        pq.write_table(pa.table({"text": levels}), tmp_path / "x.parquet", row_group_size=3000)
        first, *_ = Files(str(tmp_path)).open().batches(encoded=True)
        assert first.num_rows > 100_000


class TestBatches:
    def test_many_columns(self, tmp_path: Path) -> None:
        values = np.zeros(20_000)
        pq.write_table(pa.table({f"x{number}": values for number in range(1000)}), tmp_path / "x.parquet")
        batches = list(Files(str(tmp_path)).open().batches())
        assert max(batch.nbytes for batch in batches) < 50_000_000
        assert sum(batch.num_rows for batch in batches) == 20_000

    @pytest.mark.parametrize("length", [2000, 20_000], ids=["with statistics", "too long for statistics"])
    def test_long_texts_that_take_few_bytes_in_the_file(self, tmp_path: Path, length: int) -> None:
        texts = pa.DictionaryArray.from_arrays(pa.array([0, 1] * 60_000), pa.array(["x" * length, "y"]))
        pq.write_table(pa.table({"text": texts}), tmp_path / "x.parquet", store_schema=False)
        batches = Files(str(tmp_path)).open().batches()
        assert max(batch.nbytes for batch in batches) < 50_000_000

    def test_rows_of_columns_that_only_another_file_has(self, tmp_path: Path) -> None:
        pq.write_table(pa.table({"x": range(200_000)}), tmp_path / "a.parquet")
        pq.write_table(pa.table({"late": [True]}), tmp_path / "b.parquet")
        assert content(tmp_path, ["late"]).column("late").null_count == 200_000

    def test_no_column_has_all_the_rows(self, tmp_path: Path) -> None:
        pq.write_table(pa.table({"x": range(200_000)}), tmp_path / "a.parquet")
        assert sum(batch.num_rows for batch in Files(str(tmp_path)).open().batches([])) == 200_000


@pytest.mark.parametrize("rows", [1000, 4_500_000], ids=["fetched at once", "fetched in parts"])
def test_a_remote_file(rows: int) -> None:
    table = pa.table({"x": np.random.default_rng(1).integers(0, 1 << 62, rows), "y": np.zeros(rows)})
    url = f"memory://{uuid.uuid4().hex}.parquet"
    with fsspec.open(url, "wb") as target:
        pq.write_table(table, target, compression="none", use_dictionary=False, row_group_size=rows)
    try:
        assert content(url).equals(table)
    finally:
        fsspec.filesystem("memory").rm(url)


def test_what_is_wanted_of_a_remote_row_group_is_fetched_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    reads: list[int] = []
    read = MemoryFile.read

    def counted(file: MemoryFile, size: int = -1) -> bytes:
        reads.append(size)
        return bytes(read(file, size))

    url = f"memory://{uuid.uuid4().hex}.parquet"
    with fsspec.open(url, "wb") as target:
        pq.write_table(pa.table({f"x{number}": range(1000) for number in range(20)}), target)
    monkeypatch.setattr(MemoryFile, "read", counted)
    content(url)
    assert 0 < len(reads) < 10


def test_a_value_beyond_the_type_of_all_files_is_named_with_column_and_file(tmp_path: Path) -> None:
    pq.write_table(pa.table({"x": [(1 << 53) + 1]}), tmp_path / "a.parquet")
    pq.write_table(pa.table({"x": [0.5]}), tmp_path / "b.parquet")
    with pytest.raises(DataError, match=r"a\.parquet of files .*: column 'x' holds what is no double: "):
        content(tmp_path)
