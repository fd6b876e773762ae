"""A person asked about a verdict, in real Airflow runs; the answer comes by Airflow's own REST API."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pandas as pd
import pytest
import sqlalchemy as sa
from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG, Param

from airflow_ml_monitor import Window
from airflow_ml_monitor.data import Frame
from airflow_ml_monitor.errors import ConfigurationError
from airflow_ml_monitor.operators.approval import VerdictApprovalOperator
from airflow_ml_monitor.operators.data_quality import DataQualityOperator
from airflow_ml_monitor.store import Store
from airflow_ml_monitor.task_groups import monitoring_gate
from tests.airflow_people import look, person
from tests.airflow_runs import Run, clear, run_dag

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("airflow_metadata")]

DAY = Window("2013-02-04T00:00:00Z", "2013-02-05T00:00:00Z")


def hours() -> pd.DataFrame:
    return pd.DataFrame({"at": pd.date_range("2013-02-04", periods=48, freq="h", tz="UTC"), "x": range(48)})


GOOD, EMPTY = Frame(hours, time_column="at"), Frame(lambda: hours().iloc[:0], time_column="at")


def made(dag_id: str, data: Frame = EMPTY, **approval: Any) -> DAG:
    with DAG(dag_id, schedule=None) as dag:
        group = monitoring_gate(model="m", data=data, drift=None, approval=approval)
        group >> EmptyOperator(task_id="train")
    return dag


def run_asking(dag: DAG, *, overdue: bool = False) -> Run:
    return run_dag(dag, interval=DAY, between=lambda: look(overdue=overdue), inline_triggers=False)


def decisions(store: Store) -> list[Any]:
    with store.engine.connect() as connection:
        query = "SELECT kind, status, approved, decided_by, reason, task_id FROM ml_monitor.decision_history"
        return [tuple(row) for row in connection.execute(sa.text(query))]


def test_approved_the_gate_lets_through_and_says_who(store: Store) -> None:
    with person("Approve", "the airport was closed") as seen:
        run = run_asking(made("approved"))
    assert run.states == {
        "monitoring.quality": "success",
        "monitoring.approval": "success",
        "monitoring.gate": "success",
        "train": "success",
    }
    (question,) = seen
    assert question["taken"] == 200
    assert question["subject"] == "m: data quality fail. Let it through?"
    assert "rows" in question["body"]
    report_id = run.xcom("monitoring.quality")["report_id"]
    assert f"[Report](/ml-monitor/reports/{report_id}) `{report_id}`" in question["body"]
    assert decisions(store) == [("data_quality", "fail", True, "jane", "the airport was closed", "monitoring.approval")]
    gate = run.xcom("monitoring.gate")
    assert gate["status"] == "warn"
    assert "fail, approved by jane" in gate["reasons"][0]
    assert "the airport was closed" in gate["reasons"][0]
    with store.engine.connect() as connection:
        shown = sa.text("SELECT overridden_by, status FROM ml_monitor.current_report WHERE kind = 'data_quality'")
        assert tuple(connection.execute(shown).one()) == ("jane", "fail")


def test_params_of_the_dag_are_no_part_of_the_question(store: Store) -> None:
    with DAG("with_params", schedule=None, params={"origin": "JFK", "weeks": Param(4, type="integer")}) as dag:
        approval = {"subject": "{{ params.origin }}?"}
        monitoring_gate(model="m", data=EMPTY, drift=None, approval=approval) >> EmptyOperator(task_id="train")
    with person("Approve", "the airport was closed") as seen:
        run = run_asking(dag)
    assert [question["subject"] for question in seen] == ["JFK?"]
    assert run.states["train"] == "success"


def test_refused_the_gate_closes_and_says_who(store: Store) -> None:
    with person("Refuse", "not again"):
        run = run_asking(made("refused"))
    assert (run.states["monitoring.approval"], run.states["monitoring.gate"]) == ("success", "failed")
    assert run.states["train"] == "upstream_failed"
    said = str(run.errors["monitoring.gate"])
    assert "fail, refused by jane" in said
    assert "not again" in said
    assert decisions(store) == [("data_quality", "fail", False, "jane", "not again", "monitoring.approval")]


def test_an_approval_without_a_reason_lets_nothing_through(store: Store) -> None:
    with person("Approve", "  "):
        run = run_asking(made("unreasoned"))
    assert (run.states["monitoring.approval"], run.states["monitoring.gate"]) == ("failed", "failed")
    assert "jane approved without a reason" in str(run.errors["monitoring.approval"])
    assert decisions(store) == []


def test_nobody_in_time_refuses(store: Store) -> None:
    run = run_asking(made("unanswered", deadline=timedelta(seconds=1)), overdue=True)
    assert (run.states["monitoring.approval"], run.states["monitoring.gate"]) == ("success", "failed")
    assert ": nobody answered in time" in str(run.errors["monitoring.gate"])
    assert decisions(store) == [("data_quality", "fail", False, None, "", "monitoring.approval")]


def test_what_passes_is_not_asked_about(store: Store) -> None:
    run = run_asking(made("unasked", GOOD))
    assert set(run.states.values()) == {"success"}
    assert run.xcom("monitoring.approval") == {"asked": [], "approved": None}


def test_what_was_not_computed_is_not_asked_about(store: Store) -> None:
    def broken() -> pd.DataFrame:
        raise RuntimeError("the source is down")

    run = run_asking(made("uncomputed", Frame(broken)))
    assert run.states["monitoring.approval"] == "success"
    assert run.states["monitoring.gate"] == "failed"
    assert decisions(store) == []


def test_an_answer_does_not_speak_for_a_later_verdict(store: Store) -> None:
    dag = made("judged_again")
    with person("Approve", "once"):
        run = run_asking(dag)
    assert run.states["train"] == "success"
    clear(dag, run, ["monitoring.quality", "monitoring.gate"])
    assert run.states["monitoring.gate"] == "failed"


def test_without_a_gate_nothing_downstream_runs(store: Store) -> None:
    with DAG("no_gate", schedule=None) as dag:
        quality = DataQualityOperator(task_id="quality", model="m", data=EMPTY, on_fail="record")
        quality >> VerdictApprovalOperator(task_id="approval") >> EmptyOperator(task_id="train")
    run = run_asking(dag)
    assert (run.states["approval"], run.states["train"]) == ("failed", "upstream_failed")
    assert "has no gate downstream, so 'train' would run with either answer" in str(run.errors["approval"])


def test_verdicts_alike_are_counted_in_the_question(store: Store) -> None:
    days = [DAY.to_dict(), {"start": DAY.end.isoformat(), "end": (DAY.end + DAY.length).isoformat()}]
    with DAG("counted", schedule=None) as dag:
        monitoring_gate(model="m", data=EMPTY, drift=None, approval={}, over={"window": days})
    with person("Refuse") as seen:
        run_asking(dag)
    assert [question["subject"] for question in seen] == ["m: 2 x data quality fail. Let it through?"]


def test_approval_is_a_mapping_of_parameters() -> None:
    with DAG("unmapped"), pytest.raises(ConfigurationError, match="approval=True is no mapping of parameters; give {}"):
        monitoring_gate(model="m", data=GOOD, drift=None, approval=True)  # type: ignore[arg-type]


@pytest.mark.parametrize("ask_on", [{"error"}, {"fail", "pass"}])
def test_errors_and_passes_cannot_be_asked_about(ask_on: set[str]) -> None:
    with pytest.raises(ConfigurationError, match="can be of fail, warn and insufficient only"):
        VerdictApprovalOperator(task_id="approval", ask_on=ask_on)


@pytest.mark.parametrize("deadline", [timedelta(0), 30])
def test_a_deadline_leaves_time(deadline: Any) -> None:
    with pytest.raises(ConfigurationError, match="leaves no time to answer; give one like timedelta"):
        VerdictApprovalOperator(task_id="approval", deadline=deadline)


def test_in_a_group_it_takes_what_is_not_of_verdicts() -> None:
    with DAG("shared", schedule=None) as dag:
        monitoring_gate(
            model="m",
            environment="staging",
            data=GOOD,
            drift=None,
            store_conn_id="elsewhere",
            reports_path="file:///reports",
            retries=2,
            approval={"tasks": ["monitoring.quality"], "retries": 1},
        )
    task = dag.get_task("monitoring.approval")
    assert (task.store_conn_id, task.retries, task.tasks) == ("elsewhere", 1, ["monitoring.quality"])
