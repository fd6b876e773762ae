from __future__ import annotations

import uuid
import warnings
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pandas as pd
import sqlalchemy as sa

from airflow_ml_monitor.data import Frame
from airflow_ml_monitor.performance import evaluate_model
from airflow_ml_monitor.store import Store
from tests.store.factories import make_check, make_origin, make_report, make_window


def view(store: Store, name: str, columns: str) -> list[tuple[Any, ...]]:
    with store.engine.connect() as connection:
        return [
            tuple(row) for row in connection.execute(sa.text(f"SELECT {columns} FROM ml_monitor.{name} ORDER BY 1"))
        ]


def later(hours: int) -> Any:
    return make_report().as_of + timedelta(hours=hours)


class TestReports:
    def test_come_in_the_order_asked_for(self, store: Store) -> None:
        written = [store.write(make_report(), make_origin(map_index=number)) for number in range(3)]
        asked = [written[2], written[0], written[1]]
        assert store.reports(stored.id for stored in asked) == asked

    def test_leaves_out_what_is_not_stored(self, store: Store) -> None:
        written = store.write(make_report(), make_origin())
        assert store.reports([uuid.uuid4(), written.id]) == [written]


class TestCurrentReports:
    def test_a_retry_leaves_one(self, store: Store) -> None:
        store.write(make_report(), make_origin(try_number=1))
        retried = store.write(make_report(as_of=later(1)), make_origin(try_number=2))
        assert store.current_reports(model="flight_delay", environment="prod") == [retried]

    def test_a_cleared_task_with_the_same_as_of_leaves_one(self, store: Store) -> None:
        store.write(make_report(), make_origin(try_number=1))
        cleared = store.write(make_report(), make_origin(try_number=2))
        assert store.current_reports(model="flight_delay", environment="prod") == [cleared]

    def test_with_the_same_as_of_the_first_try_of_a_later_run_wins_over_a_second(self, store: Store) -> None:
        store.write(make_report(), make_origin(try_number=2))
        later_run = store.write(make_report(), make_origin(run_id="manual__2", try_number=1))
        assert store.current_reports(model="flight_delay", environment="prod") == [later_run]

    def test_one_for_each_model_version(self, store: Store) -> None:
        written = [store.write(make_report(model_version=version), make_origin()) for version in ("7", "8", None)]
        assert store.current_reports(model="flight_delay", environment="prod") == written

    def test_of_one_model_version(self, store: Store) -> None:
        written = [store.write(make_report(model_version=version), make_origin()) for version in ("7", "8", None)]
        found = store.current_reports(model="flight_delay", environment="prod", model_version="8")
        assert found == [written[1]]

    def test_later_knowledge_wins_over_a_later_write(self, store: Store) -> None:
        later_known = store.write(make_report(as_of=later(1)), make_origin(run_id="manual__2"))
        store.write(make_report(), make_origin(run_id="manual__3"))
        assert store.current_reports(model="flight_delay", environment="prod") == [later_known]

    def test_without_a_window_the_latest_run_is_current(self, store: Store) -> None:
        store.write(make_report(window=None), make_origin())
        latest = store.write(make_report(window=None, as_of=later(1)), make_origin(run_id="manual__2"))
        assert store.current_reports(model="flight_delay", environment="prod") == [latest]

    def test_one_for_each_map_index(self, store: Store) -> None:
        written = [store.write(make_report(), make_origin(map_index=number)) for number in range(3)]
        assert store.current_reports(model="flight_delay", environment="prod") == written

    def test_the_latest_window_comes_first(self, store: Store) -> None:
        written = [store.write(make_report(window=make_window(week)), make_origin()) for week in range(3)]
        assert store.current_reports(model="flight_delay", environment="prod") == written[::-1]

    def test_of_one_window(self, store: Store) -> None:
        written = [store.write(make_report(window=make_window(week)), make_origin()) for week in range(3)]
        found = store.current_reports(model="flight_delay", environment="prod", window=make_window(1))
        assert found == [written[1]]

    def test_of_some_kinds(self, store: Store) -> None:
        store.write(make_report(), make_origin())
        quality = store.write(make_report(kind="data_quality"), make_origin(task_id="quality"))
        assert store.current_reports(model="flight_delay", environment="prod", kinds=["data_quality"]) == [quality]

    def test_of_one_model_and_environment(self, store: Store) -> None:
        store.write(make_report(model="other"), make_origin())
        store.write(make_report(environment="staging"), make_origin())
        assert store.current_reports(model="flight_delay", environment="prod") == []


