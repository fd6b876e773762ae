"""Windows one after another: an interval that may be looked at after each of them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_ml_monitor.errors import ConfigurationError
from airflow_ml_monitor.performance import AtLeast, AtMost, evaluate_model
from airflow_ml_monitor.performance.sequence import WindowLoss, confidence_sequence
from airflow_ml_monitor.results import CheckResult, Report, Status
from tests.performance.scored import START, asked, made, scored, told

LOSSES = st.lists(st.floats(0, 1) | st.just(float("nan")), max_size=30).map(np.array)


@given(LOSSES, st.sampled_from([0.0, 1.0]))
def test_a_window_completed_is_that_of_all_its_losses(losses: np.ndarray, loss: float) -> None:
    found = WindowLoss.of(losses).completed(loss)
    expected = WindowLoss.of(np.where(np.isnan(losses), loss, losses))
    assert (found.n, found.missing) == (expected.n, 0)
    assert (found.mean, found.m2) == pytest.approx((expected.mean, expected.m2), abs=1e-9)


@pytest.mark.parametrize("share", [0.5, 0.1])
def test_the_mean_is_inside_after_every_window_in_95_of_100_sequences(share: float) -> None:
    random = np.random.default_rng(0)
    left = 0
    for _ in range(200):
        windows = [WindowLoss.of((random.random(200) < share).astype(float)) for _ in range(40)]
        looks = [confidence_sequence(windows[: count + 1]) for count in range(40)]
        left += any(look is None or not look.lower <= share <= look.upper for look in looks)
    assert left <= 10


def test_ordinary_intervals_leave_the_mean_out_more_often() -> None:
    random = np.random.default_rng(0)
    rows = 200.0 * np.arange(1, 41)
    means = np.cumsum(random.binomial(200, 0.5, (200, 40)), axis=1) / rows
    assert (np.abs(means - 0.5) > 1.96 * np.sqrt(0.25 / rows)).any(axis=1).mean() > 0.2


def test_it_is_at_most_two_and_a_half_times_as_wide_as_one_look() -> None:
    random = np.random.default_rng(1)
    found = confidence_sequence([WindowLoss.of((random.random(5_000) < 0.2).astype(float)) for _ in range(20)])
    assert found is not None
    assert found.upper - found.lower < 2.5 * 2 * 1.96 * np.sqrt(0.16 / 100_000)


def test_missing_losses_are_at_their_extremes() -> None:
    known = WindowLoss.of(np.tile([0.0, 1.0], 1_000))
    lacking = WindowLoss(n=known.n, mean=known.mean, m2=known.m2, missing=500)
    whole, part = confidence_sequence([known]), confidence_sequence([lacking])
    assert whole is not None
    assert part is not None
    assert part.lower < whole.lower < whole.upper < part.upper


@pytest.mark.parametrize("windows", [[], [WindowLoss.of(np.zeros(0))], [WindowLoss.of(np.full(9, np.nan))]])
def test_of_no_loss_there_is_no_interval(windows: list[WindowLoss]) -> None:
    assert confidence_sequence(windows) is None


def window(place: int) -> tuple[Any, Any]:
    return START + timedelta(hours=200 * place), START + timedelta(hours=200 * (place + 1))


def judged(place: int, history: list[Report], expect: Any = None, **kwargs: Any) -> Report:
    predictions, labels = scored(1_000)
    expect = expect or AtLeast("accuracy", 0.85, over_windows=True)
    return evaluate_model(
        made(predictions), told(labels), **asked(expect=[expect], window=window(place), history=history, **kwargs)
    )


def of(report: Report) -> CheckResult:
    (found,) = [one for one in report.results if one.check.endswith("_over_windows") and one.segment is None]
    return found


def test_windows_add_up() -> None:
    reports: list[Report] = []
    for place in range(5):
        reports.append(judged(place, reports))
    found = of(reports[-1])
    whole = evaluate_model(made(scored()[0]), told(scored()[1]), **asked())
    (accuracy,) = [one for one in whole.results if one.check == "accuracy"]
    assert (found.detail["windows"], found.n_current) == (5, 1_000)
    assert found.value == pytest.approx(accuracy.value)
    widths = [of(report).interval.upper - of(report).interval.lower for report in reports]  # type: ignore[union-attr]
    assert widths == sorted(widths, reverse=True)
    assert "over 5 windows" in found.message


@pytest.mark.parametrize(("limit", "status"), [(0.6, Status.PASS), (0.9, Status.WARN), (0.99, Status.FAIL)])
def test_it_is_judged_by_the_interval(limit: float, status: Status) -> None:
    expect = AtLeast("accuracy", limit, over_windows=True)
    history = [judged(place, [], expect) for place in range(4)]
    assert of(judged(4, history, expect)).status is status


def test_the_latest_report_on_a_window_counts_once() -> None:
    early = judged(0, [], as_of=START + timedelta(days=12))
    late = judged(0, [])
    assert of(early).detail["window_loss"]["missing"] > 0
    found = of(judged(1, [late, early, late]))
    assert (found.detail["windows"], found.n_current) == (2, 400)


def test_reports_that_know_more_do_not_count() -> None:
    history = [judged(0, [])]
    assert of(judged(1, history, as_of=history[0].as_of - timedelta(days=1))).detail["windows"] == 1


def test_windows_that_overlap_or_come_later_are_left_out() -> None:
    history = [judged(place, []) for place in (0, 2, 3)]
    assert of(judged(2, history)).detail["windows"] == 2


def test_scores_may_be_judged_by_their_squares() -> None:
    assert of(judged(0, [], AtMost("brier", 0.3, over_windows=True))).status is Status.PASS


def test_losses_without_bounds_are_refused() -> None:
    with pytest.raises(ConfigurationError, match="log_loss of a binary problem cannot be judged over windows"):
        judged(0, [], AtMost("log_loss", 0.5, over_windows=True))


def test_rows_that_belong_together_are_refused() -> None:
    with pytest.raises(ConfigurationError, match="takes rows as alone"):
        judged(0, [], cluster="carrier")
