"""Which window a run judges: the order of the sources, and what each may hold."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from airflow_ml_monitor import Last, Window
from airflow_ml_monitor.errors import WindowError
from airflow_ml_monitor.operators.windows import period, resolve_window, windows_of_events

AS_OF = datetime(2013, 3, 1, tzinfo=UTC)
WEEK = Window("2013-02-04T05:00:00Z", "2013-02-11T05:00:00Z")
SOURCES: dict[str, tuple[dict[str, Any], Window]] = {
    "conf": (
        {"dag_run": SimpleNamespace(conf={"window": ["2013-01-01T00:00:00Z", "2013-01-02T00:00:00Z"]})},
        Window("2013-01-01T00:00:00Z", "2013-01-02T00:00:00Z"),
    ),
    "events": (
        {
            "dag_run": SimpleNamespace(
                conf=None, consumed_asset_events=[SimpleNamespace(extra={"window": WEEK.to_dict()})]
            )
        },
        WEEK,
    ),
    "partition": ({"partition_key": "2013-02"}, Window("2013-02-01T00:00:00Z", "2013-03-01T00:00:00Z")),
    "interval": (
        {
            "data_interval_start": datetime(2013, 5, 1, tzinfo=UTC),
            "data_interval_end": datetime(2013, 5, 2, tzinfo=UTC),
        },
        Window("2013-05-01T00:00:00Z", "2013-05-02T00:00:00Z"),
    ),
}


@pytest.mark.parametrize("first", range(len(SOURCES)))
def test_the_first_source_that_names_one_wins(first: int) -> None:
    left = list(SOURCES.values())[first:]
    context = {key: value for part, _ in reversed(left) for key, value in part.items()}
    assert resolve_window(None, context, AS_OF) == left[0][1]


def test_the_parameter_wins_over_all() -> None:
    context = {key: value for part, _ in SOURCES.values() for key, value in part.items()}
    assert resolve_window((WEEK.start.isoformat(), WEEK.end.isoformat()), context, AS_OF) == WEEK


def test_last_is_before_as_of() -> None:
    assert resolve_window(Last(timedelta(days=1)), {}, AS_OF) == Window(AS_OF - timedelta(days=1), AS_OF)


def test_several_merged_events_span_from_the_first_start_to_the_last_end() -> None:
    events = [
        SimpleNamespace(extra={"window": [f"2013-02-{day:02}T00:00:00Z", f"2013-02-{day + 7:02}T00:00:00Z"]})
        for day in (11, 4)
    ]
    found = resolve_window(None, {"dag_run": SimpleNamespace(conf=None, consumed_asset_events=events)}, AS_OF)
    assert found == Window("2013-02-04T00:00:00Z", "2013-02-18T00:00:00Z")


def test_the_windows_of_a_watch_are_told_once_for_all_merged_events() -> None:
    days = [Window(f"2013-02-0{day}T00:00:00Z", f"2013-02-0{day + 1}T00:00:00Z").to_dict() for day in (4, 5, 6)]
    payloads: list[Any] = [{"windows": days[1:]}, {"windows": days[:2]}, {"windows": None}, "of another watch"]
    events = [SimpleNamespace(extra={"from_trigger": True, "payload": payload}) for payload in payloads]
    context = {"dag_run": SimpleNamespace(conf=None, consumed_asset_events=events)}
    assert [window.to_dict() for window in windows_of_events(context)] == days
    assert resolve_window(None, context, AS_OF) == Window("2013-02-04T00:00:00Z", "2013-02-07T00:00:00Z")


def test_events_without_a_window_leave_it_to_the_next_source() -> None:
    triggered = SimpleNamespace(conf=None, consumed_asset_events=[SimpleNamespace(extra={})])
    context = {"dag_run": triggered, **SOURCES["interval"][0]}
    assert resolve_window(None, context, AS_OF) == SOURCES["interval"][1]


def test_an_interval_of_no_length_is_no_window() -> None:
    with pytest.raises(WindowError, match="no window: this run has no data interval.*CronDataIntervalTimetable"):
        resolve_window(None, {"data_interval_start": AS_OF, "data_interval_end": AS_OF}, AS_OF)


@pytest.mark.parametrize(
    ("run", "where"),
    [
        ({"conf": {"window": "yesterday"}}, r'^dag_run.conf\["window"\]: window \'yesterday\' is neither'),
        (
            {"conf": None, "consumed_asset_events": [SimpleNamespace(extra={"window": "yesterday"})]},
            "^an asset event that started this run: window 'yesterday' is neither",
        ),
    ],
)
def test_who_gave_no_window_is_named(run: dict[str, Any], where: str) -> None:
    with pytest.raises(WindowError, match=where):
        resolve_window(None, {"dag_run": SimpleNamespace(**run)}, AS_OF)


def test_a_length_is_no_window() -> None:
    with pytest.raises(WindowError, match=r"give Last\(datetime.timedelta\(days=7\)\)"):
        resolve_window(timedelta(days=7), {}, AS_OF)


def test_start_after_end_in_conf() -> None:
    context = {"dag_run": SimpleNamespace(conf={"window": [WEEK.end.isoformat(), WEEK.start.isoformat()]})}
    with pytest.raises(WindowError, match="is not before its end"):
        resolve_window(None, context, AS_OF)


@pytest.mark.parametrize(
    ("key", "start", "end"),
    [
        ("2013", "2013-01-01T00:00:00Z", "2014-01-01T00:00:00Z"),
        ("2012-02", "2012-02-01T00:00:00Z", "2012-03-01T00:00:00Z"),
        ("2013-02-04", "2013-02-04T00:00:00Z", "2013-02-05T00:00:00Z"),
        ("2013-02-04T05", "2013-02-04T05:00:00Z", "2013-02-04T06:00:00Z"),
        ("2013-02-04T05:00:00Z/2013-02-11T05:00:00Z", "2013-02-04T05:00:00Z", "2013-02-11T05:00:00Z"),
        ("2013-Q1", "2013-01-01T00:00:00Z", "2013-04-01T00:00:00Z"),
        ("2013-Q4", "2013-10-01T00:00:00Z", "2014-01-01T00:00:00Z"),
        ("2013-02-04 (W06)", "2013-02-04T00:00:00Z", "2013-02-11T00:00:00Z"),
    ],
)
def test_partition_keys_name_a_period_by_their_precision(key: str, start: str, end: str) -> None:
    assert period(key) == Window(start, end)


@pytest.mark.parametrize("key", ["us-east", "2013-13", "2013-02-30", "2013-02-04T05:30"])
def test_other_partition_keys_say_what_would_do(key: str) -> None:
    with pytest.raises(WindowError, match=f"partition key {key!r} names no period"):
        period(key)