class TestRunReports:
    def test_of_the_latest_try_of_each_task(self, store: Store) -> None:
        store.write(make_report(as_of=later(5)), make_origin(try_number=1))
        drift = store.write(make_report(), make_origin(try_number=2))
        quality = store.write(make_report(kind="data_quality"), make_origin(task_id="quality"))
        store.write(make_report(), make_origin(run_id="manual__2"))
        assert store.run_reports(dag_id="retraining", run_id="manual__1") == [drift, quality]

    def test_the_log_of_a_task_that_reads_has_no_warning(self, store: Store) -> None:
        written = store.write(make_report(), make_origin())
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            assert store.run_reports(dag_id="retraining", run_id="manual__1") == [written]
            assert store.decisions([written.id]) == {}

    def test_a_run_deleted_and_made_again_counts_from_its_first_try(self, store: Store) -> None:
        store.write(make_report(), make_origin(try_number=1, attempt="a"))
        store.write(make_report(), make_origin(try_number=2, attempt="b"))
        again = store.write(make_report(), make_origin(try_number=1, attempt="c"))
        assert store.run_reports(dag_id="retraining", run_id="manual__1") == [again]

    def test_all_that_one_try_reported(self, store: Store) -> None:
        origin = make_origin(attempt="a")
        written = [store.write(make_report(kind=kind), origin) for kind in ("data_quality", "drift")]
        assert store.run_reports(dag_id="retraining", run_id="manual__1") == written

    def test_of_each_map_index(self, store: Store) -> None:
        written = [store.write(make_report(), make_origin(map_index=number)) for number in range(3)]
        assert store.run_reports(dag_id="retraining", run_id="manual__1") == written

    def test_of_some_tasks(self, store: Store) -> None:
        drift = store.write(make_report(), make_origin())
        store.write(make_report(), make_origin(task_id="quality"))
        assert store.run_reports(dag_id="retraining", run_id="manual__1", task_ids=["drift"]) == [drift]

    def test_of_one_of_two_environments_with_equal_run_ids(self, store: Store) -> None:
        store.write(make_report(environment="staging"), make_origin(try_number=3))
        prod = store.write(make_report(), make_origin())
        assert store.run_reports(dag_id="retraining", run_id="manual__1", environment="prod") == [prod]


class TestViews:
    def test_latest_verdict_is_of_the_latest_window(self, store: Store) -> None:
        latest = store.write(make_report(window=make_window(1)), make_origin())
        store.write(make_report(window=make_window(0), as_of=later(99)), make_origin(run_id="manual__2"))
        assert view(store, "latest_verdict", "id") == [(latest.id,)]

    def test_latest_verdict_is_one_for_each_model_version(self, store: Store) -> None:
        store.write(make_report(model_version="7"), make_origin())
        store.write(make_report(model_version="8", window=make_window(1)), make_origin())
        assert view(store, "latest_verdict", "model_version") == [("7",), ("8",)]

    def test_metric_history_has_the_current_reports_only(self, store: Store) -> None:
        store.write(make_report(results=(make_check(value=0.5),)), make_origin(try_number=1))
        store.write(make_report(results=(make_check(value=0.25),)), make_origin(try_number=2))
        store.write(make_report(results=(make_check(value=0.125),), window=make_window(1)), make_origin())
        history = view(store, "metric_history", "window_start, check_name, column_name, value, status, report_status")
        assert history == [
            (make_window(0).start, "distribution", "distance", 0.25, "fail", "fail"),
            (make_window(1).start, "distribution", "distance", 0.125, "fail", "fail"),
        ]

    def test_drift_by_column_has_the_worst_status_and_the_largest_effect(self, store: Store) -> None:
        checks = (
            make_check(column="origin", status="pass", value=0.05, limits=(None, 0.1)),
            make_check(column="origin", metric="missing", status="insufficient", value=None, limits=(None, 0.03)),
            make_check(column="distance", status="warn", value=0.2, limits=(None, 0.1)),
            make_check(column="distance", status="fail", value=0.15, limits=(None, 0.1)),
            make_check(column=None, check="rows", status="error"),
        )
        store.write(make_report(results=checks), make_origin())
        store.write(make_report(results=checks, kind="data_quality"), make_origin(task_id="quality"))
        assert view(store, "drift_by_column", "column_name, status, largest_value_to_limit") == [
            ("distance", "fail", 2.0),
            ("origin", "insufficient", 0.5),
        ]

    def test_label_coverage_has_what_was_known_to_the_current_verdict_of_each_window(self, store: Store) -> None:
        at = pd.date_range(make_window().start, periods=10, freq="D", tz="UTC")
        predictions = pd.DataFrame({"id": range(10), "at": at, "score": 0.5, "void": [True] + [False] * 9})
        labels = pd.DataFrame({"id": [1, 2, 3], "label": [0, 1, 1], "arrived": make_window(1).end})
        for day in (7, 14):
            report = evaluate_model(
                Frame(lambda: predictions, time_column="at"),
                Frame(lambda: labels, arrived_at_column="arrived"),
                on="id",
                problem="binary",
                void="void",
                delay=timedelta(days=9),
                window=make_window(),
                as_of=make_window().start + timedelta(days=day),
            )
            store.write(replace(report, model="m"), make_origin(try_number=day))
        columns = "window_start, predictions, void, mature, labelled, missing, coverage, completeness, late_labels"
        assert view(store, "label_coverage", columns) == [(make_window().start, 7, 1, 6, 3, 3, 3 / 5, 3 / 6, 3)]
