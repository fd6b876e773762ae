"""Datasets behind Airflow's own connections and object storage, judged by tasks in real Airflow runs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import sqlalchemy as sa
from airflow.sdk import DAG

from airflow_ml_monitor import Window
from airflow_ml_monitor.data import Dataset, Files, Frame, Table
from airflow_ml_monitor.operators.data_quality import DataQualityOperator
from airflow_ml_monitor.operators.drift import DriftOperator
from airflow_ml_monitor.operators.gate import GateOperator
from airflow_ml_monitor.operators.reference import BuildReferenceOperator
from airflow_ml_monitor.store import Store
from tests.airflow_runs import run_dag
from tests.conftest import as_airflow_connection

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("airflow_metadata")]

FIRST = Window("2013-01-01T00:00:00Z", "2013-01-08T00:00:00Z")
SAME = Window("2013-01-08T00:00:00Z", "2013-01-15T00:00:00Z")
MOVED = Window("2013-01-15T00:00:00Z", "2013-01-22T00:00:00Z")
SUITE = [
    {"type": "expect_column_values_to_not_be_null", "kwargs": {"column": "carrier"}},
    {"type": "expect_column_values_to_be_between", "kwargs": {"column": "distance", "min_value": 0}},
]


@pytest.fixture(scope="module")
def flights() -> pd.DataFrame:
    """Three weeks, a row a minute; in the third every distance is half as long again."""
    random = np.random.default_rng(5)
    at = pd.date_range(FIRST.start, MOVED.end, freq="min", inclusive="left")
    distance = random.gamma(4.0, 250.0, len(at)) * np.where(at >= pd.Timestamp(MOVED.start), 1.5, 1.0)
    return pd.DataFrame({"at": at, "distance": distance, "carrier": random.choice(["UA", "B6", "EV"], len(at))})


def table_of(flights: pd.DataFrame, url: sa.URL, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Dataset:
    flights.to_sql("flights", sa.create_engine(url, poolclass=sa.NullPool), index=False, chunksize=20_000)
    monkeypatch.setenv("AIRFLOW_CONN_WAREHOUSE", as_airflow_connection(url))
    return Table("flights", conn_id="warehouse", time_column="at")


def query_of(flights: pd.DataFrame, url: sa.URL, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Dataset:
    table_of(flights, url, monkeypatch, tmp_path)
    sql = "SELECT * FROM flights WHERE carrier <> '{{ params.left_out }}'"
    return Table(sql=sql, conn_id="warehouse", time_column="at")


def object_storage_of(flights: pd.DataFrame, url: sa.URL, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Dataset:
    flights.to_parquet(tmp_path / "flights.parquet")
    return Files(f"file://{tmp_path}/*.parquet", time_column="at")


def csv_of(flights: pd.DataFrame, url: sa.URL, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Dataset:
    flights.to_csv(tmp_path / "flights.csv", index=False)
    return Files(str(tmp_path / "flights.csv"), time_column="at")


@pytest.mark.parametrize("source", [table_of, query_of, object_storage_of, csv_of])
def test_reference_quality_drift_and_gate(
    source: Any, flights: pd.DataFrame, store_connection: sa.URL, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    data = source(flights, store_connection, monkeypatch, tmp_path)
    common = {"model": "flight_delay", "data": data}
    with DAG(f"reference_{source.__name__}", schedule=None, params={"left_out": "XX"}) as dag:
        BuildReferenceOperator(task_id="reference", name="first", **common)
    assert run_dag(dag, interval=FIRST).states == {"reference": "success"}
    with DAG(f"judge_{source.__name__}", schedule=None, params={"left_out": "XX"}) as dag:
        quality = DataQualityOperator(task_id="quality", suite=SUITE, reference="first", on_fail="record", **common)
        drift = DriftOperator(task_id="drift", reference="first", on_fail="record", **common)
        [quality, drift] >> GateOperator(task_id="gate")
    assert run_dag(dag, interval=SAME).states == {"quality": "success", "drift": "success", "gate": "success"}
    moved = run_dag(dag, interval=MOVED)
    assert moved.states == {"quality": "success", "drift": "success", "gate": "failed"}
    assert moved.xcom("quality")["status"] == "pass"
    assert {reason.split(":")[0] for reason in moved.xcom("drift")["reasons"]} == {"distribution[distance]"}


def test_references_have_versions_and_windows_profiles(flights: pd.DataFrame, store_connection: sa.URL) -> None:
    store = Store(sa.create_engine(store_connection, poolclass=sa.NullPool))
    data = Frame(lambda: flights, time_column="at")
    with DAG("versions", schedule=None) as dag:
        built = BuildReferenceOperator(task_id="reference", model="m", name="r", data=data)
        built >> DriftOperator(task_id="drift", model="m", reference="r", data=data, on_fail="record")
    for window in (FIRST, FIRST, SAME):
        run_dag(dag, conf={"window": window.to_dict()})
    first, second = (store.reference(model="m", environment="prod", name="r", version=number) for number in (1, 2))
    assert first.digest != second.digest
    latest = store.reference(model="m", environment="prod", name="r")
    assert latest.label == second.label, "the same content made no version, the other week's did"
    (drift,) = store.current_reports(model="m", environment="prod", window=SAME, kinds=["drift"])
    assert drift.report.reference == latest.label
    assert drift.profile_hash is not None


def test_a_connection_that_is_no_database(
    store_connection: sa.URL, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from airflow_ml_monitor.errors import ConfigurationError
    from airflow_ml_monitor.hooks.connections import AirflowConnections

    monkeypatch.setenv("AIRFLOW_CONN_FILES", json.dumps({"conn_type": "fs", "extra": {"path": str(tmp_path)}}))
    with pytest.raises(ConfigurationError, match="connection 'files' is of type 'fs', which is no SQL database"):
        AirflowConnections().engine("files")


def test_a_connection_of_a_type_that_nobody_knows_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    from airflow_ml_monitor.errors import ConfigurationError
    from airflow_ml_monitor.hooks.connections import AirflowConnections

    monkeypatch.setenv("AIRFLOW_CONN_WAREHOUSE", json.dumps({"conn_type": "oracle9", "password": "s3cret"}))
    said = "connection 'warehouse' is of type 'oracle9', of which no provider is installed here .*; install it, or"
    with pytest.raises(ConfigurationError, match=said):
        AirflowConnections().engine("warehouse")
