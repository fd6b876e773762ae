"""Files, tables and frames: what they read, how they are described, and what they say when they cannot."""

from __future__ import annotations

import json
from dataclasses import FrozenInstanceError
from datetime import UTC, datetime
from pathlib import Path

import fsspec
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest
import sqlalchemy as sa

from airflow_ml_monitor import Window
from airflow_ml_monitor.data import Connections, Dataset, Files, Frame, Table, as_dataset, dataset_from_dict
from airflow_ml_monitor.errors import ConfigurationError, DataError, MissingDataError

DAYS = pa.table(
    {
        "at": pa.array([datetime(2013, 1, day, 12, tzinfo=UTC) for day in range(1, 11)]),
        "x": pa.array(range(10)),
        "level": ["a", "b"] * 5,
    }
)
WINDOW = Window("2013-01-03T00:00:00Z", "2013-01-06T00:00:00Z")


def load_days(scale: int = 1, window: Window | None = None) -> pa.Table:
    """A loader that an import path can name."""
    return DAYS.set_column(1, "x", pa.array([value * scale for value in DAYS["x"].to_pylist()]))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    pq.write_table(DAYS.slice(0, 5), tmp_path / "a.parquet")
    pq.write_table(DAYS.slice(5), tmp_path / "b.parquet")
    (tmp_path / "_SUCCESS").write_text("")
    pyarrow.csv.write_csv(DAYS, tmp_path / "days.csv")
    return tmp_path


@pytest.fixture
def connections(engine: sa.Engine) -> Connections:
    with engine.begin() as connection:
        connection.execute(
            sa.text(
                "CREATE TABLE days (at timestamptz, local timestamp, x int, level text, amount numeric, empty text)"
            )
        )
        rows = [
            {"at": at, "local": at.replace(tzinfo=None), "x": x, "level": level, "amount": x / 4}
            for at, x, level in zip(*(DAYS[name].to_pylist() for name in ("at", "x", "level")), strict=True)
        ]
        connection.execute(sa.text("INSERT INTO days VALUES (:at, :local, :x, :level, :amount, NULL)"), rows)
    return Connections({"warehouse": engine})


def read(dataset: Dataset, connections: Connections | None = None, window: Window | None = WINDOW) -> list[int]:
    rows = dataset.open(window, connections=connections)
    return sorted(value for batch in rows.batches(["x"]) for value in batch.column(0).to_pylist())


class TestSameWindowFromEverySource:
    def test_parquet_file(self, folder: Path) -> None:
        assert read(Files(str(folder / "a.parquet"), time_column="at")) == [2, 3, 4]

    def test_parquet_glob(self, folder: Path) -> None:
        assert read(Files(f"{folder}/*.parquet", time_column="at"), window=None) == list(range(10))

    def test_folder_leaves_out_markers(self, tmp_path: Path) -> None:
        pq.write_table(DAYS, tmp_path / "part-0.parquet")
        (tmp_path / "_SUCCESS").write_text("")
        assert read(Files(str(tmp_path), time_column="at")) == [2, 3, 4]

    def test_csv(self, folder: Path) -> None:
        assert read(Files(str(folder / "days.csv"), time_column="at")) == [2, 3, 4]

    def test_fsspec_url(self, folder: Path) -> None:
        with fsspec.open("memory://lake/days.parquet", "wb") as target:
            pq.write_table(DAYS, target)
        assert read(Files("memory://lake/days.parquet", time_column="at")) == [2, 3, 4]

    @pytest.mark.parametrize("frame", [DAYS, DAYS.to_pandas(), pl.from_arrow(DAYS)], ids=["arrow", "pandas", "polars"])
    def test_frame(self, frame: object) -> None:
        assert read(Frame(lambda: frame, time_column="at")) == [2, 3, 4]

    def test_table(self, connections: Connections) -> None:
        assert read(Table("days", conn_id="warehouse", time_column="at"), connections) == [2, 3, 4]

    def test_table_with_its_schema(self, connections: Connections) -> None:
        assert read(Table("public.days", conn_id="warehouse", time_column="at"), connections) == [2, 3, 4]

    def test_naive_table(self, connections: Connections) -> None:
        table = Table("days", conn_id="warehouse", time_column="local", timezone="UTC")
        assert read(table, connections) == [2, 3, 4]

    def test_query(self, connections: Connections) -> None:
        query = Table(sql="SELECT *, at::date AS day FROM days WHERE x % 2 = 0;", conn_id="warehouse", time_column="at")
        assert read(query, connections) == [2, 4]

    def test_sqlite(self, tmp_path: Path) -> None:
        url = f"sqlite:///{tmp_path}/days.db"
        naive = DAYS.to_pandas().assign(at=lambda frame: frame["at"].dt.tz_localize(None))
        naive.to_sql("days", sa.create_engine(url), index=False)
        table = Table("days", conn_id="lite", time_column="at", timezone="UTC")
        assert read(table, Connections({"lite": url})) == [2, 3, 4]


