from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest
import sqlalchemy as sa

from airflow_ml_monitor.errors import ConfigurationError, StoreError
from airflow_ml_monitor.hooks.store import MonitorStoreHook
from airflow_ml_monitor.store import schema
from tests.conftest import as_airflow_connection
from tests.store.factories import make_origin, make_report
from tests.store.processes import in_processes

NOT_NEEDED = ("airflow_ml_monitor.store", "psycopg2", "pandas", "airflow.providers.postgres.hooks")


def connection(**changes: Any) -> str:
    return json.dumps({"conn_type": "postgres", "host": "127.0.0.1", "port": 1, "login": "ann"} | changes)


class TestStore:
    def test_writes_through_an_airflow_connection_on_a_unix_socket(self, store_connection: sa.URL) -> None:
        store = MonitorStoreHook().store
        written = store.write(make_report(), make_origin())
        assert store.reports([written.id]) == [written]

    def test_of_another_connection(self, database_url: sa.URL, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("AIRFLOW_CONN_WAREHOUSE", as_airflow_connection(database_url))
        MonitorStoreHook("warehouse").store.check()
        assert schema.recorded_revision(sa.create_engine(database_url, poolclass=sa.NullPool)) == schema.HEAD

    def test_connection_is_named_by_configuration(self, database_url: sa.URL, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("AIRFLOW__ML_MONITOR__STORE_CONN_ID", "warehouse")
        monkeypatch.setenv("AIRFLOW_CONN_WAREHOUSE", as_airflow_connection(database_url))
        assert "connection 'warehouse'" in MonitorStoreHook().store.name

    def test_made_before_processes_fork_works_in_each(self, store_connection: sa.URL) -> None:
        store = MonitorStoreHook().store
        store.check()
        codes = in_processes(4, lambda number: store.write(make_report(), make_origin(map_index=number)))
        assert codes == [0] * 4
        assert len(store.current_reports(model="flight_delay", environment="prod")) == 4

    def test_auto_migrate_off_by_configuration(self, store_connection: sa.URL, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("AIRFLOW__ML_MONITOR__AUTO_MIGRATE", "False")
        with pytest.raises(StoreError, match=r"is not there; run `airflow ml-monitor migrate`"):
            MonitorStoreHook().store.check()

    def test_passes_the_extra_on_to_the_driver(self, store_connection: sa.URL, monkeypatch: pytest.MonkeyPatch) -> None:
        plain = json.loads(as_airflow_connection(store_connection))
        extra = {"options": "-c statement_timeout=12345", "application_name": "nightly", "cursor": "dictcursor"}
        monkeypatch.setenv("AIRFLOW_CONN_ML_MONITOR_DEFAULT", json.dumps(plain | {"extra": extra}))
        with MonitorStoreHook().store.engine.connect() as opened:
            assert opened.scalar(sa.text("SHOW statement_timeout")) == "12345ms"
            assert opened.scalar(sa.text("SHOW application_name")) == "nightly"

    def test_of_a_plain_connection_needs_no_hook_of_the_provider(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("AIRFLOW_CONN_PLAIN", connection(extra={"sslmode": "require", "keepalives": 1}))
        code = (
            "import sys\n"
            "from airflow_ml_monitor.hooks.store import MonitorStoreHook\n"
            "print(MonitorStoreHook('plain').store.engine.url, 'airflow.providers.postgres.hooks' in sys.modules)"
        )
        ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120)
        assert ran.stdout.strip().splitlines()[-1] == "postgresql+psycopg2://ann@127.0.0.1:1 False"

    def test_of_what_the_provider_alone_knows_asks_its_hook(self, monkeypatch: pytest.MonkeyPatch) -> None:
        extra = {"sqlalchemy_query": {"target_session_attrs": "read-write"}, "sslmode": "require"}
        monkeypatch.setenv("AIRFLOW_CONN_QUERY", connection(schema="monitoring", extra=extra))
        url = MonitorStoreHook("query").store.engine.url
        assert url.render_as_string() == (
            "postgresql+psycopg2://ann@127.0.0.1:1/monitoring?target_session_attrs=read-write"
        )

    def test_takes_a_password_of_any_characters(
        self, store_connection: sa.URL, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        plain = json.loads(as_airflow_connection(store_connection)) | {"password": "p@ss/w:rd%20#?$&"}
        monkeypatch.setenv("AIRFLOW_CONN_ML_MONITOR_DEFAULT", json.dumps(plain))
        engine = MonitorStoreHook().store.engine
        assert engine.url.password == "p@ss/w:rd%20#?$&"
        with engine.connect() as opened:
            assert opened.scalar(sa.text("SELECT 1")) == 1


class TestFailures:
    def test_no_such_connection(self, airflow_metadata: None) -> None:
        with pytest.raises(
            ConfigurationError,
            match=r"'nowhere' is not defined; add it.*airflow connections add nowhere --conn-type postgres",
        ):
            _ = MonitorStoreHook("nowhere").store

    def test_connection_of_another_type(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("AIRFLOW_CONN_LAKE", connection(conn_type="mysql"))
        with pytest.raises(ConfigurationError, match="'lake' is of type 'mysql'; give one of type 'postgres'"):
            _ = MonitorStoreHook("lake").store

    def test_unreachable_server(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("AIRFLOW_CONN_DOWN", connection(password="s3cret", schema="monitoring"))
        with pytest.raises(StoreError) as caught:
            MonitorStoreHook("down").store.check()
        message = str(caught.value)
        assert "connection 'down' (database 'monitoring' on '127.0.0.1:1' as user 'ann') cannot be reached" in message
        assert "s3cret" not in message

    def test_connection_test_tells_why(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("AIRFLOW_CONN_DOWN", connection())
        worked, message = MonitorStoreHook("down").test_connection()
        assert not worked
        assert "cannot be reached" in message

    def test_connection_test_of_a_good_one(self, store_connection: sa.URL) -> None:
        assert MonitorStoreHook().test_connection()[0]


def test_importing_the_hook_loads_no_driver() -> None:
    # Airflow itself loads SQLAlchemy; the postgres provider and the rest only come with a connection.
    code = f"""
import sys
import airflow.sdk, airflow_ml_monitor.version_compat
before = set(sys.modules)
import airflow_ml_monitor.hooks.store
print([name for name in set(sys.modules) - before if name.startswith({NOT_NEEDED!r})])
"""
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120)
    assert ran.stdout.strip().splitlines()[-1] == "[]"
