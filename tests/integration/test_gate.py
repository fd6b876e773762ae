"""A gate over the tasks before it, and over those of other DAGs, in real Airflow runs."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pandas as pd
import pytest
from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG, task, task_group

from airflow_ml_monitor import Window
from airflow_ml_monitor.data import Frame
from airflow_ml_monitor.operators.data_quality import DataQualityOperator
from airflow_ml_monitor.operators.drift import DriftOperator
from airflow_ml_monitor.operators.gate import GateOperator
from airflow_ml_monitor.operators.reference import BuildReferenceOperator
from airflow_ml_monitor.quality import VolumeLimits
from airflow_ml_monitor.store import Store
from tests.airflow_runs import clear, run_dag
from tests.integration.checked_hours import DAY, EMPTY, GOOD, NEXT, hours, nothing, quality, run_before

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("airflow_metadata")]


class TestGate:
    @pytest.mark.parametrize(
        ("second", "states"),
        [
            (GOOD, {"gate": "success", "after": "success"}),
            (EMPTY, {"gate": "failed", "after": "upstream_failed"}),
        ],
        ids=["open", "closed"],
    )
    def test_judges_this_runs_upstream_reports(self, store: Store, second: Frame, states: dict[str, str]) -> None:
        def made() -> Any:
            gate = GateOperator(task_id="gate")
            [quality("one", on_fail="record"), quality("two", second, on_fail="record")] >> gate
            return gate

        run = run_before(made, f"gate_{states['gate']}")
        assert {name: run.states[name] for name in ("gate", "after")} == states
        (stored,) = [
            one for one in store.run_reports(dag_id=run.dag_id, run_id=run.run_id) if one.report.kind == "gate"
        ]
        assert [result.check.split(".")[0] for result in stored.report.results] == ["one", "two"]
        assert stored.report.window == DAY

    def test_names_each_failed_check_of_each_task_with_its_value_and_limit(self, store: Store) -> None:
        few = VolumeLimits(min_rows=1_000)

        def made() -> Any:
            tasks = [
                quality(name, volume=few, freshness=timedelta(minutes=1), on_fail="record") for name in ("one", "two")
            ]
            return tasks >> GateOperator(task_id="gate")

        run = run_before(made, "gate_names")
        reasons = run.xcom("gate")["reasons"]
        assert [reason.split(":")[0] for reason in reasons] == [
            "one.rows",
            "one.freshness",
            "two.rows",
            "two.freshness",
        ]
        assert reasons[0].startswith("one.rows: fail, rows 24, lower limit 1,000 - ")

    def test_skip(self, store: Store) -> None:
        def made() -> Any:
            return quality(data=EMPTY, on_fail="record") >> GateOperator(task_id="gate", on_fail="skip")

        assert run_before(made, "gate_skip").states == {"quality": "success", "gate": "skipped", "after": "skipped"}

    def test_reduces_mapped_tasks(self, store: Store) -> None:
        def made() -> Any:
            partial = DataQualityOperator.partial(task_id="quality", model="m", on_fail="record")
            return partial.expand(data=[GOOD, EMPTY, GOOD]) >> GateOperator(task_id="gate")

        run = run_before(made, "gate_mapped")
        assert run.states["gate"] == "failed"
        assert run.xcom("gate")["counts"] == {"pass": 2, "fail": 1}

    def test_closes_when_an_upstream_task_crashed_before_it_stored(self, store: Store) -> None:
        def crash() -> pd.DataFrame:
            raise OSError("the lake is dry")

        def made() -> Any:
            return quality(data=Frame(crash), on_fail="record") >> GateOperator(task_id="gate")

        run = run_before(made, "gate_crash")
        assert run.states == {"quality": "failed", "gate": "failed", "after": "upstream_failed"}
        (reason,) = run.xcom("gate")["reasons"]
        assert reason.startswith(
            "quality.report: error - missing: the task is failed and has no report of that; look at"
        )

    def test_a_report_of_an_earlier_try_does_not_speak_for_a_later_one_that_crashed(self, store: Store) -> None:
        broken: list[bool] = []

        def load() -> pd.DataFrame:
            if broken:
                raise OSError("the lake is dry")
            return hours()

        with DAG("gate_stale", schedule=None) as dag:
            quality(data=Frame(load, time_column="at"), on_fail="record") >> GateOperator(task_id="gate")
        run = run_dag(dag, interval=DAY)
        assert run.states["gate"] == "success"
        broken.append(True)
        clear(dag, run, ["quality", "gate"])
        assert run.states == {"quality": "failed", "gate": "failed"}

    def test_closes_when_an_upstream_task_was_skipped_by_a_branch(self, store: Store) -> None:
        @task.short_circuit
        def no() -> bool:
            return False

        def made() -> Any:
            gate = GateOperator(task_id="gate", tasks=["quality"])
            checked = quality(on_fail="record")
            no() >> EmptyOperator(task_id="between") >> EmptyOperator(task_id="end")
            with_branch = no.override(task_id="no2", ignore_downstream_trigger_rules=False)()
            with_branch >> checked >> gate
            return gate

        run = run_before(made, "gate_branch")
        assert run.states["quality"] == "skipped"
        assert run.states["gate"] == "failed"

    @pytest.mark.parametrize("state", ["failed", "skipped", "upstream_failed"])
    def test_a_cleared_task_that_never_started_again_has_no_report(self, store: Store, state: str) -> None:
        with DAG(f"gate_unstarted_{state}", schedule=None) as dag:
            quality(on_fail="record") >> GateOperator(task_id="gate")
        run = run_dag(dag, interval=DAY)
        assert run.states["gate"] == "success"
        run.set_state("quality", state)
        assert run.xcom("quality")["status"] == "pass", "what the earlier try left"
        clear(dag, run, ["gate"])
        assert run.states["gate"] == "failed"

    def test_a_cleared_task_behind_one_that_fails_now_has_no_report(self, store: Store) -> None:
        broken: list[bool] = []

        @task
        def extract() -> None:
            if broken:
                raise OSError("the lake is dry")

        with DAG("gate_behind", schedule=None) as dag:
            extract() >> quality(on_fail="record") >> GateOperator(task_id="gate") >> EmptyOperator(task_id="after")
        run = run_dag(dag, interval=DAY)
        assert run.states["after"] == "success"
        broken.append(True)
        clear(dag, run, ["extract", "quality", "gate", "after"])
        assert run.states == {
            "extract": "failed",
            "quality": "upstream_failed",
            "gate": "failed",
            "after": "upstream_failed",
        }

    def test_mapped_instances_that_are_gone_do_not_count(self, store: Store) -> None:
        sources = ["good", "good", "empty"]

        @task
        def listed() -> list[str]:
            return sources

        frames = {"good": GOOD, "empty": EMPTY}

        def load(source: str) -> pd.DataFrame:
            return hours() if frames[source] is GOOD else nothing()

        with DAG("gate_shrunk", schedule=None) as dag:
            partial = DataQualityOperator.partial(task_id="quality", model="m", on_fail="record")
            described = listed().map(lambda source: Frame(load, kwargs={"source": source}, time_column="at"))
            partial.expand(data=described) >> GateOperator(task_id="gate")
        run = run_dag(dag, interval=DAY)
        assert run.states["gate"] == "failed"
        sources.pop()
        clear(dag, run, ["listed", "quality", "gate"])
        assert run.states["quality[2]"] == "removed"
        assert run.states["gate"] == "success"

    def test_a_plain_upstream_task_that_failed_closes(self, store: Store) -> None:
        @task
        def features() -> None:
            raise OSError("the lake is dry")

        def made() -> Any:
            return [quality(on_fail="record"), features()] >> GateOperator(task_id="gate")

        run = run_before(made, "gate_plain")
        assert run.states["gate"] == "failed"
        assert run.xcom("gate")["reasons"][0].startswith(
            "features.report: error - missing: the task upstream is failed"
        )

    def test_what_a_gate_of_certain_tasks_left_out_the_next_one_judges(self, store: Store) -> None:
        def made() -> Any:
            first = [quality("one", on_fail="record"), quality("two", EMPTY, on_fail="record")] >> GateOperator(
                task_id="first", tasks=["one"]
            )
            return first >> GateOperator(task_id="second")

        run = run_before(made, "gate_left_out")
        assert (run.states["first"], run.states["second"]) == ("success", "failed")
        assert [reason.split(":")[0] for reason in run.xcom("second")["reasons"]] == ["two.rows"]

    def test_in_a_mapped_group_each_instance_judges_its_own(self, store: Store) -> None:
        with DAG("gate_group", schedule=None) as dag:

            @task_group
            def judged(window: dict[str, str]) -> None:
                checked = quality(window=window, on_fail="record")
                checked >> GateOperator(task_id="gate") >> EmptyOperator(task_id="after")

            judged.expand(window=[DAY.to_dict(), Window("2012-01-01T00:00:00Z", "2012-01-02T00:00:00Z").to_dict()])
        run = run_dag(dag, interval=DAY)
        assert [run.states[f"judged.gate[{index}]"] for index in (0, 1)] == ["success", "failed"]
        assert [run.states[f"judged.after[{index}]"] for index in (0, 1)] == ["success", "upstream_failed"]

    def test_a_gate_answers_for_what_is_before_it(self, store: Store) -> None:
        def made() -> Any:
            first = quality("one", EMPTY, on_fail="record") >> GateOperator(task_id="first", on_fail="record")
            return first >> quality("two", on_fail="record") >> GateOperator(task_id="second")

        run = run_before(made, "gate_of_gates")
        assert run.states["second"] == "failed"
        assert [line.split(":")[0] for line in run.xcom("second")["reasons"]] == ["first.one.rows"]

    def test_no_monitoring_task_upstream(self, store: Store) -> None:
        run = run_before(lambda: GateOperator(task_id="gate"), "gate_alone")
        assert run.states["gate"] == "failed"

    def test_deployment_gate_closes_on_insufficient(self, store: Store) -> None:
        with DAG("reference_for_gate", schedule=None) as dag:
            BuildReferenceOperator(task_id="ref", model="m", name="r", data=GOOD, window=(DAY.start, NEXT.end))
        run_dag(dag)

        def made() -> Any:
            lacking = Frame(lambda: hours().head(3), time_column="at")
            drift = DriftOperator(task_id="drift", model="m", data=lacking, reference="r", on_fail="record")
            close_on = {"fail", "error", "insufficient"}
            return [drift, quality(on_fail="record")] >> GateOperator(task_id="gate", close_on=close_on)

        assert run_before(made, "gate_deploy").states["gate"] == "failed"


class TestGateAcrossDags:
    def made(self, **kwargs: Any) -> GateOperator:
        return GateOperator(task_id="gate", model="m", kinds=["data_quality"], **kwargs)

    def test_opens_on_the_report_another_dag_stored_for_the_window(self, store: Store) -> None:
        run_before(quality, "other")
        assert run_before(self.made, "across").states["gate"] == "success"

    def test_closes_when_there_is_none_for_this_window(self, store: Store) -> None:
        run_before(quality, "other", NEXT)
        run = run_before(self.made, "across_missing")
        assert run.states["gate"] == "failed"
        (reason,) = run.xcom("gate")["reasons"]
        assert "no data_quality report of m for 2013-02-04T00:00Z to 2013-02-05T00:00Z" in reason

    def test_closes_when_a_mapped_task_of_the_other_dag_has_not_reported_whole(self, store: Store) -> None:
        def load(broken: bool) -> pd.DataFrame:
            if broken:
                raise OSError("the lake is dry")
            return hours()

        def mapped() -> Any:
            data = [Frame(load, kwargs={"broken": broken}, time_column="at") for broken in (False, True)]
            return DataQualityOperator.partial(task_id="quality", model="m").expand(data=data)

        run_before(mapped, "other_mapped")
        run = run_before(self.made, "across_mapped")
        assert run.states["gate"] == "failed"
        assert run.xcom("gate")["reasons"][0].startswith("quality[1].report: error")

    def test_judges_the_version_it_names(self, store: Store) -> None:
        run_before(lambda: quality(model_version="1"), "other_version")
        opened, closed = (
            run_before(lambda version=version: self.made(model_version=version), f"across_version_{version}")
            for version in ("1", "2")
        )
        assert (opened.states["gate"], closed.states["gate"]) == ("success", "failed")

    def test_waits_for_it_without_holding_a_worker(self, store: Store) -> None:
        with DAG("waiting", schedule=None) as dag:
            self.made(wait=timedelta(hours=1), poke_interval=timedelta(0))
        looked: list[str] = []
        run = run_dag(dag, interval=DAY, between=lambda: looked or looked.append(run_before(quality, "late").run_id))
        assert looked
        assert run.states["gate"] == "success"

    def test_closes_when_the_wait_is_over(self, store: Store) -> None:
        with DAG("waited", schedule=None) as dag:
            self.made(wait=timedelta(seconds=1), poke_interval=timedelta(seconds=0.4))
        assert run_dag(dag, interval=DAY).states["gate"] == "failed"