class TestTables:
    def test_types_are_the_databases_own_even_where_every_value_is_missing(self, connections: Connections) -> None:
        schema = Table("days", conn_id="warehouse").open(connections=connections).schema
        assert [str(field.type) for field in schema] == [
            "timestamp[us, tz=UTC]",
            "timestamp[us]",
            "int32",
            "string",
            "double",
            "string",
        ]

    def test_window_is_cut_in_the_database(self, connections: Connections) -> None:
        rows = Table("days", conn_id="warehouse", time_column="at").open(WINDOW, connections=connections)
        assert "WHERE" in str(rows.select(["x"]))  # type: ignore[attr-defined]

    def test_missing_table_is_named(self, connections: Connections) -> None:
        with pytest.raises(MissingDataError, match="table dayz of connection 'warehouse' does not exist"):
            read(Table("dayz", conn_id="warehouse"), connections)

    @pytest.mark.parametrize(
        ("change", "error", "said"),
        [
            ("DROP TABLE days", MissingDataError, "table days of connection 'warehouse' does not exist"),
            ("ALTER TABLE days DROP COLUMN x", DataError, "table days of connection 'warehouse' cannot be read: .*x"),
        ],
    )
    def test_a_table_that_changes_after_it_was_found(
        self, connections: Connections, change: str, error: type[Exception], said: str
    ) -> None:
        rows = Table("days", conn_id="warehouse").open(connections=connections)
        assert "x" in rows.schema.names
        with connections.engine("warehouse").begin() as connection:
            connection.execute(sa.text(change))
        with pytest.raises(error, match=said):
            list(rows.batches(["x"]))

    def test_query_the_database_refuses(self, connections: Connections) -> None:
        with pytest.raises(DataError, match="cannot be read: .*nothing_here"):
            read(Table(sql="SELECT * FROM nothing_here", conn_id="warehouse"), connections)

    @pytest.mark.parametrize(
        "end",
        ["-- all of it", "-- all; of it: 100 %", ";", "; -- done", " ;\n/* done;\nreally */ ", "WHERE level <> ';--'"],
    )
    def test_a_query_may_end_as_it_likes(self, connections: Connections, end: str) -> None:
        query = Table(sql=f"SELECT * FROM days -- the first\n{end}", conn_id="warehouse", time_column="at")
        assert read(query, connections) == [2, 3, 4]

    def test_unknown_connection_is_named(self) -> None:
        with pytest.raises(ConfigurationError, match="connection 'warehouse' is not defined"):
            read(Table("days", conn_id="warehouse"))

    def test_table_and_query_together_are_refused(self) -> None:
        with pytest.raises(ConfigurationError, match="one of them"):
            Table("days", sql="SELECT 1", conn_id="warehouse")

    def test_no_connection_is_refused(self) -> None:
        with pytest.raises(ConfigurationError, match="table days of connection '' needs conn_id="):
            Table("days")


