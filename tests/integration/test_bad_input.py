"""Each bad input gives one sentence that names the thing, its value and what to do, and leaves nothing in the store."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import sqlalchemy as sa
from airflow.sdk import DAG

from airflow_ml_monitor import Window
from airflow_ml_monitor.data import Files, Frame, Table
from airflow_ml_monitor.operators.data_quality import DataQualityOperator
from airflow_ml_monitor.operators.drift import DriftOperator
from airflow_ml_monitor.operators.gate import GateOperator
from airflow_ml_monitor.operators.reference import BuildReferenceOperator
from airflow_ml_monitor.store import Store
from airflow_ml_monitor.version_compat import COMMAND_LINE
from tests.airflow_runs import run_dag
from tests.conftest import as_airflow_connection

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("airflow_metadata")]

DAY = Window("2013-02-04T00:00:00Z", "2013-02-05T00:00:00Z")


def naive() -> pd.DataFrame:
    return pd.DataFrame({"at": [datetime(2013, 2, 4, 1)], "x": [1]})


def aware() -> pd.DataFrame:
    return naive().assign(at=lambda frame: frame["at"].dt.tz_localize("UTC"))


GOOD = Frame(aware, time_column="at")


def said(make: Callable[[], Any], dag_id: str) -> str:
    """Run one task in real Airflow and return the error it failed with."""
    with DAG(dag_id, schedule=None) as dag:
        make()
    run = run_dag(dag, interval=DAY)
    assert list(run.states.values()) == ["failed"]
    return str(run.errors["t"])


def quality(**kwargs: Any) -> DataQualityOperator:
    return DataQualityOperator(task_id="t", model="m", **{"data": GOOD} | kwargs)


def drift(**kwargs: Any) -> DriftOperator:
    return DriftOperator(task_id="t", model="m", **{"data": GOOD, "reference": "january"} | kwargs)


class TestBeforeAnythingIsRead:
    def test_missing_store_connection(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv("AIRFLOW_CONN_ML_MONITOR_DEFAULT", raising=False)
        message = said(quality, "bad_connection")
        assert message.startswith("Airflow connection 'ml_monitor_default' is not defined; add it: airflow connections")

    def test_unreachable_postgres(self, monkeypatch: pytest.MonkeyPatch) -> None:
        url = sa.URL.create("postgresql", username="me", password="secret", database="d", query={"host": "/nowhere"})
        monkeypatch.setenv("AIRFLOW_CONN_ML_MONITOR_DEFAULT", as_airflow_connection(url))
        message = said(quality, "bad_postgres")
        assert "the store behind connection 'ml_monitor_default' (database 'd' on '/nowhere' as user 'me')" in message
        assert "cannot be reached" in message
        assert "secret" not in message

    def test_connection_of_another_type(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("AIRFLOW_CONN_ML_MONITOR_DEFAULT", '{"conn_type": "http", "host": "h"}')
        assert "is of type 'http'; give one of type 'postgres'" in said(quality, "bad_type")


@pytest.fixture
def empty_store(store_connection: sa.URL) -> Any:
    """A store that must hold no report when the test is over."""
    store = Store(sa.create_engine(store_connection, poolclass=sa.NullPool))
    yield store
    store.check()
    with store.engine.connect() as connection:
        counted = connection.execute(
            sa.text(
                "SELECT (SELECT count(*) FROM ml_monitor.report), (SELECT count(*) FROM ml_monitor.check_result), "
                "(SELECT count(*) FROM ml_monitor.profile), (SELECT count(*) FROM ml_monitor.reference)"
            )
        ).one()
    assert tuple(counted) == (0, 0, 0, 0)


@pytest.mark.usefixtures("empty_store")
class TestNothingIsStored:
    def test_unknown_time_column(self) -> None:
        message = said(lambda: quality(data=Frame(aware, time_column="when")), "bad_time_column")
        assert "column 'when' is not in the frame of" in message
        assert "it has at, x" in message

    def test_a_reference_of_nothing(self) -> None:
        nothing = Frame(lambda: aware().iloc[:0], time_column="at")
        message = said(
            lambda: BuildReferenceOperator(task_id="t", model="m", name="january", data=nothing), "bad_empty"
        )
        assert "no rows in 2013-02-04T00:00Z to 2013-02-05T00:00Z of the frame of" in message

    def test_suite_that_does_not_parse(self, tmp_path: Path) -> None:
        path = tmp_path / "suite.json"
        path.write_text('{"expectations": [}')
        message = said(lambda: quality(suite=str(path)), "bad_suite")
        assert str(path) in message
        assert "line 1" in message

    def test_suite_that_is_not_there(self, tmp_path: Path) -> None:
        assert "gone.json" in said(lambda: quality(suite=str(tmp_path / "gone.json")), "bad_suite_path")

    def test_unknown_expectation(self) -> None:
        suite = [{"type": "expect_column_values_to_be_nul", "kwargs": {"column": "x"}}]
        message = said(lambda: quality(suite=suite), "bad_expectation")
        assert "expect_column_values_to_be_nul" in message
        assert "expect_column_values_to_be_null" in message

    def test_naive_times_without_a_zone(self) -> None:
        message = said(lambda: quality(data=Frame(naive, time_column="at")), "bad_zone")
        assert "time column 'at'" in message
        assert "timezone='UTC'" in message

    def test_a_file_that_is_not_parquet(self, tmp_path: Path) -> None:
        path = tmp_path / "x.parquet"
        path.write_text("this is a text, and long enough not to be cut short by the reader")
        assert f"files {path} cannot be read as parquet" in said(lambda: quality(data=Files(str(path))), "bad_parquet")

    def test_window_with_start_after_end(self) -> None:
        window = (DAY.end.isoformat(), DAY.start.isoformat())
        assert "is not before its end 2013-02-04T00:00:00+00:00" in said(lambda: quality(window=window), "bad_window")

    def test_unknown_source_connection(self) -> None:
        data = Table("flights", conn_id="warehouse")
        assert "Airflow connection 'warehouse' is not defined" in said(lambda: quality(data=data), "bad_source")

    @pytest.mark.parametrize("make", [DataQualityOperator, BuildReferenceOperator], ids=["quality", "reference"])
    def test_source_that_is_down(self, make: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        down = {"conn_type": "postgres", "host": "127.0.0.1", "port": 1, "login": "ann", "password": "s3cret"}
        monkeypatch.setenv("AIRFLOW_CONN_WAREHOUSE", json.dumps(down))
        named = {"name": "january"} if make is BuildReferenceOperator else {}
        data = Table("flights", conn_id="warehouse")
        message = said(lambda: make(task_id="t", model="m", data=data, **named), f"bad_down_{make.__name__}")
        assert message.startswith("table flights of connection 'warehouse' cannot be read now: connection to server at")
        assert message.endswith("; check that its database is up, and host, login and password of the connection")
        assert "s3cret" not in message

    def test_unknown_reference(self) -> None:
        message = said(drift, "bad_reference")
        assert "model 'm' in environment 'prod' has no reference 'january'" in message
        assert "BuildReferenceOperator" in message

    def test_loader_that_raises(self) -> None:
        def load() -> pd.DataFrame:
            raise OSError("the lake is dry")

        assert said(lambda: quality(data=Frame(load)), "bad_loader") == "the lake is dry"

    @pytest.mark.parametrize("model", ["", 7])
    def test_no_model(self, model: Any) -> None:
        message = said(lambda: DataQualityOperator(task_id="t", model=model, data=GOOD), f"bad_model_{model}")
        assert message == f"task 't' needs model=, the name its reports are stored under; it is {model!r}"

    def test_gate_without_anything_upstream(self) -> None:
        assert "gate 't' has no monitoring task upstream" in said(lambda: GateOperator(task_id="t"), "bad_gate")


class TestFindings:
    """What is wrong with the data is a verdict: computed, stored, and closing the gate."""

    @pytest.fixture(autouse=True)
    def _store(self, store_connection: sa.URL) -> None:
        self.store = Store(sa.create_engine(store_connection, poolclass=sa.NullPool))

    def stored(self) -> list[str]:
        current = self.store.current_reports(model="m", environment="prod")
        return [f"{one.report.kind} {one.report.status}" for one in current]

    def test_empty_window(self) -> None:
        message = said(lambda: quality(data=Frame(lambda: aware().iloc[:0], time_column="at")), "empty_window")
        assert "rows: fail" in message
        assert "2013-02-04T00:00Z to 2013-02-05T00:00Z" in message
        assert f"{COMMAND_LINE} show" in message
        assert self.stored() == ["data_quality fail"]

    def test_missing_file(self, tmp_path: Path) -> None:
        message = said(lambda: quality(data=Files(str(tmp_path / "gone.parquet"))), "missing_file")
        assert "gone.parquet" in message
        assert self.stored() == ["data_quality fail"]

    def test_missing_table(self, store_connection: sa.URL, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("AIRFLOW_CONN_WAREHOUSE", as_airflow_connection(store_connection))
        message = said(lambda: quality(data=Table("flights", conn_id="warehouse")), "missing_table")
        assert "table flights of connection 'warehouse'" in message
        assert self.stored() == ["data_quality fail"]

    def test_unknown_column(self) -> None:
        message = said(lambda: quality(data=Frame(aware, columns=("xx",), time_column="at")), "unknown_column")
        assert "schema[xx]: fail - column 'xx'" in message
        assert "the nearest there is 'x'" in message
        assert self.stored() == ["data_quality fail"]

    def test_drift_of_an_empty_window(self) -> None:
        with DAG("reference_of_drift", schedule=None) as dag:
            BuildReferenceOperator(task_id="t", model="m", name="january", data=GOOD)
        run_dag(dag, interval=DAY)
        message = said(lambda: drift(data=Frame(lambda: aware().iloc[:0], time_column="at")), "drift_empty")
        assert "rows: fail" in message
        assert self.stored()[0] == "drift fail"
