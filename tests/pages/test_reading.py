"""How the pages reach the store: read-only, kept for a while, and never kept when it is wrong."""

from __future__ import annotations

import threading
from typing import Any

import pytest
import sqlalchemy as sa

from airflow_ml_monitor.errors import ConfigurationError, StoreError
from airflow_ml_monitor.pages import reading as module
from airflow_ml_monitor.pages.reading import of_this_process, reading
from airflow_ml_monitor.store import Store
from tests.conftest import as_airflow_connection
from tests.store.factories import make_origin, make_report
from tests.store.processes import in_processes

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("airflow_metadata")]

CONNECTION = "AIRFLOW_CONN_ML_MONITOR_DEFAULT"


@pytest.fixture
def stored(store_connection: sa.URL) -> sa.URL:
    """The URL of a store with one report."""
    store = Store(sa.create_engine(store_connection, poolclass=sa.NullPool))
    store.write(make_report(), make_origin())
    return store_connection


def count() -> int:
    with reading() as connection:
        return int(connection.execute(sa.text("SELECT count(*) FROM ml_monitor.report")).scalar_one())


def backend() -> Any:
    with reading() as connection:
        return connection.execute(sa.text("SELECT pg_backend_pid()")).scalar_one()


def test_what_is_read_cannot_be_written(stored: sa.URL) -> None:
    with pytest.raises(StoreError, match="read-only transaction"), reading() as connection:
        connection.execute(sa.text("UPDATE ml_monitor.report SET overridden_by = 'eve'"))


def test_pages_share_a_connection(stored: sa.URL) -> None:
    assert backend() == backend()


def test_pages_at_the_same_time_have_connections_of_their_own(stored: sa.URL) -> None:
    found: list[Any] = []
    together = threading.Barrier(4, timeout=10)

    def ask() -> None:
        with reading() as connection:
            together.wait()
            found.append(connection.execute(sa.text("SELECT pg_backend_pid()")).scalar_one())

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert len(set(found)) == 4


def test_a_forked_process_has_connections_of_its_own(stored: sa.URL) -> None:
    ours = backend()

    def ask(_: int) -> None:
        assert backend() != ours

    assert in_processes(2, ask) == [0, 0]
    assert backend() == ours


def test_a_connection_that_was_changed_in_airflow_is_seen_after_a_while(
    stored: sa.URL, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert count() == 1
    elsewhere = as_airflow_connection(stored.set(database="nowhere"))
    monkeypatch.setenv(CONNECTION, elsewhere)
    assert count() == 1
    now = module.time.monotonic()
    monkeypatch.setattr(module.time, "monotonic", lambda: now + module.KEPT_SECONDS)
    with pytest.raises(StoreError, match="cannot be reached"):
        count()


def test_a_wrong_connection_is_not_kept(stored: sa.URL, monkeypatch: pytest.MonkeyPatch) -> None:
    right = as_airflow_connection(stored)
    monkeypatch.setenv(CONNECTION, as_airflow_connection(stored.set(database="nowhere")))
    with pytest.raises(StoreError, match="cannot be reached"):
        count()
    monkeypatch.setenv(CONNECTION, right)
    assert count() == 1


def test_without_a_connection_says_how_to_add_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(CONNECTION, raising=False)
    with pytest.raises(ConfigurationError, match="airflow connections add ml_monitor_default"):
        count()


def test_a_server_that_closed_the_connection_meanwhile_is_asked_again(stored: sa.URL) -> None:
    gone = backend()
    admin = sa.create_engine(stored, poolclass=sa.NullPool)
    with admin.connect() as connection:
        connection.execute(sa.text("SELECT pg_terminate_backend(:pid, 5000)"), {"pid": gone})
    assert count() == 1


def test_where_the_store_is_and_as_whom_it_is_read_is_said_in_the_log_alone(
    stored: sa.URL, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    elsewhere = stored.set(database="secret_db", username="secret_role").update_query_dict({"host": "/secret_host"})
    monkeypatch.setenv(CONNECTION, as_airflow_connection(elsewhere))
    with pytest.raises(StoreError) as raised:
        count()
    assert str(raised.value).startswith("the store behind connection 'ml_monitor_default' cannot be reached; try again")
    assert "secret" not in str(raised.value)
    assert all(f"secret_{part}" in caplog.text for part in ("db", "role", "host"))


def test_a_schema_that_is_not_there_is_said_without_where_it_should_be(store_connection: sa.URL) -> None:
    with pytest.raises(StoreError, match="is not there; run `airflow ml-monitor migrate`") as raised:
        count()
    assert str(store_connection.database) not in str(raised.value)


def test_what_takes_too_long_is_ended(stored: sa.URL, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "STATEMENT_SECONDS", 0.05)
    with pytest.raises(StoreError, match="took too long"), reading() as connection:
        connection.execute(sa.text("SELECT pg_sleep(5)"))


def test_too_many_at_once_are_told_to_try_again(stored: sa.URL, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_POOL", {"pool_size": 1, "max_overflow": 0, "pool_timeout": 0.05})
    of_this_process.forget()
    with reading(), pytest.raises(StoreError, match="too many pages at once"), reading():
        pass
