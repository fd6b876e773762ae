"""Estimates without labels follow a mix that moved, are blind to a relation that changed, and say what they cannot."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn import metrics

from airflow_ml_monitor import AtLeast, AtMost, BetterThanDummy, NoWorseThanReference, Status, estimate_performance
from airflow_ml_monitor.data import Frame
from airflow_ml_monitor.data.frame import InMemory
from airflow_ml_monitor.errors import ConfigurationError
from airflow_ml_monitor.results import CheckResult, Report, Severity
from tests.checks import check
from tests.performance.estimation.made_rows import binary, multiclass, regression


def estimated(reference: pd.DataFrame, current: pd.DataFrame, **changed: Any) -> Report:
    return estimate_performance(reference, current, **{"problem": "binary"} | changed)


def holds(result: CheckResult, realised: float) -> bool:
    assert result.interval is not None
    return result.interval.lower <= realised <= result.interval.upper


@pytest.mark.parametrize("power", [1.0, 0.4, 3.0])
def test_scores_that_are_no_probabilities_are_calibrated_first(power: float) -> None:
    current = binary(seed=2, power=power)
    report = estimated(binary(seed=1, power=power), current)
    y, score = current["label"], current["score"]
    assert holds(check(report, "log_loss"), metrics.log_loss(y, score))
    assert holds(check(report, "roc_auc"), metrics.roc_auc_score(y, score))
    assert holds(check(report, "f1"), metrics.f1_score(y, score >= 0.5))
    assert holds(check(report, "positive_share"), y.mean())


def test_the_calibration_is_told_by_rows_held_out() -> None:
    found = check(estimated(binary(seed=1, power=0.4), binary(seed=2, power=0.4)), "calibration")
    assert found.detail["before"] > 0.2
    assert found.value is not None
    assert found.value < 0.03
    assert found.status is Status.PASS
    assert found.message.startswith("calibration holds: on 3,000 rows held out in turn")


def test_a_score_that_is_worth_less_the_higher_it_is_makes_estimates_doubtful() -> None:
    rows = binary(seed=1)
    turned = rows.assign(score=1 - rows["score"])
    found = check(estimated(turned, turned), "calibration")
    assert (found.status, found.severity) == (Status.FAIL, Severity.WARNING)
    assert found.message.startswith("calibration does not hold: on 3,000 rows held out in turn")


def test_a_mix_that_moved_is_followed() -> None:
    reference, current = binary(seed=1), binary(seed=2, shift=1.0)
    before, after = (metrics.log_loss(rows["label"], rows["score"]) for rows in (reference, current))
    found = check(estimated(reference, current), "log_loss")
    assert not holds(found, before), "the reference's own is another"
    assert holds(found, after)


def test_a_relation_that_changed_is_not_seen_and_the_report_says_so() -> None:
    reference, current = binary(seed=1), binary(seed=2, slope=0.0)
    report = estimated(reference, current, expect=[AtLeast("roc_auc", 0.7)])
    assert metrics.roc_auc_score(current["label"], current["score"]) < 0.55
    assert check(report, "roc_auc").status is Status.PASS
    assert "a changed relation of features and label does not show" in check(report, "assumption").message


def test_intervals_hold_the_values_that_the_labels_give() -> None:
    held = []
    for seed in range(12):
        current = binary(400, seed=2 * seed + 1, shift=0.5, power=2.0)
        report = estimated(binary(400, seed=2 * seed, power=2.0), current)
        y, score = current["label"], current["score"]
        held += [
            holds(check(report, "accuracy"), metrics.accuracy_score(y, score >= 0.5)),
            holds(check(report, "roc_auc"), metrics.roc_auc_score(y, score)),
            holds(check(report, "brier"), metrics.brier_score_loss(y, score)),
        ]
    assert np.mean(held) >= 0.88


@pytest.mark.parametrize(("limit", "status"), [(0.6, Status.PASS), (0.81, Status.WARN), (0.95, Status.FAIL)], ids=str)
def test_the_interval_decides(limit: float, status: Status) -> None:
    report = estimated(binary(seed=1), binary(seed=2), expect=AtLeast("roc_auc", limit))
    assert report.status is status
    assert check(report, "roc_auc").limits.lower == limit


def test_a_limit_may_be_relative_to_the_labelled_rows() -> None:
    reference = binary(seed=1)
    own = metrics.log_loss(reference["label"], reference["score"])
    unsure = binary(seed=2).query("0.3 < score < 0.7")
    report = estimated(reference, unsure, expect=NoWorseThanReference("log_loss", 0.01))
    assert check(report, "log_loss").limits.upper == pytest.approx(own + 0.01)
    assert report.status is Status.FAIL


@pytest.mark.parametrize(
    ("reference", "said"),
    [
        (binary(29), "has 29 labels that can be used, 30 are needed"),
        (binary(200).assign(label=False), "none of the reference's 200 labels is positive"),
        (binary(200).assign(label=None), "has 0 labels"),
    ],
    ids=["tiny", "one class", "no labels"],
)
def test_a_reference_that_can_tell_nothing_decides_nothing(reference: pd.DataFrame, said: str) -> None:
    report = estimated(reference, binary(100), expect=AtLeast("roc_auc", 0.5))
    assert report.status is Status.INSUFFICIENT
    assert said in check(report, "roc_auc").message


def test_without_a_current_row_nothing_is_decided() -> None:
    report = estimated(binary(100), binary(0), expect=AtLeast("roc_auc", 0.5))
    assert report.status is Status.INSUFFICIENT
    assert "look at what scores them" in check(report, "predictions").message


def test_scores_that_are_missing_fail_the_report_and_are_left_out() -> None:
    current = binary(500, seed=2)
    current.loc[:9, "score"] = np.nan
    report = estimated(binary(500), current, expect=AtLeast("roc_auc", 0.5))
    assert report.status is Status.FAIL
    assert "10 of 500 current rows" in check(report, "invalid_predictions").message
    assert check(report, "roc_auc").n_current == 490


def test_answers_beyond_all_of_the_reference_make_estimates_doubtful() -> None:
    rows = binary(500)
    found = check(estimated(rows[rows["score"] < 0.5], rows), "support")
    assert (found.status, found.severity) == (Status.FAIL, Severity.WARNING)


def test_several_classes_are_calibrated_one_by_one() -> None:
    current = multiclass(seed=2)
    report = estimated(multiclass(2_000, seed=1), current, problem="multiclass", scores={name: name for name in "abc"})
    answered = current[list("abc")].idxmax(axis=1)
    assert holds(check(report, "accuracy"), metrics.accuracy_score(current["label"], answered))
    assert holds(check(report, "log_loss"), metrics.log_loss(current["label"], current[list("abc")]))
    areas = metrics.roc_auc_score(current["label"], current[list("abc")], multi_class="ovr")
    assert holds(check(report, "roc_auc_ovr"), areas)


REGRESSION: dict[str, Any] = {"problem": "regression", "features": ["x", "kind"]}


@pytest.mark.parametrize(("shift", "kind"), [(0.0, None), (0.7, None), (-0.5, "b")])
def test_errors_of_another_mix_are_followed(shift: float, kind: str | None) -> None:
    current = regression(3_000, seed=2, shift=shift)
    current = current if kind is None else current[current["kind"] == kind]
    report = estimated(regression(seed=1), current, **REGRESSION)
    for name, realised in (
        ("mae", metrics.mean_absolute_error(current["label"], current["prediction"])),
        ("rmse", metrics.root_mean_squared_error(current["label"], current["prediction"])),
    ):
        assert holds(check(report, name), realised), name


def test_losses_of_a_mix_that_moved_are_mostly_within_their_intervals() -> None:
    held = []
    for seed in range(6):
        current = regression(800, seed=2 * seed + 1, shift=0.5)
        report = estimated(regression(800, seed=2 * seed), current, **REGRESSION)
        held.append(holds(check(report, "mae"), metrics.mean_absolute_error(current["label"], current["prediction"])))
    assert sum(held) >= 5


def test_errors_that_grew_for_rows_alike_are_not_seen() -> None:
    current = regression(seed=2, noise=3.0)
    report = estimated(regression(seed=1), current, expect=AtMost("mae", 2.5), **REGRESSION)
    assert metrics.mean_absolute_error(current["label"], current["prediction"]) > 3
    assert check(report, "mae").status is Status.PASS
    assert "rows alike in x, kind, prediction" in check(report, "assumption").message


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"expect": BetterThanDummy("log_loss")}, "an estimate takes AtLeast, AtMost and NoWorseThanReference"),
        ({"expect": AtLeast("average_precision", 0.5)}, "average_precision cannot be estimated without labels"),
        ({"score": None, "prediction": "answer"}, "needs probabilities"),
        ({"features": ["x", "label"]}, "the column of the label"),
        ({"on": "id"}, "give labels=, too"),
        ({"confidence": 1.0}, "confidence=1.0"),
        ({"problem": "ranking"}, "is judged by labels alone"),
        ({"reference_window": ("2026-01-01T00:00Z", "2026-01-02T00:00Z")}, "needs time_column="),
    ],
)
def test_what_cannot_be_estimated_is_refused(changed: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):
        estimated(binary(50), binary(50), **changed)


def test_the_reference_is_cut_by_its_own_window() -> None:
    at = pd.date_range("2026-01-01", periods=400, freq="h", tz="UTC")
    rows = Frame(InMemory(binary(400).assign(at=at)), time_column="at")
    first, second = (at[0], at[200]), (at[200], at[300])
    report = estimate_performance(rows, rows, problem="binary", reference_window=first, window=second)
    assert (report.rows_reference, report.rows_current) == (200, 100)


def test_labels_of_their_own_give_what_labelled_rows_give() -> None:
    reference, current = binary(400, seed=1).assign(id=range(400)), binary(300, seed=2)
    corrected = pd.concat([reference.assign(label=~reference["label"], day=1), reference.assign(day=2)])
    at = pd.to_datetime(corrected["day"], unit="D", utc=True, origin="2026-01-01")
    labels = Frame(InMemory(corrected[["id", "label"]].assign(arrived_at=at)), arrived_at_column="arrived_at")
    report = estimated(reference.drop(columns="label"), current, labels=labels, on="id")
    assert report.results == estimated(reference, current).results
    assert report.config["on"] == ["id"]


def test_a_report_is_plain_json_and_comes_back() -> None:
    report = estimated(binary(200), binary(200), expect=AtLeast("roc_auc", 0.5))
    assert Report.from_dict(json.loads(json.dumps(report.to_dict()))) == report
