"""What a verdict does in real Airflow runs: fail, skip, record, gate; retries, clears, mapping; the store gone."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pandas as pd
import pytest
import sqlalchemy as sa
from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG, task, task_group

from airflow_ml_monitor import Last, Report, Status, Window
from airflow_ml_monitor.data import Frame
from airflow_ml_monitor.operators.data_quality import DataQualityOperator
from airflow_ml_monitor.operators.drift import DriftOperator
from airflow_ml_monitor.operators.gate import GateOperator
from airflow_ml_monitor.operators.reference import BuildReferenceOperator
from airflow_ml_monitor.quality import VolumeLimits
from airflow_ml_monitor.store import Store
from airflow_ml_monitor.version_compat import COMMAND_LINE
from tests.airflow_runs import Run, clear, run_dag
from tests.store.processes import in_processes, write_report

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("airflow_metadata")]

DAY = Window("2013-02-04T00:00:00Z", "2013-02-05T00:00:00Z")
NEXT = Window("2013-02-05T00:00:00Z", "2013-02-06T00:00:00Z")


def hours(start: str = "2013-02-04", days: int = 2) -> pd.DataFrame:
    return pd.DataFrame({"at": pd.date_range(start, periods=24 * days, freq="h", tz="UTC"), "x": range(24 * days)})


def nothing() -> pd.DataFrame:
    return hours().iloc[:0]


GOOD, EMPTY = Frame(hours, time_column="at"), Frame(nothing, time_column="at")


@pytest.fixture
def store(store_connection: sa.URL) -> Store:
    return Store(sa.create_engine(store_connection, poolclass=sa.NullPool))


def quality(task_id: str = "quality", data: Frame = GOOD, **kwargs: Any) -> DataQualityOperator:
    return DataQualityOperator(task_id=task_id, model="m", data=data, **kwargs)


def run_before(made: Callable[[], Any], dag_id: str, window: Window = DAY) -> Run:
    """Run a DAG of the tasks made, with one plain task after them."""
    with DAG(dag_id, schedule=None) as dag:
        made() >> EmptyOperator(task_id="after")
    return run_dag(dag, interval=window)


class TestOneTask:
    def test_pass_lets_go_on_and_leaves_report_and_xcom(self, store: Store) -> None:
        run = run_before(quality, "pass")
        assert run.states == {"quality": "success", "after": "success"}
        summary = run.xcom("quality")
        (stored,) = store.run_reports(dag_id="pass", run_id=run.run_id)
        assert summary["report_id"] == str(stored.id)
        assert (summary["status"], summary["window"]) == ("pass", DAY.to_dict())
        assert stored.report.rows_current == 24

    @pytest.mark.parametrize(
        ("on_fail", "states"),
        [
            ("fail", {"quality": "failed", "after": "upstream_failed"}),
            ("skip", {"quality": "skipped", "after": "skipped"}),
            ("record", {"quality": "success", "after": "success"}),
        ],
    )
    def test_every_way_leaves_report_results_and_xcom(self, store: Store, on_fail: str, states: dict[str, str]) -> None:
        run = run_before(lambda: quality(data=EMPTY, on_fail=on_fail, retries=3), f"way_{on_fail}")
        assert run.states == states
        (stored,) = store.run_reports(dag_id=run.dag_id, run_id=run.run_id)
        assert stored.report.status is Status.FAIL
        assert [result.check for result in stored.report.reasons] == ["rows"]
        assert run.xcom("quality")["report_id"] == str(stored.id)
        assert stored.origin.try_number == 1, "a verdict is not retried"

    def test_insufficient_closes_only_where_asked(self, store: Store) -> None:
        lacking = Frame(lambda: hours().head(3), time_column="at")
        with DAG("reference_first", schedule=None) as dag:
            BuildReferenceOperator(task_id="ref", model="m", name="r", data=GOOD, window=(DAY.start, NEXT.end))
        run_dag(dag)
        for close_on, state in ((("fail", "error"), "success"), (("fail", "error", "insufficient"), "failed")):
            run = run_before(
                lambda close_on=close_on: DriftOperator(
                    task_id="drift", model="m", data=lacking, reference="r", close_on=close_on
                ),
                f"insufficient_{state}",
            )
            assert run.xcom("drift")["status"] == "insufficient"
            assert run.states["drift"] == state

    def test_the_callback_is_given_the_report_and_cannot_change_the_verdict(self, store: Store) -> None:
        seen: list[Report] = []

        def tell(report: Report, context: Any) -> None:
            seen.append(report)
            raise RuntimeError("the channel is down")

        run = run_before(lambda: quality(on_verdict=tell), "callback")
        assert run.states["quality"] == "success"
        assert [report.status for report in seen] == [Status.PASS]

    def test_a_retry_or_clear_leaves_one_current_report(self, store: Store) -> None:
        with DAG("cleared", schedule=None) as dag:
            quality(data=EMPTY)
        run = run_dag(dag, interval=DAY)
        clear(dag, run, ["quality"])
        current = store.current_reports(model="m", environment="prod", window=DAY)
        assert [one.origin.try_number for one in current] == [2]
        with store.engine.connect() as connection:
            assert connection.execute(sa.text("SELECT count(*) FROM ml_monitor.report")).scalar() == 2

    def test_a_window_before_the_run_is_the_same_for_all_its_tasks_and_tries(self, store: Store) -> None:
        last = Last(timedelta(hours=12))
        with DAG("last", schedule=None) as dag:
            [quality("one", window=last), quality("two", window=last)]
        run = run_dag(dag, interval=DAY)
        clear(dag, run, ["one"])
        current = store.current_reports(model="m", environment="prod")
        assert {(one.origin.task_id, one.report.window, one.origin.try_number) for one in current} == {
            ("one", Window(DAY.end - last.span, DAY.end), 2),
            ("two", Window(DAY.end - last.span, DAY.end), 1),
        }

    def test_what_renders_to_nothing_is_not_given(self, store: Store) -> None:
        nothing_given = "{{ dag_run.conf.get('given') }}"
        run = run_before(
            lambda: quality(
                environment=nothing_given, as_of=nothing_given, window=nothing_given, model_version=nothing_given
            ),
            "rendered",
        )
        summary = run.xcom("quality")
        assert (summary["environment"], summary["model_version"], summary["window"]) == ("prod", None, DAY.to_dict())

    def test_the_message_says_how_to_see_more(self, store: Store) -> None:
        with DAG("more", schedule=None) as dag:
            quality(data=EMPTY, on_fail="record") >> GateOperator(task_id="gate")
        run = run_dag(dag, interval=DAY)
        gate, judged = run.xcom("gate")["report_id"], run.xcom("quality")["report_id"]
        assert str(run.errors["gate"]).splitlines()[-2:] == [
            f"All checks of this report: {COMMAND_LINE} show {gate}",
            f"All checks of task quality: {COMMAND_LINE} show {judged}",
        ]

    def test_the_same_dag_twice_in_one_process_reads_its_own_windows(self, store: Store) -> None:
        templated = Frame(hours, kwargs={"start": "{{ data_interval_start | ds }}", "days": 1}, time_column="at")
        with DAG("twice", schedule=None) as dag:
            quality(data=templated)
        runs = [run_dag(dag, interval=window) for window in (DAY, NEXT)]
        assert [run.xcom("quality")["window"] for run in runs] == [DAY.to_dict(), NEXT.to_dict()]
        reports = [store.run_reports(dag_id="twice", run_id=run.run_id)[0].report for run in runs]
        assert [report.rows_current for report in reports] == [24, 24]


class TestMapped:
    def test_each_mapped_task_leaves_its_own_and_one_failure_stops_the_rest(self, store: Store) -> None:
        def mapped() -> Any:
            return DataQualityOperator.partial(task_id="quality", model="m").expand(data=[GOOD, EMPTY, GOOD])

        run = run_before(mapped, "mapped")
        assert run.states == {
            "quality[0]": "success",
            "quality[1]": "failed",
            "quality[2]": "success",
            "after": "upstream_failed",
        }
        stored = store.run_reports(dag_id="mapped", run_id=run.run_id)
        assert {one.origin.map_index: one.report.status for one in stored} == {0: "pass", 1: "fail", 2: "pass"}
        assert run.xcom("quality", map_index=1)["status"] == "fail"

    def test_mapped_skip_lets_nothing_downstream_run(self, store: Store) -> None:
        def mapped() -> Any:
            partial = DataQualityOperator.partial(task_id="quality", model="m", on_fail="skip")
            return partial.expand(data=[GOOD, EMPTY])

        run = run_before(mapped, "mapped_skip")
        assert run.states["quality[1]"] == run.states["after"] == "skipped"

    def test_mapped_over_windows(self, store: Store) -> None:
        def mapped() -> Any:
            partial = DataQualityOperator.partial(task_id="quality", model="m", data=GOOD)
            return partial.expand(window=[DAY.to_dict(), NEXT.to_dict()])

        run = run_before(mapped, "mapped_windows")
        assert [run.xcom("quality", map_index=i)["window"] for i in (0, 1)] == [DAY.to_dict(), NEXT.to_dict()]

    def test_sixteen_tasks_in_parallel_all_land(self, store: Store, store_connection: sa.URL) -> None:
        url, spawn = store_connection.render_as_string(hide_password=False), multiprocessing.get_context("spawn")
        assert in_processes(16, write_report, url, context=spawn, within=150) == [0] * 16
        assert len(store.run_reports(dag_id="parallel", run_id="r")) == 16


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


class TestStoreGone:
    def test_before_computing(self, store_connection: sa.URL, monkeypatch: pytest.MonkeyPatch) -> None:
        computed: list[int] = []

        def load() -> pd.DataFrame:
            computed.append(1)
            return hours()

        url = store_connection.set(query={"host": "/nowhere"})
        from tests.conftest import as_airflow_connection

        monkeypatch.setenv("AIRFLOW_CONN_ML_MONITOR_DEFAULT", as_airflow_connection(url))
        run = run_before(lambda: quality(data=Frame(load, time_column="at")), "gone_before")
        assert run.states == {"quality": "failed", "after": "upstream_failed"}
        assert not computed, "nothing is computed that cannot be stored"

    def test_after_computing_means_failure_and_retry(self, store: Store, postgres_server: sa.URL) -> None:
        name, tries = store.engine.url.database, []
        admin = sa.create_engine(postgres_server, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)

        def load() -> pd.DataFrame:
            tries.append(1)
            if len(tries) == 1:
                with admin.connect() as connection:
                    connection.execute(sa.text(f'ALTER DATABASE "{name}" RENAME TO "{name}_away"'))
            return hours()

        def back(context: Any) -> None:
            with admin.connect() as connection:
                connection.execute(sa.text(f'ALTER DATABASE "{name}_away" RENAME TO "{name}"'))

        data = Frame(load, time_column="at")
        run = run_before(
            lambda: quality(data=data, retries=1, retry_delay=timedelta(0), on_retry_callback=back), "gone_after"
        )
        assert run.states == {"quality": "success", "after": "success"}
        assert [one.origin.try_number for one in store.run_reports(dag_id="gone_after", run_id=run.run_id)] == [2]

    def test_missing_connection(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv("AIRFLOW_CONN_ML_MONITOR_DEFAULT", raising=False)
        run = run_before(quality, "no_connection")
        assert run.states["quality"] == "failed"
