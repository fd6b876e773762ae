"""A decision changes what a gate makes of a report, and never what was not computed."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_ml_monitor.operators.decided import decided, deciding_status
from airflow_ml_monitor.results import CheckResult, Report, Severity, Status
from airflow_ml_monitor.store import Decision

STATUSES = st.sampled_from(list(Status))


def report_of(status: Status) -> Report:
    return Report(kind="drift", results=(check_of(status),))


def check_of(status: Status, task: str = "drift") -> CheckResult:
    return CheckResult(check=f"{task}.distribution", metric="ks", status=status)


def decision(approved: bool = True) -> Decision:
    at = datetime(2013, 2, 4, tzinfo=UTC)
    task = {"dag_id": "d", "run_id": "r", "task_id": "approval"}
    return Decision(report_id=uuid4(), approved=approved, decided_by="jane", reason="known", decided_at=at, **task)


def gate_of(status: Status, answer: Decision | None, *others: CheckResult) -> Report:
    found = decided([check_of(status)], report_of(status), answer, task="drift", where={})
    return Report(kind="gate", results=(*found, *others))


@pytest.mark.parametrize("status", [Status.FAIL, Status.WARN, Status.INSUFFICIENT])
def test_approved_it_lets_through_as_a_warning_that_says_by_whom(status: Status) -> None:
    gate = gate_of(status, decision())
    assert (gate.status, deciding_status(gate)) == (Status.WARN, Status.PASS)
    assert f"{status}, approved by jane at 2013-02-04T00:00:00Z: known" in gate.summary()
    assert [one.status for one in gate.results if one.severity is Severity.INFO] == [status], "the evidence stays"


def test_an_error_cannot_be_approved() -> None:
    assert deciding_status(gate_of(Status.ERROR, decision())) is Status.ERROR


@given(STATUSES)
def test_refused_it_fails_whatever_it_was(status: Status) -> None:
    gate = gate_of(status, decision(approved=False))
    assert deciding_status(gate) is (Status.ERROR if status is Status.ERROR else Status.FAIL)
    assert "refused by jane" in gate.summary()


@given(STATUSES, STATUSES)
def test_an_approval_speaks_for_its_own_report_only(status: Status, other: Status) -> None:
    gate = gate_of(status, decision(), check_of(other, "quality"))
    expected = Report(kind="gate", results=(check_of(other, "quality"),)).status
    if status in (Status.ERROR, Status.PASS):
        expected = Report(kind="gate", results=(check_of(status), check_of(other, "quality"))).status
    assert deciding_status(gate) is expected


@given(STATUSES, STATUSES)
def test_without_a_decision_nothing_changes(status: Status, other: Status) -> None:
    gate = gate_of(status, None, check_of(other, "quality"))
    assert deciding_status(gate) is gate.status