class TestFiles:
    def test_no_file_is_named(self, tmp_path: Path) -> None:
        with pytest.raises(MissingDataError, match=r"no file is at '.*/gone.parquet'"):
            read(Files(str(tmp_path / "gone.parquet")))

    def test_a_file_that_is_not_parquet(self, tmp_path: Path) -> None:
        (tmp_path / "x.parquet").write_text("this is no Parquet file, and long enough not to be cut short")
        with pytest.raises(
            DataError, match=r"x\.parquet cannot be read as parquet: .*; check the file or give format="
        ):
            read(Files(str(tmp_path / "x.parquet")))

    def test_a_csv_whose_rows_do_not_fit(self, tmp_path: Path) -> None:
        (tmp_path / "x.csv").write_text("x,y\n1,2\n3,4,5\n")
        with pytest.raises(DataError, match="cannot be read as csv"):
            read(Files(str(tmp_path / "x.csv")), window=None)

    def test_a_glob_of_folders_reads_what_is_in_them(self, tmp_path: Path) -> None:
        for day in range(3):
            (tmp_path / f"day-{day}").mkdir()
            pq.write_table(DAYS.slice(day, 1), tmp_path / f"day-{day}" / "part-0.parquet")
        assert read(Files(f"{tmp_path}/day-*"), window=None) == [0, 1, 2]

    def test_unknown_format(self) -> None:
        with pytest.raises(ConfigurationError, match="format='xlsx'"):
            Files("x", format="xlsx")


class TestColumns:
    def test_only_the_columns_named(self, folder: Path) -> None:
        rows = Files(str(folder / "a.parquet"), columns=("level",), time_column="at").open(WINDOW)
        assert rows.schema.names == ["level"]
        assert list(rows.to_pandas().columns) == ["level"]

    def test_unknown_column_names_the_nearest(self, folder: Path) -> None:
        with pytest.raises(DataError, match="column 'levle' is not in files .*did you mean 'level'"):
            list(Files(str(folder / "a.parquet")).open().batches(["levle"]))

    def test_unknown_time_column(self, folder: Path) -> None:
        with pytest.raises(DataError, match="column 'when' is not in files"):
            read(Files(str(folder / "a.parquet"), time_column="when"))

    def test_one_text_is_no_list_of_columns(self) -> None:
        with pytest.raises(ConfigurationError, match="give a list of names"):
            Files("x", columns="level")  # type: ignore[arg-type]


class TestFrames:
    def test_loader_is_given_the_window_it_asks_for(self) -> None:
        seen: list[Window | None] = []

        def load(window: Window | None) -> pa.Table:
            seen.append(window)
            return DAYS

        read(Frame(load, time_column="at"))
        assert seen == [WINDOW]

    def test_loader_is_called_once(self) -> None:
        calls: list[int] = []

        def load() -> pa.Table:
            calls.append(1)
            return DAYS

        rows = Frame(load, time_column="at").open(WINDOW)
        list(rows.batches()), rows.to_pandas(), rows.schema
        assert len(calls) == 1

    def test_import_path_and_arguments(self) -> None:
        assert read(Frame(f"{__name__}:load_days", kwargs={"scale": 10}, time_column="at")) == [20, 30, 40]

    def test_import_path_that_leads_nowhere(self) -> None:
        with pytest.raises(ConfigurationError, match="cannot load 'tests.data:nothing'"):
            read(Frame("tests.data:nothing"))

    def test_something_else_than_a_frame(self) -> None:
        with pytest.raises(DataError, match="is a list, not a pandas or polars data frame"):
            read(Frame(lambda: [1, 2]))

    def test_two_columns_of_one_name(self) -> None:
        frame = pd.DataFrame([[1, 2]], columns=["x", "x"])
        with pytest.raises(DataError, match="more than one column named 'x'"):
            read(as_dataset(frame), window=None)

    def test_mixed_types_become_text_and_the_callers_frame_stays(self) -> None:
        frame = pd.DataFrame({"mixed": [1, "a", None]})
        before = frame.copy(deep=True)
        assert as_dataset(frame).open().to_pandas()["mixed"].tolist()[:2] == ["1", "a"]
        pd.testing.assert_frame_equal(frame, before)

    def test_a_pandas_column_without_values_has_no_type(self) -> None:
        frame = pd.DataFrame({"gone": [float("nan")] * 3, "x": [1.0, float("nan"), 3.0]})
        assert [str(field.type) for field in as_dataset(frame).open().schema] == ["null", "double"]

    def test_no_dataset_at_all(self) -> None:
        with pytest.raises(ConfigurationError, match="int is not a dataset"):
            as_dataset(7)


