"""The demo's suite is what January and the review say, and stops the weeks it should."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path
from types import ModuleType
from zoneinfo import ZoneInfo

import pytest

from airflow_ml_monitor import Report, Window, validate

DAGS = Path(__file__).resolve().parents[2] / "dags"
NEW_YORK = ZoneInfo("America/New_York")


@pytest.fixture
def make_suite(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(DAGS))
    from flight_delay import make_suite

    return make_suite


@pytest.fixture
def report_of(make_suite: ModuleType):
    def judge(month: int, day: int) -> Report:
        monday = datetime(2013, month, day, tzinfo=NEW_YORK)
        return validate(make_suite.FLIGHTS, make_suite.SUITE, window=Window(monday, monday + timedelta(days=7)))

    return judge


def test_the_file_is_what_the_script_makes(make_suite: ModuleType, tmp_path: Path) -> None:
    made = tmp_path / "suite.json"
    make_suite.save_suite(make_suite.make_suite(), made)
    assert made.read_text() == Path(make_suite.SUITE).read_text()


def test_every_expectation_says_why(make_suite: ModuleType) -> None:
    suite = json.loads(Path(make_suite.SUITE).read_text())
    assert all(expectation["meta"]["why"] for expectation in suite["expectations"])


def test_a_review_of_what_was_not_learnt_is_refused(make_suite: ModuleType) -> None:
    with pytest.raises(ValueError, match="did not teach"):
        list(make_suite.reviewed([]))


def test_the_week_of_the_storm_is_stopped_for_its_labels(report_of) -> None:
    failed = [result for result in report_of(2, 4).results if result.status != "pass"]
    assert [(result.column, round(result.value, 4)) for result in failed] == [("late", 0.1548), ("cancelled", 0.1522)]


@pytest.mark.parametrize(("month", "day"), [(3, 4), (6, 24), (9, 23), (12, 9)])
def test_an_ordinary_week_passes(report_of, month: int, day: int) -> None:
    """With nothing to warn of either: spring's new airports, summer's late flights and December's storms."""
    assert report_of(month, day).status == "pass"
