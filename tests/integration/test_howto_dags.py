"""The example DAGs of the how-to pages, run as they are on the flights of 2013."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from airflow_ml_monitor import Window
from airflow_ml_monitor.version_compat import AIRFLOW_V_3_2_PLUS
from tests.airflow_people import look, person
from tests.airflow_runs import run_dag
from tests.integration.test_require_verdict import events_of

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("airflow_metadata", "store_connection")]

DAGS = Path(__file__).resolve().parents[2] / "dags"
BLIZZARD = Window("2013-02-04T05:00:00Z", "2013-02-11T05:00:00Z")


def dag_of(dag_id: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    return next(dag for dag in dags_of(dag_id, monkeypatch) if dag.dag_id == dag_id)


def dags_of(name: str, monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The DAGs of an example's file, by the order of their ids."""
    if AIRFLOW_V_3_2_PLUS:
        from airflow.dag_processing.dagbag import DagBag
    else:
        from airflow.models.dagbag import DagBag

    monkeypatch.syspath_prepend(str(DAGS))
    return [dag for _, dag in sorted(DagBag(str(DAGS / f"{name}.py")).dags.items())]


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
        run = run_dag(dag_of("howto_approvals", monkeypatch), interval=BLIZZARD, between=look, inline_triggers=False)
    assert [question["subject"] for question in asked] == ["flight_delay: data quality fail. Let it through?"]
    assert run.states["train"] == "success"
    assert run.xcom("monitoring.gate")["status"] == "warn"


def test_a_verdict_is_required_of_the_dag_that_made_it(monkeypatch: pytest.MonkeyPatch) -> None:
    judging, training = dags_of("howto_require_verdict", monkeypatch)
    judged = run_dag(judging, interval=BLIZZARD)
    assert judged.states["monitoring.gate"] == "success"
    run = run_dag(training, run_type="asset_triggered", events=events_of(judged))
    assert run.states == {"train": "failed"}
    assert "asset 'flights_judged' does not let this run go on" in str(run.errors["train"])
