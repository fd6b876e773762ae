"""What people decided: kept as it was, and shown on the report."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa

from airflow_ml_monitor.errors import ConfigurationError, StoreError
from airflow_ml_monitor.store import Store
from tests.store.factories import MONDAY, make_decision, make_origin, make_report

LATER = MONDAY + timedelta(days=10)


@pytest.fixture
def report_id(store: Store) -> UUID:
    return store.write(make_report(), make_origin()).id


def shown(store: Store) -> Any:
    """Who the view of current reports says let the report through, and why."""
    with store.engine.connect() as connection:
        query = "SELECT overridden_by, override_reason, overridden_at FROM ml_monitor.latest_verdict"
        return connection.execute(sa.text(query)).one()


def test_the_last_one_counts_in_whatever_order_they_are_written(store: Store, report_id: UUID) -> None:
    first, last = make_decision(report_id), make_decision(report_id, approved=False, decided_at=LATER)
    store.save_decisions([last, first])
    assert store.decisions([report_id, uuid4()]) == {report_id: last}
    assert tuple(shown(store)) == (None, None, None)


def test_an_approval_is_shown_on_the_report(store: Store, report_id: UUID) -> None:
    decision = make_decision(report_id)
    store.save_decisions([decision])
    assert tuple(shown(store)) == ("jane", "the airport was closed", decision.decided_at)
    assert store.reports([report_id])[0].report == make_report(), "the verdict itself stays"


def test_written_twice_it_is_written_once(store: Store, report_id: UUID) -> None:
    decision = make_decision(report_id)
    for _ in range(2):
        store.save_decisions([decision])
    with store.engine.connect() as connection:
        rows = connection.execute(sa.text("SELECT approved, is_last, status FROM ml_monitor.decision_history")).all()
    assert [tuple(row) for row in rows] == [(True, True, "fail")]


@pytest.mark.parametrize(
    "statement",
    ["UPDATE ml_monitor.decision SET reason = 'x'", "DELETE FROM ml_monitor.decision", "TRUNCATE ml_monitor.decision"],
)
def test_it_cannot_be_changed(store: Store, report_id: UUID, statement: str) -> None:
    store.save_decisions([make_decision(report_id)])
    with pytest.raises(sa.exc.DBAPIError, match="append-only"), store.engine.begin() as connection:
        connection.execute(sa.text(statement))


def test_it_goes_with_its_report(store: Store, report_id: UUID) -> None:
    store.save_decisions([make_decision(report_id)])
    with store.engine.begin() as connection:
        connection.execute(sa.text("SET LOCAL ml_monitor.allow_delete = 'on'"))
        connection.execute(sa.text("DELETE FROM ml_monitor.report"))
    assert store.decisions([report_id]) == {}


def test_on_no_report_it_is_refused(store: Store) -> None:
    with pytest.raises(StoreError, match="decision"):
        store.save_decisions([make_decision(uuid4())])


@pytest.mark.parametrize(
    ("changes", "said"),
    [({"decided_by": None}, "has not a person who decided it"), ({"reason": "  "}, "has not a reason")],
)
def test_an_approval_has_a_person_and_a_reason(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):
        make_decision(uuid4(), **changes)


def test_nobody_can_only_refuse() -> None:
    decision = make_decision(uuid4(), approved=False, decided_by=None, reason="")
    assert str(decision) == "refused at 2013-02-13T00:00:00Z: nobody answered in time"
