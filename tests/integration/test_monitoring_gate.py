"""``monitoring_gate`` in real Airflow runs: one call before any task, mapped or not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest
import sqlalchemy as sa
from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG, Asset, task, task_group

from airflow_ml_monitor import AtLeast, Segment, Window
from airflow_ml_monitor.data import Frame
from airflow_ml_monitor.drift import DriftPolicy
from airflow_ml_monitor.errors import ConfigurationError
from airflow_ml_monitor.operators.gate import GateOperator
from airflow_ml_monitor.operators.model_quality import ModelQualityOperator
from airflow_ml_monitor.operators.reference import BuildReferenceOperator
from airflow_ml_monitor.task_groups import monitoring_gate
from tests.airflow_runs import Run, run_dag
from tests.integration.test_events import events_of

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("airflow_metadata")]

DAY = Window("2013-02-04T00:00:00Z", "2013-02-05T00:00:00Z")
NEXT = Window(DAY.end, DAY.end + DAY.length)
SUITE = [{"type": "expect_column_values_to_be_between", "kwargs": {"column": "x", "min_value": 0}}]


def minutes() -> pd.DataFrame:
    """Two days; on the second, x is moved and once below what is expected."""
    at = pd.date_range("2013-02-04", periods=2 * 1440, freq="min", tz="UTC")
    x = [index % 100 for index in range(1440)] + [index % 100 + 50 for index in range(1440)]
    return pd.DataFrame({"at": at, "x": [*x[:-1], -1]})


DATA = Frame(minutes, time_column="at", columns=("x",))
GOOD = Frame(lambda: minutes().assign(x=[index % 100 for index in range(2880)]), time_column="at", columns=("x",))
ALL: dict[str, Any] = {"data": DATA, "suite": SUITE, "reference": "r"}


@pytest.fixture(autouse=True)
def _references(store_connection: sa.URL) -> None:
    """The first day as the reference of the models a and b."""
    with DAG("gate_references", schedule=None) as dag:
        for model in ("a", "b"):
            BuildReferenceOperator(task_id=model, model=model, name="r", data=DATA, window=(DAY.start, DAY.end))
    assert set(run_dag(dag).states.values()) == {"success"}


def run(dag_id: str, made: Callable[[], Any], window: Window = DAY) -> Run:
    """Run the group made, between two plain tasks."""
    with DAG(dag_id, schedule=None) as dag:
        EmptyOperator(task_id="before") >> made() >> EmptyOperator(task_id="train")
    return run_dag(dag, interval=window)


def test_it_stands_before_a_task_and_lets_it_run() -> None:
    found = run("group_open", lambda: monitoring_gate(model="a", **ALL))
    assert found.states == {
        "before": "success",
        "monitoring.quality": "success",
        "monitoring.drift": "success",
        "monitoring.gate": "success",
        "train": "success",
    }


def test_closed_nothing_after_it_runs_and_the_message_names_both() -> None:
    found = run("group_closed", lambda: monitoring_gate(model="a", **ALL), NEXT)
    assert found.states["monitoring.quality"] == found.states["monitoring.drift"] == "success"
    assert (found.states["monitoring.gate"], found.states["train"]) == ("failed", "upstream_failed")
    said = str(found.errors["monitoring.gate"])
    assert "monitoring.quality.expect_column_values_to_be_between[x]" in said
    assert "monitoring.drift.distribution[x]" in said


def test_every_parameter_of_the_operators_can_be_reached() -> None:
    asset = Asset("group_degraded")
    found = run(
        "group_parameters",
        lambda: monitoring_gate(
            "judged",
            model="a",
            environment="staging",
            **ALL | {"reference": None},
            quality={"task_id": "data"},
            drift={"reference": "r", "environment": "prod", "policy": DriftPolicy(warning=("x",))},
            gate={"on_fail": "record", "emit": asset},
        ),
        NEXT,
    )
    assert found.states["train"] == "success"
    assert found.xcom("judged.data")["environment"] == "staging"
    assert found.xcom("judged.drift")["status"] == "warn", "the policy is the one given"
    assert [event["kind"] for event in events_of(asset)] == ["gate"]


def test_skip_is_handed_on_to_the_gate() -> None:
    found = run("group_skip", lambda: monitoring_gate(model="a", **ALL, on_fail="skip"), NEXT)
    assert (found.states["monitoring.gate"], found.states["train"]) == ("skipped", "skipped")


def test_without_drift_it_needs_no_reference() -> None:
    found = run("group_quality_only", lambda: monitoring_gate(model="a", data=DATA, suite=SUITE, drift=None))
    assert set(found.states) == {"before", "monitoring.quality", "monitoring.gate", "train"}
    assert found.states["train"] == "success"


@pytest.mark.parametrize("part", ["quality", "drift", "gate"])
def test_what_a_part_takes_is_a_mapping(part: str) -> None:
    with DAG("group_switch"), pytest.raises(ConfigurationError, match=f"{part}=True is no mapping of parameters"):
        monitoring_gate(model="a", data=DATA, reference="r", **{part: True})


def test_without_either_there_is_nothing_to_judge() -> None:
    with DAG("group_nothing"), pytest.raises(ConfigurationError, match="'monitoring' has neither quality nor drift"):
        monitoring_gate(model="a", quality=None, drift=None)


def test_its_verdict_is_one_event() -> None:
    asset = Asset("group_one_event")
    run("group_emits", lambda: monitoring_gate(model="a", **ALL, on_fail="record", emit=asset), NEXT)
    assert [event["kind"] for event in events_of(asset)] == ["gate"]


def test_drift_without_a_reference_is_told_what_to_do() -> None:
    with DAG("group_unreferenced"), pytest.raises(ConfigurationError, match="give reference= its name, or drift=None"):
        monitoring_gate(model="a", data=DATA)


def test_the_rule_of_the_default_args_is_the_gates() -> None:
    rule = {"close_on": {"fail", "insufficient"}, "on_fail": "skip"}
    with DAG("group_default_rule", default_args=rule) as dag:
        monitoring_gate("judged", model="a", data=DATA, drift=None)
        monitoring_gate("lenient", model="a", data=DATA, drift=None, on_fail="record", close_on={"error"})
    gates = [dag.get_task(f"{group}.gate") for group in ("judged", "lenient")]
    assert [(gate.on_fail, set(gate.close_on)) for gate in gates] == [
        ("skip", {"fail", "insufficient"}),
        ("record", {"error"}),
    ]
    assert dag.get_task("judged.quality").on_fail == "record"


def test_a_reference_of_the_default_args_is_one() -> None:
    with DAG("group_default_reference", default_args={"reference": "r"}) as dag:
        monitoring_gate(model="a", data=DATA)
    assert dag.get_task("monitoring.drift").reference == "r"


@task
def windows() -> list[dict[str, str]]:
    return [DAY.to_dict(), NEXT.to_dict()]


@task
def pairs() -> list[dict[str, Any]]:
    return [{"model": "a", "window": DAY.to_dict()}, {"model": "b", "window": NEXT.to_dict()}]


@pytest.mark.parametrize(
    ("name", "group", "failing"),
    [
        ("models", lambda: monitoring_gate(**ALL, over={"model": ["a", "b"]}), ["a", "a", "b", "b"]),
        (
            "datasets",
            lambda: monitoring_gate(model="a", suite=SUITE, reference="r", over={"data": [DATA, GOOD]}),
            ["a"],
        ),
        ("windows", lambda: monitoring_gate(model="a", **ALL, over={"window": windows()}), ["a", "a"]),
        ("pairs", lambda: monitoring_gate(**ALL, over=pairs()), ["b", "b"]),
    ],
)
def test_mapped_the_gate_judges_all_instances(name: str, group: Callable[[], Any], failing: list[str]) -> None:
    found = run(f"group_over_{name}", group, NEXT)
    parts = [found.xcom(f"monitoring.{part}", index) for part in ("quality", "drift") for index in (0, 1)]
    assert sorted(one["model"] for one in parts if one["status"] == "fail")[: len(failing)] == failing
    assert found.states["monitoring.gate"] == "failed"
    said = str(found.errors["monitoring.gate"])
    assert said.count("All checks of task monitoring.") == sum(one["status"] == "fail" for one in parts)


def test_in_a_mapped_group_each_instance_has_its_gate() -> None:
    def made() -> Any:
        @task_group
        def one(window: Any) -> None:
            monitoring_gate(model="a", window=window, **ALL) >> EmptyOperator(task_id="score")

        return one.expand(window=[DAY.to_dict(), NEXT.to_dict()])

    states = run("group_in_group", made).states
    assert [states[f"one.score[{index}]"] for index in (0, 1)] == ["success", "upstream_failed"]


def scored() -> pd.DataFrame:
    """Scores that are right but for a seventh of one half of the rows, in each third alike."""
    row = pd.Series(range(2880))
    right = row % 2 == 0
    score = right.where(~((row >= 1440) & (row % 7 == 0)), ~right).map({True: 0.9, False: 0.1})
    return minutes().assign(id=row, score=score, half=(row >= 1440).astype(int), third=row % 3)


def test_mapped_over_segments_a_gate_reduces() -> None:
    labels = Frame(lambda: pd.DataFrame({"id": range(2880), "label": [True, False] * 1440}))
    predictions = Frame(scored, time_column="at")
    with DAG("gate_over_segments", schedule=None) as dag:
        parts = ModelQualityOperator.partial(
            task_id="part",
            model="a",
            predictions=predictions,
            labels=labels,
            on="id",
            problem="binary",
            expect=[AtLeast("accuracy", 0.9)],
            on_fail="record",
        ).expand(segments=[[Segment("half", required=True)], [Segment("third", required=True)]])
        parts >> GateOperator(task_id="gate")
    found = run_dag(dag, interval=Window(DAY.start, NEXT.end))
    assert [found.xcom("part", index)["status"] for index in (0, 1)] == ["fail", "pass"]
    assert found.states["gate"] == "failed"
    assert "part[0].accuracy[half=1]" in str(found.errors["gate"])
