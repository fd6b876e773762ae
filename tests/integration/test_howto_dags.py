"""The example DAGs of the how-to pages, run as they are on the flights of 2013."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from airflow_ml_monitor import Window
from airflow_ml_monitor.version_compat import AIRFLOW_V_3_2_PLUS
from tests.airflow_people import person
from tests.airflow_runs import run_dag

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("airflow_metadata", "store_connection")]

DAGS = Path(__file__).resolve().parents[2] / "dags"
BLIZZARD = Window("2013-02-04T05:00:00Z", "2013-02-11T05:00:00Z")


def dag_of(dag_id: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    if AIRFLOW_V_3_2_PLUS:
        from airflow.dag_processing.dagbag import DagBag
    else:
        from airflow.models.dagbag import DagBag

    monkeypatch.syspath_prepend(str(DAGS))
    return DagBag(str(DAGS / f"{dag_id}.py")).dags[dag_id]


def test_taskflow(monkeypatch: pytest.MonkeyPatch) -> None:
    run = run_dag(dag_of("howto_taskflow", monkeypatch), interval=BLIZZARD)
    assert set(run.states.values()) == {"success"}
    assert len(run.states) == 4
    assert run.xcom("gate")["counts"] == {"pass": 3}


def test_monitoring_gate_stops_the_blizzard(monkeypatch: pytest.MonkeyPatch) -> None:
    reference = dag_of("flight_delay_reference", monkeypatch).partial_subset("reference")
    assert run_dag(reference).states == {"reference": "success"}
    run = run_dag(dag_of("howto_monitoring_gate", monkeypatch), interval=BLIZZARD)
    assert run.states == {
        "monitoring.quality": "success",
        "monitoring.drift": "success",
        "monitoring.gate": "failed",
        "train": "upstream_failed",
    }


def test_approvals_ask_about_the_blizzard(monkeypatch: pytest.MonkeyPatch) -> None:
    reference = dag_of("flight_delay_reference", monkeypatch).partial_subset("reference")
    assert run_dag(reference).states == {"reference": "success"}
    with person("Approve", "the blizzard is over, and its flights are weather") as asked:
        run = run_dag(dag_of("howto_approvals", monkeypatch), interval=BLIZZARD)
    assert [question["subject"] for question in asked] == ["flight_delay: data quality fail. Let it through?"]
    assert run.states["train"] == "success"
    assert run.xcom("monitoring.gate")["status"] == "warn"
