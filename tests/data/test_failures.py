"""What a database or a file says in place of rows: one sentence that names it and its connection, and no password."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import sqlalchemy as sa

from airflow_ml_monitor.data import Connections, Dataset, Files, Table
from airflow_ml_monitor.errors import DataError, MissingDataError, MonitorError, SourceError

DAYS = Table("days", conn_id="warehouse")
QUERY = Table(sql="SELECT * FROM days", conn_id="warehouse")


def said(dataset: Dataset, where: sa.Engine | str = "sqlite://") -> MonitorError:
    with pytest.raises(MonitorError) as found:
        list(dataset.open(connections=Connections({"warehouse": where})).batches())
    return found.value


@pytest.mark.parametrize(
    ("dataset", "label"), [(DAYS, "table days"), (QUERY, "query 'SELECT * FROM days'")], ids=["table", "query"]
)
def test_a_refused_connection(dataset: Table, label: str) -> None:
    error = said(dataset, "postgresql+psycopg2://ann:s3cret@127.0.0.1:1/flights")
    assert isinstance(error, SourceError)
    assert str(error) == (
        f"{label} of connection 'warehouse' cannot be read now: connection to server at \"127.0.0.1\", port 1 failed: "
        "Connection refused; check that its database is up, and host, login and password of the connection"
    )


@pytest.mark.integration
@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ({"database": "nowhere"}, 'database "nowhere" does not exist'),
        ({"username": "bob"}, 'role "bob" does not exist'),
    ],
    ids=["database", "login"],
)
def test_a_server_that_lets_nobody_in(database_url: sa.URL, wrong: dict[str, str], reason: str) -> None:
    engine = sa.create_engine(database_url.set(password="s3cret", **wrong), poolclass=sa.NullPool)
    error = said(DAYS, engine)
    assert isinstance(error, SourceError)
    assert str(error).startswith("table days of connection 'warehouse' cannot be read now: ")
    assert f"{reason}; check that its database is up" in str(error)
    assert "s3cret" not in str(error)


@pytest.mark.integration
def test_a_server_that_goes_away_while_rows_are_read(engine: sa.Engine) -> None:
    with engine.begin() as connection:
        connection.execute(sa.text("CREATE TABLE days AS SELECT x FROM generate_series(1, 200000) AS x"))
    batches = DAYS.open(connections=Connections({"warehouse": engine})).batches()
    next(batches)
    with engine.connect() as connection:
        others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
        connection.execute(sa.text(f"{others} AND datname = current_database()"))
    with pytest.raises(SourceError, match="table days of connection 'warehouse' cannot be read now: .*; "):
        list(batches)


@pytest.mark.integration
def test_a_query_that_takes_too_long_is_cancelled(engine: sa.Engine, database_url: sa.URL) -> None:
    impatient = database_url.update_query_dict({"options": "-c statement_timeout=50"})
    error = said(Table(sql="SELECT 1 AS x, pg_sleep(5)::text AS y", conn_id="warehouse"), impatient.render_as_string())
    assert isinstance(error, SourceError)
    assert str(error).endswith("cannot be read now: canceling statement due to statement timeout; try again")


@pytest.mark.integration
def test_values_that_the_database_cannot_compute_are_no_outage(engine: sa.Engine) -> None:
    with engine.begin() as connection:
        connection.execute(sa.text("CREATE TABLE days AS SELECT 0 AS x"))
    error = said(Table(sql="SELECT 1 / x AS y FROM days", conn_id="warehouse"), engine)
    assert isinstance(error, DataError)
    assert "of connection 'warehouse' cannot be read: division by zero" in str(error)


def test_a_wrong_statement_in_sqlite_is_no_outage() -> None:
    error = said(QUERY, "sqlite://")
    assert isinstance(error, DataError)
    assert str(error) == "query 'SELECT * FROM days' of connection 'warehouse' cannot be read: no such table: days"


def test_a_damaged_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "x.parquet"
    pq.write_table(pa.table({"x": range(1_000)}), path)
    whole = path.read_bytes()
    path.write_bytes(whole[:50] + b"\xff" * 350 + whole[400:])
    error = said(Files(str(path)))
    assert isinstance(error, SourceError)
    assert str(error).startswith(f"files {path} cannot be read now: ")
    assert str(error).endswith("; check that it is whole, and that the place where it is can be reached")


def test_files_on_a_server_that_is_down(tmp_path: Path) -> None:
    error = said(Files("ftp://ann:s3cret@127.0.0.1:1/x.parquet"))
    assert isinstance(error, SourceError)
    assert str(error).startswith("files ftp://ann:***@127.0.0.1:1/x.parquet cannot be read now: ")
    assert "Connection refused" in str(error)


def test_a_file_that_is_not_there_shows_no_password() -> None:
    error = said(Files("memory://ann:s3cret@lake/nothing.parquet"))
    assert isinstance(error, MissingDataError)
    assert "'memory://ann:***@lake/nothing.parquet'" in str(error)
