"""When a window is due to be judged, and why."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from airflow_ml_monitor import Window
from airflow_ml_monitor.errors import ConfigurationError
from airflow_ml_monitor.performance.arrivals import WindowLabels
from airflow_ml_monitor.performance.arrivals_due import LastVerdict, Rejudging

START = datetime(2013, 2, 4, tzinfo=UTC)
WINDOW = Window(START, START + timedelta(days=1))
DELAY = timedelta(days=10)
RIPE = WINDOW.end + DELAY
BEFORE = RIPE - timedelta(days=1)


def known(window: Window = WINDOW, **changes: Any) -> WindowLabels:
    given: dict[str, Any] = {"window": window, "due": window.end + DELAY, "predictions": 100, "labelled": 40}
    return WindowLabels(**given | changes)


def reasons(
    now: WindowLabels, last: LastVerdict | None, as_of: datetime = RIPE + timedelta(days=1), **rules: Any
) -> tuple[str, ...]:
    due = Rejudging(**rules).due([now], {} if last is None else {WINDOW: last}, as_of)
    return due[0].reasons if due else ()


def last(as_of: datetime = RIPE, **changes: Any) -> LastVerdict:
    given: dict[str, Any] = {"as_of": as_of, "predictions": 100, "labelled": 40}
    return LastVerdict(**given | changes)


class TestFirstVerdict:
    def test_is_due_from_the_moment_the_window_is_mature(self) -> None:
        assert reasons(known(), None, as_of=RIPE) == ("mature",)
        assert reasons(known(), None, as_of=RIPE - timedelta(microseconds=1)) == ()

    @pytest.mark.parametrize(("labelled", "expected"), [(5, ("early",)), (4, ()), (0, ())])
    def test_is_early_once_enough_labels_are_there(self, labelled: int, expected: tuple[str, ...]) -> None:
        assert reasons(known(labelled=labelled), None, as_of=BEFORE, early=True) == expected

    def test_windows_before_the_first_prediction_are_not_due(self) -> None:
        weeks = [Window(START + timedelta(days=day), START + timedelta(days=day + 1)) for day in range(3)]
        counted = [known(week, predictions=many, labelled=0) for week, many in zip(weeks, [0, 7, 0], strict=True)]
        due = Rejudging().due(counted, {}, RIPE + timedelta(days=3))
        assert [each.window for each in due] == weeks[1:]


class TestNextVerdict:
    def test_is_not_due_where_nothing_came(self) -> None:
        assert reasons(known(), last()) == ()

    def test_is_due_when_the_window_has_become_mature_since(self) -> None:
        assert reasons(known(), last(BEFORE)) == ("mature",)

    @pytest.mark.parametrize(("gained", "min_gain", "due"), [(5, 0.05, 1), (4, 0.05, 0), (3, 3, 1), (2, 3, 0)])
    def test_is_due_when_enough_labels_came(self, gained: int, min_gain: float, due: int) -> None:
        assert len(reasons(known(gained=gained), last(), min_gain=min_gain)) == due

    def test_void_predictions_are_not_counted_in_the_share(self) -> None:
        assert reasons(known(void=50, gained=3), last(), min_gain=0.05) == ("gained",)

    def test_the_last_missing_label_is_enough(self) -> None:
        assert reasons(known(labelled=100, gained=1), last(labelled=99)) == ("gained",)

    def test_labels_that_claim_to_have_been_there_are_counted_by_how_many_there_were(self) -> None:
        assert reasons(known(labelled=60), last()) == ("gained",)

    @pytest.mark.parametrize("now", [known(changed=1), known(labelled=39)], ids=["another label", "one fewer"])
    def test_one_changed_label_is_enough(self, now: WindowLabels) -> None:
        assert reasons(now, last()) == ("changed",)

    def test_is_due_when_predictions_came_late(self) -> None:
        assert reasons(known(predictions=101), last()) == ("predictions",)

    def test_is_due_when_the_last_one_is_an_error(self) -> None:
        assert reasons(known(), last(predictions=None, labelled=None, failed=True)) == ("error",)

    def test_is_not_due_where_a_later_one_was_made(self) -> None:
        assert reasons(known(changed=1, gained=60), last(RIPE + timedelta(days=9))) == ()

    def test_before_maturity_comes_with_early_only(self) -> None:
        assert reasons(known(gained=30), last(BEFORE), as_of=BEFORE, early=True) == ("gained",)
        assert reasons(known(gained=30), last(BEFORE), as_of=BEFORE) == ()


@pytest.mark.parametrize("gain", [0, 0.0, 1.5, -1, True, "5 %"])
def test_a_gain_that_is_none_is_refused(gain: Any) -> None:
    with pytest.raises(ConfigurationError, match="min_gain"):
        Rejudging(min_gain=gain)
