"""What a verdict does in real Airflow runs: fail, skip, record, gate; retries, clears, mapping; the store gone."""

from __future__ import annotations

import multiprocessing
from datetime import timedelta
from typing import Any

import pandas as pd
import pytest
import sqlalchemy as sa
from airflow.sdk import DAG

from airflow_ml_monitor import Last, Report, Status, Window
from airflow_ml_monitor.data import Frame
from airflow_ml_monitor.operators.data_quality import DataQualityOperator
from airflow_ml_monitor.operators.drift import DriftOperator
from airflow_ml_monitor.operators.gate import GateOperator
from airflow_ml_monitor.operators.reference import BuildReferenceOperator
from airflow_ml_monitor.store import Store
from airflow_ml_monitor.version_compat import COMMAND_LINE
from tests.airflow_runs import clear, run_dag
from tests.integration.checked_hours import DAY, EMPTY, GOOD, NEXT, hours, quality, run_before
from tests.store.processes import in_processes, write_report

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("airflow_metadata")]


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
