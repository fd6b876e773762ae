"""A change with a known cause is put down to it: to the mix, to the relation, to both."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn import metrics

from airflow_ml_monitor import Status, explain_change
from airflow_ml_monitor.data import Frame
from airflow_ml_monitor.data.frame import InMemory
from airflow_ml_monitor.errors import ConfigurationError
from airflow_ml_monitor.results import Report, Severity
from tests.checks import check
from tests.performance.estimation.made_rows import binary, multiclass, regression

ASKED: dict[str, Any] = {"problem": "binary", "metric": "log_loss", "margin": 0.02, "features": ["x"]}


def explained(reference: pd.DataFrame, current: pd.DataFrame, **changed: Any) -> Report:
    return explain_change(reference, current, **ASKED | changed)


def part(report: Report, name: str) -> float:
    value = check(report, name).value
    assert value is not None
    return value


def loss(**changed: Any) -> float:
    rows = binary(200_000, seed=99, **changed)
    return float(metrics.log_loss(rows["label"], rows["score"]))


def test_where_nothing_moved_both_parts_are_nothing() -> None:
    report = explained(binary(seed=1), binary(seed=2))
    assert part(report, "mix") == pytest.approx(0, abs=0.01)
    interval = check(report, "relation").interval
    assert interval is not None
    assert interval.lower < 0 < interval.upper


def test_a_mix_that_moved_is_no_other_relation() -> None:
    report = explained(binary(4_000, seed=1), binary(4_000, seed=2, shift=1.0), metric="precision", margin=0.05)
    assert part(report, "change") > 0.05
    assert part(report, "mix") == pytest.approx(0.074, abs=0.03)
    assert check(report, "relation").status is Status.PASS


def test_a_relation_that_changed_fails_by_as_much_as_it_makes() -> None:
    report = explained(binary(seed=1), binary(seed=2, slope=0.5))
    assert report.status is Status.FAIL
    assert part(report, "relation") == pytest.approx(loss(slope=0.5) - loss(), abs=0.05)
    assert part(report, "mix") == pytest.approx(0, abs=0.01)
    assert "by the relation; worse by more than the margin" in check(report, "relation").message


def test_of_both_each_has_its_part() -> None:
    current = binary(4_000, seed=2, shift=1.0, slope=0.8)
    report = explained(binary(4_000, seed=1), current)
    assert part(report, "mix") == pytest.approx(loss(shift=1.0) - loss(), abs=0.04)
    assert part(report, "relation") == pytest.approx(loss(shift=1.0, slope=0.8) - loss(shift=1.0), abs=0.06)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_parts_sum_up_to_what_scikit_learn_says_changed(seed: int) -> None:
    reference, current = binary(800, seed=seed), binary(800, seed=seed + 10, shift=0.4, slope=1.0)
    report = explained(reference, current)
    before, after = (metrics.log_loss(rows["label"], rows["score"]) for rows in (reference, current))
    assert part(report, "change") == pytest.approx(after - before)
    assert part(report, "mix") + part(report, "relation") == pytest.approx(after - before)


def test_a_relation_that_got_better_passes() -> None:
    report = explained(binary(seed=1, slope=0.5), binary(seed=2))
    assert part(report, "relation") < 0
    assert report.status is Status.PASS


def test_a_metric_that_is_better_when_higher_fails_downwards() -> None:
    report = explained(binary(seed=1), binary(seed=2, slope=0.5), metric="roc_auc")
    assert check(report, "relation").limits.lower == -0.02
    assert report.status is Status.FAIL


def test_rows_without_a_like_in_the_reference_decide_nothing() -> None:
    rows = binary(2_000, seed=1)
    report = explained(rows[rows["x"] < 0], rows)
    assert report.status is Status.INSUFFICIENT
    assert "take a reference that holds such rows" in check(report, "reweighting").message
    assert [check(report, name).value for name in ("mix", "relation", "reweighted")] == [None] * 3
    assert "not known: with the mix of the current rows the reference is worth" in check(report, "relation").message


def test_few_effective_rows_leave_the_parts_unknown_and_the_change_told() -> None:
    report = explained(binary(120, seed=1), binary(3_000, seed=2, shift=1.0, slope=0.5))
    assert report.status is Status.INSUFFICIENT
    assert part(report, "change") != 0
    assert check(report, "relation").value is None


def test_without_a_margin_all_is_told_and_nothing_judged() -> None:
    report = explained(binary(seed=1), binary(seed=2, slope=0.5), margin=None)
    assert report.status is Status.INSUFFICIENT
    assert "give margin=" in report.reasons[0].message
    told = check(report, "relation")
    assert (told.status, told.severity) == (Status.PASS, Severity.INFO)
    assert part(report, "relation") > 0.05


def test_labels_of_their_own_give_what_labelled_rows_give() -> None:
    rows = pd.concat([binary(1_000, seed=1), binary(1_000, seed=2, slope=0.5)], ignore_index=True)
    at = pd.date_range("2026-01-01", periods=2_000, freq="h", tz="UTC")
    rows = rows.assign(id=range(2_000), at=at)
    early, late = (at[0], at[1_000]), (at[1_000], at[-1] + pd.Timedelta(hours=1))
    labels = pd.concat([rows.assign(label=~rows["label"]), rows])[["id", "label"]]
    labels = labels.assign(arrived_at=[at[0]] * 2_000 + [at[1]] * 2_000)
    predictions = Frame(InMemory(rows.drop(columns="label")), time_column="at")
    report = explained(
        predictions,
        predictions,
        labels=Frame(InMemory(labels), arrived_at_column="arrived_at"),
        on="id",
        window=late,
        reference_window=early,
    )
    assert report.results == explained(rows[:1_000], rows[1_000:]).results


def test_void_rows_are_of_no_side() -> None:
    rows = binary(400, seed=1).assign(id=range(400), cancelled=[True] + [False] * 399)
    labels = rows[["id", "label"]]
    report = explained(rows.drop(columns="label"), rows.drop(columns="label"), labels=labels, on="id", void="cancelled")
    assert (report.rows_reference, report.rows_current) == (399, 399)


def test_labels_that_are_still_missing_decide_nothing() -> None:
    current = binary(1_000, seed=2).astype({"label": "object"})
    current.loc[:299, "label"] = None
    report = explained(binary(1_000, seed=1), current)
    assert report.status is Status.INSUFFICIENT
    assert "700 of 1,000 rows have a label" in check(report, "completeness").message


def test_few_labels_decide_nothing() -> None:
    assert "29 current labels are too few" in check(explained(binary(500), binary(29)), "relation").message
    assert "the reference has 29 labels" in check(explained(binary(29), binary(500)), "relation").message


def test_errors_of_a_regression_are_explained_by_levels_too() -> None:
    reference, current = regression(3_000, seed=1), regression(6_000, seed=2)
    only_b = current[current["kind"] == "b"]
    asked = {"problem": "regression", "metric": "mae", "features": ["kind", "x"], "margin": 0.1}
    report = explained(reference, only_b, **asked)
    assert part(report, "change") > 0.3
    assert abs(part(report, "relation")) < 0.1
    assert explained(reference, regression(3_000, seed=3, noise=2.0), **asked).status is Status.FAIL


def test_the_mix_of_several_classes_is_that_of_their_scores() -> None:
    reference, current = multiclass(3_000, seed=1, spread=1.0), multiclass(3_000, seed=2, spread=1.6)
    scores = {name: name for name in "abc"}
    report = explained(reference, current, problem="multiclass", scores=scores, features=(), metric="accuracy")
    assert part(report, "mix") > 0.07
    assert abs(part(report, "relation")) < 0.04


def test_the_callers_frames_stay_as_they_are() -> None:
    reference, current = binary(300, seed=1), binary(300, seed=2)
    copies = reference.copy(), current.copy()
    explained(reference, current)
    pd.testing.assert_frame_equal(reference, copies[0])
    pd.testing.assert_frame_equal(current, copies[1])


def test_the_same_rows_give_the_same_report_as_plain_json() -> None:
    first, again = (explained(binary(300, seed=1), binary(300, seed=2)) for _ in range(2))
    assert first.results == again.results
    assert Report.from_dict(json.loads(json.dumps(first.to_dict()))) == first


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"metric": "positive_share"}, "a change of positive_share cannot be explained"),
        ({"margin": -0.1}, "margin=-0.1"),
        ({"problem": "ranking"}, "is judged by labels alone"),
        ({"margin": np.inf}, "margin=inf"),
        ({"on": "x"}, "give labels=, too"),
        ({"labels": binary(50)}, "names no key"),
        ({"min_completeness": 0.0}, "min_completeness=0.0"),
        ({"features": "x"}, "must be a list of columns"),
    ],
)
def test_what_cannot_be_explained_is_refused(changed: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):
        explained(binary(50), binary(50), **changed)


def test_of_very_many_rows_a_sample_is_explained(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("airflow_ml_monitor.performance.estimation.question.MOST_ROWS", 500)
    report = explained(binary(2_000, seed=1), binary(400, seed=2, slope=0.5))
    found = check(report, "relation")
    assert (found.n_reference, found.n_current, report.rows_reference) == (500, 400, 2_000)
