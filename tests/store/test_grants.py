"""A role with the grants that docs/store.md lists, and no more."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
import pytest
import sqlalchemy as sa

from airflow_ml_monitor.errors import StoreError
from airflow_ml_monitor.profile import build_reference
from airflow_ml_monitor.store import Store, StoredReport
from tests.store.factories import make_check, make_decision, make_origin, make_report

PAGE = Path(__file__).resolve().parents[2] / "docs" / "store.md"
WRITER, READER = re.findall(r"^```postgresql\n(.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL)
VIEWS = ["current_report", "latest_verdict", "metric_history", "drift_by_column", "label_coverage", "label_ledger"]
VIEWS += ["decision_history"]


def run_as_owner(store: Store, statements: str) -> None:
    """Run statements on roles named ``ml_monitor_writer`` or ``ml_monitor_reader`` for the restricted one."""
    role = f'"{store.engine.url.database}"'
    with store.engine.begin() as connection:
        connection.execute(sa.text(re.sub(r"\bml_monitor_(writer|reader)\b", role, statements)))


def write_reference(store: Store, first: float = 0.0, run: int = 1) -> StoredReport:
    profile = build_reference(pd.DataFrame({"distance": [first, 200.0, 1_400.0]}))
    origin = make_origin(run_id=f"manual__{run}")
    return store.write(make_report(kind="reference"), origin, profile=profile, reference_name="january")


@pytest.fixture
def writer(store: Store, restricted: sa.Engine) -> Store:
    """A store as the role that may write sees it; it makes no schema."""
    run_as_owner(store, WRITER)
    return Store(restricted, auto_migrate=False)


class TestWriter:
    def test_writes_a_report_and_reads_it(self, writer: Store) -> None:
        written = writer.write(make_report(), make_origin())
        assert writer.reports([written.id]) == [written]
        assert writer.current_reports(model="flight_delay", environment="prod") == [written]
        assert writer.run_reports(dag_id="retraining", run_id="manual__1") == [written]

    def test_makes_another_version_of_a_reference_current(self, writer: Store) -> None:
        write_reference(writer, 1.0, run=1)
        write_reference(writer, 2.0, run=2)
        assert writer.reference(model="flight_delay", environment="prod", name="january").version == 2

    def test_keeps_how_far_a_watch_has_come(self, writer: Store) -> None:
        for hour in (1, 2):
            writer.save_arrival_mark("w", datetime(2013, 2, 4, hour, tzinfo=UTC), 7)
        assert writer.arrival_mark("w") == (datetime(2013, 2, 4, 2, tzinfo=UTC), 7)
        assert writer.arrival_mark("another") is None

    def test_keeps_what_a_person_decided(self, writer: Store) -> None:
        written = writer.write(make_report(), make_origin())
        decision = make_decision(written.id)
        writer.save_decisions([decision])
        assert writer.decisions([written.id]) == {written.id: decision}

    def test_keeps_what_people_were_told_of_tries(self, writer: Store) -> None:
        for news in (True, False):
            with writer.telling_once(attempt="1", scope="dag.task", channel="mail") as found:
                assert found is news

    def test_needs_no_more_where_it_would_migrate(self, writer: Store) -> None:
        Store(writer.engine, auto_migrate=True).write(make_report(), make_origin())

    @pytest.mark.parametrize(
        ("revoked", "named"),
        [
            ("USAGE ON SCHEMA ml_monitor", "grant USAGE on schema ml_monitor to the role"),
            ("SELECT ON ml_monitor.alembic_version", "grant SELECT on table ml_monitor.alembic_version"),
            ("INSERT ON ml_monitor.report", "grant SELECT and INSERT on table ml_monitor.report"),
            ("INSERT ON ml_monitor.check_result", "grant INSERT on table ml_monitor.check_result"),
            ("INSERT ON ml_monitor.profile", "grant SELECT and INSERT on table ml_monitor.profile"),
            ("INSERT ON ml_monitor.reference", "grant SELECT and INSERT on table ml_monitor.reference"),
            ("UPDATE (is_current) ON ml_monitor.reference", "grant SELECT and UPDATE on table ml_monitor.reference"),
        ],
    )
    def test_without_one_of_them_is_told_which(self, store: Store, writer: Store, revoked: str, named: str) -> None:
        run_as_owner(store, f"REVOKE {revoked} FROM ml_monitor_writer")
        with pytest.raises(StoreError, match=re.escape(named)):
            write_reference(writer)

    def test_cannot_change_a_verdict(self, writer: Store) -> None:
        writer.write(make_report(), make_origin())
        with pytest.raises(sa.exc.ProgrammingError, match="permission denied"), writer.engine.begin() as connection:
            connection.execute(sa.text("UPDATE ml_monitor.report SET status = 'pass'"))


class TestReader:
    @pytest.mark.parametrize("view", VIEWS)
    def test_reads_every_view(self, store: Store, restricted: sa.Engine, view: str) -> None:
        run_as_owner(store, READER)
        store.write(make_report(), make_origin())
        known = make_check(check="completeness", metric="completeness", column=None)
        judged = store.write(make_report(kind="model_quality", results=(known,)), make_origin(task_id="score"))
        store.save_decisions([make_decision(judged.id)])
        with restricted.connect() as connection:
            assert connection.execute(sa.text(f"SELECT count(*) FROM ml_monitor.{view}")).scalar_one() > 0

    def test_is_told_that_a_table_is_not_granted(self, store: Store, restricted: sa.Engine) -> None:
        run_as_owner(store, READER + "GRANT SELECT ON ml_monitor.alembic_version TO ml_monitor_reader")
        with pytest.raises(StoreError, match="grant SELECT on table ml_monitor.report to the role"):
            Store(restricted).reports([store.write(make_report(), make_origin()).id])
