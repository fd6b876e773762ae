"""What people were told: which message a verdict is compared with."""

from __future__ import annotations

import threading
from typing import Any

import pytest
import sqlalchemy as sa

from airflow_ml_monitor.store import Store, StoredReport
from airflow_ml_monitor.store.messages import Message, Messages, Subject
from airflow_ml_monitor.store.upkeep import erase
from airflow_ml_monitor.window import Window
from tests.store.factories import make_origin, make_report, make_window

pytestmark = pytest.mark.integration

SUBJECT = Subject(environment="prod", model="m", kind="drift", scope="dag.task", channel="mail")


@pytest.fixture
def store(engine: sa.Engine) -> Store:
    return Store(engine)


@pytest.fixture
def report(store: Store) -> StoredReport:
    return store.write(make_report(model="m"), make_origin())


def add(store: Store, report: StoredReport, window: Window | None, subject: Subject = SUBJECT, **changes: Any) -> None:
    values: dict[str, Any] = {"event": "first", "status": "fail", "reasons": ("rows",), "report_id": report.id}
    with store.begin() as connection:
        Messages(connection, subject).add(Message(window=window, **values | changes))


def last(store: Store, window: Window | None, subject: Subject = SUBJECT) -> Message | None:
    with store.begin() as connection:
        return Messages(connection, subject).last(window)


def test_nothing_was_told_at_first(store: Store) -> None:
    assert last(store, make_window()) is None


def test_a_message_reads_back_as_it_was(store: Store, report: StoredReport) -> None:
    message = Message(event="change", status="error", reasons=("a[b]", "c"), window=make_window(), report_id=report.id)
    with store.begin() as connection:
        Messages(connection, SUBJECT).add(message)
    assert last(store, make_window()) == message


def test_the_last_one_about_the_same_window_counts_before_later_windows(store: Store, report: StoredReport) -> None:
    for week, reasons in ((0, ("first",)), (0, ("second",)), (1, ("next week",))):
        add(store, report, make_window(week), reasons=reasons)
    found = last(store, make_window(0))
    assert found is not None
    assert found.reasons == ("second",)


@pytest.mark.parametrize("week", [3, -1])
def test_otherwise_the_latest_window_counts_not_the_last_message(store: Store, report: StoredReport, week: int) -> None:
    for told in (2, 1):
        add(store, report, make_window(told), reasons=(f"week {told}",))
    found = last(store, make_window(week))
    assert found is not None
    assert found.reasons == ("week 2",)
    assert found.is_after(make_window(week)) is (week < 2)


def test_verdicts_without_a_window_follow_each_other(store: Store, report: StoredReport) -> None:
    for reasons in (("a",), ("b",)):
        add(store, report, None, reasons=reasons)
    found = last(store, None)
    assert found is not None
    assert found.reasons == ("b",)


@pytest.mark.parametrize("field", ["environment", "model", "kind", "scope", "channel"])
def test_each_subject_has_its_own(store: Store, report: StoredReport, field: str) -> None:
    add(store, report, make_window())
    other = Subject(**{name: getattr(SUBJECT, name) for name in Subject.__dataclass_fields__} | {field: "another"})
    assert last(store, make_window(), other) is None


def test_messages_leave_with_the_model_they_are_about(store: Store, report: StoredReport) -> None:
    add(store, report, make_window())
    with store.begin() as connection:
        erase(connection, model="m", environment=None)
    assert last(store, make_window()) is None


def test_two_at_once_wait_for_each_other(store: Store, report: StoredReport) -> None:
    """Both look before either adds: without the lock both would tell the same incident."""
    sent: list[str] = []

    def tell(name: str) -> None:
        with store.begin() as connection:
            messages = Messages(connection, SUBJECT)
            if messages.last(make_window()) is None:
                threading.Event().wait(0.2)
                messages.add(
                    Message(event="first", status="fail", reasons=(), window=make_window(), report_id=report.id)
                )
                sent.append(name)

    threads = [threading.Thread(target=tell, args=(name,)) for name in "abc"]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert len(sent) == 1


def tell(store: Store, **changes: str) -> bool:
    with store.telling_once(**{"attempt": "1", "scope": "dag.task", "channel": "mail"} | changes) as news:
        return news


def test_the_end_of_a_try_is_told_once_by_each_channel(store: Store) -> None:
    assert [tell(store), tell(store)] == [True, False]
    assert tell(store, channel="on call")
    assert tell(store, attempt="2")
    assert tell(store, scope="of \x00 \ud800 data")


def test_the_end_of_a_try_that_could_not_be_told_is_news_again(store: Store) -> None:
    def refused() -> None:
        with store.telling_once(attempt="1", scope="dag.task", channel="mail"):
            raise OSError("refused")

    with pytest.raises(OSError, match="refused"):
        refused()
    assert tell(store)


def test_two_that_tell_of_one_try_at_once_wait_for_each_other(store: Store) -> None:
    found: list[bool] = []
    with store.telling_once(attempt="1", scope="dag.task", channel="mail") as first:
        other = threading.Thread(target=lambda: found.append(tell(Store(store.engine))))
        other.start()
        other.join(0.5)
        assert (first, found) == (True, [])
    other.join(30)
    assert found == [False]
