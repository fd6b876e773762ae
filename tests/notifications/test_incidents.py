"""When a verdict is news: the first that fails, a change of what fails, the recovery."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_ml_monitor.notifications.incidents import event_of, reasons_of
from airflow_ml_monitor.results import Report
from airflow_ml_monitor.store.messages import Message
from tests.store.factories import make_check, make_report, make_window

ALERT_ON = ("fail", "error")


def verdict(status: str, *columns: str, week: int = 0, value: float = 0.3) -> Report:
    checks = tuple(make_check(status=status, column=column, value=value) for column in columns or ("a",))
    return make_report(results=checks, window=make_window(week))


def told(report: Report, event: Any = "first") -> Message:
    return Message(
        event=event,
        status=report.status.value,
        reasons=reasons_of(report),
        window=report.window,
        report_id=uuid.uuid4(),
    )


@pytest.mark.parametrize("status", ["pass", "warn", "insufficient"])
def test_without_an_incident_only_a_failure_is_news(status: str) -> None:
    assert event_of(verdict(status), None, ALERT_ON) is None
    assert event_of(verdict(status), told(verdict("pass"), "recovery"), ALERT_ON) is None


@pytest.mark.parametrize("status", ALERT_ON)
def test_a_failure_is_the_first_of_an_incident(status: str) -> None:
    assert event_of(verdict(status), None, ALERT_ON) == "first"
    assert event_of(verdict(status), told(verdict("pass"), "recovery"), ALERT_ON) == "first"


def test_the_same_checks_with_other_values_are_no_news() -> None:
    last = told(verdict("fail", "a", "b"))
    assert event_of(verdict("fail", "b", "a", week=1, value=0.9), last, ALERT_ON) is None


@pytest.mark.parametrize("now", [verdict("fail", "a"), verdict("fail", "a", "b", "c"), verdict("error", "a", "b")])
def test_other_checks_or_another_status_are_a_change(now: Report) -> None:
    assert event_of(now, told(verdict("fail", "a", "b")), ALERT_ON) == "change"


@pytest.mark.parametrize(("status", "event"), [("pass", "recovery"), ("warn", "recovery"), ("insufficient", None)])
def test_what_says_too_little_is_no_recovery(status: str, event: str | None) -> None:
    assert event_of(verdict(status, week=1), told(verdict("fail")), ALERT_ON) == event


def test_an_earlier_window_that_is_well_ends_no_incident_of_a_later_one() -> None:
    assert event_of(verdict("pass", week=0), told(verdict("fail", week=1)), ALERT_ON) is None


def test_a_status_that_alerts_is_never_well() -> None:
    last = told(verdict("warn"))
    assert event_of(verdict("warn"), last, ("warn", "fail")) is None
    assert event_of(verdict("pass"), last, ("warn", "fail")) == "recovery"


@given(statuses=st.lists(st.sampled_from(["pass", "warn", "fail", "error", "insufficient"]), max_size=30))
def test_each_incident_has_one_first_and_at_most_one_recovery(statuses: list[str]) -> None:
    last: Message | None = None
    events: list[str] = []
    for week, status in enumerate(statuses):
        report = verdict(status, week=week)
        event = event_of(report, last, ALERT_ON)
        if event is not None:
            last = told(report, event)
            events.append(event)
            assert event_of(report, last, ALERT_ON) is None, "the same verdict again is never news"
    ends = [event for event in events if event != "change"]
    assert ends == (["first", "recovery"] * len(ends))[: len(ends)]
    assert "change" not in events[:1]