class TestDescriptions:
    def test_a_loader_of_a_dag_file_is_named_by_the_file(self) -> None:
        module = f"unusual_prefix_{'0a' * 20}_retraining"  # as Airflow names it
        assert Frame(f"{module}:load").label == "the frame of retraining:load"

    @pytest.mark.parametrize(
        "dataset",
        [
            Files("s3://lake/{{ ds }}.parquet", columns=("a", "b"), time_column="t", timezone="UTC"),
            Table("analytics.flights", conn_id="warehouse", arrived_at_column="at"),
            Frame(f"{__name__}:load_days", kwargs={"scale": 2}),
        ],
        ids=lambda dataset: dataset.kind,
    )
    def test_to_dict_is_json_and_comes_back(self, dataset: Dataset) -> None:
        assert dataset_from_dict(json.loads(json.dumps(dataset.to_dict()))) == dataset

    def test_text_form_is_the_same_in_every_process(self) -> None:
        assert "0x" not in str(Frame(load_days))

    def test_frozen(self) -> None:
        with pytest.raises(FrozenInstanceError):
            Files("x").path = "y"  # type: ignore[misc]

    def test_unknown_kind(self) -> None:
        with pytest.raises(ConfigurationError, match="no dataset of kind 'excel'"):
            dataset_from_dict({"kind": "excel"})

    def test_resolve_renders_a_copy(self) -> None:
        template = Files("lake/{{ ds }}.parquet", timezone="{{ zone }}")
        resolved = template.resolve({"ds": "2013-02-04", "zone": "UTC"})
        assert (resolved.path, resolved.timezone) == ("lake/2013-02-04.parquet", "UTC")
        assert template.path == "lake/{{ ds }}.parquet"

    def test_resolve_renders_nested_arguments(self) -> None:
        resolved = Frame(load_days, kwargs={"days": ["{{ ds }}"], "n": 1}).resolve({"ds": "2013-02-04"})
        assert resolved.kwargs == {"days": ["2013-02-04"], "n": 1}


def test_a_stream_of_batches_is_the_same_rows_each_time_it_is_opened() -> None:
    stream = pa.RecordBatchReader.from_batches(pa.schema([("a", pa.int64())]), iter([pa.record_batch({"a": [1, 2]})]))
    dataset = as_dataset(stream)
    assert [dataset.open().to_arrow().num_rows for _ in range(2)] == [2, 2]


def test_columns_of_types_that_only_pandas_has_are_texts() -> None:
    months = pd.period_range("2026-01", periods=3, freq="M")
    frame = pd.DataFrame({"month": months, "bin": pd.cut(pd.Series([0.5, 1.5, None]), [0, 1, 2])})
    assert as_dataset(frame).open().to_arrow().to_pydict() == {
        "month": ["2026-01", "2026-02", "2026-03"],
        "bin": ["(0.0, 1.0]", "(1.0, 2.0]", None],
    }


def test_half_a_character_is_read_as_a_question_mark() -> None:
    frame = pd.DataFrame({"a": pd.Series(["x\ud83d", None], dtype=object)})
    assert as_dataset(frame).open().to_arrow().to_pydict() == {"a": ["x?", None]}
