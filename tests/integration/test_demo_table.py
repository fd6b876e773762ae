"""The demo's table, for weeks made up here: what a reader sees of each outcome."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest

if TYPE_CHECKING:
    from flight_delay.demo_verdicts import Week

NEW_YORK = ZoneInfo("America/New_York")


pytestmark = pytest.mark.usefixtures("dags_on_path")


def make_week(**given: Any) -> Week:
    """A degraded week whose challenger was deployed, with these fields instead."""
    from flight_delay.demo_verdicts import Week

    fields: dict[str, Any] = {
        "start": datetime(2013, 6, 24, tzinfo=NEW_YORK),
        "end": datetime(2013, 7, 1, tzinfo=NEW_YORK),
        "tasks": {"gate": "success"},
        "verdicts": {"model_quality": "fail", "quality": "pass", "drift": "pass"},
        "event": True,
        "started_by": "replay",
        "labels": {"completeness": 0.9923, "void": 1520},
        "late": 0.452,
        "said": 0.213,
        "difference": -0.114,
        "deployed": "2013-07-29",
        "reasons": (),
    }
    return Week(**{**fields, **given})


def row_of(week: Week) -> str:
    from flight_delay.demo_table import render

    return render([week]).splitlines()[2]


def test_a_deployed_challenger() -> None:
    shown = "2013-06-24 99.2 % 1,520 45.2 % 21.3 % FAIL event, replayed pass pass open -0.114: deployed 2013-07-29"
    assert " ".join(row_of(make_week()).split()) == shown


def test_a_refused_challenger() -> None:
    assert row_of(make_week(deployed=None, difference=0.02)).endswith("open  +0.020: refused")


def test_a_closed_gate_has_no_challenger() -> None:
    assert row_of(make_week(tasks={"gate": "failed"}, difference=None, deployed=None)).endswith("closed  none")


def test_no_difference_is_shown_as_less_than_nothing() -> None:
    assert row_of(make_week(deployed=None, difference=-0.0002)).endswith("+0.000: refused")


def test_a_task_without_a_report_says_so() -> None:
    assert "no report" in row_of(make_week(verdicts={"model_quality": "pass", "quality": "pass"}))


def test_no_line_is_wider_than_a_screen() -> None:
    from flight_delay.demo_table import render
    from flight_delay.demo_verdicts import Reason

    long = Reason("model_quality", "log_loss", None, "log_loss", 0.8, 0.65, "its interval is past the limit; " * 9)
    lines = render([make_week(reasons=(long,))]).splitlines()
    assert len(lines) > 4
    assert max(map(len, lines)) <= 130


@pytest.mark.parametrize(
    ("weeks", "sentence"),
    [
        ([{}], "1 week: 1 degraded, 1 challenger deployed"),
        ([{}, {"event": False, "deployed": None}], "2 weeks: 1 degraded, 1 challenger deployed"),
        ([{"deployed": None}], "1 week: 1 degraded, 0 challengers deployed"),
    ],
)
def test_the_summary_counts_in_words_that_agree(weeks: list[dict[str, Any]], sentence: str) -> None:
    from flight_delay.demo_table import summary

    assert summary([make_week(**given) for given in weeks]) == sentence
